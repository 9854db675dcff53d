//! Where memory comes from, by the size of a block. Messages and packets come and go by the million, for many
//! associations in turn: the system's allocator then spends its time on joining and splitting what was freed
//! (`e2e/udp-scale`), so small blocks are mimalloc's. Tables, which grow by moving, are the system's, which
//! gives them back at once (`memory/bytes-per-pe`), and large ones are mappings of their own (`mapped.rs`).
//!
//! A worker thread may be the first to use the addon, may end while others use it, and another thread may free
//! what it has allocated: no part of this belongs to the thread that came first.

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

use crate::mapped::{self, Mapped};

/// A packet and what holds it.
const SMALL_BYTES: usize = 4096;

/// From here on the system's allocator makes mappings too, until the first of a megabyte is freed.
const LARGE_BYTES: usize = 128 << 10;

struct BySize;

#[global_allocator]
static ALLOCATOR: BySize = BySize;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Small,
    System,
    Large,
}

impl Source {
    fn of(bytes: usize, alignment: usize) -> Source {
        if bytes <= SMALL_BYTES {
            Source::Small
        } else if bytes < LARGE_BYTES || alignment > mapped::ALIGNMENT {
            Source::System
        } else {
            Source::Large
        }
    }

    fn allocator(self) -> &'static dyn GlobalAlloc {
        match self {
            Source::Small => &MiMalloc,
            Source::System => &System,
            Source::Large => &Mapped,
        }
    }
}

impl BySize {
    fn of(layout: Layout) -> &'static dyn GlobalAlloc {
        Source::of(layout.size(), layout.align()).allocator()
    }
}

// SAFETY: All of them keep the contract, and a block's layout says whose it is.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout).dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        let source = Source::of(layout.size(), layout.align());
        if source == Source::of(bytes, layout.align()) {
            // SAFETY: the caller's promise
            return unsafe { source.allocator().realloc(block, layout, bytes) };
        }
        // SAFETY: the caller promises that this size is possible with this alignment, and not 0; the two
        // blocks are different ones and both hold what is copied.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(bytes, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(bytes));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

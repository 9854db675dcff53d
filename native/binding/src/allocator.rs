//! Where memory comes from. Messages and packets come and go by the million, for many associations in
//! turn: the system's allocator then spends its time on joining and splitting what was freed
//! (`e2e/udp-scale`), so small blocks are mimalloc's. Tables, which grow by moving, stay the system's, which
//! moves them without a copy and gives them back at once (`memory/bytes-per-pe`).

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// A packet and what holds it.
const SMALL_BYTES: usize = 4096;

struct BySize;

#[global_allocator]
static ALLOCATOR: BySize = BySize;

impl BySize {
    fn of(bytes: usize) -> &'static dyn GlobalAlloc {
        if bytes <= SMALL_BYTES {
            &MiMalloc
        } else {
            &System
        }
    }
}

// SAFETY: Both keep the contract, and a block's size, which is part of its layout, says whose it is.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout.size()).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout.size()).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise
        unsafe { Self::of(layout.size()).dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if (layout.size() <= SMALL_BYTES) == (bytes <= SMALL_BYTES) {
            // SAFETY: the caller's promise
            return unsafe { Self::of(bytes).realloc(block, layout, bytes) };
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

//! Large blocks, each a mapping of its own: the system has the memory back as soon as a block is freed,
//! whichever thread frees it, and moves a block that grows without copying it.
//!
//! The system's allocator does the same at first, but raises its threshold after the first block of a
//! megabyte that is freed. From then on such blocks come from the heaps of threads, which keep what they had.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;
use std::ptr;

use libc::{
    MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE, mmap, mremap,
    munmap,
};

/// The smallest page of a Linux system: mappings have at least this alignment.
pub const ALIGNMENT: usize = 4096;

/// Blocks that are not empty and need no more than `ALIGNMENT`.
pub struct Mapped;

// SAFETY: A mapping is as long as asked for, or longer, belongs to nothing else, and lives until it is unmapped;
// the kernel rounds lengths to pages in all three calls alike. None of them unwinds or allocates.
unsafe impl GlobalAlloc for Mapped {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
        // SAFETY: a new mapping without a wanted address touches no other one.
        block_at(unsafe { mmap(ptr::null_mut(), layout.size(), protection, flags, -1, 0) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise; a new mapping is all zero.
        unsafe { self.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: this mapping, with this length, is no longer used.
        unsafe { munmap(block.cast(), layout.size()) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as in `dealloc`, but for what the new mapping takes over.
        block_at(unsafe { mremap(block.cast(), layout.size(), bytes, MREMAP_MAYMOVE) })
    }
}

fn block_at(mapping: *mut c_void) -> *mut u8 {
    if mapping == MAP_FAILED {
        return ptr::null_mut();
    }
    mapping.cast()
}

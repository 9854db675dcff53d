//! Memory straight from the system: zero, taken only as it is written, and given back at once. The C
//! library's allocator keeps blocks of this size after the first few were freed, and then writes the zeros
//! of the next ones by hand, which makes every page of them resident.

use std::cell::Cell;
use std::io;
use std::ptr::{self, NonNull};
use std::slice;

/// A private mapping; aligned to a page.
pub struct Pages {
    start: NonNull<u8>,
    length: usize,
    is_mapped: Cell<bool>,
}

// SAFETY: it owns its memory, which any thread may read, write and unmap.
unsafe impl Send for Pages {}

impl Pages {
    /// Fails if `length` is 0 or the system has no memory left.
    pub fn map(length: usize) -> io::Result<Pages> {
        let (protection, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping at an address of the system's choice concerns no other memory.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Pages {
            start,
            length,
            is_mapped: Cell::new(true),
        })
    }

    /// Address of the first byte.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// Borrows the memory. Not for memory that is also reached by `start`, or unmapped early.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: mapped, initialised with zeros, and borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// Gives the memory back before the last owner is gone.
    ///
    /// # Safety
    ///
    /// The memory is not read or written afterwards, by either side.
    pub unsafe fn unmap(&self) {
        if !self.is_mapped.replace(false) {
            return;
        }
        // SAFETY: exactly the mapping that `map` made, once; the caller promises the rest.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: references to the memory do not outlive the last owner.
        unsafe { self.unmap() }
    }
}

//! What the caller's thread and the I/O thread share about one association: how many bytes wait for
//! transmission, and whether it still takes messages. Lets `send` answer without a round trip.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// What became of a message given to `send`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SendResult {
    /// It will be sent.
    Queued = 0,
    /// Not taken; a `writable` event follows when half the buffer is free.
    Full = 1,
    /// There is no such association, or it is ending.
    Gone = 2,
}

/// Send accounting of one association.
#[derive(Debug, Default)]
pub struct Account {
    buffered: AtomicUsize,
    is_closed: AtomicBool,
    wants_writable: AtomicBool,
}

impl Account {
    /// Caller's side: reserves room for a message. An empty buffer takes any message.
    pub fn reserve(&self, bytes: usize, limit: usize) -> SendResult {
        if self.is_closed.load(SeqCst) {
            return SendResult::Gone;
        }
        if self.is_over(bytes, limit) {
            // Ask first, look again after: if bytes are still buffered now, the I/O thread has yet
            // to release them and will see the wish, so `Full` is always followed by a `writable`
            // event.
            self.wants_writable.store(true, SeqCst);
            if self.is_over(bytes, limit) {
                return SendResult::Full;
            }
            self.wants_writable.store(false, SeqCst);
        }
        self.buffered.fetch_add(bytes, SeqCst);
        SendResult::Queued
    }

    fn is_over(&self, bytes: usize, limit: usize) -> bool {
        let buffered = self.buffered.load(SeqCst);
        buffered > 0 && buffered + bytes > limit
    }

    /// I/O side: `bytes` have left the buffer. True when a `writable` event is due.
    pub(crate) fn release(&self, bytes: usize, limit: usize) -> bool {
        if bytes > 0 {
            self.buffered.fetch_sub(bytes, SeqCst);
        }
        self.wants_writable.load(SeqCst)
            && self.buffered.load(SeqCst) <= limit / 2
            && self.wants_writable.swap(false, SeqCst)
    }

    /// Either side: the association takes no more messages.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, SeqCst);
    }

    pub fn buffered_bytes(&self) -> usize {
        self.buffered.load(SeqCst)
    }
}

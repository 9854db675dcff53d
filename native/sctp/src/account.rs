//! What the caller's thread and the I/O thread share about one association: how many bytes wait for
//! transmission, whether it still takes messages, and how much of what it received the caller has not
//! taken yet. Lets `send` answer without a round trip, and the I/O thread hold back requests of a peer
//! whose answers pile up.

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

/// Received messages of one association that the caller may have before it, with what an event weighs.
/// Answers to so many requests usually fit into the send buffer.
const UNTAKEN_LIMIT: usize = 64 << 10;

/// Accounting of one association.
#[derive(Debug, Default)]
pub struct Account {
    buffered: AtomicUsize,
    is_closed: AtomicBool,
    wants_writable: AtomicBool,
    /// Weight of events with its messages that the caller has not drained.
    untaken: AtomicUsize,
    /// The caller wants none for now.
    is_paused: AtomicBool,
    /// The I/O thread has stopped to hand messages over.
    is_held_back: AtomicBool,
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

    /// I/O side: `send` has found no room, and half of it is not free yet.
    pub(crate) fn is_full(&self) -> bool {
        self.wants_writable.load(SeqCst)
    }

    /// I/O side: whether to hand over another message of a peer that asks for answers. `limit`: of the send
    /// buffer. False: `drained`, or room in the send buffer, changes that.
    pub(crate) fn may_deliver(&self, limit: usize) -> bool {
        // The flag is set before the second look, so that `drained` tells of all that happens after it.
        let may_deliver = self.has_room_for_answers(limit) || {
            self.is_held_back.store(true, SeqCst);
            self.has_room_for_answers(limit)
        };
        if may_deliver {
            self.is_held_back.store(false, SeqCst);
        }
        may_deliver
    }

    fn has_room_for_answers(&self, limit: usize) -> bool {
        !self.is_paused.load(SeqCst)
            && self.untaken.load(SeqCst) < UNTAKEN_LIMIT
            && self.buffered.load(SeqCst) <= limit / 2
    }

    /// Caller's side: whether it wants further messages. True when the I/O thread waits for that.
    pub fn pause(&self, is_paused: bool) -> bool {
        self.is_paused.store(is_paused, SeqCst);
        !is_paused && self.is_held_back.swap(false, SeqCst)
    }

    pub(crate) fn is_held_back(&self) -> bool {
        self.is_held_back.load(SeqCst)
    }

    /// I/O side: an event of this weight, with a message, is on its way to the caller.
    pub(crate) fn deliver(&self, weight: usize) {
        self.untaken.fetch_add(weight, SeqCst);
    }

    /// Caller's side: it has taken such an event. True when the I/O thread waits for that.
    pub fn drained(&self, weight: usize) -> bool {
        let left = self.untaken.fetch_sub(weight, SeqCst) - weight;
        left <= UNTAKEN_LIMIT / 2
            && self.is_held_back.load(SeqCst)
            && self.is_held_back.swap(false, SeqCst)
    }

    /// Either side: the association takes no more messages.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, SeqCst);
    }

    pub fn buffered_bytes(&self) -> usize {
        self.buffered.load(SeqCst)
    }
}

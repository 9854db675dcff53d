//! What one association has to send: the messages that wait here, and an upper bound of what lies
//! in the kernel. Free of system calls; the rules are told in `sending.rs`.

use std::collections::VecDeque;
use std::time::Duration;

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Queued {
    pub ppid: u32,
    pub stream: u16,
    pub payload: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Queued>,
    /// What the kernel may still hold: all that it took since it last said that nothing is
    /// outstanding.
    in_kernel: usize,
    /// Since when the kernel is asked to say that.
    asked_at: Option<Duration>,
    /// The queue waits for that.
    is_held: bool,
}

/// What a message takes of the kernel's send buffer: for each chunk a packet buffer and its
/// book-keeping, besides the octets.
pub(crate) fn charge(bytes: usize) -> usize {
    const CHUNK_BYTES: usize = 1_400;
    const CHUNK_OVERHEAD: usize = 1_024;
    bytes + bytes.div_ceil(CHUNK_BYTES) * CHUNK_OVERHEAD
}

impl Outbox {
    /// Whether a message may pass by the queue.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Whether the kernel may take another message of this association beside the others'. With
    /// nothing there it may take any.
    pub fn has_share(&self, bytes: usize, share_bytes: usize) -> bool {
        self.in_kernel == 0 || self.in_kernel + charge(bytes) <= share_bytes
    }

    pub fn may_lie_in_kernel(&self) -> bool {
        self.in_kernel > 0
    }

    pub fn push(&mut self, message: Queued) {
        self.queue.push_back(message);
    }

    /// The first messages that the kernel may take now.
    pub fn next(&self, count: usize, share_bytes: usize) -> impl Iterator<Item = &Queued> {
        let mut in_kernel = self.in_kernel;
        let has_share = move |message: &&Queued| {
            let charge = charge(message.payload.len());
            let has_share = in_kernel == 0 || in_kernel + charge <= share_bytes;
            in_kernel += charge;
            has_share
        };
        self.queue.iter().take(count).take_while(has_share)
    }

    /// The kernel took a message, from the queue or past it.
    pub fn took(&mut self, bytes: usize) {
        self.in_kernel += charge(bytes);
    }

    /// It did not after all.
    pub fn returned(&mut self, bytes: usize) {
        self.in_kernel = self.in_kernel.saturating_sub(charge(bytes));
    }

    /// Removes the first message of the queue; its length.
    pub fn pop(&mut self) -> Option<usize> {
        self.queue.pop_front().map(|message| message.payload.len())
    }

    /// The queue waits until nothing of the association lies in the kernel. True when that is to
    /// be asked for.
    pub fn hold(&mut self, now: Duration) -> bool {
        self.is_held = true;
        self.ask(now)
    }

    /// True when the kernel is to be asked whether nothing is outstanding: it was not yet.
    pub fn ask(&mut self, now: Duration) -> bool {
        let is_new = self.asked_at.is_none();
        self.asked_at.get_or_insert(now);
        is_new
    }

    pub fn asked_at(&self) -> Option<Duration> {
        self.asked_at
    }

    /// Nothing is outstanding.
    pub fn on_dry(&mut self) {
        self.in_kernel = 0;
        self.asked_at = None;
        self.is_held = false;
    }

    /// Drops everything; the octets that waited.
    pub fn clear(&mut self) -> usize {
        self.on_dry();
        self.queue
            .drain(..)
            .map(|queued| queued.payload.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1);

    fn message(bytes: usize) -> Queued {
        Queued {
            ppid: 11,
            stream: 0,
            payload: vec![0; bytes],
        }
    }

    #[test]
    fn the_kernel_gets_a_share_and_the_first_message_whatever_its_size() {
        let mut outbox = Outbox::default();
        assert!(outbox.has_share(60_000, 10_000));
        outbox.took(60_000);
        assert!(!outbox.has_share(1, 10_000));
        outbox.push(message(1));
        assert_eq!(outbox.next(8, 10_000).count(), 0);
        outbox.on_dry();
        assert_eq!(outbox.next(8, 10_000).count(), 1);
    }

    #[test]
    fn small_messages_count_with_what_they_cost_the_kernel() {
        let mut outbox = Outbox::default();
        for _ in 0..100 {
            outbox.push(message(10));
        }
        assert_eq!(outbox.next(100, 10 * 1_034).count(), 10);
        assert_eq!(outbox.next(4, 10 * 1_034).count(), 4);
    }

    #[test]
    fn the_kernel_is_asked_once_until_it_has_answered() {
        let mut outbox = Outbox::default();
        outbox.took(100);
        assert!(outbox.ask(NOW));
        assert!(!outbox.hold(NOW * 2));
        assert_eq!((outbox.asked_at(), outbox.is_held()), (Some(NOW), true));
        outbox.on_dry();
        assert_eq!((outbox.asked_at(), outbox.is_held()), (None, false));
        assert!(outbox.hold(NOW));
    }

    #[test]
    fn clearing_tells_what_will_not_be_sent() {
        let mut outbox = Outbox::default();
        outbox.took(5);
        outbox.push(message(7));
        outbox.push(message(8));
        assert_eq!(outbox.clear(), 15);
        assert!(outbox.is_empty() && !outbox.may_lie_in_kernel());
    }
}

//! What the caller's thread and the I/O thread share: the inbox of commands, the queue of events
//! with its bound, the counters, and the way to wake each other.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::command::Batch;
use crate::event::Event;
use crate::stats::Stats;

/// Shared by one `Stack` and its I/O thread.
pub(crate) struct Shared {
    inbox: Mutex<Batch>,
    events: Mutex<Vec<Event>>,
    /// Weight of the events that have not been drained.
    undrained: AtomicUsize,
    undrained_limit: usize,
    /// The I/O thread has stopped reading until events are drained.
    is_congested: AtomicBool,
    pub is_closing: AtomicBool,
    /// The I/O thread has ended, wanted or not.
    pub has_ended: AtomicBool,
    stats: Mutex<Stats>,
    waker: Waker,
    wake_caller: Mutex<Box<dyn Fn() + Send>>,
}

impl Shared {
    pub fn new(undrained_limit: usize, waker: Waker, wake_caller: Box<dyn Fn() + Send>) -> Self {
        Shared {
            inbox: Mutex::default(),
            events: Mutex::default(),
            undrained: AtomicUsize::new(0),
            undrained_limit,
            is_congested: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            stats: Mutex::default(),
            waker,
            wake_caller: Mutex::new(wake_caller),
        }
    }

    /// Caller's side: hands commands over.
    pub fn submit(&self, batch: &mut Batch) {
        batch.move_to(&mut lock(&self.inbox));
        self.waker.wake();
    }

    /// I/O side: takes the commands; `batch` must be empty and gives its buffers in exchange.
    pub fn take_commands(&self, batch: &mut Batch) {
        lock(&self.inbox).move_to(batch);
    }

    /// I/O side: hands events over, and wakes the caller when it had none left.
    pub fn publish(&self, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let weight: usize = events.iter().map(Event::weight).sum();
        let was_empty = {
            let mut queue = lock(&self.events);
            self.undrained.fetch_add(weight, SeqCst);
            let was_empty = queue.is_empty();
            queue.append(events);
            was_empty
        };
        if was_empty {
            self.wake_caller();
        }
    }

    pub fn wake_caller(&self) {
        lock(&self.wake_caller)();
    }

    /// Caller's side: takes every event; `events` must be empty and gives its buffer in exchange.
    pub fn take_events(&self, events: &mut Vec<Event>) {
        std::mem::swap(&mut *lock(&self.events), events);
    }

    /// Caller's side: events of this weight were drained.
    pub fn drained(&self, weight: usize) {
        let left = self.undrained.fetch_sub(weight, SeqCst) - weight;
        if left <= self.undrained_limit / 2 && self.is_congested.swap(false, SeqCst) {
            self.waker.wake();
        }
    }

    /// Weight of the events that have not been drained.
    pub fn undrained_bytes(&self) -> usize {
        self.undrained.load(SeqCst)
    }

    /// I/O side: whether to stop reading, from when the queue is full until half of it is drained.
    /// The flag is set before the second look, so that `drained` wakes us whenever it makes room
    /// after it.
    pub fn must_pause(&self) -> bool {
        let is_full = self.undrained.load(SeqCst) > self.undrained_limit;
        if !is_full && !self.is_congested.load(SeqCst) {
            return false;
        }
        self.is_congested.store(true, SeqCst);
        let must_pause = self.undrained.load(SeqCst) > self.undrained_limit / 2;
        self.is_congested.store(must_pause, SeqCst);
        must_pause
    }

    /// Caller's side.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// I/O side: forgets the wake-ups seen so far. Call it before looking for what they were about.
    pub fn clear_wake(&self) {
        self.waker.is_set.store(false, SeqCst);
    }

    /// I/O side: whether it may sleep on `waker` now; in any case call `has_slept` after.
    pub fn may_sleep(&self) -> bool {
        self.waker.may_sleep()
    }

    /// I/O side: `has_bytes` when `waker` has become readable.
    pub fn has_slept(&self, has_bytes: bool) {
        self.waker.has_slept(has_bytes);
    }

    pub fn waker(&self) -> &UnixStream {
        &self.waker.receiver
    }

    pub fn stats(&self) -> Stats {
        *lock(&self.stats)
    }

    pub fn set_stats(&self, stats: Stats) {
        *lock(&self.stats) = stats;
    }
}

/// Held by an I/O thread: tells, when dropped, that the thread has ended, wanted or not.
pub(crate) struct EndOfThread(pub std::sync::Arc<Shared>);

impl Drop for EndOfThread {
    fn drop(&mut self) {
        self.0.has_ended.store(true, SeqCst);
        if !self.0.is_closing.load(SeqCst) {
            self.0.wake_caller();
        }
    }
}

/// A panic elsewhere must not spread: what the locks guard is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes a thread that sleeps in `poll`, by a byte in a socket pair; no system call when it is
/// awake.
pub(crate) struct Waker {
    sender: UnixStream,
    receiver: UnixStream,
    /// There is something to look for.
    is_set: AtomicBool,
    is_asleep: AtomicBool,
}

impl Waker {
    pub fn new() -> std::io::Result<Self> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        let (is_set, is_asleep) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Waker {
            sender,
            receiver,
            is_set,
            is_asleep,
        })
    }

    /// Sets first and looks for the sleeper after, as the sleeper does the other way round: one of
    /// them sees the other.
    fn wake(&self) {
        if !self.is_set.swap(true, SeqCst) && self.is_asleep.load(SeqCst) {
            // A pair that is full of such bytes wakes too.
            let _ = (&self.sender).write(&[1]);
        }
    }

    fn may_sleep(&self) -> bool {
        self.is_asleep.store(true, SeqCst);
        !self.is_set.load(SeqCst)
    }

    fn has_slept(&self, has_bytes: bool) {
        self.is_asleep.store(false, SeqCst);
        if has_bytes {
            let _ = (&self.receiver).read(&mut [0; 64]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn shared(limit: usize) -> (Arc<AtomicUsize>, Shared) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counter = wakes.clone();
        let wake = Box::new(move || {
            counter.fetch_add(1, SeqCst);
        });
        (wakes, Shared::new(limit, Waker::new().unwrap(), wake))
    }

    #[test]
    fn the_caller_is_woken_only_when_the_queue_was_empty() {
        let (wakes, shared) = shared(1_000);
        shared.publish(&mut vec![Event::Writable { association: 1 }]);
        shared.publish(&mut vec![Event::Writable { association: 2 }]);
        assert_eq!(wakes.load(SeqCst), 1);
        let mut events = Vec::new();
        shared.take_events(&mut events);
        assert_eq!(events.len(), 2);
        shared.publish(&mut vec![Event::Writable { association: 3 }]);
        assert_eq!(wakes.load(SeqCst), 2);
    }

    #[test]
    fn a_full_queue_pauses_the_io_thread_until_half_of_it_is_drained() {
        let (_, shared) = shared(128);
        let mut events = vec![Event::Writable { association: 1 }; 4];
        shared.publish(&mut events);
        assert!(shared.must_pause());
        shared.drained(128);
        assert!(shared.must_pause(), "more than half is left");
        shared.drained(64);
        assert!(
            !shared.is_congested.load(SeqCst),
            "draining wakes the I/O thread"
        );
        assert!(!shared.must_pause());
    }

    #[test]
    fn a_sleeper_is_woken_by_one_byte_however_often_and_nobody_else_by_any() {
        let waker = Waker::new().unwrap();
        let mut buffer = [0; 8];
        assert!(waker.may_sleep());
        waker.wake();
        waker.wake();
        assert_eq!((&waker.receiver).read(&mut buffer).unwrap(), 1);
        waker.has_slept(false);
        assert!(
            !waker.may_sleep(),
            "what it was woken for has not been looked at"
        );
        waker.has_slept(false);
        waker.is_set.store(false, SeqCst);
        waker.wake();
        assert!((&waker.receiver).read(&mut buffer).is_err(), "it is awake");
        assert!(!waker.may_sleep());
    }
}

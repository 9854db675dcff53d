//! The I/O thread: reads packets in batches, runs commands and timers, sends what the engine wants sent,
//! publishes events. It decides only the order of these.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::command::Batch;
use crate::engine::{Engine, Transmit};
use crate::event::Event;
use crate::link::{Link, Sent};
use crate::shared::Shared;

/// Packets read before their events are published.
const READ_BATCH: usize = 256;

/// Full batches after which timers run although more packets wait.
const MAX_FULL_BATCHES: usize = 16;

/// Packets that `close` tries to send before it gives up.
const MAX_FAREWELLS: usize = 100_000;

/// Starts the thread. The engine is made on it, because its sockets cannot move between threads.
pub(crate) fn spawn<L: Link + Send + 'static>(
    link: L,
    shared: Arc<Shared>,
    make_engine: impl FnOnce() -> Engine + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name("sctp".into()).spawn(move || {
        // Also told when the thread panics.
        let _ending = Ending(shared.clone());
        let engine = make_engine();
        IoLoop::new(link, shared, engine).run();
    })
}

struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.has_ended.store(true, SeqCst);
        if !self.0.is_closing.load(SeqCst) {
            self.0.wake_caller();
        }
    }
}

struct IoLoop<L> {
    link: L,
    shared: Arc<Shared>,
    engine: Engine,
    started: Instant,
    buffer: Box<[u8]>,
    commands: Batch,
    events: Vec<Event>,
    /// A packet that the link had no room for.
    blocked: Option<Transmit>,
    full_batches: usize,
}

impl<L: Link> IoLoop<L> {
    fn new(link: L, shared: Arc<Shared>, engine: Engine) -> Self {
        IoLoop {
            link,
            shared,
            engine,
            started: Instant::now(),
            buffer: vec![0; 65_536].into_boxed_slice(),
            commands: Batch::default(),
            events: Vec::new(),
            blocked: None,
            full_batches: 0,
        }
    }

    fn run(&mut self) {
        loop {
            self.shared.clear_wake();
            self.run_commands();
            if self.shared.is_closing.load(SeqCst) {
                self.engine.abort_all(self.now());
                self.send_farewells();
                return;
            }
            // While the caller does not drain, timers rest too: acknowledgements may wait unread.
            let is_paused = self.shared.must_pause();
            let is_more = !is_paused && self.read();
            if !is_paused && !is_more {
                self.engine.timeout(self.now());
            }
            self.send();
            self.engine.take_events(&mut self.events);
            self.shared.publish(&mut self.events);
            self.shared.set_stats(self.engine.stats());
            if !is_more {
                self.wait(is_paused);
            }
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn run_commands(&mut self) {
        self.shared.take_commands(&mut self.commands);
        if !self.commands.is_empty() {
            self.engine.run(self.now(), &mut self.commands);
        }
    }

    /// Reads a batch of packets. True when more may wait and timers can: what has arrived is seen before
    /// a timer finds that it did not arrive, also after the process was stopped for a while.
    fn read(&mut self) -> bool {
        let now = self.now();
        for _ in 0..READ_BATCH {
            let Some((length, route)) = self.link.receive(&mut self.buffer) else {
                self.full_batches = 0;
                return false;
            };
            self.engine.receive(now, route, &self.buffer[..length]);
        }
        self.full_batches = (self.full_batches + 1) % MAX_FULL_BATCHES;
        self.full_batches != 0
    }

    fn send(&mut self) {
        while let Some(transmit) = self.blocked.take().or_else(|| self.engine.poll_transmit()) {
            if self.link.send(&transmit.route, &transmit.packet) == Sent::Blocked {
                self.blocked = Some(transmit);
                return;
            }
        }
    }

    /// ABORTs on closing: each is worth one try, as any packet may get lost.
    fn send_farewells(&mut self) {
        for _ in 0..MAX_FAREWELLS {
            let Some(transmit) = self.blocked.take().or_else(|| self.engine.poll_transmit()) else {
                return;
            };
            self.link.send(&transmit.route, &transmit.packet);
        }
    }

    fn wait(&self, is_paused: bool) {
        let mut fds = vec![crate::sys::poll_fd(self.shared.waker().as_raw_fd(), true, false)];
        let is_blocked = self.blocked.is_some();
        for fd in self.link.file_descriptors() {
            fds.push(crate::sys::poll_fd(fd, !is_paused, is_blocked));
        }
        let deadline = self.engine.next_deadline().filter(|_| !is_paused);
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.now()));
        // An interrupted or failed wait is a short one: the loop looks again.
        let _ = crate::sys::poll(&mut fds, timeout);
    }
}

//! The I/O thread: runs commands, reads sockets in batches, publishes events, waits. It decides
//! only the order of these.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::command::Batch;
use crate::event::Event;
use crate::kernel::engine::Engine;
use crate::kernel::sys::{Mailbox, RECEIVE_SLOTS};
use crate::shared::{EndOfThread, Shared};
use crate::sys::{PollFd, poll, poll_fd};

/// Batches read from one socket before the others, commands and events get their turn.
const MAX_BATCHES: usize = 8;

/// Starts the thread.
pub(crate) fn spawn(shared: Arc<Shared>, engine: Engine) -> io::Result<JoinHandle<()>> {
    Builder::new().name("sctp".into()).spawn(move || {
        // Also told when the thread panics.
        let _end = EndOfThread(shared.clone());
        IoLoop::new(shared, engine).run();
    })
}

struct IoLoop {
    shared: Arc<Shared>,
    engine: Engine,
    started: Instant,
    mailbox: Mailbox,
    commands: Batch,
    events: Vec<Event>,
    /// The thread's waker first, then the sockets of `ports`.
    fds: Vec<PollFd>,
    ports: Vec<u16>,
}

impl IoLoop {
    fn new(shared: Arc<Shared>, engine: Engine) -> Self {
        IoLoop {
            shared,
            engine,
            started: Instant::now(),
            mailbox: Mailbox::new(),
            commands: Batch::default(),
            events: Vec::new(),
            fds: Vec::new(),
            ports: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut is_more = false;
        loop {
            self.wait(is_more);
            self.shared.clear_wake();
            self.run_commands();
            if self.shared.is_closing.load(SeqCst) {
                self.engine.abort_all();
                return;
            }
            is_more = !self.shared.must_pause() && self.read_and_time();
            self.write();
            self.engine.take_events(&mut self.events);
            self.shared.set_stats(self.engine.stats());
            self.shared.publish(&mut self.events);
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

    /// Reads what the last wait found, and lets time pass when there is no more: what has arrived
    /// is seen before it is found missing, also after the process was stopped for a while. True
    /// when more may wait.
    fn read_and_time(&mut self) -> bool {
        let is_readable = |fd: &PollFd| fd.revents & !libc::POLLOUT != 0;
        let mut is_more = false;
        for index in 0..self.ports.len() {
            if is_readable(&self.fds[index + 1]) {
                is_more |= self.read(self.ports[index]);
            }
        }
        if !is_more {
            self.engine.timeout(self.now());
        }
        is_more
    }

    /// True when it was stopped before everything was read.
    fn read(&mut self, port: u16) -> bool {
        let now = self.now();
        // Gone when a command has closed the endpoint since the wait.
        let Some(socket) = self.engine.socket(port) else {
            return false;
        };
        for _ in 0..MAX_BATCHES {
            // An error other than "nothing there" is consumed by the call that reports it.
            let count = socket.receive(&mut self.mailbox).unwrap_or(0);
            for index in 0..count {
                self.engine
                    .receive(now, port, &self.mailbox.incoming(index));
            }
            if count < RECEIVE_SLOTS {
                return false;
            }
        }
        true
    }

    fn write(&mut self) {
        let now = self.now();
        for (fd, port) in self.fds.iter().skip(1).zip(&self.ports) {
            if fd.revents & libc::POLLOUT != 0 {
                self.engine.on_writable(now, *port);
            }
        }
    }

    /// Sleeps until there is something to do; not at all with `is_more`.
    fn wait(&mut self, is_more: bool) {
        let is_paused = self.shared.must_pause();
        let waker = self.shared.waker().as_raw_fd();
        self.fds.clear();
        self.ports.clear();
        self.fds.push(poll_fd(waker, true, false));
        for (port, endpoint) in self.engine.endpoints() {
            let is_waiting = !endpoint.waiting.is_empty() && endpoint.retry_at.is_none();
            if !is_paused || is_waiting {
                let fd = endpoint.socket.raw_fd();
                self.fds.push(poll_fd(fd, !is_paused, is_waiting));
                self.ports.push(port);
            }
        }
        let deadline = self.engine.next_deadline().filter(|_| !is_paused);
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.now()));
        let may_sleep = self.shared.may_sleep() && !is_more;
        let timeout = if may_sleep {
            timeout
        } else {
            Some(Duration::ZERO)
        };
        // An interrupted or failed wait is a short one: nothing is ready, the loop looks again.
        let is_ready = poll(&mut self.fds, timeout).is_ok();
        if !is_ready {
            self.fds.iter_mut().for_each(|fd| fd.revents = 0);
        }
        self.shared.has_slept(self.fds[0].revents != 0);
    }
}

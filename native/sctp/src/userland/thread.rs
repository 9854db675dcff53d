//! The I/O thread: reads packets in batches, runs commands and timers, sends what the engine wants
//! sent, publishes events. It decides only the order of these.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::command::Batch;
use crate::event::Event;
use crate::shared::Shared;
use crate::sys::{PollFd, poll, poll_fd};
use crate::userland::engine::{Engine, Transmit};
use crate::userland::link::{Link, Sent};

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
    /// The I/O thread's waker first, then the sockets.
    fds: Vec<PollFd>,
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
            fds: Vec::new(),
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
            let is_more = !self.must_pause() && self.read_and_time();
            self.send();
            self.engine.take_events(&mut self.events);
            self.shared.publish(&mut self.events);
            self.shared.set_stats(self.engine.stats());
            if !is_more {
                self.wait();
            }
        }
    }

    /// While the caller does not drain or the link takes nothing, nothing is read, and timers rest
    /// too: what they wait for may be there, unread.
    fn must_pause(&self) -> bool {
        self.blocked.is_some() || self.shared.must_pause()
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

    /// Reads a batch of packets, and runs the timers when there are no more: what has arrived is
    /// seen before a timer finds that it did not arrive, also after the process was stopped for a
    /// while. True when more packets may wait.
    fn read_and_time(&mut self) -> bool {
        let is_more = self.read();
        if !is_more {
            self.engine.timeout(self.now());
        }
        is_more
    }

    /// False when no packets are left, or there were so many that timers have waited long enough.
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

    fn wait(&mut self) {
        let is_paused = self.must_pause();
        let is_blocked = self.blocked.is_some();
        self.fds.clear();
        self.fds
            .push(poll_fd(self.shared.waker().as_raw_fd(), true, false));
        let sockets = self.link.file_descriptors();
        self.fds
            .extend(sockets.map(|fd| poll_fd(fd, !is_paused, is_blocked)));
        let deadline = self.engine.next_deadline().filter(|_| !is_paused);
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.now()));
        let timeout = if self.shared.may_sleep() {
            timeout
        } else {
            Some(Duration::ZERO)
        };
        // An interrupted or failed wait is a short one: the loop looks again.
        let is_ready = poll(&mut self.fds, timeout).is_ok();
        self.shared.has_slept(is_ready && self.fds[0].revents != 0);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::os::fd::RawFd;
    use std::sync::mpsc;

    use super::*;
    use crate::command::{Command, Connect};
    use crate::shared::Waker;
    use crate::userland::Entropy;
    use crate::userland::engine::EngineOptions;
    use crate::userland::link::{Route, UdpLink};
    use crate::{Room, Stack, StackOptions};

    /// Takes every packet only at the third try.
    struct BlockingLink {
        link: UdpLink,
        tries: usize,
    }

    impl Link for BlockingLink {
        fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, Route)> {
            self.link.receive(buffer)
        }

        fn send(&mut self, route: &Route, packet: &[u8]) -> Sent {
            self.tries += 1;
            match self.tries % 3 {
                0 => self.link.send(route, packet),
                _ => Sent::Blocked,
            }
        }

        fn file_descriptors(&self) -> impl Iterator<Item = RawFd> {
            self.link.file_descriptors()
        }
    }

    #[test]
    fn a_packet_that_the_link_has_no_room_for_is_sent_later() {
        let address: IpAddr = "127.0.0.1".parse().unwrap();
        let mut options = StackOptions::new(vec![address]);
        options.udp_port = 0;
        let mut server = Stack::start(options.clone(), Box::new(|| {})).unwrap();
        server.open(3863, true).unwrap();
        server.flush();

        let (woken, wakes) = mpsc::channel();
        let wake = Box::new(move || woken.send(()).unwrap());
        let shared = Arc::new(Shared::new(1 << 20, Waker::new().unwrap(), wake));
        let link = UdpLink::bind(&options.local_addresses, 0).unwrap();
        let engine = EngineOptions {
            stack: options,
            room: Room::new(1),
            next_association: Box::new(|| 2),
            entropy: Entropy::system(),
        };
        let link = BlockingLink { link, tries: 0 };
        let thread = spawn(link, shared.clone(), move || Engine::new(engine)).unwrap();
        let mut batch = Batch::default();
        let (port, endpoint) = (5000, 1);
        batch.commands.push(Command::Open {
            port,
            accepts: false,
            endpoint,
        });
        batch.commands.push(Command::Connect(Box::new(Connect {
            association: 1,
            local_port: port,
            peer_addresses: vec![address],
            peer_port: 3863,
            udp_port: server.udp_port(),
            account: Arc::default(),
        })));
        shared.submit(&mut batch);
        wakes.recv_timeout(Duration::from_secs(20)).unwrap();
        let mut events = Vec::new();
        shared.take_events(&mut events);
        assert!(matches!(events[..], [Event::Up(1, _)]));
        shared.is_closing.store(true, SeqCst);
        shared.wake();
        thread.join().unwrap();
    }
}

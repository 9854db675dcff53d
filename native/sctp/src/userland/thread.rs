//! The I/O thread: reads packets in batches, runs commands and timers, sends what the engine wants
//! sent, publishes events. It decides only the order of these.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::command::Batch;
use crate::event::Event;
use crate::shared::{EndOfThread, Shared};
use crate::sys::{PollFd, poll, poll_fd};
use crate::userland::engine::{Engine, Transmit};
use crate::userland::link::{Link, Route, Sent};

/// Batches read before their events are published.
const BATCHES: usize = 4;

/// Rounds of these after which timers run although more packets wait.
const MAX_ROUNDS: usize = 16;

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
        let _end = EndOfThread(shared.clone());
        let engine = make_engine();
        IoLoop::new(link, shared, engine).run();
    })
}

struct IoLoop<L> {
    link: L,
    shared: Arc<Shared>,
    engine: Engine,
    started: Instant,
    commands: Batch,
    events: Vec<Event>,
    /// Packets to be sent; when some are left the link had no room for them.
    packets: VecDeque<Transmit>,
    rounds: usize,
    /// The network has reported something about packets of ours.
    has_reports: bool,
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
            commands: Batch::default(),
            events: Vec::new(),
            packets: VecDeque::new(),
            rounds: 0,
            has_reports: false,
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
            if std::mem::take(&mut self.has_reports) {
                self.read_reports();
            }
            let is_more = !self.must_pause() && self.read_and_time();
            self.send();
            self.engine.take_events(&mut self.events);
            self.shared.set_stats(self.engine.stats());
            self.shared.publish(&mut self.events);
            if !is_more {
                self.wait();
            }
        }
    }

    /// While the caller does not drain or the link takes nothing, nothing is read, and timers rest
    /// too: what they wait for may be there, unread.
    fn must_pause(&self) -> bool {
        !self.packets.is_empty() || self.shared.must_pause()
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn run_commands(&mut self) {
        self.shared.take_commands(&mut self.commands);
        if !self.commands.is_empty() {
            self.engine.run(self.now(), &mut self.commands);
            for socket in self.engine.new_sockets.drain(..) {
                self.link.add(socket);
            }
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
        for _ in 0..BATCHES {
            let engine = &mut self.engine;
            let mut take = |route: Route, packet: &[u8]| engine.receive(now, route, packet);
            if !self.link.receive(&mut take) {
                self.rounds = 0;
                return false;
            }
        }
        self.rounds = (self.rounds + 1) % MAX_ROUNDS;
        self.rounds != 0
    }

    fn read_reports(&mut self) {
        let now = self.now();
        let engine = &mut self.engine;
        let mut take = |route: Route, quote: &[u8]| engine.unreachable(now, route, quote);
        self.link.reports(&mut take);
    }

    fn send(&mut self) {
        self.engine.take_transmits(&mut self.packets);
        self.link.send(&mut self.packets);
    }

    /// ABORTs on closing: each is worth one try, as any packet may get lost.
    fn send_farewells(&mut self) {
        self.engine.take_transmits(&mut self.packets);
        for _ in 0..MAX_FAREWELLS {
            if self.link.send(&mut self.packets) == Sent::Done {
                return;
            }
            self.packets.pop_front();
        }
    }

    fn wait(&mut self) {
        let is_paused = self.must_pause();
        let is_blocked = !self.packets.is_empty();
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
        let has_error = |fd: &PollFd| fd.revents & libc::POLLERR != 0;
        self.has_reports = is_ready && self.fds.iter().any(has_error);
        self.shared.has_slept(is_ready && self.fds[0].revents != 0);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::os::fd::{OwnedFd, RawFd};
    use std::sync::mpsc;

    use super::*;
    use crate::command::{Command, Connect};
    use crate::shared::Waker;
    use crate::userland::Entropy;
    use crate::userland::engine::EngineOptions;
    use crate::userland::link::{Route, SocketLink};
    use crate::userland::udp;
    use crate::{Room, Stack, StackOptions};

    /// Takes every packet only at the third try.
    struct BlockingLink {
        link: SocketLink,
        tries: usize,
    }

    impl Link for BlockingLink {
        fn receive(&mut self, take: &mut dyn FnMut(Route, &[u8])) -> bool {
            self.link.receive(take)
        }

        fn send(&mut self, packets: &mut VecDeque<Transmit>) -> Sent {
            self.tries += 1;
            if self.tries.is_multiple_of(3)
                && let Some(first) = packets.pop_front()
            {
                self.link.send(&mut VecDeque::from([first]));
            }
            match packets.is_empty() {
                true => Sent::Done,
                false => Sent::Blocked,
            }
        }

        fn reports(&mut self, take: &mut dyn FnMut(Route, &[u8])) {
            self.link.reports(take);
        }

        fn add(&mut self, socket: OwnedFd) {
            self.link.add(socket);
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
        let (link, _) = udp::bind(&options.local_addresses, 0).unwrap();
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

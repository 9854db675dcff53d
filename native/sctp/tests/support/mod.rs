//! A network in one process, with virtual time: hosts with an engine each, and datagrams between
//! them that get delayed, lost, doubled and overtaken as a seed wants it. Same seed, same run.
#![allow(dead_code, reason = "every test file uses its own part")]

pub mod peer;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use rserpool_sctp::command::{Batch, Command, Connect};
use rserpool_sctp::event::{AssociationInfo, Event};
use rserpool_sctp::userland::engine::{Engine, EngineOptions, Transmit};
use rserpool_sctp::userland::packet::Packet;
use rserpool_sctp::userland::{Entropy, Route};
use rserpool_sctp::{Account, DownReason, Room, SendResult, StackOptions};

pub const ASAP: u32 = 11;

/// How the network treats datagrams.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    /// Of a hundred datagrams, how many get lost, come twice, or come late.
    pub loss: u32,
    pub doubled: u32,
    pub late: u32,
}

#[derive(Clone)]
pub struct Datagram {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Datagram {
    pub fn packet(&self) -> Packet<'_> {
        Packet::parse(&self.bytes).expect("engines send whole packets")
    }

    pub fn first_kind(&self) -> u8 {
        self.packet().first().kind
    }
}

pub struct Host {
    pub engine: Engine,
    pub addresses: Vec<IpAddr>,
    pub udp_port: u16,
    pub events: Vec<Event>,
    pub room: Room,
    accounts: HashMap<u32, Arc<Account>>,
    options: StackOptions,
    ids: Arc<AtomicU32>,
    next_endpoint: u32,
    /// Its caller takes no messages.
    pub is_busy: bool,
    /// A silent host neither sends nor receives.
    pub is_silent: bool,
}

pub struct Net {
    pub now: Duration,
    pub hosts: Vec<Host>,
    pub weather: Weather,
    /// Networks, by the second octet of their IPv4 addresses, that carry nothing.
    pub cut: Vec<u8>,
    /// Every datagram that was sent, lost ones included.
    pub sent: Vec<Datagram>,
    wire: BTreeMap<(Duration, u64), Datagram>,
    rng: fastrand::Rng,
    serial: u64,
}

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Net {
    pub fn new(seed: u64) -> Self {
        Net {
            now: ms(1_000),
            hosts: Vec::new(),
            weather: Weather::default(),
            cut: Vec::new(),
            sent: Vec::new(),
            wire: BTreeMap::new(),
            rng: fastrand::Rng::with_seed(seed),
            serial: 0,
        }
    }

    /// Two hosts, 127.0.0.1 with port 5000 that calls and 127.0.0.2 with port 3863 that accepts.
    pub fn pair(seed: u64) -> Self {
        let mut net = Net::new(seed);
        net.host(&["127.0.0.1"], 9899);
        net.host(&["127.0.0.2"], 9899);
        net.open(0, 5000, false);
        net.open(1, 3863, true);
        net
    }

    /// The pair with an association between them: its identifiers on both sides.
    pub fn connected(seed: u64) -> (Self, u32, u32) {
        let mut net = Net::pair(seed);
        let client = net.connect(0, 5000, 1, 3863);
        net.run_for(ms(100));
        let server = net.ups(1)[0].0;
        (net, client, server)
    }

    /// The connected pair, whose accepting endpoint holds requests back.
    pub fn answering(seed: u64) -> (Self, u32, u32) {
        let mut net = Net::pair(seed);
        net.command(1, Command::HoldBackRequests { port: 3863 });
        let client = net.connect(0, 5000, 1, 3863);
        net.run_for(ms(100));
        let server = net.ups(1)[0].0;
        (net, client, server)
    }

    pub fn host(&mut self, addresses: &[&str], udp_port: u16) -> usize {
        self.host_with(addresses, udp_port, |_| {})
    }

    pub fn host_with(
        &mut self,
        addresses: &[&str],
        udp_port: u16,
        adjust: impl FnOnce(&mut StackOptions),
    ) -> usize {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| ip(text)).collect();
        let mut options = StackOptions::new(addresses.clone());
        adjust(&mut options);
        let host = make_host(addresses, udp_port, options, self.rng.u64(..));
        self.hosts.push(host);
        self.hosts.len() - 1
    }

    /// The process dies and starts again: same addresses and UDP port, nothing remembered.
    pub fn reboot(&mut self, host: usize) {
        let old = &self.hosts[host];
        let (addresses, udp_port, options) =
            (old.addresses.clone(), old.udp_port, old.options.clone());
        self.hosts[host] = make_host(addresses, udp_port, options, self.rng.u64(..));
    }

    pub fn address(&self, host: usize) -> SocketAddr {
        SocketAddr::new(self.hosts[host].addresses[0], self.hosts[host].udp_port)
    }

    pub fn command(&mut self, host: usize, command: Command) {
        let mut batch = Batch::default();
        batch.commands.push(command);
        self.run_batch(host, batch);
    }

    pub fn run_batch(&mut self, host: usize, mut batch: Batch) {
        self.hosts[host].engine.run(self.now, &mut batch);
        self.collect(host);
    }

    pub fn open(&mut self, host: usize, port: u16, accepts: bool) {
        let endpoint = self.hosts[host].next_endpoint;
        self.hosts[host].next_endpoint += 1;
        self.command(
            host,
            Command::Open {
                port,
                accepts,
                endpoint,
            },
        );
    }

    pub fn connect(&mut self, host: usize, local_port: u16, peer: usize, peer_port: u16) -> u32 {
        let address = self.address(peer);
        self.connect_to(
            host,
            local_port,
            vec![address.ip()],
            peer_port,
            address.port(),
        )
    }

    pub fn connect_to(
        &mut self,
        host: usize,
        local_port: u16,
        peer_addresses: Vec<IpAddr>,
        peer_port: u16,
        udp_port: u16,
    ) -> u32 {
        let known = &mut self.hosts[host];
        assert!(known.room.take(), "room for another association");
        let association = known.ids.fetch_add(1, SeqCst);
        let account = Arc::new(Account::default());
        known.accounts.insert(association, account.clone());
        let connect = Connect {
            association,
            local_port,
            peer_addresses,
            peer_port,
            udp_port,
            account,
        };
        self.command(host, Command::Connect(Box::new(connect)));
        association
    }

    pub fn send(&mut self, host: usize, association: u32, payload: &[u8]) -> SendResult {
        self.send_on(host, association, ASAP, 0, payload)
    }

    pub fn send_on(
        &mut self,
        host: usize,
        association: u32,
        ppid: u32,
        stream: u16,
        payload: &[u8],
    ) -> SendResult {
        let known = &self.hosts[host];
        let Some(account) = known.accounts.get(&association) else {
            return SendResult::Gone;
        };
        let result = account.reserve(payload.len(), known.options.send_buffer_bytes);
        if result == SendResult::Queued {
            let mut batch = Batch::default();
            batch.send(association, ppid, stream, payload);
            self.run_batch(host, batch);
        }
        result
    }

    /// The caller of a busy host takes what has piled up.
    pub fn take_messages(&mut self, host: usize) -> Vec<Event> {
        let was_busy = std::mem::take(&mut self.hosts[host].is_busy);
        let events = self.take_events(host);
        if !was_busy {
            return events;
        }
        let commands = self.hosts[host].taken_by_caller(&events);
        let bytes = Vec::new();
        self.run_batch(host, Batch { commands, bytes });
        events
    }

    pub fn pause(&mut self, host: usize, association: u32, is_paused: bool) {
        if self.hosts[host].accounts[&association].pause(is_paused) {
            self.command(host, Command::Resume { association });
        }
    }

    pub fn shutdown(&mut self, host: usize, association: u32) {
        self.command(host, Command::Shutdown { association });
    }

    pub fn abort(&mut self, host: usize, association: u32, reason: &str) {
        self.command(
            host,
            Command::Abort {
                association,
                reason: reason.to_owned(),
            },
        );
    }

    /// Puts a datagram on the wire as it is, whatever the weather.
    pub fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.put(
            ms(0),
            Datagram {
                from,
                to,
                bytes: bytes.to_vec(),
            },
        );
    }

    /// Tells a host that a datagram of its own found nobody.
    pub fn report(&mut self, host: usize, datagram: &Datagram) {
        let route = Route {
            local: 0,
            peer: datagram.to,
        };
        let quote = &datagram.bytes[..datagram.bytes.len().min(20)];
        self.hosts[host].engine.unreachable(self.now, route, quote);
        self.collect(host);
    }

    /// Gives a datagram to a host at once. What it sends back stays on the wire.
    pub fn hand(&mut self, host: usize, from: SocketAddr, bytes: &[u8]) {
        self.hosts[host].engine.receive(
            self.now,
            Route {
                local: 0,
                peer: from,
            },
            bytes,
        );
        self.collect(host);
    }

    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.next_instant().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.deliver_due();
            for host in 0..self.hosts.len() {
                let is_due = |at: Duration| at <= self.now;
                if self.hosts[host].engine.next_deadline().is_some_and(is_due) {
                    self.hosts[host].engine.timeout(self.now);
                    self.collect(host);
                }
            }
        }
        self.now = end;
    }

    pub fn take_events(&mut self, host: usize) -> Vec<Event> {
        std::mem::take(&mut self.hosts[host].events)
    }

    /// What was told of the peer's addresses at a host.
    pub fn path_changes(&self, host: usize) -> Vec<(IpAddr, bool)> {
        let change = |event: &Event| match event {
            Event::Path { address, is_up, .. } => Some((*address, *is_up)),
            _ => None,
        };
        self.hosts[host].events.iter().filter_map(change).collect()
    }

    /// The associations that came up at a host.
    pub fn ups(&self, host: usize) -> Vec<(u32, AssociationInfo)> {
        let up = |event: &Event| match event {
            Event::Up(id, info) => Some((*id, (**info).clone())),
            _ => None,
        };
        self.hosts[host].events.iter().filter_map(up).collect()
    }

    pub fn restarts(&self, host: usize) -> Vec<u32> {
        let restart = |event: &Event| match event {
            Event::Restart(id, _) => Some(*id),
            _ => None,
        };
        self.hosts[host].events.iter().filter_map(restart).collect()
    }

    pub fn downs(&self, host: usize) -> Vec<(u32, DownReason)> {
        let down = |event: &Event| match event {
            Event::Down {
                association,
                reason,
                ..
            } => Some((*association, *reason)),
            _ => None,
        };
        self.hosts[host].events.iter().filter_map(down).collect()
    }

    /// Payloads that arrived at a host on an association.
    pub fn messages(&self, host: usize, of: u32) -> Vec<Vec<u8>> {
        let message = |event: &Event| match event {
            Event::Message {
                association,
                payload,
                ..
            } if *association == of => Some(payload.clone()),
            _ => None,
        };
        self.hosts[host].events.iter().filter_map(message).collect()
    }

    pub fn table_sizes(&self, host: usize) -> [usize; 5] {
        self.hosts[host].engine.table_sizes()
    }

    /// The last packet sent to `to` that starts with a chunk of this kind.
    pub fn last_sent(&self, to: SocketAddr, kind: u8) -> Option<Datagram> {
        let is_it = |datagram: &&Datagram| datagram.to == to && datagram.first_kind() == kind;
        self.sent.iter().rev().find(is_it).cloned()
    }

    /// Takes everything off the wire.
    pub fn clear_wire(&mut self) {
        self.wire.clear();
    }

    fn next_instant(&self) -> Option<Duration> {
        let wire = self.wire.first_key_value().map(|((at, _), _)| *at);
        let deadlines = self
            .hosts
            .iter()
            .filter_map(|host| host.engine.next_deadline());
        wire.into_iter().chain(deadlines).min()
    }

    fn deliver_due(&mut self) {
        while let Some(entry) = self.wire.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let datagram = entry.remove();
            let is_at = |host: &Host| {
                host.udp_port == datagram.to.port() && host.addresses.contains(&datagram.to.ip())
            };
            let Some(host) = self.hosts.iter().position(is_at) else {
                continue;
            };
            let known = &mut self.hosts[host];
            if !known.is_silent {
                let local = known
                    .addresses
                    .iter()
                    .position(|ip| *ip == datagram.to.ip())
                    .unwrap();
                let route = Route {
                    local,
                    peer: datagram.from,
                };
                known.engine.receive(self.now, route, &datagram.bytes);
                self.collect(host);
            }
        }
    }

    /// Takes what an engine wants sent and has to tell.
    fn collect(&mut self, host: usize) {
        let mut events = Vec::new();
        self.hosts[host].engine.take_events(&mut events);
        for event in &events {
            match event {
                Event::Up(id, info) => {
                    self.hosts[host].accounts.insert(*id, info.account.clone());
                }
                Event::Down { association, .. } => {
                    self.hosts[host].accounts.remove(association);
                }
                _ => {}
            }
        }
        let resumed = self.hosts[host].taken_by_caller(&events);
        self.hosts[host].events.append(&mut events);
        self.send_out(host);
        if !resumed.is_empty() {
            let (commands, bytes) = (resumed, Vec::new());
            self.run_batch(host, Batch { commands, bytes });
        }
    }

    fn send_out(&mut self, host: usize) {
        while let Some(Transmit { route, packet }) = self.hosts[host].engine.poll_transmit() {
            let known = &self.hosts[host];
            let from = SocketAddr::new(known.addresses[route.local], known.udp_port);
            let datagram = Datagram {
                from,
                to: route.peer,
                bytes: packet,
            };
            self.sent.push(datagram.clone());
            if !known.is_silent {
                self.brave_the_weather(datagram);
            }
        }
    }

    fn brave_the_weather(&mut self, datagram: Datagram) {
        let Weather {
            loss,
            doubled,
            late,
        } = self.weather;
        let is_cut = match datagram.to.ip() {
            IpAddr::V4(address) => self.cut.contains(&address.octets()[1]),
            IpAddr::V6(_) => false,
        };
        if is_cut || self.rng.u32(..100) < loss {
            return;
        }
        if self.rng.u32(..100) < doubled {
            self.put(ms(2), datagram.clone());
        }
        let delay = if self.rng.u32(..100) < late {
            self.rng.u64(2..40)
        } else {
            1
        };
        self.put(ms(delay), datagram);
    }

    fn put(&mut self, delay: Duration, datagram: Datagram) {
        self.serial += 1;
        self.wire.insert((self.now + delay, self.serial), datagram);
    }
}

impl Host {
    /// The caller takes messages as soon as they are there; what it has to tell the engine of that.
    fn taken_by_caller(&self, events: &[Event]) -> Vec<Command> {
        let resume = |event: &Event| {
            let association = event.association();
            let account = self.accounts.get(&association)?;
            let is_message = matches!(event, Event::Message { .. });
            let is_wanted = is_message && !self.is_busy && account.drained(event.weight());
            is_wanted.then_some(Command::Resume { association })
        };
        events.iter().filter_map(resume).collect()
    }
}

fn make_host(addresses: Vec<IpAddr>, udp_port: u16, options: StackOptions, seed: u64) -> Host {
    let ids = Arc::new(AtomicU32::new(1));
    let room = Room::new(options.max_associations);
    let counter = ids.clone();
    let engine = Engine::new(EngineOptions {
        stack: options.clone(),
        room: room.clone(),
        next_association: Box::new(move || counter.fetch_add(1, SeqCst)),
        entropy: Entropy::seeded(seed),
    });
    Host {
        engine,
        addresses,
        udp_port,
        events: Vec::new(),
        room,
        accounts: HashMap::new(),
        options,
        ids,
        next_endpoint: 1,
        is_busy: false,
        is_silent: false,
    }
}

//! The stack without sockets, threads and clocks: packets and requests go in with the time, packets
//! and events come out. Same inputs, same outputs. This file holds the state and hands packets on:
//! `lookup.rs` says to whom, `calling.rs` opens associations, `initiation.rs` and `cookie_echo.rs` do so
//! for peers, `requests.rs` does what the caller wants, `settle.rs` what follows from any of it.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::event::Event;
use crate::id_map::IdMap;
use crate::limits::{Hosts, Room};
use crate::options::{Backend, StackOptions};
use crate::stats::{Refusal, Stats};
use crate::userland::association::Association;
use crate::userland::cookie::CookieJar;
use crate::userland::demux::Demux;
use crate::userland::entropy::Entropy;
use crate::userland::link::Route;
use crate::userland::ootb::{self, RateLimit, has_stale_cookie_error};
use crate::userland::packet::{Packet, chunk};
use crate::userland::rules;
use crate::userland::settle::Take;
use crate::userland::shim::{divert, hold_shutdown, invalid_streams_error};
use crate::userland::timers::Timers;

/// What an engine is made of.
pub struct EngineOptions {
    pub stack: StackOptions,
    /// Shared with whoever hands out identifiers for `Connect`: it takes the place, the engine
    /// gives it back.
    pub room: Room,
    /// Identifiers for associations that peers open.
    pub next_association: Box<dyn FnMut() -> u32 + Send>,
    pub entropy: Entropy,
}

/// A packet to be sent.
#[derive(Clone, Debug)]
pub struct Transmit {
    pub route: Route,
    pub packet: Vec<u8>,
}

/// An SCTP port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub serial: u32,
    pub accepts: bool,
    /// Messages of a peer that does not read its answers are left in its window.
    pub holds_back: bool,
}

/// All endpoints and associations of a stack.
pub struct Engine {
    pub(crate) options: StackOptions,
    pub(crate) room: Room,
    pub(crate) next_association: Box<dyn FnMut() -> u32 + Send>,
    pub(crate) entropy: Entropy,
    pub(crate) cookies: CookieJar,
    pub(crate) endpoints: HashMap<u16, Endpoint>,
    pub(crate) associations: IdMap<Association>,
    pub(crate) demux: Demux,
    pub(crate) hosts: Hosts,
    pub(crate) timers: Timers,
    pub(crate) unassociated: RateLimit,
    pub(crate) transmits: VecDeque<Transmit>,
    pub(crate) events: Vec<Event>,
    pub(crate) stats: Stats,
    /// Of local addresses that are new: for the link, which has one for each.
    pub(crate) new_sockets: Vec<OwnedFd>,
    due: Vec<u32>,
}

impl Engine {
    pub fn new(options: EngineOptions) -> Self {
        let EngineOptions {
            stack,
            room,
            next_association,
            mut entropy,
        } = options;
        Engine {
            cookies: CookieJar::new(&mut entropy),
            hosts: Hosts::new(stack.max_associations_per_host),
            options: stack,
            room,
            next_association,
            entropy,
            endpoints: HashMap::new(),
            associations: HashMap::default(),
            demux: Demux::default(),
            timers: Timers::default(),
            unassociated: RateLimit::new(),
            transmits: VecDeque::new(),
            events: Vec::new(),
            stats: Stats::default(),
            new_sockets: Vec::new(),
            due: Vec::new(),
        }
    }

    /// A packet has arrived. Whatever it holds: if it breaks a rule it is counted and changes
    /// nothing.
    pub fn receive(&mut self, now: Duration, route: Route, bytes: &[u8]) {
        self.stats.packets_received += 1;
        if let Err(refusal) = self.try_receive(now, route, bytes) {
            self.stats.refuse(refusal);
        }
    }

    /// Runs every association whose time has come.
    pub fn timeout(&mut self, now: Duration) {
        let mut due = std::mem::take(&mut self.due);
        self.timers.take_due(now, &mut due);
        for association in due.drain(..) {
            self.run_paths(now, association);
            self.settle(now, association, None);
        }
        self.due = due;
    }

    /// When `timeout` should be called at the latest. Calling it too early or late does no harm.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// The next packet to be sent.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        let transmit = self.transmits.pop_front()?;
        self.stats.packets_sent += 1;
        Some(transmit)
    }

    /// Moves all packets to be sent behind `packets`.
    pub(crate) fn take_transmits(&mut self, packets: &mut VecDeque<Transmit>) {
        self.stats.packets_sent += self.transmits.len() as u64;
        packets.append(&mut self.transmits);
    }

    /// Moves what has happened behind `events`.
    pub fn take_events(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    pub fn stats(&self) -> Stats {
        let mut stats = self.stats;
        stats.associations = self.associations.len() as u64;
        stats
    }

    /// How many entries the tables hold: for tests that nothing is left behind.
    pub fn table_sizes(&self) -> [usize; 5] {
        let (tags, paths) = self.demux.len();
        [
            self.associations.len(),
            tags,
            paths,
            self.timers.len(),
            self.transmits.len(),
        ]
    }

    fn try_receive(&mut self, now: Duration, route: Route, bytes: &[u8]) -> Result<(), Refusal> {
        let packet = Packet::parse(bytes)?;
        rules::check_source(route.peer)?;
        if self.may_be_anothers(&packet) {
            return Err(Refusal::OutOfTheBlue);
        }
        rules::check_bundle(&packet)?;
        match packet.first().kind {
            chunk::INIT => self.on_init(now, route, &packet),
            chunk::COOKIE_ECHO => self.on_cookie_echo(now, route, &packet),
            _ => match self.find(route, &packet)? {
                Some(association) => self.deliver(now, association, route, &packet),
                None => self.on_out_of_the_blue(now, route, &packet),
            },
        }
    }

    /// Raw sockets see every packet to their address: a port that is not ours may be another
    /// process's, so nothing is said of it.
    fn may_be_anothers(&self, packet: &Packet<'_>) -> bool {
        self.options.backend == Backend::Raw
            && !self.endpoints.contains_key(&packet.destination_port())
    }

    /// Gives an association a packet with the right tag.
    fn deliver(
        &mut self,
        now: Duration,
        id: u32,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        let first = packet.first();
        if association.peer_tag == 0 {
            return self.deliver_in_cookie_wait(now, id, route, packet);
        }
        if first.kind == chunk::INIT_ACK {
            // RFC 9260 §5.2.3: the answer to a duplicate of our INIT.
            return Ok(());
        }
        if association.is_connecting() && has_stale_cookie_error(packet) {
            return self.call_again(now, id);
        }
        if let Some(cause) = rules::data_defect(packet) {
            self.abort_for(id, route, packet, &cause);
            return Err(Refusal::Malformed);
        }
        if packet.has(chunk::DATA) {
            // A peer that still sends is not silent, however long its end takes.
            association.give_up_at = None;
            association.data_route = Some(route);
        }
        if first.kind == chunk::HEARTBEAT_ACK && self.on_path_answer(now, id, route, first.value) {
            return Ok(());
        }
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        if association.account.is_held_back() && ends_association(packet) {
            // `dcsctp` forgets with the association what has not been taken.
            self.take_messages(now, id, Take::All)?;
        }
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        let held = hold_shutdown(association, packet);
        let bytes = held.map_or(Cow::Borrowed(packet.bytes()), Cow::Owned);
        let (bytes, stray_streams) = divert(bytes);
        association.input(now, &bytes);
        self.learn_udp_port(id, route);
        self.settle(now, id, Some(route));
        self.report_streams(id, route, packet, &stray_streams);
        Ok(())
    }

    /// Tells the peer of association `id` on which streams of `packet` it may not send (RFC 9260 §6.5).
    pub(crate) fn report_streams(
        &mut self,
        id: u32,
        route: Route,
        packet: &Packet<'_>,
        streams: &[u16],
    ) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        if !streams.is_empty() {
            self.stats.refuse(Refusal::Message);
            let packet = invalid_streams_error(packet, association.peer_tag, streams);
            self.transmits.push_back(Transmit { route, packet });
        }
    }

    fn on_out_of_the_blue(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        if let Some(answer) = ootb::answer(packet) {
            self.answer(now, route, answer);
        }
        Err(Refusal::OutOfTheBlue)
    }

    /// Sends a packet that belongs to no association, unless there were too many.
    pub(crate) fn answer(&mut self, now: Duration, route: Route, packet: Vec<u8>) {
        if self.unassociated.allows(now) {
            self.transmits.push_back(Transmit { route, packet });
        }
    }
}

/// Whether the association may be over with this packet.
fn ends_association(packet: &Packet<'_>) -> bool {
    packet.chunks().any(|chunk| {
        matches!(
            chunk.kind,
            chunk::SHUTDOWN | chunk::SHUTDOWN_ACK | chunk::SHUTDOWN_COMPLETE | chunk::ABORT
        )
    })
}

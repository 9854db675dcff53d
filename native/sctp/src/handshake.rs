//! Associations that peers open (RFC 9260 §5.1, §5.2): INIT is answered without keeping anything, COOKIE
//! ECHO makes or restarts the association. Associations that we open are `requests.rs`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use dcsctp::api::{DcSctpSocket, SocketEvent, SocketState};

use crate::account::Account;
use crate::association::{Association, Ports, bearer, new_socket};
use crate::cookie::{Bearer, Cookie, CookieError, Tie};
use crate::demux::{PathKey, TagKey};
use crate::engine::{Engine, Transmit};
use crate::event::{DownReason, Event};
use crate::init::{Init, listed_addresses, rewrite};
use crate::link::Route;
use crate::ootb;
use crate::packet::{Packet, PacketBuilder, be32, cause, chunk};
use crate::stats::Refusal;

/// Where `dcsctp`'s cookie holds the initiate tags of the INIT and of the INIT ACK.
const COOKIE_PEER_TAG: usize = 8;
const COOKIE_LOCAL_TAG: usize = 12;
const COOKIE_BYTES: usize = 48;

/// An authentic cookie, and the packet that brought it as `dcsctp` wants it.
struct Echo<'a> {
    cookie: Cookie<'a>,
    local_tag: u32,
    peer_tag: u32,
    packet: Vec<u8>,
}

impl Engine {
    /// A peer wants an association, or a new one in place of the one it has.
    pub(crate) fn on_init(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        // RFC 9260 §8.5.1 A
        if packet.verification_tag() != 0 {
            return Err(Refusal::VerificationTag);
        }
        let init = Init::parse(&packet.first())?;
        let addresses = init.peer_addresses(route.peer.ip())?;
        let (local_port, peer_port) = (packet.destination_port(), packet.source_port());
        let path = PathKey { local_port, peer_port, peer: route.peer };
        if let Some(id) = self.demux.by_path(&path) {
            return self.on_init_again(now, route, packet, id, &init, addresses);
        }
        if !self.endpoints.get(&local_port).is_some_and(|endpoint| endpoint.accepts) {
            self.answer(now, route, ootb::refuse_init(packet, init.initiate_tag));
            return Err(Refusal::OutOfTheBlue);
        }
        if let Err(refusal) = self.must_have_room(route.peer.ip()) {
            self.refuse_for_limit(now, route, packet, init.initiate_tag);
            return Err(refusal);
        }
        self.answer_init(now, route, packet, None, addresses)
    }

    /// An INIT on the path of an association.
    fn on_init_again(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        id: u32,
        init: &Init<'_>,
        addresses: Vec<IpAddr>,
    ) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else { return Ok(()) };
        if association.is_connecting() {
            // §5.2.1: both sides call at once; the answer has the tag of our own INIT.
            association.input(now, packet.bytes());
            let answer = sent_packet(&mut association.socket);
            return self.send_init_ack(now, route, answer, None, addresses);
        }
        // §5.2.2: a restart must not bring addresses that the association did not have.
        if addresses.iter().any(|address| !association.peer_addresses.contains(address)) {
            let code = cause::RESTART_WITH_NEW_ADDRESSES;
            self.answer(now, route, ootb::abort(packet, init.initiate_tag, code, &[]));
            return Err(Refusal::Address);
        }
        let tie = association.tie(id);
        self.answer_init(now, route, packet, Some(tie), addresses)
    }

    /// Answers an INIT with a socket that is thrown away: all that is needed later is in the cookie.
    fn answer_init(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        tie: Option<Tie>,
        addresses: Vec<IpAddr>,
    ) -> Result<(), Refusal> {
        self.entropy.reseed_dcsctp();
        let (local_port, peer_port) = (packet.destination_port(), packet.source_port());
        let mut socket = new_socket(&self.options, local_port, peer_port, now);
        socket.handle_input(packet.bytes());
        self.send_init_ack(now, route, sent_packet(&mut socket), tie, addresses)
    }

    /// Sends an INIT ACK of `dcsctp` with our addresses, and with its cookie sealed.
    fn send_init_ack(
        &mut self,
        now: Duration,
        route: Route,
        init_ack: Option<Vec<u8>>,
        tie: Option<Tie>,
        addresses: Vec<IpAddr>,
    ) -> Result<(), Refusal> {
        let init_ack = init_ack.ok_or(Refusal::Malformed)?;
        let packet = Packet::parse(&init_ack)?;
        let inner = Init::parse(&packet.first())?.cookie().ok_or(Refusal::Malformed)?;
        self.cookies.rotate(now, &mut self.entropy);
        let bearer = bearer(&route, packet.source_port(), packet.destination_port());
        // The source is sealed in anyway.
        let cookie = Cookie { inner, tie, addresses: addresses[1..].to_vec() };
        let sealed = self.cookies.seal(now, &bearer, &cookie);
        let ours = listed_addresses(&self.options.local_addresses, route.peer.ip());
        let packet = rewrite(&init_ack, &ours, Some(&sealed)).ok_or(Refusal::Malformed)?;
        self.transmits.push_back(Transmit { route, packet });
        Ok(())
    }

    /// The cookie comes back (RFC 9260 §5.1 D, §5.2.4).
    pub(crate) fn on_cookie_echo(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        let (local_port, peer_port) = (packet.destination_port(), packet.source_port());
        let bearer = bearer(&route, local_port, peer_port);
        let echo = self.open_echo(now, route, packet, &bearer)?;
        let path = PathKey { local_port, peer_port, peer: route.peer };
        let Some(id) = self.demux.by_path(&path) else {
            return self.accept(now, route, packet, echo);
        };
        let Some(association) = self.associations.get_mut(&id) else { return Ok(()) };
        if association.local_tag == echo.local_tag {
            // §5.2.4 B, D: both called at once, or the COOKIE ACK got lost.
            association.peer_tag = echo.peer_tag;
            association.peer_addresses = peer_addresses(route, &echo);
            association.input(now, &echo.packet);
            self.settle(now, id, None);
            return Ok(());
        }
        if echo.cookie.tie != Some(association.tie(id)) {
            // §5.2.4 C and all that is in no row of the table: late, "silently discard".
            return Err(Refusal::Cookie);
        }
        if association.is_ending() {
            // The old association can no longer end as it was meant to; the new one is wanted.
            self.end(id, DownReason::Lost, "The peer restarted while the association ended.".into());
            return self.accept(now, route, packet, echo);
        }
        self.restart(now, route, id, echo)
    }

    fn open_echo<'a>(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'a>,
        bearer: &Bearer,
    ) -> Result<Echo<'a>, Refusal> {
        self.cookies.rotate(now, &mut self.entropy);
        let cookie = match self.cookies.open(now, bearer, packet.first().value) {
            Ok(cookie) => cookie,
            Err(error) => {
                if let CookieError::Stale { inner, by } = error {
                    // §5.1.5 3): tell the peer, so that it may ask for a younger one.
                    let peer_tag = be32(&inner[COOKIE_PEER_TAG..]);
                    self.answer(now, route, ootb::stale_cookie(packet, peer_tag, by));
                }
                return Err(Refusal::from(&error));
            }
        };
        debug_assert_eq!(cookie.inner.len(), COOKIE_BYTES);
        let local_tag = be32(&cookie.inner[COOKIE_LOCAL_TAG..]);
        let peer_tag = be32(&cookie.inner[COOKIE_PEER_TAG..]);
        // §8.5.1 D, with §5.1.5 2)
        if packet.verification_tag() != local_tag {
            return Err(Refusal::VerificationTag);
        }
        let first = PacketBuilder::like(packet).chunk(chunk::COOKIE_ECHO, 0, cookie.inner);
        let rewritten = packet.chunks().skip(1).fold(first, |builder, chunk| builder.copy(&chunk));
        Ok(Echo { cookie, local_tag, peer_tag, packet: rewritten.finish() })
    }

    /// Makes the association that a cookie stands for.
    fn accept(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        echo: Echo<'_>,
    ) -> Result<(), Refusal> {
        let (local_port, peer_port) = (packet.destination_port(), packet.source_port());
        let Some(endpoint) = self.endpoints.get(&local_port).filter(|endpoint| endpoint.accepts) else {
            return Err(Refusal::OutOfTheBlue);
        };
        let ports = Ports { endpoint: endpoint.serial, local: local_port, peer: peer_port };
        let host = route.peer.ip();
        if self.hosts.is_full(host) || !self.room.take() {
            self.refuse_for_limit(now, route, packet, echo.peer_tag);
            return Err(Refusal::Limit);
        }
        self.entropy.reseed_dcsctp();
        let mut association =
            Association::new(&self.options, ports, Arc::new(Account::default()), now, route);
        association.local_tag = echo.local_tag;
        association.peer_tag = echo.peer_tag;
        association.peer_addresses = peer_addresses(route, &echo);
        association.host = Some(host);
        association.input(now, &echo.packet);
        let key = association.tag_key();
        let is_made = association.socket.state() == SocketState::Connected;
        if !is_made || self.demux.by_tag(&key).is_some() {
            self.room.give_back();
            return Err(Refusal::Cookie);
        }
        let id = (self.next_association)();
        self.hosts.add(host);
        self.demux.add_tag(key, id);
        self.associations.insert(id, association);
        self.set_paths(id, vec![route.peer]);
        self.settle(now, id, None);
        Ok(())
    }

    /// §5.2.4 A: the peer has lost the association and made it again.
    fn restart(
        &mut self,
        now: Duration,
        route: Route,
        id: u32,
        echo: Echo<'_>,
    ) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else { return Ok(()) };
        let key = TagKey { local_tag: echo.local_tag, ..association.tag_key() };
        if self.demux.by_tag(&key).is_some() {
            return Err(Refusal::Cookie);
        }
        self.entropy.reseed_dcsctp();
        let ports = association.ports;
        let mut socket = new_socket(&self.options, ports.local, ports.peer, now);
        socket.handle_input(&echo.packet);
        if socket.state() != SocketState::Connected {
            return Err(Refusal::Cookie);
        }
        self.demux.remove_tag(&association.tag_key());
        self.demux.add_tag(key, id);
        let unsent = association.restart(socket);
        association.local_tag = echo.local_tag;
        association.peer_tag = echo.peer_tag;
        association.route = route;
        if association.account.release(unsent, self.options.send_buffer_bytes) {
            self.events.push(Event::Writable { association: id });
        }
        let info = association.info();
        self.events.push(Event::Restart(id, Box::new(info)));
        self.timers.remove(id);
        self.settle(now, id, None);
        Ok(())
    }

    fn must_have_room(&self, host: IpAddr) -> Result<(), Refusal> {
        let is_full = self.room.is_full() || self.hosts.is_full(host);
        if is_full { Err(Refusal::Limit) } else { Ok(()) }
    }

    fn refuse_for_limit(&mut self, now: Duration, route: Route, packet: &Packet<'_>, tag: u32) {
        self.answer(now, route, ootb::abort(packet, tag, cause::OUT_OF_RESOURCE, &[]));
    }
}

fn peer_addresses(route: Route, echo: &Echo<'_>) -> Vec<IpAddr> {
    let mut addresses = vec![route.peer.ip()];
    addresses.extend_from_slice(&echo.cookie.addresses);
    addresses
}

/// The one packet that a socket has just sent.
fn sent_packet(socket: &mut dcsctp::api::Socket) -> Option<Vec<u8>> {
    let mut sent = None;
    while let Some(event) = socket.poll_event() {
        if let SocketEvent::SendPacket(packet) = event {
            sent = Some(packet);
        }
    }
    sent
}

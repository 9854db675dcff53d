//! INITs of peers (RFC 9260 §5.1 B, §5.2.1, §5.2.2): answered without keeping anything, the cookie
//! brings back what is needed (`cookie_echo.rs`). INITs of our own are `calling.rs`.

use std::net::IpAddr;
use std::time::Duration;

use dcsctp::api::DcSctpSocket;

use crate::stats::Refusal;
use crate::userland::association::bearer;
use crate::userland::cookie::{Cookie, Tie};
use crate::userland::engine::{Engine, Transmit};
use crate::userland::init::{Cause, Init, listed_addresses};
use crate::userland::link::Route;
use crate::userland::ootb;
use crate::userland::packet::{Packet, cause};
use crate::userland::shim::{Additions, new_socket, rewrite_init, sent_packet};

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
        if let Some(cause) = init.defect() {
            self.refuse_init(now, route, packet, &init, &cause);
            return Err(Refusal::Malformed);
        }
        let addresses = init.peer_addresses(route.peer.ip());
        let local_port = packet.destination_port();
        if let Some(id) = self.find_by_path(route, packet) {
            return self.on_init_again(now, route, packet, id, &init, addresses);
        }
        if !self
            .endpoints
            .get(&local_port)
            .is_some_and(|endpoint| endpoint.accepts)
        {
            self.answer(now, route, ootb::refuse_init(packet, init.initiate_tag));
            return Err(Refusal::OutOfTheBlue);
        }
        if let Err(refusal) = self.must_have_room(route.peer.ip()) {
            self.refuse_for_limit(now, route, packet, init.initiate_tag);
            return Err(refusal);
        }
        self.answer_init(now, route, packet, &init, None, addresses)
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
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        if association.is_connecting() {
            // §5.2.1: both sides call at once; the answer has the tag of our own INIT.
            association.input(now, packet.bytes());
            let answer = sent_packet(&mut association.socket);
            return self.send_init_ack(now, route, answer, init, None, addresses);
        }
        // §5.2.2: a restart must not bring addresses that the association did not have.
        if addresses
            .iter()
            .any(|address| !association.peer_addresses.contains(address))
        {
            let cause = (cause::RESTART_WITH_NEW_ADDRESSES, Vec::new());
            self.refuse_init(now, route, packet, init, &cause);
            return Err(Refusal::Address);
        }
        let tie = association.tie(id);
        self.answer_init(now, route, packet, init, Some(tie), addresses)
    }

    /// Answers an INIT with an ABORT under its tag. Not if it is the one that began the association of this
    /// path, changed on its way or by a forger: that ABORT would end the association.
    fn refuse_init(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        init: &Init<'_>,
        cause: &Cause,
    ) {
        let existing = self.find_by_path(route, packet);
        let has_tag = |id| self.associations[&id].peer_tag == init.initiate_tag;
        if !existing.is_some_and(has_tag) {
            let abort = ootb::abort(packet, init.initiate_tag, cause);
            self.answer(now, route, abort);
        }
    }

    /// Answers an INIT with a socket that is thrown away: all that is needed later is in the
    /// cookie.
    fn answer_init(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        init: &Init<'_>,
        tie: Option<Tie>,
        addresses: Vec<IpAddr>,
    ) -> Result<(), Refusal> {
        let (local_port, peer_port) = (packet.destination_port(), packet.source_port());
        let mut socket = new_socket(&mut self.entropy, &self.options, local_port, peer_port, now);
        socket.handle_input(packet.bytes());
        let init_ack = sent_packet(&mut socket);
        self.send_init_ack(now, route, init_ack, init, tie, addresses)
    }

    /// Sends an INIT ACK of `dcsctp` with our addresses, with its cookie sealed, and with what it did not
    /// know in `init`.
    fn send_init_ack(
        &mut self,
        now: Duration,
        route: Route,
        init_ack: Option<Vec<u8>>,
        init: &Init<'_>,
        tie: Option<Tie>,
        addresses: Vec<IpAddr>,
    ) -> Result<(), Refusal> {
        let init_ack = init_ack.ok_or(Refusal::Malformed)?;
        let packet = Packet::parse(&init_ack)?;
        let inner = Init::parse(&packet.first())?
            .cookie()
            .ok_or(Refusal::Malformed)?;
        self.cookies.rotate(now, &mut self.entropy);
        let bearer = bearer(&route, packet.source_port(), packet.destination_port());
        // The source is sealed in anyway.
        let cookie = Cookie {
            inner,
            tie,
            addresses: addresses[1..].to_vec(),
        };
        let sealed = self.cookies.seal(now, &bearer, &cookie);
        let ours = listed_addresses(self.options.served_addresses(), route.peer.ip());
        let additions = Additions {
            addresses: &ours,
            cookie: Some(&sealed),
            unrecognized: &init.reported().collect::<Vec<_>>(),
        };
        let packet = rewrite_init(&init_ack, &additions).ok_or(Refusal::Malformed)?;
        self.transmits.push_back(Transmit { route, packet });
        Ok(())
    }

    fn must_have_room(&self, host: IpAddr) -> Result<(), Refusal> {
        let is_full = self.room.is_full() || self.hosts.is_full(host);
        if is_full { Err(Refusal::Limit) } else { Ok(()) }
    }

    pub(crate) fn refuse_for_limit(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        tag: u32,
    ) {
        let cause = (cause::OUT_OF_RESOURCE, Vec::new());
        self.answer(now, route, ootb::abort(packet, tag, &cause));
    }
}

//! Associations that we open (RFC 9260 §5.1 A, C): our INIT, and its answer. Those that peers open are
//! `initiation.rs` and `cookie_echo.rs`.

use std::net::SocketAddr;
use std::time::Duration;

use dcsctp::api::DcSctpSocket;

use crate::command::Connect;
use crate::event::{DownReason, Event};
use crate::stats::Refusal;
use crate::userland::association::{Association, Ports};
use crate::userland::engine::{Engine, Transmit};
use crate::userland::init::{Cause, Init};
use crate::userland::link::Route;
use crate::userland::ootb;
use crate::userland::packet::{Packet, cause, chunk, parameter, parameters};
use crate::userland::paths::local_address_for;
use crate::userland::rivals::RIVAL;
use crate::userland::shim::OwnEcho;

const TAG_IN_USE: &str = "The verification tag is in use: try again.";
const UNUSABLE: &str = "The peer's answer to our INIT cannot be used.";
const TOO_OLD: &str = "The peer says of every state cookie of its own that it is too old.";

impl Engine {
    /// RFC 9260 §5.1 A: sends an INIT.
    pub(crate) fn connect(&mut self, now: Duration, connect: Connect) {
        let Connect {
            association: id,
            local_port,
            peer_addresses,
            peer_port,
            udp_port,
            account,
        } = connect;
        let refuse = |engine: &mut Self, detail: &str| {
            account.close();
            engine.room.give_back();
            let detail = detail.to_owned();
            engine.events.push(Event::Down {
                association: id,
                reason: DownReason::Refused,
                detail,
            });
        };
        let (Some(endpoint), Some(&first)) =
            (self.endpoints.get(&local_port), peer_addresses.first())
        else {
            return refuse(self, "The endpoint is not open.");
        };
        let ports = Ports {
            endpoint: endpoint.serial,
            local: local_port,
            peer: peer_port,
            holds_back: endpoint.holds_back,
        };
        let route = Route {
            local: local_address_for(&self.options, first),
            peer: SocketAddr::new(first, udp_port),
        };
        let mut association = Association::new(
            &mut self.entropy,
            &self.options,
            ports,
            account.clone(),
            now,
            route,
        );
        let paths: Vec<SocketAddr> = peer_addresses
            .iter()
            .map(|address| SocketAddr::new(*address, udp_port))
            .collect();
        let is_taken =
            |path: &SocketAddr| self.demux.by_path(&association.path_key(*path)).is_some();
        if paths.iter().any(is_taken) {
            return refuse(
                self,
                "There is an association with this peer on these ports already.",
            );
        }
        association.socket.connect();
        association.local_tag = association.socket.verification_tag();
        association.peer_addresses = peer_addresses;
        if !self.demux.add_tag(association.tag_key(), id) {
            return refuse(self, TAG_IN_USE);
        }
        self.associations.insert(id, association);
        self.set_paths(id, paths);
        self.settle(now, id, None);
    }

    /// We have sent an INIT and had no answer yet.
    pub(crate) fn deliver_in_cookie_wait(
        &mut self,
        now: Duration,
        id: u32,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        if packet.first().kind == chunk::INIT_ACK {
            return self.on_init_ack(now, id, route, packet);
        }
        // `dcsctp` would ignore the ABORT that refuses our INIT.
        if let Some(abort) = packet.chunks().find(|chunk| chunk.kind == chunk::ABORT) {
            let is_full = |(code, _)| code == cause::OUT_OF_RESOURCE;
            let detail = match parameters(abort.value).filter_map(Result::ok).any(is_full) {
                true => "The peer has no room for another association.",
                false => "The peer refused the association.",
            };
            self.end(id, DownReason::Refused, detail.into());
        }
        Ok(())
    }

    /// RFC 9260 §5.1 C, as far as this layer is concerned: the peer's tag and addresses.
    fn on_init_ack(
        &mut self,
        now: Duration,
        id: u32,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<(), Refusal> {
        let init = match Init::parse(&packet.first()) {
            Ok(init) => init,
            Err(refusal) => {
                // "MUST destroy the TCB and SHOULD send an ABORT chunk with the T bit set" (§3.3.3)
                let packet = ootb::reflected_abort(packet);
                self.transmits.push_back(Transmit { route, packet });
                self.end(id, DownReason::Refused, UNUSABLE.into());
                return Err(refusal);
            }
        };
        if let Some(cause) = init.defect().or_else(|| without_cookie(&init)) {
            let packet = ootb::abort(packet, init.initiate_tag, &cause);
            self.transmits.push_back(Transmit { route, packet });
            self.end(id, DownReason::Refused, UNUSABLE.into());
            return Err(Refusal::Malformed);
        }
        let peer_addresses = init.peer_addresses(route.peer.ip());
        if self
            .twin_of(route, packet, &peer_addresses, init.initiate_tag)
            .is_some()
        {
            // It called on another network at the same time, and that call was quicker.
            self.end(id, DownReason::Refused, RIVAL.into());
            return Ok(());
        }
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        let own_echo = OwnEcho::of(&init, self.options.mtu_bytes);
        match own_echo
            .as_ref()
            .and_then(|echo| echo.shorten(packet.bytes()))
        {
            Some(shortened) => association.input(now, &shortened),
            None => association.input(now, packet.bytes()),
        }
        association.own_echo = own_echo;
        if !association.has_answered() {
            return Err(Refusal::Malformed);
        }
        association.peer_tag = init.initiate_tag;
        association.peer_addresses = peer_addresses;
        association.route = route;
        // Its own call may still come from another of the addresses that we called.
        let is_other = |path: &SocketAddr| path.ip() != route.peer.ip();
        let called = association.paths.iter().copied().filter(is_other);
        let paths = std::iter::once(route.peer).chain(called).collect();
        self.set_paths(id, paths);
        self.settle(now, id, None);
        Ok(())
    }
    /// RFC 9260 §5.2.6 1): our cookie was too old when it came back, so ask for another. Messages that
    /// wait go along.
    pub(crate) fn call_again(&mut self, now: Duration, id: u32) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        if association.init_count > self.options.max_retransmissions as usize {
            self.end(id, DownReason::Refused, TOO_OLD.into());
            return Ok(());
        }
        self.demux.remove_tag(&association.tag_key());
        association.call_again(now, &mut self.entropy, &self.options);
        if !self.demux.add_tag(association.tag_key(), id) {
            self.end(id, DownReason::Refused, TAG_IN_USE.into());
            return Ok(());
        }
        self.settle(now, id, None);
        Ok(())
    }
}

/// RFC 9260 §3.3.10.2
fn without_cookie(init_ack: &Init<'_>) -> Option<Cause> {
    if init_ack.cookie().is_some() {
        return None;
    }
    let mut missing = 1u32.to_be_bytes().to_vec();
    missing.extend_from_slice(&parameter::STATE_COOKIE.to_be_bytes());
    Some((cause::MISSING_MANDATORY_PARAMETER, missing))
}

//! Associations that we open (RFC 9260 §5.1 A, C): our INIT, and its answer. Those that peers open are
//! `initiation.rs` and `cookie_echo.rs`.

use std::net::SocketAddr;
use std::time::Duration;

use dcsctp::api::DcSctpSocket;

use crate::command::Connect;
use crate::event::{DownReason, Event};
use crate::stats::Refusal;
use crate::userland::association::{Association, Ports};
use crate::userland::engine::Engine;
use crate::userland::init::Init;
use crate::userland::link::Route;
use crate::userland::packet::{Packet, cause, chunk, parameters};
use crate::userland::paths::local_address_for;
use crate::userland::rivals::RIVAL;

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
        };
        let route = Route {
            local: local_address_for(&self.options, first),
            peer: SocketAddr::new(first, udp_port),
        };
        self.entropy.reseed_dcsctp();
        let mut association = Association::new(&self.options, ports, account.clone(), now, route);
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
            return refuse(self, "The verification tag is in use: try again.");
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
        let init = Init::parse(&packet.first())?;
        let peer_addresses = init.peer_addresses(route.peer.ip())?;
        // The cookie has to fit into a packet of ours.
        let has_room = |cookie: &[u8]| cookie.len() + 64 <= self.options.mtu_bytes;
        if init.cookie().is_some_and(|cookie| !has_room(cookie)) {
            return Err(Refusal::Malformed);
        }
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
        association.input(now, packet.bytes());
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
}

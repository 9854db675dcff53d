//! COOKIE ECHOs of peers (RFC 9260 §5.1 D, §5.2.4): they make associations, or restart them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use dcsctp::api::{DcSctpSocket, SocketState};

use crate::account::Account;
use crate::event::{DownReason, Event};
use crate::stats::Refusal;
use crate::userland::association::{Association, Ports, bearer};
use crate::userland::cookie::{Bearer, Cookie, CookieError};
use crate::userland::demux::TagKey;
use crate::userland::engine::Engine;
use crate::userland::link::Route;
use crate::userland::ootb;
use crate::userland::packet::{Packet, PacketBuilder, chunk};
use crate::userland::shim::{cookie_tags, divert, new_socket};

/// An authentic cookie, and the packet that brought it as `dcsctp` wants it.
struct Echo<'a> {
    cookie: Cookie<'a>,
    local_tag: u32,
    peer_tag: u32,
    packet: Vec<u8>,
    /// Of DATA chunks behind the cookie that are on none of our streams.
    stray_streams: Vec<u16>,
}

impl Engine {
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
        // Where both called at once it may come from another address than the INIT ACK.
        let key = TagKey {
            local_port,
            peer_port,
            local_tag: echo.local_tag,
        };
        let found = self.demux.by_tag(&key);
        let Some(id) = found.or_else(|| self.find_by_path(route, packet)) else {
            let addresses = peer_addresses(route, &echo);
            return match self.twin_of(route, packet, &addresses, echo.peer_tag) {
                // §5.2.4 C: late, another call of ours to this peer is underway.
                Some(_) => Err(Refusal::Cookie),
                None => self.accept(now, route, packet, echo),
            };
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        if association.local_tag == echo.local_tag {
            // §5.2.4 B, D: both called at once, or the COOKIE ACK got lost.
            association.peer_tag = echo.peer_tag;
            association.peer_addresses = peer_addresses(route, &echo);
            association.input(now, &echo.packet);
            self.settle(now, id, None);
            self.report_streams(id, route, packet, &echo.stray_streams);
            return Ok(());
        }
        if echo.cookie.tie != Some(association.tie(id)) {
            // §5.2.4 C and all that is in no row of the table: late, "silently discard".
            return Err(Refusal::Cookie);
        }
        if association.is_ending() {
            // The old association can no longer end as it was meant to; the new one is wanted.
            self.end(
                id,
                DownReason::Lost,
                "The peer restarted while the association ended.".into(),
            );
            return self.accept(now, route, packet, echo);
        }
        self.restart(now, route, packet, id, echo)
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
                    let (peer_tag, _) = cookie_tags(inner);
                    self.answer(now, route, ootb::stale_cookie(packet, peer_tag, by));
                }
                return Err(Refusal::from(&error));
            }
        };
        let (peer_tag, local_tag) = cookie_tags(cookie.inner);
        // §8.5.1 D, with §5.1.5 2)
        if packet.verification_tag() != local_tag {
            return Err(Refusal::VerificationTag);
        }
        let first = PacketBuilder::like(packet).chunk(chunk::COOKIE_ECHO, 0, cookie.inner);
        let rewritten = packet
            .chunks()
            .skip(1)
            .fold(first, |builder, chunk| builder.copy(&chunk));
        let (diverted, stray_streams) = divert(rewritten.finish().into());
        Ok(Echo {
            cookie,
            local_tag,
            peer_tag,
            packet: diverted.into_owned(),
            stray_streams,
        })
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
        let Some(endpoint) = self
            .endpoints
            .get(&local_port)
            .filter(|endpoint| endpoint.accepts)
        else {
            return Err(Refusal::OutOfTheBlue);
        };
        let ports = Ports {
            endpoint: endpoint.serial,
            local: local_port,
            peer: peer_port,
            holds_back: endpoint.holds_back,
        };
        let host = route.peer.ip();
        if self.hosts.is_full(host) || !self.room.take() {
            self.refuse_for_limit(now, route, packet, echo.peer_tag);
            return Err(Refusal::Limit);
        }
        let mut association = Association::new(
            &mut self.entropy,
            &self.options,
            ports,
            Arc::new(Account::default()),
            now,
            route,
        );
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
        self.report_streams(id, route, packet, &echo.stray_streams);
        Ok(())
    }

    /// §5.2.4 A: the peer has lost the association and made it again.
    fn restart(
        &mut self,
        now: Duration,
        route: Route,
        packet: &Packet<'_>,
        id: u32,
        echo: Echo<'_>,
    ) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        let key = TagKey {
            local_tag: echo.local_tag,
            ..association.tag_key()
        };
        if self.demux.by_tag(&key).is_some() {
            return Err(Refusal::Cookie);
        }
        let ports = association.ports;
        let mut socket = new_socket(
            &mut self.entropy,
            &self.options,
            ports.local,
            ports.peer,
            now,
        );
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
        association.watch_paths(now, &self.options);
        if association
            .account
            .release(unsent, self.options.send_buffer_bytes)
        {
            self.events.push(Event::Writable { association: id });
        }
        let info = association.info();
        self.events.push(Event::Restart(id, Box::new(info)));
        self.timers.remove(id);
        self.update_paths(id);
        self.settle(now, id, None);
        self.report_streams(id, route, packet, &echo.stray_streams);
        Ok(())
    }
}

fn peer_addresses(route: Route, echo: &Echo<'_>) -> Vec<IpAddr> {
    let mut addresses = vec![route.peer.ip()];
    addresses.extend_from_slice(&echo.cookie.addresses);
    addresses
}

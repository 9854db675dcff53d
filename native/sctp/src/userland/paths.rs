//! The paths of associations as the engine deals with them: by which addresses one is found, on which
//! path a packet leaves, when our heartbeats go out and what their answers change. The state of the
//! paths is `path_watch.rs`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use dcsctp::api::DcSctpSocket;

use crate::event::{DownReason, Event};
use crate::options::StackOptions;
use crate::userland::association::Association;
use crate::userland::engine::{Engine, Transmit};
use crate::userland::link::Route;
use crate::userland::packet::{COMMON_HEADER_BYTES, Packet, chunk};
use crate::userland::path_watch::{Change, PathWatch, answered_nonce, heartbeat};
use crate::userland::shim::socket_time;

/// Told when an association is lost.
const SILENT: &str = "The peer does not answer.";

impl Association {
    /// Where a packet goes: usually where all of them go, but a heartbeat is answered on the path
    /// that it came on (RFC 9260 §8.3), data is acknowledged where it came from (§6.4), and INITs try
    /// the peer's addresses in turn.
    pub(crate) fn route_of(
        &mut self,
        packet: &[u8],
        arrived_on: Option<Route>,
        options: &StackOptions,
    ) -> Route {
        match packet.get(COMMON_HEADER_BYTES) {
            Some(&chunk::HEARTBEAT_ACK) => arrived_on.unwrap_or(self.route),
            Some(&chunk::INIT) => {
                let peer = self.paths[self.init_count % self.paths.len()];
                self.init_count += 1;
                Route {
                    local: local_address_for(options, peer.ip()),
                    peer,
                }
            }
            Some(&chunk::SACK) if self.watch.is_some() && !holds_data(packet) => {
                self.confirmed_data_route().unwrap_or(self.route)
            }
            _ => self.route,
        }
    }

    fn confirmed_data_route(&self) -> Option<Route> {
        let watch = self.watch.as_ref()?;
        self.data_route.filter(|route| watch.is_confirmed(*route))
    }

    /// Begins to watch the paths to the peer's addresses, now that it is up.
    pub(crate) fn watch_paths(&mut self, now: Duration, options: &StackOptions) {
        let udp_port = self.route.peer.port();
        let primary = self.route.peer.ip();
        let others = self.peer_addresses.iter().filter(|ip| **ip != primary);
        let mut routes = vec![self.route];
        routes.extend(others.map(|address| Route {
            local: local_address_for(options, *address),
            peer: SocketAddr::new(*address, udp_port),
        }));
        self.watch = PathWatch::new(now, &routes);
    }

    fn retransmissions(&self) -> usize {
        let metrics = self.socket.get_metrics();
        metrics.map_or(0, |metrics| metrics.rtx_packets_count)
    }
}

impl Engine {
    /// What is due on the paths of an association with several: heartbeats, and the change to
    /// another path when data was not acknowledged in time.
    pub(crate) fn run_paths(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if association.watch.is_none() {
            return;
        }
        // What is sent again by a timer has timed out (RFC 9260 §6.3.3); gaps are filled as the
        // peer's acknowledgements come in.
        let before = association.retransmissions();
        association.socket.advance_time(socket_time(now));
        let has_timed_out = association.retransmissions() > before;
        let Some(watch) = &mut association.watch else {
            return;
        };
        let mut changes = Vec::new();
        if has_timed_out {
            watch.on_data_time_out(now, &self.options, &mut changes);
        }
        let nonce = || self.entropy.bytes();
        let due = watch.poll(now, &self.options, nonce, &mut changes);
        if watch.is_confirmed_failure() {
            self.abort(id, SILENT);
            return self.end(id, DownReason::Lost, SILENT.into());
        }
        let ports = association.ports;
        let to_peer = (ports.local, ports.peer, association.peer_tag);
        for (route, nonce) in due {
            let packet = heartbeat(to_peer, nonce);
            self.transmits.push_back(Transmit { route, packet });
        }
        self.follow_watch(id, &changes);
    }

    /// Whether a HEARTBEAT ACK answers a heartbeat of ours, not of `dcsctp`. One that nobody waits
    /// for any more, or that is forged, changes nothing.
    pub(crate) fn on_path_answer(
        &mut self,
        now: Duration,
        id: u32,
        route: Route,
        value: &[u8],
    ) -> bool {
        let Some(nonce) = answered_nonce(value) else {
            return false;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return true;
        };
        let mut changes = Vec::new();
        let is_answer = association
            .watch
            .as_mut()
            .is_some_and(|watch| watch.on_answer(now, nonce, &self.options, &mut changes));
        if association
            .watch
            .as_ref()
            .is_some_and(|watch| watch.is_over())
        {
            association.watch = None;
        }
        if is_answer {
            self.learn_udp_port(id, route);
            self.follow_watch(id, &changes);
            self.settle(now, id, None);
        }
        true
    }

    /// Brings what depends on the state of its paths up to date, and tells what has changed.
    fn follow_watch(&mut self, id: u32, changes: &[Change]) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if let Some(watch) = &association.watch {
            association.route = watch.current();
        }
        for &Change { address, is_up } in changes {
            self.events.push(Event::Path {
                association: id,
                address,
                is_up,
            });
        }
        if !changes.is_empty() {
            self.update_paths(id);
        }
    }

    /// RFC 6951 §5.4: the UDP port of a verified packet is where the next one goes.
    pub(crate) fn learn_udp_port(&mut self, id: u32, route: Route) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let is_moved = match &mut association.watch {
            Some(watch) => watch.learn(route),
            None => {
                association.route.peer.ip() == route.peer.ip()
                    && association.route.peer.port() != route.peer.port()
            }
        };
        if is_moved {
            association.route = match &association.watch {
                Some(watch) => watch.current(),
                None => Route {
                    peer: route.peer,
                    ..association.route
                },
            };
            self.update_paths(id);
        }
    }

    /// An association that is up is found by the addresses that are confirmed to be its peer's: by
    /// others it could be made to stand in the way of theirs.
    pub(crate) fn update_paths(&mut self, id: u32) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        let confirmed = match &association.watch {
            Some(watch) => watch.confirmed().map(|route| route.peer).collect(),
            None => vec![association.route.peer],
        };
        self.set_paths(id, confirmed);
        self.end_rival(id);
    }

    /// Replaces the paths by which an association is found.
    pub(crate) fn set_paths(&mut self, id: u32, paths: Vec<SocketAddr>) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        for path in &association.paths {
            self.demux.remove_path(&association.path_key(*path), id);
        }
        association.paths = paths;
        for path in &association.paths {
            self.demux.add_path(association.path_key(*path), id);
        }
    }
}

/// The local address to call `peer` from: of its family, one that this host has, of its scope, and of
/// those the one that has most of its leading bits, which is the one of its network.
pub(crate) fn local_address_for(options: &StackOptions, peer: IpAddr) -> usize {
    let closeness = |local: &IpAddr| {
        let has_family = local.is_ipv4() == peer.is_ipv4();
        let is_served = !options.retired_addresses.contains(local);
        let has_scope = local.is_loopback() == peer.is_loopback();
        (has_family, is_served, has_scope, common_bits(*local, peer))
    };
    let locals = options.local_addresses.iter().enumerate();
    // Of equals the first.
    let best = locals.rev().max_by_key(|(_, local)| closeness(local));
    best.map_or(0, |(index, _)| index)
}

fn common_bits(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 0,
    }
}

fn holds_data(packet: &[u8]) -> bool {
    Packet::parse(packet).is_ok_and(|packet| packet.has(chunk::DATA))
}

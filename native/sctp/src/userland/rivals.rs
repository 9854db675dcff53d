//! "Two SCTP endpoints MUST NOT have more than one SCTP association between them at any given time" (RFC
//! 9260 §2.3). Hosts with several addresses may get two all the same: when each calls the other at once on
//! a network of its own, or one is called twice by different addresses. It shows when an address is
//! confirmed to be the peer's of both; then one of them ends.

use std::net::{IpAddr, SocketAddr};

use crate::event::DownReason;
use crate::userland::association::Association;
use crate::userland::engine::Engine;
use crate::userland::link::Route;
use crate::userland::packet::Packet;

/// Told, and sent as the reason of an ABORT.
pub(crate) const RIVAL: &str = "There is another association with this peer on these ports.";

impl Engine {
    /// Ends the loser of `id` and the association that is found by one of its paths, if there is one.
    pub(crate) fn end_rival(&mut self, id: u32) {
        let Some(rival) = self.rival_of(id) else {
            return;
        };
        let pair = [id, rival].map(|id| (id, &self.associations[&id]));
        let Some(loser) = loser_of(pair) else {
            return;
        };
        let reason = match self.associations[&loser].is_up {
            true => DownReason::Abort,
            false => DownReason::Refused,
        };
        self.abort(loser, RIVAL);
        self.end(loser, reason, RIVAL.into());
        self.update_paths(if loser == id { rival } else { id });
    }

    /// Another association to which the peer has given the same tag, at one of the `addresses` that it
    /// listed: to the peer they are one, so to abort one would end both.
    pub(crate) fn twin_of(
        &self,
        route: Route,
        packet: &Packet<'_>,
        addresses: &[IpAddr],
        peer_tag: u32,
    ) -> Option<u32> {
        let found_at = |address: &IpAddr| {
            let peer = SocketAddr::new(*address, route.peer.port());
            self.find_by_path(Route { peer, ..route }, packet)
        };
        let has_tag = |found: &u32| self.associations[found].peer_tag == peer_tag;
        addresses.iter().filter_map(found_at).find(has_tag)
    }

    fn rival_of(&self, id: u32) -> Option<u32> {
        let association = self.associations.get(&id)?;
        let found_by = |path| self.demux.by_path(&association.path_key(path));
        let mut found = association.paths.iter().filter_map(|path| found_by(*path));
        found.find(|found| *found != id)
    }
}

/// The peer decides at the same time and must come to the same end, or none would be left.
fn loser_of([(a, one), (b, other)]: [(u32, &Association); 2]) -> Option<u32> {
    match (one.is_called(), other.is_called()) {
        // The peer has called twice, and ends one itself; or it was restarted, and answers the next packet
        // of the old one with an ABORT.
        (false, false) => None,
        _ if one.peer_tag == 0 => Some(a),
        _ if other.peer_tag == 0 => Some(b),
        _ if one.lower_tag() > other.lower_tag() => Some(a),
        _ => Some(b),
    }
}

impl Association {
    /// Whether we called; otherwise the peer did.
    fn is_called(&self) -> bool {
        self.host.is_none()
    }

    /// Both sides know it.
    fn lower_tag(&self) -> u32 {
        self.local_tag.min(self.peer_tag)
    }
}

//! Which association a packet belongs to, and whether it may: the rules for verification tags of
//! RFC 9260 §8.5 and §8.5.1, and for addresses. INIT and COOKIE ECHO have rules of their own, in
//! `initiation.rs` and `cookie_echo.rs`.

use crate::stats::Refusal;
use crate::userland::demux::{PathKey, TagKey};
use crate::userland::engine::Engine;
use crate::userland::link::Route;
use crate::userland::packet::{Packet, chunk};

impl Engine {
    /// `None`: to none, it is out of the blue. `Err`: to one, but with a tag or from an address
    /// that is not its peer's, so it is discarded silently.
    pub(crate) fn find(&self, route: Route, packet: &Packet<'_>) -> Result<Option<u32>, Refusal> {
        let first = packet.first();
        let is_end = matches!(first.kind, chunk::ABORT | chunk::SHUTDOWN_COMPLETE);
        if is_end && first.is_tag_reflected() {
            return self.find_by_reflected_tag(route, packet);
        }
        let key = TagKey {
            local_port: packet.destination_port(),
            peer_port: packet.source_port(),
            local_tag: packet.verification_tag(),
        };
        let Some(id) = self.demux.by_tag(&key) else {
            return self.find_without_tag(route, packet);
        };
        let association = &self.associations[&id];
        // §8.5.1 E: while connecting, a SHUTDOWN ACK is of an earlier association.
        if packet.has(chunk::SHUTDOWN_ACK) && association.is_connecting() {
            return Ok(None);
        }
        // The answer to an INIT may come from any address of the peer (RFC 9260 §5.1.2).
        let is_peers =
            first.kind == chunk::INIT_ACK || association.peer_addresses.contains(&route.peer.ip());
        if is_peers {
            Ok(Some(id))
        } else {
            Err(Refusal::Address)
        }
    }

    /// §8.5.1 B, C: with the T bit the tag is the one that we send with.
    fn find_by_reflected_tag(
        &self,
        route: Route,
        packet: &Packet<'_>,
    ) -> Result<Option<u32>, Refusal> {
        let Some(id) = self.find_by_path(route, packet) else {
            return Ok(None);
        };
        let peer_tag = self.associations[&id].peer_tag;
        let is_right = peer_tag != 0 && packet.verification_tag() == peer_tag;
        if is_right {
            Ok(Some(id))
        } else {
            Err(Refusal::VerificationTag)
        }
    }

    /// The tag is nobody's. On the path of an association that makes it wrong.
    fn find_without_tag(&self, route: Route, packet: &Packet<'_>) -> Result<Option<u32>, Refusal> {
        let Some(id) = self.find_by_path(route, packet) else {
            return Ok(None);
        };
        // §8.5.1 E, as above.
        let is_earlier = packet.has(chunk::SHUTDOWN_ACK) && self.associations[&id].is_connecting();
        if is_earlier {
            Ok(None)
        } else {
            Err(Refusal::VerificationTag)
        }
    }

    /// The association between the packet's ports and on its path.
    pub(crate) fn find_by_path(&self, route: Route, packet: &Packet<'_>) -> Option<u32> {
        self.demux.by_path(&PathKey {
            local_port: packet.destination_port(),
            peer_port: packet.source_port(),
            peer: route.peer,
        })
    }
}

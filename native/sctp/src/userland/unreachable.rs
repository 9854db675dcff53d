//! ICMP "port unreachable" (RFC 9260 §10, RFC 6951 §5.6): nobody listens where a packet of ours went
//! to. Anybody can send such a thing, so it must quote a verification tag that only the peer and
//! those on the path know, and it ends nothing that is established: it has the path probed at once.

use std::time::Duration;

use crate::event::DownReason;
use crate::userland::demux::PathKey;
use crate::userland::engine::Engine;
use crate::userland::link::Route;
use crate::userland::packet::{COMMON_HEADER_BYTES, TLV_HEADER_BYTES, be16, be32, chunk};
use crate::userland::path_watch::PathWatch;

const NOBODY: &str = "Nobody listens at the peer's address and port.";

/// Of an INIT.
const INITIATE_TAG: usize = COMMON_HEADER_BYTES + TLV_HEADER_BYTES;

impl Engine {
    /// `quote` is the beginning of the packet that was sent on `route`.
    pub fn unreachable(&mut self, now: Duration, route: Route, quote: &[u8]) {
        if quote.len() < COMMON_HEADER_BYTES {
            return;
        }
        let key = PathKey {
            local_port: be16(quote),
            peer_port: be16(&quote[2..]),
            peer: route.peer,
        };
        let Some(id) = self.demux.by_path(&key) else {
            return;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let tag = be32(&quote[4..]);
        if association.peer_tag == 0 {
            let is_init = tag == 0
                && quote.get(COMMON_HEADER_BYTES) == Some(&chunk::INIT)
                && quote
                    .get(INITIATE_TAG..)
                    .is_some_and(|rest| rest.len() >= 4 && be32(rest) == association.local_tag);
            if is_init {
                self.call_elsewhere(now, id, route);
            }
        } else if tag == association.peer_tag && association.is_up {
            let current = association.route;
            let watch = association
                .watch
                .get_or_insert_with(|| PathWatch::on_suspicion(now, current));
            watch.probe(now, route);
            self.run_paths(now, id);
            self.settle(now, id, None);
        }
    }

    /// An INIT went nowhere. The next one goes to another address of the peer; after the last of them
    /// nobody is there.
    fn call_elsewhere(&mut self, now: Duration, id: u32, route: Route) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let others = association.paths.iter().copied();
        let others: Vec<_> = others.filter(|path| *path != route.peer).collect();
        if others.is_empty() {
            return self.end(id, DownReason::Refused, NOBODY.into());
        }
        association.init_count = 0;
        self.set_paths(id, others);
        self.settle(now, id, None);
    }
}

//! How a peer is kept from filling the receive buffer for all: parts of messages that never become whole, behind
//! a gap that is never filled, stay in the kernel for good.
//!
//! The receive buffer of a one-to-many socket is one for all its associations (unless `net.sctp.rcvbuf_policy` is
//! 1). What is complete does not stay in it, for it is read whenever the caller takes messages. So when a
//! quarter of the buffer is taken although everything was read, the kernel is asked what each association has
//! in it (`/proc/net/sctp/assocs`). Those that hold some, and from which nothing could be read for
//! [`PATIENCE`], are aborted, the largest first, until the rest is below a quarter.

use std::fs;
use std::time::Duration;

use crate::event::DownReason;
use crate::id_map::IdMap;
use crate::kernel::engine::Engine;
use crate::stats::Refusal;

/// Time between two looks at the buffers.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A lost packet is sent again within this time, unless it is lost several times.
const PATIENCE: Duration = Duration::from_secs(6);

const HOARDER: &str =
    "The peer fills the receive buffer with parts of messages that it does not complete.";

/// What an association has in the receive buffer, as far as that matters.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Messages or parts of messages that could be read.
    parts_read: u64,
    parts_at_last_look: u64,
    /// Since when it holds some and nothing could be read.
    stuck_since: Option<Duration>,
}

impl Held {
    pub fn part_read(&mut self) {
        self.parts_read += 1;
    }

    /// Whether it holds `bytes` for too long by now.
    fn is_hoard(&mut self, now: Duration, bytes: usize) -> bool {
        let is_stuck = bytes > 0 && self.parts_read == self.parts_at_last_look;
        self.parts_at_last_look = self.parts_read;
        self.stuck_since = is_stuck.then(|| self.stuck_since.unwrap_or(now));
        self.stuck_since
            .is_some_and(|since| since + PATIENCE <= now)
    }
}

impl Engine {
    /// Looks at the receive buffers when it is time. To be called when everything has been read.
    pub(super) fn watch_buffers(&mut self, now: Duration) {
        if self.associations.is_empty() {
            self.look_at_buffers = None;
            return;
        }
        if self.look_at_buffers.is_some_and(|at| at > now) {
            return;
        }
        self.look_at_buffers = Some(now + LOOK_EVERY);
        let ports: Vec<u16> = self.endpoints.keys().copied().collect();
        for port in ports {
            let Some((used, limit)) = self.socket(port).and_then(|socket| socket.receive_buffer())
            else {
                continue;
            };
            if used >= limit / 4 {
                self.end_hoarders(now, port, used, limit / 4);
            }
        }
    }

    fn end_hoarders(&mut self, now: Duration, port: u16, mut used: usize, enough: usize) {
        let Ok(table) = fs::read_to_string("/proc/net/sctp/assocs") else {
            return;
        };
        let held = held_bytes(&table);
        let mut hoarders = Vec::new();
        for (id, association) in &mut self.associations {
            let bytes = held.get(&(association.kernel_id as u32));
            let bytes = bytes.copied().unwrap_or(0);
            if association.local_port == port && association.held.is_hoard(now, bytes) {
                hoarders.push((bytes, *id));
            }
        }
        hoarders.sort_unstable();
        while used >= enough
            && let Some((bytes, id)) = hoarders.pop()
        {
            used = used.saturating_sub(bytes);
            self.stats.refuse(Refusal::IncompleteMessages);
            self.abort(id, HOARDER);
            self.end(id, DownReason::Evicted, HOARDER.to_owned());
        }
    }
}

/// What each association has in its socket's receive buffer, by the kernel's identifiers.
fn held_bytes(table: &str) -> IdMap<usize> {
    const IDENTIFIER: usize = 6;
    const RECEIVE_QUEUE: usize = 8;
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let identifier = fields.get(IDENTIFIER)?.parse().ok()?;
        Some((identifier, fields.get(RECEIVE_QUEUE)?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read_by_its_columns() {
        let table = "\
 ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS HBINT INS
       0        0 2   1   3  0       7        0  1456000       0 20571 3863  5000   10.0.0.1 <-> *10.0.0.2   7500
       0        0 2   1   3  0      12       64        0       0 20571 3863  5001   10.0.0.1 <-> *10.0.0.3   7500
 broken line
";
        let held = held_bytes(table);
        assert_eq!((held.len(), held[&7], held[&12]), (2, 1_456_000, 0));
    }

    #[test]
    fn only_who_holds_some_and_delivers_nothing_for_a_while_is_a_hoarder() {
        let at = Duration::from_secs;
        let mut held = Held::default();
        assert!(!held.is_hoard(at(0), 1_000));
        assert!(!held.is_hoard(at(4), 1_000));
        held.part_read();
        assert!(!held.is_hoard(at(8), 1_000), "something could be read");
        assert!(!held.is_hoard(at(10), 1_000));
        assert!(!held.is_hoard(at(12), 0), "it holds nothing any more");
        assert!(!held.is_hoard(at(14), 1_000));
        assert!(held.is_hoard(at(20), 1_000));
    }
}

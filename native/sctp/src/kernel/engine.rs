//! All endpoints and associations of a stack on the kernel. This file holds the state and ends
//! associations; `requests.rs` does what the caller wants, `sending.rs` gets messages into the
//! kernel, `arrivals.rs` deals with what it tells.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::event::{DownReason, Event};
use crate::id_map::IdMap;
use crate::kernel::association::Association;
use crate::kernel::socket::Socket;
use crate::limits::{Hosts, Room};
use crate::options::StackOptions;
use crate::stats::Stats;

/// An SCTP port.
pub(crate) struct Endpoint {
    pub serial: u32,
    pub accepts: bool,
    pub socket: Arc<Socket>,
    /// The rest of a long notification is still to be read.
    pub is_in_notification: bool,
    /// Associations with messages for which the socket's send buffer has no room.
    pub waiting: VecDeque<u32>,
    /// When to look for associations that have filled it for too long, while any wait.
    pub look_at: Option<Duration>,
    /// When to try again although the socket says that it is writable.
    pub retry_at: Option<Duration>,
}

pub(crate) struct Engine {
    pub(super) options: StackOptions,
    pub(super) room: Room,
    pub(super) next_association: fn() -> u32,
    pub(super) endpoints: BTreeMap<u16, Endpoint>,
    pub(super) associations: IdMap<Association>,
    /// Ours by the kernel's identifiers, which are unique on the machine.
    pub(super) ids: IdMap<u32>,
    pub(super) hosts: Hosts,
    pub(super) events: Vec<Event>,
    pub(super) stats: Stats,
    /// When to look at the receive buffers next, while there are associations.
    pub(super) look_at_buffers: Option<Duration>,
}

impl Engine {
    pub fn new(options: StackOptions, room: Room, next_association: fn() -> u32) -> Self {
        Engine {
            hosts: Hosts::new(options.max_associations_per_host),
            options,
            room,
            next_association,
            endpoints: BTreeMap::new(),
            associations: IdMap::default(),
            ids: IdMap::default(),
            events: Vec::new(),
            stats: Stats::default(),
            look_at_buffers: None,
        }
    }

    pub fn endpoints(&self) -> impl Iterator<Item = (u16, &Endpoint)> {
        self.endpoints
            .iter()
            .map(|(port, endpoint)| (*port, endpoint))
    }

    pub fn socket(&self, port: u16) -> Option<Arc<Socket>> {
        let endpoint = self.endpoints.get(&port)?;
        Some(endpoint.socket.clone())
    }

    /// Moves what has happened behind `events`.
    pub fn take_events(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    /// Packets are the kernel's and not counted.
    pub fn stats(&self) -> Stats {
        let mut stats = self.stats;
        stats.associations = self.associations.len() as u64;
        stats
    }

    /// ABORTs an association and tells that it has ended so.
    pub(super) fn abort_and_end(&mut self, id: u32, reason: &str) {
        self.abort(id, reason);
        self.end(id, DownReason::Abort, reason.to_owned());
    }

    /// ABORTs an association, telling the peer `reason`.
    pub(super) fn abort(&self, id: u32, reason: &str) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        if let Some(endpoint) = self.endpoints.get(&association.local_port) {
            // It may have ended already, which is what is wanted.
            let _ = endpoint.socket.abort(association.kernel_id, reason);
        }
    }

    /// The association is over: tells it, and forgets it.
    pub(super) fn end(&mut self, id: u32, reason: DownReason, detail: String) {
        if !self.associations.contains_key(&id) {
            return;
        }
        self.forget(id);
        self.events.push(Event::Down {
            association: id,
            reason,
            detail,
        });
    }

    /// Removes an association from every table. What the kernel still tells about it is nobody's
    /// business.
    pub(super) fn forget(&mut self, id: u32) {
        let Some(association) = self.associations.remove(&id) else {
            return;
        };
        association.account.close();
        self.ids.remove(&(association.kernel_id as u32));
        self.room.give_back();
        if let Some(host) = association.host {
            self.hosts.remove(host);
        }
    }
}

//! What happened on a stack, in the order in which it happened.

use std::net::IpAddr;
use std::sync::Arc;

use crate::account::Account;

/// Why an association ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DownReason {
    /// Gracefully, by either side.
    Shutdown = 0,
    /// At once, by either side.
    Abort = 1,
    /// The peer does not answer (any more), or started anew while the association ended.
    Lost = 2,
    /// The peer does not want it, or it cannot be.
    Refused = 3,
    /// At once, by us, for what the peer does to others or to this host.
    Evicted = 4,
}

/// What is told about an association when it comes up or the peer restarted.
#[derive(Clone, Debug)]
pub struct AssociationInfo {
    /// Serial number of the endpoint, as given to `Command::Open`.
    pub endpoint: u32,
    pub local_port: u16,
    pub peer_port: u16,
    /// The peer's addresses; first the one that its packets came from.
    pub peer_addresses: Vec<IpAddr>,
    pub outbound_streams: u16,
    pub account: Arc<Account>,
}

#[derive(Clone, Debug)]
pub enum Event {
    Message {
        association: u32,
        ppid: u32,
        stream: u16,
        payload: Vec<u8>,
    },
    Up(u32, Box<AssociationInfo>),
    /// The peer restarted; messages from before are gone (RFC 9260 §5.2).
    Restart(u32, Box<AssociationInfo>),
    /// The peer has other addresses from now on (RFC 5061); these are all.
    Addresses(u32, Box<AssociationInfo>),
    /// The last event of every association.
    Down {
        association: u32,
        reason: DownReason,
        detail: String,
    },
    /// An address of the peer was confirmed or failed.
    Path {
        association: u32,
        address: IpAddr,
        is_up: bool,
    },
    /// An association that answered `Full` takes messages again.
    Writable {
        association: u32,
    },
}

impl Event {
    pub fn association(&self) -> u32 {
        match self {
            Event::Message { association, .. }
            | Event::Up(association, _)
            | Event::Restart(association, _)
            | Event::Addresses(association, _)
            | Event::Down { association, .. }
            | Event::Path { association, .. }
            | Event::Writable { association } => *association,
        }
    }

    /// What the event counts against the bound of the event queue.
    pub fn weight(&self) -> usize {
        const OVERHEAD: usize = 64;
        match self {
            Event::Message { payload, .. } => OVERHEAD + payload.len(),
            _ => OVERHEAD,
        }
    }
}

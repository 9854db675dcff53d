//! What is known of one association of the kernel's.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::account::Account;
use crate::event::AssociationInfo;
use crate::kernel::held_buffer::Held;
use crate::kernel::joining::Joins;
use crate::kernel::outbox::Outbox;

#[derive(Debug)]
pub(crate) struct Association {
    /// The kernel's identifier.
    pub kernel_id: i32,
    /// Serial number of the endpoint.
    pub endpoint: u32,
    pub local_port: u16,
    pub peer_port: u16,
    /// First the primary one.
    pub peer_addresses: Vec<IpAddr>,
    pub outbound_streams: u16,
    pub account: Arc<Account>,
    /// Where the peer opened it from, which counts against that host's limit.
    pub host: Option<IpAddr>,
    /// When we called; the start of one that the peer opened.
    pub began_at: Duration,
    pub is_up: bool,
    /// To be shut down when everything is sent.
    pub wants_shutdown: bool,
    pub outbox: Outbox,
    pub joins: Joins,
    pub held: Held,
    /// Peer addresses that were confirmed and have not failed since.
    pub reachable: Vec<IpAddr>,
}

impl Association {
    pub fn info(&self) -> AssociationInfo {
        AssociationInfo {
            endpoint: self.endpoint,
            local_port: self.local_port,
            peer_port: self.peer_port,
            peer_addresses: self.peer_addresses.clone(),
            outbound_streams: self.outbound_streams,
            account: self.account.clone(),
        }
    }

    /// Notes what became of a path. False when that is nothing new.
    pub fn set_path(&mut self, address: IpAddr, is_up: bool) -> bool {
        let known = self.reachable.iter().position(|known| *known == address);
        match (known, is_up) {
            (None, true) => self.reachable.push(address),
            (Some(index), false) => {
                self.reachable.swap_remove(index);
            }
            _ => return false,
        }
        true
    }
}

//! What the kernel hands over: messages, whole or in parts, and what it tells about associations.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::account::Account;
use crate::event::{DownReason, Event};
use crate::kernel::abi::{self, ReceiveInfo};
use crate::kernel::association::Association;
use crate::kernel::engine::Engine;
use crate::kernel::held_buffer::Held;
use crate::kernel::joining::{Joined, Joins};
use crate::kernel::notification::{AssociationChange, AssociationState, Notification, PathChange};
use crate::kernel::outbox::Outbox;
use crate::kernel::sys::Incoming;
use crate::stats::Refusal;

impl Engine {
    /// Deals with what one slot received on the socket of `port`.
    pub fn receive(&mut self, now: Duration, port: u16, incoming: &Incoming<'_>) {
        let Some(endpoint) = self.endpoints.get_mut(&port) else {
            return;
        };
        if incoming.is_notification {
            // What follows the first part of a notification is a peer's words, no notification.
            let is_first = !endpoint.is_in_notification;
            endpoint.is_in_notification = !incoming.is_last;
            let notification = Notification::parse(incoming.bytes).filter(|_| is_first);
            if let Some(notification) = notification {
                self.on_notification(now, port, notification, incoming.name);
            }
        } else if let Some(info) = abi::receive_info(incoming.control) {
            self.on_data(info, incoming.bytes, incoming.is_last);
        }
    }

    fn on_data(&mut self, info: ReceiveInfo, part: &[u8], is_last: bool) {
        let Some(id) = self.id_of(info.association) else {
            return;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        association.held.part_read();
        let limit = self.options.max_message_bytes;
        match association.joins.join(info.stream, part, is_last, limit) {
            Joined::Incomplete => {}
            Joined::Whole(payload) => {
                self.stats.messages_received += 1;
                let event = Event::Message {
                    association: id,
                    ppid: info.ppid,
                    stream: info.stream,
                    payload,
                };
                association.account.deliver(event.weight());
                self.events.push(event);
            }
            Joined::TooLong => {
                self.stats.refuse(Refusal::Message);
                self.abort_and_end(id, "The peer sent a message that is too long.");
            }
        }
    }

    fn on_notification(
        &mut self,
        now: Duration,
        port: u16,
        notification: Notification<'_>,
        name: &[u8],
    ) {
        match notification {
            Notification::Association(change) => {
                let peer = abi::read_address(name).map(|(address, _)| address);
                self.on_association_change(now, port, &change, peer);
            }
            Notification::Path {
                association,
                address,
                change,
            } => self.on_path_change(association, address, change),
            Notification::Shutdown { association } => self.on_shutdown(association),
            Notification::PartialDeliveryAborted {
                association,
                stream,
            } => {
                if let Some(known) = self.known(association) {
                    known.joins.drop_stream(stream);
                }
            }
            Notification::Dry { association } => {
                if let Some(id) = self.id_of(association) {
                    self.on_dry(now, id);
                }
            }
        }
    }

    fn on_association_change(
        &mut self,
        now: Duration,
        port: u16,
        change: &AssociationChange<'_>,
        peer: Option<SocketAddr>,
    ) {
        let known = self.id_of(change.association);
        match (change.state, known, peer) {
            (AssociationState::Up, Some(id), Some(peer)) => self.on_up(id, change, peer),
            (AssociationState::Up, None, Some(peer)) => self.accept(now, port, change, peer),
            (AssociationState::Restart, Some(id), Some(peer)) => self.on_restart(id, change, peer),
            (AssociationState::Up | AssociationState::Restart, _, _) => {}
            (AssociationState::ShutdownComplete, Some(id), _) => {
                self.end(id, DownReason::Shutdown, String::new());
            }
            (AssociationState::Lost, Some(id), _) => {
                let (reason, detail) = loss(change);
                self.end(id, reason, detail);
            }
            (AssociationState::CannotStart, Some(id), _) => {
                let (reason, detail) = self.failure(now, id, change);
                self.end(id, reason, detail.to_owned());
            }
            // Forgotten already.
            (_, None, _) => {}
        }
    }

    /// An association that we opened is up.
    fn on_up(&mut self, id: u32, change: &AssociationChange<'_>, peer: SocketAddr) {
        let is_new = self.associations.get(&id).is_some_and(|known| !known.is_up);
        if is_new && self.set_up(id, change, peer) {
            self.events.push(self.up_event(id, Event::Up));
            self.continue_shutdown(id);
        }
    }

    /// A peer has opened an association: it gets a place, or an ABORT.
    fn accept(
        &mut self,
        now: Duration,
        port: u16,
        change: &AssociationChange<'_>,
        peer: SocketAddr,
    ) {
        let Some(endpoint) = self.endpoints.get(&port) else {
            return;
        };
        let host = peer.ip();
        if !endpoint.accepts || self.hosts.is_full(host) || !self.room.take() {
            self.stats.refuse(Refusal::Limit);
            let _ = endpoint
                .socket
                .abort(change.association, "No room for another association.");
            return;
        }
        let id = (self.next_association)();
        let association = Association {
            kernel_id: change.association,
            endpoint: endpoint.serial,
            local_port: port,
            peer_port: peer.port(),
            peer_addresses: Vec::new(),
            outbound_streams: 0,
            account: Arc::new(Account::default()),
            host: Some(host),
            began_at: now,
            is_up: false,
            wants_shutdown: false,
            outbox: Outbox::default(),
            joins: Joins::default(),
            held: Held::default(),
            reachable: Vec::new(),
        };
        self.hosts.add(host);
        self.ids.insert(change.association as u32, id);
        self.associations.insert(id, association);
        if self.set_up(id, change, peer) {
            self.events.push(self.up_event(id, Event::Up));
        }
    }

    /// RFC 9260 §5.2: what was under way is gone.
    fn on_restart(&mut self, id: u32, change: &AssociationChange<'_>, peer: SocketAddr) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let unsent = association.outbox.clear();
        association.joins.clear();
        self.release(id, unsent);
        if self.set_up(id, change, peer) {
            self.events.push(self.up_event(id, Event::Restart));
        }
        self.continue_shutdown(id);
    }

    /// Notes what is known of an association from when it is up.
    fn set_up(&mut self, id: u32, change: &AssociationChange<'_>, peer: SocketAddr) -> bool {
        let Some(association) = self.associations.get_mut(&id) else {
            return false;
        };
        // The kernel may have ended it meanwhile: then the primary address is all that is known.
        let listed = self
            .endpoints
            .get(&association.local_port)
            .and_then(|endpoint| endpoint.socket.peer_addresses(change.association).ok());
        let primary = peer.ip();
        let others = listed.into_iter().flatten().map(|address| address.ip());
        if !association.is_up {
            // RFC 9260 §5.4: what the caller named needs no confirmation.
            association.reachable = std::mem::take(&mut association.peer_addresses);
            association.set_path(primary, true);
        }
        association.peer_addresses = vec![primary];
        let others = others.filter(|address| *address != primary);
        association.peer_addresses.extend(others);
        association.peer_port = peer.port();
        association.outbound_streams = change.outbound_streams;
        association.is_up = true;
        true
    }

    fn up_event(
        &self,
        id: u32,
        make: fn(u32, Box<crate::event::AssociationInfo>) -> Event,
    ) -> Event {
        make(id, Box::new(self.associations[&id].info()))
    }

    fn on_path_change(&mut self, association: i32, address: IpAddr, change: PathChange) {
        let Some(id) = self.id_of(association) else {
            return;
        };
        if matches!(change, PathChange::Added | PathChange::Removed) {
            self.on_addresses_changed(id);
        }
        let Some(known) = self.associations.get_mut(&id) else {
            return;
        };
        // An address that is new has to be confirmed (RFC 9260 §5.4).
        let is_up = change == PathChange::Up;
        if change != PathChange::Added && known.is_up && known.set_path(address, is_up) {
            self.events.push(Event::Path {
                association: id,
                address,
                is_up,
            });
        }
    }

    /// The peer has changed its addresses by ASCONF (RFC 5061 §5).
    fn on_addresses_changed(&mut self, id: u32) {
        let Some(known) = self.associations.get(&id) else {
            return;
        };
        let listed = self
            .socket(known.local_port)
            .and_then(|socket| socket.peer_addresses(known.kernel_id).ok());
        // The kernel has ended it meanwhile.
        let Some(listed) = listed.filter(|listed| !listed.is_empty() && known.is_up) else {
            return;
        };
        let mut addresses: Vec<IpAddr> = listed.iter().map(SocketAddr::ip).collect();
        let first = known.peer_addresses.first();
        // As before, if it still has that one.
        if let Some(index) = addresses.iter().position(|one| Some(one) == first) {
            addresses.swap(0, index);
        }
        if let Some(known) = self.associations.get_mut(&id) {
            known.peer_addresses = addresses;
        }
        self.events.push(self.up_event(id, Event::Addresses));
    }

    /// The peer wants to end: the kernel still delivers what it has, and takes nothing more.
    fn on_shutdown(&mut self, association: i32) {
        let Some(id) = self.id_of(association) else {
            return;
        };
        if let Some(known) = self.associations.get_mut(&id) {
            known.account.close();
            let unsent = known.outbox.clear();
            known
                .account
                .release(unsent, self.options.send_buffer_bytes);
        }
    }

    /// Why an association that we wanted did not come up. The kernel tells the same for a peer that
    /// aborts without a cause, as one does that has no such endpoint (RFC 9260 §8.4), and for one
    /// that does not answer; but that takes all its time-outs.
    fn failure(
        &self,
        now: Duration,
        id: u32,
        change: &AssociationChange<'_>,
    ) -> (DownReason, &'static str) {
        const OUT_OF_RESOURCE: u16 = 4;
        let began_at = self
            .associations
            .get(&id)
            .map_or(now, |known| known.began_at);
        // No shorter than this, however many addresses the INIT was sent to.
        let time_outs = self.options.rto_initial * (self.options.max_retransmissions + 1);
        match change.error {
            0 if now - began_at >= time_outs * 9 / 10 => {
                (DownReason::Lost, "The peer does not answer.")
            }
            OUT_OF_RESOURCE => (
                DownReason::Refused,
                "The peer has no room for another association.",
            ),
            _ => (DownReason::Refused, "The peer refused the association."),
        }
    }

    fn id_of(&self, association: i32) -> Option<u32> {
        self.ids.get(&(association as u32)).copied()
    }

    fn known(&mut self, association: i32) -> Option<&mut Association> {
        let id = self.id_of(association)?;
        self.associations.get_mut(&id)
    }
}

/// Why an association that was up ended.
fn loss(change: &AssociationChange<'_>) -> (DownReason, String) {
    if change.abort.is_some() {
        let reason = change.reason();
        let detail = reason.unwrap_or_else(|| "The peer aborted the association.".to_owned());
        return (DownReason::Abort, detail);
    }
    match change.error {
        0 => (DownReason::Lost, "The peer does not answer.".to_owned()),
        cause => {
            let detail = format!("The peer broke the protocol (error cause {cause}).");
            (DownReason::Abort, detail)
        }
    }
}

//! What an association does after anything happened to it: its packets leave, its messages and
//! changes of state become events, its buffer is accounted for, its timer set, its end cleared up.

use std::time::Duration;

use dcsctp::api::{DcSctpSocket, ErrorKind, SocketEvent};

use crate::event::{AssociationInfo, DownReason, Event};
use crate::options::STREAMS;
use crate::stats::Refusal;
use crate::userland::association::Association;
use crate::userland::engine::{Engine, Transmit};
use crate::userland::init::Cause;
use crate::userland::link::Route;
use crate::userland::ootb;
use crate::userland::packet::Packet;
use crate::userland::shim::{continue_ending, socket_time, with_addresses, with_reason};

/// Told when an association ended.
const TOO_LONG: &str = "The peer sent a message that is too long.";
const AUTOCLOSED: &str = "There were no messages for as long as autoclose says.";

/// Which messages to take from a socket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// All but those that have to wait because their peer does not read its answers.
    Wanted,
    All,
}

/// Why and how an association ended.
type End = (DownReason, String);

impl Association {
    pub(crate) fn info(&self) -> AssociationInfo {
        AssociationInfo {
            endpoint: self.ports.endpoint,
            local_port: self.ports.local,
            peer_port: self.ports.peer,
            peer_addresses: self.peer_addresses.clone(),
            outbound_streams: self.outbound_streams(),
            account: self.account.clone(),
        }
    }
}

impl Engine {
    /// Brings everything up to date that depends on association `id`. `arrived_on`: the route of
    /// the packet that it has just got.
    pub(crate) fn settle(&mut self, now: Duration, id: u32, arrived_on: Option<Route>) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if association
            .give_up_at
            .is_some_and(|give_up_at| give_up_at <= now)
        {
            let detail = "The peer does not answer.";
            self.abort(id, detail);
            return self.end(id, DownReason::Lost, detail.into());
        }
        let patience = self.options.slow_reader_timeout;
        if let Some((refusal, detail)) = association.stalls.verdict(now, patience) {
            self.stats.refuse(refusal);
            self.abort(id, detail);
            return self.end(id, DownReason::Evicted, detail.into());
        }
        association.socket.advance_time(socket_time(now));
        association.autoclose(now, &self.options);
        continue_ending(association);
        let was_up = association.is_up;
        let mut end = self.poll_socket(now, id, arrived_on);
        if !was_up && self.associations.get(&id).is_some_and(|it| it.is_up) {
            self.update_paths(id);
        }
        let take = if end.is_some() {
            Take::All
        } else {
            Take::Wanted
        };
        if end.is_none() {
            self.release(now, id);
        }
        if self.take_messages(now, id, take).is_err() {
            return;
        }
        // What has been taken may have opened the receive window.
        end = end.or(self.poll_socket(now, id, arrived_on));
        if let Some((reason, detail)) = end {
            return self.end(id, reason, detail);
        }
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        association.update_patience(now, &self.options);
        self.timers.set(id, association.deadline(&self.options));
    }

    /// Sends the packets of a socket, and tells what has become of its association. `Some` when it is over.
    fn poll_socket(&mut self, now: Duration, id: u32, arrived_on: Option<Route>) -> Option<End> {
        let association = self.associations.get_mut(&id)?;
        let mut end = None;
        while let Some(event) = association.socket.poll_event() {
            match event {
                SocketEvent::SendPacket(packet) => {
                    let is_ours = association.account.is_held_back();
                    let limit = self.options.receive_window_bytes();
                    association.stalls.note_window(now, &packet, limit, is_ours);
                    let route = association.route_of(&packet, arrived_on, &self.options);
                    let packet = with_addresses(packet, route, &self.options);
                    let packet = match &association.own_echo {
                        Some(echo) => echo.complete(packet, self.options.mtu_bytes),
                        None => packet,
                    };
                    self.transmits.push_back(Transmit { route, packet });
                }
                SocketEvent::OnConnected() if !association.is_up => {
                    association.is_up = true;
                    association.own_echo = None;
                    association.early.clear();
                    association.last_message_at = now;
                    association.watch_paths(now, &self.options);
                    self.events
                        .push(Event::Up(id, Box::new(association.info())));
                    continue_ending(association);
                }
                SocketEvent::OnClosed() => end = Some(ended_quietly(association)),
                SocketEvent::OnAborted(kind, detail) => {
                    end = Some((down_reason(kind, association.is_up), detail));
                }
                // Errors that the association survives; streams are not reset, lifetimes not used.
                _ => {}
            }
        }
        end
    }

    /// Accounts for what has left the send buffer, and notes for how long a peer has let us wait for room.
    fn release(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let released = association.released_bytes();
        let limit = self.options.send_buffer_bytes;
        if association.account.release(released, limit) {
            self.events.push(Event::Writable { association: id });
        }
        let is_full = association.account.is_full();
        association
            .stalls
            .note_send_buffer(now, is_full, released > 0);
    }

    /// Takes the messages that are complete. One that is longer than allowed ends the association: `Err`.
    pub(crate) fn take_messages(
        &mut self,
        now: Duration,
        id: u32,
        take: Take,
    ) -> Result<(), Refusal> {
        let Some(association) = self.associations.get_mut(&id) else {
            return Ok(());
        };
        let may_hold_back = association.ports.holds_back && take == Take::Wanted;
        let limit = self.options.send_buffer_bytes;
        while !may_hold_back || association.account.may_deliver(limit) {
            let Some(message) = association.socket.get_next_message() else {
                break;
            };
            if message.stream_id.0 >= STREAMS {
                continue; // reported where it arrived (RFC 9260 §6.5)
            }
            if message.payload.len() > self.options.max_message_bytes {
                self.stats.refuse(Refusal::Message);
                self.abort(id, TOO_LONG);
                self.end(id, DownReason::Abort, TOO_LONG.into());
                return Err(Refusal::Message);
            }
            self.stats.messages_received += 1;
            association.last_message_at = now;
            association.stalls.note_message();
            let event = Event::Message {
                association: id,
                ppid: message.ppid.0,
                stream: message.stream_id.0,
                payload: message.payload,
            };
            association.account.deliver(event.weight());
            self.events.push(event);
        }
        Ok(())
    }

    /// Sends an ABORT with `reason`, if the peer knows of the association yet.
    pub(crate) fn abort(&mut self, id: u32, reason: &str) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        association.socket.close();
        while let Some(event) = association.socket.poll_event() {
            if let SocketEvent::SendPacket(packet) = event {
                let packet = with_reason(packet, reason);
                self.transmits.push_back(Transmit {
                    route: association.route,
                    packet,
                });
            }
        }
    }

    /// Ends an association with an ABORT that says what was wrong with `packet` (RFC 9260 §3.3.7).
    pub(crate) fn abort_for(&mut self, id: u32, route: Route, packet: &Packet<'_>, cause: &Cause) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        let packet = ootb::abort(packet, association.peer_tag, cause);
        self.transmits.push_back(Transmit { route, packet });
        let detail = "The peer broke a rule of the protocol.";
        self.end(id, DownReason::Abort, detail.into());
    }

    /// The association is over: tells it, and forgets it.
    pub(crate) fn end(&mut self, id: u32, reason: DownReason, detail: String) {
        self.forget(id);
        self.events.push(Event::Down {
            association: id,
            reason,
            detail,
        });
    }

    /// Removes an association from every table.
    pub(crate) fn forget(&mut self, id: u32) {
        self.set_paths(id, Vec::new());
        let Some(association) = self.associations.remove(&id) else {
            return;
        };
        association.account.close();
        self.demux.remove_tag(&association.tag_key());
        self.timers.remove(id);
        self.room.give_back();
        if let Some(host) = association.host {
            self.hosts.remove(host);
        }
    }
}

fn ended_quietly(association: &Association) -> End {
    match association.is_up {
        true if association.is_autoclosed => (DownReason::Shutdown, AUTOCLOSED.into()),
        true => (DownReason::Shutdown, String::new()),
        false => (DownReason::Abort, String::new()),
    }
}

fn down_reason(kind: ErrorKind, was_up: bool) -> DownReason {
    match kind {
        ErrorKind::TooManyRetries => DownReason::Lost,
        ErrorKind::PeerReported if !was_up => DownReason::Refused,
        _ => DownReason::Abort,
    }
}

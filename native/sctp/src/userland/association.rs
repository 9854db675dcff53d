//! One association: its `dcsctp` socket and what this layer adds to it. Addresses and tags are
//! learnt here; who may talk to it is decided in `engine.rs`, what comes out of it is told in
//! `settle.rs`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dcsctp::api::{DcSctpSocket, Message, PpId, SendOptions, Socket, SocketState, StreamId};

use crate::account::Account;
use crate::options::{STREAMS, StackOptions};
use crate::userland::cookie::{Bearer, Tie};
use crate::userland::demux::{PathKey, TagKey};
use crate::userland::entropy::Entropy;
use crate::userland::link::Route;
use crate::userland::packet::{PacketBuilder, chunk};
use crate::userland::path_watch::PathWatch;
use crate::userland::shim::{OwnEcho, new_socket, socket_time};
use crate::userland::stalls::Stalls;

/// Ports and owner of an association, fixed for its life.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// Serial number of the endpoint.
    pub endpoint: u32,
    pub local: u16,
    pub peer: u16,
    /// As its endpoint was when it began.
    pub holds_back: bool,
}

pub(crate) struct Association {
    pub ports: Ports,
    pub socket: Socket,
    pub account: Arc<Account>,
    /// Where its packets go.
    pub route: Route,
    /// On which of several paths that is.
    pub watch: Option<Box<PathWatch>>,
    /// On which path the latest DATA came.
    pub data_route: Option<Route>,
    /// Every address and UDP port by which its peer is found without our tag.
    pub paths: Vec<SocketAddr>,
    /// As told to the caller: the source of its packets first, then those that the peer listed.
    pub peer_addresses: Vec<IpAddr>,
    pub local_tag: u32,
    /// 0 until the peer has told it.
    pub peer_tag: u32,
    /// Counted against this host's limit.
    pub host: Option<IpAddr>,
    pub is_up: bool,
    /// The caller wants it to end once everything is delivered.
    pub wants_shutdown: bool,
    /// Cumulative TSN of a SHUTDOWN that waits until everything of ours is delivered.
    pub held_shutdown: Option<u32>,
    /// When to stop waiting for an answer of a peer that is to begin or end the association.
    pub give_up_at: Option<Duration>,
    pub stalls: Stalls,
    /// When the latest user message was sent or received, or the association came up.
    pub last_message_at: Duration,
    /// It is ended because there were no messages for so long.
    pub is_autoclosed: bool,
    /// INITs sent: each goes to the next of the peer's addresses.
    pub init_count: usize,
    /// What our COOKIE ECHO has besides, until the association is up.
    pub own_echo: Option<Box<OwnEcho>>,
    /// Messages sent before the association is up, in case it has to be set up anew.
    pub early: Vec<Message>,
    /// Messages of the present batch.
    outbox: Vec<Message>,
    /// Bytes given to the socket that were in its send queue when last looked at.
    queued_bytes: usize,
    /// Bit per stream that was sent on.
    used_streams: u32,
}

const _: () = assert!(STREAMS <= 32, "used_streams has a bit per stream");

impl Association {
    /// An association around a new socket.
    pub fn new(
        entropy: &mut Entropy,
        options: &StackOptions,
        ports: Ports,
        account: Arc<Account>,
        now: Duration,
        route: Route,
    ) -> Self {
        Association {
            ports,
            socket: new_socket(entropy, options, ports.local, ports.peer, now),
            account,
            route,
            watch: None,
            data_route: None,
            paths: Vec::new(),
            peer_addresses: Vec::new(),
            local_tag: 0,
            peer_tag: 0,
            host: None,
            is_up: false,
            wants_shutdown: false,
            held_shutdown: None,
            give_up_at: None,
            stalls: Stalls::default(),
            last_message_at: now,
            is_autoclosed: false,
            init_count: 0,
            own_echo: None,
            early: Vec::new(),
            outbox: Vec::new(),
            queued_bytes: 0,
            used_streams: 0,
        }
    }

    pub fn tag_key(&self) -> TagKey {
        let Ports {
            local: local_port,
            peer: peer_port,
            ..
        } = self.ports;
        TagKey {
            local_port,
            peer_port,
            local_tag: self.local_tag,
        }
    }

    pub fn path_key(&self, peer: SocketAddr) -> PathKey {
        PathKey {
            local_port: self.ports.local,
            peer_port: self.ports.peer,
            peer,
        }
    }

    /// What identifies it in the cookie for an INIT that would restart it.
    pub fn tie(&self, association: u32) -> Tie {
        Tie {
            association,
            local_tag: self.local_tag,
        }
    }

    pub fn is_connecting(&self) -> bool {
        self.socket.state() == SocketState::Connecting
    }

    /// Whether the socket has taken the INIT ACK that it was given: it expects no other.
    pub fn has_answered(&self) -> bool {
        self.socket.get_metrics().is_some() || self.socket.state() == SocketState::Closed
    }

    /// Whether either side has begun to end it.
    pub fn is_ending(&self) -> bool {
        let state = self.socket.state();
        self.wants_shutdown
            || self.held_shutdown.is_some()
            || matches!(state, SocketState::ShuttingDown | SocketState::Closed)
    }

    /// Gives the socket a packet that has passed the rules.
    pub fn input(&mut self, now: Duration, packet: &[u8]) {
        self.socket.advance_time(socket_time(now));
        self.socket.handle_input(packet);
    }

    /// Keeps a message for the end of the batch, so that small ones share a packet.
    pub fn enqueue(&mut self, ppid: u32, stream: u16, payload: &[u8]) {
        self.used_streams |= 1 << stream;
        self.queued_bytes += payload.len();
        self.outbox
            .push(Message::new(StreamId(stream), PpId(ppid), payload.to_vec()));
    }

    pub fn has_outbox(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Hands the messages of the batch to the socket; how many it took.
    pub fn send_outbox(&mut self, now: Duration) -> usize {
        let count = self.outbox.len();
        self.socket.advance_time(socket_time(now));
        let messages = std::mem::take(&mut self.outbox);
        self.last_message_at = now;
        if !self.is_up {
            self.early.extend(messages.iter().map(copy));
        }
        // What an ending association refuses is found to have left the buffer by `released_bytes`.
        match self.socket.send_many(messages, &SendOptions::default()) {
            Ok(()) => count,
            Err(error) => count - error.0.len(),
        }
    }

    /// Bytes that have left the send queue since the last call. What was sent before the association is up
    /// counts from then on: until then it may have to be sent anew.
    pub fn released_bytes(&mut self) -> usize {
        if !self.is_up {
            return 0;
        }
        let waiting = if self.socket.state() == SocketState::Closed {
            0
        } else {
            self.waiting_bytes()
        };
        let released = self.queued_bytes - waiting;
        self.queued_bytes = waiting;
        released
    }

    fn waiting_bytes(&self) -> usize {
        let mut streams = self.used_streams;
        let mut bytes = 0;
        while streams != 0 {
            bytes += self
                .socket
                .buffered_amount(StreamId(streams.trailing_zeros() as u16));
            streams &= streams - 1;
        }
        bytes
    }

    /// Whether the peer has acknowledged everything that was sent.
    pub fn has_delivered_all(&self) -> bool {
        let has_undelivered = self
            .socket
            .get_metrics()
            .is_none_or(|metrics| metrics.unack_data_count > 0);
        self.outbox.is_empty() && !has_undelivered
    }

    pub fn outbound_streams(&self) -> u16 {
        let metrics = self.socket.get_metrics();
        metrics.map_or(0, |metrics| metrics.negotiated_maximum_outgoing_streams)
    }

    /// A SHUTDOWN as the peer would send it.
    pub fn shutdown_packet(&self, cumulative_tsn: u32) -> Vec<u8> {
        PacketBuilder::new(self.ports.peer, self.ports.local, self.local_tag)
            .chunk(chunk::SHUTDOWN, 0, &cumulative_tsn.to_be_bytes())
            .finish()
    }

    /// Calls anew with a fresh socket, and with the messages that wait.
    pub fn call_again(&mut self, now: Duration, entropy: &mut Entropy, options: &StackOptions) {
        let Ports { local, peer, .. } = self.ports;
        self.socket = new_socket(entropy, options, local, peer, now);
        self.socket.connect();
        self.local_tag = self.socket.verification_tag();
        self.peer_tag = 0;
        self.own_echo = None;
        let messages = self.early.iter().map(copy).collect();
        // Refuses nothing: its predecessor has taken the same.
        let _ = self.socket.send_many(messages, &SendOptions::default());
    }

    /// Starts anew with the peer's restarted process: a fresh socket, nothing left of the old one's
    /// data (RFC 9260 §5.2.4.1). The number of bytes that will not be sent any more.
    pub fn restart(&mut self, socket: Socket) -> usize {
        debug_assert!(
            self.outbox.is_empty(),
            "it is sent at the end of every batch"
        );
        self.socket = socket;
        self.data_route = None;
        std::mem::take(&mut self.queued_bytes)
    }
}

fn copy(message: &Message) -> Message {
    Message::new(message.stream_id, message.ppid, message.payload.clone())
}

pub(crate) fn bearer(route: &Route, local_port: u16, peer_port: u16) -> Bearer {
    Bearer {
        peer: route.peer,
        local_port,
        peer_port,
    }
}

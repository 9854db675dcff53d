//! Sockets of `dcsctp`: their options, their time, and the seed of their tags.

use std::time::Duration;

use dcsctp::api::{DcSctpSocket, Options, Socket, SocketEvent, SocketTime};

use crate::options::{STREAMS, StackOptions};
use crate::userland::entropy::Entropy;

/// A socket of one association. Its generator of tags and sequence numbers, one for the whole thread, is a fast
/// one that can be computed backwards, hence a fresh seed for every handshake (RFC 9260 §5.3.1).
pub(crate) fn new_socket(
    entropy: &mut Entropy,
    options: &StackOptions,
    local_port: u16,
    peer_port: u16,
    now: Duration,
) -> Socket {
    fastrand::seed(u64::from_ne_bytes(entropy.bytes()));
    let mut socket = Socket::new("", &socket_options(options, local_port, peer_port));
    socket.advance_time(socket_time(now));
    socket
}

/// The time of all sockets is that of the engine.
pub(crate) fn socket_time(now: Duration) -> SocketTime {
    SocketTime::zero() + now
}

/// The one packet that a socket has just sent.
pub(crate) fn sent_packet(socket: &mut Socket) -> Option<Vec<u8>> {
    let mut sent = None;
    while let Some(event) = socket.poll_event() {
        if let SocketEvent::SendPacket(packet) = event {
            sent = Some(packet);
        }
    }
    sent
}

fn socket_options(stack: &StackOptions, local_port: u16, peer_port: u16) -> Options {
    Options {
        local_port,
        remote_port: peer_port,
        announced_maximum_incoming_streams: STREAMS,
        announced_maximum_outgoing_streams: STREAMS,
        mtu: stack.mtu_bytes,
        max_message_size: stack.max_message_bytes,
        max_receiver_window_buffer_size: stack.receive_window_bytes(),
        // The limit that callers meet is `send_buffer_bytes`, kept by `account.rs`. This one
        // only has to be out of the way; dcsctp also caps the peer's window with it.
        max_send_buffer_size: 1 << 30,
        per_stream_send_queue_limit: 1 << 30,
        rtt_max: stack.rto_max,
        rto_initial: stack.rto_initial,
        rto_min: stack.rto_min,
        rto_max: stack.rto_max,
        t1_init_timeout: stack.rto_initial,
        t1_cookie_timeout: stack.rto_initial,
        t2_shutdown_timeout: stack.rto_initial,
        max_timer_backoff_duration: Some(stack.rto_max),
        // RFC 9260 §8.3 sends them every RTO + HB.interval. `dcsctp` does not add the time-out,
        // waits `rto_initial` for the answer and forgets that wait with the next heartbeat:
        // without the sum a short interval would never find a dead peer.
        heartbeat_interval: stack.heartbeat_interval + stack.rto_initial,
        max_retransmissions: Some(stack.max_retransmissions),
        max_init_retransmits: Some(stack.max_retransmissions),
        // The I bit asks for a SACK at once. `dcsctp` sets it while its congestion window is below so
        // many packets, and after a loss the window of an association that sends one request at a time
        // never grows again: every request would have its own SACK for good.
        immediate_sack_under_cwnd_mtus: 0,
        // Nothing here sends with a limited lifetime, so the chunks that skip data are refused.
        enable_partial_reliability: false,
        // `rules.rs` has verified it before a packet comes this far.
        disable_checksum_verification: true,
        ..Options::default()
    }
}

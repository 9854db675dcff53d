//! Graceful ends that wait for delivery (RFC 9260 §9.2). `dcsctp` looks only at what is in flight
//! when it begins to end, ours or the peer's way, and would drop what still waits in its queue.

use dcsctp::api::DcSctpSocket;

use crate::userland::association::Association;
use crate::userland::packet::{Packet, PacketBuilder, chunk};

/// Goes on with an end once everything of ours is delivered.
pub(crate) fn continue_ending(association: &mut Association) {
    let is_waiting = association.wants_shutdown || association.held_shutdown.is_some();
    if !is_waiting || !association.is_up || !association.has_delivered_all() {
        return;
    }
    // Does nothing when it was done before.
    if association.wants_shutdown {
        association.socket.shutdown();
    }
    if let Some(cumulative_tsn) = association.held_shutdown.take() {
        let packet = association.shutdown_packet(cumulative_tsn);
        association.socket.handle_input(&packet);
    }
}

/// Holds the peer's SHUTDOWN back until everything of ours is delivered: the packet is written
/// again, with the acknowledgement that a SHUTDOWN also is.
pub(crate) fn hold_shutdown(association: &mut Association, packet: &Packet<'_>) -> Option<Vec<u8>> {
    /// The peer takes what it has let us queue; its window is not told by a SHUTDOWN.
    const WINDOW_BYTES: u32 = 64 * 1024;
    if !packet.has(chunk::SHUTDOWN) || !association.is_up || association.has_delivered_all() {
        return None;
    }
    association.account.close();
    let mut rewritten = PacketBuilder::like(packet);
    for chunk in packet.chunks() {
        let cumulative_tsn = <[u8; 4]>::try_from(chunk.value);
        rewritten = match (chunk.kind, cumulative_tsn) {
            (chunk::SHUTDOWN, Ok(cumulative_tsn)) => {
                association.held_shutdown = Some(u32::from_be_bytes(cumulative_tsn));
                let mut sack = cumulative_tsn.to_vec();
                sack.extend_from_slice(&WINDOW_BYTES.to_be_bytes());
                sack.extend_from_slice(&[0; 4]);
                rewritten.chunk(chunk::SACK, 0, &sack)
            }
            _ => rewritten.copy(&chunk),
        };
    }
    Some(rewritten.finish())
}

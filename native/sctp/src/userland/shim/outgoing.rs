//! Packets of `dcsctp` on their way out: our addresses in its INITs, our reasons in its ABORTs.

use crate::options::StackOptions;
use crate::userland::init::listed_addresses;
use crate::userland::link::Route;
use crate::userland::packet::{
    COMMON_HEADER_BYTES, Packet, PacketBuilder, cause, chunk, push_parameter,
};
use crate::userland::shim::init_rewrite::{Additions, rewrite_init};

/// Longest reason that an ABORT carries.
const MAX_REASON_BYTES: usize = 200;

/// An INIT gets our addresses where there are several; all other packets stay as they are.
pub(crate) fn with_addresses(packet: Vec<u8>, route: Route, options: &StackOptions) -> Vec<u8> {
    if packet.get(COMMON_HEADER_BYTES) != Some(&chunk::INIT) {
        return packet;
    }
    let addresses = listed_addresses(options.served_addresses(), route.peer.ip());
    if addresses.is_empty() {
        return packet;
    }
    let additions = Additions {
        addresses: &addresses,
        ..Additions::default()
    };
    rewrite_init(&packet, &additions).unwrap_or(packet)
}

/// `dcsctp` gives every ABORT of its user the same reason; the peer should read ours.
pub(crate) fn with_reason(packet: Vec<u8>, reason: &str) -> Vec<u8> {
    let Ok(parsed) = Packet::parse(&packet) else {
        return packet;
    };
    if parsed.first().kind != chunk::ABORT || reason.is_empty() {
        return packet;
    }
    let end = (0..=reason.len().min(MAX_REASON_BYTES))
        .rev()
        .find(|&end| reason.is_char_boundary(end))
        .unwrap_or(0);
    let mut value = Vec::new();
    push_parameter(
        &mut value,
        cause::USER_INITIATED_ABORT,
        &reason.as_bytes()[..end],
    );
    PacketBuilder::like(&parsed)
        .chunk(chunk::ABORT, 0, &value)
        .finish()
}

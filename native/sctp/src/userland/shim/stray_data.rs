//! DATA on streams that we have not offered (RFC 9260 §6.5): acknowledged, reported and discarded.
//! `dcsctp` takes any stream and keeps state for each, so such a chunk is diverted to one stream of
//! ours that nobody reads, as a whole unordered message that waits for nothing.

use std::borrow::Cow;

use crate::options::STREAMS;
use crate::userland::packet::{Chunk, Packet, PacketBuilder, be16, cause, chunk, push_parameter};

/// Where stray messages go. What arrives on it or above is not for the caller.
const NOBODYS_STREAM: u16 = STREAMS;

/// Unordered, beginning and end of a message (RFC 9260 §3.3.1).
const WHOLE_UNORDERED: u8 = 0b111;

const STREAM_OFFSET: usize = 4;

/// The packet with its stray chunks diverted, and their streams.
pub(crate) fn divert(bytes: Cow<'_, [u8]>) -> (Cow<'_, [u8]>, Vec<u16>) {
    let packet = Packet::trusted(&bytes);
    let streams: Vec<u16> = packet.chunks().filter_map(|chunk| stray(&chunk)).collect();
    if streams.is_empty() {
        return (bytes, streams);
    }
    let mut diverted = PacketBuilder::like(&packet);
    for chunk in packet.chunks() {
        diverted = match stray(&chunk) {
            Some(_) => {
                let mut value = chunk.value.to_vec();
                value[STREAM_OFFSET..][..2].copy_from_slice(&NOBODYS_STREAM.to_be_bytes());
                diverted.chunk(chunk.kind, chunk.flags | WHOLE_UNORDERED, &value)
            }
            None => diverted.copy(&chunk),
        };
    }
    (Cow::Owned(diverted.finish()), streams)
}

/// The ERROR that reports `streams` to the peer with `tag`, in answer to `packet`.
pub(crate) fn invalid_streams_error(packet: &Packet<'_>, tag: u32, streams: &[u16]) -> Vec<u8> {
    let mut causes = Vec::new();
    for stream in streams {
        let [high, low] = stream.to_be_bytes();
        push_parameter(
            &mut causes,
            cause::INVALID_STREAM_IDENTIFIER,
            &[high, low, 0, 0],
        );
    }
    PacketBuilder::reply_to(packet, tag)
        .chunk(chunk::ERROR, 0, &causes)
        .finish()
}

/// The stream of a DATA chunk that is none of ours.
fn stray(chunk: &Chunk<'_>) -> Option<u16> {
    let stream = chunk.value.get(STREAM_OFFSET..STREAM_OFFSET + 2)?;
    (chunk.kind == chunk::DATA && be16(stream) >= STREAMS).then(|| be16(stream))
}

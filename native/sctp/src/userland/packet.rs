//! SCTP packets as views on bytes (RFC 9260 §3): common header, CRC32c, chunks, parameters; and a
//! builder for the few packets that this layer writes itself. What the chunks mean is for others to
//! say.

use crate::stats::Refusal;

/// Source port, destination port, verification tag, checksum.
pub const COMMON_HEADER_BYTES: usize = 12;
/// Type, flags and length of a chunk; also type and length of a parameter.
pub const TLV_HEADER_BYTES: usize = 4;

/// Chunk types (RFC 9260 §3.2).
pub mod chunk {
    pub const DATA: u8 = 0;
    pub const INIT: u8 = 1;
    pub const INIT_ACK: u8 = 2;
    pub const SACK: u8 = 3;
    pub const HEARTBEAT: u8 = 4;
    pub const HEARTBEAT_ACK: u8 = 5;
    pub const ABORT: u8 = 6;
    pub const SHUTDOWN: u8 = 7;
    pub const SHUTDOWN_ACK: u8 = 8;
    pub const ERROR: u8 = 9;
    pub const COOKIE_ECHO: u8 = 10;
    pub const COOKIE_ACK: u8 = 11;
    pub const SHUTDOWN_COMPLETE: u8 = 14;
}

/// Parameter types of INIT and INIT ACK (RFC 9260 §3.3.2.1, §3.3.3.1).
pub mod parameter {
    pub const IPV4_ADDRESS: u16 = 5;
    pub const IPV6_ADDRESS: u16 = 6;
    pub const STATE_COOKIE: u16 = 7;
    pub const UNRECOGNIZED_PARAMETER: u16 = 8;
    pub const COOKIE_PRESERVATIVE: u16 = 9;
    pub const HOST_NAME_ADDRESS: u16 = 11;
    pub const SUPPORTED_ADDRESS_TYPES: u16 = 12;
    /// RFC 5061 §4.2.7
    pub const SUPPORTED_EXTENSIONS: u16 = 0x8008;
}

/// Error causes (RFC 9260 §3.3.10).
pub mod cause {
    pub const INVALID_STREAM_IDENTIFIER: u16 = 1;
    pub const MISSING_MANDATORY_PARAMETER: u16 = 2;
    pub const STALE_COOKIE: u16 = 3;
    pub const OUT_OF_RESOURCE: u16 = 4;
    pub const UNRESOLVABLE_ADDRESS: u16 = 5;
    pub const INVALID_MANDATORY_PARAMETER: u16 = 7;
    pub const UNRECOGNIZED_PARAMETERS: u16 = 8;
    pub const NO_USER_DATA: u16 = 9;
    pub const RESTART_WITH_NEW_ADDRESSES: u16 = 11;
    pub const USER_INITIATED_ABORT: u16 = 12;
    pub const PROTOCOL_VIOLATION: u16 = 13;
}

/// Flag of ABORT and SHUTDOWN COMPLETE: the verification tag is the receiver's own, reflected.
pub const T_BIT: u8 = 1;

/// A packet whose checksum and chunk lengths are right.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    bytes: &'a [u8],
}

impl<'a> Packet<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.len() < COMMON_HEADER_BYTES + TLV_HEADER_BYTES {
            return Err(Refusal::Malformed);
        }
        if le32(&bytes[8..]) != checksum(bytes) {
            return Err(Refusal::Checksum);
        }
        let packet = Packet { bytes };
        let mut chunks = packet.chunks();
        let walked: usize = chunks.by_ref().map(|chunk| chunk.bytes.len()).sum();
        let has_ports = packet.source_port() != 0 && packet.destination_port() != 0;
        if walked == 0 || !chunks.rest.is_empty() || !has_ports {
            return Err(Refusal::Malformed);
        }
        Ok(packet)
    }

    /// A packet that has been parsed before, or that this layer has written.
    pub(crate) fn trusted(bytes: &'a [u8]) -> Self {
        debug_assert!(Packet::parse(bytes).is_ok());
        Packet { bytes }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub fn source_port(&self) -> u16 {
        be16(self.bytes)
    }

    pub fn destination_port(&self) -> u16 {
        be16(&self.bytes[2..])
    }

    pub fn verification_tag(&self) -> u32 {
        be32(&self.bytes[4..])
    }

    pub fn chunks(&self) -> Chunks<'a> {
        Chunks {
            rest: &self.bytes[COMMON_HEADER_BYTES..],
        }
    }

    /// `parse` has seen that there is one.
    pub fn first(&self) -> Chunk<'a> {
        self.chunks().next().expect("a parsed packet has a chunk")
    }

    pub fn has(&self, kind: u8) -> bool {
        self.chunks().any(|chunk| chunk.kind == kind)
    }
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    pub kind: u8,
    pub flags: u8,
    /// Without header and padding.
    pub value: &'a [u8],
    /// All of it.
    pub bytes: &'a [u8],
}

impl Chunk<'_> {
    pub fn is_tag_reflected(&self) -> bool {
        self.flags & T_BIT != 0
    }
}

/// Walks chunks; ends at the first one whose length cannot be, and leaves it in `rest`.
pub struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (length, padded) = tlv_lengths(self.rest)?;
        let (bytes, rest) = self.rest.split_at(padded);
        self.rest = rest;
        let value = &bytes[TLV_HEADER_BYTES..length];
        Some(Chunk {
            kind: bytes[0],
            flags: bytes[1],
            value,
            bytes,
        })
    }
}

/// A parameter or error cause: type, and value without header and padding.
pub type Parameter<'a> = (u16, &'a [u8]);

/// Walks parameters; `Err` for one whose length cannot be, and then no more.
pub fn parameters(bytes: &[u8]) -> impl Iterator<Item = Result<Parameter<'_>, Refusal>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((length, padded)) = tlv_lengths(rest) else {
            rest = &[];
            return Some(Err(Refusal::Malformed));
        };
        let parameter = (be16(rest), &rest[TLV_HEADER_BYTES..length]);
        rest = &rest[padded..];
        Some(Ok(parameter))
    })
}

/// Length without and with padding; the last padding may be missing.
fn tlv_lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let length = usize::from(be16(bytes.get(2..4)?));
    let fits = length >= TLV_HEADER_BYTES && length <= bytes.len();
    fits.then(|| (length, length.next_multiple_of(4).min(bytes.len())))
}

/// Writes a packet chunk by chunk.
pub struct PacketBuilder {
    bytes: Vec<u8>,
}

impl PacketBuilder {
    pub fn new(source_port: u16, destination_port: u16, verification_tag: u32) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&source_port.to_be_bytes());
        bytes.extend_from_slice(&destination_port.to_be_bytes());
        bytes.extend_from_slice(&verification_tag.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        PacketBuilder { bytes }
    }

    /// A packet in the other direction, on the same ports.
    pub fn reply_to(packet: &Packet<'_>, verification_tag: u32) -> Self {
        Self::new(
            packet.destination_port(),
            packet.source_port(),
            verification_tag,
        )
    }

    /// A packet in the same direction, with the same tag.
    pub fn like(packet: &Packet<'_>) -> Self {
        Self::new(
            packet.source_port(),
            packet.destination_port(),
            packet.verification_tag(),
        )
    }

    pub fn chunk(mut self, kind: u8, flags: u8, value: &[u8]) -> Self {
        let length = (TLV_HEADER_BYTES + value.len()) as u16;
        self.bytes.extend_from_slice(&[kind, flags]);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// A chunk as it stands in another packet.
    pub fn copy(self, chunk: &Chunk<'_>) -> Self {
        self.chunk(chunk.kind, chunk.flags, chunk.value)
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn finish(mut self) -> Vec<u8> {
        let checksum = checksum(&self.bytes);
        self.bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        self.bytes
    }
}

/// Appends a parameter or error cause to a chunk's value.
pub fn push_parameter(value: &mut Vec<u8>, kind: u16, content: &[u8]) {
    value.resize(value.len().next_multiple_of(4), 0);
    value.extend_from_slice(&kind.to_be_bytes());
    value.extend_from_slice(&((TLV_HEADER_BYTES + content.len()) as u16).to_be_bytes());
    value.extend_from_slice(content);
}

/// CRC32c over the packet with a zero checksum field (RFC 9260 Appendix A).
pub fn checksum(bytes: &[u8]) -> u32 {
    let header = crc32c::crc32c(&bytes[..8]);
    let zeros = crc32c::crc32c_append(header, &[0; 4]);
    crc32c::crc32c_append(zeros, &bytes[COMMON_HEADER_BYTES..])
}

pub(crate) fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

pub(crate) fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The checksum alone is sent with its least significant byte first.
fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet() -> Vec<u8> {
        PacketBuilder::new(1, 2, 3)
            .chunk(chunk::DATA, 3, &[1; 13])
            .chunk(9, 0, &[])
            .finish()
    }

    #[test]
    fn what_the_builder_writes_the_parser_reads() {
        let bytes = packet();
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.source_port(), packet.destination_port()), (1, 2));
        assert_eq!(packet.verification_tag(), 3);
        let kinds: Vec<_> = packet
            .chunks()
            .map(|chunk| (chunk.kind, chunk.value.len()))
            .collect();
        assert_eq!(kinds, [(0, 13), (9, 0)]);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = packet();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                Packet::parse(&damaged).err(),
                Some(Refusal::Checksum),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = packet();
        for length in 0..bytes.len() {
            let mut cut = bytes[..length].to_vec();
            if length >= COMMON_HEADER_BYTES {
                let checksum = checksum(&cut);
                cut[8..12].copy_from_slice(&checksum.to_le_bytes());
            }
            // 32 bytes end behind the first chunk: a whole packet again.
            let is_whole = length == 32 || length == 29 || length == 30 || length == 31;
            assert_eq!(Packet::parse(&cut).is_ok(), is_whole, "{length} bytes");
        }
    }

    #[test]
    fn chunk_lengths_that_cannot_be_are_refused() {
        for length in [0u16, 3, 18, 0xffff] {
            let mut bytes = PacketBuilder::new(1, 2, 3)
                .chunk(chunk::DATA, 3, &[1; 13])
                .finish();
            bytes[14..16].copy_from_slice(&length.to_be_bytes());
            bytes.truncate(29);
            let checksum = checksum(&bytes);
            bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
            assert_eq!(
                Packet::parse(&bytes).err(),
                Some(Refusal::Malformed),
                "{length}"
            );
        }
    }

    #[test]
    fn parameters_end_with_the_first_broken_one() {
        let mut value = Vec::new();
        push_parameter(&mut value, 5, &[127, 0, 0, 1]);
        push_parameter(&mut value, 0x8008, &[1, 2, 3]);
        push_parameter(&mut value, 7, &[]);
        let kinds: Vec<_> = parameters(&value)
            .map(|parameter| parameter.unwrap().0)
            .collect();
        assert_eq!(kinds, [5, 0x8008, 7]);
        value.extend_from_slice(&[0, 7, 0, 0]);
        assert!(parameters(&value).nth(3).unwrap().is_err());
        assert_eq!(parameters(&value).count(), 4);
    }
}

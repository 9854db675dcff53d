//! Rules that a packet has to keep whatever association it belongs to: which chunks may be bundled
//! (RFC 9260 §6.10), and from where packets may come.

use std::net::SocketAddr;

use crate::stats::Refusal;
use crate::userland::init::{Cause, violation};
use crate::userland::packet::{Chunk, Packet, cause, chunk};

/// "One or more control chunks may be bundled" - but not these.
pub(crate) fn check_bundle(packet: &Packet<'_>) -> Result<(), Refusal> {
    let mut previous = None;
    let mut count = 0;
    for chunk in packet.chunks() {
        count += 1;
        let is_first = count == 1;
        if must_be_alone(previous.as_ref()) || (!is_first && must_be_first(&chunk)) {
            return Err(Refusal::Bundle);
        }
        previous = Some(chunk);
    }
    Ok(())
}

/// INIT, INIT ACK and SHUTDOWN COMPLETE by RFC 9260 §6.10. An ABORT with the T bit too, because the
/// packet then carries the sender's tag, which must not let any other chunk in.
fn must_be_alone(chunk: Option<&Chunk<'_>>) -> bool {
    chunk.is_some_and(|chunk| match chunk.kind {
        chunk::INIT | chunk::INIT_ACK | chunk::SHUTDOWN_COMPLETE => true,
        chunk::ABORT => chunk.is_tag_reflected(),
        _ => false,
    })
}

/// What must be alone, and COOKIE ECHO (RFC 9260 §5.1 D).
fn must_be_first(chunk: &Chunk<'_>) -> bool {
    must_be_alone(Some(chunk)) || chunk.kind == chunk::COOKIE_ECHO
}

/// RFC 9260 §8.4 1): packets from addresses that no single host has are dropped.
pub(crate) fn check_source(source: SocketAddr) -> Result<(), Refusal> {
    let address = source.ip();
    let is_broadcast = address == std::net::Ipv4Addr::BROADCAST;
    if address.is_multicast() || address.is_unspecified() || is_broadcast || source.port() == 0 {
        return Err(Refusal::Address);
    }
    Ok(())
}

/// DATA without user data ends the association (RFC 9260 §6.2, §3.3.10.9).
pub(crate) fn data_defect(packet: &Packet<'_>) -> Option<Cause> {
    const HEADER_BYTES: usize = 12;
    const TSN_BYTES: usize = 4;
    let mut data = packet.chunks().filter(|chunk| chunk.kind == chunk::DATA);
    let empty = data.find(|chunk| chunk.value.len() <= HEADER_BYTES)?;
    Some(match empty.value.get(..TSN_BYTES) {
        Some(tsn) if empty.value.len() == HEADER_BYTES => (cause::NO_USER_DATA, tsn.to_vec()),
        _ => violation("A DATA chunk is too short."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::userland::packet::{PacketBuilder, T_BIT};

    fn bundle(chunks: &[(u8, u8)]) -> Result<(), Refusal> {
        let builder = PacketBuilder::new(1, 2, 3);
        let packet = chunks
            .iter()
            .fold(builder, |builder, &(kind, flags)| {
                builder.chunk(kind, flags, &[0; 16])
            })
            .finish();
        check_bundle(&Packet::parse(&packet).unwrap())
    }

    #[test]
    fn some_chunks_must_be_alone() {
        let loners = [
            (chunk::INIT, 0),
            (chunk::INIT_ACK, 0),
            (chunk::SHUTDOWN_COMPLETE, 0),
            (chunk::SHUTDOWN_COMPLETE, T_BIT),
            (chunk::ABORT, T_BIT),
        ];
        for loner in loners {
            assert_eq!(bundle(&[loner]), Ok(()));
            assert_eq!(bundle(&[loner, (chunk::SACK, 0)]), Err(Refusal::Bundle));
            assert_eq!(bundle(&[(chunk::SACK, 0), loner]), Err(Refusal::Bundle));
            assert_eq!(bundle(&[loner, loner]), Err(Refusal::Bundle));
        }
    }

    #[test]
    fn a_cookie_echo_comes_first() {
        assert_eq!(bundle(&[(chunk::COOKIE_ECHO, 0), (chunk::DATA, 3)]), Ok(()));
        assert_eq!(
            bundle(&[(chunk::DATA, 3), (chunk::COOKIE_ECHO, 0)]),
            Err(Refusal::Bundle)
        );
        let twice = [(chunk::COOKIE_ECHO, 0), (chunk::COOKIE_ECHO, 0)];
        assert_eq!(bundle(&twice), Err(Refusal::Bundle));
    }

    #[test]
    fn the_rest_may_be_bundled() {
        let chunks = [
            (chunk::SACK, 0),
            (chunk::DATA, 3),
            (chunk::SHUTDOWN, 0),
            (chunk::ABORT, 0),
        ];
        assert_eq!(bundle(&chunks), Ok(()));
    }

    #[test]
    fn data_must_hold_data() {
        for (length, expected) in [
            (0, Some(cause::PROTOCOL_VIOLATION)),
            (11, Some(cause::PROTOCOL_VIOLATION)),
            (12, Some(cause::NO_USER_DATA)),
            (13, None),
        ] {
            let packet = PacketBuilder::new(1, 2, 3)
                .chunk(chunk::SACK, 0, &[0; 12])
                .chunk(chunk::DATA, 3, &[7; 13][..length])
                .finish();
            let defect = data_defect(&Packet::parse(&packet).unwrap());
            assert_eq!(defect.map(|(code, _)| code), expected, "{length} bytes");
        }
    }

    #[test]
    fn sources_that_no_host_has_are_refused() {
        for source in [
            "224.0.0.1:9899",
            "255.255.255.255:9899",
            "0.0.0.0:1",
            "[ff02::1]:9899",
        ] {
            assert_eq!(
                check_source(source.parse().unwrap()),
                Err(Refusal::Address),
                "{source}"
            );
        }
        assert_eq!(check_source("127.0.0.2:40000".parse().unwrap()), Ok(()));
    }
}

//! What the INITs and INIT ACKs of peers say (RFC 9260 §3.3.2, §3.3.3): the checks before anything is
//! answered, the peer's addresses, and the parameters that nobody here knows.

use std::net::IpAddr;

use crate::stats::Refusal;
use crate::userland::packet::{
    Chunk, Parameter, TLV_HEADER_BYTES, be16, be32, cause, parameter, parameters, push_parameter,
};

/// Initiate tag, window, stream counts, initial TSN.
const FIXED_BYTES: usize = 16;

/// Addresses kept of those that a peer lists: each is remembered, so there must be an end.
pub(crate) const MAX_PEER_ADDRESSES: usize = 16;

/// "An SCTP endpoint MUST be able to receive 1500 bytes" (RFC 9260 §3.3.2).
const MIN_WINDOW_BYTES: u32 = 1_500;

/// Bytes of unknown parameters that are reported of one INIT or INIT ACK.
const MAX_REPORTED_BYTES: usize = 512;

/// Bits of a parameter type that tell who does not know it what to do (RFC 9260 §3.2.1).
const GO_ON_BIT: u16 = 0x8000;
const REPORT_BIT: u16 = 0x4000;

/// An error cause: code and cause-specific information (RFC 9260 §3.3.10).
pub(crate) type Cause = (u16, Vec<u8>);

/// What an INIT or INIT ACK says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init<'a> {
    pub initiate_tag: u32,
    window_bytes: u32,
    outbound_streams: u16,
    inbound_streams: u16,
    parameters: &'a [u8],
}

impl<'a> Init<'a> {
    /// `Err` for a chunk without an initiate tag to answer with: RFC 9260 §3.3.2 wants silence.
    pub fn parse(chunk: &Chunk<'a>) -> Result<Self, Refusal> {
        if chunk.value.len() < FIXED_BYTES {
            return Err(Refusal::Malformed);
        }
        let (fixed, parameters) = chunk.value.split_at(FIXED_BYTES);
        let init = Init {
            initiate_tag: be32(fixed),
            window_bytes: be32(&fixed[4..]),
            outbound_streams: be16(&fixed[8..]),
            inbound_streams: be16(&fixed[10..]),
            parameters,
        };
        if init.initiate_tag == 0 {
            return Err(Refusal::Malformed);
        }
        Ok(init)
    }

    /// Why it cannot be used, as an ABORT tells its sender (RFC 9260 §3.3.2, §3.3.3).
    pub fn defect(&self) -> Option<Cause> {
        let has_streams = self.outbound_streams != 0 && self.inbound_streams != 0;
        if !has_streams || self.window_bytes < MIN_WINDOW_BYTES {
            return Some((cause::INVALID_MANDATORY_PARAMETER, Vec::new()));
        }
        parameters(self.parameters).find_map(|parameter| match parameter {
            Ok(parameter) => parameter_defect(parameter),
            Err(_) => Some(violation("A parameter has an impossible length.")),
        })
    }

    /// The state cookie of an INIT ACK.
    pub fn cookie(&self) -> Option<&'a [u8]> {
        self.understood()
            .find_map(|(kind, value)| (kind == parameter::STATE_COOKIE).then_some(value))
    }

    /// The peer's addresses: where the packet came from, then those that it lists and that can be
    /// another host's as seen from here (RFC 9260 §5.1.2).
    pub fn peer_addresses(&self, source: IpAddr) -> Vec<IpAddr> {
        let mut addresses = vec![source];
        for (kind, value) in self.understood() {
            let Some(address) = listed_address(kind, value) else {
                continue;
            };
            let is_new = is_reachable_from(source, address) && !addresses.contains(&address);
            if is_new && addresses.len() < MAX_PEER_ADDRESSES {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Unknown parameters that the peer is to be told of (RFC 9260 §3.2.1), as many as have room.
    pub fn reported(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let mut room = MAX_REPORTED_BYTES;
        self.examined()
            .filter(|(kind, _)| !is_known(*kind) && kind & REPORT_BIT != 0)
            .take_while(move |(_, value)| {
                // Its own header, and that of the parameter that reports it.
                let needed = 2 * TLV_HEADER_BYTES + value.len().next_multiple_of(4);
                let fits = needed <= room;
                room = room.saturating_sub(needed);
                fits
            })
    }

    fn understood(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.examined().filter(|(kind, _)| is_known(*kind))
    }

    /// All parameters up to an unknown one that ends the processing of the chunk (RFC 9260 §3.2.1).
    fn examined(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let mut goes_on = true;
        parameters(self.parameters)
            .map_while(Result::ok)
            .take_while(move |(kind, _)| {
                let is_examined = goes_on;
                goes_on &= is_known(*kind) || kind & GO_ON_BIT != 0;
                is_examined
            })
    }
}

/// Parameters of INIT and INIT ACK that are acted upon here or in `dcsctp`, or may be left alone.
/// Those of partial reliability (RFC 3758) are not among them: nothing here is sent that way.
fn is_known(kind: u16) -> bool {
    matches!(
        kind,
        parameter::IPV4_ADDRESS
            | parameter::IPV6_ADDRESS
            | parameter::STATE_COOKIE
            | parameter::UNRECOGNIZED_PARAMETER
            | parameter::COOKIE_PRESERVATIVE
            | parameter::HOST_NAME_ADDRESS
            | parameter::SUPPORTED_ADDRESS_TYPES
            | parameter::SUPPORTED_EXTENSIONS
    )
}

fn parameter_defect((kind, value): Parameter<'_>) -> Option<Cause> {
    match kind {
        // "MUST send an ABORT chunk and MAY include an Unresolvable Address error cause": RFC 9260 has
        // removed host names (§3.3.2.1.4).
        parameter::HOST_NAME_ADDRESS => {
            let mut information = Vec::new();
            push_parameter(&mut information, kind, value);
            Some((cause::UNRESOLVABLE_ADDRESS, information))
        }
        parameter::IPV4_ADDRESS | parameter::IPV6_ADDRESS
            if listed_address(kind, value).is_none() =>
        {
            Some(violation("An address has the wrong length."))
        }
        _ => None,
    }
}

pub(crate) fn violation(detail: &str) -> Cause {
    (cause::PROTOCOL_VIOLATION, detail.into())
}

fn listed_address(kind: u16, value: &[u8]) -> Option<IpAddr> {
    let address = match kind {
        parameter::IPV4_ADDRESS => IpAddr::from(<[u8; 4]>::try_from(value).ok()?),
        parameter::IPV6_ADDRESS => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
        _ => return None,
    };
    Some(address.to_canonical())
}

/// Whether a host that we see at `source` may also have `address`: loopback addresses belong to
/// loopback peers only, and nobody has a group's address.
fn is_reachable_from(source: IpAddr, address: IpAddr) -> bool {
    let is_nobodys = address.is_unspecified()
        || address.is_multicast()
        || address == std::net::Ipv4Addr::BROADCAST;
    !is_nobodys && address.is_loopback() == source.is_loopback()
}

/// Our addresses that a peer at `peer` should know: those of its scope. One is in the packet's
/// header already, and behind a NAT listing it would only harm (RFC 6951 §5.1).
pub(crate) fn listed_addresses(
    local_addresses: impl Iterator<Item = IpAddr>,
    peer: IpAddr,
) -> Vec<IpAddr> {
    let listed: Vec<IpAddr> = local_addresses
        .filter(|address| is_reachable_from(peer, *address) && !is_link_local(*address))
        .collect();
    if listed.len() > 1 { listed } else { Vec::new() }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::userland::packet::{Packet, PacketBuilder, chunk};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn init(parameters: &[(u16, &[u8])]) -> Vec<u8> {
        let mut value = vec![0, 0, 0, 9, 0, 1, 0, 0, 0, 4, 0, 4, 0, 0, 0, 1];
        for (kind, content) in parameters {
            push_parameter(&mut value, *kind, content);
        }
        PacketBuilder::new(5000, 3863, 0)
            .chunk(chunk::INIT, 0, &value)
            .finish()
    }

    fn parsed(packet: &[u8]) -> Init<'_> {
        Init::parse(&Packet::parse(packet).unwrap().first()).unwrap()
    }

    fn addresses(packet: &[u8], source: &str) -> Vec<IpAddr> {
        parsed(packet).peer_addresses(ip(source))
    }

    fn defect(packet: &[u8]) -> Option<u16> {
        parsed(packet).defect().map(|(code, _)| code)
    }

    #[test]
    fn the_source_comes_first_and_once() {
        let packet = init(&[
            (5, &[192, 0, 2, 9]),
            (5, &[192, 0, 2, 1]),
            (5, &[192, 0, 2, 9]),
        ]);
        assert_eq!(
            addresses(&packet, "192.0.2.1"),
            [ip("192.0.2.1"), ip("192.0.2.9")]
        );
    }

    #[test]
    fn loopback_and_group_addresses_are_not_believed_of_a_remote_peer() {
        let packet = init(&[
            (5, &[127, 0, 0, 1]),
            (5, &[224, 0, 0, 1]),
            (5, &[0; 4]),
            (5, &[255; 4]),
        ]);
        assert_eq!(addresses(&packet, "192.0.2.1"), [ip("192.0.2.1")]);
        assert_eq!(
            addresses(&packet, "127.0.0.7"),
            [ip("127.0.0.7"), ip("127.0.0.1")]
        );
    }

    #[test]
    fn no_more_than_sixteen_addresses_are_kept() {
        let listed: Vec<[u8; 4]> = (0..100).map(|last| [192, 0, 2, last]).collect();
        let parameters: Vec<(u16, &[u8])> = listed.iter().map(|ip| (5, ip.as_slice())).collect();
        assert_eq!(addresses(&init(&parameters), "198.51.100.1").len(), 16);
    }

    #[test]
    fn what_makes_an_init_useless_is_named() {
        let cases = [
            (5, &[1; 3][..], cause::PROTOCOL_VIOLATION),
            (6, &[1; 4][..], cause::PROTOCOL_VIOLATION),
            (11, b"host", cause::UNRESOLVABLE_ADDRESS),
        ];
        for (kind, value, code) in cases {
            assert_eq!(defect(&init(&[(kind, value)])), Some(code));
        }
        assert_eq!(defect(&init(&[(5, &[1; 4]), (0x4321, &[1; 3])])), None);
    }

    #[test]
    fn the_two_highest_bits_of_an_unknown_parameter_say_what_happens() {
        // Type; whether it is reported; whether the address behind it counts.
        let cases = [
            (0x0321, false, false),
            (0x4321, true, false),
            (0x8321, false, true),
            (0xc321, true, true),
        ];
        for (kind, is_reported, goes_on) in cases {
            let packet = init(&[(kind, b"abcd"), (5, &[192, 0, 2, 9])]);
            let reported: Vec<_> = parsed(&packet).reported().collect();
            let expected: &[(u16, &[u8])] = &[(kind, b"abcd")];
            assert_eq!(reported, if is_reported { expected } else { &[] });
            assert_eq!(addresses(&packet, "192.0.2.1").len() == 2, goes_on);
        }
    }

    #[test]
    fn reports_have_an_end() {
        let unknown: Vec<(u16, &[u8])> = (0..100).map(|_| (0xc321, &[7; 30][..])).collect();
        assert_eq!(parsed(&init(&unknown)).reported().count(), 12);
    }

    #[test]
    fn only_several_addresses_of_the_peers_scope_are_listed() {
        let locals = [
            ip("127.0.0.1"),
            ip("127.0.0.2"),
            ip("192.0.2.1"),
            ip("fe80::1"),
        ];
        assert_eq!(
            listed_addresses(locals.into_iter(), ip("127.0.0.9")),
            [ip("127.0.0.1"), ip("127.0.0.2")]
        );
        assert!(listed_addresses(locals.into_iter(), ip("198.51.100.1")).is_empty());
    }

    #[test]
    fn an_init_without_tag_is_refused_in_silence_and_one_without_streams_or_window_is_not() {
        for (start, end) in [(0, 4), (4, 8), (8, 10), (10, 12)] {
            let mut value = vec![0, 0, 0, 9, 0, 1, 0, 0, 0, 4, 0, 4, 0, 0, 0, 1];
            value[start..end].fill(0);
            let packet = PacketBuilder::new(1, 2, 0)
                .chunk(chunk::INIT, 0, &value)
                .finish();
            let packet = Packet::parse(&packet).unwrap();
            let defect = Init::parse(&packet.first()).map(|init| init.defect());
            let expected = match start {
                0 => Err(Refusal::Malformed),
                _ => Ok(Some((cause::INVALID_MANDATORY_PARAMETER, Vec::new()))),
            };
            assert_eq!(defect, expected);
        }
    }
}

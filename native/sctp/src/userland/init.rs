//! INIT and INIT ACK as this layer needs them (RFC 9260 §3.3.2, §3.3.3): the checks before anything
//! is answered, the peer's addresses in them, and ours put into those that `dcsctp` writes.

use std::net::IpAddr;

use crate::stats::Refusal;
use crate::userland::packet::{
    Chunk, Packet, PacketBuilder, be16, be32, chunk, parameter, parameters, push_parameter,
};

/// Initiate tag, window, stream counts, initial TSN.
const FIXED_BYTES: usize = 16;

/// Addresses kept of those that a peer lists: each is remembered, so there must be an end.
pub(crate) const MAX_PEER_ADDRESSES: usize = 16;

/// "An SCTP endpoint MUST be able to receive 1500 bytes" (RFC 9260 §3.3.2).
const MIN_WINDOW_BYTES: u32 = 1_500;

/// What an INIT or INIT ACK says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init<'a> {
    pub initiate_tag: u32,
    parameters: &'a [u8],
}

impl<'a> Init<'a> {
    /// Refuses tags, windows and stream counts that cannot be (RFC 9260 §3.3.2, §3.3.3).
    pub fn parse(chunk: &Chunk<'a>) -> Result<Self, Refusal> {
        if chunk.value.len() < FIXED_BYTES {
            return Err(Refusal::Malformed);
        }
        let (fixed, parameters) = chunk.value.split_at(FIXED_BYTES);
        let init = Init {
            initiate_tag: be32(fixed),
            parameters,
        };
        let (window, outbound, inbound) =
            (be32(&fixed[4..]), be16(&fixed[8..]), be16(&fixed[10..]));
        let is_usable = init.initiate_tag != 0 && outbound != 0 && inbound != 0;
        if !is_usable || window < MIN_WINDOW_BYTES {
            return Err(Refusal::Malformed);
        }
        Ok(init)
    }

    /// The state cookie of an INIT ACK.
    pub fn cookie(&self) -> Option<&'a [u8]> {
        parameters(self.parameters)
            .filter_map(Result::ok)
            .find_map(|(kind, value)| (kind == parameter::STATE_COOKIE).then_some(value))
    }

    /// The peer's addresses: where the packet came from, then those that it lists and that can be
    /// another host's as seen from here (RFC 9260 §5.1.2).
    pub fn peer_addresses(&self, source: IpAddr) -> Result<Vec<IpAddr>, Refusal> {
        let mut addresses = vec![source];
        for parameter in parameters(self.parameters) {
            let (kind, value) = parameter?;
            let address = match (kind, value.len()) {
                (parameter::IPV4_ADDRESS, 4) => {
                    IpAddr::from(<[u8; 4]>::try_from(value).expect("it has 4 bytes"))
                }
                (parameter::IPV6_ADDRESS, 16) => {
                    IpAddr::from(<[u8; 16]>::try_from(value).expect("it has 16 bytes"))
                }
                (parameter::IPV4_ADDRESS | parameter::IPV6_ADDRESS, _) => {
                    return Err(Refusal::Malformed);
                }
                // "MUST abort the association": nobody sends it, RFC 9260 has removed it.
                (parameter::HOST_NAME_ADDRESS, _) => return Err(Refusal::Malformed),
                _ => continue,
            };
            let address = address.to_canonical();
            let is_new = is_reachable_from(source, address) && !addresses.contains(&address);
            if is_new && addresses.len() < MAX_PEER_ADDRESSES {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }
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

/// Writes an INIT or INIT ACK of `dcsctp` again with our `addresses` in it, and with another state
/// cookie if one is given. `None` when it is none.
pub(crate) fn rewrite(
    bytes: &[u8],
    addresses: &[IpAddr],
    cookie: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let packet = Packet::parse(bytes).ok()?;
    let first = packet.first();
    let is_init = matches!(first.kind, chunk::INIT | chunk::INIT_ACK);
    if !is_init || first.value.len() < FIXED_BYTES {
        return None;
    }
    let (fixed, rest) = first.value.split_at(FIXED_BYTES);
    let mut value = fixed.to_vec();
    for address in addresses {
        match address {
            IpAddr::V4(address) => {
                push_parameter(&mut value, parameter::IPV4_ADDRESS, &address.octets());
            }
            IpAddr::V6(address) => {
                push_parameter(&mut value, parameter::IPV6_ADDRESS, &address.octets());
            }
        }
    }
    for parameter in parameters(rest) {
        let (kind, content) = parameter.ok()?;
        let content = cookie
            .filter(|_| kind == parameter::STATE_COOKIE)
            .unwrap_or(content);
        push_parameter(&mut value, kind, content);
    }
    Some(
        PacketBuilder::like(&packet)
            .chunk(first.kind, first.flags, &value)
            .finish(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn addresses(packet: &[u8], source: &str) -> Result<Vec<IpAddr>, Refusal> {
        let packet = Packet::parse(packet).unwrap();
        Init::parse(&packet.first())
            .unwrap()
            .peer_addresses(ip(source))
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
            Ok(vec![ip("192.0.2.1"), ip("192.0.2.9")])
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
        assert_eq!(addresses(&packet, "192.0.2.1"), Ok(vec![ip("192.0.2.1")]));
        assert_eq!(
            addresses(&packet, "127.0.0.7"),
            Ok(vec![ip("127.0.0.7"), ip("127.0.0.1")])
        );
    }

    #[test]
    fn no_more_than_sixteen_addresses_are_kept() {
        let listed: Vec<[u8; 4]> = (0..100).map(|last| [192, 0, 2, last]).collect();
        let parameters: Vec<(u16, &[u8])> = listed.iter().map(|ip| (5, ip.as_slice())).collect();
        assert_eq!(
            addresses(&init(&parameters), "198.51.100.1").unwrap().len(),
            16
        );
    }

    #[test]
    fn addresses_of_wrong_length_and_host_names_are_refused() {
        for parameter in [(5, &[1; 3][..]), (6, &[1; 4][..]), (11, b"host")] {
            assert_eq!(
                addresses(&init(&[parameter]), "192.0.2.1"),
                Err(Refusal::Malformed)
            );
        }
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
    fn rewriting_keeps_everything_but_the_cookie_and_adds_the_addresses() {
        let before = init(&[(0xc000, &[]), (7, &[1; 48]), (0x8008, &[1, 2, 3])]);
        let after = rewrite(&before, &[ip("192.0.2.1"), ip("192.0.2.2")], Some(&[9; 5])).unwrap();
        let packet = Packet::parse(&after).unwrap();
        let listed: Vec<_> = parameters(&packet.first().value[16..])
            .map(Result::unwrap)
            .collect();
        let expected: [(u16, &[u8]); 5] = [
            (5, &[192, 0, 2, 1]),
            (5, &[192, 0, 2, 2]),
            (0xc000, &[]),
            (7, &[9; 5]),
            (0x8008, &[1, 2, 3]),
        ];
        assert_eq!(listed, expected);
        assert_eq!(
            packet.first().value[..16],
            Packet::parse(&before).unwrap().first().value[..16]
        );
    }

    #[test]
    fn an_init_without_tag_streams_or_window_is_refused() {
        for (start, end) in [(0, 4), (4, 8), (8, 10), (10, 12)] {
            let mut value = vec![0, 0, 0, 9, 0, 1, 0, 0, 0, 4, 0, 4, 0, 0, 0, 1];
            value[start..end].fill(0);
            let packet = PacketBuilder::new(1, 2, 0)
                .chunk(chunk::INIT, 0, &value)
                .finish();
            let packet = Packet::parse(&packet).unwrap();
            assert_eq!(Init::parse(&packet.first()).err(), Some(Refusal::Malformed));
        }
    }
}

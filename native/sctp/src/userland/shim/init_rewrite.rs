//! INITs and INIT ACKs of `dcsctp` with what it does not write (RFC 9260 §3.3.2, §3.3.3): our
//! addresses, the sealed cookie, reports of unknown parameters.

use std::net::IpAddr;

use crate::userland::packet::{
    Packet, PacketBuilder, Parameter, chunk, parameter, parameters, push_parameter,
};

/// Initiate tag, window, stream counts, initial TSN.
const FIXED_BYTES: usize = 16;

/// What is written into an INIT or INIT ACK.
#[derive(Default)]
pub(crate) struct Additions<'a> {
    pub addresses: &'a [IpAddr],
    /// In place of its own cookie.
    pub cookie: Option<&'a [u8]>,
    /// Parameters of the INIT that an INIT ACK answers, each to be reported (RFC 9260 §3.2.2).
    pub unrecognized: &'a [Parameter<'a>],
}

/// Writes an INIT or INIT ACK of `dcsctp` again with `additions`. `None` when it is none.
pub(crate) fn rewrite_init(bytes: &[u8], additions: &Additions<'_>) -> Option<Vec<u8>> {
    let packet = Packet::parse(bytes).ok()?;
    let first = packet.first();
    let is_init = matches!(first.kind, chunk::INIT | chunk::INIT_ACK);
    if !is_init || first.value.len() < FIXED_BYTES {
        return None;
    }
    let (fixed, rest) = first.value.split_at(FIXED_BYTES);
    let mut value = fixed.to_vec();
    for address in additions.addresses {
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
        let is_cookie = kind == parameter::STATE_COOKIE;
        let content = additions.cookie.filter(|_| is_cookie).unwrap_or(content);
        push_parameter(&mut value, kind, content);
    }
    for (kind, content) in additions.unrecognized {
        let mut report = Vec::new();
        push_parameter(&mut report, *kind, content);
        push_parameter(&mut value, parameter::UNRECOGNIZED_PARAMETER, &report);
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

    #[test]
    fn rewriting_keeps_everything_but_the_cookie_and_adds_addresses_and_reports() {
        let mut value = vec![0, 0, 0, 9, 0, 1, 0, 0, 0, 4, 0, 4, 0, 0, 0, 1];
        for (kind, content) in [(0xc000, &[][..]), (7, &[1; 48]), (0x8008, &[1, 2, 3])] {
            push_parameter(&mut value, kind, content);
        }
        let before = PacketBuilder::new(5000, 3863, 0)
            .chunk(chunk::INIT_ACK, 0, &value)
            .finish();
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        let additions = Additions {
            addresses: &addresses,
            cookie: Some(&[9; 5]),
            unrecognized: &[(0xc321, b"abc")],
        };
        let after = rewrite_init(&before, &additions).unwrap();
        let packet = Packet::parse(&after).unwrap();
        let listed: Vec<_> = parameters(&packet.first().value[FIXED_BYTES..])
            .map(Result::unwrap)
            .collect();
        let expected: [(u16, &[u8]); 6] = [
            (5, &[192, 0, 2, 1]),
            (5, &[192, 0, 2, 2]),
            (0xc000, &[]),
            (7, &[9; 5]),
            (0x8008, &[1, 2, 3]),
            (8, &[0xc3, 0x21, 0, 7, b'a', b'b', b'c']),
        ];
        assert_eq!(listed, expected);
        assert_eq!(packet.first().value[..FIXED_BYTES], value[..FIXED_BYTES]);
    }
}

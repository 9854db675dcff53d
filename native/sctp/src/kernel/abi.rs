//! Numbers and layouts of the Linux kernel's SCTP interface (RFC 6458, `linux/sctp.h`), written and
//! read octet by octet: no pointer and no cast. The calls are `sys.rs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Socket options of level `IPPROTO_SCTP`.
pub(crate) mod option {
    pub const RTO_INFO: i32 = 0;
    pub const ASSOC_INFO: i32 = 1;
    pub const INIT_MESSAGE: i32 = 2;
    pub const NO_DELAY: i32 = 3;
    pub const AUTOCLOSE: i32 = 4;
    pub const PEER_ADDRESS_PARAMETERS: i32 = 9;
    pub const WANT_MAPPED_V4_ADDRESSES: i32 = 12;
    pub const DELAYED_SACK: i32 = 16;
    pub const FRAGMENT_INTERLEAVE: i32 = 18;
    pub const RECEIVE_INFO: i32 = 32;
    pub const BINDX_ADD: i32 = 100;
    pub const BINDX_REMOVE: i32 = 101;
    pub const PEER_ADDRESSES: i32 = 108;
    pub const LOCAL_ADDRESSES: i32 = 109;
    pub const CONNECTX: i32 = 111;
    pub const EVENT: i32 = 127;
    pub const REMOTE_UDP_ENCAPSULATION_PORT: i32 = 132;
}

/// What to be notified of, and what a notification is about.
pub(crate) mod event {
    pub const ASSOCIATION_CHANGE: u16 = 0x8001;
    pub const PEER_ADDRESS_CHANGE: u16 = 0x8002;
    pub const SHUTDOWN: u16 = 0x8005;
    pub const PARTIAL_DELIVERY: u16 = 0x8006;
    pub const SENDER_DRY: u16 = 0x8009;
}

/// `snd_flags` of a message.
pub(crate) mod send_flag {
    pub const NONE: u16 = 0;
    pub const ABORT: u16 = 1 << 2;
    /// `SCTP_EOF`, Linux's `MSG_FIN`.
    pub const SHUTDOWN: u16 = 0x200;
}

/// In the place of an association's identifier: those to come.
pub(crate) const FUTURE_ASSOCIATIONS: i32 = 0;

const CONTROL_SEND_INFO: i32 = 2;
const CONTROL_RECEIVE_INFO: i32 = 3;
const SOCKADDR_STORAGE_BYTES: usize = 128;
const WORD_BYTES: usize = size_of::<usize>();
/// `struct cmsghdr`: a length of the machine's word, level, type.
const CONTROL_HEADER_BYTES: usize = WORD_BYTES + 8;
const RECEIVE_INFO_BYTES: usize = 28;

/// Octets of the control message that goes with every message sent.
pub(crate) const SEND_CONTROL_BYTES: usize = CONTROL_HEADER_BYTES + 16;
/// Room for the one control message that comes with every message received.
pub(crate) const RECEIVE_CONTROL_BYTES: usize =
    (CONTROL_HEADER_BYTES + RECEIVE_INFO_BYTES).next_multiple_of(8);

/// `struct sctp_rtoinfo`, in milliseconds.
pub(crate) fn rto_info(initial: u32, min: u32, max: u32) -> Vec<u8> {
    words(&[FUTURE_ASSOCIATIONS as u32, initial, max, min])
}

/// `struct sctp_assocparams`; what is 0 stays as it is.
pub(crate) fn association_info(max_retransmissions: u16) -> Vec<u8> {
    let mut bytes = words(&[FUTURE_ASSOCIATIONS as u32]);
    bytes.extend_from_slice(&max_retransmissions.to_ne_bytes());
    bytes.extend_from_slice(&[0; 14]);
    bytes
}

/// `struct sctp_initmsg`.
pub(crate) fn init_message(streams: u16, max_attempts: u16, max_time_out_ms: u16) -> Vec<u8> {
    let fields = [streams, streams, max_attempts, max_time_out_ms];
    fields
        .iter()
        .flat_map(|field| field.to_ne_bytes())
        .collect()
}

/// `struct sctp_paddrparams`, which is packed: for every path of the associations to come.
pub(crate) fn path_parameters(heartbeat_ms: u32, max_retransmissions: u16) -> Vec<u8> {
    const HEARTBEAT_ENABLE: u32 = 1;
    let mut bytes = words(&[FUTURE_ASSOCIATIONS as u32]);
    bytes.extend_from_slice(&[0; SOCKADDR_STORAGE_BYTES]);
    bytes.extend_from_slice(&heartbeat_ms.to_ne_bytes());
    bytes.extend_from_slice(&max_retransmissions.to_ne_bytes());
    // Path MTU and SACK delay stay as they are.
    bytes.extend_from_slice(&words(&[0, 0, HEARTBEAT_ENABLE]));
    // Flow label and DSCP too; the last octet pads to a multiple of four.
    bytes.extend_from_slice(&[0; 6]);
    bytes
}

/// `struct sctp_sack_info`: a SACK for every packet, at once.
pub(crate) fn sack_at_once() -> Vec<u8> {
    words(&[FUTURE_ASSOCIATIONS as u32, 0, 1])
}

/// `struct sctp_event`.
pub(crate) fn subscription(association: i32, event: u16, is_wanted: bool) -> Vec<u8> {
    let mut bytes = association.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&event.to_ne_bytes());
    bytes.extend_from_slice(&[u8::from(is_wanted), 0]);
    bytes
}

/// `struct sctp_udpencaps` for the associations to come. Port 0: none.
pub(crate) fn udp_encapsulation(port: u16) -> Vec<u8> {
    // The address is aligned to eight, and so is the end.
    let mut bytes = vec![0; 8 + SOCKADDR_STORAGE_BYTES];
    bytes.extend_from_slice(&port.to_be_bytes());
    bytes.resize(8 + SOCKADDR_STORAGE_BYTES + 8, 0);
    bytes
}

/// The port in a `struct sctp_udpencaps`.
pub(crate) fn udp_encapsulation_port(bytes: &[u8]) -> Option<u16> {
    let port = bytes.get(8 + SOCKADDR_STORAGE_BYTES..)?.first_chunk()?;
    Some(u16::from_be_bytes(*port))
}

/// `struct sctp_getaddrs` with room for `bytes` octets of addresses.
pub(crate) fn address_request(association: i32, bytes: usize) -> Vec<u8> {
    let mut request = association.to_ne_bytes().to_vec();
    request.resize(8 + bytes, 0);
    request
}

/// The addresses in a `struct sctp_getaddrs`.
pub(crate) fn requested_addresses(bytes: &[u8]) -> Vec<SocketAddr> {
    let count = bytes.get(4..).and_then(<[u8]>::first_chunk);
    let count = count.map_or(0, |count| u32::from_ne_bytes(*count));
    let mut rest = bytes.get(8..).unwrap_or_default();
    let next = |_| {
        let (address, length) = read_address(rest)?;
        rest = &rest[length..];
        Some(address)
    };
    (0..count).map_while(next).collect()
}

/// Addresses one behind the other, each as long as its family's `sockaddr`.
pub(crate) fn packed_addresses(addresses: &[IpAddr], port: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for address in addresses {
        match address {
            IpAddr::V4(address) => {
                bytes.extend_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
                bytes.extend_from_slice(&port.to_be_bytes());
                bytes.extend_from_slice(&address.octets());
                bytes.extend_from_slice(&[0; 8]);
            }
            IpAddr::V6(address) => {
                bytes.extend_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
                bytes.extend_from_slice(&port.to_be_bytes());
                bytes.extend_from_slice(&[0; 4]);
                bytes.extend_from_slice(&address.octets());
                bytes.extend_from_slice(&[0; 4]);
            }
        }
    }
    bytes
}

/// A `sockaddr`, and its length. IPv4 addresses in IPv6 clothes come out without them.
pub(crate) fn read_address(bytes: &[u8]) -> Option<(SocketAddr, usize)> {
    let family = u16::from_ne_bytes(*bytes.first_chunk()?);
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    let (address, length): (IpAddr, usize) = match i32::from(family) {
        libc::AF_INET => {
            let octets: [u8; 4] = *bytes.get(4..16)?.first_chunk()?;
            (Ipv4Addr::from(octets).into(), 16)
        }
        libc::AF_INET6 => {
            let octets: [u8; 16] = *bytes.get(8..28)?.first_chunk()?;
            (Ipv6Addr::from(octets).into(), 28)
        }
        _ => return None,
    };
    Some((SocketAddr::new(address.to_canonical(), port), length))
}

/// The control message `SCTP_SNDINFO`. The payload protocol identifier is the application's octets:
/// network order, as everybody has it.
pub(crate) fn send_control(
    association: i32,
    stream: u16,
    flags: u16,
    ppid: u32,
) -> [u8; SEND_CONTROL_BYTES] {
    let mut control = [0; SEND_CONTROL_BYTES];
    let (header, info) = control.split_at_mut(CONTROL_HEADER_BYTES);
    header[..WORD_BYTES].copy_from_slice(&SEND_CONTROL_BYTES.to_ne_bytes());
    header[WORD_BYTES..][..4].copy_from_slice(&libc::IPPROTO_SCTP.to_ne_bytes());
    header[WORD_BYTES + 4..].copy_from_slice(&CONTROL_SEND_INFO.to_ne_bytes());
    info[..2].copy_from_slice(&stream.to_ne_bytes());
    info[2..4].copy_from_slice(&flags.to_ne_bytes());
    info[4..8].copy_from_slice(&ppid.to_be_bytes());
    info[12..16].copy_from_slice(&association.to_ne_bytes());
    control
}

/// What `SCTP_RCVINFO` says about a message, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceiveInfo {
    pub association: i32,
    pub stream: u16,
    pub ppid: u32,
}

/// Finds `SCTP_RCVINFO`, which is the only control message that is asked for.
pub(crate) fn receive_info(control: &[u8]) -> Option<ReceiveInfo> {
    let kind = control.get(WORD_BYTES..CONTROL_HEADER_BYTES)?;
    let wanted = [libc::IPPROTO_SCTP, CONTROL_RECEIVE_INFO].map(i32::to_ne_bytes);
    if kind != wanted.as_flattened() {
        return None;
    }
    let info = control.get(CONTROL_HEADER_BYTES..CONTROL_HEADER_BYTES + RECEIVE_INFO_BYTES)?;
    Some(ReceiveInfo {
        stream: u16::from_ne_bytes(*info.first_chunk()?),
        ppid: u32::from_be_bytes(*info.get(8..)?.first_chunk()?),
        association: i32::from_ne_bytes(*info.get(24..)?.first_chunk()?),
    })
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_as_long_as_the_kernels() {
        assert_eq!(rto_info(1, 2, 3).len(), 16);
        assert_eq!(association_info(8).len(), 20);
        assert_eq!(init_message(32, 8, 5_000).len(), 8);
        assert_eq!(path_parameters(10_000, 3).len(), 156);
        assert_eq!(subscription(7, event::SENDER_DRY, true).len(), 8);
        assert_eq!(udp_encapsulation(9899).len(), 144);
        assert_eq!(udp_encapsulation_port(&udp_encapsulation(9899)), Some(9899));
    }

    #[test]
    fn addresses_of_both_families_are_read_as_they_were_written() {
        let addresses: Vec<IpAddr> = ["10.1.2.3", "2001:db8::7", "::ffff:10.4.5.6"]
            .map(|text| text.parse().unwrap())
            .into();
        let mut bytes = address_request(9, 0);
        bytes[4..8].copy_from_slice(&3u32.to_ne_bytes());
        bytes.extend_from_slice(&packed_addresses(&addresses, 3863));
        let read: Vec<String> = requested_addresses(&bytes)
            .iter()
            .map(SocketAddr::to_string)
            .collect();
        assert_eq!(
            read,
            ["10.1.2.3:3863", "[2001:db8::7]:3863", "10.4.5.6:3863"]
        );
    }

    #[test]
    fn addresses_that_are_cut_off_or_of_no_known_family_are_none() {
        let whole = packed_addresses(&["2001:db8::7".parse().unwrap()], 1);
        for length in 0..whole.len() {
            assert_eq!(read_address(&whole[..length]), None);
        }
        assert_eq!(read_address(&[0xff; 28]), None);
        let mut lie = address_request(9, 0);
        lie[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert!(requested_addresses(&lie).is_empty());
    }

    #[test]
    fn what_is_no_receive_info_is_none() {
        let other = send_control(7, 3, send_flag::NONE, 11);
        assert_eq!(receive_info(&other), None);
        let mut control = [0; CONTROL_HEADER_BYTES + RECEIVE_INFO_BYTES];
        control[..CONTROL_HEADER_BYTES].copy_from_slice(&other[..CONTROL_HEADER_BYTES]);
        control[WORD_BYTES + 4..][..4].copy_from_slice(&CONTROL_RECEIVE_INFO.to_ne_bytes());
        let info = &mut control[CONTROL_HEADER_BYTES..];
        info[0..2].copy_from_slice(&3u16.to_ne_bytes());
        info[8..12].copy_from_slice(&11u32.to_be_bytes());
        info[24..28].copy_from_slice(&7i32.to_ne_bytes());
        let expected = ReceiveInfo {
            association: 7,
            stream: 3,
            ppid: 11,
        };
        assert_eq!(receive_info(&control), Some(expected));
        for length in 0..control.len() {
            assert_eq!(receive_info(&control[..length]), None);
        }
    }
}

//! SCTP right above IP, on raw sockets of protocol 132: for machines whose kernel has no SCTP, or
//! leaves it to us. It takes CAP_NET_RAW.
//!
//! Every raw socket on an address sees all of its SCTP packets. So a kernel that speaks SCTP too would
//! ABORT our associations, being packets that are none of its: with it we do not start. Another
//! process of ours may well own the ports that we do not know: packets to those are left unanswered.

use std::io::{self, ErrorKind as IoErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use crate::error::{ErrorKind, StackError};
use crate::sys;
use crate::userland::link::{BUFFER_BYTES, Framing, Route, SocketLink};

/// Stands where UDP has a port, and is the only port that the system allows there: the IP protocol.
pub(crate) const PORT: u16 = 132;

/// Is there when the kernel speaks SCTP.
const KERNEL_SCTP: &str = "/proc/sys/net/sctp";

pub(crate) fn bind(addresses: &[IpAddr]) -> Result<SocketLink, StackError> {
    if Path::new(KERNEL_SCTP).exists() {
        let sentence = "The kernel speaks SCTP itself and would abort our associations: use the kernel's \
                        (transport \"kernel\"), or unload its module (modprobe -r sctp).";
        return Err(StackError::new(ErrorKind::KernelSctp, sentence));
    }
    let mut sockets = Vec::new();
    for &address in addresses {
        sockets.push(bind_one(address)?);
    }
    SocketLink::new(sockets, Framing::Raw)
}

pub(crate) fn bind_one(address: IpAddr) -> Result<OwnedFd, StackError> {
    let socket = sys::raw_socket(address, PORT).map_err(|error| bind_error(address, &error))?;
    sys::enlarge_buffers(socket.as_raw_fd(), BUFFER_BYTES);
    Ok(socket)
}

/// Hands on what is inside an IPv4 packet; raw IPv6 sockets leave the header out themselves.
pub(crate) fn take(
    local: usize,
    peer: SocketAddr,
    bytes: &[u8],
    take: &mut dyn FnMut(Route, &[u8]),
) {
    let packet = if peer.is_ipv4() {
        payload_of(bytes)
    } else {
        Some(bytes)
    };
    if let Some(packet) = packet {
        let peer = SocketAddr::new(peer.ip(), PORT);
        take(Route { local, peer }, packet);
    }
}

/// RFC 791 §3.1: the header says its length in words.
fn payload_of(packet: &[u8]) -> Option<&[u8]> {
    let words = packet.first()? & 0x0f;
    packet.get(usize::from(words) * 4..)
}

fn bind_error(address: IpAddr, error: &io::Error) -> StackError {
    let (kind, sentence) = match error.kind() {
        IoErrorKind::AddrNotAvailable => return StackError::address_not_local(address),
        IoErrorKind::PermissionDenied => (
            ErrorKind::NoRawSockets,
            "Raw sockets need the capability CAP_NET_RAW. Run as root, or use transport \"udp\"."
                .into(),
        ),
        _ => (
            ErrorKind::System,
            format!("The system refused a raw socket on {address}: {error}."),
        ),
    };
    StackError::new(kind, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_an_ipv4_packet_is_found_behind_its_options() {
        let mut packet = vec![0x45; 20];
        packet.extend(b"payload");
        assert_eq!(payload_of(&packet), Some(&b"payload"[..]));
        let mut packet = vec![0x46; 24];
        packet.extend(b"payload");
        assert_eq!(payload_of(&packet), Some(&b"payload"[..]));
        assert_eq!(payload_of(&[0x4f; 20]), None);
        assert_eq!(payload_of(&[]), None);
    }
}

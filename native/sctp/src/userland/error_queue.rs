//! What the network reports about datagrams that we sent: ICMP "port unreachable", read from the error
//! queue of a UDP socket. What is made of it is `unreachable.rs`.

use std::net::SocketAddr;
use std::os::fd::RawFd;

use crate::userland::datagrams::{from_system, zeroed_address};

/// As much of a reported packet as is looked at: its common header and the beginning of an INIT.
pub(crate) const QUOTE_BYTES: usize = 20;

const CONTROL_BYTES: usize = 512;

const ICMP_DESTINATION_UNREACHABLE: u8 = 3;
const ICMP_PORT_UNREACHABLE: u8 = 3;
const ICMP6_DESTINATION_UNREACHABLE: u8 = 1;
const ICMP6_PORT_UNREACHABLE: u8 = 4;

/// Room for control messages, aligned for them.
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// Asks for reports on a socket. Without them a dead peer is noticed by its silence all the same.
pub(crate) fn watch(fd: RawFd, is_ipv4: bool) {
    let (level, name) = match is_ipv4 {
        true => (libc::IPPROTO_IP, libc::IP_RECVERR),
        false => (libc::IPPROTO_IPV6, libc::IPV6_RECVERR),
    };
    let on: libc::c_int = 1;
    // SAFETY: `on` is a live number of the length that is said.
    unsafe {
        libc::setsockopt(
            fd,
            level,
            name,
            std::ptr::from_ref(&on).cast(),
            size_of_val(&on) as libc::socklen_t,
        );
    }
}

/// Takes the next report, without waiting. `None`: there is none. `Some(None)`: of something else than
/// a port that is unreachable. Otherwise where the packet went to, and the beginning of it in `quote`,
/// so many bytes.
pub(crate) fn next(
    fd: RawFd,
    quote: &mut [u8; QUOTE_BYTES],
) -> Option<Option<(SocketAddr, usize)>> {
    let mut address = zeroed_address();
    let mut control = Control([0; CONTROL_BYTES]);
    let mut buffer = libc::iovec {
        iov_base: quote.as_mut_ptr().cast(),
        iov_len: quote.len(),
    };
    // SAFETY: all zero is a valid value of a struct of numbers and pointers.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = std::ptr::from_mut(&mut address).cast();
    header.msg_namelen = size_of_val(&address) as libc::socklen_t;
    header.msg_iov = &mut buffer;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_BYTES as _;
    // SAFETY: the header leads to live memory of the lengths said in it, all borrowed by us.
    let length = unsafe { libc::recvmsg(fd, &mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    let length = usize::try_from(length).ok()?;
    let is_port_unreachable = error_of(&header).is_some_and(|error| {
        matches!(
            (error.ee_origin, error.ee_type, error.ee_code),
            (
                libc::SO_EE_ORIGIN_ICMP,
                ICMP_DESTINATION_UNREACHABLE,
                ICMP_PORT_UNREACHABLE
            ) | (
                libc::SO_EE_ORIGIN_ICMP6,
                ICMP6_DESTINATION_UNREACHABLE,
                ICMP6_PORT_UNREACHABLE
            )
        )
    });
    let peer = from_system(&address).filter(|_| is_port_unreachable);
    Some(peer.map(|peer| (peer, length.min(QUOTE_BYTES))))
}

fn error_of(header: &libc::msghdr) -> Option<libc::sock_extended_err> {
    // SAFETY: the header is as `recvmsg` left it, so the system's macros walk over whole control
    // messages inside of `msg_control`.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: it is not null, and so a control message.
        let known = unsafe { &*message };
        let is_error = matches!(
            (known.cmsg_level, known.cmsg_type),
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
        );
        if is_error {
            // SAFETY: the data of such a message begins with this struct, maybe not aligned for it.
            let error = unsafe {
                std::ptr::read_unaligned(libc::CMSG_DATA(message).cast::<libc::sock_extended_err>())
            };
            return Some(error);
        }
        // SAFETY: as for the first.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use super::*;
    use crate::sys::{poll, poll_fd};

    #[test]
    fn a_port_that_nobody_has_is_reported_with_the_beginning_of_the_packet() {
        for (address, is_ipv4) in [("127.0.0.1", true), ("::1", false)] {
            let sender = UdpSocket::bind((address, 0)).unwrap();
            watch(sender.as_raw_fd(), is_ipv4);
            let nobody = UdpSocket::bind((address, 0)).unwrap().local_addr().unwrap();
            let packet: Vec<u8> = (0..100).collect();
            sender.send_to(&packet, nobody).unwrap();
            let mut fds = [poll_fd(sender.as_raw_fd(), false, false)];
            poll(&mut fds, Some(Duration::from_secs(10))).unwrap();
            let mut quote = [0; QUOTE_BYTES];
            let report = next(sender.as_raw_fd(), &mut quote);
            assert_eq!(report, Some(Some((nobody, QUOTE_BYTES))));
            assert_eq!(quote, packet[..QUOTE_BYTES]);
            assert_eq!(next(sender.as_raw_fd(), &mut quote), None);
        }
    }
}

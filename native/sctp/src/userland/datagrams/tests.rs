use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr;

use super::segments::{is_refusal, segments};
use super::*;

/// Its sender and its bytes.
type Datagram = (Option<SocketAddr>, Vec<u8>);

fn socket(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    crate::sys::enlarge_buffers(socket.as_raw_fd(), 4 << 20);
    socket
}

fn send_all(outgoing: &mut Outgoing, socket: &UdpSocket, datagrams: &[(SocketAddr, Vec<u8>)]) {
    let mut left = 0;
    while left < datagrams.len() {
        let rest = datagrams[left..].iter();
        let rest = rest.map(|(address, bytes)| (*address, &bytes[..]));
        left += outgoing.send(socket.as_raw_fd(), rest).unwrap();
    }
}

/// Everything that has come, and how many datagrams the system made of it.
fn receive_all(socket: &UdpSocket) -> (Vec<Datagram>, usize) {
    let mut incoming = Incoming::new().unwrap();
    let (mut arrived, mut joined) = (Vec::new(), 0);
    loop {
        let count = incoming.receive(socket.as_raw_fd());
        joined += count;
        for index in 0..count {
            let (from, datagrams) = incoming.get(index);
            arrived.extend(datagrams.map(|bytes| (from, bytes.to_vec())));
        }
        if count < BATCH {
            return (arrived, joined);
        }
    }
}

/// Sizes as those of answers and SACKs, equal ones in a row and mixed ones.
fn sizes() -> Vec<Vec<usize>> {
    let mixed = (0..100).map(|n| 1 + (n * 37) % 1_200).collect();
    let alike = |count| vec![324; count];
    vec![
        vec![324],
        vec![324, 324],
        vec![324, 100, 324, 325, 325, 325, 1],
        alike(16),
        alike(64),
        alike(100),
        vec![1_200; 130],
        mixed,
    ]
}

#[test]
fn datagrams_arrive_whole_and_in_order_with_their_sender_joined_or_not() {
    for address in ["127.0.0.1", "::1"] {
        for sizes in sizes() {
            for joins in [true, false] {
                let (sender, receiver) = (socket(address), socket(address));
                if joins {
                    join_segments(receiver.as_raw_fd());
                }
                let target = receiver.local_addr().unwrap();
                let datagram = |(n, size): (usize, &usize)| (target, vec![n as u8; *size]);
                let datagrams: Vec<_> = sizes.iter().enumerate().map(datagram).collect();
                for may_segment in [true, false] {
                    send_all(&mut Outgoing::new(may_segment), &sender, &datagrams);
                    let (arrived, _) = receive_all(&receiver);
                    let from = sender.local_addr().ok();
                    let expected: Vec<_> = datagrams
                        .iter()
                        .map(|(_, bytes)| (from, bytes.clone()))
                        .collect();
                    assert_eq!(arrived, expected);
                }
            }
        }
    }
}

#[test]
fn equal_datagrams_to_one_address_take_one_trip() {
    let (sender, receiver) = (socket("127.0.0.1"), socket("127.0.0.1"));
    join_segments(receiver.as_raw_fd());
    let target = receiver.local_addr().unwrap();
    let datagrams = vec![(target, vec![7; 324]); 64];
    let mut outgoing = Outgoing::new(true);
    send_all(&mut outgoing, &sender, &datagrams);
    let (arrived, joined) = receive_all(&receiver);
    assert_eq!(arrived.len(), 64);
    if outgoing.refusing.is_empty() {
        assert_eq!((outgoing.runs.len(), joined), (1, 1));
    }
}

#[test]
fn several_receivers_get_their_own() {
    let sender = socket("127.0.0.1");
    let receivers: Vec<UdpSocket> = (0..3).map(|_| socket("127.0.0.1")).collect();
    let datagrams: Vec<_> = (0..90usize)
        .map(|n| {
            (
                receivers[n / 5 % 3].local_addr().unwrap(),
                vec![n as u8; 200],
            )
        })
        .collect();
    send_all(&mut Outgoing::new(true), &sender, &datagrams);
    for (index, receiver) in receivers.iter().enumerate() {
        let arrived = receive_all(receiver)
            .0
            .into_iter()
            .map(|(_, bytes)| usize::from(bytes[0]));
        let expected = (0..90).filter(|n| n / 5 % 3 == index);
        assert!(arrived.eq(expected));
    }
}

#[test]
fn a_socket_that_refuses_segments_sends_one_by_one_and_is_not_asked_again() {
    let (sender, receiver) = (socket("127.0.0.1"), socket("127.0.0.1"));
    // Without checksums there are no segments: the system says EINVAL.
    let on: libc::c_int = 1;
    // SAFETY: the system reads four octets of `on`.
    let result = unsafe {
        let value = ptr::from_ref(&on).cast();
        libc::setsockopt(
            sender.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NO_CHECK,
            value,
            4,
        )
    };
    assert_eq!(result, 0);
    let target = receiver.local_addr().unwrap();
    let datagrams: Vec<_> = (0..20).map(|n| (target, vec![n; 324])).collect();
    let mut outgoing = Outgoing::new(true);
    for _ in 0..2 {
        send_all(&mut outgoing, &sender, &datagrams);
        assert_eq!(outgoing.refusing, [sender.as_raw_fd()]);
        assert_eq!(outgoing.runs, [1; 20]);
        let arrived = receive_all(&receiver)
            .0
            .into_iter()
            .map(|(_, bytes)| bytes[0]);
        assert!(arrived.eq(0..20));
    }
}

#[test]
fn what_says_that_segments_are_refused() {
    for code in [libc::EIO, libc::EINVAL, libc::EOPNOTSUPP] {
        assert!(is_refusal(&io::Error::from_raw_os_error(code)));
    }
    for code in [libc::EAGAIN, libc::ECONNREFUSED, libc::ENOBUFS] {
        assert!(!is_refusal(&io::Error::from_raw_os_error(code)));
    }
}

#[test]
fn a_joined_datagram_is_cut_whatever_the_size_says() {
    let cut = |length: usize, size| {
        segments(&vec![7; length], size)
            .map(<[u8]>::len)
            .collect::<Vec<_>>()
    };
    assert_eq!(cut(10, Some(4)), [4, 4, 2]);
    assert_eq!(cut(8, Some(4)), [4, 4]);
    assert_eq!(cut(3, Some(4)), [3]);
    assert_eq!(cut(3, None), [3]);
    assert_eq!(cut(3, Some(0)), [3]);
    assert!(cut(0, Some(4)).is_empty() && cut(0, None).is_empty());
}

#[test]
fn the_longest_datagram_fits_and_a_longer_one_is_an_error() {
    let (sender, receiver) = (socket("127.0.0.1"), socket("127.0.0.1"));
    let target = receiver.local_addr().unwrap();
    let mut outgoing = Outgoing::new(true);
    for (length, is_sent) in [(65_507, true), (65_508, false)] {
        let bytes = vec![7; length];
        let sent = outgoing.send(sender.as_raw_fd(), std::iter::once((target, &bytes[..])));
        assert_eq!(sent.is_ok(), is_sent);
    }
    let (arrived, _) = receive_all(&receiver);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].1.len(), 65_507);
}

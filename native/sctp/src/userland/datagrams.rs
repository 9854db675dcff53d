//! Datagrams in batches: one system call for up to [`BATCH`] of them, in memory that is set up once
//! (`recvmmsg`, `sendmmsg`). What they are is the link's business.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::RawFd;
use std::ptr;

use crate::pages::Pages;

/// Enough that the call itself costs little, few enough to stay in the cache.
pub(crate) const BATCH: usize = 64;

/// No datagram is longer.
const DATAGRAM_BYTES: usize = 65_536;

/// Room for a batch that comes in.
pub(crate) struct Incoming {
    bytes: Pages,
    addresses: Box<[libc::sockaddr_storage]>,
    /// The headers point to these, and those to `bytes`.
    _buffers: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
}

// SAFETY: the pointers in there lead to memory that it owns and that does not move with it.
unsafe impl Send for Incoming {}

impl Incoming {
    pub fn new() -> io::Result<Self> {
        let mut bytes = Pages::map(BATCH * DATAGRAM_BYTES)?;
        let mut addresses = vec![zeroed_address(); BATCH].into_boxed_slice();
        let mut buffers: Box<[libc::iovec]> = bytes
            .bytes()
            .chunks_exact_mut(DATAGRAM_BYTES)
            .map(|room| buffer(room.as_mut_ptr(), room.len()))
            .collect();
        let headers = addresses
            .iter_mut()
            .zip(buffers.iter_mut())
            .map(|(address, buffer)| header(address, buffer))
            .collect();
        Ok(Incoming {
            bytes,
            addresses,
            _buffers: buffers,
            headers,
        })
    }

    /// Reads what is there, without waiting; how many datagrams that were. Fewer than [`BATCH`]:
    /// there are no more. An error that the socket reports is over with it, like nothing there.
    pub fn receive(&mut self, fd: RawFd) -> usize {
        // SAFETY: there are BATCH headers, whose pointers lead to memory of the lengths said in
        // them, owned and exclusively borrowed by us.
        let count = unsafe {
            libc::recvmmsg(
                fd,
                self.headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// Sender and bytes of a datagram of the last batch.
    pub fn get(&mut self, index: usize) -> (Option<SocketAddr>, &[u8]) {
        let header = &mut self.headers[index];
        header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        let start = index * DATAGRAM_BYTES;
        let length = (header.msg_len as usize).min(DATAGRAM_BYTES);
        let bytes = &self.bytes.bytes()[start..start + length];
        (from_system(&self.addresses[index]), bytes)
    }
}

/// Room for the headers of a batch that goes out.
pub(crate) struct Outgoing {
    addresses: Vec<libc::sockaddr_storage>,
    buffers: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: what its pointers lead to is used in `send` only, which fills them in anew.
unsafe impl Send for Outgoing {}

impl Outgoing {
    pub fn new() -> Self {
        Outgoing {
            addresses: Vec::with_capacity(BATCH),
            buffers: Vec::with_capacity(BATCH),
            headers: Vec::with_capacity(BATCH),
        }
    }

    /// Sends up to [`BATCH`] datagrams, without waiting; how many of them left. The error is that of
    /// the first.
    pub fn send<'a>(
        &mut self,
        fd: RawFd,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
    ) -> io::Result<usize> {
        self.addresses.clear();
        self.buffers.clear();
        self.headers.clear();
        for (address, bytes) in datagrams.take(BATCH) {
            self.addresses.push(to_system(address));
            self.buffers
                .push(buffer(bytes.as_ptr().cast_mut(), bytes.len()));
        }
        let places = self.addresses.iter_mut().zip(&mut self.buffers);
        self.headers
            .extend(places.map(|(address, buffer)| header(address, buffer)));
        // SAFETY: the headers lead to the addresses and buffers of this very call, and these to
        // slices that outlive it; the system only reads them.
        let count = unsafe {
            libc::sendmmsg(
                fd,
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    }
}

fn buffer(start: *mut u8, length: usize) -> libc::iovec {
    libc::iovec {
        iov_base: start.cast(),
        iov_len: length,
    }
}

fn header(address: &mut libc::sockaddr_storage, buffer: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: all zero is a valid value of a struct of numbers and pointers.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = ptr::from_mut(address).cast();
    header.msg_hdr.msg_namelen = match i32::from(address.ss_family) {
        libc::AF_INET => size_of::<libc::sockaddr_in>() as libc::socklen_t,
        _ => size_of::<libc::sockaddr_storage>() as libc::socklen_t,
    };
    header.msg_hdr.msg_iov = buffer;
    header.msg_hdr.msg_iovlen = 1;
    header
}

pub(crate) fn zeroed_address() -> libc::sockaddr_storage {
    // SAFETY: all zero is a valid value of a struct of numbers.
    unsafe { std::mem::zeroed() }
}

pub(crate) fn to_system(address: SocketAddr) -> libc::sockaddr_storage {
    let mut storage = zeroed_address();
    match address {
        SocketAddr::V4(address) => {
            let place = ptr::from_mut(&mut storage).cast::<libc::sockaddr_in>();
            // SAFETY: the storage is made to hold either kind of address, and aligned for it.
            let place = unsafe { &mut *place };
            place.sin_family = libc::AF_INET as libc::sa_family_t;
            place.sin_port = address.port().to_be();
            place.sin_addr.s_addr = u32::from(*address.ip()).to_be();
        }
        SocketAddr::V6(address) => {
            let place = ptr::from_mut(&mut storage).cast::<libc::sockaddr_in6>();
            // SAFETY: as above.
            let place = unsafe { &mut *place };
            place.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            place.sin6_port = address.port().to_be();
            place.sin6_addr.s6_addr = address.ip().octets();
            place.sin6_flowinfo = address.flowinfo();
            place.sin6_scope_id = address.scope_id();
        }
    }
    storage
}

pub(crate) fn from_system(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which of the two kinds of address the storage holds.
            let address = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            let port = u16::from_be(address.sin_port);
            Some(SocketAddr::V4(SocketAddrV4::new(ip, port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let address = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
            let port = u16::from_be(address.sin6_port);
            match IpAddr::V6(ip).to_canonical() {
                IpAddr::V4(ip) => Some(SocketAddr::V4(SocketAddrV4::new(ip, port))),
                IpAddr::V6(_) => Some(SocketAddr::V6(SocketAddrV6::new(
                    ip,
                    port,
                    address.sin6_flowinfo,
                    address.sin6_scope_id,
                ))),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use super::*;

    fn socket(address: &str) -> UdpSocket {
        UdpSocket::bind((address, 0)).unwrap()
    }

    #[test]
    fn a_batch_arrives_as_it_was_sent_with_its_sender() {
        for address in ["127.0.0.1", "::1"] {
            let (sender, receiver) = (socket(address), socket(address));
            let target = receiver.local_addr().unwrap();
            let datagrams: Vec<Vec<u8>> =
                (0..BATCH + 3).map(|n| vec![n as u8; 1 + 20 * n]).collect();
            let mut outgoing = Outgoing::new();
            let mut left = 0;
            while left < datagrams.len() {
                let rest = datagrams[left..].iter().map(|bytes| (target, &bytes[..]));
                left += outgoing.send(sender.as_raw_fd(), rest).unwrap();
            }
            let mut incoming = Incoming::new().unwrap();
            let mut arrived = Vec::new();
            for expected in [BATCH, 3, 0] {
                let count = incoming.receive(receiver.as_raw_fd());
                assert_eq!(count, expected);
                for index in 0..count {
                    let (from, bytes) = incoming.get(index);
                    assert_eq!(from, Some(sender.local_addr().unwrap()));
                    arrived.push(bytes.to_vec());
                }
            }
            assert_eq!(arrived, datagrams);
        }
    }

    #[test]
    fn the_longest_datagram_fits_and_a_longer_one_is_an_error() {
        let (sender, receiver) = (socket("127.0.0.1"), socket("127.0.0.1"));
        let target = receiver.local_addr().unwrap();
        let mut outgoing = Outgoing::new();
        for (length, is_sent) in [(65_507, true), (65_508, false)] {
            let bytes = vec![7; length];
            let sent = outgoing.send(sender.as_raw_fd(), std::iter::once((target, &bytes[..])));
            assert_eq!(sent.is_ok(), is_sent);
        }
        let mut incoming = Incoming::new().unwrap();
        assert_eq!(incoming.receive(receiver.as_raw_fd()), 1);
        assert_eq!(incoming.get(0).1.len(), 65_507);
    }
}

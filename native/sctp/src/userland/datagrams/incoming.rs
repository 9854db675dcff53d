//! Datagrams that come in.

use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::ptr;

use super::segments::{Control, NO_CONTROL, joined_bytes, segments};
use super::{BATCH, buffer, header};
use crate::pages::Pages;
use crate::userland::socket_address::{from_system, zeroed_address};

/// No datagram is longer, joined or not.
const DATAGRAM_BYTES: usize = 65_536;

/// Room for a batch that comes in.
pub(crate) struct Incoming {
    bytes: Pages,
    addresses: Box<[libc::sockaddr_storage]>,
    controls: Box<[Control]>,
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
        let mut controls = vec![NO_CONTROL; BATCH].into_boxed_slice();
        let mut buffers: Box<[libc::iovec]> = bytes
            .bytes()
            .chunks_exact_mut(DATAGRAM_BYTES)
            .map(|room| buffer(room.as_mut_ptr(), room.len()))
            .collect();
        let headers = addresses
            .iter_mut()
            .zip(buffers.iter_mut())
            .zip(controls.iter_mut())
            .map(|((address, buffer), control)| {
                let mut header = header(address, buffer, 1);
                header.msg_hdr.msg_control = ptr::from_mut(control).cast();
                header
            })
            .collect();
        Ok(Incoming {
            bytes,
            addresses,
            controls,
            _buffers: buffers,
            headers,
        })
    }

    /// Reads what is there, without waiting; how many datagrams that were. Fewer than [`BATCH`]:
    /// there are no more. An error that the socket reports is over with it, like nothing there.
    pub fn receive(&mut self, fd: RawFd) -> usize {
        for header in &mut self.headers {
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
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

    /// Sender of a datagram of the last batch, and its bytes or, if it is several that were joined, those of each.
    pub fn get(&mut self, index: usize) -> (Option<SocketAddr>, impl Iterator<Item = &[u8]>) {
        let header = &mut self.headers[index];
        header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        let has_control = header.msg_hdr.msg_controllen > 0;
        let control = &self.controls[index];
        let segment = has_control.then(|| joined_bytes(control)).flatten();
        let start = index * DATAGRAM_BYTES;
        let length = (header.msg_len as usize).min(DATAGRAM_BYTES);
        let bytes = &self.bytes.bytes()[start..start + length];
        (
            from_system(&self.addresses[index]),
            segments(bytes, segment),
        )
    }
}

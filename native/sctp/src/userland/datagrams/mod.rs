//! Datagrams in batches: one system call for up to [`BATCH`] of them, in memory that is set up once
//! (`recvmmsg`, `sendmmsg`). What they are is the link's business.
//!
//! Over UDP consecutive datagrams of one size to one address leave as one large datagram, which the system cuts
//! into segments as late as it can (`UDP_SEGMENT`), and come in joined likewise (`UDP_GRO`): the way through the
//! stack costs far more than the call does. Where the system or a device does not do so they go one by one.

mod incoming;
mod outgoing;
mod segments;
#[cfg(test)]
mod tests;

use std::ptr;

pub(crate) use incoming::Incoming;
pub(crate) use outgoing::Outgoing;
pub(crate) use segments::join_segments;

/// Enough that the call itself costs little, few enough to stay in the cache.
pub(crate) const BATCH: usize = 64;

fn buffer(start: *mut u8, length: usize) -> libc::iovec {
    libc::iovec {
        iov_base: start.cast(),
        iov_len: length,
    }
}

/// `buffers`: the first of `count`.
fn header(
    address: &mut libc::sockaddr_storage,
    buffers: *mut libc::iovec,
    count: usize,
) -> libc::mmsghdr {
    // SAFETY: all zero is a valid value of a struct of numbers and pointers.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = ptr::from_mut(address).cast();
    header.msg_hdr.msg_namelen = match i32::from(address.ss_family) {
        libc::AF_INET => size_of::<libc::sockaddr_in>() as libc::socklen_t,
        _ => size_of::<libc::sockaddr_storage>() as libc::socklen_t,
    };
    header.msg_hdr.msg_iov = buffers;
    header.msg_hdr.msg_iovlen = count as _;
    header
}

//! The system calls on SCTP sockets. All `unsafe` of the kernel backend; layouts are `abi.rs`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::kernel::abi::{RECEIVE_CONTROL_BYTES, SEND_CONTROL_BYTES, option};

/// Messages, or parts of them, read by one system call.
pub(crate) const RECEIVE_SLOTS: usize = 32;
/// Longer messages are read in parts.
const SLOT_BYTES: usize = 16 << 10;
/// Messages sent by one system call.
pub(crate) const SEND_SLOTS: usize = 64;
const NAME_BYTES: usize = 28;

/// A one-to-many SCTP socket that never waits.
pub(crate) fn socket(is_ipv6: bool) -> io::Result<OwnedFd> {
    let family = if is_ipv6 {
        libc::AF_INET6
    } else {
        libc::AF_INET
    };
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: no pointers are involved.
    let fd = checked(unsafe { libc::socket(family, kind, libc::IPPROTO_SCTP) })?;
    // SAFETY: a file descriptor that was just made and that nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Backlog 0 ends the listening.
pub(crate) fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    // SAFETY: no pointers are involved.
    checked(unsafe { libc::listen(fd.as_raw_fd(), backlog) }).map(|_| ())
}

pub(crate) fn set_option(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: &[u8],
) -> io::Result<()> {
    let (start, length) = (value.as_ptr().cast(), value.len() as libc::socklen_t);
    // SAFETY: the kernel reads at most `length` octets of `value`, which is alive.
    checked(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, start, length) }).map(|_| ())
}

/// Reads an option into `value`, which is also what it is asked with.
pub(crate) fn get_option(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: &mut [u8],
) -> io::Result<()> {
    let mut length = value.len() as libc::socklen_t;
    let start = value.as_mut_ptr().cast();
    // SAFETY: the kernel writes at most `length` octets to `value`, which is borrowed exclusively.
    let result = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, start, &raw mut length) };
    checked(result).map(|_| ())
}

/// `sctp_connectx` without waiting: the identifier of the association that is on its way.
pub(crate) fn connectx(fd: BorrowedFd<'_>, addresses: &[u8]) -> io::Result<i32> {
    /// `struct sctp_getaddrs_old`, which tells the identifier although the call would wait.
    #[repr(C)]
    struct Request {
        association: i32,
        bytes: i32,
        addresses: *const u8,
    }
    let mut request = Request {
        association: 0,
        bytes: addresses.len() as i32,
        addresses: addresses.as_ptr(),
    };
    let mut length = size_of::<Request>() as libc::socklen_t;
    let start = (&raw mut request).cast();
    // SAFETY: the kernel reads `bytes` octets at `addresses`, which is alive, and writes an
    // identifier, shorter than `length`, to `request`.
    let result = checked(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::IPPROTO_SCTP,
            option::CONNECTX,
            start,
            &raw mut length,
        )
    });
    match result {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(request.association),
    }
}

/// A message on its way out.
pub(crate) struct Outgoing<'a> {
    pub payload: &'a [u8],
    pub control: [u8; SEND_CONTROL_BYTES],
}

/// Sends messages in order until one is not taken; how many were. An error is the first one's.
pub(crate) fn send(fd: BorrowedFd<'_>, messages: &[Outgoing<'_>]) -> io::Result<usize> {
    let count = messages.len().min(SEND_SLOTS);
    let mut vectors = [libc::iovec {
        iov_base: std::ptr::null_mut(),
        iov_len: 0,
    }; SEND_SLOTS];
    let mut headers = [empty_header(); SEND_SLOTS];
    for (index, message) in messages[..count].iter().enumerate() {
        vectors[index] = libc::iovec {
            iov_base: message.payload.as_ptr().cast_mut().cast(),
            iov_len: message.payload.len(),
        };
        let header = &mut headers[index].msg_hdr;
        header.msg_iov = &raw mut vectors[index];
        header.msg_iovlen = 1;
        header.msg_control = message.control.as_ptr().cast_mut().cast();
        header.msg_controllen = SEND_CONTROL_BYTES as _;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the first `count` headers point to a vector and a control message each, both alive;
    // the vectors to payloads that are alive. The kernel writes to `msg_len` of the headers only.
    let sent = checked(unsafe {
        libc::sendmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count as u32,
            flags as _,
        )
    })?;
    Ok(sent as usize)
}

/// What one slot received.
pub(crate) struct Incoming<'a> {
    pub bytes: &'a [u8],
    pub control: &'a [u8],
    /// `sockaddr` of the peer.
    pub name: &'a [u8],
    pub is_notification: bool,
    /// The message, or notification, ends here.
    pub is_last: bool,
}

/// The memory that a batch is received into.
pub(crate) struct Mailbox {
    bytes: Box<[u8]>,
    controls: Box<[[u8; RECEIVE_CONTROL_BYTES]; RECEIVE_SLOTS]>,
    names: Box<[[u8; NAME_BYTES]; RECEIVE_SLOTS]>,
    slots: [Slot; RECEIVE_SLOTS],
}

#[derive(Clone, Copy, Default)]
struct Slot {
    bytes: usize,
    control: usize,
    name: usize,
    flags: i32,
}

impl Mailbox {
    pub fn new() -> Self {
        Mailbox {
            bytes: vec![0; RECEIVE_SLOTS * SLOT_BYTES].into_boxed_slice(),
            controls: Box::new([[0; RECEIVE_CONTROL_BYTES]; RECEIVE_SLOTS]),
            names: Box::new([[0; NAME_BYTES]; RECEIVE_SLOTS]),
            slots: [Slot::default(); RECEIVE_SLOTS],
        }
    }

    /// Receives what is there, up to a batch; how many slots were filled.
    #[allow(
        clippy::unnecessary_cast,
        reason = "msg_controllen is no usize with musl"
    )]
    pub fn receive(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        let mut vectors = [libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: SLOT_BYTES,
        }; RECEIVE_SLOTS];
        let mut headers = [empty_header(); RECEIVE_SLOTS];
        let memory = self.bytes.chunks_exact_mut(SLOT_BYTES);
        let memory = memory.zip(self.controls.iter_mut().zip(self.names.iter_mut()));
        let places = headers.iter_mut().zip(vectors.iter_mut());
        for ((header, vector), (bytes, (control, name))) in places.zip(memory) {
            vector.iov_base = bytes.as_mut_ptr().cast();
            let header = &mut header.msg_hdr;
            header.msg_name = name.as_mut_ptr().cast();
            header.msg_namelen = NAME_BYTES as libc::socklen_t;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = RECEIVE_CONTROL_BYTES as _;
        }
        // SAFETY: every header points to a name, a control buffer and a vector of its own, each
        // with its length; the vectors to slots of `SLOT_BYTES`. All of it is borrowed exclusively
        // from `self` or local, and outlives the call.
        let received = checked(unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                headers.as_mut_ptr(),
                RECEIVE_SLOTS as u32,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        })? as usize;
        for (slot, header) in self.slots.iter_mut().zip(&headers[..received]) {
            *slot = Slot {
                bytes: (header.msg_len as usize).min(SLOT_BYTES),
                control: (header.msg_hdr.msg_controllen as usize).min(RECEIVE_CONTROL_BYTES),
                name: (header.msg_hdr.msg_namelen as usize).min(NAME_BYTES),
                flags: header.msg_hdr.msg_flags,
            };
        }
        Ok(received)
    }

    /// What the last `receive` put into a slot.
    pub fn incoming(&self, index: usize) -> Incoming<'_> {
        /// `MSG_NOTIFICATION` of `linux/sctp.h`.
        const NOTIFICATION: i32 = 0x8000;
        let slot = self.slots[index];
        Incoming {
            bytes: &self.bytes[index * SLOT_BYTES..][..slot.bytes],
            control: &self.controls[index][..slot.control],
            name: &self.names[index][..slot.name],
            is_notification: slot.flags & NOTIFICATION != 0,
            is_last: slot.flags & libc::MSG_EOR != 0,
        }
    }
}

fn empty_header() -> libc::mmsghdr {
    // SAFETY: a plain C structure of integers and pointers, for which all zero is a value.
    unsafe { std::mem::zeroed() }
}

fn checked(result: i32) -> io::Result<i32> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

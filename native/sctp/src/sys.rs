//! The system calls that `std` does not offer. `unsafe` is only here, in `pages.rs`, `kernel/sys.rs` and
//! `userland/datagrams.rs`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::userland::to_system;

/// What to wait for on a file descriptor.
pub(crate) type PollFd = libc::pollfd;

pub(crate) fn poll_fd(fd: RawFd, read: bool, write: bool) -> PollFd {
    let read = if read { libc::POLLIN } else { 0 };
    let write = if write { libc::POLLOUT } else { 0 };
    PollFd {
        fd,
        events: read | write,
        revents: 0,
    }
}

/// Sleeps until one of `fds` is ready, the time is over or a signal came. `None`: no time limit.
pub(crate) fn poll(fds: &mut [PollFd], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|timeout| libc::timespec {
        tv_sec: timeout.as_secs().min(86_400) as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let timeout = timeout
        .as_ref()
        .map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `fds` is a live, exclusively borrowed array of its length; `timeout` is null or
    // points to a timespec that outlives the call; a null signal mask is allowed.
    let result = unsafe {
        libc::ppoll(
            fds.as_mut_ptr(),
            fds.len() as libc::nfds_t,
            timeout,
            std::ptr::null(),
        )
    };
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// A raw socket of an IP protocol on one local address.
pub(crate) fn raw_socket(address: IpAddr, protocol: u16) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::socket(family, kind, protocol.into()) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just given us this descriptor, and nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let name = to_system(SocketAddr::new(address, 0));
    // SAFETY: `name` is a live address, and not shorter than what is said.
    let result = unsafe {
        libc::bind(
            fd,
            std::ptr::from_ref(&name).cast(),
            size_of_val(&name) as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(socket)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A netlink socket that is told of changes of interfaces and their addresses; reading does not wait.
pub(crate) fn route_notifications() -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just given us this descriptor, which nothing else owns.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: a plain C structure of integers, for which all zero is a value.
    let mut name: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
    name.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    name.nl_groups =
        (libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR) as u32;
    let size = size_of_val(&name) as libc::socklen_t;
    // SAFETY: `name` is a live address of `size` octets.
    let result = unsafe { libc::bind(fd, std::ptr::from_ref(&name).cast(), size) };
    if result == 0 {
        Ok(socket)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Receives one datagram, of which what exceeds `buffer` is lost.
pub(crate) fn receive(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the kernel writes at most `len` octets to `buffer`, which is borrowed exclusively.
    let received = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    usize::try_from(received).map_err(|_| io::Error::last_os_error())
}

/// Asks for socket buffers of `bytes`. The system may give less: beyond its own limit only to root.
pub(crate) fn enlarge_buffers(fd: RawFd, bytes: i32) {
    for (force, usual) in [
        (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF),
        (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF),
    ] {
        if !set_socket_option(fd, force, bytes) {
            set_socket_option(fd, usual, bytes);
        }
    }
}

fn set_socket_option(fd: RawFd, name: i32, value: i32) -> bool {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the value is a live i32 and `size` is its size; a wrong descriptor is an error, not
    // undefined behaviour.
    let result = unsafe {
        libc::setsockopt(
            fd,
            libc::SOL_SOCKET,
            name,
            std::ptr::from_ref(&value).cast(),
            size,
        )
    };
    result == 0
}

//! SCTP over UDP (RFC 6951): its sockets.

use std::io::ErrorKind as IoErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use crate::error::{ErrorKind, StackError};
use crate::sys;
use crate::userland::error_queue;
use crate::userland::link::{BUFFER_BYTES, Framing, SocketLink};

/// Binds `udp_port` on every address; 0: a port that is free on all of them. The link, and the port.
pub(crate) fn bind(addresses: &[IpAddr], udp_port: u16) -> Result<(SocketLink, u16), StackError> {
    const ATTEMPTS: usize = 16;
    let mut result = bind_all(addresses, udp_port);
    for _ in 1..ATTEMPTS {
        match &result {
            Err(error) if udp_port == 0 && error.kind() == ErrorKind::UdpPortInUse => {
                result = bind_all(addresses, udp_port);
            }
            _ => break,
        }
    }
    let (sockets, udp_port) = result?;
    Ok((SocketLink::new(sockets, Framing::Udp)?, udp_port))
}

fn bind_all(addresses: &[IpAddr], udp_port: u16) -> Result<(Vec<OwnedFd>, u16), StackError> {
    let mut port = udp_port;
    let mut sockets = Vec::new();
    for &address in addresses {
        let socket = bind_one(address, port)?;
        let bound = socket.local_addr();
        port = bound
            .map_err(|error| bind_error(address, port, &error))?
            .port();
        sockets.push(OwnedFd::from(socket));
    }
    Ok((sockets, port))
}

/// Binds `udp_port` on one address.
pub(crate) fn bind_one(address: IpAddr, udp_port: u16) -> Result<UdpSocket, StackError> {
    let socket = UdpSocket::bind((address, udp_port))
        .map_err(|error| bind_error(address, udp_port, &error))?;
    sys::enlarge_buffers(socket.as_raw_fd(), BUFFER_BYTES);
    error_queue::watch(socket.as_raw_fd(), address.is_ipv4());
    Ok(socket)
}

fn bind_error(address: IpAddr, udp_port: u16, error: &std::io::Error) -> StackError {
    let (kind, sentence) = match error.kind() {
        IoErrorKind::AddrNotAvailable => return StackError::address_not_local(address),
        IoErrorKind::AddrInUse => (
            ErrorKind::UdpPortInUse,
            format!(
                "UDP port {udp_port} on {address} is in use: stop the other program, or choose \
                 another port or address."
            ),
        ),
        IoErrorKind::PermissionDenied => (
            ErrorKind::PermissionDenied,
            format!(
                "No permission to use UDP port {udp_port} on {address}. Choose one above 1023."
            ),
        ),
        _ => (
            ErrorKind::System,
            format!("The system refused UDP port {udp_port} on {address}: {error}."),
        ),
    };
    StackError::new(kind, sentence)
}

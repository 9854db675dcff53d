//! What is said when the kernel gives no socket, or not the one that is wanted.

use std::io;
use std::net::IpAddr;

use crate::error::{ErrorKind, StackError};

pub(super) fn no_socket(is_ipv6: bool, error: &io::Error) -> StackError {
    let family = if is_ipv6 { "IPv6" } else { "IPv4" };
    let sentence = format!(
        "This kernel has no SCTP support for {family} ({error}). Load its module with \
         \"modprobe sctp\", or use the transport udp."
    );
    StackError::new(ErrorKind::System, sentence)
}

pub(super) fn bind_error(address: IpAddr, port: u16, error: &io::Error) -> StackError {
    let (kind, sentence) = match error.kind() {
        io::ErrorKind::AddrNotAvailable => (
            ErrorKind::AddressNotLocal,
            format!("{address} is not an address of this machine. Use one of its own."),
        ),
        io::ErrorKind::AddrInUse => (
            ErrorKind::PortInUse,
            format!(
                "SCTP port {port} on {address} is in use: stop the other program, or choose \
                 another port or address."
            ),
        ),
        io::ErrorKind::PermissionDenied => (
            ErrorKind::PermissionDenied,
            format!("No permission to use SCTP port {port} on {address}. Choose one above 1023."),
        ),
        _ => (
            ErrorKind::System,
            format!("The system refused SCTP port {port} on {address}: {error}."),
        ),
    };
    StackError::new(kind, sentence)
}

pub(super) fn listen_error(error: &io::Error) -> StackError {
    if error.raw_os_error() == Some(libc::ENOSYS) {
        let sentence = "The kernel lacks the algorithm of net.sctp.cookie_hmac_alg: load its \
                        module, or set another (sysctl net.sctp.cookie_hmac_alg=sha1).";
        return StackError::new(ErrorKind::System, sentence);
    }
    StackError::system("listen for SCTP associations", error)
}

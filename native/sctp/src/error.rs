//! Everything a caller can get wrong, as one type with a stable code and a sentence that says what
//! to do.

use std::fmt;
use std::net::IpAddr;

use crate::options::STREAMS;

/// What went wrong. `code` of [`StackError`] is its name in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A local address is not configured on this machine.
    AddressNotLocal,
    /// Another socket uses the UDP port.
    UdpPortInUse,
    /// The operating system does not let this process have the socket.
    PermissionDenied,
    /// The kernel speaks SCTP itself, so raw sockets cannot.
    KernelSctp,
    /// Raw sockets are not for this process.
    NoRawSockets,
    /// Another endpoint of this stack uses the SCTP port.
    PortInUse,
    /// The SCTP port has not been opened on this stack.
    UnknownEndpoint,
    /// The limit on associations is reached.
    NoRoom,
    /// No local address has the family of any of the peer's addresses.
    NoRoute,
    /// A setting has no usable value.
    InvalidOption,
    /// A user message has no bytes (RFC 9260 §3.3.1 forbids it).
    MessageEmpty,
    /// A user message is longer than `max_message_bytes`.
    MessageTooLong,
    /// The caller's buffers could never hold the next event.
    ArenaTooSmall,
    /// The stack has been closed.
    Closed,
    /// Anything else that the operating system refused.
    System,
}

/// An error with a stable [`code`](StackError::code); its text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackError {
    kind: ErrorKind,
    message: String,
}

impl StackError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        StackError {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn address_not_local(address: IpAddr) -> Self {
        let sentence = format!("{address} is not an address of this machine. Use one of its own.");
        Self::new(ErrorKind::AddressNotLocal, sentence)
    }

    pub(crate) fn port_in_use(port: u16) -> Self {
        let sentence = format!("SCTP port {port} is in use on this stack: choose another.");
        Self::new(ErrorKind::PortInUse, sentence)
    }

    pub(crate) fn every_port_in_use() -> Self {
        Self::new(
            ErrorKind::PortInUse,
            "Every SCTP port is in use: close endpoints first.",
        )
    }

    pub(crate) fn unknown_endpoint(port: u16) -> Self {
        let sentence = format!("SCTP port {port} is not open on this stack: open it first.");
        Self::new(ErrorKind::UnknownEndpoint, sentence)
    }

    pub(crate) fn unknown_stream(stream: u16) -> Self {
        let sentence = format!(
            "Stream {stream} does not exist: they are 0 to {}.",
            STREAMS - 1
        );
        Self::new(ErrorKind::InvalidOption, sentence)
    }

    pub(crate) fn no_room(limit: usize) -> Self {
        let sentence = format!("The stack has {limit} associations: raise maxAssociations.");
        Self::new(ErrorKind::NoRoom, sentence)
    }

    pub(crate) fn no_route() -> Self {
        let sentence = "No local address has the family (IPv4 or IPv6) of the peer's addresses.";
        Self::new(ErrorKind::NoRoute, sentence)
    }

    pub(crate) fn message_empty() -> Self {
        let sentence = "A user message needs at least one byte (RFC 9260 §3.3.1).";
        Self::new(ErrorKind::MessageEmpty, sentence)
    }

    pub(crate) fn message_too_long(length: usize, limit: usize) -> Self {
        let sentence = format!("The message has {length} bytes; at most {limit} are allowed.");
        Self::new(ErrorKind::MessageTooLong, sentence)
    }

    pub(crate) fn arena_too_small(max_message_bytes: usize) -> Self {
        let bytes = max_message_bytes.max(4_096) + 4;
        let sentence = format!("The next event does not fit: give an arena of {bytes} bytes.");
        Self::new(ErrorKind::ArenaTooSmall, sentence)
    }

    pub(crate) fn thread_ended() -> Self {
        let sentence = "The I/O thread ended unexpectedly: close the stack and start another.";
        Self::new(ErrorKind::System, sentence)
    }

    pub(crate) fn closed() -> Self {
        Self::new(
            ErrorKind::Closed,
            "The SCTP stack has been closed: start another.",
        )
    }

    pub(crate) fn system(what: &str, error: &std::io::Error) -> Self {
        let sentence = format!("Cannot {what}: {error}.");
        Self::new(ErrorKind::System, sentence)
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable name of the kind, such as `UDP_PORT_IN_USE`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::AddressNotLocal => "ADDRESS_NOT_LOCAL",
            ErrorKind::UdpPortInUse => "UDP_PORT_IN_USE",
            ErrorKind::PermissionDenied => "PERMISSION_DENIED",
            ErrorKind::KernelSctp => "KERNEL_SCTP",
            ErrorKind::NoRawSockets => "NO_RAW_SOCKETS",
            ErrorKind::PortInUse => "PORT_IN_USE",
            ErrorKind::UnknownEndpoint => "UNKNOWN_ENDPOINT",
            ErrorKind::NoRoom => "NO_ROOM",
            ErrorKind::NoRoute => "NO_ROUTE",
            ErrorKind::InvalidOption => "INVALID_OPTION",
            ErrorKind::MessageEmpty => "MESSAGE_EMPTY",
            ErrorKind::MessageTooLong => "MESSAGE_TOO_LONG",
            ErrorKind::ArenaTooSmall => "ARENA_TOO_SMALL",
            ErrorKind::Closed => "CLOSED",
            ErrorKind::System => "SYSTEM",
        }
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for StackError {}

//! Everything a caller can get wrong, as one type with a stable code and a sentence that says what to do.

use std::fmt;

/// What went wrong. `code` of [`StackError`] is its name in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A local address is not configured on this machine.
    AddressNotLocal,
    /// Another socket uses the UDP port.
    UdpPortInUse,
    /// The operating system does not let this process have the socket.
    PermissionDenied,
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
        StackError { kind, message: message.into() }
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

//! What the handlespace refuses, each with a stable code for programs and, where RFC 5354 has one, the
//! cause that says the same on the wire. Messages are for people.

use std::fmt;

/// Why an operation was refused. Nothing has changed when one of these comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The pool handle has no bytes, or more than `Limits::max_pool_handle_bytes`.
    PoolHandleLength { bytes: usize, limit: usize },
    /// Pool element identifier 0 names nobody (RFC 5354 §3.14; rsplib refuses it too).
    ZeroIdentifier,
    /// The policy's number is in no row of the policy table.
    UnknownPolicy { number: u32 },
    /// The pool uses another policy (RFC 5352 §3.1).
    InconsistentPolicy { pool: u32 },
    /// The pool's elements use another kind of user transport (RFC 5352 §3.1).
    InconsistentTransport { pool: u32 },
    /// The pool's elements disagree about the control channel (RFC 5352 §3.1).
    InconsistentControl { pool: bool },
    /// `Limits::max_pools` are there already.
    TooManyPools { limit: usize },
    /// `Limits::max_elements` are there already.
    TooManyElements { limit: usize },
    /// A record, annex or preface that cannot be kept: too long for an answer, lead outside the record,
    /// or no room for the home registrar's identifier.
    Record { reason: &'static str },
}

/// The answer takes `needed` bytes and the caller gave fewer. Nothing was selected. Not an `Error`, since
/// what a resolution returns should fit into registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputTooSmall {
    pub needed: usize,
}

impl Error {
    /// Stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::PoolHandleLength { .. } => "POOL_HANDLE_LENGTH",
            Error::ZeroIdentifier => "ZERO_IDENTIFIER",
            Error::UnknownPolicy { .. } => "UNKNOWN_POLICY",
            Error::InconsistentPolicy { .. } => "INCONSISTENT_POLICY",
            Error::InconsistentTransport { .. } => "INCONSISTENT_TRANSPORT",
            Error::InconsistentControl { .. } => "INCONSISTENT_CONTROL",
            Error::TooManyPools { .. } => "TOO_MANY_POOLS",
            Error::TooManyElements { .. } => "TOO_MANY_ELEMENTS",
            Error::Record { .. } => "RECORD",
        }
    }

    /// The RFC 5354 §3.12 cause code that says the same on the wire; 0 when there is none.
    pub fn cause(&self) -> u16 {
        match self {
            Error::PoolHandleLength { .. } | Error::ZeroIdentifier | Error::Record { .. } => 3,
            Error::UnknownPolicy { .. } | Error::InconsistentPolicy { .. } => 5,
            Error::TooManyPools { .. } | Error::TooManyElements { .. } => 6,
            Error::InconsistentTransport { .. } => 7,
            Error::InconsistentControl { .. } => 8,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::PoolHandleLength { bytes, limit } => {
                write!(f, "A pool handle has 1 to {limit} bytes, not {bytes}.")
            }
            Error::ZeroIdentifier => write!(f, "A pool element's identifier is not 0."),
            Error::UnknownPolicy { number } => {
                write!(f, "Pool policy 0x{number:08x} is not known here.")
            }
            Error::InconsistentPolicy { pool } => {
                write!(f, "The pool uses policy 0x{pool:08x}.")
            }
            Error::InconsistentTransport { pool } => {
                write!(f, "The pool's elements use transport kind {pool}.")
            }
            Error::InconsistentControl { pool: true } => {
                write!(f, "The pool's elements have a control channel.")
            }
            Error::InconsistentControl { pool: false } => {
                write!(f, "The pool's elements have no control channel.")
            }
            Error::TooManyPools { limit } => write!(f, "There are {limit} pools already."),
            Error::TooManyElements { limit } => {
                write!(f, "There are {limit} pool elements already.")
            }
            Error::Record { reason } => write!(f, "The record cannot be kept: {reason}."),
        }
    }
}

impl std::error::Error for Error {}

//! Why a call into native code failed, the same for hand-bound functions, which return the number, and for
//! `#[napi]` methods, which throw an error with the name as its `code`. `src/native.ts` has the same table.

use napi::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Failure {
    /// The memory for the result is too small; nothing has happened.
    TooSmall = -1,
    /// Used after `close()`.
    Closed = -2,
    /// An argument is of another type.
    WrongType = -3,
    /// An argument has a value that it cannot have, or points outside its memory.
    OutOfRange = -4,
    /// The core refuses; what and why is kept for `takeRefusal`.
    Refused = -5,
    /// Memory that is in use already.
    InUse = -6,
    /// A panic was caught: a defect. What it happened to is closed.
    Internal = -7,
}

/// What native code works with inside; `napi::Result<T, Failure>` is the same for `#[napi]` functions.
pub type Fallible<T> = std::result::Result<T, Failure>;

impl AsRef<str> for Failure {
    fn as_ref(&self) -> &str {
        match self {
            Failure::TooSmall => "TOO_SMALL",
            Failure::Closed => "CLOSED",
            Failure::WrongType => "WRONG_TYPE",
            Failure::OutOfRange => "OUT_OF_RANGE",
            Failure::Refused => "REFUSED",
            Failure::InUse => "IN_USE",
            Failure::Internal => "INTERNAL",
        }
    }
}

impl From<Failure> for Error<Failure> {
    fn from(failure: Failure) -> Self {
        Error::new(failure, failure.as_ref().to_owned())
    }
}

/// A whole number from 0 to 2^53, the only kind of number that crosses the boundary.
pub fn whole(value: f64) -> Fallible<u64> {
    let whole = value as u64; // saturates; NaN becomes 0
    if whole as f64 == value && whole <= 1 << 53 {
        Ok(whole)
    } else {
        Err(Failure::OutOfRange)
    }
}

pub fn whole_u32(value: f64) -> Fallible<u32> {
    u32::try_from(whole(value)?).map_err(|_| Failure::OutOfRange)
}

/// How many of something to deal with at most: not none.
pub fn limit_of(value: f64) -> Fallible<usize> {
    whole_usize(value).and_then(|limit| {
        if limit == 0 {
            Err(Failure::OutOfRange)
        } else {
            Ok(limit)
        }
    })
}

pub fn whole_usize(value: f64) -> Fallible<usize> {
    usize::try_from(whole(value)?).map_err(|_| Failure::OutOfRange)
}

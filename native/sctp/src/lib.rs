//! SCTP endpoints with many associations each: an I/O thread, commands and events in batches. No
//! Node, no RSerPool message formats.
//!
//! A request goes `stack` → `command` → I/O thread, what happened comes back as `event`. The I/O
//! thread is `kernel` (SCTP of the operating system) or `userland` (SCTP over UDP, RFC 6951).

#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod account;
mod batch;
mod error;
mod id_map;
mod kernel;
mod limits;
mod network;
mod options;
#[allow(unsafe_code)]
mod pages;
mod shared;
mod stack;
mod stats;
#[allow(unsafe_code)]
mod sys;

pub mod command;
pub mod event;
pub mod userland;

pub use account::{Account, SendResult};
pub use batch::{Drained, records};
pub use error::{ErrorKind, StackError};
pub use event::DownReason;
pub use kernel::try_kernel;
pub use limits::Room;
pub use network::{Changes, NetworkChanges};
pub use options::{Backend, ENCAPSULATION_PORT, STREAMS, StackOptions};
pub use pages::Pages;
pub use stack::Stack;
pub use stats::{Refusal, Stats};

//! SCTP endpoints in user space: many `dcsctp` associations on one UDP socket per local address
//! (RFC 6951), with what `dcsctp` leaves to others: demultiplexing, sealed cookies, tag and bundle
//! rules, out-of-the-blue packets, limits, an I/O thread and batches. No Node, no RSerPool message
//! formats.
//!
//! A packet goes `link` → `engine` (rules, demultiplexing) → `association` (`dcsctp`) → `event`; a
//! request goes `stack` → `command` → `engine` → `association` → `link`. Everything but `stack`,
//! `thread`, `shared` and `link` is free of sockets, threads and clocks.

#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod account;
mod association;
mod batch;
mod cookie;
mod cookie_echo;
mod demux;
mod ending;
mod entropy;
mod error;
mod id_map;
mod init;
mod initiation;
mod limits;
mod link;
mod lookup;
mod ootb;
mod options;
mod requests;
mod rules;
mod settle;
mod shared;
mod stack;
mod stats;
#[allow(unsafe_code)]
mod sys;
mod thread;
mod timers;

pub mod command;
pub mod engine;
pub mod event;
pub mod packet;

pub use account::{Account, SendResult};
pub use batch::{Drained, records};
pub use entropy::Entropy;
pub use error::{ErrorKind, StackError};
pub use event::DownReason;
pub use limits::Room;
pub use link::Route;
pub use options::{ENCAPSULATION_PORT, STREAMS, StackOptions};
pub use stack::Stack;
pub use stats::{Refusal, Stats};

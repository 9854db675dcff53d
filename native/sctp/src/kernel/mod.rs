//! SCTP of the Linux kernel: a one-to-many socket for each endpoint (RFC 6458 §3), reached through
//! system calls only.
//!
//! What the kernel tells goes `socket` → `arrivals` → events; a command goes `requests` →
//! `sending` → `socket`. `abi`, `notification`, `joining` and `outbox` are free of system calls.

mod abi;
mod arrivals;
mod association;
mod engine;
mod joining;
mod notification;
mod outbox;
mod requests;
mod sending;
mod socket;
#[allow(unsafe_code)]
mod sys;
mod thread;

pub(crate) use engine::Engine;
pub(crate) use socket::{ClosingPorts, Socket};
pub use socket::{OpenSocket, try_kernel};
pub(crate) use thread::spawn;

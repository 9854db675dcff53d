//! SCTP of the Linux kernel: a one-to-many socket for each endpoint (RFC 6458 §3), reached through
//! system calls only.
//!
//! What the kernel tells goes `socket` → `arrivals` → events; a command goes `requests` →
//! `sending` → `socket`. `abi`, `notification`, `joining` and `outbox` are free of system calls.

mod abi;
mod arrivals;
mod association;
mod closing_ports;
mod engine;
mod held_buffer;
mod joining;
mod notification;
mod outbox;
mod requests;
mod sending;
mod socket;
mod socket_errors;
#[allow(unsafe_code)]
mod sys;
mod thread;
mod waiting;

pub(crate) use closing_ports::ClosingPorts;
pub(crate) use engine::Engine;
pub(crate) use socket::Socket;
pub use socket::{OpenSocket, try_kernel};
pub(crate) use thread::spawn;

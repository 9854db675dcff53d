//! SCTP in user space: many `dcsctp` associations behind one `Link`, with what `dcsctp` leaves to
//! others: demultiplexing, sealed cookies, tag and bundle rules, out-of-the-blue packets, limits.
//!
//! A packet goes `link` → `engine` (rules, demultiplexing) → `association` (`dcsctp`) → events; a
//! command goes `engine` → `association` → `link`. Everything but `thread` and `link` is free of
//! sockets, threads and clocks.

mod association;
mod calling;
mod cookie;
mod cookie_echo;
#[allow(unsafe_code)]
mod datagrams;
mod deadlines;
mod demux;
pub mod engine;
mod entropy;
#[allow(unsafe_code)]
mod error_queue;
mod init;
mod initiation;
mod keyed_hash;
mod link;
mod lookup;
mod ootb;
pub mod packet;
mod path_watch;
mod paths;
pub(crate) mod raw;
mod requests;
mod rivals;
mod rules;
mod settle;
mod shim;
mod stalls;
mod thread;
mod timers;
pub(crate) mod udp;
mod unreachable;

pub(crate) use datagrams::to_system;
pub use entropy::Entropy;
pub use link::Route;
pub(crate) use thread::spawn;

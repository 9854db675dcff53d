//! The RSerPool handlespace (RFC 5351 §3): pools, their elements, selection among them by the policies of
//! RFC 5356, the elements' timers, who owns them, and the checksum of RFC 5353 §3.6.2.
//!
//! It knows numbers and opaque bytes. Message formats, addresses, sockets, clocks and Node are left to
//! others: time comes in as milliseconds and never goes backwards, randomness as a seed.
#![forbid(unsafe_code)]

mod admission;
mod api;
mod association;
mod bulk;
mod checksum;
mod dissent;
mod element;
mod element_table;
mod error;
mod handlespace;
mod hash;
mod index_table;
mod ownership;
mod policy;
mod pool;
mod pool_table;
mod random;
mod records;
mod resolution;
mod ring;
mod schedule;
mod timers;
mod timing_wheel;
mod verify;

pub use api::{
    Degradation, Element, KeepAlive, Limits, MAX_ITEMS, NEVER, PolicyValues, PoolSummary,
    Registered, Registration, Settings, Stats, Timer,
};
pub use error::{Error, OutputTooSmall};
pub use handlespace::Handlespace;

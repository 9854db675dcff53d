//! The Node-API binding: conversions, no decisions. Rare calls are `#[napi]` functions; what runs per message
//! or per batch is bound by hand (`hot.rs`). Loading it opens nothing and starts no thread.
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod allocator;
mod arena;
mod external_memory;
mod failure;
mod handlespace;
mod handlespace_hot;
mod hot;
mod image;
mod network;
mod sctp;
mod sctp_hot;

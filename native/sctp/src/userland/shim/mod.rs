//! What `dcsctp` leaves undone, or does in another way than this stack needs, so that the rest of
//! `userland` need not know: packets are rewritten on their way to it and from it.

mod init_rewrite;
mod own_echo;
mod stray_data;

pub(crate) use init_rewrite::{Additions, rewrite_init};
pub(crate) use own_echo::OwnEcho;
pub(crate) use stray_data::{divert, invalid_streams_error};

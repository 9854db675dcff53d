//! The seam to `dcsctp`: its sockets, and what it leaves undone or does in another way than this stack needs. Packets
//! are rewritten on their way to it and from it, so that the rest of `userland` need not know.

mod ending;
mod init_rewrite;
mod inner_cookie;
mod outgoing;
mod own_echo;
mod socket;
mod stray_data;

pub(crate) use ending::{continue_ending, hold_shutdown};
pub(crate) use init_rewrite::{Additions, rewrite_init};
pub(crate) use inner_cookie::cookie_tags;
pub(crate) use outgoing::{with_addresses, with_reason};
pub(crate) use own_echo::OwnEcho;
pub(crate) use socket::{new_socket, sent_packet, socket_time};
pub(crate) use stray_data::{divert, invalid_streams_error};

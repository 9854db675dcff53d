//! Packets that somebody else made: forged, replayed, misdirected, bundled wrongly or sent in
//! floods. None of them changes anything, and little is answered (RFC 9260 §5.1, §6.10, §8.4,
//! §8.5).

mod cookies;
mod forgery;
mod packets;
#[path = "../support/mod.rs"]
mod support;

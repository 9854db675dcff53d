//! The state cookie of `dcsctp`, which travels sealed within ours (`cookie.rs`).

use crate::userland::packet::be32;

const PEER_TAG: usize = 8;
const LOCAL_TAG: usize = 12;
const BYTES: usize = 48;

/// The initiate tags of the INIT and of the INIT ACK.
pub(crate) fn cookie_tags(cookie: &[u8]) -> (u32, u32) {
    debug_assert_eq!(cookie.len(), BYTES);
    (be32(&cookie[PEER_TAG..]), be32(&cookie[LOCAL_TAG..]))
}

//! Least Used (RFC 5356 §5.1): the lowest load first; equals take turns.

use super::ordered_rings::{Order, OrderedRings};

pub(super) type LeastUsed = OrderedRings<LowestLoadFirst>;

pub(super) struct LowestLoadFirst;

impl Order for LowestLoadFirst {
    const NAME: &'static str = "least used";

    fn key(load: u32, _: u32) -> u32 {
        load
    }
}

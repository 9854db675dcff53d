//! Priority Least Used (RFC 5356 §5.3): the lowest load first, counted as if the element had already got
//! the request. Sums stop at 100 %.

use super::ordered_rings::{Order, OrderedRings};

pub(super) type PriorityLeastUsed = OrderedRings<LowestNextLoadFirst>;

pub(super) struct LowestNextLoadFirst;

impl Order for LowestNextLoadFirst {
    const NAME: &'static str = "priority least used";

    fn key(load: u32, load_degradation: u32) -> u32 {
        load.saturating_add(load_degradation)
    }
}

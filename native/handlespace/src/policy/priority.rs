//! Priority (RFC 5356 §4.5): the highest priority first; equals take turns.

use super::ordered_rings::{Order, OrderedRings};

pub(super) type Priority = OrderedRings<HighestPriorityFirst>;

pub(super) struct HighestPriorityFirst;

impl Order for HighestPriorityFirst {
    const NAME: &'static str = "priority";

    fn key(priority: u32, _: u32) -> u32 {
        u32::MAX - priority
    }
}

//! Least Used with Degradation (RFC 5356 §5.2): the lowest load first, where each time that an element is
//! returned its load counts as higher by its load degradation, until it registers again. Sums stop at 100 %.
//! Every entry of an answer counts, as the RFC has it; rsplib counts the first only (decision 27).

use super::ordered_rings::{Order, OrderedRings};

pub(super) type LeastUsedDegradation = OrderedRings<LowestDegradedLoadFirst>;

pub(super) struct LowestDegradedLoadFirst;

impl Order for LowestDegradedLoadFirst {
    const NAME: &'static str = "least used with degradation";

    fn key(load: u32, _: u32) -> u32 {
        load
    }

    fn key_once_answered(key: u32, load_degradation: u32) -> u32 {
        key.saturating_add(load_degradation)
    }
}

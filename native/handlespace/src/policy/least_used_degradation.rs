//! Least Used with Degradation (RFC 5356 §5.2): the lowest load first, where an element's load counts as higher
//! by its load degradation each time that its turn is taken, until it registers again. Sums stop at 100 %.
//! The turn of the first entry of an answer is taken (or of the first `max_increment`), as in rsplib; the others
//! are backups (decision 27). `degradation_of_all.rs` degrades them too, as the RFC has it.

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

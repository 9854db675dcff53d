//! Randomized Least Used (RFC 5356 §5.4): an element is as likely as it has load to spare. One that is
//! fully loaded keeps the smallest chance there is, as in rsplib.

use super::weighted_sampler::{Weigh, WeightedSampler};

pub(super) type RandomizedLeastUsed = WeightedSampler<BySpareLoad>;

pub(super) struct BySpareLoad;

impl Weigh for BySpareLoad {
    const NAME: &'static str = "randomized least used";

    fn weight(load: u32) -> u32 {
        (u32::MAX - load).max(1)
    }
}

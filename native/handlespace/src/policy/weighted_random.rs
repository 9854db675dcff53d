//! Weighted Random (RFC 5356 §4.4): an element is as likely as its weight is large. Weight 0 cannot serve
//! (RFC 5356 §3.2).

use super::weighted_sampler::{Weigh, WeightedSampler};

pub(super) type WeightedRandom = WeightedSampler<ByWeight>;

pub(super) struct ByWeight;

impl Weigh for ByWeight {
    const NAME: &'static str = "weighted random";

    fn weight(value: u32) -> u32 {
        value
    }
}

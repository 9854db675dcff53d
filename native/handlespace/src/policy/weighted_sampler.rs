//! What the weighted random policies share: draws in proportion to weights, in constant expected time.
//!
//! Elements whose weights have the same highest bit share a bucket. A draw takes a bucket in proportion to
//! its sum (there are at most 32), then elements of it until one passes a test that it passes with its
//! weight's share of the bucket's highest possible weight, one half at the least.

use super::bag::Bag;
use super::{Members, Policy};
use crate::random::Random;
use std::marker::PhantomData;

/// How a policy makes a weight of an element's value.
pub(super) trait Weigh {
    /// For error messages.
    const NAME: &'static str;

    fn weight(value: u32) -> u32;
}

pub(super) struct WeightedSampler<W> {
    /// Those that are not empty, heaviest first.
    buckets: Vec<Bucket>,
    /// Elements of weight 0, selected only when there are no others, and then all alike.
    idle: Bag,
    /// Sum of all weights.
    sum: u64,
    weigh: PhantomData<W>,
}

struct Bucket {
    /// Weights here are from 2^exponent to below 2^(exponent + 1).
    exponent: u32,
    sum: u64,
    bag: Bag,
}

impl<W> Default for WeightedSampler<W> {
    fn default() -> Self {
        WeightedSampler {
            buckets: Vec::new(),
            idle: Bag::default(),
            sum: 0,
            weigh: PhantomData,
        }
    }
}

impl<W: Weigh> Policy for WeightedSampler<W> {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        let weight = W::weight(members.at(slot).value);
        self.sum += u64::from(weight);
        let Some(exponent) = weight.checked_ilog2() else {
            return self.idle.insert(members, slot);
        };
        let bucket = self.bucket_or_new(exponent);
        bucket.sum += u64::from(weight);
        bucket.bag.insert(members, slot);
    }

    fn remove(&mut self, members: &mut Members, slot: u32) {
        let weight = W::weight(members.at(slot).value);
        self.sum -= u64::from(weight);
        let Some(exponent) = weight.checked_ilog2() else {
            return self.idle.remove(members, slot);
        };
        let bucket = self.bucket_or_new(exponent);
        bucket.sum -= u64::from(weight);
        bucket.bag.remove(members, slot);
        if bucket.bag.len() == 0 {
            self.buckets.retain(|bucket| bucket.exponent != exponent);
        }
    }

    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        members.at_mut(slot).load_degradation = load_degradation;
        if members.at(slot).value != value {
            self.remove(members, slot);
            members.at_mut(slot).value = value;
            self.insert(members, slot);
        }
    }

    fn select(&mut self, members: &Members, random: &mut Random, selected: &mut [u32]) -> usize {
        if self.buckets.is_empty() {
            return self.idle.draw_distinct(random, selected);
        }
        // What is drawn counts no more for the next draw, so its weight leaves the sums meanwhile.
        let mut rest = self.sum;
        let mut count = 0;
        while count < selected.len() && rest > 0 {
            let (bucket, slot, weight) = self.draw(members, random, rest, &selected[..count]);
            selected[count] = slot;
            count += 1;
            rest -= u64::from(weight);
            self.buckets[bucket].sum -= u64::from(weight);
        }
        for &slot in &selected[..count] {
            let weight = W::weight(members.at(slot).value);
            self.bucket_or_new(weight.ilog2()).sum += u64::from(weight);
        }
        count
    }

    fn advance(&mut self, _: &mut Members, _: &[u32], _: usize) {}

    fn any(&self) -> Option<u32> {
        let heaviest = self
            .buckets
            .first()
            .map_or(&self.idle, |bucket| &bucket.bag);
        heaviest.iter().next()
    }

    fn each(&self, _: &Members, visit: &mut dyn FnMut(u32)) {
        let bags = self.buckets.iter().map(|bucket| &bucket.bag);
        bags.chain([&self.idle]).flat_map(Bag::iter).for_each(visit);
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        let exponent_of = |slot| W::weight(members.at(slot).value).checked_ilog2();
        let (mut count, mut sum) = (self.idle.len(), 0);
        let mut is_right = self.idle.iter().all(|slot| exponent_of(slot).is_none());
        self.idle.verify(members)?;
        for bucket in &self.buckets {
            bucket.bag.verify(members)?;
            let weights = bucket
                .bag
                .iter()
                .map(|slot| u64::from(W::weight(members.at(slot).value)));
            is_right &= weights.sum::<u64>() == bucket.sum && bucket.bag.len() > 0;
            is_right &= bucket
                .bag
                .iter()
                .all(|slot| exponent_of(slot) == Some(bucket.exponent));
            count += bucket.bag.len();
            sum += bucket.sum;
        }
        is_right &= sum == self.sum && self.buckets.is_sorted_by(|a, b| a.exponent > b.exponent);
        is_right
            .then_some(count)
            .ok_or_else(|| format!("{}: the buckets are wrong", W::NAME))
    }
}

impl<W: Weigh> WeightedSampler<W> {
    /// One draw in proportion to the weights, among those not drawn yet, whose weights sum up to
    /// `rest`. Returns the bucket, the element and its weight.
    fn draw(
        &self,
        members: &Members,
        random: &mut Random,
        rest: u64,
        drawn: &[u32],
    ) -> (usize, u32, u32) {
        let mut ticket = random.below(rest);
        let mut at = 0;
        while ticket >= self.buckets[at].sum {
            ticket -= self.buckets[at].sum;
            at += 1;
        }
        let bucket = &self.buckets[at];
        loop {
            let slot = bucket.bag.draw(random);
            let weight = W::weight(members.at(slot).value);
            let passes = random.next() >> (63 - bucket.exponent) < u64::from(weight);
            if passes && !drawn.contains(&slot) {
                return (at, slot, weight);
            }
        }
    }

    fn bucket_or_new(&mut self, exponent: u32) -> &mut Bucket {
        let at = self
            .buckets
            .partition_point(|bucket| bucket.exponent > exponent);
        if self
            .buckets
            .get(at)
            .is_none_or(|bucket| bucket.exponent != exponent)
        {
            self.buckets.insert(
                at,
                Bucket {
                    exponent,
                    sum: 0,
                    bag: Bag::default(),
                },
            );
        }
        &mut self.buckets[at]
    }
}

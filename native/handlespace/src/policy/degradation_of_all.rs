//! Least Used with Degradation to the letter of RFC 5356 §5.2.2: every entry of an answer degrades, not only
//! the first one (decision 27, profile `rfc`). Among elements of the same degraded load, the one that was
//! first in the fewest answers is selected first. Turns have to be counted: when all entries of an answer
//! move to another line together, their places in that line do not tell whose turn it is.

use super::{Members, Policy};
use crate::random::Random;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct DegradationOfAll {
    order: BTreeSet<(Rank, u32)>,
    /// The rank of every slot in `order`.
    ranks: BTreeMap<u32, Rank>,
    /// Arrivals so far.
    arrivals: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    degraded_load: u32,
    turns: u64,
    arrival: u64,
}

impl Policy for DegradationOfAll {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        self.arrivals += 1;
        let rank = Rank {
            degraded_load: members.at(slot).value,
            turns: 0,
            arrival: self.arrivals,
        };
        self.stand(slot, self.without_arrears(rank));
    }

    fn remove(&mut self, _: &mut Members, slot: u32) {
        if let Some(rank) = self.ranks.remove(&slot) {
            self.order.remove(&(rank, slot));
        }
    }

    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        let member = members.at_mut(slot);
        (member.value, member.load_degradation) = (value, load_degradation);
        self.change(slot, |rank| rank.degraded_load = value);
        if let Some(&rank) = self.ranks.get(&slot) {
            let turns = self.without_arrears(rank).turns;
            self.change(slot, |rank| rank.turns = turns);
        }
    }

    fn select(&mut self, _: &Members, _: &mut Random, selected: &mut [u32]) -> usize {
        let slots = self.order.iter().map(|&(_, slot)| slot);
        selected
            .iter_mut()
            .zip(slots)
            .map(|(place, slot)| *place = slot)
            .count()
    }

    fn advance(&mut self, members: &mut Members, answered: &[u32], increment: usize) {
        for (place, &slot) in answered.iter().enumerate() {
            let load_degradation = members.at(slot).load_degradation;
            self.change(slot, |rank| {
                rank.degraded_load = rank.degraded_load.saturating_add(load_degradation);
                rank.turns += u64::from(place < increment);
            });
        }
    }

    fn any(&self) -> Option<u32> {
        self.order.first().map(|&(_, slot)| slot)
    }

    fn each(&self, _: &Members, visit: &mut dyn FnMut(u32)) {
        self.ranks.keys().copied().for_each(visit);
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        let is_right = self.ranks.iter().all(|(&slot, &rank)| {
            self.order.contains(&(rank, slot)) && rank.degraded_load >= members.at(slot).value
        });
        if !is_right || self.order.len() != self.ranks.len() {
            return Err("least used with degradation of all: the order is wrong".into());
        }
        Ok(self.ranks.len())
    }
}

impl DegradationOfAll {
    fn stand(&mut self, slot: u32, rank: Rank) {
        self.ranks.insert(slot, rank);
        self.order.insert((rank, slot));
    }

    fn change(&mut self, slot: u32, change: impl FnOnce(&mut Rank)) {
        let Some(mut rank) = self.ranks.get(&slot).copied() else {
            return;
        };
        self.order.remove(&(rank, slot));
        change(&mut rank);
        self.stand(slot, rank);
    }

    /// An element that registers does not make up for turns that it missed before.
    fn without_arrears(&self, rank: Rank) -> Rank {
        let least = self.order.first().map_or(0, |(first, _)| first.turns);
        Rank {
            turns: rank.turns.max(least),
            ..rank
        }
    }
}

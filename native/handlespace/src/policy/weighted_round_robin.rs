//! Weighted Round Robin (RFC 5356 §4.2), smooth: each choice gives every element credit of its weight, and
//! the one with the most credit (the older one of equals) is chosen and pays the sum of all weights. So an
//! element comes up in proportion to its weight, as evenly spread as can be: weights 3 and 1 give A A B A.
//! Weight 0 cannot serve (RFC 5356 §3.2); if all weights are 0, all count as 1.
//!
//! Done literally, a choice would touch every element. But elements of one weight gain alike and pay alike:
//! they take turns, those that still wait in this round all have the same credit, and those that were served
//! have one sum less. So one credit per distinct weight is enough, and a choice takes time in proportion to
//! the number of distinct weights. While a pool does not change, every choice is exactly the literal one.
//!
//! Changes: a newcomer joins those of its weight at the end of their line, one of a new weight starts with
//! no credit, one that changes its weight to a new one keeps its credit. Credit is held between minus and
//! plus the sum of weights at each choice, so that nobody starves or reigns because of somebody who left.

use super::{Members, Policy};
use crate::index_table::NIL;
use crate::random::Random;
use crate::ring;

#[derive(Default)]
pub(crate) struct WeightedRoundRobin {
    /// Ordered by weight.
    classes: Vec<Class>,
    sum_of_weights: u64,
    next_age: u32,
}

/// The elements of one weight. Those that wait for their turn in this round stand in front; a member's
/// `key` is the round in which its next turn is.
struct Class {
    weight: u32,
    /// Of the ring.
    head: u32,
    members: u32,
    waiting: u32,
    round: u32,
    /// Of those that wait. The others have the sum of weights less.
    credit: i64,
    /// During a selection: how many were taken so far, and who would be next.
    taken: u32,
    candidate: u32,
}

impl Policy for WeightedRoundRobin {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        if slot as usize >= members.ages.len() {
            members.ages.resize(slot as usize + 1, 0);
        }
        members.ages[slot as usize] = self.next_age;
        self.next_age = self.next_age.wrapping_add(1);
        self.join(members, slot, 0);
    }

    fn remove(&mut self, members: &mut Members, slot: u32) {
        let at = self.class_of(members, slot);
        let class = &mut self.classes[at];
        ring::remove(&mut members.links, &mut class.head, slot);
        class.members -= 1;
        class.waiting -= u32::from(members.at(slot).key == class.round);
        self.sum_of_weights -= u64::from(class.weight);
        if class.members == 0 {
            self.classes.remove(at);
            return;
        }
        let sum = self.sum();
        self.classes[at].begin_round_if_over(sum);
    }

    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        members.at_mut(slot).load_degradation = load_degradation;
        let old = members.at(slot).value;
        if old == value {
            return;
        }
        let class = &self.classes[self.class_of(members, slot)];
        let is_served = members.at(slot).key != class.round;
        let credit = class.credit - if is_served { self.sum() } else { 0 };
        self.remove(members, slot);
        members.at_mut(slot).value = value;
        self.join(members, slot, credit);
    }

    fn select(&mut self, members: &Members, _: &mut Random, selected: &mut [u32]) -> usize {
        let sum = self.sum();
        for class in self.serving() {
            (class.taken, class.candidate) = (0, class.head);
        }
        let mut count = 0;
        for place in selected {
            let choices = count as i64 + 1;
            let mut best: Option<(i64, &mut Class)> = None;
            for class in self
                .serving()
                .iter_mut()
                .filter(|class| class.taken < class.members)
            {
                let credit = class.credit_after(choices, sum);
                let is_better = best.as_ref().is_none_or(|(most, other)| {
                    credit > *most || credit == *most && is_older(members, class, other)
                });
                if is_better {
                    best = Some((credit, class));
                }
            }
            let Some((_, best)) = best else { break };
            *place = best.candidate;
            best.candidate = members.links[best.candidate as usize].next;
            best.taken += 1;
            count += 1;
        }
        count
    }

    fn advance(&mut self, members: &mut Members, answered: &[u32], increment: usize) {
        let sum = self.sum();
        for class in self.serving() {
            class.credit = class.credit.clamp(-sum, sum);
        }
        for &slot in answered.iter().take(increment) {
            for class in self.serving() {
                class.credit += class.gain();
            }
            let at = self.class_of(members, slot);
            let class = &mut self.classes[at];
            // `slot` is the head: a class is selected from in the order of its ring.
            class.head = members.links[slot as usize].next;
            members.at_mut(slot).key = class.round.wrapping_add(1);
            class.waiting -= 1;
            class.begin_round_if_over(sum);
        }
    }

    fn any(&self) -> Option<u32> {
        self.classes.first().map(|class| class.head)
    }

    fn each(&self, members: &Members, visit: &mut dyn FnMut(u32)) {
        for class in &self.classes {
            ring::iter(&members.links, class.head).for_each(&mut *visit);
        }
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        let (mut count, mut sum) = (0, 0);
        for class in &self.classes {
            let in_ring = ring::verify(&members.links, class.head)?;
            let is_right = ring::iter(&members.links, class.head)
                .enumerate()
                .all(|(at, slot)| {
                    let round = class
                        .round
                        .wrapping_add(u32::from(at >= class.waiting as usize));
                    members.at(slot).value == class.weight && members.at(slot).key == round
                });
            if in_ring != class.members as usize || class.waiting == 0 || !is_right {
                return Err(format!(
                    "weighted round robin: weight {} is wrong",
                    class.weight
                ));
            }
            count += in_ring;
            sum += u64::from(class.weight) * in_ring as u64;
        }
        if sum != self.sum_of_weights || !self.classes.is_sorted_by(|a, b| a.weight < b.weight) {
            return Err("weighted round robin: the sum or the order of weights is wrong".into());
        }
        Ok(count)
    }
}

impl WeightedRoundRobin {
    /// Puts `slot` at the end of those of its weight; `credit` is for the case that there are none.
    fn join(&mut self, members: &mut Members, slot: u32, credit: i64) {
        let weight = members.at(slot).value;
        let at = self.classes.partition_point(|class| class.weight < weight);
        if self
            .classes
            .get(at)
            .is_none_or(|class| class.weight != weight)
        {
            self.classes.insert(at, Class::new(weight, credit));
        }
        let class = &mut self.classes[at];
        // Behind the served ones it counts as served: the line has one end only.
        let is_served = class.waiting < class.members;
        members.at_mut(slot).key = class.round.wrapping_add(u32::from(is_served));
        class.waiting += u32::from(!is_served);
        class.members += 1;
        ring::push_back(&mut members.links, &mut class.head, slot);
        self.sum_of_weights += u64::from(weight);
    }

    fn class_of(&self, members: &Members, slot: u32) -> usize {
        let weight = members.at(slot).value;
        self.classes.partition_point(|class| class.weight < weight)
    }

    /// What a chosen element pays.
    fn sum(&self) -> i64 {
        match (self.sum_of_weights, self.classes.first()) {
            (0, Some(idle)) => idle.members.into(),
            (sum, _) => sum as i64,
        }
    }

    /// The classes that can be selected from: all but weight 0, unless there is no other.
    fn serving(&mut self) -> &mut [Class] {
        let idle = usize::from(self.sum_of_weights > 0 && self.classes[0].weight == 0);
        &mut self.classes[idle..]
    }
}

impl Class {
    fn new(weight: u32, credit: i64) -> Self {
        let (members, waiting, round, taken) = (0, 0, 0, 0);
        Class {
            weight,
            head: NIL,
            members,
            waiting,
            round,
            credit,
            taken,
            candidate: NIL,
        }
    }

    /// Credit per choice. Weight 0 only gets to serve when it counts as 1.
    fn gain(&self) -> i64 {
        self.weight.max(1).into()
    }

    /// The candidate's credit at the choice with this number, the first being 1.
    fn credit_after(&self, choices: i64, sum: i64) -> i64 {
        let is_served = self.taken >= self.waiting;
        let credit = self.credit.clamp(-sum, sum) + choices * self.gain();
        if is_served { credit - sum } else { credit }
    }

    /// When everybody has been served, everybody waits again, all with one sum less.
    fn begin_round_if_over(&mut self, sum: i64) {
        if self.waiting == 0 {
            self.waiting = self.members;
            self.round = self.round.wrapping_add(1);
            self.credit -= sum;
        }
    }
}

/// Whether the candidate of `class` came before that of `other`.
fn is_older(members: &Members, class: &Class, other: &Class) -> bool {
    let age = |class: &Class| members.ages[class.candidate as usize];
    (age(class).wrapping_sub(age(other)) as i32) < 0
}

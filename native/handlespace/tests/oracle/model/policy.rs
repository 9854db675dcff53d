//! Selection done naively: lists and sorting, one pool at a time.

use crate::support::*;
use rserpool_handlespace::Degradation;
use std::collections::{BTreeMap, VecDeque};

pub struct Entry {
    pub id: u32,
    pub value: u32,
    pub load_degradation: u32,
    /// Priority and the Least Used family: order by key, then by turns where they count, then by the time of
    /// joining the line.
    key: u32,
    turns: u32,
    joined_line: u64,
}

/// Weighted Round Robin: the elements of one weight.
#[derive(Default, Clone)]
struct Class {
    credit: i128,
    waiting: VecDeque<u32>,
    served: VecDeque<u32>,
}

/// What the core's answer is compared with.
pub enum Expected {
    /// Exactly these identifiers in this order.
    Exactly(Vec<u32>),
    /// This many different ones of these.
    AnyOf(usize, Vec<u32>),
}

#[derive(Clone, Copy)]
pub struct Turns {
    pub max_increment: u32,
    pub degradation: Degradation,
}

pub struct Selection {
    pub policy: u32,
    increment: usize,
    every_entry_degrades: bool,
    /// In order of arrival.
    pub entries: Vec<Entry>,
    /// Round Robin: the head, as an index of `entries`.
    head: usize,
    joins: u64,
    classes: BTreeMap<u32, Class>,
}

impl Selection {
    pub fn new(policy: u32, turns: Turns) -> Self {
        let increment = turns.max_increment.max(1) as usize;
        let every_entry_degrades =
            policy == LEAST_USED_DEGRADATION && turns.degradation == Degradation::OfAll;
        let (entries, classes) = (Vec::new(), BTreeMap::new());
        Selection {
            policy,
            increment,
            every_entry_degrades,
            entries,
            head: 0,
            joins: 0,
            classes,
        }
    }

    pub fn position(&self, id: u32) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    pub fn insert(&mut self, id: u32, value: u32, load_degradation: u32) {
        let (key, joined_line) = (self.first_key(value, load_degradation), self.joins);
        self.joins += 1;
        self.entries.push(Entry {
            id,
            value,
            load_degradation,
            key,
            turns: self.fewest_turns(),
            joined_line,
        });
        self.join_class(id, value, 0);
    }

    pub fn remove(&mut self, id: u32) {
        let at = self.position(id).unwrap();
        self.leave_class(id, self.entries[at].value);
        self.entries.remove(at);
        if at < self.head {
            self.head -= 1;
        }
        if self.head == self.entries.len() {
            self.head = 0;
        }
    }

    pub fn update(&mut self, id: u32, value: u32, load_degradation: u32) {
        let at = self.position(id).unwrap();
        let old = self.entries[at].value;
        if old != value {
            let class = &self.classes[&old];
            let is_served = class.served.contains(&id);
            let credit = class.credit - if is_served { self.sum() } else { 0 };
            // As in the core, the one who moves is not part of the sum while it is on its way.
            self.leave_class(id, old);
            self.entries[at].value = value;
            self.join_class(id, value, credit);
        }
        let key = self.first_key(value, load_degradation);
        let entry = &mut self.entries[at];
        entry.load_degradation = load_degradation;
        if self.every_entry_degrades {
            entry.key = key;
            let fewest = self.fewest_turns();
            let entry = &mut self.entries[at];
            entry.turns = entry.turns.max(fewest);
        } else if entry.key != key {
            (entry.key, entry.joined_line) = (key, self.joins);
            self.joins += 1;
        }
    }

    /// What an answer for `items` must be. Call `answered` when it was given.
    pub fn select(&self, items: usize) -> Expected {
        let count = items.min(self.entries.len());
        let ids =
            |entries: &mut dyn Iterator<Item = &Entry>| entries.map(|entry| entry.id).collect();
        match self.policy {
            ROUND_ROBIN => {
                let (before, after) = self.entries.split_at(self.head);
                Expected::Exactly(ids(&mut after.iter().chain(before).take(count)))
            }
            WEIGHTED_ROUND_ROBIN => Expected::Exactly(self.select_smoothly(items)),
            RANDOM | RANDOMIZED_LEAST_USED => Expected::AnyOf(count, ids(&mut self.entries.iter())),
            WEIGHTED_RANDOM => {
                let serving: Vec<u32> = ids(&mut self.entries.iter().filter(|it| it.value > 0));
                match serving.len() {
                    0 => Expected::AnyOf(count, ids(&mut self.entries.iter())),
                    most => Expected::AnyOf(items.min(most), serving),
                }
            }
            _ => Expected::Exactly(ids(&mut self.in_order().into_iter().take(count))),
        }
    }

    pub fn answered(&mut self, ids: &[u32]) {
        let turns = self.increment.min(ids.len());
        match self.policy {
            ROUND_ROBIN => self.head = (self.head + turns) % self.entries.len(),
            WEIGHTED_ROUND_ROBIN => self.commit_smoothly(&ids[..turns]),
            RANDOM | WEIGHTED_RANDOM | RANDOMIZED_LEAST_USED => {}
            _ if self.every_entry_degrades => {
                for (place, &id) in ids.iter().enumerate() {
                    let at = self.position(id).unwrap();
                    let entry = &mut self.entries[at];
                    entry.key = entry.key.saturating_add(entry.load_degradation);
                    entry.turns += u32::from(place < turns);
                }
            }
            _ => {
                for &id in &ids[..turns] {
                    let at = self.position(id).unwrap();
                    let entry = &mut self.entries[at];
                    if self.policy == LEAST_USED_DEGRADATION {
                        entry.key = entry.key.saturating_add(entry.load_degradation);
                    }
                    entry.joined_line = self.joins;
                    self.joins += 1;
                }
            }
        }
    }

    fn in_order(&self) -> Vec<&Entry> {
        let mut sorted: Vec<&Entry> = self.entries.iter().collect();
        sorted.sort_by_key(|entry| (entry.key, entry.turns, entry.joined_line));
        sorted
    }

    /// Where every entry degrades: the turns of the next element. A registration makes up for no more.
    fn fewest_turns(&self) -> u32 {
        self.in_order().first().map_or(0, |entry| entry.turns)
    }

    fn first_key(&self, value: u32, load_degradation: u32) -> u32 {
        match self.policy {
            PRIORITY => u32::MAX - value,
            LEAST_USED | LEAST_USED_DEGRADATION => value,
            PRIORITY_LEAST_USED => value.saturating_add(load_degradation),
            _ => 0,
        }
    }

    // Weighted Round Robin, with a queue of those to be served in this round and one of those who were.

    fn sum(&self) -> i128 {
        let sizes = self
            .classes
            .iter()
            .map(|(weight, class)| (weight, class.size() as i128));
        let sum: i128 = sizes.map(|(weight, size)| i128::from(*weight) * size).sum();
        if sum == 0 {
            self.classes.get(&0).map_or(0, |class| class.size() as i128)
        } else {
            sum
        }
    }

    fn join_class(&mut self, id: u32, weight: u32, credit: i128) {
        let class = self.classes.entry(weight).or_insert(Class {
            credit,
            ..Class::default()
        });
        if class.served.is_empty() {
            class.waiting.push_back(id);
        } else {
            class.served.push_back(id);
        }
    }

    fn leave_class(&mut self, id: u32, weight: u32) {
        let class = self.classes.get_mut(&weight).unwrap();
        class.waiting.retain(|&other| other != id);
        class.served.retain(|&other| other != id);
        if class.size() == 0 {
            self.classes.remove(&weight);
            return;
        }
        let sum = self.sum();
        self.classes
            .get_mut(&weight)
            .unwrap()
            .begin_round_if_over(sum);
    }

    fn serving_weights(&self) -> Vec<u32> {
        let weights: Vec<u32> = self
            .classes
            .keys()
            .copied()
            .filter(|&weight| weight > 0)
            .collect();
        if weights.is_empty() {
            self.classes.keys().copied().collect()
        } else {
            weights
        }
    }

    fn select_smoothly(&self, items: usize) -> Vec<u32> {
        let sum = self.sum();
        // Age: the place in the order of arrival.
        let mut open: Vec<(i128, usize, u32)> = Vec::new();
        let mut chosen = Vec::new();
        for choice in 1..=items as i128 {
            open.clear();
            for weight in self.serving_weights() {
                let class = &self.classes[&weight];
                let gained = class.credit.clamp(-sum, sum) + choice * i128::from(weight.max(1));
                let waiting = class.waiting.iter().map(|&id| (gained, id));
                let served = class.served.iter().map(|&id| (gained - sum, id));
                let first = waiting.chain(served).find(|(_, id)| !chosen.contains(id));
                open.extend(first.map(|(credit, id)| (-credit, self.position(id).unwrap(), id)));
            }
            let Some(&(_, _, id)) = open.iter().min() else {
                break;
            };
            chosen.push(id);
        }
        chosen
    }

    fn commit_smoothly(&mut self, ids: &[u32]) {
        let sum = self.sum();
        for weight in self.serving_weights() {
            let class = self.classes.get_mut(&weight).unwrap();
            class.credit = class.credit.clamp(-sum, sum);
        }
        for &id in ids {
            for weight in self.serving_weights() {
                self.classes.get_mut(&weight).unwrap().credit += i128::from(weight.max(1));
            }
            let weight = self.entries[self.position(id).unwrap()].value;
            let class = self.classes.get_mut(&weight).unwrap();
            assert_eq!(Some(id), class.waiting.pop_front());
            class.served.push_back(id);
            class.begin_round_if_over(sum);
        }
    }
}

impl Class {
    fn size(&self) -> usize {
        self.waiting.len() + self.served.len()
    }

    fn begin_round_if_over(&mut self, sum: i128) {
        if self.waiting.is_empty() {
            self.waiting = std::mem::take(&mut self.served);
            self.credit -= sum;
        }
    }
}

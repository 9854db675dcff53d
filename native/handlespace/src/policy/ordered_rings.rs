//! What Priority and the Least Used family share: elements ordered by a key, and those with the same key
//! standing in line, so that ties rotate. One ring per distinct key; loads repeat, so there are few of them.

use super::{Members, Policy};
use crate::index_table::NIL;
use crate::random::Random;
use crate::ring;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// How a policy orders its elements.
pub(super) trait Order {
    /// For error messages.
    const NAME: &'static str;

    /// The key of a newly registered element; the lowest is selected first.
    fn key(value: u32, load_degradation: u32) -> u32;

    /// Returns what an element's key becomes when its turn is taken.
    fn key_once_answered(key: u32, _load_degradation: u32) -> u32 {
        key
    }
}

pub(super) struct OrderedRings<O> {
    /// Key to the head of its ring; a member's `key` says in which it stands.
    heads: BTreeMap<u32, u32>,
    order: PhantomData<O>,
}

impl<O> Default for OrderedRings<O> {
    fn default() -> Self {
        OrderedRings {
            heads: BTreeMap::new(),
            order: PhantomData,
        }
    }
}

impl<O: Order> Policy for OrderedRings<O> {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        let member = members.at(slot);
        self.stand(members, slot, O::key(member.value, member.load_degradation));
    }

    fn remove(&mut self, members: &mut Members, slot: u32) {
        let key = members.at(slot).key;
        let Some(head) = self.heads.get_mut(&key) else {
            return;
        };
        ring::remove(&mut members.links, head, slot);
        if *head == NIL {
            self.heads.remove(&key);
        }
    }

    /// An element keeps its place in line unless its key changes. The key starts afresh (RFC 5356 §5.2.2).
    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        let member = members.at_mut(slot);
        (member.value, member.load_degradation) = (value, load_degradation);
        let (old, new) = (member.key, O::key(value, load_degradation));
        if new != old {
            self.remove(members, slot);
            self.stand(members, slot, new);
        }
    }

    fn select(&mut self, members: &Members, _: &mut Random, selected: &mut [u32]) -> usize {
        let mut count = 0;
        for &head in self.heads.values() {
            let mut slot = head;
            loop {
                let Some(place) = selected.get_mut(count) else {
                    return count;
                };
                *place = slot;
                count += 1;
                slot = members.links[slot as usize].next;
                if slot == head {
                    break;
                }
            }
        }
        count
    }

    fn advance(&mut self, members: &mut Members, answered: &[u32], increment: usize) {
        for &slot in answered.iter().take(increment) {
            let member = members.at(slot);
            let key = O::key_once_answered(member.key, member.load_degradation);
            if key != member.key {
                self.remove(members, slot);
                self.stand(members, slot, key);
            } else if let Some(head) = self.heads.get_mut(&key) {
                // To the end of its line, of which it is the head: those before it have left or moved back.
                *head = members.links[slot as usize].next;
            }
        }
    }

    fn any(&self) -> Option<u32> {
        self.heads.values().next().copied()
    }

    fn each(&self, members: &Members, visit: &mut dyn FnMut(u32)) {
        for &head in self.heads.values() {
            ring::iter(&members.links, head).for_each(&mut *visit);
        }
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        let mut count = 0;
        for (&key, &head) in &self.heads {
            count += ring::verify(&members.links, head)?;
            if head == NIL
                || ring::iter(&members.links, head).any(|slot| members.at(slot).key != key)
            {
                return Err(format!("{}: the ring of key {key} is wrong", O::NAME));
            }
        }
        Ok(count)
    }
}

impl<O> OrderedRings<O> {
    fn stand(&mut self, members: &mut Members, slot: u32, key: u32) {
        members.at_mut(slot).key = key;
        ring::push_back(
            &mut members.links,
            self.heads.entry(key).or_insert(NIL),
            slot,
        );
    }
}

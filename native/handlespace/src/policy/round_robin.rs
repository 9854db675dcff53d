//! Round Robin (RFC 5356 §4.1): a circular list and a head. An answer lists elements from the head on; then
//! the head moves on by one (or by as many as the handlespace is set to). Newcomers join the list's end.
//!
//! The list is an array with holes where elements have left, closed up once half of it is holes: an answer's
//! elements are neighbours in memory, and the order survives every removal.

use super::{Members, Policy};
use crate::index_table::NIL;
use crate::random::Random;

#[derive(Default)]
pub(crate) struct RoundRobin {
    /// Slots, or `NIL` for a hole; a member's `key` is its place here.
    order: Vec<u32>,
    live: usize,
    /// Place of the head, or of a hole before it.
    head: usize,
}

impl Policy for RoundRobin {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        members.at_mut(slot).key = self.order.len() as u32;
        self.order.push(slot);
        self.live += 1;
    }

    fn remove(&mut self, members: &mut Members, slot: u32) {
        self.order[members.at(slot).key as usize] = NIL;
        self.live -= 1;
        while self.order.last() == Some(&NIL) {
            self.order.pop();
        }
        if self.order.len() > 2 * self.live {
            self.close_up(members);
        }
        // After the last one it is the first one's turn, not that of a newcomer behind the last.
        if self.head >= self.order.len() {
            self.head = 0;
        }
    }

    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        let member = members.at_mut(slot);
        (member.value, member.load_degradation) = (value, load_degradation);
    }

    #[inline]
    fn select(&mut self, _: &Members, _: &mut Random, selected: &mut [u32]) -> usize {
        let (before, after) = self.order.split_at(self.head);
        let mut count = 0;
        for part in [after, before] {
            for &slot in part.iter().filter(|&&slot| slot != NIL) {
                let Some(place) = selected.get_mut(count) else {
                    return count;
                };
                *place = slot;
                count += 1;
                if count == selected.len() {
                    return count;
                }
            }
        }
        count
    }

    fn advance(&mut self, members: &mut Members, answered: &[u32], increment: usize) {
        let turns = &answered[..increment.min(answered.len())];
        if let Some(&last) = turns.last() {
            self.head = members.at(last).key as usize + 1;
            if self.head >= self.order.len() {
                self.head = 0;
            }
        }
    }

    fn any(&self) -> Option<u32> {
        // Holes at the end are removed at once.
        self.order.last().copied()
    }

    fn each(&self, _: &Members, visit: &mut dyn FnMut(u32)) {
        let slots = self.order.iter().copied();
        slots.filter(|&slot| slot != NIL).for_each(visit);
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        let mut live = 0;
        for (place, &slot) in self.order.iter().enumerate() {
            if slot != NIL {
                live += 1;
                if members.at(slot).key as usize != place {
                    return Err(format!("round robin: slot {slot} is not at its place"));
                }
            }
        }
        let is_head_outside = self.head > 0 && self.head >= self.order.len();
        let ends_in_hole = self.order.last() == Some(&NIL);
        if live != self.live || self.order.len() > 2 * live || is_head_outside || ends_in_hole {
            return Err(format!(
                "round robin: {live} elements, counted {}",
                self.live
            ));
        }
        Ok(live)
    }
}

impl RoundRobin {
    fn close_up(&mut self, members: &mut Members) {
        let mut end = 0;
        let mut head = 0;
        for place in 0..self.order.len() {
            if place == self.head {
                head = end;
            }
            let slot = self.order[place];
            if slot != NIL {
                self.order[end] = slot;
                members.at_mut(slot).key = end as u32;
                end += 1;
            }
        }
        self.order.truncate(end);
        self.head = head;
    }
}

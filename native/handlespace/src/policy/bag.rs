//! A set of elements without order, from which several different ones can be drawn, all equally likely.

use super::Members;
use crate::random::Random;

/// From this many elements for each one wanted, drawing again what was drawn already costs less than
/// shuffling a copy.
const SPARSE: usize = 4;
const MOST_SHUFFLED: usize = crate::MAX_ITEMS * SPARSE;

/// A member's `key` is its place here.
#[derive(Default)]
pub(super) struct Bag {
    slots: Vec<u32>,
}

impl Bag {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn insert(&mut self, members: &mut Members, slot: u32) {
        members.at_mut(slot).key = self.slots.len() as u32;
        self.slots.push(slot);
    }

    pub fn remove(&mut self, members: &mut Members, slot: u32) {
        let place = members.at(slot).key;
        self.slots.swap_remove(place as usize);
        if let Some(&moved) = self.slots.get(place as usize) {
            members.at_mut(moved).key = place;
        }
    }

    /// One element; the bag must not be empty.
    #[inline]
    pub fn draw(&self, random: &mut Random) -> u32 {
        self.slots[random.index(self.slots.len())]
    }

    /// Fills `drawn` with different elements, as many as there are; every order of every choice is equally
    /// likely. Returns how many.
    pub fn draw_distinct(&self, random: &mut Random, drawn: &mut [u32]) -> usize {
        let wanted = drawn.len().min(self.len());
        if self.len() >= wanted * SPARSE || self.len() > MOST_SHUFFLED {
            for count in 0..wanted {
                drawn[count] = loop {
                    let slot = self.draw(random);
                    if !drawn[..count].contains(&slot) {
                        break slot;
                    }
                };
            }
            return wanted;
        }
        let mut shuffled = [0; MOST_SHUFFLED];
        let shuffled = &mut shuffled[..self.len()];
        shuffled.copy_from_slice(&self.slots);
        for (count, place) in drawn[..wanted].iter_mut().enumerate() {
            shuffled.swap(count, count + random.index(shuffled.len() - count));
            *place = shuffled[count];
        }
        wanted
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().copied()
    }

    /// Every element is where it thinks it is.
    pub fn verify(&self, members: &Members) -> Result<(), String> {
        let misplaced = self
            .iter()
            .enumerate()
            .find(|&(place, slot)| members.at(slot).key as usize != place);
        misplaced.map_or(Ok(()), |(_, slot)| {
            Err(format!("bag: slot {slot} is not at its place"))
        })
    }
}

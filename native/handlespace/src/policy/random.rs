//! Random (RFC 5356 §4.3): every element is as likely as any other, each time anew.

use super::bag::Bag;
use super::{Members, Policy};
use crate::random::Random;

#[derive(Default)]
pub(super) struct RandomSelection {
    bag: Bag,
}

impl Policy for RandomSelection {
    fn insert(&mut self, members: &mut Members, slot: u32) {
        self.bag.insert(members, slot);
    }

    fn remove(&mut self, members: &mut Members, slot: u32) {
        self.bag.remove(members, slot);
    }

    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32) {
        let member = members.at_mut(slot);
        (member.value, member.load_degradation) = (value, load_degradation);
    }

    fn select(&mut self, _: &Members, random: &mut Random, selected: &mut [u32]) -> usize {
        self.bag.draw_distinct(random, selected)
    }

    fn advance(&mut self, _: &mut Members, _: &[u32], _: usize) {}

    fn any(&self) -> Option<u32> {
        self.bag.iter().next()
    }

    fn each(&self, _: &Members, visit: &mut dyn FnMut(u32)) {
        self.bag.iter().for_each(visit);
    }

    fn verify(&self, members: &Members) -> Result<usize, String> {
        self.bag.verify(members)?;
        Ok(self.bag.len())
    }
}

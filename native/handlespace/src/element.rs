//! The slab of elements: which slots are in use and by whom. Everything else that is kept per element is a
//! column of its own, indexed by the same slot, in the module that works on it.

use crate::index_table::NIL;

/// What an element is, whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Identity {
    pub id: u32,
    /// Index of its pool; `NIL` in a slot that is free.
    pub pool: u32,
    pub home: u32,
    /// 0: none.
    pub association: u32,
    pub unreachable_reports: u32,
}

#[derive(Default)]
pub(crate) struct Elements {
    slots: Vec<Identity>,
    free: Vec<u32>,
}

impl Elements {
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Slots in use are below this.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    pub fn insert(&mut self, identity: Identity) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = identity;
            return slot;
        }
        self.slots.push(identity);
        self.slots.len() as u32 - 1
    }

    pub fn remove(&mut self, slot: u32) {
        self.slots[slot as usize].pool = NIL;
        self.free.push(slot);
    }

    #[inline]
    pub fn get(&self, slot: u32) -> Option<&Identity> {
        self.slots.get(slot as usize).filter(|it| it.pool != NIL)
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Identity> {
        self.slots
            .get_mut(slot as usize)
            .filter(|it| it.pool != NIL)
    }

    pub fn is_live(&self, slot: u32) -> bool {
        self.get(slot).is_some()
    }

    pub fn live_slots(&self) -> impl Iterator<Item = u32> {
        (0..self.slots()).filter(|&slot| self.is_live(slot))
    }

    pub fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Identity>() + self.free.capacity() * size_of::<u32>()
    }

    /// Every slot is either in use or waits, once, to be used again.
    pub fn verify(&self) -> Result<(), String> {
        let mut waits = vec![false; self.slots.len()];
        for &slot in &self.free {
            if self.is_live(slot) || std::mem::replace(&mut waits[slot as usize], true) {
                return Err(format!(
                    "elements: slot {slot} is free and in use, or free twice"
                ));
            }
        }
        if self.live_slots().count() != self.len() {
            return Err("elements: a slot is neither free nor in use".into());
        }
        Ok(())
    }
}

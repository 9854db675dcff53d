//! Open addressing with 8-byte slots: 32 bits of hash beside a 32-bit index of something kept elsewhere.
//! Linear probing, removal by shifting back, so no tombstones. Growing needs no key: the hash is here.

/// No index.
pub(crate) const NIL: u32 = u32::MAX;

const EMPTY: u64 = u64::MAX;
const FIRST_SLOTS: usize = 8;

pub(crate) struct IndexTable {
    /// `hash << 32 | index`; the length is a power of two and at least a fifth is empty.
    slots: Vec<u64>,
    used: usize,
}

impl IndexTable {
    pub fn new() -> Self {
        IndexTable {
            slots: vec![EMPTY; FIRST_SLOTS],
            used: 0,
        }
    }

    /// The index with this hash that `is_it` recognises.
    #[inline]
    pub fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let entry = self.slots[at];
            if entry == EMPTY {
                return None;
            }
            if (entry >> 32) as u32 == hash && is_it(entry as u32) {
                return Some(entry as u32);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds an index that is not in the table yet.
    pub fn insert(&mut self, hash: u32, index: u32) {
        if (self.used + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        self.place(u64::from(hash) << 32 | u64::from(index));
        self.used += 1;
    }

    /// Removes an index that is in the table under this hash.
    pub fn remove(&mut self, hash: u32, index: u32) {
        let mask = self.slots.len() - 1;
        let wanted = u64::from(hash) << 32 | u64::from(index);
        let mut hole = hash as usize & mask;
        while self.slots[hole] != wanted {
            if self.slots[hole] == EMPTY {
                return;
            }
            hole = (hole + 1) & mask;
        }
        // Whatever follows and may stand in the hole moves there, and leaves the next hole.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let entry = self.slots[at];
            if entry == EMPTY {
                break;
            }
            let home = (entry >> 32) as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = entry;
                hole = at;
            }
        }
        self.slots[hole] = EMPTY;
        self.used -= 1;
    }

    pub fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    /// Every entry is reachable from where its hash says, and belongs: `hash_of` knows the live indexes.
    pub fn verify(&self, hash_of: impl Fn(u32) -> Option<u32>) -> Result<usize, String> {
        let mut entries = 0;
        for &entry in self.slots.iter().filter(|&&entry| entry != EMPTY) {
            let (hash, index) = ((entry >> 32) as u32, entry as u32);
            if hash_of(index) != Some(hash) {
                return Err(format!(
                    "table: index {index} has another hash or is not live"
                ));
            }
            if self.find(hash, |found| found == index).is_none() {
                return Err(format!("table: index {index} cannot be reached"));
            }
            entries += 1;
        }
        if entries != self.used || entries * 5 > self.slots.len() * 4 {
            return Err(format!("table: {entries} entries, counted {}", self.used));
        }
        Ok(entries)
    }

    fn grow(&mut self) {
        let doubled = vec![EMPTY; self.slots.len() * 2];
        for entry in std::mem::replace(&mut self.slots, doubled) {
            if entry != EMPTY {
                self.place(entry);
            }
        }
    }

    fn place(&mut self, entry: u64) {
        let mask = self.slots.len() - 1;
        let mut at = (entry >> 32) as usize & mask;
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::collections::BTreeMap;

    #[test]
    fn finds_what_a_map_finds_when_hashes_collide() {
        let mut random = Random::new(7);
        let mut table = IndexTable::new();
        let mut model = BTreeMap::new();
        for step in 0..20_000 {
            let index = random.below(300) as u32;
            let hash = (index % 37) << 3; // many indexes to a hash, hashes near one another
            if model.remove(&index).is_some() {
                table.remove(hash, index);
            } else {
                table.insert(hash, index);
                model.insert(index, hash);
            }
            let probe = random.below(300) as u32;
            let found = table.find((probe % 37) << 3, |found| found == probe);
            assert_eq!(
                model.contains_key(&probe).then_some(probe),
                found,
                "step {step}"
            );
            if step % 100 == 0 {
                assert_eq!(
                    Ok(model.len()),
                    table.verify(|index| model.get(&index).copied())
                );
            }
        }
    }
}

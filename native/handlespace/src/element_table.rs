//! Finds the slot of an element by its pool and identifier.

use crate::element::Elements;
use crate::hash::HashKey;
use crate::index_table::IndexTable;

pub(crate) struct ElementTable {
    key: HashKey,
    table: IndexTable,
}

impl ElementTable {
    pub fn new(key: HashKey) -> Self {
        ElementTable {
            key,
            table: IndexTable::new(),
        }
    }

    #[inline]
    pub fn find(&self, elements: &Elements, pool: u32, id: u32) -> Option<u32> {
        let is_it = |slot| {
            elements
                .get(slot)
                .is_some_and(|it| it.id == id && it.pool == pool)
        };
        self.table.find(self.key.of_pair(pool, id), is_it)
    }

    pub fn insert(&mut self, pool: u32, id: u32, slot: u32) {
        self.table.insert(self.key.of_pair(pool, id), slot);
    }

    pub fn remove(&mut self, pool: u32, id: u32, slot: u32) {
        self.table.remove(self.key.of_pair(pool, id), slot);
    }

    pub fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
    }

    /// Every element is in the table once; returns how many entries there are.
    pub fn verify(&self, elements: &Elements) -> Result<usize, String> {
        self.table.verify(|slot| {
            elements
                .get(slot)
                .map(|it| self.key.of_pair(it.pool, it.id))
        })
    }
}

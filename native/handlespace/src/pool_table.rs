//! All pools: found by handle, kept in numbered places.

use crate::hash::HashKey;
use crate::index_table::IndexTable;
use crate::pool::Pool;

pub(crate) struct PoolTable {
    key: HashKey,
    table: IndexTable,
    pools: Vec<Option<Pool>>,
    free: Vec<u32>,
    /// The pool that was wanted last: often it is wanted again, and then nothing is hashed.
    latest: u32,
}

impl PoolTable {
    pub fn new(key: HashKey) -> Self {
        PoolTable {
            key,
            table: IndexTable::new(),
            pools: Vec::new(),
            free: Vec::new(),
            latest: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.pools.len() - self.free.len()
    }

    pub fn hash(&self, pool_handle: &[u8]) -> u32 {
        self.key.of_bytes(pool_handle)
    }

    #[inline]
    pub fn find(&self, pool_handle: &[u8]) -> Option<u32> {
        let is_it = |index| {
            self.get(index)
                .is_some_and(|pool| pool.handle() == pool_handle)
        };
        self.table.find(self.key.of_bytes(pool_handle), is_it)
    }

    #[inline]
    pub fn find_mut(&mut self, pool_handle: &[u8]) -> Option<&mut Pool> {
        let is_latest = |pool: &Pool| pool.handle() == pool_handle;
        if !self.get(self.latest).is_some_and(is_latest) {
            self.latest = self.find(pool_handle)?;
        }
        self.get_mut(self.latest)
    }

    #[inline]
    pub fn get(&self, index: u32) -> Option<&Pool> {
        self.pools.get(index as usize)?.as_ref()
    }

    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut Pool> {
        self.pools.get_mut(index as usize)?.as_mut()
    }

    /// Adds a pool whose handle is not in the table.
    pub fn insert(&mut self, pool: Pool) -> u32 {
        let hash = pool.hash;
        let index = match self.free.pop() {
            Some(index) => {
                self.pools[index as usize] = Some(pool);
                index
            }
            None => {
                self.pools.push(Some(pool));
                self.pools.len() as u32 - 1
            }
        };
        self.table.insert(hash, index);
        index
    }

    pub fn remove(&mut self, index: u32) {
        if let Some(pool) = self.pools[index as usize].take() {
            self.table.remove(pool.hash, index);
            self.free.push(index);
        }
    }

    /// The pools with their indexes, from index `from` on.
    pub fn iter_from(&self, from: u32) -> impl Iterator<Item = (u32, &Pool)> {
        (from..)
            .zip(self.pools.iter().skip(from as usize))
            .filter_map(|(i, pool)| Some((i, pool.as_ref()?)))
    }

    pub fn memory_bytes(&self) -> usize {
        self.table.memory_bytes()
            + self.pools.capacity() * size_of::<Option<Pool>>()
            + self.free.capacity() * size_of::<u32>()
    }

    /// Every pool is found by its handle, and nothing else is in the table.
    pub fn verify(&self) -> Result<(), String> {
        let entries = self.table.verify(|index| Some(self.get(index)?.hash))?;
        let found = self
            .iter_from(0)
            .filter(|(i, pool)| self.find(pool.handle()) == Some(*i))
            .count();
        if entries != self.len() || found != self.len() {
            return Err(format!(
                "pools: {} of them, {entries} in the table",
                self.len()
            ));
        }
        Ok(())
    }
}

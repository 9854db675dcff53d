//! Handle resolution (RFC 5352 §3.3): select elements by the pool's policy, write the answer.

use crate::handlespace::Handlespace;
use crate::{Element, OutputTooSmall};

impl Handlespace {
    /// Selects up to `items` elements (0 counts as 1, more than 128 as 128) and writes the answer to the
    /// start of `out`: the pool's preface, the lead of the first record, the selected records. Returns its
    /// length, 0 for an unknown pool. When `out` is too small, the selection does not count.
    #[inline]
    pub fn resolve_into(
        &mut self,
        pool_handle: &[u8],
        items: u32,
        out: &mut [u8],
    ) -> Result<usize, OutputTooSmall> {
        let Some(pool) = self.pools.find_mut(pool_handle) else {
            return Ok(0);
        };
        let selected = pool.select(&self.members, &mut self.random, items, &mut self.selected);
        let mut answer = Answer { out, bytes: 0 };
        answer.put(pool.preface());
        answer.put(self.records.lead_of(selected[0]));
        let mut answered = 0;
        for &slot in selected {
            let record = self.records.record(slot);
            if answer.bytes + record.len() > self.limits.max_answer_bytes {
                break;
            }
            answer.put(record);
            answered += 1;
        }
        let Answer { out, bytes } = answer;
        if bytes > out.len() {
            return Err(OutputTooSmall { needed: bytes });
        }
        if let Some(offset) = self.length_offset {
            out[offset..offset + 2].copy_from_slice(&(bytes as u16).to_be_bytes());
        }
        pool.policy
            .advance(&mut self.members, &selected[..answered], pool.increment);
        Ok(bytes)
    }

    /// The same selection for those who want the elements one by one. Returns how many there are, 0 for an
    /// unknown pool.
    pub fn resolve(
        &mut self,
        pool_handle: &[u8],
        items: u32,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        let Some(pool) = self.pools.find_mut(pool_handle) else {
            return 0;
        };
        let count = pool
            .select(&self.members, &mut self.random, items, &mut self.selected)
            .len();
        for &slot in &self.selected[..count] {
            if let Some(element) = self.element(slot) {
                visit(&element);
            }
        }
        if let Some(pool) = self.pools.find_mut(pool_handle) {
            pool.policy
                .advance(&mut self.members, &self.selected[..count], pool.increment);
        }
        count
    }

    /// Some element of the pool, without a selection: nobody's turn is taken.
    pub fn peek(&self, pool_handle: &[u8]) -> Option<Element<'_>> {
        let pool = self.pools.get(self.pools.find(pool_handle)?)?;
        self.element(pool.policy.any()?)
    }
}

/// An answer that is being written. It goes on being counted when there is no room for it.
struct Answer<'a> {
    out: &'a mut [u8],
    bytes: usize,
}

impl Answer<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let end = self.bytes + bytes.len();
        if let Some(place) = self.out.get_mut(self.bytes..end) {
            place.copy_from_slice(bytes);
        }
        self.bytes = end;
    }
}

//! Handle resolution (RFC 5352 §3.3): select elements by the pool's policy, write the answer.

use crate::handlespace::Handlespace;
use crate::{Element, Error, MAX_ITEMS};

impl Handlespace {
    /// Selects up to `items` elements (0 counts as 1, more than 128 as 128) and writes the answer to the
    /// start of `out`: the pool's preface, the lead of the first record, the selected records. Returns its
    /// length, 0 for an unknown pool. When `out` is too small, the selection does not count.
    pub fn resolve_into(
        &mut self,
        pool_handle: &[u8],
        items: u32,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let Some((index, count)) = self.select(pool_handle, items) else {
            return Ok(0);
        };
        let Some(pool) = self.pools.get_mut(index) else {
            return Ok(0);
        };
        let selected = &self.selected[..count];
        let lead = self.records.lead(selected[0]);
        let lead_bytes = usize::from(lead.1);
        let mut needed = pool.preface().len() + lead_bytes;
        let fitting = selected.iter().take_while(|&&slot| {
            let longer = needed + self.records.record_bytes(slot);
            let fits = longer <= self.limits.max_answer_bytes;
            needed = if fits { longer } else { needed };
            fits
        });
        let answered = &selected[..fitting.count()];
        let Some(out) = out.get_mut(..needed) else {
            return Err(Error::OutputTooSmall { needed });
        };

        let mut at = 0;
        let mut write = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        write(pool.preface());
        write(&self.records.record(selected[0])[lead.0.into()..][..lead_bytes]);
        for &slot in answered {
            write(self.records.record(slot));
        }
        pool.policy
            .advance(&mut self.members, answered, pool.increment);
        Ok(needed)
    }

    /// The same selection for those who want the elements one by one. Returns how many there are, 0 for an
    /// unknown pool.
    pub fn resolve(
        &mut self,
        pool_handle: &[u8],
        items: u32,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        let Some((index, count)) = self.select(pool_handle, items) else {
            return 0;
        };
        for &slot in &self.selected[..count] {
            if let Some(element) = self.element(slot) {
                visit(&element);
            }
        }
        if let Some(pool) = self.pools.get_mut(index) {
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

    /// The pool's index and how many slots are in `selected` now: one at the least.
    #[inline]
    fn select(&mut self, pool_handle: &[u8], items: u32) -> Option<(u32, usize)> {
        let index = self.pools.find(pool_handle)?;
        let pool = self.pools.get_mut(index)?;
        let wanted = (items as usize).clamp(1, MAX_ITEMS);
        let selected = &mut self.selected[..wanted];
        let count = pool
            .policy
            .select(&self.members, &mut self.random, selected);
        (count > 0).then_some((index, count))
    }
}

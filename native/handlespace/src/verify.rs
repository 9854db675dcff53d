//! Checks every invariant of every structure and that they agree with one another. For tests and for doubt:
//! takes time in proportion to the number of elements.

use crate::checksum;
use crate::handlespace::Handlespace;

impl Handlespace {
    /// An error is a defect of this crate; its text says where.
    pub fn verify(&self) -> Result<(), String> {
        self.elements.verify()?;
        self.pools.verify()?;
        self.records.verify(|slot| self.elements.is_live(slot))?;
        self.schedule.verify(self.elements.live_slots())?;
        let counts = [
            ("the element table", self.table.verify(&self.elements)?),
            ("ownership", self.verify_ownership()?),
            ("the pools' policies", self.verify_pools()?),
        ];
        for (who, count) in counts {
            if count != self.elements.len() {
                return Err(format!(
                    "{who}: {count} of {} elements",
                    self.elements.len()
                ));
            }
        }
        let association_of = |slot| self.elements.get(slot).map(|it| it.association);
        let associated = self
            .elements
            .live_slots()
            .filter(|&slot| association_of(slot) != Some(0));
        if self.associations.verify(association_of)? != associated.count() {
            return Err("associations: an element is missing".into());
        }
        Ok(())
    }

    fn verify_ownership(&self) -> Result<usize, String> {
        self.ownership.verify(|slot| {
            let it = self.elements.get(slot)?;
            let pool = self.pools.get(it.pool)?;
            Some((
                it.home,
                checksum::sum_of_handle(pool.handle()) + checksum::sum_of_id(it.id),
            ))
        })
    }

    fn verify_pools(&self) -> Result<usize, String> {
        let mut sizes = std::collections::HashMap::new();
        for it in self
            .elements
            .live_slots()
            .filter_map(|slot| self.elements.get(slot))
        {
            *sizes.entry(it.pool).or_insert(0) += 1;
        }
        let mut total = 0;
        for (index, pool) in self.pools.iter_from(0) {
            let count = self.verify_orders(index, pool)?;
            if count != pool.elements || sizes.get(&index) != Some(&count) {
                return Err(format!(
                    "pool {index}: {count} in its orders, {} counted",
                    pool.elements
                ));
            }
            total += count;
        }
        Ok(total)
    }
}

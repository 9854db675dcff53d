//! What concerns many elements at once. Everything here works in slices: it takes a budget, does that much
//! and goes on with the next call, so that a million elements cause no pause.

use crate::handlespace::Handlespace;
use crate::{Element, PoolSummary};

impl Handlespace {
    /// Removes at most `budget` elements whose current association this is, oldest first, each after its
    /// visit. Returns how many; fewer than `budget`: none is left.
    pub fn remove_association(
        &mut self,
        association: u32,
        budget: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        self.remove_each(budget, |it| it.associations.first(association), visit)
    }

    /// How many elements belong to this association.
    pub fn elements_of(&self, association: u32) -> usize {
        self.associations.count(association)
    }

    /// Removes at most `budget` elements of this home registrar, each after its visit. Returns how many;
    /// fewer than `budget`: none is left.
    pub fn purge(
        &mut self,
        home: u32,
        budget: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        self.remove_each(budget, |it| it.ownership.slots_from(home, 0).next(), visit)
    }

    /// Gives at most `budget` elements of registrar `from` to registrar `to`, each before its visit, which
    /// sees the new home, in the record too. It is for the caller to send each a keep-alive (RFC 5353 §3.5.2,
    /// with H=1) and to `probe` it then: until it does nobody watches it. Returns how many; fewer than
    /// `budget`: none is left. Nothing happens if `from` is `to`.
    pub fn adopt(
        &mut self,
        from: u32,
        to: u32,
        budget: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        let mut count = 0;
        while count < budget && from != to {
            let Some(slot) = self.ownership.slots_from(from, 0).next() else {
                break;
            };
            self.move_home(slot, to);
            if let Some(element) = self.element(slot) {
                visit(&element);
            }
            count += 1;
        }
        count
    }

    /// How many elements this registrar owns.
    pub fn elements_owned_by(&self, home: u32) -> usize {
        self.ownership.count(home)
    }

    /// Shows at most `limit` elements, of one home registrar or of all, from `token` on (0: from the
    /// beginning). Returns the token to go on with, `None` at the end. An element that is there, under the
    /// same home, during the whole walk is shown exactly once, whatever else changes between the calls.
    pub fn walk(
        &self,
        home: Option<u32>,
        token: u32,
        limit: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> Option<u32> {
        match home {
            Some(home) => self.show(self.ownership.slots_from(home, token), limit, visit),
            None => {
                let all = token..self.elements.slots();
                self.show(
                    all.filter(|&slot| self.elements.is_live(slot)),
                    limit,
                    visit,
                )
            }
        }
    }

    /// The same over the elements that belong to `association`, in the order of their slots: where somebody
    /// stands in its line may change between the calls. Takes time in proportion to all of its elements.
    pub fn walk_association(
        &self,
        association: u32,
        token: u32,
        limit: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> Option<u32> {
        let slots = self.associations.slots(association);
        let mut left: Vec<u32> = slots.filter(|&slot| slot >= token).collect();
        left.sort_unstable();
        self.show(left.into_iter(), limit, visit)
    }

    /// Shows at most `limit` pools; the token is used as with `walk`.
    pub fn pools(
        &self,
        token: u32,
        limit: usize,
        visit: &mut dyn FnMut(&PoolSummary<'_>),
    ) -> Option<u32> {
        let mut pools = self.pools.iter_from(token);
        for (_, pool) in pools.by_ref().take(limit) {
            visit(&PoolSummary {
                pool_handle: pool.handle(),
                policy: pool.row.number,
                policy_name: pool.row.name,
                transport_kind: pool.transport_kind,
                has_control: pool.has_control,
                elements: pool.elements,
            });
        }
        pools.next().map(|(index, _)| index)
    }

    fn remove_each(
        &mut self,
        budget: usize,
        next: impl Fn(&Self) -> Option<u32>,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> usize {
        let mut count = 0;
        while count < budget {
            let Some(slot) = next(self) else { break };
            if let Some(element) = self.element(slot) {
                visit(&element);
            }
            self.remove(slot);
            count += 1;
        }
        count
    }

    fn show(
        &self,
        mut slots: impl Iterator<Item = u32>,
        limit: usize,
        visit: &mut dyn FnMut(&Element<'_>),
    ) -> Option<u32> {
        for element in slots
            .by_ref()
            .take(limit)
            .filter_map(|slot| self.element(slot))
        {
            visit(&element);
        }
        slots.next()
    }
}

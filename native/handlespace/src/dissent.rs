//! Pool elements that disagree with their pool: under another home registrar they were registered with another
//! policy, transport protocol or control channel while the two could not hear each other. They are kept, so
//! that registrars agree about what there is, and not selected. What a pool is like is what its element with
//! the lowest identifier is like; so every registrar comes to the same end, whatever came first.

use std::collections::BTreeMap;

use crate::handlespace::Handlespace;
use crate::policy;
use crate::pool::Pool;
use crate::{PolicyValues, Registration};

/// What all elements of a pool are to have in common (RFC 5352 §3.1 rules 2 and 3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Character {
    /// Number of the policy.
    pub policy: u32,
    pub transport_kind: u32,
    pub has_control: bool,
}

impl Character {
    pub fn of(it: &Registration<'_>) -> Self {
        Character {
            policy: it.policy.number,
            transport_kind: it.transport_kind,
            has_control: it.has_control,
        }
    }
}

/// Of a pool with elements that disagree; a pool where all agree has none.
pub(crate) struct Dissent {
    /// The lowest identifier of those that agree; `NOBODY`: none does.
    pub lowest: u64,
    /// By identifier: slot and character.
    pub others: BTreeMap<u32, (u32, Character)>,
}

const NOBODY: u64 = u64::MAX;

impl Handlespace {
    /// The element in `slot` has come, and its values are in `members`: its pool takes it in.
    pub(crate) fn join(&mut self, pool: u32, slot: u32, id: u32, character: Character) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        if it.character() == character {
            it.policy.insert(&mut self.members, slot);
            if let Some(dissent) = &mut it.dissent {
                dissent.lowest = dissent.lowest.min(id.into());
            }
            return;
        }
        if it.dissent.is_none() {
            let (lowest, others) = (self.lowest_of(pool, |other| other != id), BTreeMap::new());
            self.set_dissent(pool, Dissent { lowest, others });
        }
        if let Some(dissent) = self.dissent_of(pool) {
            dissent.others.insert(id, (slot, character));
        }
        self.reform(pool);
    }

    /// The element that was in `slot` has gone: its pool lets it go.
    pub(crate) fn leave(&mut self, pool: u32, slot: u32, id: u32) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        let Some(dissent) = &mut it.dissent else {
            it.policy.remove(&mut self.members, slot);
            return;
        };
        if dissent.others.remove(&id).is_none() {
            it.policy.remove(&mut self.members, slot);
            if dissent.lowest == u64::from(id) {
                self.find_lowest(pool);
            }
        } else if dissent.others.is_empty() {
            it.dissent = None;
        }
        self.reform(pool);
    }

    /// What the element in `slot` is like.
    pub(crate) fn character_of(&self, slot: u32) -> Option<Character> {
        let identity = self.elements.get(slot)?;
        let pool = self.pools.get(identity.pool)?;
        Some(pool.character_of(identity.id))
    }

    /// After the one that had the lowest identifier has left.
    fn find_lowest(&mut self, pool: u32) {
        let Some(it) = self.pools.get(pool) else {
            return;
        };
        let lowest = self.lowest_of(pool, |id| !it.disagrees(id));
        if let Some(dissent) = self.dissent_of(pool) {
            dissent.lowest = lowest;
        }
    }

    fn dissent_of(&mut self, pool: u32) -> Option<&mut Dissent> {
        self.pools.get_mut(pool)?.dissent.as_deref_mut()
    }

    fn set_dissent(&mut self, pool: u32, dissent: Dissent) {
        if let Some(it) = self.pools.get_mut(pool) {
            it.dissent = Some(Box::new(dissent));
        }
    }

    fn lowest_of(&self, pool: u32, counts: impl Fn(u32) -> bool) -> u64 {
        let ids = self.slots_of(pool).map(|(_, id)| id);
        ids.filter(|&id| counts(id)).min().map_or(NOBODY, u64::from)
    }

    /// Slots and identifiers of a pool's elements. Takes time in proportion to all elements of all pools; only
    /// pools with dissenters are looked through so, and only when their first changes.
    fn slots_of(&self, pool: u32) -> impl Iterator<Item = (u32, u32)> {
        self.elements.live_slots().filter_map(move |slot| {
            let it = self.elements.get(slot)?;
            (it.pool == pool).then_some((slot, it.id))
        })
    }

    /// Lets the pool be as its element with the lowest identifier is.
    fn reform(&mut self, pool: u32) {
        let Some(wanted) = self.pools.get(pool).and_then(Pool::overdue_character) else {
            return;
        };
        let Some(row) = policy::row(wanted.policy) else {
            return;
        };
        let all: Vec<_> = self.slots_of(pool).collect();
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        let mut dissent = Dissent {
            lowest: NOBODY,
            others: BTreeMap::new(),
        };
        let mut order = (row.make)();
        for (slot, id) in all {
            let character = it.character_of(id);
            if character == it.character() {
                it.policy.remove(&mut self.members, slot);
            }
            if character != wanted {
                dissent.others.insert(id, (slot, character));
                continue;
            }
            let member = *self.members.at(slot);
            self.members
                .set(slot, member.value, member.load_degradation);
            order.insert(&mut self.members, slot);
            dissent.lowest = dissent.lowest.min(id.into());
        }
        it.take_over(row, wanted, order);
        it.dissent = (!dissent.others.is_empty()).then(|| Box::new(dissent));
    }

    /// Of every pool: who is said to disagree does, and the first of all agrees.
    pub(crate) fn verify_dissent(&self, index: u32, pool: &Pool) -> Result<usize, String> {
        let Some(dissent) = &pool.dissent else {
            return Ok(0);
        };
        let is_other = |id| dissent.others.contains_key(&id);
        let lowest = self.lowest_of(index, |id| !is_other(id));
        let disagree = dissent.others.iter().all(|(&id, &(slot, character))| {
            let it = self.elements.get(slot);
            character != pool.character() && it.is_some_and(|it| it.id == id && it.pool == index)
        });
        let first = dissent.others.keys().next().map(|&id| u64::from(id));
        if !disagree || lowest != dissent.lowest || first.is_none_or(|first| first < lowest) {
            return Err(format!("pool {index}: its dissenters are wrong"));
        }
        Ok(dissent.others.len())
    }
}

impl Pool {
    pub fn character(&self) -> Character {
        Character {
            policy: self.row.number,
            transport_kind: self.transport_kind,
            has_control: self.has_control,
        }
    }

    fn character_of(&self, id: u32) -> Character {
        let other = self.dissent.as_ref().and_then(|it| it.others.get(&id));
        other.map_or_else(|| self.character(), |&(_, character)| character)
    }

    /// The element's values, under the policy that it has itself.
    pub fn policy_values(&self, id: u32, value: u32, load_degradation: u32) -> PolicyValues {
        PolicyValues {
            number: self.character_of(id).policy,
            value,
            load_degradation,
        }
    }

    pub fn disagrees(&self, id: u32) -> bool {
        self.dissent
            .as_ref()
            .is_some_and(|it| it.others.contains_key(&id))
    }

    /// What the pool should be like, when somebody who disagrees has the lowest identifier.
    fn overdue_character(&self) -> Option<Character> {
        let dissent = self.dissent.as_ref()?;
        let (&id, &(_, character)) = dissent.others.first_key_value()?;
        (u64::from(id) < dissent.lowest).then_some(character)
    }
}

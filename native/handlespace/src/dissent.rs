//! Pool elements that disagree with their pool: under another home registrar they were registered with another
//! policy, transport protocol or control channel while the two could not hear each other. They are kept, so
//! that registrars agree about what there is, and not selected. What a pool is like is what its element with
//! the lowest identifier is like; so every registrar comes to the same end, whatever came first.
//!
//! Those who disagree stand in an order too, with whoever is like them, though nobody selects from it: a pool
//! that changes takes another of the orders that there are. So what comes or goes takes time in proportion to
//! the logarithm of its pool. Only taking stock looks at all elements of the pool, and at no others: when
//! somebody disagrees for the first time, and later when half as many have left as there were then.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::handlespace::Handlespace;
use crate::policy::{self, Policy};
use crate::pool::Pool;
use crate::{PolicyValues, Registration};

/// What all elements of a pool are to have in common (RFC 5352 §3.1 rules 2 and 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// Of a pool with elements that disagree, or that had some. A pool where all agree has none, as a rule: it is
/// kept for a while, or else somebody who disagrees now and agrees then would have stock taken each time.
pub(crate) struct Dissent {
    /// What those are like of whom `unusual` says nothing.
    usual: Character,
    /// By identifier: what the others are like.
    unusual: BTreeMap<u32, Character>,
    /// The orders of those that disagree with the pool. None is empty.
    orders: BTreeMap<Character, Box<dyn Policy>>,
    /// The identifiers of all elements, the lowest on top. Those of elements that have gone stay until they come
    /// to the top or stock is taken; of two that are equal, one at the least is such.
    ids: BinaryHeap<Reverse<u32>>,
}

impl Handlespace {
    /// The element in `slot` has come, and its values are in `members`: its pool takes it in.
    pub(crate) fn join(&mut self, pool: u32, slot: u32, id: u32, character: Character) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        let (usual, is_first) = (it.character(), it.dissent.is_none());
        if is_first && character == usual {
            return it.policy.insert(&mut self.members, slot);
        }
        let dissent = it
            .dissent
            .get_or_insert_with(|| Box::new(Dissent::new(usual)));
        dissent.note(id, character);
        if let Some(row) = policy::row(character.policy).filter(|_| character != usual) {
            let orders = &mut dissent.orders;
            orders
                .entry(character)
                .or_insert_with(|| (row.make)(self.turns.degradation));
        }
        it.order_of(id).insert(&mut self.members, slot);
        if is_first {
            self.take_stock(pool);
        }
        self.settle(pool);
    }

    /// The element that was in `slot` has gone: its pool lets it go.
    pub(crate) fn leave(&mut self, pool: u32, slot: u32, id: u32) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        it.order_of(id).remove(&mut self.members, slot);
        if let Some(dissent) = &mut it.dissent {
            dissent.forget(id);
            self.settle(pool);
        }
    }

    /// What the element in `slot` is like.
    pub(crate) fn character_of(&self, slot: u32) -> Option<Character> {
        let identity = self.elements.get(slot)?;
        let pool = self.pools.get(identity.pool)?;
        Some(pool.character_of(identity.id))
    }

    /// After a change in a pool with dissenters: lets it be as its element with the lowest identifier is, and
    /// does away with what is not needed any more.
    fn settle(&mut self, pool: u32) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        let Some(dissent) = &mut it.dissent else {
            return;
        };
        let has_gone = |id| self.table.find(&self.elements, pool, id).is_none();
        while dissent.ids.peek().is_some_and(|lowest| has_gone(lowest.0)) {
            dissent.ids.pop();
        }
        let Some(&Reverse(lowest)) = dissent.ids.peek() else {
            return; // nobody is left, and the pool goes as well
        };
        let is_overlong = dissent.ids.len() > 2 * it.elements;
        let wanted = dissent.character_of(lowest);
        if wanted != it.character() {
            it.turn_to(wanted);
        }
        match (it.is_unanimous(), is_overlong) {
            (true, true) => it.dissent = None,
            (true, false) => it.become_usual(),
            (false, true) => self.take_stock(pool),
            (false, false) => {}
        }
    }

    /// Notes the identifiers of all elements of the pool, and no others.
    fn take_stock(&mut self, pool: u32) {
        let Some(it) = self.pools.get_mut(pool) else {
            return;
        };
        // Room for all that there may be before stock is taken again, unless the pool grows.
        let mut ids = Vec::with_capacity(2 * it.elements);
        for (_, order) in it.orders() {
            order.each(&self.members, &mut |slot| {
                ids.extend(self.elements.get(slot).map(|it| Reverse(it.id)));
            });
        }
        if let Some(dissent) = &mut it.dissent {
            dissent.ids = ids.into();
        }
    }

    /// Of every pool: everybody stands once, in the order of those that are like it, and the first of all
    /// agrees. Returns how many elements there are.
    pub(crate) fn verify_orders(&self, index: u32, pool: &Pool) -> Result<usize, String> {
        let mut ids = BTreeSet::new();
        let mut count = 0;
        for (character, order) in pool.orders() {
            let mut is_right = order.any().is_some();
            order.each(&self.members, &mut |slot| {
                let it = self.elements.get(slot).filter(|it| it.pool == index);
                is_right &=
                    it.is_some_and(|it| ids.insert(it.id) && pool.character_of(it.id) == character);
            });
            count += order.verify(&self.members)?;
            if !is_right || ids.len() != count {
                return Err(format!("pool {index}: one of its orders is wrong"));
            }
        }
        let first = ids.first().map(|&id| pool.character_of(id));
        let is_right = |it: &Dissent| it.is_of(&ids);
        if first != Some(pool.character()) || !pool.dissent.as_deref().is_none_or(is_right) {
            return Err(format!("pool {index}: its dissenters are wrong"));
        }
        Ok(count)
    }
}

impl Dissent {
    fn new(usual: Character) -> Self {
        Dissent {
            usual,
            unusual: BTreeMap::new(),
            orders: BTreeMap::new(),
            ids: BinaryHeap::new(),
        }
    }

    fn note(&mut self, id: u32, character: Character) {
        self.ids.push(Reverse(id));
        if character != self.usual {
            self.unusual.insert(id, character);
        }
    }

    /// An order that it leaves empty goes, unless it is that of the pool.
    fn forget(&mut self, id: u32) {
        let character = self.unusual.remove(&id).unwrap_or(self.usual);
        let order = self.orders.get(&character);
        if order.is_some_and(|order| order.any().is_none()) {
            self.orders.remove(&character);
        }
    }

    fn character_of(&self, id: u32) -> Character {
        self.unusual.get(&id).copied().unwrap_or(self.usual)
    }

    /// Whether this is right for a pool with these elements.
    fn is_of(&self, elements: &BTreeSet<u32>) -> bool {
        let noted: BTreeSet<u32> = self.ids.iter().map(|it| it.0).collect();
        let first = self.ids.peek().map(|it| &it.0);
        let mut unusual = self.unusual.iter();
        first == elements.first()
            && elements.is_subset(&noted)
            && self.ids.len() <= 2 * elements.len()
            && unusual.all(|(id, &character)| elements.contains(id) && character != self.usual)
            && (self.unusual.is_empty() || !self.orders.is_empty())
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

    /// The element's values, under the policy that it has itself.
    pub fn policy_values(&self, id: u32, value: u32, load_degradation: u32) -> PolicyValues {
        PolicyValues {
            number: self.character_of(id).policy,
            value,
            load_degradation,
        }
    }

    pub fn disagrees(&self, id: u32) -> bool {
        self.character_of(id) != self.character()
    }

    /// The order that this element stands in.
    pub fn order_of(&mut self, id: u32) -> &mut dyn Policy {
        let theirs = self.dissent.as_mut().and_then(|it| {
            let character = it.character_of(id);
            it.orders.get_mut(&character)
        });
        theirs.unwrap_or(&mut self.policy).as_mut()
    }

    fn character_of(&self, id: u32) -> Character {
        match &self.dissent {
            Some(dissent) => dissent.character_of(id),
            None => self.character(),
        }
    }

    fn is_unanimous(&self) -> bool {
        self.dissent.as_ref().is_none_or(|it| it.orders.is_empty())
    }

    /// All are like the pool, so that is what is usual now.
    fn become_usual(&mut self) {
        let usual = self.character();
        if let Some(dissent) = &mut self.dissent {
            dissent.usual = usual;
            dissent.unusual.clear();
        }
    }

    /// All orders with those who stand in them: the pool's own first.
    fn orders(&self) -> impl Iterator<Item = (Character, &dyn Policy)> {
        let theirs = self.dissent.iter().flat_map(|it| &it.orders);
        let theirs = theirs.map(|(&character, order)| (character, order.as_ref()));
        std::iter::once((self.character(), self.policy.as_ref())).chain(theirs)
    }

    /// Lets the pool be like those that are like this. The others wait in the order that they have.
    fn turn_to(&mut self, wanted: Character) {
        let old = self.character();
        let order = self
            .dissent
            .as_mut()
            .and_then(|it| it.orders.remove(&wanted));
        let Some((row, order)) = policy::row(wanted.policy).zip(order) else {
            return;
        };
        let order = self.take_over(row, wanted, order);
        if let Some(dissent) = self.dissent.as_mut().filter(|_| order.any().is_some()) {
            dissent.orders.insert(old, order);
        }
    }
}

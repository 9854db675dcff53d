//! One pool: its handle, the preface of its answers, what its elements have in common, and their order.

use crate::checksum;
use crate::dissent::{Character, Dissent};
use crate::policy::{Members, Policy, Row};
use crate::random::Random;
use crate::{Degradation, Error, MAX_ITEMS, Registration};

/// How the pools of a handlespace take turns.
#[derive(Clone, Copy)]
pub(crate) struct TurnSettings {
    /// 0: as the policy has it.
    pub max_increment: u32,
    pub degradation: Degradation,
}

pub(crate) struct Pool {
    /// The handle, then the preface, in one piece of memory.
    bytes: Box<[u8]>,
    handle_bytes: usize,
    /// Part of every element's checksum.
    pub handle_sum: u64,
    /// Of the handle.
    pub hash: u32,
    pub elements: usize,
    pub transport_kind: u32,
    pub has_control: bool,
    pub turns: TurnSettings,
    /// How many leading entries of an answer have had their turn.
    pub increment: usize,
    pub row: &'static Row,
    pub policy: Box<dyn Policy>,
    pub dissent: Option<Box<Dissent>>,
}

impl Pool {
    /// An empty pool as its first element wants it.
    pub fn new(
        hash: u32,
        row: &'static Row,
        turns: TurnSettings,
        first: &Registration<'_>,
    ) -> Self {
        Pool {
            bytes: [first.pool_handle, first.preface]
                .concat()
                .into_boxed_slice(),
            handle_bytes: first.pool_handle.len(),
            handle_sum: checksum::sum_of_handle(first.pool_handle),
            hash,
            elements: 0,
            transport_kind: first.transport_kind,
            has_control: first.has_control,
            turns,
            increment: turns.increment_of(row),
            row,
            policy: (row.make)(turns.degradation),
            dissent: None,
        }
    }

    #[inline]
    pub fn handle(&self) -> &[u8] {
        &self.bytes[..self.handle_bytes]
    }

    #[inline]
    pub fn preface(&self) -> &[u8] {
        &self.bytes[self.handle_bytes..]
    }

    /// Slots of up to `items` elements (0 counts as 1, more than 128 as 128): at least one, as no pool is empty.
    #[inline]
    pub fn select<'a>(
        &mut self,
        members: &Members,
        random: &mut Random,
        items: u32,
        selected: &'a mut [u32; MAX_ITEMS],
    ) -> &'a [u32] {
        let wanted = (items as usize).clamp(1, MAX_ITEMS);
        let count = self.policy.select(members, random, &mut selected[..wanted]);
        &selected[..count]
    }

    /// From now on the pool is like this, with its agreeing elements in this order. Returns the order that it
    /// had until now.
    pub fn take_over(
        &mut self,
        row: &'static Row,
        like: Character,
        order: Box<dyn Policy>,
    ) -> Box<dyn Policy> {
        self.row = row;
        self.transport_kind = like.transport_kind;
        self.has_control = like.has_control;
        self.increment = self.turns.increment_of(row);
        std::mem::replace(&mut self.policy, order)
    }

    /// Whether a registration agrees with the pool (RFC 5352 §3.1 rules 2 and 3), in the order in which rsplib
    /// checks. It must even when it renews the pool's only element: who wants another policy deregisters first.
    pub fn check(&self, registration: &Registration<'_>) -> Result<(), Error> {
        if registration.transport_kind != self.transport_kind {
            return Err(Error::InconsistentTransport {
                pool: self.transport_kind,
            });
        }
        if registration.has_control != self.has_control {
            return Err(Error::InconsistentControl {
                pool: self.has_control,
            });
        }
        if registration.policy.number != self.row.number {
            return Err(Error::InconsistentPolicy {
                pool: self.row.number,
            });
        }
        Ok(())
    }
}

impl TurnSettings {
    fn increment_of(self, row: &Row) -> usize {
        let increment = match self.max_increment {
            0 => row.default_increment,
            most => most,
        };
        increment as usize
    }
}

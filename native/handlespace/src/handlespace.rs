//! The handlespace: holds the parts and keeps them in step when an element comes, changes or goes. What is
//! refused is in `admission.rs`, selection in `resolution.rs`, timers in `timers.rs`, what concerns many
//! elements at once in `bulk.rs`.

use crate::association::Associations;
use crate::checksum;
use crate::dissent::Character;
use crate::element::{Elements, Identity};
use crate::element_table::ElementTable;
use crate::hash::HashKey;
use crate::ownership::Ownership;
use crate::policy::{Members, Row};
use crate::pool::{Pool, TurnSettings};
use crate::pool_table::PoolTable;
use crate::random::Random;
use crate::records::Records;
use crate::schedule::{KeepAliveState, Schedule};
use crate::{Element, Error, Limits, MAX_ITEMS, Registered, Registration, Settings, Stats};

/// Slots must leave the timing wheel its mark and sums of weights their sign.
const MOST_ELEMENTS: usize = 1 << 28;

pub struct Handlespace {
    pub(crate) limits: Limits,
    pub(crate) turns: TurnSettings,
    pub(crate) home_offset: Option<usize>,
    pub(crate) length_offset: Option<usize>,
    pub(crate) random: Random,
    pub(crate) pools: PoolTable,
    pub(crate) elements: Elements,
    pub(crate) table: ElementTable,
    pub(crate) members: Members,
    pub(crate) records: Records,
    pub(crate) schedule: Schedule,
    pub(crate) ownership: Ownership,
    pub(crate) associations: Associations,
    /// The slots of the latest selection; here so that a resolution allocates nothing.
    pub(crate) selected: Box<[u32; MAX_ITEMS]>,
}

impl Handlespace {
    /// Settings out of range are brought into it (see `KeepAlive`).
    pub fn new(settings: Settings) -> Self {
        let mut random = Random::new(settings.seed);
        let mut key = || HashKey::new(&mut random);
        let (pools, table) = (PoolTable::new(key()), ElementTable::new(key()));
        let (ownership, associations) = (Ownership::new(key()), Associations::new(key()));
        let max_elements = settings.limits.max_elements.min(MOST_ELEMENTS);
        let most_bytes = match settings.length_offset {
            Some(_) => u16::MAX.into(),
            None => usize::MAX,
        };
        Handlespace {
            limits: Limits {
                max_elements,
                max_answer_bytes: settings.limits.max_answer_bytes.min(most_bytes),
                ..settings.limits
            },
            turns: TurnSettings {
                max_increment: settings.max_increment,
                degradation: settings.degradation,
            },
            home_offset: settings.home_offset.map(usize::from),
            length_offset: settings.length_offset.map(usize::from),
            random,
            pools,
            elements: Elements::default(),
            table,
            members: Members::default(),
            records: Records::default(),
            schedule: Schedule::new(&settings.keep_alive),
            ownership,
            associations,
            selected: Box::new([0; MAX_ITEMS]),
        }
    }

    /// Registers a pool element or renews its registration (RFC 5352 §3.1). A renewal replaces everything
    /// that the registration says, resets the degradation and the unreachability reports, and restarts the
    /// timers; the element keeps its place in the pool's order unless its values move it.
    pub fn register(
        &mut self,
        now: u64,
        registration: &Registration<'_>,
    ) -> Result<Registered, Error> {
        let known = self.pools.find(registration.pool_handle);
        let row = self.check(registration, known)?;
        let pool = match known {
            Some(pool) => pool,
            None => self.create_pool(row, registration),
        };
        let now = self.schedule.observe(now);
        match self.table.find(&self.elements, pool, registration.id) {
            Some(slot) if self.character_of(slot) == Some(Character::of(registration)) => {
                self.renew(now, slot, registration);
                Ok(Registered::Updated)
            }
            Some(slot) => {
                self.replace(now, slot, row, registration);
                Ok(Registered::Updated)
            }
            None => {
                self.create(now, pool, registration);
                Ok(Registered::Created)
            }
        }
    }

    /// Removes an element, and its pool when it was the last one. False: it was not there.
    pub fn deregister(&mut self, pool_handle: &[u8], id: u32) -> bool {
        let slot = self.find_slot(pool_handle, id);
        slot.inspect(|&slot| self.remove(slot)).is_some()
    }

    pub fn find(&self, pool_handle: &[u8], id: u32) -> Option<Element<'_>> {
        self.element(self.find_slot(pool_handle, id)?)
    }

    /// Counts a report of unreachability (RFC 5352 §3.4). Returns how many there have been since the last
    /// registration, 0 for an unknown element.
    pub fn report_unreachable(&mut self, pool_handle: &[u8], id: u32) -> u32 {
        let slot = self.find_slot(pool_handle, id);
        slot.and_then(|slot| self.elements.get_mut(slot))
            .map_or(0, |it| {
                it.unreachable_reports = it.unreachable_reports.saturating_add(1);
                it.unreachable_reports
            })
    }

    /// The checksum of RFC 5353 §3.6.2 over the elements that this registrar owns; 0xffff for none.
    pub fn checksum(&self, home: u32) -> u16 {
        checksum::fold(self.ownership.sum(home))
    }

    pub fn stats(&self) -> Stats {
        Stats {
            pools: self.pools.len(),
            elements: self.elements.len(),
            owners: self.ownership.owners(),
            associations: self.associations.associations(),
            memory_bytes: self.pools.memory_bytes()
                + self.elements.memory_bytes()
                + self.table.memory_bytes()
                + self.members.memory_bytes()
                + self.records.memory_bytes()
                + self.schedule.memory_bytes()
                + self.associations.memory_bytes(),
        }
    }

    #[inline]
    pub(crate) fn find_slot(&self, pool_handle: &[u8], id: u32) -> Option<u32> {
        self.table
            .find(&self.elements, self.pools.find(pool_handle)?, id)
    }

    /// What the outside sees of a slot; `None`: nobody is in it.
    pub(crate) fn element(&self, slot: u32) -> Option<Element<'_>> {
        let identity = self.elements.get(slot)?;
        let pool = self.pools.get(identity.pool)?;
        let (member, deadlines) = (self.members.at(slot), self.schedule.at(slot));
        Some(Element {
            pool_handle: pool.handle(),
            id: identity.id,
            home: identity.home,
            association: identity.association,
            policy: pool.policy_values(identity.id, member.value, member.load_degradation),
            disagrees: pool.disagrees(identity.id),
            is_watched: deadlines.state() != KeepAliveState::Unwatched,
            awaits_acknowledgement: deadlines.state() == KeepAliveState::Awaiting,
            unreachable_reports: identity.unreachable_reports,
            expires_at: deadlines.life,
            record: self.records.record(slot),
            lead: self.records.lead(slot),
            annex: self.records.annex(slot),
        })
    }

    /// Takes the element in `slot` out of everything.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(&it) = self.elements.get(slot) else {
            return;
        };
        let Some(pool) = self.pools.get_mut(it.pool) else {
            return;
        };
        let sum = pool.handle_sum + checksum::sum_of_id(it.id);
        pool.elements -= 1;
        let was_last = pool.elements == 0;
        self.table.remove(it.pool, it.id, slot);
        self.ownership.remove(it.home, slot, sum);
        self.associations.remove(it.association, slot);
        self.schedule.stop(slot);
        self.records.release(slot);
        self.elements.remove(slot);
        self.leave(it.pool, slot, it.id);
        if was_last {
            self.pools.remove(it.pool);
        }
    }

    /// Gives the element in `slot` another home, in its record too.
    pub(crate) fn move_home(&mut self, slot: u32, home: u32) {
        let Some(it) = self.elements.get_mut(slot) else {
            return;
        };
        let Some(pool) = self.pools.get(it.pool) else {
            return;
        };
        let sum = pool.handle_sum + checksum::sum_of_id(it.id);
        let old = std::mem::replace(&mut it.home, home);
        if old != home {
            self.ownership.remove(old, slot, sum);
            self.ownership.add(home, slot, sum);
        }
        if let Some(offset) = self.home_offset {
            self.records.patch(slot, offset, &home.to_be_bytes());
        }
    }

    fn create_pool(&mut self, row: &'static Row, first: &Registration<'_>) -> u32 {
        let hash = self.pools.hash(first.pool_handle);
        self.pools.insert(Pool::new(hash, row, self.turns, first))
    }

    fn create(&mut self, now: u64, pool: u32, it: &Registration<'_>) {
        let (id, home, association) = (it.id, it.home, it.association);
        let identity = Identity {
            id,
            pool,
            home,
            association,
            unreachable_reports: 0,
        };
        let slot = self.elements.insert(identity);
        self.table.insert(pool, id, slot);
        self.members
            .set(slot, it.policy.value, it.policy.load_degradation);
        if let Some(pool) = self.pools.get_mut(pool) {
            pool.elements += 1;
            self.ownership
                .add(home, slot, pool.handle_sum + checksum::sum_of_id(id));
        }
        self.join(pool, slot, id, Character::of(it));
        self.associations.add(association, slot);
        self.refresh(now, slot, it);
    }

    /// The element comes back as another one, so to speak: it may agree with its pool now, or no longer.
    fn replace(&mut self, now: u64, slot: u32, row: &'static Row, it: &Registration<'_>) {
        self.remove(slot);
        let pool = self.pools.find(it.pool_handle);
        let pool = pool.unwrap_or_else(|| self.create_pool(row, it));
        self.create(now, pool, it);
    }

    fn renew(&mut self, now: u64, slot: u32, it: &Registration<'_>) {
        let Some(identity) = self.elements.get_mut(slot) else {
            return;
        };
        let old = std::mem::replace(&mut identity.association, it.association);
        identity.unreachable_reports = 0;
        if old != it.association {
            self.associations.remove(old, slot);
            self.associations.add(it.association, slot);
        }
        if let Some(pool) = self.pools.get_mut(identity.pool) {
            let (value, load) = (it.policy.value, it.policy.load_degradation);
            pool.order_of(identity.id)
                .update(&mut self.members, slot, value, load);
        }
        self.refresh(now, slot, it);
    }

    /// What a first and a further registration have in common.
    fn refresh(&mut self, now: u64, slot: u32, it: &Registration<'_>) {
        self.records.set(slot, it.record, it.lead, it.annex);
        self.move_home(slot, it.home);
        let life = now.saturating_add(it.expires_in_ms);
        self.schedule
            .start(now, slot, life, it.is_watched, &mut self.random);
    }
}

//! A handlespace that is obviously right: everything in plain vectors, searched from one end to the other.

mod policy;

pub use policy::{Expected, Selection, Turns};

use rserpool_handlespace::{NEVER, PolicyValues, Registration, Timer};

pub const INTERVAL_MS: u64 = 500;
pub const TIMEOUT_MS: u64 = 300;
pub const HOME_OFFSET: usize = 8;

#[derive(Clone)]
pub struct Element {
    pub pool_handle: Vec<u8>,
    pub id: u32,
    pub home: u32,
    pub association: u32,
    /// Grows with each change of association.
    pub associated: u64,
    pub is_watched: bool,
    pub is_awaiting: bool,
    pub keep_alive_at: u64,
    pub expires_at: u64,
    pub reports: u32,
    pub record: Vec<u8>,
    pub lead: (u16, u16),
    pub annex: Vec<u8>,
}

pub struct Pool {
    pub pool_handle: Vec<u8>,
    pub preface: Vec<u8>,
    /// One for each policy that elements have. The one that has the lowest identifier is the pool's.
    pub selections: Vec<Selection>,
}

impl Pool {
    pub fn selection(&self) -> &Selection {
        let lowest = |it: &&Selection| it.entries.iter().map(|entry| entry.id).min();
        self.selections.iter().min_by_key(lowest).unwrap()
    }

    pub fn selection_mut(&mut self) -> &mut Selection {
        let policy = self.selection().policy;
        self.selection_by(policy).unwrap()
    }

    pub fn selection_of(&self, id: u32) -> &Selection {
        let mut selections = self.selections.iter();
        selections.find(|it| it.position(id).is_some()).unwrap()
    }

    pub fn size(&self) -> usize {
        self.selections.iter().map(|it| it.entries.len()).sum()
    }

    fn selection_by(&mut self, policy: u32) -> Option<&mut Selection> {
        self.selections.iter_mut().find(|it| it.policy == policy)
    }

    fn remove(&mut self, id: u32) {
        let policy = self.selection_of(id).policy;
        self.selection_by(policy).unwrap().remove(id);
        self.selections.retain(|it| !it.entries.is_empty());
    }
}

#[derive(Default)]
pub struct Model {
    pub elements: Vec<Element>,
    pub pools: Vec<Pool>,
    pub now: u64,
    associations: u64,
}

impl Model {
    pub fn pool(&self, pool_handle: &[u8]) -> Option<usize> {
        self.pools
            .iter()
            .position(|pool| pool.pool_handle == pool_handle)
    }

    pub fn element(&self, pool_handle: &[u8], id: u32) -> Option<usize> {
        self.elements
            .iter()
            .position(|it| it.id == id && it.pool_handle == pool_handle)
    }

    /// Time passes; `wanted_at` is when a call was wanted (decision 46).
    pub fn observe(&mut self, now: u64, wanted_at: u64) {
        let is_jump =
            now - self.now > TIMEOUT_MS && now > wanted_at.saturating_add(TIMEOUT_MS / 10);
        for it in self
            .elements
            .iter_mut()
            .filter(|it| is_jump && it.is_awaiting)
        {
            if it.keep_alive_at - TIMEOUT_MS < now {
                it.keep_alive_at = now + TIMEOUT_MS;
            }
        }
        self.now = now;
    }

    /// True: created.
    pub fn register(&mut self, it: &Registration<'_>, turns: Turns) -> bool {
        let PolicyValues {
            number,
            value,
            load_degradation,
        } = it.policy;
        if let Some(at) = self.element(it.pool_handle, it.id) {
            let pool = self.pool(it.pool_handle).unwrap();
            if self.pools[pool].selection_of(it.id).policy != number {
                self.remove(at);
                self.register(it, turns);
                return false;
            }
        }
        let old = self.element(it.pool_handle, it.id);
        let pool = self.pool(it.pool_handle).unwrap_or_else(|| {
            self.pools.push(Pool {
                pool_handle: it.pool_handle.to_vec(),
                preface: it.preface.to_vec(),
                selections: Vec::new(),
            });
            self.pools.len() - 1
        });
        let pool = &mut self.pools[pool];
        if pool.selection_by(number).is_none() {
            let selection = Selection::new(number, turns);
            pool.selections.push(selection);
        }
        let selection = pool.selection_by(number).unwrap();
        match old {
            Some(_) => selection.update(it.id, value, load_degradation),
            None => selection.insert(it.id, value, load_degradation),
        }
        let mut record = it.record.to_vec();
        record[HOME_OFFSET..HOME_OFFSET + 4].copy_from_slice(&it.home.to_be_bytes());
        self.associations += 1;
        let kept = old
            .map(|at| &self.elements[at])
            .filter(|e| e.association == it.association);
        let element = Element {
            pool_handle: it.pool_handle.to_vec(),
            id: it.id,
            home: it.home,
            association: it.association,
            associated: kept.map_or(self.associations, |e| e.associated),
            is_watched: it.is_watched,
            is_awaiting: false,
            keep_alive_at: if it.is_watched {
                self.now + INTERVAL_MS
            } else {
                NEVER
            },
            expires_at: self.now.saturating_add(it.expires_in_ms),
            reports: 0,
            record,
            lead: it.lead,
            annex: it.annex.to_vec(),
        };
        match old {
            Some(at) => self.elements[at] = element,
            None => self.elements.push(element),
        }
        old.is_none()
    }

    pub fn remove(&mut self, at: usize) {
        let Element {
            pool_handle, id, ..
        } = self.elements.remove(at);
        let pool = self.pool(&pool_handle).unwrap();
        self.pools[pool].remove(id);
        if self.pools[pool].selections.is_empty() {
            self.pools.remove(pool);
        }
    }

    pub fn acknowledge(&mut self, at: usize) {
        let now = self.now;
        let it = &mut self.elements[at];
        if it.is_watched {
            (it.is_awaiting, it.keep_alive_at) = (false, now + INTERVAL_MS);
        }
    }

    pub fn probe(&mut self, at: usize) {
        let now = self.now;
        let it = &mut self.elements[at];
        (it.is_watched, it.is_awaiting, it.keep_alive_at) = (true, true, now + TIMEOUT_MS);
    }

    pub fn adopt(&mut self, at: usize, home: u32) {
        let it = &mut self.elements[at];
        it.home = home;
        it.record[HOME_OFFSET..HOME_OFFSET + 4].copy_from_slice(&home.to_be_bytes());
    }

    pub fn earliest_deadline(&self) -> u64 {
        self.elements
            .iter()
            .map(Element::nearest)
            .min()
            .unwrap_or(NEVER)
    }

    /// `timer` of this element rang: was it one of the earliest, and what follows?
    pub fn ring(&mut self, timer: Timer, at: usize) {
        let it = &self.elements[at];
        assert_eq!(self.earliest_deadline(), it.nearest(), "not the earliest");
        assert!(it.nearest() <= self.now, "not due");
        let expected = if it.expires_at <= it.keep_alive_at {
            Timer::RegistrationLife
        } else if it.is_awaiting {
            Timer::KeepAliveTimeout
        } else {
            Timer::KeepAliveTransmission
        };
        assert_eq!(expected, timer);
        match timer {
            Timer::KeepAliveTransmission => self.probe(at),
            _ => self.remove(at),
        }
    }

    /// RFC 5353 §3.6.2 word by word, in one's complement arithmetic.
    pub fn checksum(&self, home: u32) -> u16 {
        let mut sum = 0u32;
        for it in self.elements.iter().filter(|it| it.home == home) {
            let mut block = it.pool_handle.clone();
            block.resize(block.len().next_multiple_of(4), 0);
            block.extend(it.id.to_be_bytes());
            for word in block.chunks(2) {
                sum += u32::from(u16::from_be_bytes([word[0], word[1]]));
                sum = (sum & 0xffff) + (sum >> 16);
            }
        }
        !(sum as u16)
    }
}

impl Element {
    pub fn nearest(&self) -> u64 {
        self.expires_at.min(self.keep_alive_at)
    }
}

//! Random operations on the core and on a naive model, compared at every step. A failure names its seed and
//! step; `run(policy, max_increment, seed, steps)` with these plays it again.

mod model;
mod support;

use model::{Expected, HOME_OFFSET, INTERVAL_MS, Model, TIMEOUT_MS};
use rserpool_handlespace::{
    Element, Error, Handlespace, KeepAlive, MAX_ITEMS, NEVER, PolicyValues, Registered,
    Registration, Settings, Timer,
};
use support::*;

const STEPS: u64 = 100_000;
const HOMES: [u32; 4] = [0x11, 0x22, 0x33, 0xffff_ffff];
const ASSOCIATIONS: [u32; 5] = [0, 1, 2, 77, u32::MAX];

struct Run {
    core: Handlespace,
    model: Model,
    dice: Dice,
    policy: u32,
    max_increment: u32,
    now: u64,
}

fn run(policy: u32, max_increment: u32, seed: u64, steps: u64) {
    let keep_alive = KeepAlive {
        interval_ms: INTERVAL_MS,
        timeout_ms: TIMEOUT_MS,
        jitter: 0.0,
    };
    let home_offset = Some(HOME_OFFSET as u16);
    let settings = Settings {
        seed,
        keep_alive,
        max_increment,
        home_offset,
        ..Settings::default()
    };
    let core = Handlespace::new(settings);
    // Any start will do; this one lets the wheel's higher levels turn over early.
    let now = 0xff_ffff_0000;
    let model = Model::default();
    let mut run = Run {
        core,
        model,
        dice: Dice(seed),
        policy,
        max_increment,
        now,
    };
    for step in 0..steps {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.step(step)));
        assert!(
            outcome.is_ok(),
            "policy 0x{policy:08x}, seed {seed}, step {step}"
        );
    }
}

impl Run {
    fn step(&mut self, step: u64) {
        // Phases of growing and of shrinking, with few and with many elements.
        let grows = step / 2000 % 3 != 2;
        match self.dice.roll(100) {
            0..25 if grows => self.register(),
            0..8 => self.register(),
            8..25 => self.deregister(),
            25..35 => self.register_again(),
            35..70 => self.resolve(),
            70..75 => self.resolve_one_by_one(),
            75..84 => self.expire(),
            84..90 => self.acknowledge(),
            90..93 => self.probe(),
            93..95 => self.report(),
            95 => self.purge(),
            96 => self.adopt(),
            97 => self.remove_association(),
            98 => self.refuse(),
            _ => self.walk(),
        }
        self.compare_one();
        if step.is_multiple_of(20) {
            self.compare_books();
        }
        let is_small = self.model.elements.len() < 8;
        if step.is_multiple_of(if is_small { 50 } else { 1000 }) {
            self.core.verify().unwrap();
            self.compare_all();
        }
    }

    fn handle(&mut self) -> Vec<u8> {
        let pool = self.dice.roll(5) as usize;
        vec![b'p'; 1 + 7 * pool]
    }

    /// An element that is there, mostly.
    fn somebody(&mut self) -> (Vec<u8>, u32) {
        match self.model.elements.len() as u64 {
            elements if elements > 0 && self.dice.roll(20) > 0 => {
                let it = &self.model.elements[self.dice.roll(elements) as usize];
                (it.pool_handle.clone(), it.id)
            }
            _ => (self.handle(), 1 + self.dice.roll(60) as u32),
        }
    }

    fn values(&mut self) -> PolicyValues {
        let few = self.dice.roll(4) as u32;
        let any = self.dice.roll(1 << 32) as u32;
        PolicyValues {
            number: self.policy,
            value: self.dice.pick(&[0, 1, few, few, few * 1000, any, u32::MAX]),
            load_degradation: self.dice.pick(&[0, 1, few, any / 7, u32::MAX]),
        }
    }

    fn time_passes(&mut self) {
        let any = self.dice.roll(TIMEOUT_MS);
        self.now += self.dice.pick(&[0, 0, 1, 1, 2, any / 10, any / 3]);
        if self.dice.roll(300) == 0 {
            // Process stopped, machine suspended.
            self.now += self
                .dice
                .pick(&[TIMEOUT_MS, 2 * TIMEOUT_MS, 70_000, 20_000_000]);
        }
        self.model.observe(self.now, self.core.next_deadline());
    }

    fn register(&mut self) {
        let (pool_handle, id) = (self.handle(), 1 + self.dice.roll(60) as u32);
        self.register_as(&pool_handle, id);
    }

    fn register_again(&mut self) {
        let (pool_handle, id) = self.somebody();
        self.register_as(&pool_handle, id);
    }

    fn register_as(&mut self, pool_handle: &[u8], id: u32) {
        self.time_passes();
        let record: Vec<u8> = (0..12 + self.dice.roll(60))
            .map(|n| n as u8 ^ id as u8)
            .collect();
        let annex = vec![id as u8; self.dice.roll(30) as usize];
        let lead_bytes = self.dice.roll(record.len() as u64 - 8) as u16;
        let (home, association) = (self.dice.pick(&HOMES), self.dice.pick(&ASSOCIATIONS));
        let life = self.dice.roll(5000);
        let policy = self.values();
        let registration = Registration {
            policy,
            home,
            association,
            transport_kind: 6,
            has_control: true,
            is_watched: self.dice.roll(2) == 0,
            expires_in_ms: self.dice.pick(&[NEVER, life, life, life * 100, 30_000_000]),
            preface: &[pool_handle, &[id as u8]].concat(),
            record: &record,
            lead: (4, lead_bytes),
            annex: &annex,
            ..registration(pool_handle, id)
        };
        let created = self
            .model
            .register(&registration, self.policy, self.max_increment);
        let expected = if created {
            Registered::Created
        } else {
            Registered::Updated
        };
        assert_eq!(Ok(expected), self.core.register(self.now, &registration));
    }

    fn deregister(&mut self) {
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        assert_eq!(at.is_some(), self.core.deregister(&pool_handle, id));
        if let Some(at) = at {
            self.model.remove(at);
        }
    }

    fn items(&mut self) -> u32 {
        let some = self.dice.roll(70) as u32;
        self.dice.pick(&[0, 1, 1, 2, 3, 3, 3, some, 128, u32::MAX])
    }

    /// Compares an answer with what it must be, and tells the model that it was given.
    fn answered(&mut self, pool: usize, items: u32, ids: &[u32]) {
        let selection = &mut self.model.pools[pool].selection;
        match selection.select((items as usize).clamp(1, MAX_ITEMS)) {
            Expected::Exactly(expected) => assert_eq!(expected, ids),
            Expected::AnyOf(count, candidates) => {
                assert_eq!(count, ids.len());
                for (at, id) in ids.iter().enumerate() {
                    assert!(
                        candidates.contains(id) && !ids[..at].contains(id),
                        "{ids:?}"
                    );
                }
            }
        }
        selection.answered(ids);
    }

    fn resolve_one_by_one(&mut self) {
        let (pool_handle, items) = (self.handle(), self.items());
        let mut ids = Vec::new();
        let count = self
            .core
            .resolve(&pool_handle, items, &mut |it: &Element<'_>| ids.push(it.id));
        assert_eq!(count, ids.len());
        match self.model.pool(&pool_handle) {
            None => assert_eq!(0, count),
            Some(pool) => self.answered(pool, items, &ids),
        }
    }

    fn resolve(&mut self) {
        let (pool_handle, items) = (self.handle(), self.items());
        let mut out = vec![0xee; 16_384];
        if self.dice.roll(10) == 0 {
            // Too small a buffer changes nothing, or else the next answer would be a wrong one.
            let result = self.core.resolve_into(&pool_handle, items, &mut out[..12]);
            let is_known = self.model.pool(&pool_handle).is_some();
            assert_eq!(
                is_known,
                matches!(result, Err(Error::OutputTooSmall { needed: 13.. }))
            );
        }
        let written = self
            .core
            .resolve_into(&pool_handle, items, &mut out)
            .unwrap();
        assert!(out[written..].iter().all(|&byte| byte == 0xee));
        let Some(pool) = self.model.pool(&pool_handle) else {
            return assert_eq!(0, written);
        };
        let ids = self.ids_in(pool, &out[..written]);
        self.answered(pool, items, &ids);
    }

    /// Takes an answer apart: preface, lead of the first, and then records that the model knows.
    fn ids_in(&self, pool: usize, answer: &[u8]) -> Vec<u32> {
        let pool = &self.model.pools[pool];
        let in_pool = || {
            self.model
                .elements
                .iter()
                .filter(|it| it.pool_handle == pool.pool_handle)
        };
        let rest = answer
            .strip_prefix(&pool.preface[..])
            .expect("the preface comes first");
        let lead_of = |it: &model::Element| it.record[4..4 + usize::from(it.lead.1)].to_vec();
        // A record begins with its identifier, but the lead in front of the first may look like anything.
        let parse = |first: &model::Element| {
            let mut rest = rest.strip_prefix(&lead_of(first)[..])?;
            let mut ids = Vec::new();
            while !rest.is_empty() {
                let it = in_pool().find(|it| rest.starts_with(&it.record))?;
                rest = &rest[it.record.len()..];
                ids.push(it.id);
            }
            (ids.first() == Some(&first.id)).then_some(ids)
        };
        in_pool()
            .filter_map(parse)
            .next()
            .expect("an answer made of records")
    }

    fn expire(&mut self) {
        self.time_passes();
        let budget = self.dice.pick(&[0, 1, 2, 5, 1000]);
        let model = &mut self.model;
        let mut rung = 0;
        let visited = self
            .core
            .expire(self.now, budget, &mut |timer: Timer, it: &Element<'_>| {
                let at = model
                    .element(it.pool_handle, it.id)
                    .expect("a live element");
                assert_eq!(model.elements[at].record, it.record);
                model.ring(timer, at);
                rung += 1;
            });
        assert_eq!((visited, visited <= budget), (rung, true));
        if self.core.next_deadline() > self.now {
            assert!(
                self.model.earliest_deadline() > self.now,
                "a timer was forgotten"
            );
        }
        if budget == 1000 {
            assert!(
                self.core.next_deadline() > self.now,
                "a thousand was enough"
            );
        }
    }

    fn acknowledge(&mut self) {
        self.time_passes();
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        assert_eq!(
            at.is_some(),
            self.core.acknowledge(self.now, &pool_handle, id)
        );
        if let Some(at) = at {
            self.model.acknowledge(at);
        }
    }

    fn probe(&mut self) {
        self.time_passes();
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        assert_eq!(at.is_some(), self.core.probe(self.now, &pool_handle, id));
        if let Some(at) = at {
            self.model.probe(at);
        }
    }

    fn report(&mut self) {
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        let expected = at.map_or(0, |at| {
            self.model.elements[at].reports += 1;
            self.model.elements[at].reports
        });
        assert_eq!(expected, self.core.report_unreachable(&pool_handle, id));
    }

    fn purge(&mut self) {
        let (home, budget) = (self.dice.pick(&HOMES), self.dice.roll(12) as usize);
        let model = &mut self.model;
        let owned = model.elements.iter().filter(|it| it.home == home).count();
        let count = self.core.purge(home, budget, &mut |it: &Element<'_>| {
            let at = model
                .element(it.pool_handle, it.id)
                .expect("a live element");
            assert_eq!((home, home), (it.home, model.elements[at].home));
            model.remove(at);
        });
        assert_eq!(owned.min(budget), count);
    }

    fn adopt(&mut self) {
        self.time_passes();
        let (from, to) = (self.dice.pick(&HOMES), self.dice.pick(&HOMES));
        let budget = self.dice.roll(12) as usize;
        let model = &mut self.model;
        let owned = model
            .elements
            .iter()
            .filter(|it| it.home == from && from != to)
            .count();
        let count = self
            .core
            .adopt(self.now, from, to, budget, &mut |it: &Element<'_>| {
                let at = model
                    .element(it.pool_handle, it.id)
                    .expect("a live element");
                assert_eq!(from, model.elements[at].home);
                model.adopt(at, to);
                assert_eq!((to, &model.elements[at].record[..]), (it.home, it.record));
            });
        assert_eq!(owned.min(budget), count);
    }

    fn remove_association(&mut self) {
        let (association, budget) = (
            self.dice.pick(&ASSOCIATIONS[1..]),
            self.dice.roll(12) as usize,
        );
        let model = &mut self.model;
        let is_of = |it: &&model::Element| it.association == association;
        let size = model.elements.iter().filter(is_of).count();
        let count = self
            .core
            .remove_association(association, budget, &mut |it: &Element<'_>| {
                let at = model
                    .element(it.pool_handle, it.id)
                    .expect("a live element");
                let oldest = model
                    .elements
                    .iter()
                    .filter(is_of)
                    .map(|it| it.associated)
                    .min();
                assert_eq!(
                    oldest,
                    Some(model.elements[at].associated),
                    "not the oldest"
                );
                model.remove(at);
            });
        assert_eq!(size.min(budget), count);
    }

    /// Registrations that do not fit; the comparisons that follow show that they left no trace.
    fn refuse(&mut self) {
        let (pool_handle, id) = self.somebody();
        if self.model.pool(&pool_handle).is_none() {
            return;
        }
        let record = [0; 20];
        let right = Registration {
            policy: PolicyValues {
                number: self.policy,
                value: 5,
                load_degradation: 5,
            },
            transport_kind: 6,
            has_control: true,
            record: &record,
            ..registration(&pool_handle, id)
        };
        let number = if self.policy == RANDOM {
            ROUND_ROBIN
        } else {
            RANDOM
        };
        let policy = PolicyValues {
            number,
            ..right.policy
        };
        let wrong = [
            (
                Registration {
                    policy,
                    transport_kind: 5,
                    has_control: false,
                    ..right
                },
                8,
            ),
            (
                Registration {
                    policy,
                    transport_kind: 5,
                    ..right
                },
                5,
            ),
            (
                Registration {
                    transport_kind: 5,
                    ..right
                },
                7,
            ),
            (Registration { id: 0, ..right }, 3),
            (
                Registration {
                    lead: (12, 9),
                    ..right
                },
                3,
            ),
        ];
        for (registration, cause) in wrong {
            let error = self.core.register(self.now, &registration).unwrap_err();
            assert_eq!(cause, error.cause(), "{error}");
        }
    }

    /// A walk with changes in between: who is there all the time is shown exactly once.
    fn walk(&mut self) {
        let any = self.dice.pick(&HOMES);
        let home = self.dice.pick(&[None, Some(any)]);
        let names = |model: &Model| -> Vec<(Vec<u8>, u32)> {
            let of_home = model
                .elements
                .iter()
                .filter(|it| home.is_none_or(|home| it.home == home));
            of_home.map(|it| (it.pool_handle.clone(), it.id)).collect()
        };
        let mut throughout = names(&self.model);
        let (mut shown, mut token) = (Vec::new(), Some(0));
        while let Some(from) = token {
            let limit = 1 + self.dice.roll(20) as usize;
            token = self.core.walk(home, from, limit, &mut |it: &Element<'_>| {
                shown.push((it.pool_handle.to_vec(), it.id));
            });
            if self.dice.roll(2) == 0 {
                self.deregister();
            }
            let there = names(&self.model);
            throughout.retain(|name| there.contains(name));
        }
        for name in &throughout {
            assert_eq!(
                1,
                shown.iter().filter(|other| *other == name).count(),
                "{name:?}"
            );
        }
    }

    fn compare_one(&mut self) {
        let (pool_handle, id) = self.somebody();
        self.compare(&pool_handle, id);
        let deadline = self.model.earliest_deadline();
        assert!(
            self.core.next_deadline() <= deadline,
            "expire is wanted too late"
        );
    }

    fn compare(&self, pool_handle: &[u8], id: u32) {
        let found = self.core.find(pool_handle, id);
        let at = self.model.element(pool_handle, id);
        assert_eq!(at.is_some(), found.is_some());
        let (Some(at), Some(found)) = (at, found) else {
            return;
        };
        let it = &self.model.elements[at];
        let selection = &self.model.pools[self.model.pool(pool_handle).unwrap()].selection;
        let entry = &selection.entries[selection.position(id).unwrap()];
        let expected = Element {
            pool_handle: &it.pool_handle,
            id,
            home: it.home,
            association: it.association,
            policy: PolicyValues {
                number: self.policy,
                value: entry.value,
                load_degradation: entry.load_degradation,
            },
            is_watched: it.is_watched,
            awaits_acknowledgement: it.is_awaiting,
            unreachable_reports: it.reports,
            expires_at: it.expires_at,
            record: &it.record,
            lead: it.lead,
            annex: &it.annex,
        };
        assert_eq!(expected, found);
    }

    fn compare_books(&self) {
        let elements = &self.model.elements;
        for home in HOMES {
            let owned = elements.iter().filter(|it| it.home == home).count();
            assert_eq!(owned, self.core.elements_owned_by(home));
            assert_eq!(self.model.checksum(home), self.core.checksum(home));
        }
        for association in &ASSOCIATIONS[1..] {
            let size = elements
                .iter()
                .filter(|it| it.association == *association)
                .count();
            assert_eq!(size, self.core.elements_of(*association));
        }
        let stats = self.core.stats();
        assert_eq!(
            (self.model.pools.len(), elements.len()),
            (stats.pools, stats.elements)
        );
    }

    fn compare_all(&self) {
        for it in &self.model.elements {
            self.compare(&it.pool_handle, it.id);
        }
        let mut sizes = Vec::new();
        let mut token = Some(0);
        while let Some(from) = token {
            token = self.core.pools(from, 2, &mut |pool| {
                assert_eq!(
                    (self.policy, 6, true),
                    (pool.policy, pool.transport_kind, pool.has_control)
                );
                sizes.push((pool.pool_handle.to_vec(), pool.elements));
            });
        }
        let pools = self.model.pools.iter();
        let mut expected: Vec<_> = pools
            .map(|pool| (pool.pool_handle.clone(), pool.selection.entries.len()))
            .collect();
        expected.sort_unstable();
        sizes.sort_unstable();
        assert_eq!(expected, sizes);
    }
}

/// One test per policy, so that they run beside one another and a failure names its policy.
macro_rules! oracle {
    ($($test:ident: $policy:expr;)*) => {$(
        #[test]
        fn $test() {
            run($policy, 0, 0x1_5eed ^ u64::from($policy), STEPS);
            run($policy, 3, 0x2_5eed ^ u64::from($policy), STEPS / 4);
        }
    )*};
}

oracle! {
    round_robin_agrees_with_the_model: ROUND_ROBIN;
    weighted_round_robin_agrees_with_the_model: WEIGHTED_ROUND_ROBIN;
    random_agrees_with_the_model: RANDOM;
    weighted_random_agrees_with_the_model: WEIGHTED_RANDOM;
    priority_agrees_with_the_model: PRIORITY;
    least_used_agrees_with_the_model: LEAST_USED;
    least_used_with_degradation_agrees_with_the_model: LEAST_USED_DEGRADATION;
    priority_least_used_agrees_with_the_model: PRIORITY_LEAST_USED;
    randomized_least_used_agrees_with_the_model: RANDOMIZED_LEAST_USED;
}

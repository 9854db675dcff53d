//! The operations, each done to the core and to the model.

use crate::model::{self, Model};
use crate::support::*;
use crate::{ASSOCIATIONS, HOMES, Run, TIMEOUT_MS};
use rserpool_handlespace::{
    Element, NEVER, OutputTooSmall, PolicyValues, Registered, Registration, Timer,
};

impl Run {
    pub fn handle(&mut self) -> Vec<u8> {
        let pool = self.dice.roll(5) as usize;
        vec![b'p'; 1 + 7 * pool]
    }

    /// An element that is there, mostly.
    pub fn somebody(&mut self) -> (Vec<u8>, u32) {
        match self.model.elements.len() as u64 {
            elements if elements > 0 && self.dice.roll(20) > 0 => {
                let it = &self.model.elements[self.dice.roll(elements) as usize];
                (it.pool_handle.clone(), it.id)
            }
            _ => (self.handle(), 1 + self.dice.roll(60) as u32),
        }
    }

    pub fn values(&mut self) -> PolicyValues {
        let few = self.dice.roll(4) as u32;
        let any = self.dice.roll(1 << 32) as u32;
        PolicyValues {
            number: self.dice.pick(self.policies),
            value: self.dice.pick(&[0, 1, few, few, few * 1000, any, u32::MAX]),
            load_degradation: self.dice.pick(&[0, 1, few, any / 7, u32::MAX]),
        }
    }

    pub fn time_passes(&mut self) {
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

    pub fn register(&mut self) {
        let (pool_handle, id) = (self.handle(), 1 + self.dice.roll(60) as u32);
        self.register_as(&pool_handle, id);
    }

    pub fn register_again(&mut self) {
        let (pool_handle, id) = self.somebody();
        self.register_as(&pool_handle, id);
    }

    pub fn register_as(&mut self, pool_handle: &[u8], id: u32) {
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
            may_disagree: self.policies.len() > 1,
            is_watched: self.dice.roll(2) == 0,
            expires_in_ms: self.dice.pick(&[NEVER, life, life, life * 100, 30_000_000]),
            preface: &[pool_handle, &[id as u8]].concat(),
            record: &record,
            lead: (4, lead_bytes),
            annex: &annex,
            ..registration(pool_handle, id)
        };
        let created = self.model.register(&registration, self.turns);
        let expected = if created {
            Registered::Created
        } else {
            Registered::Updated
        };
        assert_eq!(Ok(expected), self.core.register(self.now, &registration));
    }

    pub fn deregister(&mut self) {
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        assert_eq!(at.is_some(), self.core.deregister(&pool_handle, id));
        if let Some(at) = at {
            self.model.remove(at);
        }
    }

    pub fn items(&mut self) -> u32 {
        let some = self.dice.roll(70) as u32;
        self.dice.pick(&[0, 1, 1, 2, 3, 3, 3, some, 128, u32::MAX])
    }

    pub fn resolve_one_by_one(&mut self) {
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

    pub fn resolve(&mut self) {
        let (pool_handle, items) = (self.handle(), self.items());
        let mut out = vec![0xee; 16_384];
        if self.dice.roll(10) == 0 {
            // Too small a buffer changes nothing, or else the next answer would be a wrong one.
            let result = self.core.resolve_into(&pool_handle, items, &mut out[..12]);
            let is_known = self.model.pool(&pool_handle).is_some();
            assert_eq!(
                is_known,
                matches!(result, Err(OutputTooSmall { needed: 13.. }))
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

    pub fn expire(&mut self) {
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

    pub fn acknowledge(&mut self) {
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

    pub fn probe(&mut self) {
        self.time_passes();
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        assert_eq!(at.is_some(), self.core.probe(self.now, &pool_handle, id));
        if let Some(at) = at {
            self.model.probe(at);
        }
    }

    pub fn report(&mut self) {
        let (pool_handle, id) = self.somebody();
        let at = self.model.element(&pool_handle, id);
        let expected = at.map_or(0, |at| {
            self.model.elements[at].reports += 1;
            self.model.elements[at].reports
        });
        assert_eq!(expected, self.core.report_unreachable(&pool_handle, id));
    }

    pub fn purge(&mut self) {
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

    pub fn adopt(&mut self) {
        let (from, to) = (self.dice.pick(&HOMES), self.dice.pick(&HOMES));
        let budget = self.dice.roll(12) as usize;
        let model = &mut self.model;
        let owned = model
            .elements
            .iter()
            .filter(|it| it.home == from && from != to)
            .count();
        let count = self.core.adopt(from, to, budget, &mut |it: &Element<'_>| {
            let at = model
                .element(it.pool_handle, it.id)
                .expect("a live element");
            assert_eq!(from, model.elements[at].home);
            model.adopt(at, to);
            assert_eq!((to, &model.elements[at].record[..]), (it.home, it.record));
        });
        assert_eq!(owned.min(budget), count);
    }

    pub fn remove_association(&mut self) {
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
    pub fn refuse(&mut self) {
        let (pool_handle, id) = self.somebody();
        let Some(pool) = self.model.pool(&pool_handle) else {
            return;
        };
        let wanted = self.model.pools[pool].selection().policy;
        let record = [0; 20];
        let right = Registration {
            policy: PolicyValues {
                number: wanted,
                value: 5,
                load_degradation: 5,
            },
            transport_kind: 6,
            has_control: true,
            record: &record,
            ..registration(&pool_handle, id)
        };
        let number = if wanted == RANDOM {
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
                7,
            ),
            (
                Registration {
                    policy,
                    has_control: false,
                    ..right
                },
                8,
            ),
            (Registration { policy, ..right }, 5),
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
    pub fn walk(&mut self) {
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
}

//! Whether the core and the model agree.

use crate::model::{self, Expected};
use crate::{ASSOCIATIONS, HOMES, Run};
use rserpool_handlespace::{Element, MAX_ITEMS, PolicyValues};

impl Run {
    /// Compares an answer with what it must be, and tells the model that it was given.
    pub fn answered(&mut self, pool: usize, items: u32, ids: &[u32]) {
        let selection = self.model.pools[pool].selection_mut();
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

    /// Takes an answer apart: preface, lead of the first, and then records that the model knows.
    pub fn ids_in(&self, pool: usize, answer: &[u8]) -> Vec<u32> {
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

    pub fn compare_one(&mut self) {
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
        let pool = &self.model.pools[self.model.pool(pool_handle).unwrap()];
        let selection = pool.selection_of(id);
        let entry = &selection.entries[selection.position(id).unwrap()];
        let expected = Element {
            pool_handle: &it.pool_handle,
            id,
            home: it.home,
            association: it.association,
            policy: PolicyValues {
                number: selection.policy,
                value: entry.value,
                load_degradation: entry.load_degradation,
            },
            is_watched: it.is_watched,
            disagrees: selection.policy != pool.selection().policy,
            awaits_acknowledgement: it.is_awaiting,
            unreachable_reports: it.reports,
            expires_at: it.expires_at,
            record: &it.record,
            lead: it.lead,
            annex: &it.annex,
        };
        assert_eq!(expected, found);
    }

    pub fn compare_books(&self) {
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
        for association in ASSOCIATIONS {
            let is_of = |it: &&model::Element| it.association == association && association != 0;
            let mut expected: Vec<_> = elements
                .iter()
                .filter(is_of)
                .map(|it| (it.pool_handle.clone(), it.id))
                .collect();
            let (mut shown, mut token) = (Vec::new(), Some(0));
            while let Some(from) = token {
                token = self.core.walk_association(association, from, 3, &mut |it| {
                    shown.push((it.pool_handle.to_vec(), it.id));
                });
            }
            expected.sort_unstable();
            shown.sort_unstable();
            assert_eq!(expected, shown);
        }
        let stats = self.core.stats();
        assert_eq!(
            (self.model.pools.len(), elements.len()),
            (stats.pools, stats.elements)
        );
    }

    pub fn compare_all(&self) {
        for it in &self.model.elements {
            self.compare(&it.pool_handle, it.id);
        }
        let mut sizes = Vec::new();
        let mut token = Some(0);
        while let Some(from) = token {
            token = self.core.pools(from, 2, &mut |pool| {
                assert_eq!((6, true), (pool.transport_kind, pool.has_control));
                sizes.push((pool.pool_handle.to_vec(), pool.policy, pool.elements));
            });
        }
        let pools = self.model.pools.iter();
        let mut expected: Vec<_> = pools
            .map(|it| (it.pool_handle.clone(), it.selection().policy, it.size()))
            .collect();
        expected.sort_unstable();
        sizes.sort_unstable();
        assert_eq!(expected, sizes);
    }
}

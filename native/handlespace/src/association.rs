//! Which elements came in on which association, oldest first. Association 0 is none and not kept.

use crate::hash::HashKey;
use crate::index_table::NIL;
use crate::ring::{self, Link};
use std::collections::HashMap;

struct Line {
    head: u32,
    count: u32,
}

pub(crate) struct Associations {
    lines: HashMap<u32, Line, HashKey>,
    /// By slot.
    links: Vec<Link>,
}

impl Associations {
    pub fn new(key: HashKey) -> Self {
        Associations {
            lines: HashMap::with_hasher(key),
            links: Vec::new(),
        }
    }

    /// The element in `slot` belongs to `association` now.
    pub fn add(&mut self, association: u32, slot: u32) {
        if association == 0 {
            return;
        }
        let line = self.lines.entry(association).or_insert(Line {
            head: NIL,
            count: 0,
        });
        ring::push_back(&mut self.links, &mut line.head, slot);
        line.count += 1;
    }

    /// The reverse of `add`.
    pub fn remove(&mut self, association: u32, slot: u32) {
        let Some(line) = self.lines.get_mut(&association) else {
            return;
        };
        ring::remove(&mut self.links, &mut line.head, slot);
        line.count -= 1;
        if line.count == 0 {
            self.lines.remove(&association);
        }
    }

    pub fn count(&self, association: u32) -> usize {
        self.lines
            .get(&association)
            .map_or(0, |line| line.count as usize)
    }

    /// The element that has belonged to `association` for longest.
    pub fn first(&self, association: u32) -> Option<u32> {
        self.lines.get(&association).map(|line| line.head)
    }

    /// Everybody who belongs to `association`.
    pub fn slots(&self, association: u32) -> impl Iterator<Item = u32> {
        ring::iter(&self.links, self.first(association).unwrap_or(NIL))
    }

    pub fn associations(&self) -> usize {
        self.lines.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.links.capacity() * size_of::<Link>() + self.lines.capacity() * size_of::<(u32, Line)>()
    }

    /// Every line is whole and holds elements of its association only.
    pub fn verify(&self, association_of: impl Fn(u32) -> Option<u32>) -> Result<usize, String> {
        let mut total = 0;
        for (&association, line) in &self.lines {
            let count = ring::verify(&self.links, line.head)?;
            let is_foreign = |slot| association_of(slot) != Some(association);
            if count == 0
                || count != line.count as usize
                || ring::iter(&self.links, line.head).any(is_foreign)
            {
                return Err(format!("association {association}: its line is wrong"));
            }
            total += count;
        }
        Ok(total)
    }
}

//! What selection needs to know of an element, as columns indexed by slot.

use crate::ring::Link;

#[derive(Clone, Copy, Default)]
pub(crate) struct Member {
    /// Weight, priority or load.
    pub value: u32,
    pub load_degradation: u32,
    /// The policy's own: a place in an array, a sorting key or a round.
    pub key: u32,
}

#[derive(Default)]
pub(crate) struct Members {
    pub columns: Vec<Member>,
    /// Only as long as the policies that let elements stand in line need it.
    pub links: Vec<Link>,
    /// Order of arrival, only as long as Weighted Round Robin needs it.
    pub ages: Vec<u32>,
}

impl Members {
    /// Makes room for `slot` and sets its values.
    pub fn set(&mut self, slot: u32, value: u32, load_degradation: u32) {
        let at = slot as usize;
        if at >= self.columns.len() {
            self.columns.resize(at + 1, Member::default());
        }
        self.columns[at] = Member {
            value,
            load_degradation,
            key: 0,
        };
    }

    #[inline]
    pub fn at(&self, slot: u32) -> &Member {
        &self.columns[slot as usize]
    }

    #[inline]
    pub fn at_mut(&mut self, slot: u32) -> &mut Member {
        &mut self.columns[slot as usize]
    }

    pub fn memory_bytes(&self) -> usize {
        self.columns.capacity() * size_of::<Member>()
            + self.links.capacity() * size_of::<Link>()
            + self.ages.capacity() * size_of::<u32>()
    }
}

//! Who owns which element: per home registrar the set of its slots, how many, and the sum for the checksum.
//! A set is a bitmap cut into words of 64 slots, of which only those that are not empty are kept, in order.
//! So a walk goes in slot order, and its continuation token, the next slot to look at, stays right whatever
//! comes and goes meanwhile: an element never changes its slot.

use crate::hash::HashKey;
use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
struct Owned {
    /// `slot / 64` to the bits of these 64 slots; never 0.
    words: BTreeMap<u32, u64>,
    count: usize,
    /// Unfolded sum of the checksum over all of them.
    sum: u64,
}

pub(crate) struct Ownership {
    owners: HashMap<u32, Owned, HashKey>,
}

impl Ownership {
    pub fn new(key: HashKey) -> Self {
        Ownership {
            owners: HashMap::with_hasher(key),
        }
    }

    /// `home` now owns the element in `slot`, which adds `sum` to its checksum.
    pub fn add(&mut self, home: u32, slot: u32, sum: u64) {
        let owned = self.owners.entry(home).or_default();
        *owned.words.entry(slot / 64).or_default() |= 1 << (slot % 64);
        owned.count += 1;
        owned.sum += sum;
    }

    /// The reverse of `add`.
    pub fn remove(&mut self, home: u32, slot: u32, sum: u64) {
        let Some(owned) = self.owners.get_mut(&home) else {
            return;
        };
        if owned.count == 1 {
            self.owners.remove(&home);
            return;
        }
        owned.count -= 1;
        owned.sum -= sum;
        let Some(word) = owned.words.get_mut(&(slot / 64)) else {
            return;
        };
        *word &= !(1 << (slot % 64));
        if *word == 0 {
            owned.words.remove(&(slot / 64));
        }
    }

    pub fn count(&self, home: u32) -> usize {
        self.owners.get(&home).map_or(0, |owned| owned.count)
    }

    /// Unfolded sum over everything that `home` owns.
    pub fn sum(&self, home: u32) -> u64 {
        self.owners.get(&home).map_or(0, |owned| owned.sum)
    }

    pub fn owners(&self) -> usize {
        self.owners.len()
    }

    /// The slots of `home` in order, from `from` on.
    pub fn slots_from(&self, home: u32, from: u32) -> impl Iterator<Item = u32> {
        let words = self
            .owners
            .get(&home)
            .map(|owned| owned.words.range(from / 64..));
        words.into_iter().flatten().flat_map(move |(&word, &bits)| {
            let below = if word == from / 64 {
                (1 << (from % 64)) - 1
            } else {
                0
            };
            bits_of(bits & !below).map(move |bit| word * 64 + bit)
        })
    }

    /// Counts and sums are those of the sets, and the sets are what `owner_and_sum` says of each slot.
    pub fn verify(
        &self,
        owner_and_sum: impl Fn(u32) -> Option<(u32, u64)>,
    ) -> Result<usize, String> {
        let mut total = 0;
        for (&home, owned) in &self.owners {
            let (mut count, mut sum) = (0, 0);
            for slot in self.slots_from(home, 0) {
                match owner_and_sum(slot) {
                    Some((owner, part)) if owner == home => sum += part,
                    _ => return Err(format!("ownership: slot {slot} is not of 0x{home:08x}")),
                }
                count += 1;
            }
            let has_empty_word = owned.words.values().any(|&bits| bits == 0);
            if count == 0 || count != owned.count || sum != owned.sum || has_empty_word {
                return Err(format!("ownership: books of 0x{home:08x} are wrong"));
            }
            total += count;
        }
        Ok(total)
    }
}

fn bits_of(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

//! A keyed hash for tables whose keys peers choose in part: without the key nobody can find ones that collide.
//! Words are folded by a 64 x 64 -> 128 bit multiplication, which takes a few instructions where SipHash, the
//! standard library's, takes about a hundred.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A random key, another one for each table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashKey {
    first: u64,
    second: u64,
}

impl Default for HashKey {
    fn default() -> Self {
        // Seeded by the system.
        let random = || RandomState::new().build_hasher().finish();
        HashKey {
            first: random(),
            second: random() | 1,
        }
    }
}

impl BuildHasher for HashKey {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher {
            state: self.first,
            key: *self,
        }
    }
}

pub(crate) struct KeyedHasher {
    state: u64,
    key: HashKey,
}

impl Hasher for KeyedHasher {
    fn write(&mut self, bytes: &[u8]) {
        // The length tells zeros from nothing.
        self.write_u64(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.state = fold(self.state ^ number, self.key.second);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        fold(self.state, self.key.first)
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_that_differ_in_little_spread_over_all_of_a_table() {
        let key = HashKey::default();
        for shift in [0, 16, 32, 48] {
            // As a table of 65,536 places sees them; by chance some 41,000 of these are hit.
            let places = (0..65_536u64).map(|number| key.hash_one(number << shift) & 0xffff);
            let hit: HashSet<u64> = places.collect();
            assert!(hit.len() > 38_000, "{} places at shift {shift}", hit.len());
            let high = (0..65_536u64).map(|number| key.hash_one(number << shift) >> 57);
            assert_eq!(high.collect::<HashSet<u64>>().len(), 128);
        }
    }

    #[test]
    fn every_table_has_a_key_of_its_own() {
        let hash = |key: HashKey| key.hash_one(7u64);
        assert_ne!(hash(HashKey::default()), hash(HashKey::default()));
    }

    #[test]
    fn strings_of_zeros_differ_by_their_length() {
        let key = HashKey::default();
        let hashes: HashSet<u64> = (0..20)
            .map(|length| key.hash_one(&[0u8; 20][..length]))
            .collect();
        assert_eq!(hashes.len(), 20);
    }
}

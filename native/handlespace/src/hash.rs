//! A keyed hash for the tables. Pool handles and identifiers come from the network: without the key nobody
//! can choose ones that collide. Words are folded by a 64 x 64 -> 128 bit multiplication.

use crate::random::Random;
use std::hash::{BuildHasher, Hasher};

#[derive(Clone, Copy)]
pub(crate) struct HashKey {
    first: u64,
    second: u64,
}

impl HashKey {
    pub fn new(random: &mut Random) -> Self {
        HashKey {
            first: random.next(),
            second: random.next() | 1,
        }
    }

    /// Hash of a byte string such as a pool handle.
    #[inline]
    pub fn of_bytes(&self, bytes: &[u8]) -> u32 {
        let mut state = self.first;
        let mut rest = bytes;
        while rest.len() > 16 {
            state = fold(state ^ word(rest), self.second ^ word(&rest[8..]));
            rest = &rest[16..];
        }
        let (low, high) = last_words(rest);
        let folded = fold(state ^ low, self.second ^ high);
        // The length tells handles from the same ones with more zeros in front.
        (fold(folded, self.first ^ bytes.len() as u64) >> 32) as u32
    }

    /// Hash of two numbers, such as a pool's index and an element's identifier.
    #[inline]
    pub fn of_pair(&self, high: u32, low: u32) -> u32 {
        let pair = u64::from(high) << 32 | u64::from(low);
        (fold(fold(self.first ^ pair, self.second), self.first) >> 32) as u32
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// The last 0 to 16 bytes as two words, which overlap where there are fewer than 16.
#[inline]
fn last_words(bytes: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (
            u32::from_le_bytes(*head).into(),
            u32::from_le_bytes(*tail).into(),
        );
    }
    let short = bytes
        .iter()
        .fold(0, |word, &byte| word << 8 | u64::from(byte));
    (short, 0)
}

/// Makes the standard maps use the keyed hash for their 32-bit keys.
impl BuildHasher for HashKey {
    type Hasher = PairHasher;

    fn build_hasher(&self) -> PairHasher {
        PairHasher {
            key: *self,
            state: 0,
        }
    }
}

pub(crate) struct PairHasher {
    key: HashKey,
    state: u64,
}

impl Hasher for PairHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.state = fold(
            self.key.first ^ self.state ^ u64::from(number),
            self.key.second,
        );
    }

    #[inline]
    fn finish(&self) -> u64 {
        fold(self.state, self.key.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn handles_that_differ_in_length_or_one_byte_hash_apart() {
        let key = HashKey::new(&mut Random::new(1));
        let mut seen = HashSet::new();
        for length in 0..70 {
            assert!(
                seen.insert(key.of_bytes(&vec![0; length])),
                "length {length}"
            );
            for at in 0..length {
                let mut bytes = vec![0; length];
                bytes[at] = 1;
                assert!(
                    seen.insert(key.of_bytes(&bytes)),
                    "length {length}, byte {at}"
                );
            }
        }
    }

    #[test]
    fn another_seed_gives_another_hash() {
        let hash = |seed| HashKey::new(&mut Random::new(seed)).of_bytes(b"EchoPool");
        assert_ne!(hash(1), hash(2));
        assert_eq!(hash(1), hash(1));
    }
}

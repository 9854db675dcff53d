//! Seeded random numbers: xoshiro256++ (Blackman, Vigna), seeded through splitmix64. For selection and
//! jitter; nothing here is fit for secrets.

pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut splitmix = seed;
        // splitmix64 never yields four zeros in a row, the one state that xoshiro cannot leave.
        let state = std::array::from_fn(|_| {
            splitmix = splitmix.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = splitmix;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Random { state }
    }

    #[inline]
    pub fn next(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform over `0..bound`; 0 for a bound of 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        // Lemire's multiplication: the low half tells whether this draw would favour some results.
        let mut product = u128::from(self.next()) * u128::from(bound);
        if (product as u64) < bound {
            let unfair = bound.wrapping_neg() % bound;
            while (product as u64) < unfair {
                product = u128::from(self.next()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform over `0..slots.len()`, for indexing.
    #[inline]
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_first_numbers_are_those_of_the_reference_implementation() {
        // State {1, 2, 3, 4}: the first outputs of xoshiro256plusplus.c.
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let expected = [41943041, 58720359, 3588806011781223, 3591011842654386];
        assert_eq!(expected, std::array::from_fn(|_| random.next()));
    }

    #[test]
    fn a_draw_below_a_bound_is_uniform_and_stays_below() {
        let mut random = Random::new(1);
        let mut seen = [0u32; 7];
        for _ in 0..70_000 {
            seen[random.below(7) as usize] += 1;
        }
        // 6 degrees of freedom: 22.46 is exceeded once in a thousand seeds.
        let chi_square: f64 = seen
            .iter()
            .map(|&n| (f64::from(n) - 1e4).powi(2) / 1e4)
            .sum();
        assert!(chi_square < 22.46, "{seen:?}");
        // Three quarters of all numbers: every third result would come twice as often.
        let mut remainders = [0u32; 3];
        for _ in 0..30_000 {
            remainders[(random.below(3 << 62) % 3) as usize] += 1;
        }
        let chi_square: f64 = remainders
            .iter()
            .map(|&n| (f64::from(n) - 1e4).powi(2) / 1e4)
            .sum();
        assert!(chi_square < 13.82, "{remainders:?}");
        assert_eq!(0, random.below(0));
        assert_eq!(0, random.below(1));
    }
}

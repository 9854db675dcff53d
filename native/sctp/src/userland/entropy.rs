//! Where unpredictable numbers come from: the system, or a seed in tests.

/// How many bytes are asked of the system at a time: INITs come in floods.
const POOL_BYTES: usize = 1_024;

/// A source of random numbers for tags, sequence numbers and keys.
pub struct Entropy(Source);

enum Source {
    System {
        pool: Box<[u8; POOL_BYTES]>,
        used: usize,
    },
    Seeded(fastrand::Rng),
}

impl Entropy {
    /// The system's random numbers.
    pub fn system() -> Self {
        Entropy(Source::System {
            pool: Box::new([0; POOL_BYTES]),
            used: POOL_BYTES,
        })
    }

    /// Predictable numbers: for tests only.
    pub fn seeded(seed: u64) -> Self {
        Entropy(Source::Seeded(fastrand::Rng::with_seed(seed)))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        match &mut self.0 {
            Source::System { pool, used } => {
                if POOL_BYTES - *used < N {
                    getrandom::fill(&mut pool[..]).expect("the system has random numbers");
                    *used = 0;
                }
                bytes.copy_from_slice(&pool[*used..*used + N]);
                // What was given away must not be found here later.
                pool[*used..*used + N].fill(0);
                *used += N;
            }
            Source::Seeded(rng) => rng.fill(&mut bytes),
        }
        bytes
    }
}

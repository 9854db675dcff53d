//! What several tests need: a registration to start from, and the elements of an answer by their names.

#![allow(dead_code)] // every test file is its own crate and uses its own part

use rserpool_handlespace::{
    Handlespace, KeepAlive, NEVER, PolicyValues, Registered, Registration, Settings,
};

pub const ROUND_ROBIN: u32 = 0x0000_0001;
pub const WEIGHTED_ROUND_ROBIN: u32 = 0x0000_0002;
pub const RANDOM: u32 = 0x0000_0003;
pub const WEIGHTED_RANDOM: u32 = 0x0000_0004;
pub const PRIORITY: u32 = 0x0000_0005;
pub const LEAST_USED: u32 = 0x4000_0001;
pub const LEAST_USED_DEGRADATION: u32 = 0x4000_0002;
pub const PRIORITY_LEAST_USED: u32 = 0x4000_0003;
pub const RANDOMIZED_LEAST_USED: u32 = 0x4000_0004;

pub const POLICIES: [u32; 9] = [
    ROUND_ROBIN,
    WEIGHTED_ROUND_ROBIN,
    RANDOM,
    WEIGHTED_RANDOM,
    PRIORITY,
    LEAST_USED,
    LEAST_USED_DEGRADATION,
    PRIORITY_LEAST_USED,
    RANDOMIZED_LEAST_USED,
];

/// A plain registration in pool `pool`, by round robin, unwatched, for ever.
pub fn registration(pool_handle: &[u8], id: u32) -> Registration<'_> {
    Registration {
        pool_handle,
        id,
        home: 1,
        association: 0,
        policy: PolicyValues {
            number: ROUND_ROBIN,
            value: 0,
            load_degradation: 0,
        },
        transport_kind: 0,
        has_control: false,
        may_disagree: false,
        is_watched: false,
        expires_in_ms: NEVER,
        preface: b"",
        record: b"",
        lead: (0, 0),
        annex: b"",
    }
}

/// Elements are named A, B, C ...: their identifiers, and all that their records hold.
pub struct Pool {
    pub handlespace: Handlespace,
    policy: u32,
}

impl Pool {
    pub fn new(policy: u32) -> Self {
        Pool::with(
            policy,
            Settings {
                seed: 1,
                ..Settings::default()
            },
        )
    }

    pub fn with(policy: u32, settings: Settings) -> Self {
        Pool {
            handlespace: Handlespace::new(settings),
            policy,
        }
    }

    pub fn register(&mut self, name: char, value: u32, load_degradation: u32) -> Registered {
        let policy = PolicyValues {
            number: self.policy,
            value,
            load_degradation,
        };
        let record = [name as u8];
        let it = Registration {
            policy,
            record: &record,
            ..registration(b"pool", name as u32)
        };
        self.handlespace.register(0, &it).unwrap()
    }

    pub fn deregister(&mut self, name: char) {
        assert!(self.handlespace.deregister(b"pool", name as u32));
    }

    /// The names in the answer for `items`, in order.
    pub fn resolve(&mut self, items: u32) -> String {
        let mut out = [0; 256];
        let written = self
            .handlespace
            .resolve_into(b"pool", items, &mut out)
            .unwrap();
        String::from_utf8(out[..written].to_vec()).unwrap()
    }

    /// The first names of that many answers.
    pub fn sequence(&mut self, answers: usize) -> String {
        (0..answers).map(|_| self.resolve(1)).collect()
    }
}

pub fn keep_alive(interval_ms: u64, timeout_ms: u64) -> Settings {
    let keep_alive = KeepAlive {
        interval_ms,
        timeout_ms,
        jitter: 0.0,
    };
    Settings {
        seed: 1,
        keep_alive,
        ..Settings::default()
    }
}

/// Small, seeded and not the core's own generator.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len() as u64) as usize]
    }
}

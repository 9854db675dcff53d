//! Random operations on the core and on a naive model, compared at every step. A failure names its seed and
//! step; `run(policies, turns, seed, steps)` with these plays it again. Here is what runs;
//! `operations.rs` does the steps, `comparison.rs` compares, `model/` is the model.

mod comparison;
mod model;
mod operations;
#[path = "../support/mod.rs"]
mod support;

use model::{HOME_OFFSET, INTERVAL_MS, Model, TIMEOUT_MS, Turns};
use rserpool_handlespace::{Degradation, Handlespace, KeepAlive, Settings};
use support::*;

const STEPS: u64 = 100_000;
const HOMES: [u32; 4] = [0x11, 0x22, 0x33, 0xffff_ffff];
const ASSOCIATIONS: [u32; 5] = [0, 1, 2, 77, u32::MAX];

struct Run {
    core: Handlespace,
    model: Model,
    dice: Dice,
    policies: &'static [u32],
    turns: Turns,
    now: u64,
}

fn run(policies: &'static [u32], turns: Turns, seed: u64, steps: u64) {
    let keep_alive = KeepAlive {
        interval_ms: INTERVAL_MS,
        timeout_ms: TIMEOUT_MS,
        jitter: 0.0,
    };
    let home_offset = Some(HOME_OFFSET as u16);
    let settings = Settings {
        seed,
        keep_alive,
        max_increment: turns.max_increment,
        degradation: turns.degradation,
        home_offset,
        ..Settings::default()
    };
    let core = Handlespace::new(settings);
    // Any start will do; this one lets the wheel's higher levels turn over early.
    let now = 0xff_ffff_0000;
    let model = Model::default();
    let mut run = Run {
        core,
        model,
        dice: Dice(seed),
        policies,
        turns,
        now,
    };
    for step in 0..steps {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.step(step)));
        assert!(
            outcome.is_ok(),
            "policies {policies:x?}, seed {seed}, step {step}"
        );
    }
}

impl Run {
    fn step(&mut self, step: u64) {
        // Phases of growing and of shrinking, with few and with many elements.
        let grows = step / 2000 % 3 != 2;
        match self.dice.roll(100) {
            0..25 if grows => self.register(),
            0..8 => self.register(),
            8..25 => self.deregister(),
            25..35 => self.register_again(),
            35..70 => self.resolve(),
            70..75 => self.resolve_one_by_one(),
            75..84 => self.expire(),
            84..90 => self.acknowledge(),
            90..93 => self.probe(),
            93..95 => self.report(),
            95 => self.purge(),
            96 => self.adopt(),
            97 => self.remove_association(),
            98 => self.refuse(),
            _ => self.walk(),
        }
        self.compare_one();
        if step.is_multiple_of(20) {
            self.compare_books();
        }
        let is_small = self.model.elements.len() < 8;
        let is_divided = self.policies.len() > 1;
        if step.is_multiple_of(if is_small || is_divided { 50 } else { 1000 }) {
            self.core.verify().unwrap();
            self.compare_all();
        }
    }
}

fn turns(max_increment: u32) -> Turns {
    Turns {
        max_increment,
        degradation: Degradation::OfTheFirst,
    }
}

/// One test per policy, so that they run beside one another and a failure names its policy.
macro_rules! oracle {
    ($($test:ident: $policy:expr;)*) => {$(
        #[test]
        fn $test() {
            run(&[$policy], turns(0), 0x1_5eed ^ u64::from($policy), STEPS);
            run(&[$policy], turns(3), 0x2_5eed ^ u64::from($policy), STEPS / 4);
        }
    )*};
}

oracle! {
    round_robin_agrees_with_the_model: ROUND_ROBIN;
    weighted_round_robin_agrees_with_the_model: WEIGHTED_ROUND_ROBIN;
    random_agrees_with_the_model: RANDOM;
    weighted_random_agrees_with_the_model: WEIGHTED_RANDOM;
    priority_agrees_with_the_model: PRIORITY;
    least_used_agrees_with_the_model: LEAST_USED;
    least_used_with_degradation_agrees_with_the_model: LEAST_USED_DEGRADATION;
    priority_least_used_agrees_with_the_model: PRIORITY_LEAST_USED;
    randomized_least_used_agrees_with_the_model: RANDOMIZED_LEAST_USED;
}

/// Pools that do not agree: with two policies, where often one of them is gone and comes back, and with all.
#[test]
fn pools_with_dissenters_agree_with_the_model() {
    run(&[ROUND_ROBIN, LEAST_USED], turns(0), 0x3_5eed, STEPS);
    let few = &[ROUND_ROBIN, ROUND_ROBIN, ROUND_ROBIN, ROUND_ROBIN, PRIORITY];
    run(few, turns(0), 0x4_5eed, STEPS);
    run(&POLICIES, turns(3), 0x5_5eed, STEPS);
}

#[test]
fn degradation_of_every_entry_agrees_with_the_model() {
    for max_increment in [0, 3] {
        let turns = Turns {
            max_increment,
            degradation: Degradation::OfAll,
        };
        run(&[LEAST_USED_DEGRADATION], turns, 0x6_5eed, STEPS / 2);
        run(
            &[LEAST_USED_DEGRADATION, PRIORITY],
            turns,
            0x7_5eed,
            STEPS / 4,
        );
    }
}

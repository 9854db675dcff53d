//! How often an element is the first of an answer, for every policy, pool size and number of items: the share
//! does not depend on how many backups an answer names.

mod support;

use rserpool_handlespace::{Degradation, Settings};
use support::*;

/// A multiple of every cycle of the pools below.
const ROUNDS: usize = 12_000;

/// Registers A, B, ... with these values and load degradations.
fn pool(policy: u32, settings: Settings, elements: &[(u32, u32)]) -> Pool {
    let mut pool = Pool::with(policy, settings);
    for (name, &(value, load_degradation)) in ('A'..).zip(elements) {
        pool.register(name, value, load_degradation);
    }
    pool
}

/// How often each element came first in `ROUNDS` answers.
fn firsts(pool: &mut Pool, items: u32, elements: usize) -> Vec<usize> {
    let mut firsts = vec![0; elements];
    for _ in 0..ROUNDS {
        let first = pool.resolve(items).as_bytes()[0];
        firsts[usize::from(first - b'A')] += 1;
    }
    firsts
}

/// Compares with shares in proportion to `weights`, in pools of every size and answers of every length.
fn check(policy: u32, tolerance: f64, elements: &[(u32, u32)], weights: &[f64]) {
    check_with(policy, Settings::default(), tolerance, elements, weights);
}

fn check_with(
    policy: u32,
    settings: Settings,
    tolerance: f64,
    elements: &[(u32, u32)],
    weights: &[f64],
) {
    for size in 1..=elements.len() {
        let whole: f64 = weights[..size].iter().sum();
        for items in 1..=6 {
            let mut pool = pool(policy, settings, &elements[..size]);
            let seen = firsts(&mut pool, items, size);
            for (at, &count) in seen.iter().enumerate() {
                let expected = weights[at] / whole * ROUNDS as f64;
                assert!(
                    (count as f64 - expected).abs() <= expected * tolerance + 1.0,
                    "policy 0x{policy:08x}, {size} elements, {items} items: {seen:?}"
                );
            }
        }
    }
}

const EQUAL: [(u32, u32); 5] = [(3, 2); 5];
const ALIKE: [f64; 5] = [1.0; 5];

#[test]
fn equal_elements_come_first_equally_often_whatever_the_number_of_items() {
    for policy in [
        ROUND_ROBIN,
        WEIGHTED_ROUND_ROBIN,
        PRIORITY,
        LEAST_USED,
        LEAST_USED_DEGRADATION,
        PRIORITY_LEAST_USED,
    ] {
        check(policy, 0.0, &EQUAL, &ALIKE);
    }
    for policy in [RANDOM, WEIGHTED_RANDOM, RANDOMIZED_LEAST_USED] {
        check(policy, 0.1, &EQUAL, &ALIKE);
    }
}

#[test]
fn weights_decide_how_often_an_element_comes_first() {
    let elements = [(4, 0), (2, 0), (1, 0), (3, 0), (2, 0)];
    let weights = [4.0, 2.0, 1.0, 3.0, 2.0];
    check(WEIGHTED_ROUND_ROBIN, 0.0, &elements, &weights);
    check(WEIGHTED_RANDOM, 0.1, &elements, &weights);
}

#[test]
fn spare_load_decides_how_often_an_element_comes_first_by_randomized_least_used() {
    let loads = [0.5, 0.0, 0.75, 0.25, 0.5];
    let elements = loads.map(|load| ((load * f64::from(u32::MAX)) as u32, 0));
    check(
        RANDOMIZED_LEAST_USED,
        0.1,
        &elements,
        &loads.map(|load| 1.0 - load),
    );
}

#[test]
fn only_the_best_come_first_and_equally_often() {
    let elements = [(7, 0), (7, 0), (1, 0), (7, 0), (4, 0)];
    check(PRIORITY, 0.0, &elements, &[1.0, 1.0, 0.0, 1.0, 0.0]);
    let loads = [(2, 3), (2, 3), (9, 0), (2, 3), (3, 2)];
    check(LEAST_USED, 0.0, &loads, &[1.0, 1.0, 0.0, 1.0, 0.0]);
    check(PRIORITY_LEAST_USED, 0.0, &loads, &[1.0, 1.0, 0.0, 1.0, 1.0]);
}

#[test]
fn degradation_decides_how_often_an_element_comes_first_once_loads_are_level() {
    // Each choice adds the degradation, so an element is chosen the less often the more it degrades.
    let elements = [(0, 600), (100, 300), (0, 200), (50, 300), (0, 600)];
    let weights = elements.map(|(_, load_degradation)| 1.0 / f64::from(load_degradation));
    check(LEAST_USED_DEGRADATION, 0.01, &elements, &weights);
}

#[test]
fn fully_degraded_elements_come_first_equally_often() {
    let elements = [(u32::MAX, 9), (u32::MAX - 8, 9), (u32::MAX - 90, 9)];
    check(LEAST_USED_DEGRADATION, 0.01, &elements, &ALIKE);
}

#[test]
fn equal_elements_come_first_equally_often_when_every_entry_degrades() {
    let settings = Settings {
        degradation: Degradation::OfAll,
        ..Settings::default()
    };
    for load_degradation in [0, 1, u32::MAX / 100] {
        let elements = [(5, load_degradation); 5];
        check_with(LEAST_USED_DEGRADATION, settings, 0.001, &elements, &ALIKE);
    }
}

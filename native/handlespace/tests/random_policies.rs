//! The random policies against their distributions: chi-square tests with fixed seeds. Every bound is the
//! value that chance exceeds once in a thousand seeds.

mod support;

use rserpool_handlespace::Settings;
use support::*;

const DRAWS: usize = 60_000;

/// Registers A, B, ... with these values.
fn pool(policy: u32, seed: u64, values: &[u32]) -> Pool {
    let mut pool = Pool::with(
        policy,
        Settings {
            seed,
            ..Settings::default()
        },
    );
    for (name, &value) in ('A'..).zip(values) {
        pool.register(name, value, 0);
    }
    pool
}

/// Chi-square of what came at `place` in answers of `items`, against these expected shares.
fn chi_square(pool: &mut Pool, items: u32, place: usize, shares: &[f64]) -> f64 {
    let mut seen = vec![0u32; shares.len()];
    for _ in 0..DRAWS {
        let names = pool.resolve(items).into_bytes();
        let mut different = names.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(
            (items as usize, items as usize),
            (names.len(), different.len())
        );
        seen[usize::from(names[place] - b'A')] += 1;
    }
    let whole: f64 = shares.iter().sum();
    let expected = shares.iter().map(|share| share / whole * DRAWS as f64);
    seen.iter()
        .zip(expected)
        .map(|(&n, e)| (f64::from(n) - e).powi(2) / e)
        .sum()
}

/// Shares of the second place when the first is drawn by `weights` and not put back.
fn second_place(weights: &[f64]) -> Vec<f64> {
    let whole: f64 = weights.iter().sum();
    let share_of = |second: usize| {
        let others = weights
            .iter()
            .enumerate()
            .filter(|(first, _)| *first != second);
        others
            .map(|(_, first)| first / whole * weights[second] / (whole - first))
            .sum()
    };
    (0..weights.len()).map(share_of).collect()
}

const EIGHT: [f64; 8] = [1.0; 8];
/// 0.999 quantiles of the chi-square distribution.
const DEGREES_OF_FREEDOM_7: f64 = 24.32;
const DEGREES_OF_FREEDOM_5: f64 = 20.52;
const DEGREES_OF_FREEDOM_1: f64 = 10.83;

#[test]
fn random_has_everybody_equally_often_in_every_place() {
    for (items, place) in [(1, 0), (2, 1), (3, 0), (3, 2), (8, 7)] {
        let mut pool = pool(RANDOM, 11, &[0; 8]);
        let result = chi_square(&mut pool, items, place, &EIGHT);
        assert!(
            result < DEGREES_OF_FREEDOM_7,
            "items {items}, place {place}: {result}"
        );
    }
}

#[test]
fn random_has_everybody_equally_often_when_few_of_many_are_drawn() {
    // 40 elements, counted in groups of five, so that drawing again is what happens inside.
    let mut pool = pool(RANDOM, 12, &[0; 40]);
    let mut seen = [0u32; 8];
    for _ in 0..DRAWS {
        seen[usize::from(pool.resolve(3).as_bytes()[2] - b'A') / 5] += 1;
    }
    let expected = DRAWS as f64 / 8.0;
    let result: f64 = seen
        .iter()
        .map(|&n| (f64::from(n) - expected).powi(2) / expected)
        .sum();
    assert!(result < DEGREES_OF_FREEDOM_7, "{seen:?}");
}

#[test]
fn weighted_random_follows_the_weights() {
    // The worked example, first; then weights over several powers of two.
    let mut example = pool(WEIGHTED_RANDOM, 13, &[100, 50]);
    let result = chi_square(&mut example, 1, 0, &[2.0, 1.0]);
    assert!(result < DEGREES_OF_FREEDOM_1, "{result}");

    let weights = [1, 2, 3, 10, 17, 40];
    let shares = weights.map(f64::from);
    let mut first = pool(WEIGHTED_RANDOM, 14, &weights);
    assert!(chi_square(&mut first, 1, 0, &shares) < DEGREES_OF_FREEDOM_5);
    let mut first_of_three = pool(WEIGHTED_RANDOM, 15, &weights);
    assert!(chi_square(&mut first_of_three, 3, 0, &shares) < DEGREES_OF_FREEDOM_5);
    let mut second = pool(WEIGHTED_RANDOM, 16, &weights);
    assert!(chi_square(&mut second, 2, 1, &second_place(&shares)) < DEGREES_OF_FREEDOM_5);
}

#[test]
fn weighted_random_follows_a_changed_weight() {
    let mut pool = pool(WEIGHTED_RANDOM, 17, &[1, 1, 1, 1, 1, 1]);
    let shares = [9.0, 1.0, 1.0, 1.0, 4.0, 1.0];
    pool.register('A', 9, 0);
    pool.register('E', 4, 0);
    assert!(chi_square(&mut pool, 1, 0, &shares) < DEGREES_OF_FREEDOM_5);
}

#[test]
fn weighted_random_never_selects_weight_0_beside_others_and_takes_all_alike_when_all_are_0() {
    let mut some = pool(WEIGHTED_RANDOM, 18, &[0, 5, 0, 7]);
    for _ in 0..1000 {
        let mut names = some.resolve(4).into_bytes();
        names.sort_unstable();
        assert_eq!(b"BD", &names[..]);
    }
    let mut none = pool(WEIGHTED_RANDOM, 19, &[0; 8]);
    assert!(chi_square(&mut none, 2, 1, &EIGHT) < DEGREES_OF_FREEDOM_7);
}

#[test]
fn weighted_random_draws_light_ones_too_once_the_heavy_ones_are_taken() {
    // Drawing until something light comes by chance would take 2^32 draws.
    let mut pool = pool(WEIGHTED_RANDOM, 20, &[u32::MAX, 1, u32::MAX, 1]);
    for _ in 0..1000 {
        assert_eq!(4, pool.resolve(4).len());
    }
}

#[test]
fn randomized_least_used_follows_the_spare_load() {
    let loads = [0.0, 0.1, 0.3, 0.5, 0.75, 0.9];
    let shares = loads.map(|load| 1.0 - load);
    let values = loads.map(|load| (load * f64::from(u32::MAX)) as u32);
    let mut first = pool(RANDOMIZED_LEAST_USED, 21, &values);
    assert!(chi_square(&mut first, 1, 0, &shares) < DEGREES_OF_FREEDOM_5);
    let mut second = pool(RANDOMIZED_LEAST_USED, 22, &values);
    assert!(chi_square(&mut second, 2, 1, &second_place(&shares)) < DEGREES_OF_FREEDOM_5);
}

#[test]
fn randomized_least_used_leaves_a_fully_loaded_element_its_chance() {
    let mut full = pool(RANDOMIZED_LEAST_USED, 23, &[u32::MAX; 8]);
    assert!(chi_square(&mut full, 1, 0, &EIGHT) < DEGREES_OF_FREEDOM_7);
}

#[test]
fn the_same_seed_gives_the_same_choices_and_another_seed_others() {
    let run = |seed| pool(RANDOM, seed, &[0; 20]).sequence(50);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

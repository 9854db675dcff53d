//! Selection, choice by choice: the sequences that RFC 5356 asks for.

mod support;

use rserpool_handlespace::{Degradation, Settings};
use support::*;

/// Ten times a tenth is all there is.
const TENTH: u32 = u32::MAX / 10;

fn pool(policy: u32, elements: &[(char, u32, u32)]) -> Pool {
    let mut pool = Pool::new(policy);
    for &(name, value, load_degradation) in elements {
        pool.register(name, value, load_degradation);
    }
    pool
}

fn with_increment(policy: u32, max_increment: u32, elements: &[(char, u32, u32)]) -> Pool {
    let settings = Settings {
        max_increment,
        ..Settings::default()
    };
    let mut pool = Pool::with(policy, settings);
    for &(name, value, load_degradation) in elements {
        pool.register(name, value, load_degradation);
    }
    pool
}

fn answers(pool: &mut Pool, items: u32, count: usize) -> Vec<String> {
    (0..count).map(|_| pool.resolve(items)).collect()
}

#[test]
fn round_robin_answers_from_the_head_which_moves_on_by_one() {
    let mut pool = pool(ROUND_ROBIN, &[('A', 0, 0), ('B', 0, 0), ('C', 0, 0)]);
    assert_eq!(["AB", "BC", "CA", "AB"], answers(&mut pool, 2, 4)[..]);
}

#[test]
fn round_robin_moves_on_by_max_increment() {
    let mut pool = with_increment(ROUND_ROBIN, 2, &[('A', 0, 0), ('B', 0, 0), ('C', 0, 0)]);
    assert_eq!(["AB", "CA", "BC"], answers(&mut pool, 2, 3)[..]);
    // Never by more than was answered.
    assert_eq!("ABCABC", pool.sequence(6));
}

#[test]
fn round_robin_keeps_its_order_when_elements_leave_and_join() {
    let mut pool = pool(
        ROUND_ROBIN,
        &[('A', 0, 0), ('B', 0, 0), ('C', 0, 0), ('D', 0, 0)],
    );
    assert_eq!("A", pool.resolve(1));
    pool.deregister('B');
    assert_eq!("CDAC", pool.sequence(4));
    pool.register('E', 0, 0);
    assert_eq!("DEACDE", pool.sequence(6));
    // The last one leaves when its turn would be next: it is the first one's turn, then a newcomer joins.
    assert_eq!("ACD", pool.sequence(3));
    pool.deregister('E');
    pool.register('F', 0, 0);
    assert_eq!("ACDFA", pool.sequence(5));
}

#[test]
fn round_robin_keeps_the_place_of_an_element_that_registers_again() {
    let mut pool = pool(ROUND_ROBIN, &[('A', 0, 0), ('B', 0, 0), ('C', 0, 0)]);
    assert_eq!("A", pool.resolve(1));
    pool.register('B', 0, 0);
    assert_eq!("BCA", pool.sequence(3));
}

#[test]
fn weighted_round_robin_is_smooth() {
    let mut three_to_one = pool(WEIGHTED_ROUND_ROBIN, &[('A', 3, 0), ('B', 1, 0)]);
    assert_eq!("AABAAABAAABA", three_to_one.sequence(12));
    let mut five_one_one = pool(
        WEIGHTED_ROUND_ROBIN,
        &[('A', 5, 0), ('B', 1, 0), ('C', 1, 0)],
    );
    assert_eq!("AABACAAAABACAA", five_one_one.sequence(14));
    let mut equal = pool(
        WEIGHTED_ROUND_ROBIN,
        &[('A', 7, 0), ('B', 7, 0), ('C', 7, 0)],
    );
    assert_eq!("ABCABC", equal.sequence(6));
}

#[test]
fn weighted_round_robin_counts_only_the_first_of_an_answer_as_served() {
    let mut pool = pool(WEIGHTED_ROUND_ROBIN, &[('A', 3, 0), ('B', 1, 0)]);
    assert_eq!(["AB", "AB", "BA", "AB"], answers(&mut pool, 2, 4)[..]);
}

#[test]
fn weighted_round_robin_never_selects_weight_0_beside_others() {
    let mut pool = pool(
        WEIGHTED_ROUND_ROBIN,
        &[('A', 0, 0), ('B', 2, 0), ('C', 0, 0)],
    );
    assert_eq!(["B", "B"], answers(&mut pool, 3, 2)[..]);
    pool.deregister('B');
    assert_eq!(["AC", "CA", "AC"], answers(&mut pool, 3, 3)[..]);
    pool.register('C', 1, 0);
    assert_eq!("CC", pool.sequence(2));
}

#[test]
fn weighted_round_robin_lets_nobody_starve_because_of_one_who_left() {
    let mut pool = pool(
        WEIGHTED_ROUND_ROBIN,
        &[('A', 1, 0), ('B', u32::MAX, 0), ('C', 2, 0)],
    );
    pool.sequence(100);
    pool.register('A', 3, 0);
    pool.sequence(100);
    pool.deregister('B');
    pool.sequence(3);
    let later = pool.sequence(50);
    assert_eq!(30, later.matches('A').count(), "{later}");
}

/// The definition, element by element.
struct LiteralSmooth {
    weights: Vec<i64>,
    credits: Vec<i64>,
}

impl LiteralSmooth {
    /// The choices of one answer; only the first is committed.
    fn answer(&mut self, items: usize) -> String {
        let sum: i64 = self.weights.iter().sum();
        let mut credits = self.credits.clone();
        let mut chosen = Vec::new();
        for choice in 0..items.min(credits.len()) {
            for (credit, weight) in credits.iter_mut().zip(&self.weights) {
                *credit += weight;
            }
            let open = (0..credits.len()).filter(|at| !chosen.contains(at));
            let best = open
                .reduce(|a, b| if credits[b] > credits[a] { b } else { a })
                .unwrap();
            credits[best] -= sum;
            chosen.push(best);
            if choice == 0 {
                self.credits.clone_from(&credits);
            }
        }
        chosen.iter().map(|&at| (b'0' + at as u8) as char).collect()
    }
}

#[test]
fn weighted_round_robin_is_the_literal_smooth_one_while_a_pool_does_not_change() {
    let mut dice = Dice(0x5eed);
    for round in 0..300 {
        let highest = dice.pick(&[1, 2, 5, 100, u64::from(u32::MAX)]);
        let count = 1 + dice.roll(40);
        let weights: Vec<i64> = (0..count).map(|_| 1 + dice.roll(highest) as i64).collect();
        let mut literal = LiteralSmooth {
            credits: vec![0; weights.len()],
            weights,
        };
        let mut pool = Pool::new(WEIGHTED_ROUND_ROBIN);
        for (at, &weight) in literal.weights.iter().enumerate() {
            pool.register((b'0' + at as u8) as char, weight as u32, 0);
        }
        for step in 0..400 {
            let items = 1 + dice.roll(5) as u32;
            let expected = literal.answer(items as usize);
            let weights = &literal.weights;
            assert_eq!(
                expected,
                pool.resolve(items),
                "round {round}, step {step}, {weights:?}"
            );
        }
    }
}

#[test]
fn weighted_round_robin_is_fair_over_a_whole_cycle() {
    let weights = [13u32, 8, 8, 5, 3, 1, 1, 1];
    let mut pool = Pool::new(WEIGHTED_ROUND_ROBIN);
    for (name, &weight) in ('A'..).zip(&weights) {
        pool.register(name, weight, 0);
    }
    let cycle = pool.sequence(weights.iter().sum::<u32>() as usize);
    for (name, &weight) in ('A'..).zip(&weights) {
        assert_eq!(weight as usize, cycle.matches(name).count(), "{cycle}");
    }
}

#[test]
fn priority_prefers_the_highest_and_lets_equals_take_turns() {
    let elements = [
        ('A', 1, 0),
        ('B', 9, 0),
        ('C', 5, 0),
        ('D', 9, 0),
        ('E', u32::MAX, 0),
    ];
    let mut pool = pool(PRIORITY, &elements);
    assert_eq!(["EBDCA", "EBDCA"], answers(&mut pool, 5, 2)[..]);
    pool.deregister('E');
    assert_eq!(["BDCA", "DBCA", "BDCA"], answers(&mut pool, 128, 3)[..]);
    pool.register('A', 10, 0);
    assert_eq!("ADBC", pool.resolve(4));
}

#[test]
fn least_used_takes_the_lowest_load_and_lets_ties_take_turns() {
    let mut pool = pool(LEAST_USED, &[('A', 5, 0), ('B', 5, 0), ('C', 3, 0)]);
    assert_eq!(["CAB", "CAB"], answers(&mut pool, 3, 2)[..]);
    pool.register('C', 5, 0);
    assert_eq!(["AB", "BC", "CA"], answers(&mut pool, 2, 3)[..]);
}

#[test]
fn least_used_moves_as_many_as_max_increment_to_the_end_of_their_line() {
    let mut pool = with_increment(LEAST_USED, 3, &[('A', 5, 0), ('B', 5, 0), ('C', 3, 0)]);
    assert_eq!(["CAB", "CAB"], answers(&mut pool, 3, 2)[..]);
    assert_eq!(["CA", "CB", "CA"], answers(&mut pool, 2, 3)[..]);
}

#[test]
fn least_used_with_degradation_follows_the_worked_example() {
    let mut pool = pool(LEAST_USED_DEGRADATION, &[('A', 100, 10), ('B', 120, 10)]);
    // Keys 100/120: A, A, then a tie at 120 that A joined later.
    assert_eq!("AABABA", pool.sequence(6));
    // "the degradation counter is reset" on re-registration: A is at 100 again, B at 140 or so.
    pool.register('A', 100, 10);
    assert_eq!("AAA", pool.sequence(3));
}

#[test]
fn least_used_with_degradation_counts_only_the_first_of_an_answer() {
    let elements = [('A', 0, 1), ('B', 0, 3), ('C', 1, 1)];
    let mut one = pool(LEAST_USED_DEGRADATION, &elements);
    // Keys of A B C: 0 0 1; then A joins C at 1; B goes to 3; C and A take turns until B is reached.
    assert_eq!(
        ["AB", "BC", "CA", "AC", "CA", "AB"],
        answers(&mut one, 2, 6)[..]
    );
    let mut two = with_increment(LEAST_USED_DEGRADATION, 2, &elements);
    assert_eq!(["AB", "CA", "CA", "BC"], answers(&mut two, 2, 4)[..]);
}

#[test]
fn least_used_with_degradation_of_all_counts_every_entry_of_an_answer() {
    let settings = Settings {
        degradation: Degradation::OfAll,
        ..Settings::default()
    };
    let mut pool = Pool::with(LEAST_USED_DEGRADATION, settings);
    for (name, load, load_degradation) in [('A', 0, 1), ('B', 0, 3), ('C', 1, 1)] {
        pool.register(name, load, load_degradation);
    }
    // Keys of A B C: 0 0 1; 1 3 1 and C had fewer turns; 2 3 2, equal turns and A is older; then all 3.
    assert_eq!(["AB", "CA", "AC", "BC"], answers(&mut pool, 2, 4)[..]);
    // A registration starts the degradation again and makes up for no turns that were missed.
    pool.register('D', 3, 0);
    pool.register('B', 0, 3);
    assert_eq!("B", pool.resolve(1));
}

#[test]
fn least_used_with_degradation_stops_at_100_percent() {
    let mut pool = pool(
        LEAST_USED_DEGRADATION,
        &[('A', 9 * TENTH, 2 * TENTH), ('B', u32::MAX, 1)],
    );
    assert_eq!("ABABAB", pool.sequence(6));
}

#[test]
fn priority_least_used_counts_the_load_to_come() {
    // RFC 5356 §5.3.1: A 50 % + 10 %, B 50 % + 50 %.
    let mut rfc = pool(
        PRIORITY_LEAST_USED,
        &[('B', 5 * TENTH, 5 * TENTH), ('A', 5 * TENTH, TENTH)],
    );
    assert_eq!(["AB", "AB", "AB"], answers(&mut rfc, 2, 3)[..]);
    let mut full = pool(
        PRIORITY_LEAST_USED,
        &[('A', 9 * TENTH, 9 * TENTH), ('B', u32::MAX, 0)],
    );
    assert_eq!("ABAB", full.sequence(4));
}

#[test]
fn an_answer_names_everybody_once_however_many_are_asked_for() {
    for policy in POLICIES {
        let mut pool = pool(policy, &[('A', 1, 1), ('B', 2, 2), ('C', 3, 3)]);
        for items in [3, 4, 128, 129, u32::MAX] {
            let mut names: Vec<char> = pool.resolve(items).chars().collect();
            names.sort_unstable();
            assert_eq!(['A', 'B', 'C'], names[..], "policy 0x{policy:08x}");
        }
        assert_eq!(1, pool.resolve(0).len(), "no items asked for is one item");
    }
}

#[test]
fn peeking_shows_somebody_and_takes_nobodys_turn() {
    for policy in POLICIES {
        let elements = [('A', 2, 1), ('B', 0, 1), ('C', 2, 1)];
        let (mut peeked, mut undisturbed) = (pool(policy, &elements), pool(policy, &elements));
        for _ in 0..20 {
            assert!(
                peeked.handlespace.peek(b"pool").is_some(),
                "policy 0x{policy:08x}"
            );
            assert_eq!(
                undisturbed.resolve(2),
                peeked.resolve(2),
                "policy 0x{policy:08x}"
            );
        }
        // Also when only those are left that cannot serve, or holes where others were.
        peeked.deregister('A');
        peeked.deregister('C');
        let left = peeked.handlespace.peek(b"pool").map(|it| it.id);
        assert_eq!(Some(u32::from(b'B')), left, "policy 0x{policy:08x}");
        assert!(peeked.handlespace.peek(b"other").is_none());
    }
}

//! Pool elements that disagree with their pool: kept, not selected, and the lowest identifier says what the
//! pool is like, whatever came first.

mod support;

use std::collections::BTreeMap;

use rserpool_handlespace::{Error, Handlespace, PolicyValues, Registration, Settings};
use support::{
    Dice, LEAST_USED, PRIORITY, RANDOM, ROUND_ROBIN, WEIGHTED_ROUND_ROBIN, registration,
};

const POOL: &[u8] = b"pool";

fn with_policy(id: u32, number: u32) -> Registration<'static> {
    let policy = PolicyValues {
        number,
        value: 1,
        load_degradation: 0,
    };
    Registration {
        policy,
        may_disagree: true,
        ..registration(POOL, id)
    }
}

fn selected(handlespace: &mut Handlespace) -> Vec<u32> {
    let mut ids = Vec::new();
    handlespace.resolve(POOL, 128, &mut |it| ids.push(it.id));
    ids.sort_unstable();
    ids
}

#[test]
fn who_disagrees_is_kept_and_counted_and_not_selected() {
    let mut handlespace = Handlespace::new(Settings::default());
    handlespace
        .register(0, &with_policy(1, ROUND_ROBIN))
        .unwrap();
    let checksum = handlespace.checksum(1);
    handlespace
        .register(0, &with_policy(2, LEAST_USED))
        .unwrap();
    handlespace.verify().unwrap();
    assert_eq!([1], selected(&mut handlespace)[..]);
    assert_ne!(checksum, handlespace.checksum(1));
    let it = handlespace.find(POOL, 2).unwrap();
    assert_eq!((true, LEAST_USED), (it.disagrees, it.policy.number));
    assert!(!handlespace.find(POOL, 1).unwrap().disagrees);
}

#[test]
fn a_transport_or_a_control_channel_of_its_own_is_a_disagreement_too() {
    let mut handlespace = Handlespace::new(Settings::default());
    handlespace
        .register(0, &with_policy(1, ROUND_ROBIN))
        .unwrap();
    let other_transport = Registration {
        transport_kind: 6,
        ..with_policy(2, ROUND_ROBIN)
    };
    let with_control = Registration {
        has_control: true,
        ..with_policy(3, ROUND_ROBIN)
    };
    for it in [other_transport, with_control] {
        handlespace.register(0, &it).unwrap();
        handlespace.verify().unwrap();
    }
    assert_eq!([1], selected(&mut handlespace)[..]);
}

#[test]
fn its_home_refuses_it_when_it_registers_again() {
    let mut handlespace = Handlespace::new(Settings::default());
    handlespace
        .register(0, &with_policy(2, LEAST_USED))
        .unwrap();
    handlespace
        .register(0, &with_policy(1, ROUND_ROBIN))
        .unwrap();
    assert_eq!([1], selected(&mut handlespace)[..]);
    let again = Registration {
        may_disagree: false,
        ..with_policy(2, LEAST_USED)
    };
    let refusal = Err(Error::InconsistentPolicy { pool: ROUND_ROBIN });
    assert_eq!(refusal, handlespace.register(1, &again));
    // As it is wanted, it is one like all others.
    let agreeing = Registration {
        may_disagree: false,
        ..with_policy(2, ROUND_ROBIN)
    };
    handlespace.register(1, &agreeing).unwrap();
    assert_eq!([1, 2], selected(&mut handlespace)[..]);
    handlespace.verify().unwrap();
}

#[test]
fn a_pools_only_element_may_come_back_as_another_one() {
    let mut handlespace = Handlespace::new(Settings::default());
    handlespace
        .register(0, &with_policy(1, ROUND_ROBIN))
        .unwrap();
    handlespace
        .register(0, &with_policy(1, LEAST_USED))
        .unwrap();
    assert!(!handlespace.find(POOL, 1).unwrap().disagrees);
    assert_eq!([1], selected(&mut handlespace)[..]);
    handlespace.verify().unwrap();
}

#[test]
fn a_pool_that_changes_and_changes_back_goes_on_where_it_was() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in [4, 3, 2] {
        handlespace
            .register(0, &with_policy(id, ROUND_ROBIN))
            .unwrap();
    }
    let next = |handlespace: &mut Handlespace| {
        let mut ids = Vec::new();
        handlespace.resolve(POOL, 1, &mut |it| ids.push(it.id));
        ids[0]
    };
    assert_eq!(4, next(&mut handlespace));
    handlespace
        .register(0, &with_policy(1, LEAST_USED))
        .unwrap();
    assert_eq!([1, 1], [(); 2].map(|()| next(&mut handlespace)));
    // Whoever comes or registers again meanwhile takes or keeps a place among those who wait.
    for id in [5, 4] {
        handlespace
            .register(0, &with_policy(id, ROUND_ROBIN))
            .unwrap();
    }
    assert!(handlespace.deregister(POOL, 1));
    assert_eq!([3, 2, 5, 4], [(); 4].map(|()| next(&mut handlespace)));
    handlespace.verify().unwrap();
}

#[test]
fn a_pool_may_change_with_each_element_that_leaves() {
    const POLICIES: [u32; 3] = [ROUND_ROBIN, WEIGHTED_ROUND_ROBIN, PRIORITY];
    let mut handlespace = Handlespace::new(Settings::default());
    let policy_of = |id: u32| POLICIES[id as usize % POLICIES.len()];
    for id in 1..=100 {
        handlespace
            .register(0, &with_policy(id, policy_of(id)))
            .unwrap();
    }
    for first in 1..=100 {
        let alike = (first..=100).filter(|&id| policy_of(id) == policy_of(first));
        assert_eq!(alike.collect::<Vec<_>>(), selected(&mut handlespace));
        handlespace.purge(1, 1, &mut |it| {
            assert_eq!((first, false), (it.id, it.disagrees))
        });
        handlespace.verify().unwrap();
    }
    assert_eq!(0, handlespace.stats().pools);
}

/// What is noted of a pool must not grow with all that ever happened there: `verify` looks at that.
#[test]
fn who_disagrees_and_agrees_by_turns_leaves_no_trace() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in 10..20 {
        handlespace
            .register(0, &with_policy(id, ROUND_ROBIN))
            .unwrap();
    }
    for id in (1..30).cycle().take(1000) {
        let was_there = handlespace.find(POOL, id).is_some();
        for policy in [LEAST_USED, ROUND_ROBIN] {
            handlespace.register(0, &with_policy(id, policy)).unwrap();
            handlespace.verify().unwrap();
        }
        if !was_there {
            assert!(handlespace.deregister(POOL, id));
        }
        handlespace.verify().unwrap();
        assert_eq!((10..20).collect::<Vec<_>>(), selected(&mut handlespace));
    }
}

/// Against a naive account: who is like what.
#[test]
fn whatever_comes_and_goes_the_lowest_identifier_decides() {
    const POLICIES: [u32; 4] = [ROUND_ROBIN, LEAST_USED, RANDOM, WEIGHTED_ROUND_ROBIN];
    for seed in 1..=50 {
        let mut handlespace = Handlespace::new(Settings::default());
        let mut known = BTreeMap::new();
        let mut dice = Dice(seed);
        let most_elements = dice.pick(&[2, 8, 60]);
        for _ in 0..300 {
            let id = 1 + dice.roll(most_elements) as u32;
            if dice.roll(3) == 0 {
                assert_eq!(
                    known.remove(&id).is_some(),
                    handlespace.deregister(POOL, id)
                );
            } else {
                let it = Registration {
                    transport_kind: dice.pick(&[5, 5, 6]),
                    has_control: dice.roll(4) == 0,
                    ..with_policy(id, dice.pick(&POLICIES))
                };
                known.insert(id, (it.policy.number, it.transport_kind, it.has_control));
                handlespace.register(0, &it).unwrap();
            }
            handlespace.verify().unwrap();
            let first = known.values().next();
            let agreeing = known.iter().filter(|(_, like)| Some(*like) == first);
            let expected: Vec<u32> = agreeing.map(|(&id, _)| id).collect();
            assert_eq!(expected, selected(&mut handlespace));
            for (&id, like) in &known {
                let it = handlespace.find(POOL, id).unwrap();
                assert_eq!(
                    (like.0, Some(like) != first),
                    (it.policy.number, it.disagrees)
                );
            }
        }
    }
}

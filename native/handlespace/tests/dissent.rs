//! Pool elements that disagree with their pool: kept, not selected, and the lowest identifier says what the
//! pool is like, whatever came first.

mod support;

use std::collections::BTreeMap;

use rserpool_handlespace::{Error, Handlespace, PolicyValues, Registration, Settings};
use support::{Dice, LEAST_USED, RANDOM, ROUND_ROBIN, WEIGHTED_ROUND_ROBIN, registration};

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

/// Against a naive account: who has which policy.
#[test]
fn whatever_comes_and_goes_the_lowest_identifier_decides() {
    const POLICIES: [u32; 4] = [ROUND_ROBIN, LEAST_USED, RANDOM, WEIGHTED_ROUND_ROBIN];
    for seed in 1..=50 {
        let mut handlespace = Handlespace::new(Settings::default());
        let mut known = BTreeMap::new();
        let mut dice = Dice(seed);
        for _ in 0..300 {
            let id = 1 + dice.roll(8) as u32;
            if dice.roll(3) == 0 {
                assert_eq!(
                    known.remove(&id).is_some(),
                    handlespace.deregister(POOL, id)
                );
            } else {
                let policy = dice.pick(&POLICIES);
                known.insert(id, policy);
                handlespace.register(0, &with_policy(id, policy)).unwrap();
            }
            handlespace.verify().unwrap();
            let first = known.values().next();
            let agreeing = known.iter().filter(|(_, policy)| Some(*policy) == first);
            let expected: Vec<u32> = agreeing.map(|(&id, _)| id).collect();
            assert_eq!(expected, selected(&mut handlespace));
            for (&id, policy) in &known {
                assert_eq!(*policy, handlespace.find(POOL, id).unwrap().policy.number);
            }
        }
    }
}

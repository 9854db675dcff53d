//! Registration life and keep-alive: what rings, when, and what is left afterwards.

mod support;

use rserpool_handlespace::{Handlespace, KeepAlive, NEVER, Registration, Settings, Timer};
use support::*;

/// What was handed out: timer and identifier.
fn expire(handlespace: &mut Handlespace, now: u64) -> Vec<(Timer, u32)> {
    let mut due = Vec::new();
    handlespace.expire(now, 1000, &mut |timer, it| due.push((timer, it.id)));
    assert!(handlespace.next_deadline() > now);
    handlespace.verify().unwrap();
    due
}

fn watched(id: u32) -> Registration<'static> {
    Registration {
        is_watched: true,
        ..registration(b"pool", id)
    }
}

#[test]
fn a_registration_lapses_when_its_life_is_over() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    let it = Registration {
        expires_in_ms: 30_000,
        ..registration(b"pool", 1)
    };
    handlespace.register(1000, &it).unwrap();
    assert_eq!(
        Some(31_000),
        handlespace.find(b"pool", 1).map(|it| it.expires_at)
    );
    assert!(expire(&mut handlespace, 30_999).is_empty());
    assert_eq!(
        [(Timer::RegistrationLife, 1)],
        expire(&mut handlespace, 31_000)[..]
    );
    assert!(handlespace.find(b"pool", 1).is_none());
    assert_eq!(
        (0, NEVER),
        (handlespace.stats().pools, handlespace.next_deadline())
    );
}

#[test]
fn a_renewal_starts_life_afresh() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    let it = Registration {
        expires_in_ms: 30_000,
        ..registration(b"pool", 1)
    };
    handlespace.register(0, &it).unwrap();
    handlespace.register(29_000, &it).unwrap();
    assert!(expire(&mut handlespace, 58_999).is_empty());
    assert_eq!(1, expire(&mut handlespace, 59_000).len());
    // Shorter than before counts as well.
    handlespace.register(60_000, &it).unwrap();
    handlespace
        .register(
            60_000,
            &Registration {
                expires_in_ms: 0,
                ..it
            },
        )
        .unwrap();
    assert_eq!(
        [(Timer::RegistrationLife, 1)],
        expire(&mut handlespace, 60_000)[..]
    );
}

#[test]
fn an_element_that_answers_stays_and_one_that_does_not_goes() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 3000));
    handlespace.register(0, &watched(1)).unwrap();
    handlespace.register(0, &watched(2)).unwrap();
    let mut sent = expire(&mut handlespace, 5000);
    sent.sort_unstable();
    assert_eq!(
        [1, 2].map(|id| (Timer::KeepAliveTransmission, id)),
        sent[..]
    );
    assert!(handlespace.find(b"pool", 1).unwrap().awaits_acknowledgement);
    assert!(handlespace.acknowledge(5100, b"pool", 1));
    assert!(!handlespace.find(b"pool", 1).unwrap().awaits_acknowledgement);
    assert!(expire(&mut handlespace, 7999).is_empty());
    assert_eq!(
        [(Timer::KeepAliveTimeout, 2)],
        expire(&mut handlespace, 8000)[..]
    );
    assert!(handlespace.find(b"pool", 2).is_none());
    assert_eq!(
        [(Timer::KeepAliveTransmission, 1)],
        expire(&mut handlespace, 10_100)[..]
    );
}

#[test]
fn a_visit_sees_the_element_that_is_about_to_go() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 3000));
    let it = Registration {
        record: b"record",
        annex: b"annex",
        association: 7,
        ..watched(1)
    };
    handlespace
        .register(
            0,
            &Registration {
                expires_in_ms: 10,
                ..it
            },
        )
        .unwrap();
    let mut seen = Vec::new();
    handlespace.expire(10, 1, &mut |_, it| {
        seen.push((
            it.pool_handle.to_vec(),
            it.record.to_vec(),
            it.annex.to_vec(),
            it.association,
        ));
    });
    assert_eq!(
        [(b"pool".to_vec(), b"record".to_vec(), b"annex".to_vec(), 7)],
        seen[..]
    );
}

#[test]
fn a_probe_out_of_turn_starts_the_time_out_and_the_watch() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 3000));
    handlespace.register(0, &registration(b"pool", 1)).unwrap();
    assert!(
        handlespace.acknowledge(100, b"pool", 1),
        "nobody watches it, and it stays so"
    );
    assert_eq!(NEVER, handlespace.next_deadline());
    assert!(handlespace.probe(1000, b"pool", 1));
    assert!(handlespace.find(b"pool", 1).unwrap().is_watched);
    assert_eq!(
        [(Timer::KeepAliveTimeout, 1)],
        expire(&mut handlespace, 4000)[..]
    );
    assert!(!handlespace.probe(4000, b"pool", 1) && !handlespace.acknowledge(4000, b"pool", 1));
}

#[test]
fn keep_alives_are_spread_over_the_jitter() {
    let keep_alive = KeepAlive {
        interval_ms: 1000,
        timeout_ms: 1000,
        jitter: 0.5,
    };
    let mut handlespace = Handlespace::new(Settings {
        keep_alive,
        ..Settings::default()
    });
    let mut count_by_tenth = [0u32; 10];
    for id in 1..=10_000 {
        handlespace.register(0, &watched(id)).unwrap();
    }
    assert!(
        expire(&mut handlespace, 499).is_empty(),
        "the earliest is at half the interval"
    );
    for now in 500..=1500 {
        count_by_tenth[((now - 500) / 100).min(9) as usize] +=
            expire_quietly(&mut handlespace, now);
    }
    // 9 degrees of freedom: chance exceeds 27.88 once in a thousand seeds.
    let chi_square: f64 = count_by_tenth
        .iter()
        .map(|&n| (f64::from(n) - 1e3).powi(2) / 1e3)
        .sum();
    assert_eq!(10_000, count_by_tenth.iter().sum::<u32>());
    assert!(chi_square < 27.88, "{count_by_tenth:?}");
}

/// Transmissions only, each acknowledged at once and then taken out of the way.
fn expire_quietly(handlespace: &mut Handlespace, now: u64) -> u32 {
    let mut ids = Vec::new();
    handlespace.expire(now, 100_000, &mut |timer, it| {
        assert_eq!(Timer::KeepAliveTransmission, timer);
        ids.push(it.id);
    });
    ids.iter()
        .for_each(|&id| assert!(handlespace.deregister(b"pool", id)));
    ids.len() as u32
}

#[test]
fn a_pause_of_the_process_gives_running_time_outs_one_fresh_period() {
    // Decision 46.
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    handlespace.register(0, &watched(1)).unwrap();
    assert_eq!(1, expire(&mut handlespace, 5000).len());
    // Stopped from 6 s to 36 s; the answer that lay in the queue may still come.
    assert!(expire(&mut handlespace, 36_000).is_empty());
    assert!(expire(&mut handlespace, 40_999).is_empty());
    assert_eq!(
        [(Timer::KeepAliveTimeout, 1)],
        expire(&mut handlespace, 41_000)[..]
    );
}

#[test]
fn a_pause_is_noticed_by_the_first_call_after_it_whatever_it_is() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    handlespace.register(0, &watched(1)).unwrap();
    handlespace.register(0, &watched(2)).unwrap();
    assert_eq!(2, expire(&mut handlespace, 5000).len());
    // Queued input is read before timers fire.
    assert!(handlespace.acknowledge(36_000, b"pool", 1));
    assert!(expire(&mut handlespace, 36_001).is_empty());
    let mut later = expire(&mut handlespace, 41_000);
    later.sort_unstable();
    assert_eq!(
        [
            (Timer::KeepAliveTransmission, 1),
            (Timer::KeepAliveTimeout, 2)
        ],
        later[..]
    );
}

#[test]
fn a_timer_that_rings_a_little_late_in_a_quiet_process_is_no_pause() {
    // With the second time-out the deadline falls on a boundary of the wheel's second level, so that no
    // call is wanted before it and all of the time-out passes without one.
    for (timeout_ms, ends_at) in [(5000, 8000), (5189, 8192)] {
        let mut handlespace = Handlespace::new(keep_alive(3000, timeout_ms));
        handlespace.register(0, &watched(1)).unwrap();
        let mut now = 0;
        let mut rung = Vec::new();
        while handlespace.next_deadline() != NEVER {
            // As a driver would, and 3 ms late each time.
            now = handlespace.next_deadline().max(now) + 3;
            rung.extend(expire(&mut handlespace, now));
        }
        assert_eq!(
            [
                (Timer::KeepAliveTransmission, 1),
                (Timer::KeepAliveTimeout, 1)
            ],
            rung[..]
        );
        assert!((ends_at..ends_at + 10).contains(&now), "{now}");
    }
}

#[test]
fn time_does_not_go_backwards() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    let it = Registration {
        expires_in_ms: 100,
        ..registration(b"pool", 1)
    };
    handlespace.register(1_000_000, &it).unwrap();
    handlespace.register(5, &it).unwrap();
    assert_eq!(
        Some(1_000_100),
        handlespace.find(b"pool", 1).map(|it| it.expires_at)
    );
    assert_eq!(
        0,
        handlespace.expire(7, 10, &mut |_, _| panic!("nothing is due"))
    );
}

#[test]
fn absurd_times_and_settings_do_no_harm() {
    let keep_alive = KeepAlive {
        interval_ms: u64::MAX,
        timeout_ms: 0,
        jitter: f64::NAN,
    };
    let mut handlespace = Handlespace::new(Settings {
        keep_alive,
        ..Settings::default()
    });
    for (id, now) in [(1, 0), (2, u64::MAX - 1), (3, u64::MAX)] {
        for expires_in_ms in [0, u64::MAX - 1, NEVER] {
            handlespace
                .register(
                    now,
                    &Registration {
                        expires_in_ms,
                        ..watched(id)
                    },
                )
                .unwrap();
            handlespace.probe(now, b"pool", id);
            handlespace.verify().unwrap();
        }
    }
    // The clock stands still at its end, and none of the time-outs there is over.
    assert_eq!(
        0,
        handlespace.expire(u64::MAX, 10, &mut |_, _| panic!("nothing is due"))
    );
    assert_eq!(3, handlespace.stats().elements);
}

#[test]
fn expire_keeps_to_its_budget_and_goes_on() {
    let mut handlespace = Handlespace::new(keep_alive(5000, 5000));
    for id in 1..=5000 {
        let expires_in_ms = u64::from(id) * 7919 % 100_000;
        handlespace
            .register(
                0,
                &Registration {
                    expires_in_ms,
                    ..registration(b"pool", id)
                },
            )
            .unwrap();
    }
    let (mut calls, mut last) = (0, 0);
    while handlespace.next_deadline() <= 200_000 {
        let mut visited = 0;
        handlespace.expire(200_000, 10, &mut |_, it| {
            assert!(it.expires_at >= last, "in order of their deadlines");
            last = it.expires_at;
            visited += 1;
        });
        assert!(visited <= 10);
        calls += 1;
        assert!(calls < 5000, "it gets nowhere");
    }
    assert_eq!(0, handlespace.stats().elements);
}

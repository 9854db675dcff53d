//! Home registrars: checksums, walks, purge and adoption.

mod support;

use rserpool_handlespace::{Handlespace, Limits, Registration, Settings, Timer};
use support::*;

fn owned_by(home: u32, pool_handle: &[u8], id: u32) -> Registration<'_> {
    Registration {
        home,
        ..registration(pool_handle, id)
    }
}

#[test]
fn checksums_are_kept_per_home_as_elements_come_and_go() {
    let mut handlespace = Handlespace::new(Settings::default());
    let mut register = |home, pool_handle: &[u8], id| {
        handlespace
            .register(0, &owned_by(home, pool_handle, id))
            .unwrap();
        handlespace.checksum(home)
    };
    assert_eq!(0x29a5, register(1, b"EchoPool", 0x1234_5678));
    assert_eq!(0xe8a3, register(1, b"A", 1));
    assert_eq!(0x469a, register(2, b"Web", 0xffff_ffff));
    register(2, b"Web", 0xffff_fffe);
    assert_eq!(
        0xb6da,
        register(2, b"EchoPool", 0x1234_5678),
        "it moves from home 1 to home 2"
    );
    assert_eq!(0xbefe, handlespace.checksum(1));
    handlespace.deregister(b"Web", 0xffff_fffe);
    handlespace.deregister(b"EchoPool", 0x1234_5678);
    assert_eq!(0x469a, handlespace.checksum(2));
    handlespace.deregister(b"Web", 0xffff_ffff);
    assert_eq!(
        (0xffff, 0xffff),
        (handlespace.checksum(2), handlespace.checksum(3))
    );
    handlespace.register(0, &owned_by(1, b"A", 1)).unwrap();
    assert_eq!(0xbefe, handlespace.checksum(1));
}

#[test]
fn a_checksum_past_the_32_bit_wrap_comes_back_when_elements_leave() {
    let mut handlespace = Handlespace::new(Settings::default());
    let handle = [0xff; 32];
    handlespace
        .register(0, &owned_by(1, b"Web", 0xffff_ffff))
        .unwrap();
    // 18 words of at most 0xffff each: the sum is past 2^32 with the 3641st element.
    let ids = 0xffff_0000..0xffff_2000;
    for id in ids.clone() {
        handlespace.register(0, &owned_by(1, &handle, id)).unwrap();
    }
    let blocks = ids
        .clone()
        .map(|id| 16 * 0xffff + u64::from(id >> 16) + u64::from(id & 0xffff));
    let mut sum = blocks.sum::<u64>() + u64::from(!0x469au16);
    assert!(sum > u64::from(u32::MAX));
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    assert_eq!(!(sum as u16), handlespace.checksum(1));
    for id in ids {
        handlespace.deregister(&handle, id);
    }
    assert_eq!(0x469a, handlespace.checksum(1));
}

#[test]
fn a_walk_shows_once_whoever_stays_while_others_come_and_go() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in 1..=1000 {
        handlespace
            .register(0, &owned_by(1 + id % 3, b"pool", id))
            .unwrap();
    }
    for (home, limit) in [
        (Some(1), 1),
        (Some(1), 7),
        (Some(2), 500),
        (None, 13),
        (Some(9), 5),
    ] {
        let mut shown = Vec::new();
        let mut token = Some(0);
        let mut churn = 2000;
        while let Some(from) = token {
            let before = shown.len();
            token = handlespace.walk(home, from, limit, &mut |it| shown.push(it.id));
            assert!(shown.len() - before <= limit);
            // Even identifiers stay; odd ones go, and newcomers take their slots.
            churn += 2;
            handlespace.deregister(b"pool", (churn % 1000) | 1);
            handlespace
                .register(0, &owned_by(1 + churn % 3, b"pool", churn | 1))
                .unwrap();
        }
        let stays = |id: &u32| id.is_multiple_of(2) && home.is_none_or(|home| 1 + id % 3 == home);
        let mut kept: Vec<u32> = shown.into_iter().filter(stays).collect();
        kept.sort_unstable();
        let expected: Vec<u32> = (1..=1000).filter(stays).collect();
        assert_eq!(expected, kept, "{home:?} by {limit}");
    }
    handlespace.verify().unwrap();
}

#[test]
fn a_walk_ends_without_a_token_when_the_last_page_is_full() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in 1..=128 {
        handlespace.register(0, &owned_by(1, b"pool", id)).unwrap();
    }
    for home in [None, Some(1)] {
        assert_eq!(Some(64), handlespace.walk(home, 0, 64, &mut |_| {}));
        assert_eq!(None, handlespace.walk(home, 64, 64, &mut |_| {}));
        assert_eq!(
            None,
            handlespace.walk(home, u32::MAX, 64, &mut |_| panic!("nobody is there"))
        );
        assert_eq!(
            Some(5),
            handlespace.walk(home, 5, 0, &mut |_| panic!("none were asked for"))
        );
    }
}

#[test]
fn pools_are_listed_in_pages() {
    let mut handlespace = Handlespace::new(Settings::default());
    for (id, handle) in (1..).zip([b"a", b"b", b"c"]) {
        handlespace.register(0, &registration(handle, id)).unwrap();
    }
    let (mut names, mut token) = (Vec::new(), Some(0));
    while let Some(from) = token {
        token = handlespace.pools(from, 2, &mut |pool| {
            assert_eq!(("Round Robin", 1), (pool.policy_name, pool.elements));
            names.push(pool.pool_handle.to_vec());
        });
    }
    assert_eq!([b"a".to_vec(), b"b".to_vec(), b"c".to_vec()], names[..]);
}

#[test]
fn a_purge_goes_on_where_its_budget_ended() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in 1..=100 {
        handlespace
            .register(0, &owned_by(1 + id % 2, b"pool", id))
            .unwrap();
    }
    let mut purge = |budget| handlespace.purge(1, budget, &mut |it| assert_eq!(1, it.home));
    assert_eq!([30, 20, 0], [purge(30), purge(30), purge(30)]);
    assert_eq!(
        (0, 50),
        (
            handlespace.elements_owned_by(1),
            handlespace.elements_owned_by(2)
        )
    );
    handlespace.verify().unwrap();
}

#[test]
fn adopted_elements_have_records_that_name_the_new_home_and_are_watched_when_probed() {
    let home_offset = Some(8);
    let mut handlespace = Handlespace::new(Settings {
        home_offset,
        ..keep_alive(5000, 3000)
    });
    let record = [0xaa; 16];
    for id in 1..=3 {
        let it = Registration {
            record: &record,
            ..owned_by(1, b"pool", id)
        };
        handlespace.register(0, &it).unwrap();
    }
    let mut adopted = Vec::new();
    let mut adopt = |budget| {
        handlespace.adopt(1, 0x0203_0405, budget, &mut |it| {
            assert_eq!(
                (0x0203_0405, &[2, 3, 4, 5][..]),
                (it.home, &it.record[8..12])
            );
            adopted.push((it.id, it.is_watched));
        })
    };
    assert_eq!([2, 1, 0], [adopt(2), adopt(2), adopt(2)]);
    assert_eq!([(1, false), (2, false), (3, false)], adopted[..]);
    assert_eq!(
        0,
        handlespace.adopt(0x0203_0405, 0x0203_0405, 9, &mut |_| panic!("to itself"))
    );
    for (now, id) in [(1000, 1), (1000, 2), (2000, 3)] {
        assert!(handlespace.probe(now, b"pool", id));
    }
    assert!(handlespace.acknowledge(3000, b"pool", 2));
    let mut gone = Vec::new();
    handlespace.expire(4000, 10, &mut |timer, it| gone.push((timer, it.id)));
    assert_eq!([(Timer::KeepAliveTimeout, 1)], gone[..]);
    handlespace.verify().unwrap();
}

#[test]
fn an_association_takes_its_elements_with_it_oldest_first() {
    let mut handlespace = Handlespace::new(Settings::default());
    for id in [5, 3, 9, 1] {
        let it = Registration {
            association: 77,
            ..registration(b"pool", id)
        };
        handlespace.register(0, &it).unwrap();
    }
    // 3 comes again on another association, 9 on the same.
    handlespace
        .register(
            0,
            &Registration {
                association: 78,
                ..registration(b"pool", 3)
            },
        )
        .unwrap();
    handlespace
        .register(
            0,
            &Registration {
                association: 77,
                ..registration(b"pool", 9)
            },
        )
        .unwrap();
    assert_eq!(
        (3, 1, 0),
        (
            handlespace.elements_of(77),
            handlespace.elements_of(78),
            handlespace.elements_of(0)
        )
    );
    let mut gone = Vec::new();
    assert_eq!(
        2,
        handlespace.remove_association(77, 2, &mut |it| gone.push(it.id))
    );
    assert_eq!(
        1,
        handlespace.remove_association(77, 2, &mut |it| gone.push(it.id))
    );
    assert_eq!([5, 9, 1], gone[..]);
    assert_eq!(
        0,
        handlespace.remove_association(0, 9, &mut |_| panic!("0 is no association"))
    );
    assert_eq!(
        (1, 1),
        (
            handlespace.stats().elements,
            handlespace.stats().associations
        )
    );
}

#[test]
fn a_walk_over_an_association_shows_its_elements_once_whatever_their_order() {
    let mut handlespace = Handlespace::new(Settings::default());
    let over = |association, id| Registration {
        association,
        ..registration(b"pool", id)
    };
    for id in 1..=9 {
        handlespace.register(0, &over(id % 2, id)).unwrap();
    }
    let mut shown = Vec::new();
    let mut token = 0;
    while let Some(next) = handlespace.walk_association(1, token, 2, &mut |it| shown.push(it.id)) {
        // Somebody who was shown goes and comes back: the line's end, but not the walk's.
        handlespace.register(0, &over(2, shown[0])).unwrap();
        handlespace.register(0, &over(1, shown[0])).unwrap();
        token = next;
    }
    assert_eq!([1, 3, 5, 7, 9], shown[..]);
    assert_eq!(
        None,
        handlespace.walk_association(3, 0, 9, &mut |_| panic!())
    );
    assert_eq!(
        None,
        handlespace.walk_association(0, 0, 9, &mut |_| panic!())
    );
}

#[test]
fn reports_of_unreachability_count_up_until_the_next_registration() {
    let mut handlespace = Handlespace::new(Settings::default());
    assert_eq!(0, handlespace.report_unreachable(b"pool", 1));
    handlespace.register(0, &registration(b"pool", 1)).unwrap();
    assert_eq!(
        [1, 2],
        [(); 2].map(|()| handlespace.report_unreachable(b"pool", 1))
    );
    assert_eq!(
        Some(2),
        handlespace
            .find(b"pool", 1)
            .map(|it| it.unreachable_reports)
    );
    handlespace.register(0, &registration(b"pool", 1)).unwrap();
    assert_eq!(1, handlespace.report_unreachable(b"pool", 1));
}

#[test]
fn the_same_calls_give_the_same_answers() {
    let run = || {
        let limits = Limits::default();
        let mut handlespace = Handlespace::new(Settings {
            seed: 42,
            limits,
            ..Settings::default()
        });
        let mut seen = Vec::new();
        for id in 1..=500 {
            let it = Registration {
                is_watched: true,
                association: id % 7,
                ..owned_by(id % 5, b"pool", id)
            };
            handlespace.register(u64::from(id), &it).unwrap();
        }
        handlespace.expire(5000, 200, &mut |timer, it| seen.push((timer, it.id)));
        handlespace.purge(3, 50, &mut |it| seen.push((Timer::RegistrationLife, it.id)));
        handlespace.expire(9000, 1000, &mut |timer, it| seen.push((timer, it.id)));
        seen
    };
    assert_eq!(run(), run());
}

//! What is refused, with which code and cause, and that nothing is left of it.

mod support;

use rserpool_handlespace::{
    Handlespace, Limits, OutputTooSmall, PolicyValues, Registration, Settings,
};
use support::*;

fn limited(limits: Limits) -> Handlespace {
    Handlespace::new(Settings {
        limits,
        ..Settings::default()
    })
}

/// Code and cause of a refused registration.
fn refusal(handlespace: &mut Handlespace, it: &Registration<'_>) -> (&'static str, u16) {
    let before = handlespace.stats();
    let error = handlespace.register(0, it).unwrap_err();
    let after = handlespace.stats();
    assert_eq!(
        (before.pools, before.elements),
        (after.pools, after.elements)
    );
    handlespace.verify().unwrap();
    assert!(error.to_string().ends_with('.'));
    (error.code(), error.cause())
}

#[test]
fn pool_handles_have_one_byte_to_the_limit() {
    let mut handlespace = limited(Limits::default());
    let too_long = vec![b'x'; 33];
    for handle in [&b""[..], &too_long, &vec![0; 65_600]] {
        let expected = ("POOL_HANDLE_LENGTH", 3);
        assert_eq!(
            expected,
            refusal(&mut handlespace, &registration(handle, 1))
        );
        assert_eq!(Ok(0), handlespace.resolve_into(handle, 1, &mut []));
        assert!(handlespace.find(handle, 1).is_none() && !handlespace.deregister(handle, 1));
    }
    handlespace
        .register(0, &registration(&too_long[..32], 1))
        .unwrap();
    handlespace.register(0, &registration(&[0], 1)).unwrap();

    let max_pool_handle_bytes = 65_531;
    let mut wide = limited(Limits {
        max_pool_handle_bytes,
        ..Limits::default()
    });
    let longest = vec![0xff; max_pool_handle_bytes];
    wide.register(0, &registration(&longest, 1)).unwrap();
    wide.register(0, &registration(&longest[1..], 1)).unwrap();
    wide.verify().unwrap();
    assert_eq!(2, wide.stats().pools);
}

#[test]
fn identifier_0_is_nobody_and_all_others_are_somebody() {
    let mut handlespace = limited(Limits::default());
    let expected = ("ZERO_IDENTIFIER", 3);
    assert_eq!(
        expected,
        refusal(&mut handlespace, &registration(b"pool", 0))
    );
    for id in [1, 0x8000_0000, u32::MAX] {
        handlespace.register(0, &registration(b"pool", id)).unwrap();
        assert_eq!(Some(id), handlespace.find(b"pool", id).map(|it| it.id));
    }
}

#[test]
fn a_pool_keeps_to_one_policy_transport_and_control_channel() {
    let mut handlespace = limited(Limits::default());
    let first = registration(b"pool", 1);
    handlespace.register(0, &first).unwrap();
    let policy = PolicyValues {
        number: RANDOM,
        ..PolicyValues::default()
    };
    // In the order in which rsplib checks: transport, control, policy.
    let all_wrong = Registration {
        policy,
        transport_kind: 9,
        has_control: true,
        ..first
    };
    // The pool's only element is no exception.
    for id in [1, 2] {
        let mut it = Registration { id, ..all_wrong };
        assert_eq!(
            ("INCONSISTENT_TRANSPORT", 7),
            refusal(&mut handlespace, &it)
        );
        it.transport_kind = first.transport_kind;
        assert_eq!(("INCONSISTENT_CONTROL", 8), refusal(&mut handlespace, &it));
        it.has_control = first.has_control;
        assert_eq!(("INCONSISTENT_POLICY", 5), refusal(&mut handlespace, &it));
    }
    // When the pool is gone, so is its policy.
    assert!(handlespace.deregister(b"pool", 1));
    handlespace.register(0, &all_wrong).unwrap();
}

#[test]
fn unknown_policies_are_refused() {
    for number in [0, 6, 0x4000_0000, 0x4000_0005, 0xb000_1001, u32::MAX] {
        let policy = PolicyValues {
            number,
            ..PolicyValues::default()
        };
        let it = Registration {
            policy,
            ..registration(b"pool", 1)
        };
        assert_eq!(
            ("UNKNOWN_POLICY", 5),
            refusal(&mut limited(Limits::default()), &it)
        );
    }
}

#[test]
fn full_tables_refuse_the_new_and_renew_the_old() {
    let mut handlespace = limited(Limits {
        max_pools: 2,
        max_elements: 3,
        ..Limits::default()
    });
    for (handle, id) in [(b"a", 1), (b"a", 2), (b"b", 1)] {
        handlespace.register(0, &registration(handle, id)).unwrap();
    }
    assert_eq!(
        ("TOO_MANY_POOLS", 6),
        refusal(&mut handlespace, &registration(b"c", 1))
    );
    assert_eq!(
        ("TOO_MANY_ELEMENTS", 6),
        refusal(&mut handlespace, &registration(b"b", 2))
    );
    handlespace.register(0, &registration(b"b", 1)).unwrap();
    assert!(handlespace.deregister(b"b", 1));
    handlespace.register(0, &registration(b"c", 1)).unwrap();
}

#[test]
fn records_that_fit_no_answer_are_refused() {
    let limits = Limits {
        max_answer_bytes: 100,
        ..Limits::default()
    };
    let mut handlespace = Handlespace::new(Settings {
        home_offset: Some(8),
        limits,
        ..Settings::default()
    });
    let bytes = vec![0; 70_000];
    let fitting = Registration {
        record: &bytes[..80],
        ..registration(b"pool", 1)
    };
    let wrong = [
        Registration {
            record: &bytes,
            ..fitting
        },
        Registration {
            annex: &bytes,
            ..fitting
        },
        Registration {
            record: &bytes[..11],
            ..fitting
        },
        Registration {
            record: &bytes[..101],
            ..fitting
        },
        Registration {
            preface: &bytes[..21],
            ..fitting
        },
        Registration {
            lead: (0, 21),
            ..fitting
        },
        Registration {
            lead: (79, 2),
            ..fitting
        },
        Registration {
            lead: (u16::MAX, u16::MAX),
            ..fitting
        },
    ];
    for it in &wrong {
        assert_eq!(("RECORD", 3), refusal(&mut handlespace, it));
    }
    handlespace
        .register(
            0,
            &Registration {
                preface: &bytes[..20],
                ..fitting
            },
        )
        .unwrap();
    assert_eq!(Ok(100), handlespace.resolve_into(b"pool", 3, &mut [0; 100]));
}

#[test]
fn an_answer_names_as_many_as_fit_into_a_message() {
    let mut handlespace = limited(Limits::default());
    let record = [7; 1000];
    for id in 1..=100 {
        let it = Registration {
            preface: b"1234",
            record: &record,
            lead: (0, 8),
            ..registration(b"pool", id)
        };
        handlespace.register(0, &it).unwrap();
    }
    let mut out = vec![0; 100_000];
    assert_eq!(
        Ok(4 + 8 + 65 * 1000),
        handlespace.resolve_into(b"pool", 128, &mut out)
    );
}

#[test]
fn too_small_a_buffer_is_an_error_that_says_how_much_and_takes_nobodys_turn() {
    for policy in POLICIES
        .into_iter()
        .filter(|&policy| ![RANDOM, WEIGHTED_RANDOM, RANDOMIZED_LEAST_USED].contains(&policy))
    {
        let mut pool = Pool::new(policy);
        for name in ['A', 'B', 'C'] {
            pool.register(name, 5, 1);
        }
        for bytes in 0..3 {
            let result = pool
                .handlespace
                .resolve_into(b"pool", 3, &mut [0; 2][..bytes]);
            assert_eq!(Err(OutputTooSmall { needed: 3 }), result);
        }
        assert_eq!("ABCABC", pool.sequence(6), "policy 0x{policy:08x}");
    }
}

#[test]
fn the_length_of_an_answer_is_written_where_the_caller_wants_it() {
    let mut handlespace = Handlespace::new(Settings {
        length_offset: Some(2),
        ..Settings::default()
    });
    let it = Registration {
        preface: b"ab--ef",
        record: &[b'r'; 300],
        ..registration(b"pool", 1)
    };
    handlespace.register(0, &it).unwrap();
    let mut out = [0; 400];
    assert_eq!(Ok(306), handlespace.resolve_into(b"pool", 1, &mut out));
    assert_eq!(b"ab\x01\x32efrrr", &out[..9]);
    let too_short = Registration {
        preface: b"abc",
        ..registration(b"other", 1)
    };
    assert_eq!(("RECORD", 3), refusal(&mut handlespace, &too_short));
}

#[test]
fn an_answer_is_the_preface_the_first_lead_and_the_records() {
    let mut handlespace = limited(Limits::default());
    for (id, record) in [(1, b"<one 1st>"), (2, b"<two 2nd>")] {
        let it = Registration {
            preface: b"preface:",
            record,
            lead: (5, 3),
            ..registration(b"pool", id)
        };
        handlespace.register(0, &it).unwrap();
    }
    let mut out = [b'.'; 32];
    assert_eq!(Ok(29), handlespace.resolve_into(b"pool", 2, &mut out));
    assert_eq!(b"preface:1st<one 1st><two 2nd>...", &out);
    assert_eq!(Ok(20), handlespace.resolve_into(b"pool", 1, &mut out));
    assert_eq!(b"preface:2nd<two 2nd>", &out[..20]);
    assert_eq!(Ok(0), handlespace.resolve_into(b"loop", 1, &mut out));
}

#[test]
fn a_slot_that_is_used_again_has_nothing_of_its_last_user() {
    let mut handlespace = limited(Limits::default());
    let old = Registration {
        association: 9,
        is_watched: true,
        expires_in_ms: 5,
        record: b"old",
        annex: b"annex",
        ..registration(b"pool", 1)
    };
    handlespace.register(0, &old).unwrap();
    handlespace.report_unreachable(b"pool", 1);
    assert!(handlespace.deregister(b"pool", 1));
    handlespace
        .register(
            0,
            &Registration {
                record: b"new",
                ..registration(b"pool", 2)
            },
        )
        .unwrap();
    let it = handlespace.find(b"pool", 2).unwrap();
    assert_eq!(
        (&b"new"[..], &b""[..], 0, 0, false),
        (
            it.record,
            it.annex,
            it.association,
            it.unreachable_reports,
            it.is_watched
        )
    );
    assert_eq!(rserpool_handlespace::NEVER, handlespace.next_deadline());
    assert!(handlespace.find(b"pool", 1).is_none());
    assert_eq!(
        (0, 0),
        (
            handlespace.elements_of(9),
            handlespace.report_unreachable(b"pool", 1)
        )
    );
}

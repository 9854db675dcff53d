//! §3.2.1 and §3.3.2 to §3.3.3: INITs and INIT ACKs that cannot be used, and parameters nobody knows.

use rserpool_sctp::DownReason;
use rserpool_sctp::userland::packet::{PacketBuilder, T_BIT, cause, chunk, parameters};

use crate::support::peer::{
    Draft, PEER_TAG, Peer, causes, chunks, init, init_parameters, init_value,
};
use crate::support::{Datagram, Net, ip, ms};

/// An INIT or INIT ACK with other bytes in its fixed part.
fn with_fixed(mut draft: Draft, at: usize, bytes: &[u8]) -> Draft {
    draft.2[at..at + bytes.len()].copy_from_slice(bytes);
    draft
}

/// What is wrong with an INIT, and the error cause that answers it.
fn defects() -> Vec<(&'static str, Draft, u16)> {
    vec![
        (
            "a host name",
            init(&[(11, b"host.example")]),
            cause::UNRESOLVABLE_ADDRESS,
        ),
        (
            "a host name behind an address",
            init(&[(5, &[127, 0, 0, 9]), (11, b"host.example\0")]),
            cause::UNRESOLVABLE_ADDRESS,
        ),
        (
            "no outbound streams",
            with_fixed(init(&[]), 8, &[0, 0]),
            cause::INVALID_MANDATORY_PARAMETER,
        ),
        (
            "no inbound streams",
            with_fixed(init(&[]), 10, &[0, 0]),
            cause::INVALID_MANDATORY_PARAMETER,
        ),
        (
            "a window of 1499",
            with_fixed(init(&[]), 4, &1_499u32.to_be_bytes()),
            cause::INVALID_MANDATORY_PARAMETER,
        ),
        (
            "an address of 3 bytes",
            init(&[(5, &[1, 2, 3])]),
            cause::PROTOCOL_VIOLATION,
        ),
        (
            "a parameter longer than the chunk",
            with_fixed(init(&[(0xc321, b"abcd")]), 18, &[0, 99]),
            cause::PROTOCOL_VIOLATION,
        ),
    ]
}

#[test]
fn an_init_that_cannot_be_used_is_answered_with_an_abort_under_its_tag() {
    for (what, draft, expected) in defects() {
        let mut net = Net::pair(1);
        let mut peer = Peer::of(&net, 1, 3863);
        let answers = peer.ask(&mut net, &[draft]);
        assert_eq!(answers.len(), 1, "{what}");
        assert_eq!(answers[0].packet().verification_tag(), PEER_TAG, "{what}");
        let causes = causes(&answers, chunk::ABORT).expect(what);
        assert_eq!(causes[0].0, expected, "{what}");
        assert_eq!(net.table_sizes(1), [0; 5], "{what}");
    }
}

#[test]
fn it_changes_no_association_that_there_is() {
    for (what, draft, _) in defects() {
        let mut net = Net::pair(2);
        let (mut peer, id) = Peer::connected(&mut net);
        peer.ask(&mut net, &[draft]);
        let data = peer.data(b"still here");
        peer.ask(&mut net, &[data]);
        assert_eq!(net.messages(1, id), [b"still here"], "{what}");
        assert!(net.downs(1).is_empty(), "{what}");
    }
}

#[test]
fn the_init_of_an_association_does_not_end_it_however_it_comes_back() {
    for (what, draft, _) in defects() {
        let mut net = Net::pair(9);
        let client = net.connect(0, 5000, 1, 3863);
        net.run_for(ms(100));
        let sent = net.last_sent(net.address(1), chunk::INIT).unwrap();
        let mut value = draft.2;
        value[..4].copy_from_slice(&sent.packet().first().value[..4]);
        let changed = PacketBuilder::like(&sent.packet())
            .chunk(chunk::INIT, 0, &value)
            .finish();
        net.inject(net.address(0), net.address(1), &changed);
        net.run_for(ms(100));
        let server = net.ups(1)[0].0;
        net.send(0, client, b"still here");
        net.run_for(ms(100));
        assert_eq!(net.messages(1, server), [b"still here"], "{what}");
        assert!(net.downs(0).is_empty() && net.downs(1).is_empty(), "{what}");
    }
}

#[test]
fn an_init_without_tag_is_discarded_silently() {
    let mut net = Net::pair(3);
    let mut peer = Peer::of(&net, 1, 3863);
    let answers = peer.ask(&mut net, &[with_fixed(init(&[]), 0, &[0; 4])]);
    assert!(answers.is_empty());
}

#[test]
fn unknown_parameters_of_an_init_are_reported_as_their_type_says() {
    // The action is in the two highest bits: whether to report, and whether to go on (§3.2.1).
    for (kind, is_reported) in [
        (0x0321, false),
        (0x4321, true),
        (0x8321, false),
        (0xc321, true),
    ] {
        let mut net = Net::pair(4);
        let mut peer = Peer::of(&net, 1, 3863);
        let answers = peer.ask(&mut net, &[init(&[(kind, b"abcde")])]);
        let reports: Vec<_> = init_parameters(&answers[0])
            .into_iter()
            .filter(|(kind, _)| *kind == 8)
            .collect();
        let [high, low] = kind.to_be_bytes();
        let mut whole = vec![high, low, 0, 9];
        whole.extend_from_slice(b"abcde");
        let expected = if is_reported {
            vec![(8, whole)]
        } else {
            vec![]
        };
        assert_eq!(reports, expected, "{kind:#06x}");
    }
}

/// Host 0 calls a peer that answers its INIT with `parameters` before a cookie.
fn called(net: &mut Net, draft: impl Fn(&[u8]) -> Draft) -> (Peer, u32, Vec<Datagram>) {
    let mut peer = Peer::of(net, 0, 5000);
    let id = net.connect_to(
        0,
        5000,
        vec![peer.address.ip()],
        peer.port,
        peer.address.port(),
    );
    net.run_for(ms(1));
    let sent = peer.take(net);
    let init = sent[0].packet().first();
    assert_eq!(init.kind, chunk::INIT);
    peer.engine_tag = u32::from_be_bytes(init.value[..4].try_into().unwrap());
    let answers = peer.ask(net, &[draft(b"a cookie")]);
    (peer, id, answers)
}

fn init_ack(parameters: &[(u16, &[u8])]) -> Draft {
    (chunk::INIT_ACK, 0, init_value(parameters))
}

#[test]
fn unknown_parameters_of_an_init_ack_are_reported_behind_the_cookie_echo() {
    for (kind, is_reported) in [
        (0x0321, false),
        (0x4321, true),
        (0x8321, false),
        (0xc321, true),
    ] {
        let mut net = Net::pair(5);
        let (_, _, answers) = called(&mut net, |cookie| {
            init_ack(&[
                (7, cookie),
                (0xc322, b"xyz"),
                (kind, b"abcde"),
                (0xc323, b""),
            ])
        });
        assert_eq!(answers.len(), 1);
        let kinds: Vec<u8> = chunks(&answers).iter().map(|chunk| chunk.0).collect();
        assert_eq!(kinds, [chunk::COOKIE_ECHO, chunk::ERROR]);
        let (code, reported) = causes(&answers, chunk::ERROR).unwrap().remove(0);
        assert_eq!(code, cause::UNRECOGNIZED_PARAMETERS);
        let reported: Vec<_> = parameters(&reported)
            .map(Result::unwrap)
            .map(|(kind, value)| (kind, value.to_vec()))
            .collect();
        let mut expected = vec![(0xc322, b"xyz".to_vec())];
        if is_reported {
            expected.push((kind, b"abcde".to_vec()));
        }
        if kind & 0x8000 != 0 {
            expected.push((0xc323, vec![]));
        }
        assert_eq!(reported, expected, "{kind:#06x}");
    }
}

#[test]
fn an_init_ack_that_cannot_be_used_ends_the_call_and_is_told_why() {
    let mut cases: Vec<_> = defects()
        .into_iter()
        .map(|(what, draft, code)| (what, (chunk::INIT_ACK, 0, draft.2), code))
        .collect();
    let bare = init_ack(&[]);
    cases.push(("no cookie", bare, cause::MISSING_MANDATORY_PARAMETER));
    for (what, draft, expected) in cases {
        let mut net = Net::pair(6);
        let (_, id, answers) = called(&mut net, |_| draft.clone());
        let causes = causes(&answers, chunk::ABORT).expect(what);
        assert_eq!(causes[0].0, expected, "{what}");
        assert_eq!(answers[0].packet().verification_tag(), PEER_TAG, "{what}");
        assert_eq!(net.downs(0), [(id, DownReason::Refused)], "{what}");
        assert_eq!(net.table_sizes(0), [0; 5], "{what}");
    }
}

#[test]
fn an_init_ack_without_tag_ends_the_call_under_a_reflected_tag() {
    let mut net = Net::pair(7);
    let (peer, id, answers) = called(&mut net, |cookie| {
        with_fixed(init_ack(&[(7, cookie)]), 0, &[0; 4])
    });
    let packet = answers[0].packet();
    assert_eq!(
        (packet.first().kind, packet.first().flags),
        (chunk::ABORT, T_BIT)
    );
    assert_eq!(packet.verification_tag(), peer.engine_tag);
    assert_eq!(net.downs(0), [(id, DownReason::Refused)]);
}

#[test]
fn addresses_count_up_to_an_unknown_parameter_that_ends_the_chunk() {
    let mut net = Net::pair(8);
    let mut peer = Peer::of(&net, 1, 3863);
    let listed: [(u16, &[u8]); 3] = [
        (5, &[127, 0, 0, 10]),
        (0x4321, b"abcd"),
        (5, &[127, 0, 0, 11]),
    ];
    let init_ack = peer.ask(&mut net, &[init(&listed)]).remove(0);
    let cookie = peer.learn(&init_ack);
    peer.ask(&mut net, &[(chunk::COOKIE_ECHO, 0, cookie)]);
    let addresses = &net.ups(1)[0].1.peer_addresses;
    assert_eq!(addresses[..], [ip("127.0.0.9"), ip("127.0.0.10")]);
}

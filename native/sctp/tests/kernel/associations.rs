//! Associations come up, carry messages and end.

use rserpool_sctp::records::*;
use rserpool_sctp::{SendResult, Stats, try_kernel};

use crate::caller::{Caller, ip};
use crate::scene::*;

#[test]
fn messages_cross_in_both_directions() {
    need_kernel!();
    let mut pair = pair();
    let up = pair.client.of_kind(KIND_UP)[0].clone();
    assert_eq!((up.association, text(&up)), (pair.association, "127.0.0.1"));
    assert_eq!(up.first & 0xffff, u32::from(pair.port));
    assert_eq!(up.second, 32);
    assert_eq!(text(&pair.server.of_kind(KIND_UP)[0]), "127.0.0.2");
    for index in 0..100u8 {
        let result = pair
            .client
            .stack
            .send(pair.association, 11, 1, &[index; 37]);
        assert_eq!(result.unwrap(), SendResult::Queued);
    }
    pair.client.stack.flush();
    let received = pair.server.wait_for(KIND_MESSAGE, 100);
    for (index, message) in received.iter().enumerate() {
        assert_eq!(
            (message.association, message.first, message.second),
            (pair.accepted, 11, 1)
        );
        assert_eq!(message.bytes, [index as u8; 37]);
    }
    let has_read = |stats: Stats| (stats.associations, stats.messages_received) == (1, 100);
    pair.server.wait_for_stats(has_read);
    pair.client
        .wait_for_stats(|stats| stats.messages_sent == 100);
}

/// Longer than what is read at once, so it comes in parts.
#[test]
fn a_message_of_60_000_octets_is_joined_of_its_parts() {
    need_kernel!();
    let mut pair = pair();
    let message: Vec<u8> = (0..60_000u32)
        .map(|index| ((index * 31) >> 3) as u8)
        .collect();
    for _ in 0..4 {
        send(&mut pair.client, pair.association, &message);
        send(&mut pair.client, pair.association, b"short");
    }
    pair.client.stack.flush();
    let received = pair.server.wait_for(KIND_MESSAGE, 8);
    for (index, record) in received.iter().enumerate() {
        match index % 2 {
            0 => assert!(record.bytes == message, "message {index} differs"),
            _ => assert_eq!(record.bytes, b"short"),
        }
    }
}

#[test]
fn a_message_that_is_too_long_ends_the_association() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1"], |options| options.max_message_bytes = 20_000);
    let mut client = start(&["127.0.0.2"], |_| {});
    let association = connect(&mut client, &["127.0.0.1"], port);
    send(&mut client, association, &[7; 20_000]);
    send(&mut client, association, &[7; 20_001]);
    client.stack.flush();
    let down = server.wait_for(KIND_DOWN, 1)[0].clone();
    client.wait_for(KIND_DOWN, 1);
    assert_eq!(down.first, ABORT);
    assert_eq!(text(&down), "The peer sent a message that is too long.");
    assert_eq!(server.of_kind(KIND_MESSAGE)[0].bytes, [7; 20_000]);
    let refused: Vec<_> = server.stack.stats().refused().collect();
    assert!(refused.contains(&("message", 1)));
}

#[test]
fn a_graceful_end_comes_after_what_was_queued() {
    need_kernel!();
    let mut pair = pair();
    for _ in 0..1_000 {
        send(&mut pair.client, pair.association, &[1; 200]);
    }
    pair.client.stack.shutdown(pair.association);
    let late = pair.client.stack.send(pair.association, 11, 0, b"x");
    assert_eq!(late.unwrap(), SendResult::Gone);
    assert_eq!(pair.client.wait_for(KIND_DOWN, 1)[0].first, SHUTDOWN);
    assert_eq!(pair.server.wait_for(KIND_DOWN, 1)[0].first, SHUTDOWN);
    assert_eq!(pair.server.of_kind(KIND_MESSAGE).len(), 1_000);
    assert_eq!(pair.client.stack.stats().associations, 0);
}

#[test]
fn an_association_that_is_shut_down_before_it_is_up_delivers_and_ends() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1"], |_| {});
    let mut client = start(&["127.0.0.2"], |_| {});
    let association = connect(&mut client, &["127.0.0.1"], port);
    send(&mut client, association, b"in passing");
    client.stack.shutdown(association);
    assert_eq!(client.wait_for(KIND_DOWN, 1)[0].first, SHUTDOWN);
    server.wait_for(KIND_DOWN, 1);
    assert_eq!(server.of_kind(KIND_MESSAGE)[0].bytes, b"in passing");
}

#[test]
fn an_abort_tells_the_peer_its_reason() {
    need_kernel!();
    let mut pair = pair();
    let reason = "enough of this";
    pair.client.stack.abort(pair.association, reason);
    let ours = pair.client.wait_for(KIND_DOWN, 1)[0].clone();
    let theirs = pair.server.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((ours.first, text(&ours)), (ABORT, reason));
    assert_eq!((theirs.first, text(&theirs)), (ABORT, reason));
}

#[test]
fn an_association_is_refused_where_no_endpoint_accepts() {
    need_kernel!();
    let mut deaf = start(&["127.0.0.1"], |_| {});
    let port = deaf.stack.open(0, false).unwrap();
    let mut client = start(&["127.0.0.2"], |_| {});
    let to_deaf = connect(&mut client, &["127.0.0.1"], port);
    let to_nobody = connect(&mut client, &["127.0.0.1"], 7);
    let downs = client.wait_for(KIND_DOWN, 2);
    for association in [to_deaf, to_nobody] {
        let down = downs.iter().find(|down| down.association == association);
        assert_eq!(down.unwrap().first, REFUSED);
    }
    assert_eq!(client.stack.stats().associations, 0);
}

#[test]
fn a_second_association_on_the_same_ports_is_refused_and_the_first_stays() {
    need_kernel!();
    let mut pair = pair();
    let up = pair.client.of_kind(KIND_UP)[0].clone();
    let local = (up.first >> 16) as u16;
    let peer = [ip("127.0.0.1")];
    let second = pair
        .client
        .stack
        .connect(local, &peer, pair.port, None)
        .unwrap();
    let down = pair.client.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (second, REFUSED));
    send(&mut pair.client, pair.association, b"still here");
    pair.client.stack.flush();
    pair.server.wait_for(KIND_MESSAGE, 1);
}

/// RFC 9260 §5.2.1. Whether they really cross is up to the kernel; in twenty attempts some do.
#[test]
fn calls_that_cross_end_in_one_association() {
    need_kernel!();
    for _ in 0..20 {
        let (mut left, left_port) = server(&["127.0.0.1"], |_| {});
        let (mut right, right_port) = server(&["127.0.0.2"], |_| {});
        let call = |from: &mut Caller, port, to, peer_port| {
            let called = from.stack.connect(port, &[ip(to)], peer_port, None);
            from.stack.flush();
            called.unwrap()
        };
        let called = [
            call(&mut left, left_port, "127.0.0.2", right_port),
            call(&mut right, right_port, "127.0.0.1", left_port),
        ];
        let ups = [&mut left, &mut right].map(|one| one.wait_for(KIND_UP, 1)[0].association);
        send(&mut left, ups[0], b"to the right");
        send(&mut right, ups[1], b"to the left");
        left.stack.flush();
        right.stack.flush();
        assert_eq!(left.wait_for(KIND_MESSAGE, 1)[0].bytes, b"to the left");
        assert_eq!(right.wait_for(KIND_MESSAGE, 1)[0].bytes, b"to the right");
        for (one, (up, called)) in [&left, &right].iter().zip(ups.into_iter().zip(called)) {
            assert_eq!(one.of_kind(KIND_UP).len(), 1);
            assert_eq!(one.stack.stats().associations, 1);
            let refused = one.of_kind(KIND_DOWN);
            // The call became the association, or it heard that there is one already.
            assert_eq!(refused.len(), usize::from(up != called));
            assert!(
                refused
                    .iter()
                    .all(|down| down.association == called && down.first == REFUSED)
            );
        }
    }
}

#[test]
fn closing_an_endpoint_aborts_its_associations_and_frees_its_port() {
    need_kernel!();
    let mut pair = pair();
    pair.server.stack.close_endpoint(pair.port);
    assert_eq!(pair.server.stack.open(pair.port, true).unwrap(), pair.port);
    pair.server.stack.flush();
    assert_eq!(pair.client.wait_for(KIND_DOWN, 1)[0].first, ABORT);
    pair.server.drain();
    assert!(pair.server.of_kind(KIND_DOWN).is_empty());
    let gone = pair.server.stack.send(pair.accepted, 11, 0, b"x").unwrap();
    assert_eq!(gone, SendResult::Gone);
    let again = connect(&mut pair.client, &["127.0.0.1"], pair.port);
    assert_eq!(pair.client.wait_for(KIND_UP, 2)[1].association, again);
}

#[test]
fn closing_a_stack_aborts_its_associations() {
    need_kernel!();
    let mut pair = pair();
    pair.client.stack.close();
    let down = pair.server.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (pair.accepted, ABORT));
    assert_eq!(text(&down), "The endpoint is closed.");
}

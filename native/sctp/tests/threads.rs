//! Stacks with their I/O threads over real UDP sockets on the loopback, with free ports.

use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{ErrorKind, SendResult, Stack, StackOptions};

mod caller;
use caller::{Caller, PATIENCE, ip};

/// A client on 127.0.0.1 and a server on 127.0.0.2 with an association between them.
fn connected() -> (Caller, u32, Caller, u32) {
    let mut server = Caller::start("127.0.0.2");
    server.stack.open(3863, true).unwrap();
    server.stack.flush();
    let mut client = Caller::start("127.0.0.1");
    let port = client.stack.open(0, false).unwrap();
    let udp_port = Some(server.stack.udp_port());
    let association = client
        .stack
        .connect(port, &[ip("127.0.0.2")], 3863, udp_port)
        .unwrap();
    client.wait_for(KIND_UP, 1);
    let accepted = server.wait_for(KIND_UP, 1)[0].association;
    (client, association, server, accepted)
}

#[test]
fn messages_cross_in_both_directions() {
    let (mut client, association, mut server, accepted) = connected();
    let up = client.of_kind(KIND_UP)[0].clone();
    assert_eq!(
        (up.association, up.bytes.as_slice()),
        (association, &b"127.0.0.2"[..])
    );
    assert_eq!((up.first & 0xffff, up.second), (3863, 32));
    assert_eq!(server.of_kind(KIND_UP)[0].bytes, b"127.0.0.1");
    assert_ne!(
        association, accepted,
        "identifiers are unique in the process"
    );

    for index in 0..100u8 {
        let result = client.stack.send(association, 11, 1, &[index; 37]).unwrap();
        assert_eq!(result, SendResult::Queued);
    }
    client.stack.flush();
    let received = server.wait_for(KIND_MESSAGE, 100);
    for (index, message) in received.iter().enumerate() {
        assert_eq!(
            (message.association, message.first, message.second),
            (accepted, 11, 1)
        );
        assert_eq!(message.bytes, [index as u8; 37]);
    }
    server.stack.send(accepted, 12, 0, &[9; 60_000]).unwrap();
    server.stack.flush();
    assert_eq!(client.wait_for(KIND_MESSAGE, 1)[0].bytes, [9; 60_000]);
    let stats = server.stack.stats();
    assert_eq!(
        (
            stats.associations,
            stats.messages_received,
            stats.messages_sent
        ),
        (1, 100, 1)
    );
}

#[test]
fn a_graceful_end_is_told_on_both_sides() {
    let (mut client, association, mut server, _) = connected();
    client
        .stack
        .send(association, 11, 0, b"last words")
        .unwrap();
    client.stack.shutdown(association);
    assert_eq!(
        client.stack.send(association, 11, 0, b"x").unwrap(),
        SendResult::Gone
    );
    assert_eq!(client.wait_for(KIND_DOWN, 1)[0].first, 0);
    assert_eq!(server.wait_for(KIND_DOWN, 1)[0].first, 0);
    assert_eq!(server.of_kind(KIND_MESSAGE)[0].bytes, b"last words");
    assert_eq!(client.stack.stats().associations, 0);
}

#[test]
fn closing_a_stack_aborts_its_associations() {
    let (mut client, _, mut server, accepted) = connected();
    let started = Instant::now();
    client.stack.close();
    client.stack.close();
    assert!(started.elapsed() < Duration::from_secs(5));
    let down = server.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (accepted, 1));
    assert_eq!(
        client.stack.open(1, true).unwrap_err().kind(),
        ErrorKind::Closed
    );
    let drained = client.stack.drain(&mut [0; 6], &mut [0; 8]);
    assert_eq!(drained.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn nothing_is_told_about_a_closed_endpoint() {
    let (mut client, _, mut server, accepted) = connected();
    server.stack.close_endpoint(3863);
    server.stack.flush();
    assert_eq!(client.wait_for(KIND_DOWN, 1)[0].first, 1);
    server.drain();
    assert!(server.of_kind(KIND_DOWN).is_empty());
    assert_eq!(
        server.stack.send(accepted, 11, 0, b"x").unwrap(),
        SendResult::Gone
    );
    assert_eq!(
        server.stack.open(3863, true).unwrap(),
        3863,
        "the port is free again"
    );
}

#[test]
fn a_caller_that_does_not_drain_stops_the_reading_and_loses_nothing() {
    let mut server = Caller::start_with("127.0.0.2", |options| {
        options.max_message_bytes = 10_000;
        options.event_queue_bytes = 20_000;
    });
    server.stack.open(3863, true).unwrap();
    server.stack.flush();
    let mut client = Caller::start("127.0.0.1");
    let port = client.stack.open(0, false).unwrap();
    let udp_port = Some(server.stack.udp_port());
    let association = client
        .stack
        .connect(port, &[ip("127.0.0.2")], 3863, udp_port)
        .unwrap();
    client.wait_for(KIND_UP, 1);
    let mut sent = 0usize;
    // Until the client's own buffer is full the server has not been drained once.
    while client
        .stack
        .send(association, 11, 0, &[sent as u8; 10_000])
        .unwrap()
        == SendResult::Queued
    {
        sent += 1;
    }
    client.stack.flush();
    let received = server.wait_for(KIND_MESSAGE, sent);
    for (index, message) in received.iter().enumerate() {
        assert_eq!(message.bytes, [index as u8; 10_000]);
    }
    client.wait_for(KIND_WRITABLE, 1);
}

#[test]
fn a_small_arena_takes_several_drains_and_a_tiny_one_is_an_error() {
    let (mut client, association, mut server, _) = connected();
    for _ in 0..3 {
        client.stack.send(association, 11, 0, &[5; 1_000]).unwrap();
    }
    client.stack.shutdown(association);
    client.wait_for(KIND_DOWN, 1);
    let (mut words, mut arena) = ([0; 60], [0; 1_004]);
    let (mut kinds, mut errors) = (Vec::new(), 0);
    let end = Instant::now() + PATIENCE;
    while kinds.len() < 4 && Instant::now() < end {
        let drained = match server.stack.drain(&mut words, &mut arena[..999]) {
            Ok(drained) => drained,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ArenaTooSmall);
                errors += 1;
                server.stack.drain(&mut words, &mut arena).unwrap()
            }
        };
        kinds.extend((0..drained.count).map(|record| words[record * RECORD_WORDS]));
        std::thread::yield_now();
    }
    assert_eq!(errors, 3, "one for each message");
    assert_eq!(kinds, [KIND_MESSAGE, KIND_MESSAGE, KIND_MESSAGE, KIND_DOWN]);
}

#[test]
fn mistakes_are_typed_errors() {
    let start = |address: &str, udp_port: u16| {
        let mut options = StackOptions::new(vec![ip(address)]);
        options.udp_port = udp_port;
        Stack::start(options, Box::new(|| {})).err().unwrap()
    };
    let mut first = Caller::start_with("127.0.0.1", |options| options.max_associations = 1);
    let busy = start("127.0.0.1", first.stack.udp_port());
    assert_eq!(
        (busy.kind(), busy.code()),
        (ErrorKind::UdpPortInUse, "UDP_PORT_IN_USE")
    );
    assert_eq!(start("192.0.2.1", 0).kind(), ErrorKind::AddressNotLocal);
    let none = Stack::start(StackOptions::new(vec![]), Box::new(|| {}))
        .err()
        .unwrap();
    assert_eq!(none.kind(), ErrorKind::InvalidOption);

    let stack = &mut first.stack;
    let port = stack.open(0, false).unwrap();
    assert_eq!(
        stack.open(port, true).unwrap_err().kind(),
        ErrorKind::PortInUse
    );
    let peer = [ip("127.0.0.9")];
    let unknown = stack.connect(1, &peer, 3863, None).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownEndpoint);
    let unreachable = stack.connect(port, &[ip("::1")], 3863, None).unwrap_err();
    assert_eq!(unreachable.kind(), ErrorKind::NoRoute);
    let association = stack.connect(port, &peer, 3863, None).unwrap();
    assert_eq!(
        stack.connect(port, &peer, 3864, None).unwrap_err().kind(),
        ErrorKind::NoRoom
    );
    let empty = stack.send(association, 11, 0, &[]).unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::MessageEmpty);
    let long = stack.send(association, 11, 0, &[0; 65_537]).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::MessageTooLong);
    assert_eq!(
        stack.send(association + 1_000, 11, 0, b"x").unwrap(),
        SendResult::Gone
    );
    assert_eq!(stack.open(0, true).map(|port| port >= 49_152), Ok(true));
}

#[test]
fn both_ends_may_be_endpoints_of_one_stack() {
    let mut both = Caller::start("127.0.0.1");
    both.stack.open(3863, true).unwrap();
    let port = both.stack.open(0, false).unwrap();
    let udp_port = Some(both.stack.udp_port());
    let association = both
        .stack
        .connect(port, &[ip("127.0.0.1")], 3863, udp_port)
        .unwrap();
    both.stack.send(association, 11, 0, b"to myself").unwrap();
    assert_eq!(both.wait_for(KIND_MESSAGE, 1)[0].bytes, b"to myself");
    assert_eq!(both.wait_for(KIND_UP, 2).len(), 2);
}

#[test]
fn ipv6_works_like_ipv4() {
    if std::net::UdpSocket::bind("[::1]:0").is_err() {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    }
    let mut server = Caller::start("::1");
    server.stack.open(3863, true).unwrap();
    server.stack.flush();
    let mut client = Caller::start("::1");
    let port = client.stack.open(0, false).unwrap();
    let udp_port = Some(server.stack.udp_port());
    client
        .stack
        .connect(port, &[ip("::1")], 3863, udp_port)
        .unwrap();
    assert_eq!(client.wait_for(KIND_UP, 1)[0].bytes, b"::1");
}

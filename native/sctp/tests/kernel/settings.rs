//! What can be set, where it ends, and what is refused.

use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{Backend, ErrorKind, Stack, StackOptions, try_kernel};

use crate::caller::{PATIENCE, Record, ip};
use crate::scene::*;

/// What the mistakes of a caller are answered with, before anything is sent.
#[test]
fn mistakes_are_typed_errors() {
    need_kernel!();
    let (mut first, port) = server(&["127.0.0.1"], |options| options.max_associations = 1);
    let mut second = start(&["127.0.0.1"], |_| {});
    let in_use = second.stack.open(port, true).unwrap_err();
    assert_eq!(in_use.kind(), ErrorKind::PortInUse);
    assert!(in_use.to_string().contains(&format!("SCTP port {port}")));
    let twice = first.stack.open(port, true).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::PortInUse);
    let mut options = StackOptions::new(vec![ip("127.0.0.1"), ip("192.0.2.1")]);
    options.backend = Backend::Kernel;
    let foreign = Stack::start(options, Box::new(|| {})).err().unwrap();
    assert_eq!(foreign.kind(), ErrorKind::AddressNotLocal);
    assert!(foreign.to_string().contains("192.0.2.1"));
    let local = first.stack.open(0, false).unwrap();
    let unreachable = first.stack.connect(local, &[ip("::1")], 3863, None);
    assert_eq!(unreachable.unwrap_err().kind(), ErrorKind::NoRoute);
    let peer = [ip("127.0.0.9")];
    first.stack.connect(local, &peer, 3863, None).unwrap();
    let no_room = first.stack.connect(local, &peer, 3864, None).unwrap_err();
    assert_eq!(no_room.kind(), ErrorKind::NoRoom);
}

#[test]
fn associations_beyond_the_limits_are_aborted_and_counted() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1"], |options| {
        options.max_associations = 3;
        options.max_associations_per_host = 2;
    });
    let mut client = start(&["127.0.0.2"], |_| {});
    for _ in 0..2 {
        connect(&mut client, &["127.0.0.1"], port);
    }
    client.wait_for(KIND_UP, 2);
    server.wait_for(KIND_UP, 2);
    let too_many = connect(&mut client, &["127.0.0.1"], port);
    let down = client.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (too_many, ABORT));
    assert_eq!(text(&down), "No room for another association.");
    let mut other = start(&["127.0.0.3"], |_| {});
    connect(&mut other, &["127.0.0.1"], port);
    server.wait_for(KIND_UP, 3);
    let mut last = start(&["127.0.0.4"], |_| {});
    connect(&mut last, &["127.0.0.1"], port);
    last.wait_for(KIND_DOWN, 1);
    assert_eq!(server.of_kind(KIND_UP).len(), 3);
    server.wait_for_refusals("limit", 2);
    assert_eq!(server.stack.stats().associations, 3);
    // A place that is given back is given again.
    client.stack.close();
    server.wait_for(KIND_DOWN, 2);
    connect(&mut last, &["127.0.0.1"], port);
    server.wait_for(KIND_UP, 4);
}

#[test]
fn an_idle_association_is_closed_by_autoclose_and_a_busy_one_is_not() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1"], |options| {
        options.autoclose = Some(Duration::from_secs(2));
    });
    let mut client = start(&["127.0.0.2"], |_| {});
    let idle = connect(&mut client, &["127.0.0.1"], port);
    let busy = connect(&mut client, &["127.0.0.1"], port);
    client.wait_for(KIND_UP, 2);
    let end = Instant::now() + PATIENCE;
    while client.of_kind(KIND_DOWN).is_empty() {
        assert!(Instant::now() < end, "nothing was closed");
        send(&mut client, busy, b"busy");
        client.stack.flush();
        std::thread::sleep(Duration::from_millis(200));
        client.drain();
    }
    let down = client.of_kind(KIND_DOWN)[0].clone();
    assert_eq!((down.association, down.first), (idle, SHUTDOWN));
    assert_eq!(server.wait_for(KIND_DOWN, 1)[0].first, SHUTDOWN);
    send(&mut client, busy, b"still here");
}

#[test]
fn ipv6_works_like_ipv4() {
    need_kernel!();
    let (mut server, port) = server(&["::1"], |_| {});
    let mut client = start(&["::1"], |_| {});
    let association = connect(&mut client, &["::1"], port);
    send(&mut client, association, b"six");
    client.stack.flush();
    assert_eq!(text(&server.wait_for(KIND_UP, 1)[0]), "::1");
    server.wait_for(KIND_MESSAGE, 1);
}

#[test]
fn an_endpoint_has_addresses_of_both_families() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1", "::1"], |_| {});
    let mut four = start(&["127.0.0.2"], |_| {});
    connect(&mut four, &["127.0.0.1"], port);
    assert_eq!(text(&server.wait_for(KIND_UP, 1)[0]), "127.0.0.2");
    let mut six = start(&["::1"], |_| {});
    connect(&mut six, &["::1"], port);
    assert_eq!(text(&server.wait_for(KIND_UP, 2)[1]), "::1");
    four.wait_for(KIND_UP, 1);
    assert_eq!(text(&six.wait_for(KIND_UP, 1)[0]), "::1");
}

#[test]
fn both_ends_may_be_endpoints_of_one_stack() {
    need_kernel!();
    let (mut both, port) = server(&["127.0.0.1"], |_| {});
    let association = connect(&mut both, &["127.0.0.1"], port);
    send(&mut both, association, b"to myself");
    both.stack.flush();
    assert_eq!(both.wait_for(KIND_MESSAGE, 1)[0].bytes, b"to myself");
    assert_eq!(both.wait_for(KIND_UP, 2).len(), 2);
}

#[test]
fn a_peer_with_two_addresses_tells_both() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1", "127.0.0.3"], |_| {});
    let mut client = start(&["127.0.0.2", "127.0.0.4"], |_| {});
    connect(&mut client, &["127.0.0.1"], port);
    let sorted = |record: &Record| {
        let mut addresses: Vec<String> = text(record).split(' ').map(str::to_owned).collect();
        addresses.sort();
        addresses
    };
    assert_eq!(
        sorted(&server.wait_for(KIND_UP, 1)[0]),
        ["127.0.0.2", "127.0.0.4"]
    );
    assert_eq!(
        sorted(&client.wait_for(KIND_UP, 1)[0]),
        ["127.0.0.1", "127.0.0.3"]
    );
    // RFC 9260 §5.4: the other path is confirmed by a heartbeat.
    let path = client.wait_for(KIND_PATH, 1)[0].clone();
    assert_eq!((text(&path), path.first), ("127.0.0.3", 1));
}

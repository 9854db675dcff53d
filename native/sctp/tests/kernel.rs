//! Stacks on the kernel's SCTP, over the loopback. Where the kernel has none every test says so and
//! does nothing; `test/interop/kernel.test.ts` runs them in a virtual machine whose kernel has it.

use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{Backend, DownReason, ErrorKind, SendResult, Stack, StackOptions, try_kernel};

mod caller;
use caller::{Caller, PATIENCE, Record, ip};

/// Leaves the test where there is no kernel SCTP.
macro_rules! need_kernel {
    () => {
        if let Err(error) = try_kernel() {
            eprintln!("skipped: this kernel has no SCTP ({error})");
            return;
        }
    };
}

const SHUTDOWN: u32 = DownReason::Shutdown as u32;
const ABORT: u32 = DownReason::Abort as u32;
const LOST: u32 = DownReason::Lost as u32;
const REFUSED: u32 = DownReason::Refused as u32;

/// Short time-outs, so that losses are noticed soon.
fn quick(options: &mut StackOptions) {
    options.backend = Backend::Kernel;
    options.rto_initial = Duration::from_millis(200);
    options.rto_min = Duration::from_millis(100);
    options.rto_max = Duration::from_millis(400);
    options.max_retransmissions = 4;
    options.heartbeat_interval = Duration::from_millis(500);
}

fn start(addresses: &[&str], adjust: impl FnOnce(&mut StackOptions)) -> Caller {
    Caller::start_with(addresses[0], |options| {
        options.local_addresses = addresses.iter().map(|address| ip(address)).collect();
        quick(options);
        adjust(options);
    })
}

/// A stack with an endpoint at a free port.
fn server(addresses: &[&str], adjust: impl FnOnce(&mut StackOptions)) -> (Caller, u16) {
    let mut server = start(addresses, adjust);
    let port = server.stack.open(0, true).unwrap();
    server.stack.flush();
    (server, port)
}

fn connect(client: &mut Caller, peer: &[&str], port: u16) -> u32 {
    let local = client.stack.open(0, false).unwrap();
    let peer: Vec<_> = peer.iter().map(|address| ip(address)).collect();
    let association = client.stack.connect(local, &peer, port, None).unwrap();
    client.stack.flush();
    association
}

struct Pair {
    client: Caller,
    server: Caller,
    /// As the client knows it, and as the server does.
    association: u32,
    accepted: u32,
    port: u16,
}

fn pair_with(adjust: impl Fn(&mut StackOptions)) -> Pair {
    let (mut server, port) = server(&["127.0.0.1"], &adjust);
    let mut client = start(&["127.0.0.2"], &adjust);
    let association = connect(&mut client, &["127.0.0.1"], port);
    client.wait_for(KIND_UP, 1);
    let accepted = server.wait_for(KIND_UP, 1)[0].association;
    Pair {
        client,
        server,
        association,
        accepted,
        port,
    }
}

fn pair() -> Pair {
    pair_with(|_| {})
}

fn send(caller: &mut Caller, association: u32, payload: &[u8]) {
    let result = caller.stack.send(association, 11, 0, payload).unwrap();
    assert_eq!(result, SendResult::Queued);
}

fn text(record: &Record) -> &str {
    std::str::from_utf8(&record.bytes).unwrap()
}

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
    let stats = pair.server.stack.stats();
    assert_eq!((stats.associations, stats.messages_received), (1, 100));
    assert_eq!(pair.client.stack.stats().messages_sent, 100);
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

#[test]
fn a_caller_that_does_not_drain_stops_the_reading_and_loses_nothing() {
    need_kernel!();
    let mut pair = pair_with(|options| {
        options.event_queue_bytes = 100_000;
        options.send_buffer_bytes = 16 << 20;
    });
    let count = 1_000usize;
    for index in 0..count {
        send(&mut pair.client, pair.association, &[index as u8; 10_000]);
    }
    pair.client.stack.flush();
    // Ten megabytes neither fit into the kernel's buffer for the receiver nor into its queue.
    let read = |pair: &Pair| pair.server.stack.stats().messages_received;
    let mut before = u64::MAX;
    let end = Instant::now() + PATIENCE;
    while read(&pair) != before && Instant::now() < end {
        before = read(&pair);
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(before < count as u64, "reading has not stopped");
    let received = pair.server.wait_for(KIND_MESSAGE, count);
    for (index, message) in received.iter().enumerate() {
        assert_eq!(message.bytes, [index as u8; 10_000]);
    }
    assert!(pair.client.of_kind(KIND_DOWN).is_empty());
}

#[test]
fn a_full_buffer_is_told_and_so_is_room_in_it() {
    need_kernel!();
    let mut pair = pair_with(|options| options.send_buffer_bytes = 70_000);
    let mut sent = 0;
    while pair
        .client
        .stack
        .send(pair.association, 11, 0, &[3; 10_000])
        .unwrap()
        == SendResult::Queued
    {
        sent += 1;
    }
    assert_eq!(sent, 7);
    pair.client.wait_for(KIND_WRITABLE, 1);
    pair.server.wait_for(KIND_MESSAGE, 7);
}

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
    let stats = server.stack.stats();
    assert_eq!(
        (
            stats.associations,
            stats.refused().find(|one| one.0 == "limit")
        ),
        (3, Some(("limit", 2)))
    );
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

/// More peers than there are shares in the socket's send buffer, and none of them reads. Messages are
/// long, for the first one may exceed the share.
#[test]
fn slow_readers_do_not_keep_the_others_waiting_for_ever() {
    const READERS: usize = 30;
    const LONG: usize = 1_000_000;
    need_kernel!();
    let long = |options: &mut StackOptions| {
        options.max_message_bytes = LONG;
        options.send_buffer_bytes = 8 * LONG;
        options.event_queue_bytes = LONG;
    };
    let (mut server, port) = server(&["127.0.0.1"], long);
    let mut lazy: Vec<Caller> = Vec::new();
    for index in 0..READERS {
        let mut client = start(&[&format!("127.0.1.{}", index + 1)], long);
        connect(&mut client, &["127.0.0.1"], port);
        client.wait_for(KIND_UP, 1);
        lazy.push(client);
    }
    for up in server.wait_for(KIND_UP, READERS) {
        for _ in 0..8 {
            send(&mut server, up.association, &[9; LONG]);
        }
    }
    server.stack.flush();
    let mut keen = start(&["127.0.0.9"], |_| {});
    connect(&mut keen, &["127.0.0.1"], port);
    let accepted = server.wait_for(KIND_UP, READERS + 1)[READERS].association;
    let mut sent = 0;
    let end = Instant::now() + 3 * PATIENCE;
    while server.of_kind(KIND_DOWN).is_empty() {
        assert!(Instant::now() < end, "the buffer was never full");
        send(&mut server, accepted, &[8; 10_000]);
        sent += 1;
        server.stack.flush();
        std::thread::sleep(Duration::from_millis(20));
        server.drain();
    }
    keen.wait_for(KIND_MESSAGE, sent);
    let downs = server.of_kind(KIND_DOWN);
    assert!(downs.iter().all(|down| down.association != accepted));
    let stats = server.stack.stats();
    let slow = stats.refused().find(|one| one.0 == "slowReader");
    assert!(slow.is_some_and(|(_, count)| count > 0));
}

#[test]
fn a_slow_reader_that_nobody_waits_for_gets_everything_in_the_end() {
    need_kernel!();
    let (mut server, port) = server(&["127.0.0.1"], |options| {
        options.send_buffer_bytes = 16 << 20
    });
    let mut lazy = start(&["127.0.0.2"], |options| options.event_queue_bytes = 70_000);
    connect(&mut lazy, &["127.0.0.1"], port);
    let slow = server.wait_for(KIND_UP, 1)[0].association;
    lazy.wait_for(KIND_UP, 1);
    for index in 0..250u8 {
        send(&mut server, slow, &[index; 60_000]);
    }
    server.stack.flush();
    let mut keen = start(&["127.0.0.3"], |_| {});
    connect(&mut keen, &["127.0.0.1"], port);
    let quick = server.wait_for(KIND_UP, 2)[1].association;
    for _ in 0..100 {
        send(&mut server, quick, &[8; 10_000]);
    }
    server.stack.flush();
    keen.wait_for(KIND_MESSAGE, 100);
    for (index, message) in lazy.wait_for(KIND_MESSAGE, 250).iter().enumerate() {
        assert_eq!(message.bytes, [index as u8; 60_000]);
    }
}

/// A device that swallows what is sent to it, on which a test may have addresses and take them away:
/// only where the environment names one, as in the lab.
struct Device(String);

impl Device {
    fn of_lab() -> Option<Self> {
        let device = std::env::var("RSERPOOL_LAB_DEVICE").ok();
        if device.is_none() {
            eprintln!("skipped: RSERPOOL_LAB_DEVICE names no device to play with");
        }
        device.map(Device)
    }

    fn add(&self, address: &str) {
        self.change("add", address);
    }

    /// Nobody at this address hears or says anything any more.
    fn remove(&self, address: &str) {
        self.change("del", address);
    }

    fn change(&self, what: &str, address: &str) {
        let network = format!("{address}/24");
        let arguments = ["address", what, &network, "dev", &self.0];
        let status = std::process::Command::new("ip").args(arguments).status();
        assert!(status.unwrap().success(), "ip {}", arguments.join(" "));
    }
}

#[test]
fn an_association_is_lost_where_nobody_answers() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.96.0.1");
    let mut client = start(&["10.96.0.1"], |_| {});
    let association = connect(&mut client, &["10.96.0.2"], 3863);
    let down = client.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (association, LOST));
}

#[test]
fn a_peer_that_falls_silent_is_noticed_by_heartbeats() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.95.0.1");
    device.add("10.95.0.2");
    let (mut server, port) = server(&["10.95.0.1"], |_| {});
    let mut client = start(&["10.95.0.2"], |_| {});
    connect(&mut client, &["10.95.0.1"], port);
    server.wait_for(KIND_UP, 1);
    device.remove("10.95.0.2");
    assert_eq!(server.wait_for(KIND_DOWN, 1)[0].first, LOST);
}

/// It goes without a word, as one does whose machine fails, and comes back with its old port.
#[test]
fn a_peer_that_starts_anew_restarts_its_association() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.97.0.1");
    device.add("10.97.0.2");
    let patient = |options: &mut StackOptions| options.max_retransmissions = 30;
    let (mut server, port) = server(&["10.97.0.1"], patient);
    let call = || {
        let mut client = start(&["10.97.0.2"], |_| {});
        let local = client.stack.open(5_000, false).unwrap();
        let peer = [ip("10.97.0.1")];
        let association = client.stack.connect(local, &peer, port, None).unwrap();
        client.wait_for(KIND_UP, 1);
        (client, association)
    };
    let (mut before, _) = call();
    let accepted = server.wait_for(KIND_UP, 1)[0].association;
    device.remove("10.97.0.2");
    before.stack.close();
    device.add("10.97.0.2");
    let (mut after, association) = call();
    let restart = server.wait_for(KIND_RESTART, 1)[0].clone();
    assert_eq!(restart.association, accepted);
    send(&mut server, accepted, b"welcome");
    server.stack.flush();
    assert_eq!(after.wait_for(KIND_MESSAGE, 1)[0].bytes, b"welcome");
    send(&mut after, association, b"thanks");
    after.stack.flush();
    assert_eq!(server.wait_for(KIND_MESSAGE, 1)[0].bytes, b"thanks");
    assert!(server.of_kind(KIND_DOWN).is_empty());
}

/// RFC 9260 §6.4: with one of two networks cut the exchange goes on over the other.
#[test]
fn a_cut_network_costs_a_two_homed_association_nothing() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    let (here, there) = (["10.98.0.1", "10.98.1.1"], ["10.98.0.2", "10.98.1.2"]);
    for address in here.iter().chain(&there) {
        device.add(address);
    }
    let enduring = |options: &mut StackOptions| {
        options.max_retransmissions = 20;
        options.path_max_retransmissions = 2;
    };
    let (mut server, port) = server(&there, enduring);
    let mut client = start(&here, enduring);
    let association = connect(&mut client, &there[..1], port);
    let is_path = |is_up: u32| {
        move |records: &[Record]| {
            records.iter().any(|record| {
                record.kind == KIND_PATH && record.first == is_up && record.bytes == b"10.98.0.2"
            })
        }
    };
    client.wait_for(KIND_PATH, 1);
    let mut sent = 0u32;
    let mut exchange = |client: &mut Caller, server: &mut Caller, count: u32| {
        for _ in 0..count {
            send(client, association, &sent.to_be_bytes());
            sent += 1;
        }
        client.stack.flush();
        server.wait_for(KIND_MESSAGE, sent as usize);
    };
    exchange(&mut client, &mut server, 100);
    device.remove("10.98.0.2");
    exchange(&mut client, &mut server, 100);
    client.wait_until(is_path(0));
    device.add("10.98.0.2");
    let failed = client.records.len();
    client.wait_until(|records| is_path(1)(&records[failed..]));
    exchange(&mut client, &mut server, 100);
    for (index, message) in server.of_kind(KIND_MESSAGE).iter().enumerate() {
        assert_eq!(message.bytes, (index as u32).to_be_bytes());
    }
    assert!(client.of_kind(KIND_DOWN).is_empty() && server.of_kind(KIND_DOWN).is_empty());
}

/// RFC 6951: at the UDP port that the kernel listens on it answers, at another one nobody does; and the
/// next association goes without UDP again.
#[test]
fn a_peer_is_called_over_udp_where_a_udp_port_is_named() {
    need_kernel!();
    if Device::of_lab().is_none() {
        return;
    }
    std::fs::write("/proc/sys/net/sctp/udp_port", "9899").unwrap();
    let (mut server, port) = server(&["127.0.0.1"], |_| {});
    let mut client = start(&["127.0.0.2"], |_| {});
    let local = client.stack.open(0, false).unwrap();
    let peer = [ip("127.0.0.1")];
    let mut call = |peer_port: u16, udp_port: Option<u16>| {
        let association = client.stack.connect(local, &peer, peer_port, udp_port);
        client.stack.flush();
        association.unwrap()
    };
    let over_udp = call(port, Some(9899));
    let astray = call(port + 1, Some(9898));
    let plain = call(port + 2, None);
    assert_eq!(client.wait_for(KIND_UP, 1)[0].association, over_udp);
    let downs = client.wait_for(KIND_DOWN, 2);
    let reason = |association| downs.iter().find(|down| down.association == association);
    assert_eq!(reason(astray).unwrap().first, LOST);
    // Nobody listens there, but somebody says so.
    assert_eq!(reason(plain).unwrap().first, REFUSED);
    send(&mut client, over_udp, b"wrapped");
    client.stack.flush();
    assert_eq!(server.wait_for(KIND_MESSAGE, 1)[0].bytes, b"wrapped");
}

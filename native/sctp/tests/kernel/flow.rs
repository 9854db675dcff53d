//! Peers and callers that do not read.

use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{SendResult, StackOptions, try_kernel};

use crate::caller::{Caller, PATIENCE};
use crate::scene::*;

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

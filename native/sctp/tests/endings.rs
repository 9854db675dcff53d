//! How associations end: gracefully, by an abort, for want of messages or of answers (RFC 9260 §8, §9).

mod support;

use rserpool_sctp::userland::packet::{cause, chunk, parameters};
use rserpool_sctp::{DownReason, SendResult};
use support::{Net, ms};

#[test]
fn a_graceful_end_delivers_what_was_queued_before() {
    let (mut net, client, server) = Net::connected(8);
    for index in 0..20u8 {
        net.send(0, client, &[index; 10_000]);
    }
    net.shutdown(0, client);
    net.run_for(ms(5_000));
    assert_eq!(net.messages(1, server).len(), 20);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
    assert_eq!(net.downs(1), [(server, DownReason::Shutdown)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
    assert_eq!(net.table_sizes(1), [0; 5]);
}

#[test]
fn a_graceful_end_lets_the_other_side_finish_too() {
    let (mut net, client, server) = Net::connected(9);
    for index in 0..20u8 {
        net.send(1, server, &[index; 10_000]);
    }
    net.shutdown(0, client);
    net.run_for(ms(5_000));
    assert_eq!(net.messages(0, client).len(), 20);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
    assert_eq!(net.downs(1), [(server, DownReason::Shutdown)]);
}

#[test]
fn both_sides_may_end_gracefully_at_once() {
    let (mut net, client, server) = Net::connected(10);
    for _ in 0..5 {
        net.send(0, client, &[1; 10_000]);
        net.send(1, server, &[2; 10_000]);
    }
    net.shutdown(0, client);
    net.shutdown(1, server);
    net.run_for(ms(5_000));
    assert_eq!(
        (net.messages(0, client).len(), net.messages(1, server).len()),
        (5, 5)
    );
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
    assert_eq!(net.downs(1), [(server, DownReason::Shutdown)]);
}

#[test]
fn a_graceful_end_to_a_peer_that_fell_silent_is_given_up() {
    let (mut net, client, _) = Net::connected(10);
    net.hosts[1].is_silent = true;
    net.shutdown(0, client);
    net.run_for(ms(60_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
}

#[test]
fn a_graceful_end_is_not_given_up_while_the_peer_still_sends() {
    let mut net = Net::new(10);
    net.host_with(&["127.0.0.1"], 9899, |options| {
        // Patience of 100 + 200 + 400 ms.
        (options.rto_initial, options.rto_min) = (ms(100), ms(100));
        options.max_retransmissions = 2;
    });
    net.host_with(&["127.0.0.2"], 9899, |options| options.mtu_bytes = 512);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(50));
    let server = net.ups(1)[0].0;
    for _ in 0..4 {
        net.send(1, server, &[1; 60_000]);
    }
    // A slow network: what the peer has queued takes longer than our patience.
    net.weather = support::Weather {
        loss: 0,
        doubled: 0,
        late: 100,
    };
    net.shutdown(0, client);
    net.run_for(ms(800));
    assert!(
        net.messages(0, client).len() < 4,
        "the network is slow enough"
    );
    net.run_for(ms(20_000));
    assert_eq!(net.messages(0, client).len(), 4);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
}

#[test]
fn a_peer_that_restarts_while_the_association_ends_gets_a_new_one() {
    let (mut net, _, server) = Net::connected(10);
    net.hosts[0].is_silent = true;
    net.shutdown(1, server);
    net.run_for(ms(10));
    net.reboot(0);
    net.open(0, 5000, false);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(1_000));
    assert_eq!(net.downs(1), [(server, DownReason::Lost)]);
    let (again, _) = net.ups(1)[1];
    assert_ne!(again, server);
    net.send(0, client, b"hello again");
    net.run_for(ms(100));
    assert_eq!(net.messages(1, again), [b"hello again"]);
}

#[test]
fn an_ending_association_takes_no_more_messages() {
    let (mut net, client, server) = Net::connected(11);
    net.send(1, server, &[2; 200_000][..60_000]);
    net.shutdown(0, client);
    assert_eq!(net.send(0, client, b"late"), SendResult::Gone);
    net.run_for(ms(5));
    assert_eq!(
        net.send(1, server, b"late"),
        SendResult::Gone,
        "the peer is ending it"
    );
}

#[test]
fn an_end_asked_for_before_the_association_is_up_waits_for_it() {
    let mut net = Net::pair(12);
    let client = net.connect(0, 5000, 1, 3863);
    net.send(0, client, b"all I have to say");
    net.shutdown(0, client);
    net.run_for(ms(1_000));
    let server = net.ups(1)[0].0;
    assert_eq!(net.messages(1, server), [b"all I have to say"]);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
}

#[test]
fn an_abort_ends_both_sides_and_carries_its_reason() {
    let (mut net, client, server) = Net::connected(13);
    net.abort(0, client, "operator said so");
    assert_eq!(net.downs(0), [(client, DownReason::Abort)]);
    let sent = net.last_sent(net.address(1), chunk::ABORT).unwrap();
    let packet = sent.packet();
    let (code, reason) = parameters(packet.first().value).next().unwrap().unwrap();
    assert_eq!(
        (code, reason),
        (cause::USER_INITIATED_ABORT, &b"operator said so"[..])
    );
    net.run_for(ms(10));
    assert_eq!(net.downs(1), [(server, DownReason::Abort)]);
    assert_eq!(net.table_sizes(1), [0; 5]);
}

#[test]
fn a_peer_that_never_answers_is_lost() {
    let mut net = Net::pair(16);
    net.hosts[1].is_silent = true;
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(60_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
}

#[test]
fn an_association_without_messages_is_closed_by_itself() {
    let mut net = Net::new(17);
    net.host(&["127.0.0.1"], 9899);
    net.host_with(&["127.0.0.2"], 9899, |options| {
        options.autoclose = Some(ms(30_000));
    });
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(100));
    let server = net.ups(1)[0].0;
    // Messages in either direction keep it.
    for _ in 0..5 {
        net.run_for(ms(20_000));
        net.send(0, client, b"question");
        net.run_for(ms(20_000));
        net.send(1, server, b"answer");
    }
    assert!(net.downs(1).is_empty());
    // Heartbeats do not.
    net.run_for(ms(25_000));
    assert!(net.downs(1).is_empty());
    net.run_for(ms(10_000));
    assert_eq!(net.downs(1), [(server, DownReason::Shutdown)]);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
    assert_eq!(net.messages(1, server).len(), 5);
}

#[test]
fn what_is_still_on_its_way_keeps_an_association_from_closing_by_itself() {
    let mut net = Net::new(18);
    net.host_with(&["127.0.0.1"], 9899, |options| {
        options.autoclose = Some(ms(1_000));
        options.max_retransmissions = 20;
    });
    net.host(&["127.0.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(100));
    net.hosts[1].is_silent = true;
    net.send(0, client, b"it takes a while");
    net.run_for(ms(10_000));
    assert!(net.downs(0).is_empty());
    net.hosts[1].is_silent = false;
    net.run_for(ms(20_000));
    let server = net.ups(1)[0].0;
    assert_eq!(net.messages(1, server), [b"it takes a while"]);
    assert_eq!(net.downs(0), [(client, DownReason::Shutdown)]);
}

#[test]
fn heartbeats_find_a_peer_that_fell_silent() {
    let (mut net, client, _) = Net::connected(17);
    net.run_for(ms(300_000));
    assert!(net.downs(0).is_empty(), "heartbeats are answered");
    net.hosts[1].is_silent = true;
    net.run_for(ms(150_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
}

#[test]
fn a_heartbeat_interval_shorter_than_the_time_out_finds_a_silent_peer_too() {
    let mut net = Net::new(17);
    net.host_with(&["127.0.0.1"], 9899, |options| {
        options.heartbeat_interval = ms(200);
        options.rto_initial = ms(400);
        options.max_retransmissions = 3;
    });
    net.host(&["127.0.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(60_000));
    assert!(net.downs(0).is_empty(), "heartbeats are answered");
    net.hosts[1].is_silent = true;
    net.run_for(ms(5_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
}

#[test]
fn a_closed_endpoint_tells_its_peers_and_nobody_else() {
    let (mut net, client, _) = Net::connected(26);
    net.take_events(1);
    net.command(
        1,
        rserpool_sctp::command::Command::CloseEndpoint { port: 3863 },
    );
    net.run_for(ms(100));
    assert_eq!(net.downs(0), [(client, DownReason::Abort)]);
    assert!(net.take_events(1).is_empty());
    assert_eq!(net.table_sizes(1), [0; 5]);
}

#[test]
fn a_message_longer_than_allowed_ends_the_association() {
    let mut net = Net::new(27);
    net.host(&["127.0.0.1"], 9899);
    net.host_with(&["127.0.0.2"], 9899, |options| {
        options.max_message_bytes = 1_000
    });
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.send(0, client, &[1; 1_000]);
    net.send(0, client, &[2; 1_001]);
    net.run_for(ms(1_000));
    let server = net.ups(1)[0].0;
    assert_eq!(net.messages(1, server), [[1; 1_000]]);
    assert_eq!(net.downs(1), [(server, DownReason::Abort)]);
    assert_eq!(net.downs(0), [(client, DownReason::Abort)]);
}

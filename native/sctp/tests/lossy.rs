//! Messages over a network that loses, doubles and delays datagrams: each arrives once and in
//! order, or the association is reported as lost (RFC 9260 §6).

mod support;

use rserpool_sctp::{DownReason, SendResult};
use support::{Net, Weather, ms};

const MESSAGES: u32 = 200;

fn payload(number: u32) -> Vec<u8> {
    // Every tenth is so long that it travels in pieces.
    let length = if number.is_multiple_of(10) { 3_000 } else { 40 };
    let mut payload = vec![number as u8; length];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}

/// Sends on one association in both directions and checks what arrived.
fn exchange(seed: u64, weather: Weather) {
    let mut net = Net::pair(seed);
    net.weather = weather;
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(60_000));
    let Some((server, _)) = net.ups(1).first().cloned() else {
        assert_eq!(net.downs(0), [(client, DownReason::Lost)], "seed {seed}");
        return;
    };
    for number in 0..MESSAGES {
        for (host, association) in [(0, client), (1, server)] {
            let result = net.send(host, association, &payload(number));
            assert_ne!(result, SendResult::Full, "seed {seed}");
        }
        net.run_for(ms(20));
    }
    net.run_for(ms(600_000));
    let expected: Vec<_> = (0..MESSAGES).map(payload).collect();
    for (host, association) in [(0, client), (1, server)] {
        let received = net.messages(host, association);
        let is_lost = net.downs(0).contains(&(client, DownReason::Lost))
            || net.downs(1).contains(&(server, DownReason::Lost));
        let is_whole = received == expected;
        let is_beginning = expected.starts_with(&received);
        assert!(
            is_whole || (is_lost && is_beginning),
            "seed {seed}: {} arrived",
            received.len()
        );
        assert!(
            is_whole || weather.loss > 5,
            "seed {seed}: retransmissions make up for this much"
        );
    }
    // However it went, a graceful end leaves nothing behind.
    net.shutdown(0, client);
    net.run_for(ms(600_000));
    assert_eq!(
        (net.table_sizes(0), net.table_sizes(1)),
        ([0; 5], [0; 5]),
        "seed {seed}"
    );
    assert_eq!(net.downs(0).len(), 1, "seed {seed}");
    assert_eq!(net.downs(1).len(), 1, "seed {seed}");
}

fn exchanges(loss: u32) {
    for seed in 0..10 {
        exchange(
            seed,
            Weather {
                loss,
                doubled: 5,
                late: 10,
            },
        );
    }
}

#[test]
fn messages_survive_one_percent_loss() {
    exchanges(1);
}

#[test]
fn messages_survive_five_percent_loss() {
    exchanges(5);
}

#[test]
fn messages_survive_twenty_percent_loss() {
    exchanges(20);
}

#[test]
fn messages_survive_reordering_alone() {
    for seed in 0..10 {
        exchange(
            seed,
            Weather {
                loss: 0,
                doubled: 30,
                late: 70,
            },
        );
    }
}

#[test]
fn graceful_ends_deliver_what_both_sides_had_queued() {
    for seed in 0..60 {
        let (mut net, client, server) = Net::connected(seed);
        net.weather = Weather {
            loss: 25,
            doubled: 5,
            late: 10,
        };
        for number in 0..20 {
            net.send(0, client, &payload(number * 10));
            net.send(1, server, &payload(number * 10));
        }
        net.shutdown(0, client);
        net.run_for(ms(900_000));
        let expected: Vec<_> = (0..20).map(|number| payload(number * 10)).collect();
        let is_graceful = net.downs(0) == [(client, DownReason::Shutdown)]
            && net.downs(1) == [(server, DownReason::Shutdown)];
        if is_graceful {
            assert_eq!(net.messages(0, client).len(), expected.len(), "seed {seed}");
            assert_eq!(net.messages(1, server).len(), expected.len(), "seed {seed}");
            assert_eq!(net.messages(1, server), expected, "seed {seed}");
        }
        assert_eq!(
            (net.downs(0).len(), net.downs(1).len()),
            (1, 1),
            "seed {seed}"
        );
    }
}

#[test]
fn calls_that_cross_in_bad_weather_become_one_association_or_are_reported() {
    for seed in 0..50 {
        let mut net = Net::new(seed);
        net.host(&["127.0.0.1"], 9899);
        net.host(&["127.0.0.2"], 9899);
        net.open(0, 9901, true);
        net.open(1, 9901, true);
        net.weather = Weather {
            loss: 10,
            doubled: 10,
            late: 30,
        };
        let left = net.connect(0, 9901, 1, 9901);
        net.run_for(ms(seed % 5));
        let right = net.connect(1, 9901, 0, 9901);
        net.run_for(ms(120_000));
        // At most one association lives on each side, and if it does it works.
        let sizes = (net.table_sizes(0)[0], net.table_sizes(1)[0]);
        assert!(sizes == (1, 1) || sizes == (0, 0), "seed {seed}: {sizes:?}");
        let (left, right) = (
            net.ups(0).last().map_or(left, |up| up.0),
            net.ups(1).last().map_or(right, |up| up.0),
        );
        if sizes == (1, 1) {
            net.weather = Weather::default();
            net.send(0, left, b"to the right");
            net.send(1, right, b"to the left");
            net.run_for(ms(60_000));
            assert_eq!(net.messages(1, right), [b"to the right"], "seed {seed}");
            assert_eq!(net.messages(0, left), [b"to the left"], "seed {seed}");
        }
    }
}

#[test]
fn a_restart_in_bad_weather_ends_in_one_working_association() {
    for seed in 0..50 {
        let (mut net, _, server) = Net::connected(seed);
        net.send(1, server, &[1; 20_000]);
        net.reboot(0);
        net.open(0, 5000, false);
        net.weather = Weather {
            loss: 20,
            doubled: 10,
            late: 30,
        };
        let client = net.connect(0, 5000, 1, 3863);
        net.run_for(ms(120_000));
        net.weather = Weather::default();
        let Some((server, _)) = net.ups(1).last().cloned() else {
            panic!("seed {seed}")
        };
        if net.downs(0).is_empty() {
            net.send(0, client, b"hello again");
            net.run_for(ms(60_000));
            assert_eq!(net.messages(1, server), [b"hello again"], "seed {seed}");
        }
        assert!(net.table_sizes(1)[0] <= 1, "seed {seed}");
    }
}

/// Packets in both directions that `count` requests and their answers take, one after the other.
fn packets_of_exchanges(net: &mut Net, client: u32, server: u32, count: usize) -> usize {
    net.run_for(ms(1_000));
    net.sent.clear();
    for _ in 0..count {
        let before = net.messages(1, server).len();
        net.send(0, client, &[1; 36]);
        while net.messages(1, server).len() == before {
            net.run_for(ms(1));
        }
        net.send(1, server, &[2; 280]);
        net.run_for(ms(2));
        net.take_events(0);
        net.take_events(1);
    }
    net.sent.len()
}

#[test]
fn one_loss_does_not_add_packets_to_later_exchanges() {
    let (mut net, client, server) = Net::connected(70);
    let before = packets_of_exchanges(&mut net, client, server, 100);
    for (host, association) in [(0, client), (1, server)] {
        net.weather.loss = 100;
        net.send(host, association, b"lost at first");
        net.weather.loss = 0;
        net.run_for(ms(5_000));
    }
    let after = packets_of_exchanges(&mut net, client, server, 100);
    assert!(before < 2 * 100 + 10, "{before} packets");
    assert!(after <= before, "{after} packets, {before} before the loss");
}

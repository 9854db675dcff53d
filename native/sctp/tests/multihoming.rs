//! Associations between hosts with several addresses, over networks that are cut and healed
//! (RFC 9260 §5.4, §6.4, §8.2, §8.3): 10.20.0.0/16 and 10.30.0.0/16, host 0 calls host 1.

mod support;

use std::net::SocketAddr;

use rserpool_sctp::userland::packet::{Packet, PacketBuilder, chunk, parameter, parameters};
use rserpool_sctp::{DownReason, SendResult};
use support::{Net, Weather, ip, ms};

const A: u8 = 20;
const B: u8 = 30;

/// The association between two two-homed hosts, as both know it, after its paths were confirmed.
fn two_homed(seed: u64) -> (Net, u32, u32) {
    let mut net = Net::new(seed);
    net.host(&["10.20.0.1", "10.30.0.1"], 9899);
    net.host(&["10.20.0.2", "10.30.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(500));
    let server = net.ups(1)[0].0;
    (net, client, server)
}

fn payload(number: u32) -> Vec<u8> {
    // Every tenth is so long that it travels in pieces.
    let length = if number.is_multiple_of(10) { 3_000 } else { 40 };
    let mut payload = vec![number as u8; length];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}

/// A message in each direction every 20 ms.
fn exchange(net: &mut Net, (client, server): (u32, u32), numbers: std::ops::Range<u32>) {
    for number in numbers {
        for (host, association) in [(0, client), (1, server)] {
            let result = net.send(host, association, &payload(number));
            assert_ne!(result, SendResult::Full);
        }
        net.run_for(ms(20));
    }
}

fn assert_all_arrived(net: &Net, (client, server): (u32, u32), count: u32) {
    let expected: Vec<_> = (0..count).map(payload).collect();
    for (host, association) in [(0, client), (1, server)] {
        let received = net.messages(host, association);
        assert!(
            received == expected,
            "host {host}: {} arrived",
            received.len()
        );
    }
}

/// Whether anything but heartbeats went to an address.
fn carried_more_than_heartbeats(net: &Net, to: &str) -> bool {
    let is_more = |kind| !matches!(kind, chunk::HEARTBEAT | chunk::HEARTBEAT_ACK);
    net.sent
        .iter()
        .any(|one| one.to.ip() == ip(to) && is_more(one.first_kind()))
}

fn heartbeats_to(net: &Net, to: &str) -> usize {
    let is_it = |kind| kind == chunk::HEARTBEAT;
    net.sent
        .iter()
        .filter(|one| one.to.ip() == ip(to) && is_it(one.first_kind()))
        .count()
}

#[test]
fn a_listed_address_is_confirmed_by_a_heartbeat_and_told() {
    let (net, ..) = two_homed(1);
    assert_eq!(net.path_changes(0), [(ip("10.30.0.2"), true)]);
    assert_eq!(net.path_changes(1), [(ip("10.30.0.1"), true)]);
    for address in ["10.30.0.1", "10.30.0.2"] {
        assert!(!carried_more_than_heartbeats(&net, address), "{address}");
    }
}

#[test]
fn every_path_has_the_local_address_of_its_network() {
    let (net, ..) = two_homed(2);
    for one in &net.sent {
        let networks = [one.from.ip(), one.to.ip()].map(|ip| ip.to_string()[..6].to_owned());
        assert_eq!(networks[0], networks[1]);
    }
}

#[test]
fn a_cut_network_under_load_costs_no_message_and_comes_back() {
    for seed in 0..20 {
        let (mut net, client, server) = two_homed(seed);
        let both = (client, server);
        exchange(&mut net, both, 0..50);
        net.cut = vec![A];
        exchange(&mut net, both, 50..1_000);
        assert!(
            net.path_changes(0).contains(&(ip("10.20.0.2"), false)),
            "seed {seed}"
        );
        net.cut = vec![];
        exchange(&mut net, both, 1_000..2_000);
        net.run_for(ms(5_000));
        assert_all_arrived(&net, both, 2_000);
        assert_eq!(
            net.path_changes(0).last(),
            Some(&(ip("10.20.0.2"), true)),
            "seed {seed}"
        );
        // The primary path is preferred again.
        net.sent.clear();
        exchange(&mut net, both, 2_000..2_010);
        assert!(!carried_more_than_heartbeats(&net, "10.30.0.2"));
        assert_eq!((net.downs(0), net.downs(1)), (vec![], vec![]));
    }
}

#[test]
fn the_exchange_goes_on_soon_after_the_cut() {
    let (mut net, client, server) = two_homed(3);
    exchange(&mut net, (client, server), 0..50);
    net.cut = vec![A];
    exchange(&mut net, (client, server), 50..200);
    // One time-out of data, not the many after which a path is given up.
    assert!(net.messages(1, server).len() > 100);
    assert!(net.messages(0, client).len() > 100);
}

#[test]
fn an_idle_path_that_fails_is_told_and_so_is_its_return() {
    let (mut net, ..) = two_homed(4);
    net.cut = vec![B];
    net.run_for(ms(60_000));
    net.cut = vec![];
    net.run_for(ms(30_000));
    let b = ip("10.30.0.2");
    assert_eq!(net.path_changes(0), [(b, true), (b, false), (b, true)]);
    assert_eq!((net.downs(0), net.downs(1)), (vec![], vec![]));
}

#[test]
fn an_association_is_lost_when_all_its_paths_are() {
    let (mut net, client, server) = two_homed(5);
    net.cut = vec![A, B];
    net.send(0, client, b"anybody there?");
    net.run_for(ms(200_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
    assert_eq!(net.downs(1), [(server, DownReason::Lost)]);
    assert_eq!((net.table_sizes(0), net.table_sizes(1)), ([0; 5], [0; 5]));
}

#[test]
fn only_the_right_nonce_confirms() {
    let mut net = Net::new(6);
    net.host(&["10.20.0.1"], 9899);
    net.host(&["10.20.0.2", "10.30.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    net.cut = vec![B];
    net.connect(0, 5000, 1, 3863);
    net.run_for(ms(300));
    let to_victim: SocketAddr = "10.30.0.2:9899".parse().unwrap();
    let heartbeat = net.last_sent(to_victim, chunk::HEARTBEAT).unwrap();
    let mut forged = heartbeat.packet().first().value.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let tag = net
        .last_sent(net.address(0), chunk::COOKIE_ACK)
        .unwrap()
        .packet()
        .verification_tag();
    let answer = |value: &[u8]| {
        PacketBuilder::new(3863, 5000, tag)
            .chunk(chunk::HEARTBEAT_ACK, 0, value)
            .finish()
    };
    net.hand(0, to_victim, &answer(&forged));
    assert_eq!(net.path_changes(0), []);
    let right = heartbeat.packet().first().value.to_vec();
    net.hand(0, to_victim, &answer(&right));
    assert_eq!(net.path_changes(0), [(ip("10.30.0.2"), true)]);
}

#[test]
fn an_address_that_never_answers_gets_few_heartbeats_and_nothing_else() {
    let mut net = Net::new(7);
    net.host(&["10.20.0.1"], 9899);
    net.host(&["10.20.0.2", "10.30.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    net.cut = vec![B];
    let client = net.connect(0, 5000, 1, 3863);
    for _ in 0..600 {
        net.send(0, client, b"busy");
        net.run_for(ms(100));
    }
    assert!(!carried_more_than_heartbeats(&net, "10.30.0.2"));
    // Four at first, then one in ten seconds and a time-out.
    assert!(heartbeats_to(&net, "10.30.0.2") <= 4 + 6);
    assert_eq!(net.path_changes(0), []);
}

#[test]
fn a_peer_that_restarts_calls_from_another_of_its_addresses() {
    let (mut net, client, server) = two_homed(8);
    net.cut = vec![A];
    net.reboot(0);
    net.open(0, 5000, false);
    let again = net.connect_to(0, 5000, vec![ip("10.30.0.2")], 3863, 9899);
    net.run_for(ms(500));
    assert_eq!(net.restarts(1), [server]);
    assert_eq!(net.ups(0)[0].0, again);
    net.send(1, server, b"welcome back");
    net.run_for(ms(2_000));
    assert_eq!(net.messages(0, again), [b"welcome back"]);
    let _ = client;
}

#[test]
fn whatever_is_cut_and_lost_every_message_comes_once_and_in_order_or_the_association_is_lost() {
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut net, client, server) = two_homed(seed);
        net.weather = Weather {
            loss: random.u32(..8),
            doubled: random.u32(..8),
            late: random.u32(..30),
        };
        let mut sent = 0;
        for _ in 0..20 {
            net.cut = match random.u32(..6) {
                0 | 1 => vec![A],
                2 | 3 => vec![B],
                4 => vec![],
                _ => vec![A, B],
            };
            for _ in 0..random.u32(1..60) {
                for (host, association) in [(0, client), (1, server)] {
                    let result = net.send(host, association, &payload(sent));
                    assert_ne!(result, SendResult::Full, "seed {seed}");
                }
                sent += 1;
                net.run_for(ms(random.u64(1..60)));
            }
        }
        net.cut = vec![];
        net.run_for(ms(600_000));
        let expected: Vec<_> = (0..sent).map(payload).collect();
        let is_lost = !net.downs(0).is_empty() || !net.downs(1).is_empty();
        for (host, association) in [(0, client), (1, server)] {
            let received = net.messages(host, association);
            assert!(expected.starts_with(&received), "seed {seed}");
            assert!(is_lost || received == expected, "seed {seed}");
        }
        net.shutdown(0, client);
        net.run_for(ms(600_000));
        assert_eq!(
            (net.table_sizes(0), net.table_sizes(1)),
            ([0; 5], [0; 5]),
            "seed {seed}"
        );
    }
}

/// RFC 6951 §5.4. A NAT may give every path a port of its own.
#[test]
fn every_path_has_a_udp_port_of_its_own() {
    let (mut net, client, _) = two_homed(9);
    let behind_nat: SocketAddr = "10.30.0.2:40001".parse().unwrap();
    let heartbeat = net
        .last_sent("10.30.0.1:9899".parse().unwrap(), chunk::HEARTBEAT)
        .unwrap();
    net.hand(0, behind_nat, &heartbeat.bytes);
    net.sent.clear();
    net.send(0, client, b"over A");
    net.run_for(ms(300));
    assert!(net.last_sent(net.address(1), chunk::DATA).is_some());
    net.cut = vec![A];
    net.send(0, client, b"over B");
    net.run_for(ms(2_000));
    assert!(net.last_sent(behind_nat, chunk::DATA).is_some());
}

#[test]
fn a_host_with_several_addresses_counts_as_the_one_that_it_called_from() {
    let mut net = Net::new(10);
    net.host(&["10.20.0.1", "10.30.0.1"], 9899);
    net.host_with(&["10.20.0.2", "10.30.0.2"], 9899, |options| {
        options.max_associations_per_host = 2;
    });
    net.open(1, 3863, true);
    let mut call = |port, address| {
        net.open(0, port, false);
        let id = net.connect_to(0, port, vec![ip(address)], 3863, 9899);
        net.run_for(ms(1_000));
        (id, net.ups(0).iter().any(|(up, _)| *up == id))
    };
    let (first, _) = call(5000, "10.20.0.2");
    assert!(call(5001, "10.20.0.2").1);
    assert!(!call(5002, "10.20.0.2").1);
    assert!(call(5003, "10.30.0.2").1);
    assert!(call(5004, "10.30.0.2").1);
    assert!(!call(5005, "10.30.0.2").1);
    // Wherever its packets go by then, its place is given back where it was taken.
    net.cut = vec![A];
    net.send(0, first, b"over the other network");
    net.run_for(ms(5_000));
    net.abort(0, first, "");
    net.cut = vec![];
    net.run_for(ms(1_000));
    net.open(0, 5006, false);
    let again = net.connect_to(0, 5006, vec![ip("10.20.0.2")], 3863, 9899);
    net.run_for(ms(1_000));
    assert_eq!(net.ups(0).last().unwrap().0, again);
}

#[test]
fn an_idle_association_whose_networks_are_all_cut_is_lost() {
    let (mut net, client, server) = two_homed(11);
    net.cut = vec![A, B];
    net.run_for(ms(200_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
    assert_eq!(net.downs(1), [(server, DownReason::Lost)]);
}

#[test]
fn an_init_goes_to_the_peers_addresses_in_turn() {
    let mut net = Net::pair(18);
    let addresses = vec![ip("127.0.0.99"), ip("127.0.0.2")];
    let client = net.connect_to(0, 5000, addresses, 3863, 9899);
    net.run_for(ms(5_000));
    let (up, info) = &net.ups(0)[0];
    assert_eq!(
        (*up, &info.peer_addresses),
        (client, &vec![ip("127.0.0.2")])
    );
}

#[test]
fn several_local_addresses_are_listed_and_learnt() {
    let mut net = Net::new(24);
    net.host(&["127.0.0.1", "127.0.0.11", "192.0.2.1"], 9899);
    net.host(&["127.0.0.2", "127.0.0.12"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    net.connect(0, 5000, 1, 3863);
    net.run_for(ms(100));
    assert_eq!(
        net.ups(0)[0].1.peer_addresses,
        [ip("127.0.0.2"), ip("127.0.0.12")]
    );
    assert_eq!(
        net.ups(1)[0].1.peer_addresses,
        [ip("127.0.0.1"), ip("127.0.0.11")]
    );
}

#[test]
fn a_single_local_address_is_not_listed() {
    let (net, ..) = Net::connected(25);
    for (to, kind) in [(1, chunk::INIT), (0, chunk::INIT_ACK)] {
        let sent = net.last_sent(net.address(to), kind).unwrap();
        let packet: Packet<'_> = sent.packet();
        let kinds: Vec<u16> = parameters(&packet.first().value[16..])
            .map(|parameter| parameter.unwrap().0)
            .collect();
        assert!(!kinds.contains(&parameter::IPV4_ADDRESS), "{kinds:?}");
    }
}

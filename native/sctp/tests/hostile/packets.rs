//! Tags, checksums, bundles, addresses and limits.

use std::net::SocketAddr;

use rserpool_sctp::userland::packet::{
    Packet, PacketBuilder, T_BIT, cause, chunk, parameter, parameters,
};
use rserpool_sctp::{DownReason, Refusal};

use crate::forgery::{
    assert_alive, client_tag, init, refused, server_tag, with_checksum, with_tag,
};
use crate::support::{Net, ms};

/// Every chunk type that `dcsctp` knows, and one that nobody does.
const ALL_KINDS: [u8; 19] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 64, 130, 192, 194, 63, 255,
];

#[test]
fn a_wrong_tag_changes_nothing_whatever_the_chunk() {
    let (mut net, client, server) = Net::connected(8);
    let from = net.address(0);
    let own = server_tag(&net);
    net.sent.clear();
    for kind in ALL_KINDS {
        for flags in [0, T_BIT, 3] {
            for tag in [0, 1, own ^ 1, own.swap_bytes(), !own] {
                let packet = PacketBuilder::new(5000, 3863, tag)
                    .chunk(kind, flags, &[1; 20])
                    .finish();
                net.hand(1, from, &packet);
            }
        }
    }
    // An INIT has tag 0 by right: this one, which is broken, gets an ABORT with its own initiate tag.
    let answers = net
        .sent
        .iter()
        .filter(|sent| sent.packet().verification_tag() != 0x0101_0101)
        .count();
    assert_eq!(answers, 0, "a wrong tag is discarded silently");
    net.clear_wire();
    assert_alive(&mut net, client, server);
}

#[test]
fn an_init_under_a_tag_is_not_answered() {
    let (mut net, client, server) = Net::connected(8);
    let own = server_tag(&net);
    net.sent.clear();
    for port in [5000, 5001] {
        for tag in [1, own] {
            net.hand(1, net.address(0), &with_tag(&init(port, 5), tag));
        }
    }
    assert!(net.sent.is_empty());
    assert_eq!(refused(&net, Refusal::VerificationTag), 4);
    assert_alive(&mut net, client, server);
}

#[test]
fn the_t_bit_needs_the_peers_tag_and_its_absence_our_own() {
    for kind in [chunk::ABORT, chunk::SHUTDOWN_COMPLETE] {
        let (mut net, client, server) = Net::connected(9);
        let from = net.address(0);
        let (own, peers) = (server_tag(&net), client_tag(&net));
        for (flags, tag) in [(T_BIT, own), (0, peers)] {
            net.hand(
                1,
                from,
                &PacketBuilder::new(5000, 3863, tag)
                    .chunk(kind, flags, &[])
                    .finish(),
            );
        }
        assert_eq!(refused(&net, Refusal::VerificationTag), 2);
        assert_alive(&mut net, client, server);
    }
    let (mut net, _, server) = Net::connected(9);
    let abort = PacketBuilder::new(5000, 3863, client_tag(&net)).chunk(chunk::ABORT, T_BIT, &[]);
    net.hand(1, net.address(0), &abort.finish());
    assert_eq!(net.downs(1), [(server, DownReason::Abort)]);
}

#[test]
fn a_right_tag_from_an_address_that_is_not_the_peers_changes_nothing() {
    let (mut net, client, server) = Net::connected(10);
    let own = server_tag(&net);
    for kind in [chunk::ABORT, chunk::SHUTDOWN, chunk::DATA] {
        let packet = PacketBuilder::new(5000, 3863, own)
            .chunk(kind, 0, &[0; 4])
            .finish();
        net.hand(1, "127.0.0.66:9899".parse().unwrap(), &packet);
    }
    assert_eq!(refused(&net, Refusal::Address), 3);
    assert_alive(&mut net, client, server);
}

#[test]
fn a_wrong_checksum_changes_nothing() {
    let (mut net, client, server) = Net::connected(11);
    let mut packet = PacketBuilder::new(5000, 3863, server_tag(&net))
        .chunk(chunk::ABORT, 0, &[])
        .finish();
    packet[8] ^= 1;
    net.hand(1, net.address(0), &packet);
    packet[8..12].fill(0);
    net.hand(1, net.address(0), &packet);
    assert_eq!(refused(&net, Refusal::Checksum), 2);
    assert_alive(&mut net, client, server);
}

#[test]
fn forbidden_bundles_change_nothing() {
    let (mut net, client, server) = Net::connected(12);
    let (own, from) = (server_tag(&net), net.address(0));
    let shutdown = (chunk::SHUTDOWN, 0);
    let bundles = [
        [(chunk::SHUTDOWN_COMPLETE, 0), (chunk::ABORT, 0)],
        [(chunk::ABORT, 0), (chunk::SHUTDOWN_COMPLETE, 0)],
        [shutdown, (chunk::INIT_ACK, 0)],
        [shutdown, (chunk::INIT, 0)],
        [(chunk::INIT, 0), shutdown],
        [shutdown, (chunk::COOKIE_ECHO, 0)],
        [(chunk::ABORT, 0), (chunk::COOKIE_ECHO, 0)],
        [shutdown, (chunk::ABORT, T_BIT)],
    ];
    for bundle in bundles {
        let builder = PacketBuilder::new(5000, 3863, own);
        let add = |builder: PacketBuilder, &(kind, flags): &(u8, u8)| {
            builder.chunk(kind, flags, &[0; 16])
        };
        net.hand(1, from, &bundle.iter().fold(builder, add).finish());
    }
    assert_eq!(refused(&net, Refusal::Bundle), bundles.len() as u64);
    assert_alive(&mut net, client, server);
}

#[test]
fn a_restart_that_brings_a_new_address_is_aborted() {
    let (mut net, client, server) = Net::connected(14);
    let mut value = vec![0, 0, 0, 9, 0, 2, 0, 0, 0, 10, 0, 10, 1, 2, 3, 4];
    value.extend_from_slice(&parameter::IPV4_ADDRESS.to_be_bytes());
    value.extend_from_slice(&[0, 8, 127, 0, 0, 77]);
    let packet = PacketBuilder::new(5000, 3863, 0)
        .chunk(chunk::INIT, 0, &value)
        .finish();
    net.hand(1, net.address(0), &packet);
    let abort = net.last_sent(net.address(0), chunk::ABORT).unwrap();
    assert_eq!(abort.packet().verification_tag(), 9);
    let code = parameters(abort.packet().first().value)
        .next()
        .unwrap()
        .unwrap()
        .0;
    assert_eq!(code, cause::RESTART_WITH_NEW_ADDRESSES);
    net.run_for(ms(10));
    assert_alive(&mut net, client, server);
}

#[test]
fn the_limits_on_associations_hold_and_are_told() {
    let mut net = Net::new(15);
    net.host(&["127.0.0.1"], 9899);
    net.host_with(&["127.0.0.2"], 9899, |options| {
        options.max_associations = 5;
        options.max_associations_per_host = 3;
    });
    net.host(&["127.0.0.3"], 9899);
    net.open(1, 3863, true);
    for host in [0, 2] {
        for port in 5000..5004 {
            net.open(host, port, false);
            net.connect(host, port, 1, 3863);
        }
    }
    net.run_for(ms(100));
    assert_eq!(net.ups(1).len(), 5);
    let refusals = |net: &Net, host| {
        let downs = net.downs(host);
        assert!(
            downs
                .iter()
                .all(|(_, reason)| *reason == DownReason::Refused)
        );
        downs.len()
    };
    assert_eq!((refusals(&net, 0), refusals(&net, 2)), (1, 2));
    assert_eq!(refused(&net, Refusal::Limit), 3);
    assert_eq!(net.table_sizes(1)[..4], [5; 4]);
    // A host that is over its limit does not even get a cookie.
    net.sent.clear();
    net.hand(1, net.address(0), &init(6_000, 5));
    let abort = net.last_sent(net.address(0), chunk::ABORT).unwrap();
    assert_eq!(abort.packet().verification_tag(), 5);
    let code = parameters(abort.packet().first().value)
        .next()
        .unwrap()
        .unwrap()
        .0;
    assert_eq!((code, net.sent.len()), (cause::OUT_OF_RESOURCE, 1));
    // Room comes back.
    let first = net.ups(0)[0].0;
    net.abort(0, first, "");
    net.run_for(ms(10));
    let again = net.connect(0, 5003, 1, 3863);
    net.run_for(ms(100));
    assert_eq!(net.ups(0).last().unwrap().0, again);
}

#[test]
fn a_limit_reached_between_init_and_cookie_echo_holds() {
    let mut net = Net::new(16);
    net.host(&["127.0.0.1"], 9899);
    net.host_with(&["127.0.0.2"], 9899, |options| options.max_associations = 1);
    net.open(1, 3863, true);
    for port in 5000..5003 {
        net.open(0, port, false);
        net.connect(0, port, 1, 3863);
    }
    // All INITs are answered before the first COOKIE ECHO arrives.
    net.run_for(ms(100));
    assert_eq!(net.ups(1).len(), 1);
    assert_eq!(net.downs(0).len(), 2);
    assert_eq!(net.hosts[1].room.taken(), 1);
}

#[test]
fn packets_of_no_association_are_answered_by_the_book() {
    let mut net = Net::pair(17);
    let from: SocketAddr = "127.0.0.9:7000".parse().unwrap();
    let cases = [
        (chunk::DATA, Some((chunk::ABORT, T_BIT))),
        (chunk::HEARTBEAT, Some((chunk::ABORT, T_BIT))),
        (chunk::SHUTDOWN_ACK, Some((chunk::SHUTDOWN_COMPLETE, T_BIT))),
        (chunk::ABORT, None),
        (chunk::SHUTDOWN_COMPLETE, None),
        (chunk::COOKIE_ACK, None),
    ];
    for (kind, expected) in cases {
        net.sent.clear();
        net.hand(
            1,
            from,
            &PacketBuilder::new(7, 3863, 0xabcd)
                .chunk(kind, 0, &[0; 16])
                .finish(),
        );
        let answer = net.sent.first().map(|sent| {
            let packet: Packet<'_> = sent.packet();
            assert_eq!((sent.to, packet.verification_tag()), (from, 0xabcd));
            (packet.first().kind, packet.first().flags)
        });
        assert_eq!(answer, expected, "chunk type {kind}");
    }
    assert_eq!(refused(&net, Refusal::OutOfTheBlue), cases.len() as u64);
    assert_eq!(net.table_sizes(1), [0; 5]);
}

#[test]
fn answers_to_packets_of_no_association_are_limited() {
    let mut net = Net::pair(18);
    let data = PacketBuilder::new(7, 3863, 0xabcd)
        .chunk(chunk::DATA, 0, &[0; 16])
        .finish();
    let closed = PacketBuilder::like(&Packet::parse(&init(9, 5)).unwrap());
    let mut to_closed = closed.chunk(chunk::INIT, 0, &init(9, 5)[16..]).finish();
    to_closed[2..4].copy_from_slice(&9_999u16.to_be_bytes());
    let to_closed = with_checksum(to_closed);
    for _ in 0..5_000 {
        net.hand(1, "127.0.0.9:7000".parse().unwrap(), &data);
        net.hand(1, "127.0.0.9:7000".parse().unwrap(), &to_closed);
    }
    assert_eq!(net.sent.len(), 1_000);
    net.sent.clear();
    net.now += ms(500);
    for _ in 0..5_000 {
        net.hand(1, "127.0.0.9:7000".parse().unwrap(), &data);
    }
    assert_eq!(net.sent.len(), 500);
}

#[test]
fn a_peer_of_an_association_that_we_forgot_learns_it_at_once() {
    let (mut net, client, _) = Net::connected(19);
    net.reboot(1);
    net.open(1, 3863, true);
    net.send(0, client, b"do you know me?");
    net.run_for(ms(10));
    assert_eq!(net.downs(0), [(client, DownReason::Abort)]);
}

#[test]
fn tags_and_sequence_numbers_do_not_repeat_or_count_up() {
    let mut net = Net::pair(21);
    let mut seen = std::collections::HashSet::new();
    let mut bits = [0u32; 32];
    for index in 0..2_000u16 {
        net.hand(1, "127.0.0.9:7000".parse().unwrap(), &init(1 + index, 5));
        let sent = net.sent.pop().unwrap();
        let value = sent.packet().first().value;
        let tag = u32::from_be_bytes(value[..4].try_into().unwrap());
        assert!(seen.insert(value[..16].to_vec()));
        for (bit, count) in bits.iter_mut().enumerate() {
            *count += tag >> bit & 1;
        }
    }
    assert!(
        bits.iter().all(|count| (800..1_200).contains(count)),
        "{bits:?}"
    );
}

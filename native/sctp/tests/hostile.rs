//! Packets that somebody else made: forged, replayed, misdirected, bundled wrongly or sent in
//! floods. None of them changes anything, and little is answered (RFC 9260 §5.1, §6.10, §8.4,
//! §8.5).

mod support;

use std::net::SocketAddr;

use rserpool_sctp::userland::packet::{
    Packet, PacketBuilder, T_BIT, cause, checksum, chunk, parameter, parameters,
};
use rserpool_sctp::{DownReason, Refusal};
use support::{Datagram, Net, ms};

/// Every chunk type that `dcsctp` knows, and one that nobody does.
const ALL_KINDS: [u8; 19] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 64, 130, 192, 194, 63, 255,
];

fn init(source_port: u16, tag: u32) -> Vec<u8> {
    let mut value = tag.to_be_bytes().to_vec();
    value.extend_from_slice(&[0, 2, 0, 0, 0, 10, 0, 10, 1, 2, 3, 4]);
    PacketBuilder::new(source_port, 3863, 0)
        .chunk(chunk::INIT, 0, &value)
        .finish()
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(&bytes);
    bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn with_tag(bytes: &[u8], tag: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[4..8].copy_from_slice(&tag.to_be_bytes());
    with_checksum(bytes)
}

fn refused(net: &Net, refusal: Refusal) -> u64 {
    net.hosts[1].engine.stats().refused_for(refusal)
}

/// The association works in both directions, and nothing else was told about it.
fn assert_alive(net: &mut Net, client: u32, server: u32) {
    net.take_events(0);
    net.take_events(1);
    net.send(0, client, b"are you there?");
    net.send(1, server, b"I am.");
    net.run_for(ms(10_000));
    assert_eq!(net.messages(1, server), [b"are you there?"]);
    assert_eq!(net.messages(0, client), [b"I am."]);
    assert_eq!(
        (net.hosts[0].events.len(), net.hosts[1].events.len()),
        (1, 1)
    );
    assert_eq!(net.table_sizes(1), [1, 1, 1, 1, 0]);
}

/// The tag that the client sends with: the server's own.
fn server_tag(net: &Net) -> u32 {
    net.last_sent(net.address(1), chunk::COOKIE_ECHO)
        .unwrap()
        .packet()
        .verification_tag()
}

/// The tag that the server sends with: the client's own.
fn client_tag(net: &Net) -> u32 {
    net.last_sent(net.address(0), chunk::COOKIE_ACK)
        .unwrap()
        .packet()
        .verification_tag()
}

/// A handshake whose COOKIE ECHO was sent but has not arrived.
fn with_cookie_on_the_wire(seed: u64) -> (Net, Datagram) {
    let mut net = Net::pair(seed);
    net.connect(0, 5000, 1, 3863);
    net.run_for(ms(2));
    net.clear_wire();
    let echo = net
        .last_sent(net.address(1), chunk::COOKIE_ECHO)
        .expect("INIT ACK has arrived");
    (net, echo)
}

#[test]
fn every_forged_cookie_is_refused() {
    let (mut net, echo) = with_cookie_on_the_wire(2);
    let cookie_bytes = echo.packet().first().value.len();
    for byte in 0..cookie_bytes {
        let mut forged = echo.bytes.clone();
        forged[16 + byte] ^= 0x10;
        net.hand(1, echo.from, &with_checksum(forged));
    }
    assert_eq!(refused(&net, Refusal::Cookie), cookie_bytes as u64);
    assert_eq!(net.table_sizes(1), [0; 5]);
    assert_eq!(net.ups(1).len(), 0);
    net.hand(1, echo.from, &echo.bytes);
    assert_eq!(net.ups(1).len(), 1, "the real one is as good as before");
}

#[test]
fn a_cookie_is_good_only_where_it_was_given_to() {
    let (mut net, echo) = with_cookie_on_the_wire(3);
    for from in ["127.0.0.9:9899", "127.0.0.1:9900"] {
        net.hand(1, from.parse().unwrap(), &echo.bytes);
    }
    net.open(1, 3864, true);
    let mut other_port = echo.bytes.clone();
    other_port[2..4].copy_from_slice(&3864u16.to_be_bytes());
    net.hand(1, echo.from, &with_checksum(other_port));
    assert_eq!(refused(&net, Refusal::Cookie), 3);
    assert_eq!(net.ups(1).len(), 0);
}

#[test]
fn a_cookie_of_another_process_is_refused() {
    let (mut net, echo) = with_cookie_on_the_wire(4);
    net.reboot(1);
    net.open(1, 3863, true);
    net.hand(1, echo.from, &echo.bytes);
    assert_eq!(refused(&net, Refusal::Cookie), 1);
    assert_eq!(net.table_sizes(1), [0; 5]);
}

#[test]
fn a_cookie_older_than_its_life_is_refused_and_the_peer_is_told() {
    let (mut net, echo) = with_cookie_on_the_wire(5);
    net.hosts[0].is_silent = true;
    net.run_for(ms(61_000));
    net.sent.clear();
    net.hand(1, echo.from, &echo.bytes);
    assert_eq!(refused(&net, Refusal::StaleCookie), 1);
    assert_eq!(net.ups(1).len(), 0);
    let error = net.last_sent(echo.from, chunk::ERROR).unwrap();
    let code = parameters(error.packet().first().value)
        .next()
        .unwrap()
        .unwrap()
        .0;
    assert_eq!(code, cause::STALE_COOKIE);
}

#[test]
fn cookies_are_good_across_a_key_rotation() {
    let mut net = Net::pair(6);
    // Just before the first key has served its time.
    net.run_for(ms(298_990));
    net.connect(0, 5000, 1, 3863);
    net.run_for(ms(2));
    net.clear_wire();
    let echo = net.last_sent(net.address(1), chunk::COOKIE_ECHO).unwrap();
    net.now += ms(20_000);
    net.hand(1, echo.from, &echo.bytes);
    assert_eq!(net.ups(1).len(), 1);
    net.open(0, 5001, false);
    net.connect(0, 5001, 1, 3863);
    net.run_for(ms(2));
    let younger = net.last_sent(net.address(1), chunk::COOKIE_ECHO).unwrap();
    assert_ne!(
        echo.packet().first().value[0],
        younger.packet().first().value[0],
        "another key"
    );
}

#[test]
fn a_bad_cookie_echo_does_not_let_in_what_follows_it() {
    let (mut net, client, server) = Net::connected(7);
    let good_tag = server_tag(&net);
    let real = net.last_sent(net.address(1), chunk::COOKIE_ECHO).unwrap();
    let mut forged = real.packet().first().value.to_vec();
    forged[30] ^= 1;
    let cookies: [&[u8]; 4] = [&[], &[0xaa; 100], &forged, &forged[..20]];
    for cookie in cookies {
        for follower in [
            chunk::SHUTDOWN,
            chunk::ABORT,
            chunk::SHUTDOWN_ACK,
            chunk::DATA,
        ] {
            for tag in [good_tag, good_tag ^ 1, 0] {
                let packet = PacketBuilder::new(5000, 3863, tag)
                    .chunk(chunk::COOKIE_ECHO, 0, cookie)
                    .chunk(follower, 0, &[0; 4])
                    .finish();
                net.hand(1, real.from, &packet);
            }
        }
    }
    assert_alive(&mut net, client, server);
}

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
    // An INIT has tag 0 by right; it is answered and forgotten.
    let answers = net
        .sent
        .iter()
        .filter(|sent| sent.first_kind() != chunk::INIT_ACK)
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
fn a_replayed_handshake_changes_nothing() {
    let (mut net, client, server) = Net::connected(13);
    let handshake: Vec<Datagram> = net.sent.clone();
    for datagram in &handshake {
        if datagram.to == net.address(1) {
            net.hand(1, datagram.from, &datagram.bytes);
        } else {
            net.hand(0, datagram.from, &datagram.bytes);
        }
    }
    net.run_for(ms(1_000));
    assert!(net.restarts(1).is_empty());
    assert_alive(&mut net, client, server);
}

/// Another INIT of the pair's client, answered: the COOKIE ECHO that it would send.
fn another_echo(net: &mut Net, tag: u32) -> Vec<u8> {
    net.hand(1, net.address(0), &init(5000, tag));
    net.clear_wire();
    let answer = net.last_sent(net.address(0), chunk::INIT_ACK).unwrap();
    let value = answer.packet().first().value;
    let local_tag = u32::from_be_bytes(value[..4].try_into().unwrap());
    let is_cookie = |(kind, _): &(u16, &[u8])| *kind == parameter::STATE_COOKIE;
    let (_, cookie) = parameters(&value[16..])
        .map(Result::unwrap)
        .find(is_cookie)
        .unwrap();
    PacketBuilder::new(5000, 3863, local_tag)
        .chunk(chunk::COOKIE_ECHO, 0, cookie)
        .finish()
}

#[test]
fn a_cookie_from_before_the_association_does_not_restart_it() {
    let mut net = Net::pair(13);
    let early = another_echo(&mut net, 77);
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(100));
    let server = net.ups(1)[0].0;
    net.hand(1, net.address(0), &early);
    assert_eq!(refused(&net, Refusal::Cookie), 1);
    assert_alive(&mut net, client, server);
}

#[test]
fn of_two_cookies_for_a_restart_only_the_first_restarts() {
    let (mut net, _, server) = Net::connected(13);
    let (first, second) = (another_echo(&mut net, 77), another_echo(&mut net, 78));
    net.hand(1, net.address(0), &first);
    net.hand(1, net.address(0), &first);
    net.hand(1, net.address(0), &second);
    assert_eq!(net.restarts(1), [server]);
    assert_eq!(refused(&net, Refusal::Cookie), 1);
    assert_eq!(net.table_sizes(1)[..4], [1; 4]);
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
fn data_on_a_stream_that_was_not_offered_is_refused() {
    let (mut net, client, server) = Net::connected(20);
    let mut value = vec![0; 16];
    value[4..6].copy_from_slice(&32u16.to_be_bytes());
    let tag = server_tag(&net);
    let packet = PacketBuilder::new(5000, 3863, tag)
        .chunk(chunk::DATA, 3, &value)
        .finish();
    net.hand(1, net.address(0), &packet);
    assert_eq!(refused(&net, Refusal::Message), 1);
    assert_alive(&mut net, client, server);
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

#[test]
fn a_cookie_under_another_tag_than_its_own_is_refused() {
    let (mut net, echo) = with_cookie_on_the_wire(22);
    let tag = echo.packet().verification_tag();
    let restamped = with_tag(&echo.bytes, tag.wrapping_add(1));
    net.hand(1, echo.from, &restamped);
    assert_eq!(refused(&net, Refusal::VerificationTag), 1);
    assert_eq!(net.ups(1).len(), 0);
}

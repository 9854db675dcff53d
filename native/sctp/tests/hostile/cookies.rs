//! Cookies that are not what we gave out, or not to whom, or not now (RFC 9260 §5.1.5, §5.2.4).

use rserpool_sctp::Refusal;
use rserpool_sctp::userland::packet::{PacketBuilder, cause, chunk, parameter, parameters};

use crate::forgery::{assert_alive, init, refused, server_tag, with_checksum, with_tag};
use crate::support::{Datagram, Net, ms};

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
fn a_cookie_under_another_tag_than_its_own_is_refused() {
    let (mut net, echo) = with_cookie_on_the_wire(22);
    let tag = echo.packet().verification_tag();
    let restamped = with_tag(&echo.bytes, tag.wrapping_add(1));
    net.hand(1, echo.from, &restamped);
    assert_eq!(refused(&net, Refusal::VerificationTag), 1);
    assert_eq!(net.ups(1).len(), 0);
}

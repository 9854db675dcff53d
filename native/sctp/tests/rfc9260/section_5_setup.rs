//! §5.1 C and §5.2.6: cookies of any size, and cookies that are too old when they come back.

use rserpool_sctp::userland::packet::{PacketBuilder, cause, chunk};
use rserpool_sctp::{DownReason, SendResult};

use crate::support::peer::{PEER_TAG, Peer, chunks, data, init_value};
use crate::support::{Net, ms};

/// Host 0 calls a peer written by hand, which takes the tag of the INIT.
fn call(net: &mut Net) -> (Peer, u32) {
    let mut peer = Peer::of(net, 0, 5000);
    let id = net.connect_to(
        0,
        5000,
        vec![peer.address.ip()],
        peer.port,
        peer.address.port(),
    );
    net.run_for(ms(1));
    learn_init(net, &mut peer);
    (peer, id)
}

fn learn_init(net: &mut Net, peer: &mut Peer) {
    let sent = peer.take(net);
    let init = sent[0].packet().first();
    assert_eq!(init.kind, chunk::INIT);
    peer.engine_tag = u32::from_be_bytes(init.value[..4].try_into().unwrap());
}

fn init_ack(cookie: &[u8]) -> (u8, u8, Vec<u8>) {
    (chunk::INIT_ACK, 0, init_value(&[(7, cookie)]))
}

fn stale() -> (u8, u8, Vec<u8>) {
    let mut value = cause::STALE_COOKIE.to_be_bytes().to_vec();
    value.extend_from_slice(&[0, 8, 0, 0, 0, 100]);
    (chunk::ERROR, 0, value)
}

#[test]
fn a_cookie_comes_back_whole_whatever_its_size() {
    for length in [1, 48, 1_183, 1_184, 1_185, 1_200, 5_000, 60_000] {
        let mut net = Net::pair(1);
        let (mut peer, id) = call(&mut net);
        let cookie: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let answers = peer.ask(&mut net, &[init_ack(&cookie)]);
        assert_eq!(
            chunks(&answers)[0],
            (chunk::COOKIE_ECHO, cookie),
            "{length}"
        );
        peer.ask(&mut net, &[(chunk::COOKIE_ACK, 0, vec![])]);
        assert_eq!(net.ups(0)[0].0, id, "{length}");
    }
}

#[test]
fn data_that_has_no_room_behind_a_long_cookie_is_sent_again() {
    let mut net = Net::pair(2);
    let (mut peer, id) = call(&mut net);
    assert_eq!(net.send(0, id, b"early"), SendResult::Queued);
    let answers = peer.ask(&mut net, &[init_ack(&[7; 1_180])]);
    let kinds: Vec<u8> = chunks(&answers).iter().map(|chunk| chunk.0).collect();
    assert_eq!(kinds, [chunk::COOKIE_ECHO]);
    peer.ask(&mut net, &[(chunk::COOKIE_ACK, 0, vec![])]);
    net.run_for(ms(5_000));
    let sent = data(&peer.take(&net));
    assert_eq!(sent[0].1, b"early");
}

#[test]
fn a_stale_cookie_leads_to_another_init_with_what_waits_to_be_sent() {
    let mut net = Net::pair(3);
    let (mut peer, id) = call(&mut net);
    net.send(0, id, b"early");
    net.run_for(ms(1));
    let first_tag = peer.engine_tag;
    peer.ask(&mut net, &[init_ack(b"old")]);
    peer.send(&mut net, &[stale()]);
    net.run_for(ms(1));
    learn_init(&mut net, &mut peer);
    assert_ne!(peer.engine_tag, first_tag);
    let answers = peer.ask(&mut net, &[init_ack(b"young")]);
    assert_eq!(chunks(&answers)[0], (chunk::COOKIE_ECHO, b"young".to_vec()));
    assert_eq!(data(&answers)[0].1, b"early");
    peer.ask(&mut net, &[(chunk::COOKIE_ACK, 0, vec![])]);
    assert_eq!(net.ups(0)[0].0, id);
    assert!(net.downs(0).is_empty());
}

#[test]
fn a_peer_whose_cookies_are_always_stale_is_given_up() {
    let mut net = Net::pair(4);
    let (mut peer, id) = call(&mut net);
    for _ in 0..20 {
        if !net.downs(0).is_empty() {
            break;
        }
        peer.ask(&mut net, &[init_ack(b"old")]);
        peer.send(&mut net, &[stale()]);
        net.run_for(ms(1));
        if net.downs(0).is_empty() {
            learn_init(&mut net, &mut peer);
        }
    }
    assert_eq!(net.downs(0), [(id, DownReason::Refused)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
}

#[test]
fn a_stale_cookie_error_changes_nothing_once_the_association_is_up() {
    let mut net = Net::pair(5);
    let (mut peer, id) = Peer::connected(&mut net);
    peer.ask(&mut net, &[stale()]);
    let message = peer.data(b"still here");
    peer.ask(&mut net, &[message]);
    assert_eq!(net.messages(1, id), [b"still here"]);
    assert!(net.downs(1).is_empty());
    let forged = PacketBuilder::new(peer.port, 3863, PEER_TAG ^ 1)
        .chunk(chunk::ERROR, 0, &stale().2)
        .finish();
    net.hand(1, peer.address, &forged);
    assert!(net.downs(1).is_empty());
}

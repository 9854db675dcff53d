//! §6.2.1 D iii and §6.3.3: data that the peer takes back, and round trips that grow.

use crate::support::peer::{Draft, Peer, Sack, data};
use crate::support::{Net, ms};

const WINDOW_BYTES: u32 = 100_000;

fn sack(cumulative_tsn: u32, gaps: &[(u16, u16)]) -> Draft {
    Sack {
        cumulative_tsn,
        window_bytes: WINDOW_BYTES,
        gaps: gaps.to_vec(),
    }
    .draft()
}

/// TSNs that the engine sends within `duration_ms`.
fn sent_within(net: &mut Net, peer: &mut Peer, duration_ms: u64) -> Vec<u32> {
    net.run_for(ms(duration_ms));
    data(&peer.take(net))
        .into_iter()
        .map(|(tsn, _)| tsn)
        .collect()
}

#[test]
#[cfg_attr(not(dcsctp_is_patched), ignore = "send-reneged-data-again.patch")]
fn data_that_the_peer_reneges_on_is_sent_again() {
    let mut net = Net::pair(1);
    let (mut peer, id) = Peer::connected(&mut net);
    for byte in 0..6 {
        net.send(1, id, &[byte; 100]);
    }
    let sent = sent_within(&mut net, &mut peer, 1);
    let first = sent[0];
    let [third, fourth, sixth] = [2, 3, 5].map(|offset| first.wrapping_add(offset));
    let nothing = first.wrapping_sub(1);
    // The third, fourth and sixth have arrived; then only the fourth of them is still there.
    peer.ask(&mut net, &[sack(nothing, &[(3, 4), (6, 6)])]);
    peer.ask(&mut net, &[sack(first.wrapping_add(1), &[(2, 2)])]);
    let again = sent_within(&mut net, &mut peer, 10_000);
    assert!(
        again.contains(&third) && again.contains(&sixth),
        "{again:?}"
    );
    assert!(!again.contains(&fourth), "{again:?}");
    // What is acknowledged now stays so, and a graceful end comes about.
    peer.ask(&mut net, &[sack(first.wrapping_add(5), &[])]);
    net.shutdown(1, id);
    net.run_for(ms(10));
    let last = peer.take(&net).pop().unwrap();
    assert_eq!(
        last.first_kind(),
        rserpool_sctp::userland::packet::chunk::SHUTDOWN
    );
}

#[test]
#[cfg_attr(not(dcsctp_is_patched), ignore = "send-reneged-data-again.patch")]
fn an_end_waits_for_data_that_the_peer_reneges_on() {
    let mut net = Net::pair(2);
    let (mut peer, id) = Peer::connected(&mut net);
    for byte in 0..3 {
        net.send(1, id, &[byte; 100]);
    }
    let first = sent_within(&mut net, &mut peer, 1)[0];
    peer.ask(&mut net, &[sack(first.wrapping_sub(1), &[(2, 3)])]);
    peer.ask(&mut net, &[sack(first, &[])]);
    net.shutdown(1, id);
    let again = sent_within(&mut net, &mut peer, 10_000);
    assert!(again.contains(&first.wrapping_add(2)));
    let is_shutdown = |kind| kind == rserpool_sctp::userland::packet::chunk::SHUTDOWN;
    let has_ended = |net: &Net| net.sent.iter().any(|sent| is_shutdown(sent.first_kind()));
    assert!(!has_ended(&net));
    peer.ask(&mut net, &[sack(first.wrapping_add(2), &[])]);
    net.run_for(ms(10));
    assert!(has_ended(&net));
}

#[test]
#[cfg_attr(not(dcsctp_is_patched), ignore = "keep-a-backed-off-time-out.patch")]
fn requests_are_not_sent_twice_for_good_when_the_round_trip_grows() {
    let mut net = Net::pair(3);
    let (mut peer, id) = Peer::connected(&mut net);
    let mut exchange = |round_trip_ms: u64| {
        net.send(1, id, &[1; 36]);
        let mut sent = sent_within(&mut net, &mut peer, round_trip_ms);
        let answer = sack(sent[0], &[]);
        peer.send(&mut net, &[answer]);
        sent.append(&mut sent_within(&mut net, &mut peer, 1_000));
        sent.len()
    };
    for _ in 0..20 {
        assert_eq!(exchange(1), 1);
    }
    // Beyond the least time-out of 400 ms: the first may be sent again, but then the time-out is learnt.
    let sent: Vec<usize> = (0..20).map(|_| exchange(600)).collect();
    assert_eq!(sent[5..], [1; 15], "{sent:?}");
}

#[test]
#[cfg_attr(not(dcsctp_is_patched), ignore = "keep-a-backed-off-time-out.patch")]
fn every_time_out_doubles_the_next_one_up_to_the_limit() {
    let mut net = Net::pair(4);
    let (mut peer, id) = Peer::connected(&mut net);
    net.send(1, id, &[1; 36]);
    let first = sent_within(&mut net, &mut peer, 1)[0];
    peer.ask(&mut net, &[sack(first, &[])]);
    net.send(1, id, &[2; 36]);
    let mut times = vec![net.now];
    peer.take(&net);
    for _ in 0..25_000 {
        if !sent_within(&mut net, &mut peer, 1).is_empty() {
            times.push(net.now);
        }
    }
    let waits: Vec<u64> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis() as u64)
        .collect();
    assert_eq!(waits[..6], [400, 800, 1_600, 3_200, 5_000, 5_000]);
}

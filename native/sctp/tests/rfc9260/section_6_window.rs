//! §6.1 A and §6.2: a receive window that is used up, ours and the peer's.

use rserpool_sctp::DownReason;

use crate::support::peer::{Draft, Peer, Sack, data, sacks};
use crate::support::{Net, ms};

const WHOLE: u8 = 3;
const LAST: u8 = 1;
const FIRST: u8 = 2;
const PAYLOAD_BYTES: usize = 1_100;

/// Sends whole messages until our window has no room for another; how many.
fn fill_window(net: &mut Net, peer: &mut Peer) -> u32 {
    for count in 1..1_000 {
        let draft = peer.data(&[7; PAYLOAD_BYTES]);
        let answers = peer.ask(net, &[draft]);
        let window_bytes = sacks(&answers).last().unwrap().window_bytes;
        if (window_bytes as usize) < PAYLOAD_BYTES {
            return count;
        }
    }
    panic!("the window never closes");
}

fn last_sack(net: &mut Net, peer: &mut Peer, drafts: &[Draft]) -> Sack {
    let answers = peer.ask(net, drafts);
    sacks(&answers).pop().expect("a SACK at once")
}

#[test]
#[cfg_attr(
    not(dcsctp_is_patched),
    ignore = "acknowledge-with-a-full-window.patch"
)]
fn the_missing_tsn_opens_a_full_window() {
    let mut net = Net::pair(1);
    let (mut peer, id) = Peer::connected(&mut net);
    let before = peer.next_tsn.wrapping_sub(1);
    let missing = peer.data(b"missing");
    let kept = fill_window(&mut net, &mut peer);
    let dropped: Vec<Draft> = (0..20).map(|_| peer.data(&[8; PAYLOAD_BYTES])).collect();
    for draft in &dropped {
        let sack = last_sack(&mut net, &mut peer, std::slice::from_ref(draft));
        assert_eq!(sack.cumulative_tsn, before);
    }
    let sack = last_sack(&mut net, &mut peer, &[missing]);
    assert_eq!(sack.gaps, []);
    assert!(sack.cumulative_tsn.wrapping_sub(before) > kept);
    assert!(
        sack.window_bytes as usize > 10 * PAYLOAD_BYTES,
        "the window is open again"
    );
    for draft in dropped {
        peer.ask(&mut net, &[draft]);
    }
    assert_eq!(net.messages(1, id).len() as u32, 1 + kept + 20);
}

#[test]
#[cfg_attr(
    not(dcsctp_is_patched),
    ignore = "acknowledge-with-a-full-window.patch"
)]
fn a_whole_message_of_the_largest_size_may_be_missing_when_the_window_is_full() {
    let mut net = Net::pair(2);
    let (mut peer, id) = Peer::connected(&mut net);
    let count = 65_536 / PAYLOAD_BYTES;
    let fragments: Vec<Draft> = (0..count)
        .map(|index| {
            let flags = match index {
                0 => FIRST,
                _ if index + 1 == count => LAST,
                _ => 0,
            };
            peer.fragment(0, 0, flags, &[9; PAYLOAD_BYTES])
        })
        .collect();
    let behind = peer.fragment(1, 0, WHOLE, b"behind it");
    peer.ask(&mut net, &[behind]);
    for ssn in 1..1_000 {
        let draft = peer.fragment(0, ssn, WHOLE, &[7; PAYLOAD_BYTES]);
        if (last_sack(&mut net, &mut peer, &[draft]).window_bytes as usize) < PAYLOAD_BYTES {
            break;
        }
    }
    for draft in fragments {
        peer.ask(&mut net, &[draft]);
    }
    let messages = net.messages(1, id);
    assert!(messages.contains(&vec![9; count * PAYLOAD_BYTES]));
    assert!(net.downs(1).is_empty());
}

#[test]
#[cfg_attr(
    not(dcsctp_is_patched),
    ignore = "acknowledge-with-a-full-window.patch"
)]
fn a_tsn_that_is_too_far_ahead_is_answered_and_dropped() {
    let mut net = Net::pair(3);
    let (mut peer, id) = Peer::connected(&mut net);
    let before = peer.next_tsn.wrapping_sub(1);
    let in_order = peer.next_tsn;
    peer.next_tsn = in_order.wrapping_add(200_000);
    let far = peer.fragment(0, 0, WHOLE, b"far");
    let sack = last_sack(&mut net, &mut peer, &[far]);
    assert_eq!((sack.cumulative_tsn, sack.gaps), (before, vec![]));
    peer.next_tsn = in_order;
    let near = peer.fragment(0, 0, WHOLE, b"near");
    peer.ask(&mut net, &[near]);
    assert_eq!(net.messages(1, id), [b"near"]);
}

/// A SACK with what the engine may still send.
fn sack(cumulative_tsn: u32, window_bytes: u32) -> Draft {
    let gaps = vec![];
    Sack {
        cumulative_tsn,
        window_bytes,
        gaps,
    }
    .draft()
}

#[test]
#[cfg_attr(
    not(dcsctp_is_patched),
    ignore = "count-no-answered-window-probe.patch"
)]
fn answered_window_probes_go_on_for_ever_one_chunk_at_a_time() {
    for window_bytes in [0, 100] {
        let mut net = Net::pair(4);
        let (mut peer, id) = Peer::connected(&mut net);
        net.send(1, id, &[1; 300]);
        net.run_for(ms(1));
        let mut cumulative_tsn = data(&peer.take(&net))[0].0;
        peer.ask(&mut net, &[sack(cumulative_tsn, window_bytes)]);
        for _ in 0..5 {
            net.send(1, id, &[2; 300]);
        }
        let mut probes = 0;
        for _ in 0..600 {
            net.run_for(ms(500));
            for packet in peer.take(&net) {
                let sent = data(std::slice::from_ref(&packet));
                assert!(sent.len() <= 1, "a probe is one chunk");
                probes += sent.len();
                if !sent.is_empty() {
                    peer.send(&mut net, &[sack(cumulative_tsn, window_bytes)]);
                }
            }
        }
        assert!(net.downs(1).is_empty(), "the peer answers");
        assert!(probes > 20, "{probes} probes in five minutes");
        // It opens its window: everything arrives.
        peer.send(&mut net, &[sack(cumulative_tsn, 100_000)]);
        for _ in 0..60 {
            net.run_for(ms(500));
            for (tsn, _) in data(&peer.take(&net)) {
                if tsn == cumulative_tsn.wrapping_add(1) {
                    cumulative_tsn = tsn;
                }
                peer.send(&mut net, &[sack(cumulative_tsn, 100_000)]);
            }
        }
        net.shutdown(1, id);
        net.run_for(ms(1));
        let kinds: Vec<u8> = peer
            .take(&net)
            .iter()
            .map(|packet| packet.first_kind())
            .collect();
        assert_eq!(kinds, [rserpool_sctp::userland::packet::chunk::SHUTDOWN]);
    }
}

#[test]
fn window_probes_that_nobody_answers_end_the_association() {
    let mut net = Net::pair(5);
    let (mut peer, id) = Peer::connected(&mut net);
    net.send(1, id, &[1; 300]);
    net.run_for(ms(1));
    let cumulative_tsn = data(&peer.take(&net))[0].0;
    peer.ask(&mut net, &[sack(cumulative_tsn, 0)]);
    net.send(1, id, &[2; 300]);
    net.run_for(ms(120_000));
    assert_eq!(net.downs(1), [(id, DownReason::Lost)]);
}

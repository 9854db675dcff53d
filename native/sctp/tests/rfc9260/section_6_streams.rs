//! §6.2 and §6.5: DATA without data, and DATA on streams that there are not.

use rserpool_sctp::userland::packet::{cause, chunk};
use rserpool_sctp::{DownReason, Refusal, STREAMS};

use crate::support::peer::{Draft, Peer, causes, init, sacks};
use crate::support::{Net, ms};

const WHOLE: u8 = 3;

#[test]
fn data_on_an_unknown_stream_is_acknowledged_reported_and_discarded() {
    for stream in [STREAMS, STREAMS + 1, 9_999, u16::MAX] {
        for flags in 0..8 {
            let mut net = Net::pair(1);
            let (mut peer, id) = Peer::connected(&mut net);
            let stray = peer.fragment(stream, 5, flags, b"abcd");
            let good = peer.data(b"good");
            let mut answers = peer.ask(&mut net, &[stray, good]);
            net.run_for(ms(300));
            answers.append(&mut peer.take(&net));
            let [high, low] = stream.to_be_bytes();
            assert_eq!(
                causes(&answers, chunk::ERROR),
                Some(vec![(
                    cause::INVALID_STREAM_IDENTIFIER,
                    vec![high, low, 0, 0]
                )])
            );
            let last = sacks(&answers).pop().unwrap();
            assert_eq!(
                (last.cumulative_tsn, last.gaps.len()),
                (peer.next_tsn.wrapping_sub(1), 0)
            );
            assert_eq!(net.messages(1, id), [b"good"], "flags {flags}");
            let refused = net.hosts[1].engine.stats().refused_for(Refusal::Message);
            assert_eq!(refused, 1);
        }
    }
}

#[test]
fn every_unknown_stream_of_a_packet_is_reported() {
    let mut net = Net::pair(2);
    let (mut peer, id) = Peer::connected(&mut net);
    let drafts: Vec<Draft> = (0..10)
        .map(|index| peer.fragment(STREAMS + index, 0, WHOLE, b"abcd"))
        .collect();
    let answers = peer.ask(&mut net, &drafts);
    let codes: Vec<u16> = causes(&answers, chunk::ERROR)
        .unwrap()
        .iter()
        .map(|(_, value)| u16::from_be_bytes([value[0], value[1]]))
        .collect();
    assert_eq!(codes, (STREAMS..STREAMS + 10).collect::<Vec<_>>());
    assert!(net.messages(1, id).is_empty());
    assert!(net.downs(1).is_empty());
}

#[test]
fn data_behind_a_cookie_echo_is_held_to_the_same() {
    let mut net = Net::pair(3);
    let mut peer = Peer::of(&net, 1, 3863);
    let init_ack = peer.ask(&mut net, &[init(&[])]).remove(0);
    let cookie = peer.learn(&init_ack);
    let stray = peer.fragment(77, 0, WHOLE, b"abcd");
    let good = peer.data(b"good");
    let answers = peer.ask(&mut net, &[(chunk::COOKIE_ECHO, 0, cookie), stray, good]);
    let id = net.ups(1)[0].0;
    assert_eq!(net.messages(1, id), [b"good"]);
    let causes = causes(&answers, chunk::ERROR).unwrap();
    assert_eq!(
        causes,
        [(cause::INVALID_STREAM_IDENTIFIER, vec![0, 77, 0, 0])]
    );
}

#[test]
fn data_without_data_ends_the_association() {
    for (payload_bytes, code) in [(0, cause::NO_USER_DATA), (-3, cause::PROTOCOL_VIOLATION)] {
        let mut net = Net::pair(4);
        let (mut peer, id) = Peer::connected(&mut net);
        let tsn = peer.next_tsn;
        let mut draft = peer.fragment(0, 0, WHOLE, b"");
        draft.2.truncate((12 + payload_bytes) as usize);
        let answers = peer.ask(&mut net, &[draft]);
        let (found, information) = causes(&answers, chunk::ABORT).unwrap().remove(0);
        assert_eq!(found, code);
        if code == cause::NO_USER_DATA {
            assert_eq!(information, tsn.to_be_bytes());
        }
        assert_eq!(net.downs(1), [(id, DownReason::Abort)]);
    }
}

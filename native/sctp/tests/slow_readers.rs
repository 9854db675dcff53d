//! Peers that send requests and do not read the answers: their messages are held back, which closes their window
//! (RFC 9260 §6.2), and nobody is ended who reads.

mod support;

use rserpool_sctp::command::Command;
use rserpool_sctp::event::Event;
use rserpool_sctp::{DownReason, Refusal, SendResult};
use support::peer::{Peer, Sack, data, sacks};
use support::{Net, ms};

const REQUEST_BYTES: usize = 36;
const ANSWER_BYTES: usize = 300;
/// Octets of requests that a caller may have before it: `account.rs`, with what an event weighs.
const UNTAKEN_LIMIT: usize = 64 << 10;

fn answering_pair(seed: u64) -> (Net, u32, u32) {
    let (mut net, client, server) = Net::answering(seed);
    net.take_events(0);
    net.take_events(1);
    (net, client, server)
}

/// What a registrar does: answers every request, and keeps the answers for which there is no room.
struct Answering {
    waiting: usize,
    answered: usize,
    most_waiting: usize,
}

impl Answering {
    fn run(&mut self, net: &mut Net, association: u32) {
        let events = net.take_events(1);
        let is_request = |event: &&Event| matches!(event, Event::Message { .. });
        self.waiting += events.iter().filter(is_request).count();
        self.most_waiting = self.most_waiting.max(self.waiting);
        while self.waiting > 0 && net.send(1, association, &[2; ANSWER_BYTES]) == SendResult::Queued
        {
            self.waiting -= 1;
            self.answered += 1;
        }
    }
}

#[test]
fn a_client_that_pipelines_and_reads_gets_every_answer() {
    const REQUESTS: usize = 20_000;
    let (mut net, client, server) = answering_pair(1);
    let mut registrar = Answering {
        waiting: 0,
        answered: 0,
        most_waiting: 0,
    };
    let (mut sent, mut received) = (0, 0);
    for _ in 0..200_000 {
        while sent < REQUESTS && net.send(0, client, &[1; REQUEST_BYTES]) == SendResult::Queued {
            sent += 1;
        }
        net.run_for(ms(1));
        registrar.run(&mut net, server);
        let events = net.take_events(0);
        received += events
            .iter()
            .filter(|event| matches!(event, Event::Message { .. }))
            .count();
        if received == REQUESTS {
            break;
        }
    }
    assert_eq!(
        (sent, registrar.answered, received),
        (REQUESTS, REQUESTS, REQUESTS)
    );
    assert!(
        registrar.most_waiting * REQUEST_BYTES < 2 * UNTAKEN_LIMIT,
        "{} requests waited for room",
        registrar.most_waiting
    );
}

#[test]
fn requests_of_a_peer_that_reads_nothing_stay_in_its_window_and_the_peer_is_ended() {
    let mut net = Net::pair(2);
    net.command(1, Command::HoldBackRequests { port: 3863 });
    let (mut peer, id) = Peer::connected(&mut net);
    let mut registrar = Answering {
        waiting: 0,
        answered: 0,
        most_waiting: 0,
    };
    let mut window_bytes = u32::MAX;
    for _ in 0..20_000 {
        if window_bytes < 2_000 {
            break;
        }
        let request = peer.data(&[1; REQUEST_BYTES]);
        let answers = peer.ask(&mut net, &[request]);
        window_bytes = sacks(&answers)
            .last()
            .map_or(window_bytes, |sack| sack.window_bytes);
        registrar.run(&mut net, id);
    }
    assert!(window_bytes < 2_000, "the window never closes");
    assert!(registrar.waiting * REQUEST_BYTES < 2 * UNTAKEN_LIMIT);
    // It answers every probe, but says each time that it has no room.
    for second in 0..60 {
        for _ in 0..10 {
            net.run_for(ms(100));
            for (tsn, _) in data(&peer.take(&net)) {
                let refusal = Sack {
                    cumulative_tsn: tsn.wrapping_sub(1),
                    window_bytes: 0,
                    gaps: vec![],
                };
                peer.send(&mut net, &[refusal.draft()]);
            }
        }
        registrar.run(&mut net, id);
        if net.table_sizes(1)[0] == 0 {
            assert!((25..=45).contains(&second), "ended after {second} s");
            break;
        }
    }
    assert_eq!(net.table_sizes(1)[0], 0);
    assert_eq!(
        net.hosts[1].engine.stats().refused_for(Refusal::SlowReader),
        1
    );
}

#[test]
fn messages_that_were_held_back_arrive_before_the_end() {
    for graceful in [true, false] {
        let (mut net, client, server) = answering_pair(3);
        net.hosts[1].is_busy = true;
        let mut sent = 0;
        // More than the caller may have before it, less than the window holds.
        while sent < 1_500 {
            assert_eq!(net.send(0, client, &[1; REQUEST_BYTES]), SendResult::Queued);
            sent += 1;
        }
        net.run_for(ms(2_000));
        let untaken = net.messages(1, server).len();
        assert!(untaken < sent, "{untaken} of {sent} are held back");
        match graceful {
            true => net.shutdown(0, client),
            false => net.abort(0, client, "enough"),
        }
        net.run_for(ms(2_000));
        assert_eq!(net.messages(1, server).len(), sent);
        let reason = if graceful {
            DownReason::Shutdown
        } else {
            DownReason::Abort
        };
        assert_eq!(net.downs(1), [(server, reason)]);
        assert!(matches!(
            net.hosts[1].events.last(),
            Some(Event::Down { .. })
        ));
    }
}

#[test]
fn a_caller_that_takes_its_messages_gets_the_others() {
    let (mut net, client, server) = answering_pair(4);
    net.hosts[1].is_busy = true;
    for index in 0..1_500u32 {
        net.send(0, client, &index.to_be_bytes());
    }
    net.run_for(ms(2_000));
    assert!(net.messages(1, server).len() < 1_500);
    let mut received = 0;
    for _ in 0..10 {
        let events = net.take_messages(1);
        for event in events {
            let Event::Message { payload, .. } = event else {
                continue;
            };
            assert_eq!(payload, u32::to_be_bytes(received));
            received += 1;
        }
        net.run_for(ms(1_000));
    }
    assert_eq!(received, 1_500);
}

#[test]
fn a_caller_that_pauses_an_association_gets_no_more_of_it_until_it_resumes() {
    let (mut net, client, server) = answering_pair(6);
    net.pause(1, server, true);
    for index in 0..100u32 {
        net.send(0, client, &index.to_be_bytes());
    }
    net.run_for(ms(2_000));
    assert!(net.messages(1, server).is_empty());
    net.pause(1, server, false);
    net.run_for(ms(2_000));
    let expected: Vec<_> = (0..100u32)
        .map(|index| index.to_be_bytes().to_vec())
        .collect();
    assert_eq!(net.messages(1, server), expected);
}

#[test]
fn an_endpoint_that_is_not_told_to_holds_nothing_back() {
    let (mut net, client, server) = Net::connected(5);
    net.hosts[1].is_busy = true;
    for _ in 0..1_500 {
        net.send(0, client, &[1; REQUEST_BYTES]);
    }
    net.run_for(ms(5_000));
    assert_eq!(net.messages(1, server).len(), 1_500);
}

/// A message of which the first part never comes: the rest stays in the window.
#[test]
fn a_peer_that_fills_its_window_with_parts_of_messages_is_ended_and_the_others_are_served() {
    for count in [1, 4, 100] {
        let mut net = Net::new(7);
        net.host(&["127.0.0.1"], 9899);
        net.host(&["127.0.0.2"], 9899);
        net.open(0, 5000, false);
        net.open(1, 3863, true);
        let mut peers: Vec<Peer> = (0..count)
            .map(|index| Peer::connected_from(&mut net, 6_000 + index).0)
            .collect();
        let client = net.connect(0, 5000, 1, 3863);
        net.run_for(ms(100));
        let server = net.ups(1).last().unwrap().0;
        for peer in &mut peers {
            let mut window_bytes = u32::MAX;
            peer.next_tsn = peer.next_tsn.wrapping_add(1);
            for _ in 0..200 {
                if window_bytes < 1_400 {
                    break;
                }
                let part = peer.fragment(0, 0, 0, &[1; 1_100]);
                let answers = peer.ask(&mut net, &[part]);
                let sack = sacks(&answers).pop();
                window_bytes = sack.map_or(window_bytes, |sack| sack.window_bytes);
            }
            assert!(window_bytes < 1_400, "the window never closes");
        }
        for second in 0..40u32 {
            net.run_for(ms(1_000));
            for peer in &mut peers {
                peer.answer_heartbeats(&mut net);
            }
            net.send(0, client, &second.to_be_bytes());
        }
        net.run_for(ms(1_000));
        let downs = net.downs(1);
        assert_eq!(downs.len(), usize::from(count));
        assert!(downs.iter().all(|(_, why)| *why == DownReason::Evicted));
        let refused = net.hosts[1].engine.stats();
        assert_eq!(
            refused.refused_for(Refusal::IncompleteMessages),
            u64::from(count)
        );
        assert_eq!(net.messages(1, server).len(), 40);
    }
}

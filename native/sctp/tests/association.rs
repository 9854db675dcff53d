//! The life of associations: up, messages, restart, end (RFC 9260 §5, §6, §9; RFC 6951).

mod support;

use rserpool_sctp::userland::packet::{PacketBuilder, chunk};
use rserpool_sctp::{DownReason, Refusal, SendResult};
use support::{ASAP, Net, ip, ms};

#[test]
fn both_sides_learn_that_an_association_is_up_and_with_whom() {
    let (net, client, _) = Net::connected(1);
    let (up_client, info) = &net.ups(0)[0];
    assert_eq!(*up_client, client);
    assert_eq!(
        (info.local_port, info.peer_port, info.outbound_streams),
        (5000, 3863, 32)
    );
    assert_eq!(info.peer_addresses, [ip("127.0.0.2")]);
    let (_, info) = &net.ups(1)[0];
    assert_eq!((info.local_port, info.peer_port), (3863, 5000));
    assert_eq!(
        info.peer_addresses,
        [ip("127.0.0.1")],
        "exactly the source of its packets"
    );
}

#[test]
fn messages_keep_bytes_payload_protocol_stream_and_order() {
    let (mut net, client, server) = Net::connected(2);
    for index in 0..10u8 {
        net.send_on(0, client, u32::from(index) + 100, 7, &[index; 5]);
    }
    net.run_for(ms(100));
    let received: Vec<_> = net.hosts[1]
        .events
        .iter()
        .filter_map(|event| match event {
            rserpool_sctp::event::Event::Message {
                association,
                ppid,
                stream,
                payload,
            } => {
                assert_eq!((*association, *stream), (server, 7));
                Some((*ppid, payload.clone()))
            }
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (0..10u8)
        .map(|index| (u32::from(index) + 100, vec![index; 5]))
        .collect();
    assert_eq!(received, expected);
    net.send(1, server, b"echo");
    net.run_for(ms(100));
    assert_eq!(net.messages(0, client), [b"echo"]);
}

#[test]
fn messages_may_be_sent_before_the_association_is_up() {
    let mut net = Net::pair(3);
    let client = net.connect(0, 5000, 1, 3863);
    assert_eq!(net.send(0, client, b"early"), SendResult::Queued);
    net.run_for(ms(100));
    let server = net.ups(1)[0].0;
    assert_eq!(net.messages(1, server), [b"early"]);
}

#[test]
fn messages_of_one_batch_share_packets() {
    let (mut net, client, server) = Net::connected(4);
    net.sent.clear();
    let mut batch = rserpool_sctp::command::Batch::default();
    for _ in 0..10 {
        batch.send(client, ASAP, 0, &[1; 36]);
    }
    net.run_batch(0, batch);
    assert_eq!(net.sent.len(), 1);
    net.run_for(ms(100));
    assert_eq!(net.messages(1, server).len(), 10);
}

#[test]
fn a_message_of_60_000_bytes_arrives_whole() {
    let (mut net, client, server) = Net::connected(5);
    let message: Vec<u8> = (0..60_000u32).map(|index| (index % 251) as u8).collect();
    net.send(0, client, &message);
    net.run_for(ms(2_000));
    assert_eq!(net.messages(1, server), [message]);
}

#[test]
fn five_hundred_associations_share_one_port() {
    let mut net = Net::pair(6);
    let clients: Vec<u32> = (0..500u16)
        .map(|index| {
            net.open(0, 10_000 + index, false);
            net.connect(0, 10_000 + index, 1, 3863)
        })
        .collect();
    net.run_for(ms(500));
    assert_eq!((net.ups(0).len(), net.ups(1).len()), (500, 500));
    for (index, client) in clients.iter().enumerate() {
        net.send(0, *client, &(index as u32).to_be_bytes());
    }
    net.run_for(ms(500));
    for (server, info) in net.ups(1) {
        let index = u32::from(info.peer_port - 10_000);
        assert_eq!(net.messages(1, server), [index.to_be_bytes()]);
    }
}

#[test]
fn a_full_buffer_says_so_and_becomes_writable_once_half_of_it_is_free() {
    let mut net = Net::new(7);
    net.host_with(&["127.0.0.1"], 9899, |options| {
        options.max_message_bytes = 10_000;
        options.send_buffer_bytes = 20_000;
    });
    net.host(&["127.0.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let client = net.connect(0, 5000, 1, 3863);
    assert_eq!(net.send(0, client, &[1; 10_000]), SendResult::Queued);
    assert_eq!(net.send(0, client, &[2; 10_000]), SendResult::Queued);
    assert_eq!(net.send(0, client, &[3; 1]), SendResult::Full);
    net.run_for(ms(1_000));
    let writable = |event: &&rserpool_sctp::event::Event| {
        matches!(event, rserpool_sctp::event::Event::Writable { .. })
    };
    assert_eq!(net.hosts[0].events.iter().filter(writable).count(), 1);
    assert_eq!(net.send(0, client, &[3; 1]), SendResult::Queued);
}

#[test]
fn a_heartbeat_is_answered_on_the_path_it_came_on() {
    let mut net = Net::new(10);
    net.host(&["127.0.0.1", "127.0.0.11"], 9899);
    net.host(&["127.0.0.2", "127.0.0.12"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    net.connect(0, 5000, 1, 3863);
    net.run_for(ms(100));
    let echo = net.last_sent(net.address(1), chunk::COOKIE_ECHO).unwrap();
    let tag = echo.packet().verification_tag();
    let heartbeat = PacketBuilder::new(5000, 3863, tag)
        .chunk(chunk::HEARTBEAT, 0, &[0, 1, 0, 8, 1, 2, 3, 4])
        .finish();
    let (from, to) = (
        "127.0.0.11:9899".parse().unwrap(),
        "127.0.0.12:9899".parse().unwrap(),
    );
    net.inject(from, to, &heartbeat);
    net.run_for(ms(1));
    let answer = net.last_sent(from, chunk::HEARTBEAT_ACK).unwrap();
    assert_eq!((answer.from, answer.to), (to, from));
    assert_eq!(answer.packet().first().value, [0, 1, 0, 8, 1, 2, 3, 4]);
}

#[test]
fn a_port_that_nobody_opened_refuses() {
    let mut net = Net::pair(14);
    let client = net.connect(0, 5000, 1, 3864);
    net.run_for(ms(100));
    assert_eq!(net.downs(0), [(client, DownReason::Refused)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
}

#[test]
fn an_endpoint_that_only_calls_refuses() {
    let mut net = Net::pair(15);
    net.open(1, 3864, false);
    let client = net.connect(0, 5000, 1, 3864);
    net.run_for(ms(100));
    assert_eq!(net.downs(0), [(client, DownReason::Refused)]);
}

#[test]
fn a_broken_answer_to_an_init_does_not_keep_a_good_one_out() {
    let mut net = Net::pair(16);
    net.hosts[1].is_silent = true;
    let client = net.connect(0, 5000, 1, 3863);
    let sent = net.last_sent(net.address(1), chunk::INIT).unwrap();
    let tag = u32::from_be_bytes(sent.packet().first().value[..4].try_into().unwrap());
    let mut value = vec![0, 0, 0, 9, 0, 2, 0, 0, 0, 10, 0, 10, 1, 2, 3, 4];
    // Zero Checksum Acceptable without its value.
    value.extend_from_slice(&[0, 7, 0, 8, 1, 2, 3, 4, 0x80, 1, 0, 4]);
    let broken = PacketBuilder::new(3863, 5000, tag)
        .chunk(chunk::INIT_ACK, 0, &value)
        .finish();
    net.hand(0, net.address(1), &broken);
    assert_eq!(
        net.hosts[0].engine.stats().refused_for(Refusal::Malformed),
        1
    );
    net.hosts[1].is_silent = false;
    net.run_for(ms(2_000));
    assert_eq!(net.ups(0)[0].0, client);
}

#[test]
fn a_restart_from_the_same_udp_port_keeps_the_association_and_drops_old_data() {
    let (mut net, client, server) = Net::connected(19);
    // What the old process will never acknowledge.
    net.hosts[0].is_silent = true;
    net.send(1, server, b"for the old process");
    net.run_for(ms(10));
    net.reboot(0);
    net.open(0, 5000, false);
    let again = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(1_000));
    assert_eq!(net.restarts(1), [server]);
    assert!(net.downs(1).is_empty());
    net.send(1, server, b"for the new one");
    net.send(0, again, b"hello again");
    net.run_for(ms(1_000));
    assert_eq!(net.messages(0, again), [b"for the new one"]);
    assert_eq!(net.messages(1, server), [b"hello again"]);
    assert_eq!(net.table_sizes(1)[..4], [1; 4]);
    assert_eq!(client, again, "both are the first of their process");
}

#[test]
fn another_udp_port_is_another_association_on_the_same_sctp_ports() {
    let (mut net, client, server) = Net::connected(20);
    let other = net.host(&["127.0.0.1"], 40_000);
    net.open(other, 5000, false);
    let third = net.connect(other, 5000, 1, 3863);
    net.run_for(ms(100));
    assert!(net.restarts(1).is_empty());
    let servers = net.ups(1);
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[1].1.peer_port, 5000);
    net.send(1, server, b"first");
    net.send(1, servers[1].0, b"second");
    net.run_for(ms(100));
    assert_eq!(net.messages(0, client), [b"first"]);
    assert_eq!(net.messages(other, third), [b"second"]);
}

#[test]
fn the_peers_udp_port_is_learnt_from_its_packets() {
    let (mut net, client, server) = Net::connected(21);
    net.hosts[0].udp_port = 41_000;
    net.send(0, client, b"from behind another port");
    net.run_for(ms(100));
    net.send(1, server, b"found you");
    net.run_for(ms(100));
    assert_eq!(net.messages(0, client), [b"found you"]);
    assert_eq!(net.table_sizes(1)[..4], [1; 4]);
}

#[test]
fn a_second_call_to_the_same_peer_on_the_same_ports_is_refused() {
    let (mut net, client, _) = Net::connected(23);
    let second = net.connect(0, 5000, 1, 3863);
    assert_eq!(net.downs(0), [(second, DownReason::Refused)]);
    net.send(0, client, b"still here");
    net.run_for(ms(100));
    assert_eq!(net.hosts[0].room.taken(), 1);
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let run = || {
        let (mut net, client, _) = Net::connected(28);
        net.send(0, client, &[7; 20_000]);
        net.run_for(ms(30_000));
        net.sent
            .into_iter()
            .map(|datagram| datagram.bytes)
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

//! ICMP "port unreachable" is a hint, and only from somebody who knows our packets (RFC 9260 §10).

mod support;

use rserpool_sctp::DownReason;
use rserpool_sctp::userland::packet::chunk;
use support::{Net, ip, ms};

#[test]
fn a_call_is_refused_at_once_where_nobody_listens() {
    let mut net = Net::pair(1);
    net.hosts[1].is_silent = true;
    let client = net.connect(0, 5000, 1, 3863);
    let init = net.last_sent(net.address(1), chunk::INIT).unwrap();
    net.report(0, &init);
    assert_eq!(net.downs(0), [(client, DownReason::Refused)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
}

#[test]
fn a_call_goes_on_at_the_peers_other_addresses() {
    let mut net = Net::new(2);
    net.host(&["10.20.0.1", "10.30.0.1"], 9899);
    net.host(&["10.30.0.2"], 9899);
    net.open(0, 5000, false);
    net.open(1, 3863, true);
    let addresses = vec![ip("10.20.0.2"), ip("10.30.0.2")];
    let client = net.connect_to(0, 5000, addresses, 3863, 9899);
    let nobody = "10.20.0.2:9899".parse().unwrap();
    let init = net.last_sent(nobody, chunk::INIT).unwrap();
    net.report(0, &init);
    net.run_for(ms(5_000));
    assert_eq!(net.ups(0)[0].0, client);
}

#[test]
fn a_report_that_does_not_quote_our_tag_changes_nothing() {
    let mut net = Net::pair(3);
    net.hosts[1].is_silent = true;
    net.connect(0, 5000, 1, 3863);
    let init = net.last_sent(net.address(1), chunk::INIT).unwrap();
    for place in [4, 12, 16, 19] {
        let mut forged = init.clone();
        forged.bytes[place] ^= 1;
        net.report(0, &forged);
    }
    let mut short = init;
    for length in 0..20 {
        short.bytes.truncate(19 - length);
        net.report(0, &short);
    }
    assert_eq!(net.downs(0), []);
}

#[test]
fn an_established_association_is_probed_and_lives_while_its_peer_answers() {
    let (mut net, client, server) = Net::connected(4);
    net.send(0, client, b"hello");
    net.run_for(ms(1_000));
    let data = net.last_sent(net.address(1), chunk::DATA).unwrap();
    for _ in 0..100 {
        net.sent.clear();
        net.report(0, &data);
        assert!(net.last_sent(net.address(1), chunk::HEARTBEAT).is_some());
        net.report(0, &data);
        assert_eq!(net.sent.len(), 1, "one probe at a time");
        net.run_for(ms(100));
    }
    net.run_for(ms(60_000));
    assert_eq!((net.downs(0), net.downs(1)), (vec![], vec![]));
    assert_eq!(net.path_changes(0), []);
    net.send(1, server, b"still here");
    net.run_for(ms(1_000));
    assert_eq!(net.messages(0, client), [b"still here"]);
}

#[test]
fn an_established_association_is_lost_soon_when_the_probes_stay_unanswered() {
    let (mut net, client, _) = Net::connected(5);
    net.send(0, client, b"hello");
    net.run_for(ms(1_000));
    let data = net.last_sent(net.address(1), chunk::DATA).unwrap();
    net.hosts[1].is_silent = true;
    net.report(0, &data);
    net.run_for(ms(5_000));
    assert_eq!(net.downs(0), []);
    net.run_for(ms(10_000));
    assert_eq!(net.downs(0), [(client, DownReason::Lost)]);
    assert_eq!(net.table_sizes(0), [0; 5]);
}

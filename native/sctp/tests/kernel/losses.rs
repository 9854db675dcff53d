//! Networks and peers that fail, and what else takes a device to play with.

use rserpool_sctp::records::*;
use rserpool_sctp::{StackOptions, try_kernel};

use crate::caller::{Caller, Record, ip};
use crate::scene::*;

/// A device that swallows what is sent to it, on which a test may have addresses and take them away:
/// only where the environment names one, as in the lab.
struct Device(String);

impl Device {
    fn of_lab() -> Option<Self> {
        let device = std::env::var("RSERPOOL_LAB_DEVICE").ok();
        if device.is_none() {
            eprintln!("skipped: RSERPOOL_LAB_DEVICE names no device to play with");
        }
        device.map(Device)
    }

    fn add(&self, address: &str) {
        self.change("add", address);
    }

    /// Nobody at this address hears or says anything any more.
    fn remove(&self, address: &str) {
        self.change("del", address);
    }

    fn change(&self, what: &str, address: &str) {
        let network = format!("{address}/24");
        let arguments = ["address", what, &network, "dev", &self.0];
        let status = std::process::Command::new("ip").args(arguments).status();
        assert!(status.unwrap().success(), "ip {}", arguments.join(" "));
    }
}

#[test]
fn an_association_is_lost_where_nobody_answers() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.96.0.1");
    let mut client = start(&["10.96.0.1"], |_| {});
    let association = connect(&mut client, &["10.96.0.2"], 3863);
    let down = client.wait_for(KIND_DOWN, 1)[0].clone();
    assert_eq!((down.association, down.first), (association, LOST));
}

#[test]
fn a_peer_that_falls_silent_is_noticed_by_heartbeats() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.95.0.1");
    device.add("10.95.0.2");
    let (mut server, port) = server(&["10.95.0.1"], |_| {});
    let mut client = start(&["10.95.0.2"], |_| {});
    connect(&mut client, &["10.95.0.1"], port);
    server.wait_for(KIND_UP, 1);
    device.remove("10.95.0.2");
    assert_eq!(server.wait_for(KIND_DOWN, 1)[0].first, LOST);
}

/// It goes without a word, as one does whose machine fails, and comes back with its old port.
#[test]
fn a_peer_that_starts_anew_restarts_its_association() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    device.add("10.97.0.1");
    device.add("10.97.0.2");
    // So many that it is still there on a machine that lets the client wait for seconds.
    let patient = |options: &mut StackOptions| options.max_retransmissions = 1_000;
    let (mut server, port) = server(&["10.97.0.1"], patient);
    let call = || {
        let mut client = start(&["10.97.0.2"], |_| {});
        let local = client.stack.open(5_000, false).unwrap();
        let peer = [ip("10.97.0.1")];
        let association = client.stack.connect(local, &peer, port, None).unwrap();
        client.wait_for(KIND_UP, 1);
        (client, association)
    };
    let (mut before, _) = call();
    let accepted = server.wait_for(KIND_UP, 1)[0].association;
    device.remove("10.97.0.2");
    before.stack.close();
    device.add("10.97.0.2");
    let (mut after, association) = call();
    let restart = server.wait_for(KIND_RESTART, 1)[0].clone();
    assert_eq!(restart.association, accepted);
    send(&mut server, accepted, b"welcome");
    server.stack.flush();
    assert_eq!(after.wait_for(KIND_MESSAGE, 1)[0].bytes, b"welcome");
    send(&mut after, association, b"thanks");
    after.stack.flush();
    assert_eq!(server.wait_for(KIND_MESSAGE, 1)[0].bytes, b"thanks");
    assert!(server.of_kind(KIND_DOWN).is_empty());
}

/// RFC 9260 §6.4: with one of two networks cut the exchange goes on over the other.
#[test]
fn a_cut_network_costs_a_two_homed_association_nothing() {
    need_kernel!();
    let Some(device) = Device::of_lab() else {
        return;
    };
    let (here, there) = (["10.98.0.1", "10.98.1.1"], ["10.98.0.2", "10.98.1.2"]);
    for address in here.iter().chain(&there) {
        device.add(address);
    }
    let enduring = |options: &mut StackOptions| {
        options.max_retransmissions = 20;
        options.path_max_retransmissions = 2;
    };
    let (mut server, port) = server(&there, enduring);
    let mut client = start(&here, enduring);
    let association = connect(&mut client, &there[..1], port);
    let is_path = |is_up: u32| {
        move |records: &[Record]| {
            records.iter().any(|record| {
                record.kind == KIND_PATH && record.first == is_up && record.bytes == b"10.98.0.2"
            })
        }
    };
    client.wait_for(KIND_PATH, 1);
    let mut sent = 0u32;
    let mut exchange = |client: &mut Caller, server: &mut Caller, count: u32| {
        for _ in 0..count {
            send(client, association, &sent.to_be_bytes());
            sent += 1;
        }
        client.stack.flush();
        server.wait_for(KIND_MESSAGE, sent as usize);
    };
    exchange(&mut client, &mut server, 100);
    device.remove("10.98.0.2");
    exchange(&mut client, &mut server, 100);
    client.wait_until(is_path(0));
    device.add("10.98.0.2");
    let failed = client.records.len();
    client.wait_until(|records| is_path(1)(&records[failed..]));
    exchange(&mut client, &mut server, 100);
    for (index, message) in server.of_kind(KIND_MESSAGE).iter().enumerate() {
        assert_eq!(message.bytes, (index as u32).to_be_bytes());
    }
    assert!(client.of_kind(KIND_DOWN).is_empty() && server.of_kind(KIND_DOWN).is_empty());
}

/// RFC 6951: at the UDP port that the kernel listens on it answers, at another one nobody does; and the
/// next association goes without UDP again.
#[test]
fn a_peer_is_called_over_udp_where_a_udp_port_is_named() {
    need_kernel!();
    if Device::of_lab().is_none() {
        return;
    }
    std::fs::write("/proc/sys/net/sctp/udp_port", "9899").unwrap();
    let (mut server, port) = server(&["127.0.0.1"], |_| {});
    let mut client = start(&["127.0.0.2"], |_| {});
    let local = client.stack.open(0, false).unwrap();
    let peer = [ip("127.0.0.1")];
    let mut call = |peer_port: u16, udp_port: Option<u16>| {
        let association = client.stack.connect(local, &peer, peer_port, udp_port);
        client.stack.flush();
        association.unwrap()
    };
    let over_udp = call(port, Some(9899));
    let astray = call(port + 1, Some(9898));
    let plain = call(port + 2, None);
    assert_eq!(client.wait_for(KIND_UP, 1)[0].association, over_udp);
    let downs = client.wait_for(KIND_DOWN, 2);
    let reason = |association| downs.iter().find(|down| down.association == association);
    assert_eq!(reason(astray).unwrap().first, LOST);
    // Nobody listens there, but somebody says so.
    assert_eq!(reason(plain).unwrap().first, REFUSED);
    send(&mut client, over_udp, b"wrapped");
    client.stack.flush();
    assert_eq!(server.wait_for(KIND_MESSAGE, 1)[0].bytes, b"wrapped");
}

//! Peers whose addresses change while the association is up (ASCONF, RFC 5061).

use std::fs;

use rserpool_sctp::records::*;
use rserpool_sctp::try_kernel;

use crate::caller::ip;
use crate::scene::*;

#[test]
fn addresses_that_a_peer_adds_and_removes_are_told() {
    need_kernel!();
    for name in ["addip_enable", "addip_noauth_enable"] {
        fs::write(format!("/proc/sys/net/sctp/{name}"), "1").unwrap();
    }
    let (mut server, port) = server(&["127.0.0.1"], |_| {});
    let mut client = start(&["127.0.4.1"], |options| {
        options.may_change_addresses = true
    });
    connect(&mut client, &["127.0.0.1"], port);
    let up = server.wait_for(KIND_UP, 1).remove(0);
    client.wait_for(KIND_UP, 1);
    assert_eq!(text(&up), "127.0.4.1");

    client
        .stack
        .use_addresses(&[ip("127.0.4.1"), ip("127.0.4.2")])
        .unwrap();
    client.stack.flush();
    let added = server.wait_for(KIND_ADDRESSES, 1).remove(0);
    assert_eq!(
        (added.association, text(&added)),
        (up.association, "127.0.4.1 127.0.4.2")
    );

    client.stack.use_addresses(&[ip("127.0.4.2")]).unwrap();
    client.stack.flush();
    let removed = server.wait_for(KIND_ADDRESSES, 2).remove(1);
    assert_eq!(text(&removed), "127.0.4.2");
    assert!(server.of_kind(KIND_DOWN).is_empty());
}

#[test]
fn every_address_of_a_peer_counts_however_many_it_has() {
    need_kernel!();
    let addresses: Vec<String> = (1..=200).map(|last| format!("127.0.5.{last}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let (mut server, port) = server(&["127.0.0.1"], |_| {});
    let mut client = start(&addresses, |_| {});
    connect(&mut client, &["127.0.0.1"], port);
    let up = server.wait_for(KIND_UP, 1).remove(0);
    let mut told: Vec<&str> = text(&up).split(' ').collect();
    let mut expected = addresses.clone();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

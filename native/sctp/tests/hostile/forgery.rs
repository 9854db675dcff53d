//! What forgers do, and what must be the same afterwards.

use rserpool_sctp::Refusal;
use rserpool_sctp::userland::packet::{PacketBuilder, checksum, chunk};

use crate::support::{Net, ms};

pub fn init(source_port: u16, tag: u32) -> Vec<u8> {
    let mut value = tag.to_be_bytes().to_vec();
    value.extend_from_slice(&[0, 2, 0, 0, 0, 10, 0, 10, 1, 2, 3, 4]);
    PacketBuilder::new(source_port, 3863, 0)
        .chunk(chunk::INIT, 0, &value)
        .finish()
}

pub fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(&bytes);
    bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

pub fn with_tag(bytes: &[u8], tag: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[4..8].copy_from_slice(&tag.to_be_bytes());
    with_checksum(bytes)
}

pub fn refused(net: &Net, refusal: Refusal) -> u64 {
    net.hosts[1].engine.stats().refused_for(refusal)
}

/// The association works in both directions, and nothing else was told about it.
pub fn assert_alive(net: &mut Net, client: u32, server: u32) {
    net.take_events(0);
    net.take_events(1);
    net.send(0, client, b"are you there?");
    net.send(1, server, b"I am.");
    net.run_for(ms(10_000));
    assert_eq!(net.messages(1, server), [b"are you there?"]);
    assert_eq!(net.messages(0, client), [b"I am."]);
    assert_eq!(
        (net.hosts[0].events.len(), net.hosts[1].events.len()),
        (1, 1)
    );
    assert_eq!(net.table_sizes(1), [1, 1, 1, 1, 0]);
}

/// The tag that the client sends with: the server's own.
pub fn server_tag(net: &Net) -> u32 {
    net.last_sent(net.address(1), chunk::COOKIE_ECHO)
        .unwrap()
        .packet()
        .verification_tag()
}

/// The tag that the server sends with: the client's own.
pub fn client_tag(net: &Net) -> u32 {
    net.last_sent(net.address(0), chunk::COOKIE_ACK)
        .unwrap()
        .packet()
        .verification_tag()
}

//! What other fuzzers have found: every file of the folder RSERPOOL_SCTP_CORPUS, such as usrsctp's `fuzzer/CORPUS_CONNECT`,
//! as a packet of a stranger and as one of a live association. No panic, no hang, and others are served.

mod support;

use std::path::Path;
use std::{env, fs};

use rserpool_sctp::userland::packet::{PacketBuilder, checksum};
use support::peer::Peer;
use support::{Net, ms};

const HEADER_BYTES: usize = 12;

#[test]
fn a_corpus_of_packets_harms_nobody() {
    let Ok(folder) = env::var("RSERPOOL_SCTP_CORPUS") else {
        eprintln!("skipped: RSERPOOL_SCTP_CORPUS names no folder with packets");
        return;
    };
    let files = files_in(Path::new(&folder));
    assert!(!files.is_empty(), "{folder} has no files");
    for bytes in &files {
        replay(bytes);
    }
    eprintln!("{} files replayed", files.len());
}

/// Of folders within it, too.
fn files_in(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the corpus") {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_in(&path)),
            false => files.push(fs::read(&path).unwrap()),
        }
    }
    files
}

fn replay(bytes: &[u8]) {
    let mut net = Net::pair(1);
    let (peer, _) = Peer::connected(&mut net);
    let whole = as_packet(bytes, &peer);
    for packet in [bytes.to_vec(), as_chunks(bytes, &peer)]
        .into_iter()
        .chain(whole)
    {
        net.hand(1, "127.0.0.66:7000".parse().unwrap(), &packet);
        net.hand(1, peer.address, &packet);
        net.run_for(ms(10));
    }
    net.run_for(ms(120_000));
    // Somebody else is served.
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(1_000));
    let server = net.ups(1).last().unwrap().0;
    net.send(0, client, b"are you there?");
    net.run_for(ms(1_000));
    assert_eq!(net.messages(1, server), [b"are you there?"]);
}

/// As a packet of the association: with its ports, its tag and a right checksum.
fn as_packet(bytes: &[u8], peer: &Peer) -> Option<Vec<u8>> {
    let chunks = bytes.get(HEADER_BYTES..)?;
    Some(as_chunks(chunks, peer))
}

/// As what is behind the common header of such a packet.
fn as_chunks(bytes: &[u8], peer: &Peer) -> Vec<u8> {
    let mut packet = PacketBuilder::new(peer.port, peer.engine_port, peer.engine_tag).finish();
    packet.extend_from_slice(bytes);
    let checksum = checksum(&packet);
    packet[8..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    packet
}

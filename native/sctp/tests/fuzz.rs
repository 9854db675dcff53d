//! Twenty thousand damaged packets, from somebody who cannot see the traffic and from somebody who
//! can, and floods: no panic, no hang, no growth. The seeds are fixed; a failure names its step.

mod support;

use std::net::SocketAddr;
use std::sync::Mutex;

use rserpool_sctp::userland::packet::{PacketBuilder, checksum, chunk};
use support::{Datagram, Net, Weather, ms};

const STEPS: usize = 20_000;

/// What the process may have grown by at the end, in bytes: allocators keep some of what they once
/// had.
const MAX_GROWTH: usize = 16 << 20;

/// Memory is measured for the whole process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .map_or(0, |pages: usize| pages * 4096)
}

/// Everything that two hosts say to each other from the first INIT to the last SHUTDOWN COMPLETE,
/// with losses on the way, so that every kind of packet is there.
fn conversation(seed: u64) -> Vec<Datagram> {
    let mut net = Net::pair(seed);
    net.weather = Weather {
        loss: 10,
        doubled: 5,
        late: 20,
    };
    let client = net.connect(0, 5000, 1, 3863);
    net.run_for(ms(20_000));
    for (host, id) in [(0, Some(client)), (1, net.ups(1).first().map(|up| up.0))] {
        for size in [10, 100, 5_000] {
            net.send(host, id.expect("the association is up"), &vec![1; size]);
        }
    }
    net.run_for(ms(60_000));
    net.shutdown(0, client);
    net.run_for(ms(60_000));
    net.open(0, 5001, false);
    let refused = net.connect(0, 5001, 1, 1);
    net.run_for(ms(1_000));
    net.abort(0, refused, "");
    net.sent
}

/// Damages a packet in up to four ways, and mostly gives it a right checksum again.
fn mutate(rng: &mut fastrand::Rng, packet: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    for _ in 0..rng.usize(1..=4) {
        if bytes.len() < 16 {
            break;
        }
        let at = rng.usize(12..bytes.len());
        match rng.u8(0..8) {
            0 => bytes[at] ^= 1 << rng.u8(0..8),
            1 => bytes[at] = rng.u8(..),
            2 => bytes.truncate(at),
            3 => bytes.extend_from_slice(&other[other.len().min(12)..]),
            // Lengths are where parsers break.
            4 => bytes[14..16].copy_from_slice(&rng.u16(0..64).to_be_bytes()),
            5 => {
                bytes[12] = rng
                    .choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 192, 194])
                    .unwrap()
            }
            6 => bytes[13] = rng.u8(..),
            _ => {
                let aligned = at & !3;
                let end = (aligned + 4).min(bytes.len());
                let value = rng
                    .choice([0u32, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX])
                    .unwrap();
                bytes[aligned..end].copy_from_slice(&value.to_be_bytes()[..end - aligned]);
            }
        }
    }
    if rng.u8(0..20) > 0 && bytes.len() >= 12 {
        let checksum = checksum(&bytes);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

#[test]
fn a_live_association_survives_damaged_packets_of_others() {
    let _alone = ALONE.lock();
    let corpus = conversation(1);
    let mut rng = fastrand::Rng::with_seed(2);
    let (mut net, client, server) = Net::connected(3);
    let addresses: [SocketAddr; 2] = [net.address(0), net.address(1)];
    let before = resident_bytes();
    for step in 0..STEPS {
        let original = rng.choice(&corpus).unwrap();
        let other = rng.choice(&corpus).unwrap();
        // Another conversation's tags: what somebody who cannot see this one would have.
        let packet = mutate(&mut rng, &original.bytes, &other.bytes);
        let target = usize::from(original.to == addresses[1]);
        net.hand(target, addresses[1 - target], &packet);
        if step % 100 == 0 {
            net.sent.clear();
            net.run_for(ms(50));
            net.send(0, client, &(step as u32).to_be_bytes());
        }
    }
    net.run_for(ms(20_000));
    assert!(net.downs(0).is_empty() && net.downs(1).is_empty());
    assert!(net.restarts(0).is_empty() && net.restarts(1).is_empty());
    let expected: Vec<_> = (0..STEPS as u32)
        .step_by(100)
        .map(|step| step.to_be_bytes())
        .collect();
    assert_eq!(net.messages(1, server), expected);
    assert_eq!(
        (net.table_sizes(0), net.table_sizes(1)),
        ([1, 1, 1, 1, 0], [1, 1, 1, 1, 0])
    );
    assert!(resident_bytes().saturating_sub(before) < MAX_GROWTH);
}

#[test]
fn damaged_packets_in_every_state_leave_nothing_behind() {
    let _alone = ALONE.lock();
    let mut rng = fastrand::Rng::with_seed(4);
    let mut net = Net::pair(5);
    let before = resident_bytes();
    let mut client = None;
    let mut recent: Vec<Datagram> = Vec::new();
    for step in 0..STEPS {
        // The conversation goes on; whenever it has ended, another one begins.
        let is_live = client.is_some_and(|id| !net.downs(0).iter().any(|down| down.0 == id));
        if !is_live {
            net.take_events(0);
            net.take_events(1);
            client = Some(net.connect(0, 5000, 1, 3863));
        }
        if let Some(id) = client.filter(|_| step % 7 == 0) {
            net.send(0, id, &vec![step as u8; rng.usize(1..3_000)]);
        }
        if let Some(id) = client.filter(|_| rng.u16(0..300) == 0) {
            net.shutdown(0, id);
        }
        recent.append(&mut net.sent);
        recent.drain(..recent.len().saturating_sub(8));
        // Somebody on the path damages what was just said, tags and all.
        let (original, other) = (rng.choice(&recent).unwrap(), rng.choice(&recent).unwrap());
        let packet = mutate(&mut rng, &original.bytes, &other.bytes);
        let target = usize::from(original.to == net.address(1));
        net.hand(target, original.from, &packet);
        net.run_for(ms(rng.u64(0..4)));
        for host in 0..2 {
            assert!(
                net.table_sizes(host)[..4].iter().all(|size| *size <= 2),
                "step {step}"
            );
        }
    }
    // When it stops, both sides come to rest and a new association works.
    if let Some(id) = client {
        net.abort(0, id, "");
    }
    net.run_for(ms(300_000));
    net.take_events(1);
    let client = net.connect(0, 5000, 1, 3863);
    net.send(0, client, b"all is well");
    net.run_for(ms(10_000));
    let server = net.ups(1).last().unwrap().0;
    assert_eq!(net.messages(1, server), [b"all is well"]);
    assert_eq!(
        (net.table_sizes(0), net.table_sizes(1)),
        ([1, 1, 1, 1, 0], [1, 1, 1, 1, 0])
    );
    assert!(resident_bytes().saturating_sub(before) < MAX_GROWTH);
}

#[test]
fn a_flood_of_inits_costs_no_memory() {
    let _alone = ALONE.lock();
    let mut net = Net::pair(6);
    let mut value = vec![0, 0, 0, 1, 0, 2, 0, 0, 0, 10, 0, 10, 1, 2, 3, 4];
    let mut flood = |net: &mut Net, count: u32| {
        for index in 0..count {
            value[..4].copy_from_slice(&(index + 1).to_be_bytes());
            let packet = PacketBuilder::new(1 + (index % 50_000) as u16, 3863, 0);
            let packet = packet.chunk(chunk::INIT, 0, &value).finish();
            let port = 1_024 + (index % 60_000) as u16;
            net.hand(
                1,
                SocketAddr::new("127.0.0.3".parse().unwrap(), port),
                &packet,
            );
            assert_eq!(
                net.sent.pop().map(|sent| sent.first_kind()),
                Some(chunk::INIT_ACK)
            );
            net.clear_wire();
        }
    };
    flood(&mut net, 1_000);
    let before = resident_bytes();
    flood(&mut net, 100_000);
    assert!(resident_bytes().saturating_sub(before) < 1 << 20);
    assert_eq!(net.table_sizes(1), [0; 5]);
    assert_eq!(net.hosts[1].room.taken(), 0);
    assert!(net.hosts[1].events.is_empty());
}

//! Two million damaged packets, from somebody who cannot see the traffic and from somebody who can, and
//! floods: no panic, no hang, no growth. `npm run fuzz -- N` takes N packets a test and fresh seeds. A
//! failure names its seed, and `RSERPOOL_FUZZ_SEED` with no more packets than one run has repeats it.

mod support;

use std::env;
use std::net::SocketAddr;
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use rserpool_sctp::userland::packet::{PacketBuilder, checksum, chunk};
use support::{Datagram, Net, Weather, ms};

/// Damaged packets in one run, which has one seed.
const STEPS: usize = 20_000;

/// Damaged packets of one test, unless the environment says otherwise.
const PACKETS: usize = 1_000_000;

/// What the process may have grown by at the end, in bytes: allocators keep some of what they once
/// had.
const MAX_GROWTH: usize = 16 << 20;

/// Far more than a step takes: then it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counts steps, for the watchdog.
static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// Memory is measured for the whole process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn number_from(variable: &str) -> Option<u64> {
    Some(env::var(variable).ok()?.parse().expect("a number"))
}

/// Calls `run` with one seed after the other until there were packets enough.
fn with_seeds(test: &str, first_seed: u64, mut run: impl FnMut(u64)) {
    let packets = number_from("RSERPOOL_FUZZ_PACKETS").map_or(PACKETS, |packets| packets as usize);
    let first_seed = number_from("RSERPOOL_FUZZ_SEED").unwrap_or(first_seed);
    let watchdog = Watchdog::start();
    for index in 0..packets.div_ceil(STEPS) as u64 {
        let seed = first_seed + index;
        watchdog.seed.store(seed, SeqCst);
        let named = Named { test, seed };
        run(seed);
        drop(named);
    }
}

/// Says which seed it was when a run panics.
struct Named<'a> {
    test: &'a str,
    seed: u64,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Named { test, seed } = self;
            eprintln!("{test} failed with RSERPOOL_FUZZ_SEED={seed}");
        }
    }
}

/// Ends the process when nothing goes on any more.
struct Watchdog {
    seed: &'static AtomicU64,
    _alive: std::sync::mpsc::Sender<()>,
}

impl Watchdog {
    fn start() -> Self {
        let seed: &'static AtomicU64 = Box::leak(Box::default());
        let (alive, ended) = std::sync::mpsc::channel::<()>();
        thread::spawn(move || {
            let mut seen = PROGRESS.load(SeqCst);
            // The other end is dropped when the test is over.
            while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(PATIENCE)
            {
                let progress = PROGRESS.load(SeqCst);
                if progress == seen {
                    eprintln!("it hangs with RSERPOOL_FUZZ_SEED={}", seed.load(SeqCst));
                    process::abort();
                }
                seen = progress;
            }
        });
        Watchdog {
            seed,
            _alive: alive,
        }
    }
}

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
    let before = resident_bytes();
    with_seeds("damaged packets of others", 1, damaged_packets_of_others);
    assert!(resident_bytes().saturating_sub(before) < MAX_GROWTH);
}

fn damaged_packets_of_others(seed: u64) {
    let corpus = conversation(seed);
    let mut rng = fastrand::Rng::with_seed(seed + 1);
    let (mut net, client, server) = Net::connected(seed + 2);
    let addresses: [SocketAddr; 2] = [net.address(0), net.address(1)];
    for step in 0..STEPS {
        PROGRESS.fetch_add(1, SeqCst);
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
}

#[test]
fn damaged_packets_in_every_state_leave_nothing_behind() {
    let _alone = ALONE.lock();
    let before = resident_bytes();
    with_seeds(
        "damaged packets in every state",
        4,
        damaged_packets_in_every_state,
    );
    assert!(resident_bytes().saturating_sub(before) < MAX_GROWTH);
}

fn damaged_packets_in_every_state(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut net = Net::pair(seed + 1);
    let mut client = None;
    let mut recent: Vec<Datagram> = Vec::new();
    for step in 0..STEPS {
        PROGRESS.fetch_add(1, SeqCst);
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
}

#[test]
fn a_flood_of_inits_costs_no_memory_and_others_are_served_meanwhile() {
    let _alone = ALONE.lock();
    let (mut net, client, server) = Net::connected(6);
    let sizes = net.table_sizes(1);
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
            if index % 1_000 == 0 {
                net.send(0, client, b"still there?");
                net.run_for(ms(50));
                assert_eq!(net.messages(1, server), [b"still there?"]);
                net.take_events(1);
                net.sent.clear();
            }
        }
    };
    flood(&mut net, 10_000);
    let before = resident_bytes();
    flood(&mut net, 500_000);
    assert!(resident_bytes().saturating_sub(before) < 1 << 20);
    assert_eq!(net.table_sizes(1), sizes);
    assert_eq!(net.hosts[1].room.taken(), 1);
    assert!(net.hosts[1].events.is_empty());
}

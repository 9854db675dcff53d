//! Hosts that call each other at once (RFC 9260 §5.2.1, §5.2.4), also on different networks and knowing one of
//! each other's addresses or both: one association stays.

mod support;

use rserpool_sctp::DownReason;
use support::{Net, Weather, ip, ms};

const A: [&str; 2] = ["10.20.0.1", "10.20.0.2"];
const B: [&str; 2] = ["10.30.0.1", "10.30.0.2"];
const PORTS: [u16; 2] = [5000, 3863];

/// What hosts may know of one another: networks, the first to be called first.
const KNOWN: [&[[&str; 2]]; 4] = [&[A], &[B], &[A, B], &[B, A]];

fn two_hosts(seed: u64) -> Net {
    let mut net = Net::new(seed);
    for (host, port) in PORTS.into_iter().enumerate() {
        net.host(&[A[host], B[host]], 9899);
        net.open(host, port, true);
    }
    net
}

/// Lets `host` call the other one over these networks.
fn call(net: &mut Net, host: usize, networks: &[[&str; 2]]) -> u32 {
    let peer = 1 - host;
    let addresses = networks.iter().map(|network| ip(network[peer])).collect();
    net.connect_to(host, PORTS[host], addresses, PORTS[peer], 9899)
}

/// The associations of a host that are up.
fn alive(net: &Net, host: usize) -> Vec<u32> {
    let ended = net.downs(host);
    let is_ended = |id: &u32| ended.iter().any(|(down, _)| down == id);
    let ups = net.ups(host).into_iter().map(|(id, _)| id);
    ups.filter(|id| !is_ended(id)).collect()
}

/// Exactly one association is left on both sides, and it carries messages both ways.
fn assert_one_works(net: &mut Net, what: &str) {
    let [left, right] = [0, 1].map(|host| {
        let alive = alive(net, host);
        assert_eq!(alive.len(), 1, "{what}: host {host} has {alive:?}");
        alive[0]
    });
    net.send(0, left, b"to the right");
    net.send(1, right, b"to the left");
    net.run_for(ms(20_000));
    assert_eq!(
        net.messages(1, right).last().unwrap(),
        b"to the right",
        "{what}"
    );
    assert_eq!(
        net.messages(0, left).last().unwrap(),
        b"to the left",
        "{what}"
    );
    assert_eq!(net.table_sizes(0)[..4], [1, 1, 2, 1], "{what}");
    assert_eq!(net.table_sizes(1)[..4], [1, 1, 2, 1], "{what}");
}

/// Whoever called hears once what became of it.
fn assert_heard(net: &Net, host: usize, called: u32, what: &str) {
    let is_up = alive(net, host).contains(&called);
    let downs = net
        .downs(host)
        .into_iter()
        .filter(|(id, _)| *id == called)
        .count();
    assert_eq!(usize::from(is_up) + downs, 1, "{what}: host {host}");
}

#[test]
fn calls_that_cross_end_in_one_association_whatever_the_hosts_know_of_one_another() {
    for (left, right) in KNOWN
        .into_iter()
        .flat_map(|left| KNOWN.map(|right| (left, right)))
    {
        for seed in 0..20 {
            let what = format!("{left:?} {right:?} seed {seed}");
            let mut net = two_hosts(seed);
            let called = [call(&mut net, 0, left), call(&mut net, 1, right)];
            net.run_for(ms(5_000));
            assert_one_works(&mut net, &what);
            for (host, called) in called.into_iter().enumerate() {
                assert_heard(&net, host, called, &what);
            }
        }
    }
}

#[test]
fn calls_that_cross_in_bad_weather_leave_one_association_or_are_reported() {
    for (left, right) in KNOWN
        .into_iter()
        .flat_map(|left| KNOWN.map(|right| (left, right)))
    {
        for seed in 0..50 {
            let what = format!("{left:?} {right:?} seed {seed}");
            let mut net = two_hosts(seed);
            let mut random = fastrand::Rng::with_seed(seed);
            net.weather = Weather {
                loss: 20,
                doubled: 10,
                late: 30,
            };
            let first = call(&mut net, 0, left);
            net.run_for(ms(random.u64(..30)));
            let called = [first, call(&mut net, 1, right)];
            net.run_for(ms(120_000));
            net.weather = Weather::default();
            net.run_for(ms(120_000));
            for (host, called) in called.into_iter().enumerate() {
                assert_heard(&net, host, called, &what);
            }
            if !alive(&net, 0).is_empty() || !alive(&net, 1).is_empty() {
                assert_one_works(&mut net, &what);
            }
        }
    }
}

#[test]
fn a_second_call_over_the_other_network_ends_in_the_first_association() {
    let mut net = two_hosts(1);
    call(&mut net, 0, &[A]);
    net.run_for(ms(1_000));
    let second = call(&mut net, 0, &[B]);
    net.run_for(ms(1_000));
    assert_eq!(net.downs(0), [(second, DownReason::Refused)]);
    assert_one_works(&mut net, "a second call");
}

#[test]
fn two_calls_that_cross_become_one_association() {
    let mut net = Net::new(22);
    net.host(&["127.0.0.1"], 9899);
    net.host(&["127.0.0.2"], 9899);
    net.open(0, 9901, true);
    net.open(1, 9901, true);
    let left = net.connect(0, 9901, 1, 9901);
    let right = net.connect(1, 9901, 0, 9901);
    net.run_for(ms(2_000));
    assert_eq!((net.ups(0).len(), net.ups(1).len()), (1, 1));
    assert_eq!((net.ups(0)[0].0, net.ups(1)[0].0), (left, right));
    net.send(0, left, b"to the right");
    net.send(1, right, b"to the left");
    net.run_for(ms(1_000));
    assert_eq!(net.messages(1, right), [b"to the right"]);
    assert_eq!(net.messages(0, left), [b"to the left"]);
}

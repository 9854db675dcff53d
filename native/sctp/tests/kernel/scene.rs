//! Stacks on the kernel's SCTP, and pairs of them, with time-outs that are short.

use std::time::Duration;

use rserpool_sctp::records::*;
use rserpool_sctp::{Backend, DownReason, SendResult, StackOptions};

use crate::caller::{Caller, Record, ip};

pub const SHUTDOWN: u32 = DownReason::Shutdown as u32;
pub const ABORT: u32 = DownReason::Abort as u32;
pub const LOST: u32 = DownReason::Lost as u32;
pub const EVICTED: u32 = DownReason::Evicted as u32;
pub const REFUSED: u32 = DownReason::Refused as u32;

/// Short time-outs, so that losses are noticed soon.
pub fn quick(options: &mut StackOptions) {
    options.backend = Backend::Kernel;
    options.rto_initial = Duration::from_millis(200);
    options.rto_min = Duration::from_millis(100);
    options.rto_max = Duration::from_millis(400);
    options.max_retransmissions = 4;
    options.heartbeat_interval = Duration::from_millis(500);
    options.slow_reader_timeout = Duration::from_secs(2);
}

pub fn start(addresses: &[&str], adjust: impl FnOnce(&mut StackOptions)) -> Caller {
    Caller::start_with(addresses[0], |options| {
        options.local_addresses = addresses.iter().map(|address| ip(address)).collect();
        quick(options);
        adjust(options);
    })
}

/// A stack with an endpoint at a free port.
pub fn server(addresses: &[&str], adjust: impl FnOnce(&mut StackOptions)) -> (Caller, u16) {
    let mut server = start(addresses, adjust);
    let port = server.stack.open(0, true).unwrap();
    server.stack.flush();
    (server, port)
}

pub fn connect(client: &mut Caller, peer: &[&str], port: u16) -> u32 {
    let local = client.stack.open(0, false).unwrap();
    let peer: Vec<_> = peer.iter().map(|address| ip(address)).collect();
    let association = client.stack.connect(local, &peer, port, None).unwrap();
    client.stack.flush();
    association
}

pub struct Pair {
    pub client: Caller,
    pub server: Caller,
    /// As the client knows it, and as the server does.
    pub association: u32,
    pub accepted: u32,
    pub port: u16,
}

pub fn pair_with(adjust: impl Fn(&mut StackOptions)) -> Pair {
    let (mut server, port) = server(&["127.0.0.1"], &adjust);
    let mut client = start(&["127.0.0.2"], &adjust);
    let association = connect(&mut client, &["127.0.0.1"], port);
    client.wait_for(KIND_UP, 1);
    let accepted = server.wait_for(KIND_UP, 1)[0].association;
    Pair {
        client,
        server,
        association,
        accepted,
        port,
    }
}

pub fn pair() -> Pair {
    pair_with(|_| {})
}

pub fn send(caller: &mut Caller, association: u32, payload: &[u8]) {
    let result = caller.stack.send(association, 11, 0, payload).unwrap();
    assert_eq!(result, SendResult::Queued);
}

pub fn text(record: &Record) -> &str {
    std::str::from_utf8(&record.bytes).unwrap()
}

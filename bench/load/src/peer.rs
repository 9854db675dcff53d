//! A peer of a registrar (ENRP, RFC 5353) that keeps nothing: it says that it lives, and drops what it is told. So
//! what peers cost the registrar itself can be measured where they have no processors of their own.

use std::net::IpAddr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rserpool_sctp::{Backend, SendResult, Stack, StackOptions, records};

use crate::Error;
use crate::options::Load;

/// Payload protocol identifier of ENRP (RFC 5353 §5.3).
const ENRP: u32 = 12;
/// More often than any registrar wants it.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Is a peer of the registrar at `--sctp-port`, its ENRP port, until it is ended.
pub fn run(load: &Load) -> Result<(), Error> {
    let (wake, woken) = channel();
    let mut options = StackOptions::new(vec![load.source]);
    options.backend = load.transport;
    options.udp_port = 0;
    let wake = Box::new(move || {
        let _ = wake.send(()); // the receiver lives as long as this process
    });
    let mut stack = Stack::start(options, wake)?;
    // From the port on which it would be called, as registrars do.
    stack.open(load.sctp_port, true)?;
    let udp_port = (load.transport == Backend::Udp).then_some(load.udp_port);
    let association = stack.connect(load.sctp_port, &[load.registrar], load.sctp_port, udp_port)?;
    let presence = presence(load.source, load.sctp_port)?;
    let mut words = vec![0; 4096 * records::RECORD_WORDS];
    let mut arena = vec![0; 4 << 20];
    let mut is_up = false;
    let mut heartbeat = Instant::now();
    loop {
        if is_up && Instant::now() >= heartbeat {
            heartbeat = Instant::now() + HEARTBEAT;
            if stack.send(association, ENRP, 0, &presence)? == SendResult::Gone {
                return Err("the association with the registrar has ended".into());
            }
        }
        stack.flush();
        if woken.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Disconnected) {
            return Err("the SCTP stack has ended".into());
        }
        loop {
            let drained = stack.drain(&mut words, &mut arena)?;
            let seen = words.chunks(records::RECORD_WORDS).take(drained.count);
            is_up |= seen.into_iter().any(|record| record[0] == records::KIND_UP);
            if !drained.more {
                break;
            }
        }
    }
}

/// An ENRP_PRESENCE (RFC 5353 §2.1) of one that owns nothing, and has its address for its identifier.
fn presence(source: IpAddr, port: u16) -> Result<Vec<u8>, Error> {
    let IpAddr::V4(address) = source else {
        return Err("--source: a peer has an IPv4 address.".into());
    };
    let id = address.octets();
    let mut message = vec![0x01, 0, 0, 44];
    message.extend(id); // sender
    message.extend([0; 4]); // receiver: anybody
    message.extend([0x00, 0x0f, 0, 6, 0xff, 0xff, 0, 0]); // PE Checksum of nothing
    message.extend([0x00, 0x0b, 0, 24]); // Server Information
    message.extend(id);
    message.extend([0x00, 0x04, 0, 16]); // SCTP Transport, data only
    message.extend(port.to_be_bytes());
    message.extend([0, 0]);
    message.extend([0x00, 0x01, 0, 8]); // IPv4 Address
    message.extend(id);
    Ok(message)
}

//! What answering costs without a registrar: an endpoint of the same layer that answers every message
//! with bytes of a given length, as quickly as it can.

use std::net::IpAddr;
use std::sync::mpsc::channel;

use rserpool_sctp::{Stack, StackOptions, records};

use crate::Error;

/// Prints its UDP port, then serves until it is ended.
pub fn serve(sctp_port: u16, reply_bytes: usize) -> Result<(), Error> {
    let (wake, woken) = channel();
    let mut options = StackOptions::new(vec![IpAddr::from([127, 0, 0, 1])]);
    options.udp_port = 0;
    options.max_associations_per_host = options.max_associations;
    let wake = Box::new(move || {
        let _ = wake.send(()); // the receiver lives as long as this process
    });
    let mut stack = Stack::start(options, wake)?;
    stack.open(sctp_port, true)?;
    stack.flush();
    println!("{{\"udpPort\":{}}}", stack.udp_port());
    let reply = vec![0; reply_bytes];
    let mut words = vec![0; 1024 * records::RECORD_WORDS];
    let mut arena = vec![0; 1 << 20];
    while woken.recv().is_ok() {
        loop {
            let drained = stack.drain(&mut words, &mut arena)?;
            for record in words.chunks(records::RECORD_WORDS).take(drained.count) {
                if let [records::KIND_MESSAGE, association, _, _, protocol, ..] = *record {
                    stack.send(association, protocol, 0, &reply)?;
                }
            }
            stack.flush();
            if !drained.more {
                break;
            }
        }
    }
    Ok(())
}

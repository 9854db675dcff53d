//! What answering costs without a registrar: an endpoint of the same layer that answers every request with
//! ready-made bytes, as quickly as it can.

use std::sync::mpsc::channel;

use rserpool_sctp::{Stack, StackOptions, records};

use crate::Error;
use crate::messages::Answers;
use crate::options::Load;

/// Prints its UDP port, then serves until it is ended.
pub fn serve(load: &Load) -> Result<(), Error> {
    let (wake, woken) = channel();
    let mut options = StackOptions::new(vec![load.registrar]);
    options.backend = load.transport;
    options.udp_port = 0;
    options.max_associations_per_host = options.max_associations;
    let wake = Box::new(move || {
        let _ = wake.send(()); // the receiver lives as long as this process
    });
    let mut stack = Stack::start(options, wake)?;
    stack.open(load.sctp_port, true)?;
    stack.flush();
    println!("{{\"udpPort\":{}}}", stack.udp_port());
    let answers = Answers::new(&load.pool, load.elements, load.source);
    let mut words = vec![0; 1024 * records::RECORD_WORDS];
    let mut arena = vec![0; 1 << 20];
    while woken.recv().is_ok() {
        loop {
            let drained = stack.drain(&mut words, &mut arena)?;
            for record in words.chunks(records::RECORD_WORDS).take(drained.count) {
                if let [
                    records::KIND_MESSAGE,
                    association,
                    offset,
                    length,
                    protocol,
                    _,
                ] = *record
                {
                    let request = &arena[offset as usize..][..length as usize];
                    stack.send(association, protocol, 0, &answers.to(request))?;
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

//! SCTP right above IP, on raw sockets, which take root: without it there is nothing to be seen here.

use std::net::IpAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{Backend, ErrorKind, SendResult, Stack, StackOptions};

const PATIENCE: Duration = Duration::from_secs(20);

struct Caller {
    stack: Stack,
    woken: Receiver<()>,
    words: Vec<u32>,
    arena: Vec<u8>,
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// `None` where the system does not allow it.
fn start(address: &str) -> Option<Caller> {
    let (wake, woken) = channel();
    let mut options = StackOptions::new(vec![ip(address)]);
    options.backend = Backend::Raw;
    let stack = match Stack::start(options, Box::new(move || wake.send(()).unwrap_or_default())) {
        Err(error) if error.kind() == ErrorKind::NoRawSockets => {
            // SAFETY: takes nothing, returns a number.
            assert_ne!(unsafe { libc::geteuid() }, 0, "{error}");
            eprintln!("not run: {error}");
            return None;
        }
        result => result.unwrap(),
    };
    let (words, arena) = (vec![0; 64 * RECORD_WORDS], vec![0; 1 << 17]);
    Some(Caller {
        stack,
        woken,
        words,
        arena,
    })
}

impl Caller {
    /// The next record of a kind: its association and its bytes.
    fn next(&mut self, kind: u32) -> (u32, Vec<u8>) {
        let end = Instant::now() + PATIENCE;
        self.stack.flush();
        loop {
            // One record at a time, as the arena is used again.
            let words = &mut self.words[..RECORD_WORDS];
            let drained = self.stack.drain(words, &mut self.arena).unwrap();
            let [found, association, offset, length, ..] = *words else {
                unreachable!()
            };
            if drained.count == 1 && found == kind {
                let bytes = &self.arena[offset as usize..][..length as usize];
                return (association, bytes.to_vec());
            }
            if drained.count == 0 {
                let left = end.saturating_duration_since(Instant::now());
                self.woken.recv_timeout(left).expect("in time");
            }
        }
    }

    fn connect(&mut self, address: &str, port: u16) -> u32 {
        let local = self.stack.open(0, false).unwrap();
        let addresses = [ip(address)];
        let association = self.stack.connect(local, &addresses, port, None).unwrap();
        assert_eq!(self.next(KIND_UP).0, association);
        association
    }

    fn send(&mut self, association: u32, payload: &[u8]) {
        let result = self.stack.send(association, 11, 0, payload).unwrap();
        assert_eq!(result, SendResult::Queued);
        self.stack.flush();
    }
}

#[test]
fn messages_cross_between_two_addresses_of_either_family() {
    for (ours, theirs) in [("127.0.13.1", "127.0.13.2"), ("::1", "::1")] {
        let (Some(mut client), Some(mut server)) = (start(ours), start(theirs)) else {
            return;
        };
        server.stack.open(3863, true).unwrap();
        server.stack.flush();
        let association = client.connect(theirs, 3863);
        let (accepted, address) = server.next(KIND_UP);
        assert_eq!(address, ours.as_bytes());
        client.send(association, &[7; 60_000]);
        assert_eq!(server.next(KIND_MESSAGE), (accepted, vec![7; 60_000]));
        server.send(accepted, b"answer");
        assert_eq!(client.next(KIND_MESSAGE), (association, b"answer".to_vec()));
        client.stack.shutdown(association);
        client.next(KIND_DOWN);
        server.next(KIND_DOWN);
    }
}

#[test]
fn two_stacks_share_an_address_by_their_ports() {
    let address = "127.0.14.2";
    let (Some(mut first), Some(mut second)) = (start(address), start(address)) else {
        return;
    };
    let mut client = start("127.0.14.1").unwrap();
    for (server, port) in [(&mut first, 3863), (&mut second, 3864)] {
        server.stack.open(port, true).unwrap();
        server.stack.flush();
    }
    for (server, port) in [(&mut first, 3863), (&mut second, 3864)] {
        let association = client.connect(address, port);
        let (accepted, _) = server.next(KIND_UP);
        client.send(association, b"who is there?");
        assert_eq!(server.next(KIND_MESSAGE).0, accepted);
    }
    let refused = |caller: &Caller| {
        let stats = caller.stack.stats();
        let count = stats.refused().find(|(name, _)| *name == "outOfTheBlue");
        count.map(|(_, count)| count)
    };
    // It has seen the other's packets, or will soon.
    let end = Instant::now() + PATIENCE;
    while refused(&first) == Some(0) {
        assert!(Instant::now() < end, "not in time");
        std::thread::sleep(Duration::from_millis(1));
    }
}

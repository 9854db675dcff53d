//! Packet input and output below SCTP: one socket per local address, so that every packet leaves with
//! the right source. Which sockets is said in `udp.rs` and `raw.rs`.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::error::StackError;
use crate::userland::datagrams::{BATCH, Incoming, Outgoing};
use crate::userland::engine::Transmit;
use crate::userland::error_queue::{self, QUOTE_BYTES};
use crate::userland::raw;

/// From which local address (by its index) to which peer a packet goes, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub local: usize,
    /// The peer's IP address and UDP port; without UDP always the same port ([`raw::PORT`]).
    ///
    /// [`raw::PORT`]: crate::userland::raw::PORT
    pub peer: SocketAddr,
}

/// What became of the packets given to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// They left, or are lost as packets get lost.
    Done,
    /// No room for those that are left: try again when the link is writable.
    Blocked,
}

pub(crate) trait Link {
    /// Reads a batch of packets without waiting. False: there are no more.
    fn receive(&mut self, take: &mut dyn FnMut(Route, &[u8])) -> bool;
    /// Takes packets from the front, in order.
    fn send(&mut self, packets: &mut VecDeque<Transmit>) -> Sent;
    /// Reads what the network reports of packets that found nobody: on which route, and the beginning
    /// of the packet.
    fn reports(&mut self, take: &mut dyn FnMut(Route, &[u8]));
    /// Adds the socket of another local address, which has the next index.
    fn add(&mut self, socket: OwnedFd);
    /// What to wait on for reading and writing.
    fn file_descriptors(&self) -> impl Iterator<Item = RawFd>;
}

/// What the system puts around a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing that is seen here.
    Udp,
    /// The IPv4 header, on reading from an IPv4 socket.
    Raw,
}

/// 5 000 INITs at once overflow the usual 208 KiB and fit into this.
pub(crate) const BUFFER_BYTES: i32 = 4 << 20;

/// Reports read from a socket at a time.
const MAX_REPORTS: usize = 1_000;

/// The sockets of the local addresses, in their order.
pub(crate) struct SocketLink {
    sockets: Vec<OwnedFd>,
    framing: Framing,
    incoming: Incoming,
    outgoing: Outgoing,
}

impl SocketLink {
    pub fn new(sockets: Vec<OwnedFd>, framing: Framing) -> Result<Self, StackError> {
        let no_room = |error| StackError::system("allocate the receive buffers", &error);
        Ok(SocketLink {
            sockets,
            framing,
            incoming: Incoming::new().map_err(no_room)?,
            outgoing: Outgoing::new(),
        })
    }
}

impl Link for SocketLink {
    /// A batch of each socket, so that a busy one does not starve the others.
    fn receive(&mut self, take: &mut dyn FnMut(Route, &[u8])) -> bool {
        let mut is_more = false;
        for (local, socket) in self.sockets.iter().enumerate() {
            let count = self.incoming.receive(socket.as_raw_fd());
            is_more |= count == BATCH;
            for index in 0..count {
                let (Some(peer), bytes) = self.incoming.get(index) else {
                    continue;
                };
                match self.framing {
                    Framing::Udp => take(Route { local, peer }, bytes),
                    Framing::Raw => raw::take(local, peer, bytes, take),
                }
            }
        }
        is_more
    }

    fn send(&mut self, packets: &mut VecDeque<Transmit>) -> Sent {
        while let Some(first) = packets.front() {
            let local = first.route.local;
            let batch = packets
                .iter()
                .take_while(|packet| packet.route.local == local)
                .map(|packet| (packet.route.peer, &packet.packet[..]));
            let fd = self.sockets[local].as_raw_fd();
            // An error may be what an earlier packet met: it is told once, by whichever call is next.
            let sent = self.outgoing.send(fd, batch.clone());
            let sent = sent.or_else(|error| match error.kind() {
                ErrorKind::WouldBlock => Err(error),
                _ => self.outgoing.send(fd, batch),
            });
            let gone = match sent {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Sent::Blocked,
                // The first is lost, as packets get lost.
                Err(_) => 1,
            };
            packets.drain(..gone.max(1));
        }
        Sent::Done
    }

    fn reports(&mut self, take: &mut dyn FnMut(Route, &[u8])) {
        let mut quote = [0; QUOTE_BYTES];
        for (local, socket) in self.sockets.iter().enumerate() {
            for _ in 0..MAX_REPORTS {
                match error_queue::next(socket.as_raw_fd(), &mut quote) {
                    Some(Some((peer, length))) => take(Route { local, peer }, &quote[..length]),
                    Some(None) => {}
                    None => break,
                }
            }
        }
    }

    fn add(&mut self, socket: OwnedFd) {
        self.sockets.push(socket);
    }

    fn file_descriptors(&self) -> impl Iterator<Item = RawFd> {
        self.sockets.iter().map(AsRawFd::as_raw_fd)
    }
}

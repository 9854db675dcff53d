//! Packet input and output below SCTP: UDP sockets, one per local address, so that every packet
//! leaves with the right source (RFC 6951). Raw IP sockets would be another `Link`.

use std::collections::VecDeque;
use std::io::ErrorKind as IoErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use crate::error::{ErrorKind, StackError};
use crate::sys;
use crate::userland::datagrams::{BATCH, Incoming, Outgoing};
use crate::userland::engine::Transmit;

/// From which local address (by its index) to which peer a packet goes, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    pub local: usize,
    /// The peer's IP address and UDP port.
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
    /// What to wait on for reading and writing.
    fn file_descriptors(&self) -> impl Iterator<Item = RawFd>;
}

/// 5 000 INITs at once overflow the usual 208 KiB and fit into this.
const BUFFER_BYTES: i32 = 4 << 20;

/// SCTP over UDP.
pub(crate) struct UdpLink {
    sockets: Vec<UdpSocket>,
    udp_port: u16,
    incoming: Incoming,
    outgoing: Outgoing,
}

impl UdpLink {
    /// Binds `udp_port` on every address; 0: a port that is free on all of them.
    pub fn bind(addresses: &[IpAddr], udp_port: u16) -> Result<Self, StackError> {
        const ATTEMPTS: usize = 16;
        let mut result = Self::bind_all(addresses, udp_port);
        for _ in 1..ATTEMPTS {
            match &result {
                Err(error) if udp_port == 0 && error.kind() == ErrorKind::UdpPortInUse => {
                    result = Self::bind_all(addresses, udp_port);
                }
                _ => break,
            }
        }
        result
    }

    fn bind_all(addresses: &[IpAddr], udp_port: u16) -> Result<Self, StackError> {
        let mut link = UdpLink {
            sockets: Vec::new(),
            udp_port,
            incoming: Incoming::new(),
            outgoing: Outgoing::new(),
        };
        for &address in addresses {
            let refusal = |error| bind_error(address, link.udp_port, &error);
            let socket = UdpSocket::bind((address, link.udp_port)).map_err(refusal)?;
            socket.set_nonblocking(true).map_err(refusal)?;
            sys::enlarge_buffers(socket.as_raw_fd(), BUFFER_BYTES);
            link.udp_port = socket.local_addr().map_err(refusal)?.port();
            link.sockets.push(socket);
        }
        Ok(link)
    }

    pub fn udp_port(&self) -> u16 {
        self.udp_port
    }
}

impl Link for UdpLink {
    /// A batch of each socket, so that a busy one does not starve the others.
    fn receive(&mut self, take: &mut dyn FnMut(Route, &[u8])) -> bool {
        let mut is_more = false;
        for (local, socket) in self.sockets.iter().enumerate() {
            let count = self.incoming.receive(socket.as_raw_fd());
            is_more |= count == BATCH;
            for index in 0..count {
                if let (Some(peer), packet) = self.incoming.get(index) {
                    take(Route { local, peer }, packet);
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
            let gone = match self.outgoing.send(self.sockets[local].as_raw_fd(), batch) {
                Ok(count) => count,
                Err(error) if error.kind() == IoErrorKind::WouldBlock => return Sent::Blocked,
                // The first is lost, as packets get lost.
                Err(_) => 1,
            };
            packets.drain(..gone.max(1));
        }
        Sent::Done
    }

    fn file_descriptors(&self) -> impl Iterator<Item = RawFd> {
        self.sockets.iter().map(AsRawFd::as_raw_fd)
    }
}

fn bind_error(address: IpAddr, udp_port: u16, error: &std::io::Error) -> StackError {
    let (kind, sentence) = match error.kind() {
        IoErrorKind::AddrNotAvailable => (
            ErrorKind::AddressNotLocal,
            format!("{address} is no address of this machine: name one that is."),
        ),
        IoErrorKind::AddrInUse => (
            ErrorKind::UdpPortInUse,
            format!(
                "UDP port {udp_port} on {address} is in use: stop the other program, or choose \
                 another port or address."
            ),
        ),
        IoErrorKind::PermissionDenied => (
            ErrorKind::PermissionDenied,
            format!("The system forbids UDP port {udp_port} on {address}: choose one above 1023."),
        ),
        _ => (
            ErrorKind::System,
            format!("The system refused UDP port {udp_port} on {address}: {error}."),
        ),
    };
    StackError::new(kind, sentence)
}

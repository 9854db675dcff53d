//! What the caller asks of the engine, collected into batches: one lock and one wake-up per flush.

use std::net::IpAddr;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::account::Account;
use crate::kernel::OpenSocket;

/// One request. Payloads lie in the bytes of the batch.
#[derive(Debug)]
pub enum Command {
    /// Opens an SCTP port. `endpoint` is a serial number that tells it from later endpoints on it.
    Open {
        port: u16,
        accepts: bool,
        endpoint: u32,
    },
    /// The same with the endpoint's socket, on the kernel.
    OpenSocket(Box<OpenSocket>),
    /// What arrives on this port asks for answers: as long as a peer does not read these, its messages are
    /// held back.
    HoldBackRequests {
        port: u16,
    },
    /// Messages of this association are wanted again.
    Resume {
        association: u32,
    },
    /// ABORTs the associations of an endpoint and frees its port.
    CloseEndpoint {
        port: u16,
    },
    Connect(Box<Connect>),
    Send {
        association: u32,
        ppid: u32,
        stream: u16,
        payload: Range<usize>,
    },
    /// Ends gracefully, after everything sent before was delivered.
    Shutdown {
        association: u32,
    },
    Abort {
        association: u32,
        reason: String,
    },
    /// The local addresses have changed.
    UseAddresses(Box<UseAddresses>),
}

/// The local addresses from now on, as in `StackOptions`. Those that a stack has had keep their order.
#[derive(Debug)]
pub struct UseAddresses {
    pub local_addresses: Vec<IpAddr>,
    pub retired_addresses: Vec<IpAddr>,
    /// Bound to the addresses that are new at the end, in their order. On the kernel there are none.
    pub sockets: Vec<OwnedFd>,
}

/// A new association to a peer.
#[derive(Debug)]
pub struct Connect {
    pub association: u32,
    pub local_port: u16,
    pub peer_addresses: Vec<IpAddr>,
    pub peer_port: u16,
    /// UDP port at which the peer is called. 0, on the kernel only: as the system is set up.
    pub udp_port: u16,
    pub account: Arc<Account>,
}

/// Requests in the order in which they were made.
#[derive(Debug, Default)]
pub struct Batch {
    pub commands: Vec<Command>,
    pub bytes: Vec<u8>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub fn send(&mut self, association: u32, ppid: u32, stream: u16, payload: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        let payload = start..self.bytes.len();
        self.commands.push(Command::Send {
            association,
            ppid,
            stream,
            payload,
        });
    }

    pub fn clear(&mut self) {
        self.commands.clear();
        self.bytes.clear();
    }

    /// Moves everything behind what `target` holds. The buffers are swapped when it holds nothing,
    /// so two batches serve for ever.
    pub fn move_to(&mut self, target: &mut Batch) {
        if target.is_empty() {
            std::mem::swap(self, target);
            self.clear();
            return;
        }
        let shift = target.bytes.len();
        target.bytes.append(&mut self.bytes);
        target
            .commands
            .extend(self.commands.drain(..).map(|command| match command {
                Command::Send {
                    association,
                    ppid,
                    stream,
                    payload,
                } => Command::Send {
                    association,
                    ppid,
                    stream,
                    payload: payload.start + shift..payload.end + shift,
                },
                other => other,
            }));
    }
}

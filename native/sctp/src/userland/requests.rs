//! What the caller asks for: endpoints, associations to peers, messages, ends.

use std::time::Duration;

use crate::command::{Batch, Command};
use crate::event::DownReason;
use crate::userland::association::Association;
use crate::userland::engine::{Endpoint, Engine};

/// What a peer reads when its association ends with our endpoint or process.
const CLOSED: &str = "The endpoint is closed.";

impl Engine {
    /// Does everything in `batch`, in order, and empties it. Messages to one association that
    /// follow each other without another request to it share packets.
    pub fn run(&mut self, now: Duration, batch: &mut Batch) {
        let mut sending = Vec::new();
        for command in batch.commands.drain(..) {
            match command {
                Command::Send {
                    association,
                    ppid,
                    stream,
                    payload,
                } => {
                    let Some(known) = self.associations.get_mut(&association) else {
                        continue;
                    };
                    known.enqueue(ppid, stream, &batch.bytes[payload]);
                    if sending.last() != Some(&association) {
                        sending.push(association);
                    }
                }
                Command::Open {
                    port,
                    accepts,
                    endpoint,
                } => {
                    self.endpoints.insert(
                        port,
                        Endpoint {
                            serial: endpoint,
                            accepts,
                            holds_back: false,
                        },
                    );
                }
                Command::HoldBackRequests { port } => {
                    if let Some(endpoint) = self.endpoints.get_mut(&port) {
                        endpoint.holds_back = true;
                    }
                }
                Command::Resume { association } => self.settle(now, association, None),
                Command::UseAddresses(change) => {
                    self.options.local_addresses = change.local_addresses;
                    self.options.retired_addresses = change.retired_addresses;
                    self.new_sockets.extend(change.sockets);
                }
                // Sockets are the kernel's.
                Command::OpenSocket(_) => {}
                Command::CloseEndpoint { port } => {
                    self.send_all(now, &mut sending);
                    self.close_endpoint(port);
                }
                Command::Connect(connect) => self.connect(now, *connect),
                Command::Shutdown { association } => {
                    self.send_outbox(now, association);
                    self.shutdown(now, association);
                }
                Command::Abort {
                    association,
                    reason,
                } => {
                    self.send_outbox(now, association);
                    self.abort_association(association, reason);
                }
            }
        }
        self.send_all(now, &mut sending);
        batch.clear();
    }

    /// Ends every association with an ABORT; nothing is told any more.
    pub fn abort_all(&mut self, now: Duration) {
        let mut associations: Vec<u32> = self.associations.keys().copied().collect();
        associations.sort_unstable();
        for association in associations {
            self.send_outbox(now, association);
            self.abort(association, CLOSED);
            self.forget(association);
        }
        self.endpoints.clear();
        self.events.clear();
    }

    fn send_all(&mut self, now: Duration, sending: &mut Vec<u32>) {
        for association in sending.drain(..) {
            self.send_outbox(now, association);
        }
    }

    fn send_outbox(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if association.has_outbox() {
            self.run_paths(now, id);
        }
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if association.has_outbox() {
            self.stats.messages_sent += association.send_outbox(now) as u64;
            self.settle(now, id, None);
        }
    }

    fn close_endpoint(&mut self, port: u16) {
        self.endpoints.remove(&port);
        let is_its = |(id, association): (&u32, &Association)| {
            (association.ports.local == port).then_some(*id)
        };
        let mut associations: Vec<u32> = self.associations.iter().filter_map(is_its).collect();
        associations.sort_unstable();
        for association in associations {
            self.abort(association, CLOSED);
            self.forget(association);
        }
    }

    fn shutdown(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        association.account.close();
        association.wants_shutdown = true;
        self.settle(now, id, None);
    }

    fn abort_association(&mut self, id: u32, reason: String) {
        if self.associations.contains_key(&id) {
            self.abort(id, &reason);
            self.end(id, DownReason::Abort, reason);
        }
    }
}

//! What the caller asks for: endpoints, associations to peers, messages, ends.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::command::{Batch, Command, Connect, UseAddresses};
use crate::event::{DownReason, Event};
use crate::kernel::association::Association;
use crate::kernel::engine::{Endpoint, Engine};
use crate::kernel::held_buffer::Held;
use crate::kernel::joining::Joins;
use crate::kernel::outbox::Outbox;
use crate::kernel::socket::OpenSocket;

/// What a peer reads when its association ends with our endpoint or process.
const CLOSED: &str = "The endpoint is closed.";

impl Engine {
    /// Does everything in `batch`, in order, and empties it. Messages that follow each other share
    /// system calls.
    pub fn run(&mut self, now: Duration, batch: &mut Batch) {
        let mut pending = Vec::new();
        for command in batch.commands.drain(..) {
            if let Command::Send {
                association,
                ppid,
                stream,
                payload,
            } = command
            {
                let message = (association, ppid, stream, payload);
                self.send(now, message, &batch.bytes, &mut pending);
                continue;
            }
            self.send_pending(now, &batch.bytes, &mut pending);
            match command {
                Command::OpenSocket(open) => self.open(*open),
                Command::CloseEndpoint { port } => self.close_endpoint(port),
                Command::Connect(connect) => self.connect(now, *connect),
                Command::Shutdown { association } => self.shutdown(association),
                Command::Abort {
                    association,
                    reason,
                } => self.abort_and_end(association, &reason),
                Command::UseAddresses(change) => self.use_addresses(&change),
                // Ports without sockets are of the userland.
                Command::Open { .. } | Command::Send { .. } => {}
                // One buffer receives for all associations of a socket.
                Command::HoldBackRequests { .. } | Command::Resume { .. } => {}
            }
        }
        self.send_pending(now, &batch.bytes, &mut pending);
        batch.clear();
    }

    /// Ends every association with an ABORT, and closes every socket; nothing is told any more.
    pub fn abort_all(&mut self) {
        let ports: Vec<u16> = self.endpoints.keys().copied().collect();
        for port in ports {
            self.close_endpoint(port);
        }
        self.events.clear();
    }

    fn open(&mut self, open: OpenSocket) {
        let endpoint = Endpoint {
            serial: open.endpoint,
            accepts: open.accepts,
            socket: Arc::new(open.socket),
            is_in_notification: false,
            waiting: VecDeque::new(),
            look_at: None,
            retry_at: None,
        };
        self.endpoints.insert(open.port, endpoint);
    }

    /// Associations keep the addresses that they have; only new ones begin with others.
    fn use_addresses(&mut self, change: &UseAddresses) {
        let was_served: Vec<IpAddr> = self.options.served_addresses().collect();
        self.options
            .local_addresses
            .clone_from(&change.local_addresses);
        self.options
            .retired_addresses
            .clone_from(&change.retired_addresses);
        let served: Vec<IpAddr> = self.options.served_addresses().collect();
        for endpoint in self.endpoints.values() {
            for address in served.iter().filter(|one| !was_served.contains(one)) {
                // In use by another program on this port alone: the other endpoints may have it.
                let _ = endpoint.socket.add_address(*address);
            }
            for address in was_served.iter().filter(|one| !served.contains(one)) {
                // The last one cannot be removed; it may be back.
                let _ = endpoint.socket.remove_address(*address);
            }
        }
    }

    fn close_endpoint(&mut self, port: u16) {
        let is_its = |(id, association): (&u32, &Association)| {
            (association.local_port == port).then_some(*id)
        };
        let mut associations: Vec<u32> = self.associations.iter().filter_map(is_its).collect();
        associations.sort_unstable();
        for association in associations {
            self.abort(association, CLOSED);
            self.forget(association);
        }
        self.endpoints.remove(&port);
    }

    fn connect(&mut self, now: Duration, connect: Connect) {
        let Connect {
            association: id,
            local_port,
            peer_addresses,
            peer_port,
            udp_port,
            account,
        } = connect;
        let result = match self.endpoints.get(&local_port) {
            Some(endpoint) => endpoint
                .socket
                .connect(&peer_addresses, peer_port, udp_port)
                .map(|kernel_id| (kernel_id, endpoint.serial))
                .map_err(|error| refusal(&error)),
            None => Err("The endpoint is not open.".to_owned()),
        };
        let (kernel_id, endpoint) = match result {
            Ok(association) => association,
            Err(detail) => {
                account.close();
                self.room.give_back();
                self.events.push(Event::Down {
                    association: id,
                    reason: DownReason::Refused,
                    detail,
                });
                return;
            }
        };
        let association = Association {
            kernel_id,
            endpoint,
            local_port,
            peer_port,
            peer_addresses,
            outbound_streams: 0,
            account,
            host: None,
            began_at: now,
            is_up: false,
            wants_shutdown: false,
            outbox: Outbox::default(),
            joins: Joins::default(),
            held: Held::default(),
            reachable: Vec::new(),
        };
        self.ids.insert(kernel_id as u32, id);
        self.associations.insert(id, association);
    }

    fn shutdown(&mut self, id: u32) {
        if let Some(association) = self.associations.get_mut(&id) {
            association.account.close();
            association.wants_shutdown = true;
            self.continue_shutdown(id);
        }
    }

    /// Tells the kernel to shut down once it is up and has everything to be delivered before. In an
    /// earlier state the kernel would drop the association without a word.
    pub(super) fn continue_shutdown(&mut self, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let is_time = association.is_up && association.outbox.is_empty();
        if !association.wants_shutdown || !is_time {
            return;
        }
        association.wants_shutdown = false;
        if let Some(endpoint) = self.endpoints.get(&association.local_port) {
            // When it is ending already, its end comes without this.
            let _ = endpoint.socket.shutdown(association.kernel_id);
        }
    }
}

fn refusal(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EISCONN | libc::EALREADY) => {
            "There is an association with this peer on these ports already.".to_owned()
        }
        _ => format!("The system cannot call this peer: {error}."),
    }
}

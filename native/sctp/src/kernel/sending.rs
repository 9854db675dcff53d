//! How messages get into the kernel, in batches. What it does not take waits: `waiting.rs` says for what.

use std::io;
use std::ops::Range;
use std::time::Duration;

use crate::event::Event;
use crate::kernel::abi::{self, send_flag};
use crate::kernel::engine::Engine;
use crate::kernel::outbox::{Outbox, Queued};
use crate::kernel::socket::Socket;
use crate::kernel::sys::{Outgoing, SEND_SLOTS};

/// A message that goes into the kernel with others of its batch. Nothing of its association waits.
pub(super) struct Pending {
    pub association: u32,
    pub kernel_id: i32,
    pub local_port: u16,
    pub ppid: u32,
    pub stream: u16,
    /// In the bytes of the batch.
    pub payload: Range<usize>,
}

/// What became of an association's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// It is empty, or the association has ended.
    Done,
    /// It waits for the association's own acknowledgements.
    Held,
    /// It waits for the socket.
    Blocked,
}

impl Engine {
    /// Adds a message to `pending`, which may be sent for that, or to its association's queue.
    pub(super) fn send(
        &mut self,
        now: Duration,
        (id, ppid, stream, payload): (u32, u32, u16, Range<usize>),
        bytes: &[u8],
        pending: &mut Vec<Pending>,
    ) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let (kernel_id, local_port) = (association.kernel_id, association.local_port);
        let Some(endpoint) = self.endpoints.get_mut(&local_port) else {
            return;
        };
        let message = Pending {
            association: id,
            kernel_id,
            local_port,
            ppid,
            stream,
            payload,
        };
        if !association.outbox.is_empty() {
            return association.outbox.push(message.queued(bytes));
        }
        if !endpoint.waiting.is_empty() {
            association.outbox.push(message.queued(bytes));
            return endpoint.waiting.push_back(id);
        }
        let length = message.payload.len();
        if !association
            .outbox
            .has_share(length, endpoint.socket.share_bytes())
        {
            // Those before it must not end up behind it.
            self.send_pending(now, bytes, pending);
            return self.queue(now, message.queued(bytes), id);
        }
        association.outbox.took(length);
        let is_elsewhere = |first: &Pending| first.local_port != local_port;
        if pending.len() == SEND_SLOTS || pending.first().is_some_and(is_elsewhere) {
            self.send_pending(now, bytes, pending);
        }
        pending.push(message);
    }

    /// Gives the messages to the kernel, which all go through one socket. What it does not take
    /// waits.
    pub(super) fn send_pending(&mut self, now: Duration, bytes: &[u8], pending: &mut Vec<Pending>) {
        let Some(socket) = pending
            .first()
            .and_then(|first| self.socket(first.local_port))
        else {
            return pending.clear();
        };
        while !pending.is_empty() {
            let outgoing = |message: &Pending| Outgoing {
                payload: &bytes[message.payload.clone()],
                control: data_control(message.kernel_id, message.stream, message.ppid),
            };
            let messages: Vec<Outgoing<'_>> = pending.iter().map(outgoing).collect();
            match socket.send(&messages) {
                Ok(count) => {
                    for message in pending.drain(..count) {
                        self.note_sent(message.association, message.payload.len());
                    }
                }
                Err(error) if is_no_room(&error) => self.put_back(now, bytes, pending),
                Err(error) => {
                    let message = pending.remove(0);
                    self.give_up(message.association, message.payload.len(), &error);
                }
            }
        }
    }

    /// The first of these messages had no room: it waits, and all behind it of its association.
    fn put_back(&mut self, now: Duration, bytes: &[u8], pending: &mut Vec<Pending>) {
        let id = pending[0].association;
        for message in pending.extract_if(.., |message| message.association == id) {
            if let Some(association) = self.associations.get_mut(&id) {
                association.outbox.returned(message.payload.len());
                association.outbox.push(message.queued(bytes));
            }
        }
        self.wait(now, id);
    }

    /// Lets a message wait that has no share of the buffer left.
    fn queue(&mut self, now: Duration, message: Queued, id: u32) {
        if let Some(association) = self.associations.get_mut(&id) {
            association.outbox.push(message);
            self.flush_or_wait(now, id);
        }
    }

    pub(super) fn flush_or_wait(&mut self, now: Duration, id: u32) {
        if self.flush(now, id) == Flushed::Blocked {
            self.wait(now, id);
        }
    }

    /// Sends of an association's queue what the kernel takes.
    pub(super) fn flush(&mut self, now: Duration, id: u32) -> Flushed {
        loop {
            let Some(association) = self.associations.get(&id) else {
                return Flushed::Done;
            };
            let outbox = &association.outbox;
            if outbox.is_empty() {
                self.continue_shutdown(id);
                return Flushed::Done;
            }
            if outbox.is_held() {
                return Flushed::Held;
            }
            let Some(socket) = self.socket(association.local_port) else {
                return Flushed::Done;
            };
            match send_queued(&socket, association.kernel_id, outbox) {
                Some(Ok(count)) => self.note_queue_sent(id, count),
                Some(Err(error)) if !is_no_room(&error) => {
                    let outbox = self
                        .associations
                        .get_mut(&id)
                        .map(|known| &mut known.outbox);
                    let length = outbox.and_then(|outbox| outbox.pop());
                    self.give_up(id, length.unwrap_or(0), &error);
                }
                Some(Err(_)) if !outbox.may_lie_in_kernel() => return Flushed::Blocked,
                _ => {
                    self.hold(now, id);
                    return Flushed::Held;
                }
            }
        }
    }

    fn note_queue_sent(&mut self, id: u32, count: usize) {
        for _ in 0..count {
            let Some(association) = self.associations.get_mut(&id) else {
                return;
            };
            let length = association.outbox.pop().unwrap_or(0);
            association.outbox.took(length);
            self.note_sent(id, length);
        }
    }

    fn note_sent(&mut self, id: u32, length: usize) {
        self.stats.messages_sent += 1;
        self.release(id, length);
    }

    /// Octets have left an association's buffer.
    pub(super) fn release(&mut self, id: u32, length: usize) {
        let limit = self.options.send_buffer_bytes;
        if let Some(association) = self.associations.get(&id)
            && association.account.release(length, limit)
        {
            self.events.push(Event::Writable { association: id });
        }
    }

    /// The kernel will never take a message: its association is ending, or ends for that.
    fn give_up(&mut self, id: u32, length: usize, error: &io::Error) {
        self.release(id, length);
        let is_ending = matches!(
            error.raw_os_error(),
            Some(
                libc::EPIPE
                    | libc::ESHUTDOWN
                    | libc::ENOTCONN
                    | libc::ECONNRESET
                    | libc::ECONNREFUSED
                    | libc::EINVAL
            )
        );
        if !is_ending {
            self.abort_and_end(
                id,
                &format!("The system does not send to this peer: {error}."),
            );
        }
    }
}

impl Pending {
    fn queued(&self, bytes: &[u8]) -> Queued {
        Queued {
            ppid: self.ppid,
            stream: self.stream,
            payload: bytes[self.payload.clone()].to_vec(),
        }
    }
}

/// `None`: nothing that may be sent now.
fn send_queued<'a>(
    socket: &Socket,
    kernel_id: i32,
    outbox: &'a Outbox,
) -> Option<io::Result<usize>> {
    let outgoing = |message: &'a Queued| Outgoing {
        payload: &message.payload,
        control: data_control(kernel_id, message.stream, message.ppid),
    };
    let next = outbox.next(SEND_SLOTS, socket.share_bytes());
    let messages: Vec<Outgoing<'a>> = next.map(outgoing).collect();
    (!messages.is_empty()).then(|| socket.send(&messages))
}

fn data_control(kernel_id: i32, stream: u16, ppid: u32) -> [u8; abi::SEND_CONTROL_BYTES] {
    abi::send_control(kernel_id, stream, send_flag::NONE, ppid)
}

fn is_no_room(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM)
    )
}

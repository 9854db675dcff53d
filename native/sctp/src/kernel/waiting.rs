//! How a slow reader is kept from blocking the others: who waits for room in a socket's send buffer, and
//! for how long. How messages get into it is `sending.rs`.
//!
//! The send buffer of a one-to-many socket is one for all its associations (unless
//! `net.sctp.sndbuf_policy` is 1), and a peer that acknowledges packets but reads nothing fills it
//! for as long as it likes. The kernel does not tell how much of it an association has. So:
//!
//! 1. Every association gets a share, a sixteenth of the buffer (`Outbox`). When what the kernel took
//!    since it last had nothing of it exceeds that, the rest waits here until the kernel says that
//!    everything is acknowledged (`SCTP_SENDER_DRY_EVENT`, asked for only then, so that it costs
//!    nothing usually). What waits here is bounded by the caller's `send_buffer_bytes`.
//! 2. Sixteen slow readers can still fill the socket. Whoever meets it full with nothing of its own
//!    in there waits for the socket. From then on every association is asked whether it is dry; those
//!    that are not for `StackOptions::slow_reader_timeout` are aborted. So
//!    slow readers live as long as nobody has to wait for them.

use std::time::Duration;

use crate::event::DownReason;
use crate::kernel::engine::Engine;
use crate::kernel::sending::Flushed;
use crate::stats::Refusal;

/// The kernel's two measures of room in a send buffer differ: this long nothing is tried when the
/// socket was said to be writable and took nothing.
const RETRY: Duration = Duration::from_millis(10);

const SLOW_READER: &str = "The peer does not read, and others have to wait for it.";

impl Engine {
    /// Nothing of the association is outstanding any more.
    pub(super) fn on_dry(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        association.outbox.on_dry();
        self.watch_dry(id, false);
        self.flush_or_wait(now, id);
    }

    /// The socket may have room again.
    pub fn on_writable(&mut self, now: Duration, port: u16) {
        while let Some(id) = self.first_waiting(port) {
            let flushed = self.flush(now, id);
            let Some(endpoint) = self.endpoints.get_mut(&port) else {
                return;
            };
            if flushed == Flushed::Blocked {
                endpoint.retry_at = Some(now + RETRY);
                return;
            }
            endpoint.waiting.pop_front();
        }
        if let Some(endpoint) = self.endpoints.get_mut(&port) {
            endpoint.look_at = None;
        }
    }

    /// Runs what is due: new tries, and the search for associations that hold others up.
    pub fn timeout(&mut self, now: Duration) {
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        let mut looking = Vec::new();
        for (port, endpoint) in &mut self.endpoints {
            endpoint.retry_at = endpoint.retry_at.filter(|at| *at > now);
            if is_due(endpoint.look_at) {
                looking.push(*port);
            }
        }
        for port in looking {
            self.end_slow_readers(now, port);
        }
        self.watch_buffers(now);
    }

    /// When `timeout` should be called at the latest.
    pub fn next_deadline(&self) -> Option<Duration> {
        let deadlines = self.endpoints.values();
        deadlines
            .flat_map(|endpoint| [endpoint.look_at, endpoint.retry_at])
            .flatten()
            .chain(self.look_at_buffers)
            .min()
    }

    fn first_waiting(&self, port: u16) -> Option<u32> {
        self.endpoints.get(&port)?.waiting.front().copied()
    }

    /// Waits for the association's own acknowledgements or, when there are none to come, for the
    /// socket.
    pub(super) fn wait(&mut self, now: Duration, id: u32) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        if association.outbox.may_lie_in_kernel() {
            return self.hold(now, id);
        }
        let port = association.local_port;
        let patience = self.options.slow_reader_timeout;
        let Some(endpoint) = self.endpoints.get_mut(&port) else {
            return;
        };
        endpoint.waiting.push_back(id);
        if endpoint.look_at.is_none() {
            endpoint.look_at = Some(now + patience);
            self.ask_all(now, port);
        }
    }

    pub(super) fn hold(&mut self, now: Duration, id: u32) {
        if let Some(association) = self.associations.get_mut(&id)
            && association.outbox.hold(now)
        {
            self.watch_dry(id, true);
        }
    }

    /// Asks every association of an endpoint, that may have something in the kernel, whether it has.
    fn ask_all(&mut self, now: Duration, port: u16) {
        let mut asking = Vec::new();
        for (id, association) in &mut self.associations {
            let is_suspect =
                association.local_port == port && association.outbox.may_lie_in_kernel();
            if is_suspect && association.outbox.ask(now) {
                asking.push(*id);
            }
        }
        for id in asking {
            self.watch_dry(id, true);
        }
    }

    /// Others have waited long enough: ends the associations that have acknowledged too little for
    /// as long.
    fn end_slow_readers(&mut self, now: Duration, port: u16) {
        let patience = self.options.slow_reader_timeout;
        let is_slow = |asked_at: Duration| asked_at + patience <= now;
        let mut slow = Vec::new();
        let mut look_at = now + patience;
        for (id, association) in &self.associations {
            match association.outbox.asked_at() {
                Some(asked_at) if association.local_port == port && is_slow(asked_at) => {
                    slow.push(*id);
                }
                Some(asked_at) => look_at = look_at.min(asked_at + patience),
                None => {}
            }
        }
        slow.sort_unstable();
        for id in slow {
            self.stats.refuse(Refusal::SlowReader);
            self.abort(id, SLOW_READER);
            self.end(id, DownReason::Evicted, SLOW_READER.to_owned());
        }
        self.ask_all(now, port);
        if let Some(endpoint) = self.endpoints.get_mut(&port) {
            endpoint.look_at = Some(look_at.max(now + RETRY));
        }
    }

    fn watch_dry(&self, id: u32, is_wanted: bool) {
        if let Some(association) = self.associations.get(&id)
            && let Some(endpoint) = self.endpoints.get(&association.local_port)
        {
            // It fails when the association has ended, which is told otherwise.
            let _ = endpoint.socket.watch_dry(association.kernel_id, is_wanted);
        }
    }
}

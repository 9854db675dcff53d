//! When an association wants to run next, and what it does for want of messages or of an answer.

use std::time::Duration;

use dcsctp::api::{DcSctpSocket, SocketState, SocketTime};

use crate::options::StackOptions;
use crate::userland::association::Association;

impl Association {
    /// When it wants to run next.
    pub(crate) fn deadline(&self, options: &StackOptions) -> Option<Duration> {
        let deadline = self.socket.poll_timeout();
        let deadline =
            (deadline != SocketTime::infinite_future()).then(|| deadline - SocketTime::zero());
        let heartbeat_at = self.watch.as_ref().and_then(|watch| watch.deadline());
        deadline
            .into_iter()
            .chain(self.give_up_at)
            .chain(self.autoclose_at(options))
            .chain(heartbeat_at)
            .chain(self.stalls.deadline(options.slow_reader_timeout))
            .min()
    }

    /// When it is shut down for want of messages, if none comes before (RFC 6458 §8.1.8).
    fn autoclose_at(&self, options: &StackOptions) -> Option<Duration> {
        let may_close = self.is_up && !self.is_ending();
        let autoclose = options.autoclose.filter(|_| may_close)?;
        Some(self.last_message_at + autoclose)
    }

    /// Begins a graceful end when there were no messages for long enough.
    pub(crate) fn autoclose(&mut self, now: Duration, options: &StackOptions) {
        if self.autoclose_at(options).is_none_or(|at| at > now) {
            return;
        }
        if !self.has_delivered_all() {
            self.last_message_at = now; // what is still on its way is no silence
            return;
        }
        self.account.close();
        self.wants_shutdown = true;
        self.is_autoclosed = true;
    }

    /// Starts to wait for the peer when the association begins or ends, stops when it is up.
    pub(crate) fn update_patience(&mut self, now: Duration, options: &StackOptions) {
        let is_waiting = matches!(
            self.socket.state(),
            SocketState::Connecting | SocketState::ShuttingDown
        );
        let give_up_at = self.give_up_at;
        self.give_up_at =
            is_waiting.then(|| give_up_at.unwrap_or_else(|| now + options.patience()));
    }
}

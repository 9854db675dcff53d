//! Peers that block the buffers of an association: one that reads nothing although there is no more room for what
//! it is sent, and one that fills the receive window with parts of messages that never become whole.

use std::time::Duration;

use crate::stats::Refusal;
use crate::userland::packet::{Packet, be32, chunk};

const SLOW_READER: &str = "The peer does not read, and there is no more room for what it is sent.";
const HOARDER: &str =
    "The peer fills its receive window with parts of messages that it does not complete.";

/// Since when the buffers of an association are blocked.
#[derive(Debug, Default)]
pub(crate) struct Stalls {
    /// The send buffer is full, and the peer has taken nothing.
    send_buffer: Option<Duration>,
    /// Most of the receive window is taken, and no message has become whole.
    window: Option<Duration>,
}

impl Stalls {
    /// Notes whether the send buffer is full, and whether the peer has taken some of it just now.
    pub fn note_send_buffer(&mut self, now: Duration, is_full: bool, has_progress: bool) {
        let since = self.send_buffer.filter(|_| !has_progress).unwrap_or(now);
        self.send_buffer = is_full.then_some(since);
    }

    /// Notes what a packet of ours says of the receive window, if it does. One that we keep closed
    /// ourselves, because of requests that are held back, is no fault of the peer.
    pub fn note_window(&mut self, now: Duration, packet: &[u8], limit: usize, is_ours: bool) {
        const WINDOW: usize = 4;
        let sack = Packet::trusted(packet).first();
        if sack.kind != chunk::SACK {
            return;
        }
        let window_bytes = sack.value.get(WINDOW..WINDOW + 4).map_or(0, be32);
        let is_taken = (window_bytes as usize) < limit / 4 && !is_ours;
        self.window = is_taken.then(|| self.window.unwrap_or(now));
    }

    /// Notes that a message of the peer has become whole.
    pub fn note_message(&mut self) {
        self.window = None;
    }

    /// When to look whether it has become too long.
    pub fn deadline(&self, patience: Duration) -> Option<Duration> {
        let since = self.send_buffer.into_iter().chain(self.window).min()?;
        Some(since + patience)
    }

    /// Why the association has to end, if a buffer is blocked for longer than `patience`.
    pub fn verdict(&self, now: Duration, patience: Duration) -> Option<(Refusal, &'static str)> {
        let is_over = |since: Option<Duration>| since.is_some_and(|since| since + patience <= now);
        if is_over(self.send_buffer) {
            Some((Refusal::SlowReader, SLOW_READER))
        } else if is_over(self.window) {
            Some((Refusal::IncompleteMessages, HOARDER))
        } else {
            None
        }
    }
}

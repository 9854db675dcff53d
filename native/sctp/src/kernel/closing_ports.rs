//! Ports whose sockets are on their way to be closed: whoever wants one again waits for that.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Ports of endpoints whose sockets the I/O thread has, or is about to close.
#[derive(Debug, Default)]
pub(crate) struct ClosingPorts(HashMap<u16, Receiver<Infallible>>);

impl ClosingPorts {
    pub fn insert(&mut self, port: u16, closed: Receiver<Infallible>) {
        self.0.insert(port, closed);
    }

    /// Waits for the I/O thread to close the socket that had `port`, if there was one.
    pub fn wait_for(&mut self, port: u16) {
        const PATIENCE: Duration = Duration::from_secs(2);
        if let Some(closed) = self.0.remove(&port) {
            // The end of the channel is what is waited for; a time-out shows when binding.
            let _ = closed.recv_timeout(PATIENCE);
        }
    }
}

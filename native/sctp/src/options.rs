//! The settings of a stack, their defaults and bounds.

use std::net::IpAddr;
use std::time::Duration;

use crate::error::{ErrorKind, StackError};

/// IANA's UDP port for SCTP encapsulation (RFC 6951 §4.1).
pub const ENCAPSULATION_PORT: u16 = 9899;

/// Streams offered and accepted per association. RSerPool uses stream 0 only; a few more cost
/// nothing.
pub const STREAMS: u16 = 32;

/// What moves the packets of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// SCTP of the operating system's kernel. Has no UDP port of its own; the MTU is the kernel's.
    Kernel,
    /// SCTP in user space over UDP (RFC 6951).
    Udp,
    /// SCTP in user space right above IP.
    Raw,
}

/// Settings of a stack. [`StackOptions::new`] fills in defaults; every field may be changed.
#[derive(Clone, Debug)]
pub struct StackOptions {
    pub backend: Backend,
    /// Addresses that packets are sent from and received on; at least one.
    pub local_addresses: Vec<IpAddr>,
    /// Those of them that this host no longer has. They are not listed to peers, and nothing new begins
    /// on them, but an association that uses one goes on when it is back.
    pub retired_addresses: Vec<IpAddr>,
    /// `local_addresses` may change, also to another family (`Stack::use_addresses`).
    pub may_change_addresses: bool,
    /// Local UDP port (RFC 6951); 0: any free one, the same on every local address.
    pub udp_port: u16,
    /// UDP port at which peers are called when `connect` does not say.
    pub remote_udp_port: u16,
    /// Time between heartbeats on an idle association, to which `rto_initial` is added (HB.interval
    /// of RFC 9260 §8.3).
    pub heartbeat_interval: Duration,
    pub rto_initial: Duration,
    pub rto_min: Duration,
    pub rto_max: Duration,
    /// Unanswered transmissions after which an association is lost (Association.Max.Retrans).
    pub max_retransmissions: u32,
    /// Unanswered transmissions after which one address of a peer is given up for the next
    /// (Path.Max.Retrans).
    pub path_max_retransmissions: u32,
    /// Time for which a peer may take nothing of what it is sent although there is no more room for it; then
    /// it is aborted. On the kernel: although others wait for room.
    pub slow_reader_timeout: Duration,
    /// Time without user messages after which an association is shut down. `None`: never.
    pub autoclose: Option<Duration>,
    pub max_associations: usize,
    /// Associations that one IP address may open with this stack. Those that we open are not
    /// counted.
    pub max_associations_per_host: usize,
    /// Largest user message in either direction.
    pub max_message_bytes: usize,
    /// Bytes that may wait for transmission per association before `send` says `Full`.
    pub send_buffer_bytes: usize,
    /// Largest SCTP packet that is sent, without UDP and IP headers. There is no path MTU
    /// discovery, so the default of 1200 fits IPv6's minimum link.
    pub mtu_bytes: usize,
    /// Bytes of undrained events beyond which the I/O thread stops reading. Default 16 MiB.
    pub event_queue_bytes: usize,
}

impl StackOptions {
    pub fn new(local_addresses: Vec<IpAddr>) -> Self {
        StackOptions {
            backend: Backend::Udp,
            local_addresses,
            retired_addresses: Vec::new(),
            may_change_addresses: false,
            udp_port: ENCAPSULATION_PORT,
            remote_udp_port: ENCAPSULATION_PORT,
            heartbeat_interval: Duration::from_secs(10),
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(400),
            rto_max: Duration::from_secs(5),
            max_retransmissions: 8,
            path_max_retransmissions: 3,
            slow_reader_timeout: Duration::from_secs(30),
            autoclose: None,
            max_associations: 10_000,
            max_associations_per_host: 1_000,
            max_message_bytes: 65_536,
            send_buffer_bytes: 262_144,
            mtu_bytes: 1_200,
            event_queue_bytes: 16 << 20,
        }
    }

    /// The local addresses that this host has now.
    pub(crate) fn served_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let addresses = self.local_addresses.iter().copied();
        addresses.filter(|address| !self.retired_addresses.contains(address))
    }

    /// Refuses what cannot work, with a sentence that names the setting.
    pub(crate) fn check(&self) -> Result<(), StackError> {
        let zero = Duration::ZERO;
        let refusal = if self.local_addresses.is_empty() {
            "Name at least one local IP address, such as 127.0.0.1."
        } else if self
            .local_addresses
            .iter()
            .any(|address| address.is_multicast())
        {
            "A local address is a multicast address: SCTP associations need unicast addresses."
        } else if self.remote_udp_port == 0 {
            "The remote UDP port is 0: give a port from 1 to 65535, such as 9899."
        } else if self.rto_min == zero
            || self.rto_min > self.rto_initial
            || self.rto_initial > self.rto_max
        {
            "Retransmission time-outs must be 0 < minimum <= initial <= maximum."
        } else if self.heartbeat_interval == zero {
            "The heartbeat interval is 0: a peer that falls silent would never be noticed."
        } else if self.slow_reader_timeout == zero {
            "The time for slow readers is 0: nobody could ever be sent more than the buffer holds."
        } else if self.max_message_bytes == 0 || self.max_message_bytes > 1 << 24 {
            "The largest message must have from 1 byte to 16 MiB."
        } else if self.send_buffer_bytes < self.max_message_bytes {
            "The send buffer must hold at least one message of the largest size."
        } else if !(512..=9_000).contains(&self.mtu_bytes) {
            "The largest SCTP packet must have from 512 to 9000 bytes."
        } else if self.event_queue_bytes < self.max_message_bytes {
            "The event queue must hold at least one message of the largest size."
        } else {
            return Ok(());
        };
        Err(StackError::new(ErrorKind::InvalidOption, refusal))
    }

    /// How long a peer may stay silent while an association begins or ends: every retransmission of
    /// RFC 9260 with its time-out doubled up to the maximum. `dcsctp` does not stop doubling these.
    pub(crate) fn patience(&self) -> Duration {
        let time_outs =
            std::iter::successors(Some(self.rto_initial), |timeout| timeout.checked_mul(2));
        let count = self.max_retransmissions.min(255) as usize + 1;
        time_outs
            .map(|timeout| timeout.min(self.rto_max))
            .take(count)
            .sum()
    }

    /// A message is handed over only when it is complete, so the window must hold the largest one below
    /// dcsctp's watermark of nine tenths.
    pub(crate) fn receive_window_bytes(&self) -> usize {
        (2 * self.max_message_bytes).max(128 * 1024)
    }
}

//! Counters of a stack, and the reasons for which packets are refused.

/// Why a packet, or what it asked for, was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Refusal {
    /// Too short, chunk lengths that do not fit, or parameters that contradict themselves.
    Malformed,
    /// Wrong CRC32c (RFC 9260 §6.8).
    Checksum,
    /// Verification tag that does not belong to the association (RFC 9260 §8.5).
    VerificationTag,
    /// A chunk bundled where it must be alone or first (RFC 9260 §6.10).
    Bundle,
    /// Cookie without a valid seal, or for another address or port.
    Cookie,
    /// Cookie older than its life (RFC 9260 §5.1.5).
    StaleCookie,
    /// Source address that is not one of the peer's.
    Address,
    /// No association, and none wanted (RFC 9260 §8.4).
    OutOfTheBlue,
    /// Limit on associations in all or per host.
    Limit,
    /// Message longer than allowed, or a stream that was never offered.
    Message,
    /// A peer that did not read for so long that others had to wait for it.
    SlowReader,
    /// A peer that fills the receive buffer with parts of messages that never become whole.
    IncompleteMessages,
}

const REFUSALS: [(Refusal, &str); 12] = [
    (Refusal::Malformed, "malformed"),
    (Refusal::Checksum, "checksum"),
    (Refusal::VerificationTag, "verificationTag"),
    (Refusal::Bundle, "bundle"),
    (Refusal::Cookie, "cookie"),
    (Refusal::StaleCookie, "staleCookie"),
    (Refusal::Address, "address"),
    (Refusal::OutOfTheBlue, "outOfTheBlue"),
    (Refusal::Limit, "limit"),
    (Refusal::Message, "message"),
    (Refusal::SlowReader, "slowReader"),
    (Refusal::IncompleteMessages, "incompleteMessages"),
];

/// Counters since the stack was started; `associations` is the present number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub associations: u64,
    pub packets_received: u64,
    pub packets_sent: u64,
    pub messages_received: u64,
    pub messages_sent: u64,
    refused: [u64; REFUSALS.len()],
}

impl Stats {
    /// Packets refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        REFUSALS
            .iter()
            .map(|&(refusal, name)| (name, self.refused[refusal as usize]))
    }

    pub fn refused_for(&self, refusal: Refusal) -> u64 {
        self.refused[refusal as usize]
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refused[refusal as usize] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_refusal_at_its_own_index() {
        for (index, (refusal, _)) in REFUSALS.iter().enumerate() {
            assert_eq!(*refusal as usize, index);
        }
    }
}

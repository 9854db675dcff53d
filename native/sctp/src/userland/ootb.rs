//! Packets that belong to no association (RFC 9260 §8.4): what is answered, and how often.

use std::time::Duration;

use crate::userland::init::Cause;
use crate::userland::packet::{
    Packet, PacketBuilder, T_BIT, cause, chunk, parameters, push_parameter,
};

/// The answer to an out-of-the-blue packet, or `None` where the standard wants silence.
pub(crate) fn answer(packet: &Packet<'_>) -> Option<Vec<u8>> {
    let tag = packet.verification_tag();
    // 2) An ABORT is not answered; 6), 7) nor what may follow one of our own late packets.
    let is_silent = packet.has(chunk::ABORT)
        || packet.has(chunk::SHUTDOWN_COMPLETE)
        || packet.has(chunk::COOKIE_ACK)
        || packet.has(chunk::COOKIE_ECHO)
        || has_stale_cookie_error(packet);
    if is_silent {
        return None;
    }
    // 5) The peer's SHUTDOWN ACK crossed the end of the association, or our SHUTDOWN COMPLETE got
    // lost.
    let kind = match packet.has(chunk::SHUTDOWN_ACK) {
        true => chunk::SHUTDOWN_COMPLETE,
        false => chunk::ABORT,
    };
    // 8) "the Verification Tag field of the outbound packet with the value found in the
    // Verification Tag field of the OOTB packet and set the T bit"
    Some(
        PacketBuilder::reply_to(packet, tag)
            .chunk(kind, T_BIT, &[])
            .finish(),
    )
}

/// The answer to an INIT that nobody wants, §8.4 3): an ABORT with the INIT's own tag, so without
/// the T bit.
pub(crate) fn refuse_init(packet: &Packet<'_>, initiate_tag: u32) -> Vec<u8> {
    PacketBuilder::reply_to(packet, initiate_tag)
        .chunk(chunk::ABORT, 0, &[])
        .finish()
}

/// An ABORT for a packet that does not tell its sender's tag: with its own, reflected.
pub(crate) fn reflected_abort(packet: &Packet<'_>) -> Vec<u8> {
    PacketBuilder::reply_to(packet, packet.verification_tag())
        .chunk(chunk::ABORT, T_BIT, &[])
        .finish()
}

/// An ABORT with an error cause.
pub(crate) fn abort(packet: &Packet<'_>, tag: u32, cause: &Cause) -> Vec<u8> {
    let (code, information) = cause;
    let mut value = Vec::new();
    push_parameter(&mut value, *code, information);
    PacketBuilder::reply_to(packet, tag)
        .chunk(chunk::ABORT, 0, &value)
        .finish()
}

/// RFC 9260 §3.3.10.3: how much too old the cookie is, in microseconds.
pub(crate) fn stale_cookie(packet: &Packet<'_>, tag: u32, by: Duration) -> Vec<u8> {
    let measure = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
    let mut value = Vec::new();
    push_parameter(&mut value, cause::STALE_COOKIE, &measure.to_be_bytes());
    PacketBuilder::reply_to(packet, tag)
        .chunk(chunk::ERROR, 0, &value)
        .finish()
}

/// RFC 9260 §3.3.10.3
pub(crate) fn has_stale_cookie_error(packet: &Packet<'_>) -> bool {
    let is_stale = |cause| matches!(cause, Ok((cause::STALE_COOKIE, _)));
    packet
        .chunks()
        .any(|chunk| chunk.kind == chunk::ERROR && parameters(chunk.value).any(is_stale))
}

/// Answers per second to packets of no association, and how many may come at once. A registrar that
/// restarts meets all its old peers, and each should learn it soon.
const RATE: u32 = 1_000;

/// Token bucket for everything that is sent without an association.
#[derive(Debug)]
pub(crate) struct RateLimit {
    tokens: f64,
    filled_at: Duration,
}

impl RateLimit {
    pub fn new() -> Self {
        RateLimit {
            tokens: f64::from(RATE),
            filled_at: Duration::ZERO,
        }
    }

    /// Whether one more answer may be sent now.
    pub fn allows(&mut self, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.filled_at);
        self.filled_at = self.filled_at.max(now);
        let filled = self.tokens + elapsed.as_secs_f64() * f64::from(RATE);
        self.tokens = filled.min(f64::from(RATE));
        let is_allowed = self.tokens >= 1.0;
        if is_allowed {
            self.tokens -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(chunks: &[u8]) -> Option<(u8, u8, u32)> {
        let builder = PacketBuilder::new(7, 9, 0x1234);
        let builder = chunks
            .iter()
            .fold(builder, |builder, &kind| builder.chunk(kind, 0, &[0; 8]));
        let packet = builder.finish();
        let reply = answer(&Packet::parse(&packet).unwrap())?;
        let reply = Packet::parse(&reply).unwrap();
        assert_eq!((reply.source_port(), reply.destination_port()), (9, 7));
        Some((
            reply.first().kind,
            reply.first().flags,
            reply.verification_tag(),
        ))
    }

    #[test]
    fn answers_follow_the_table_of_the_standard() {
        let abort = Some((chunk::ABORT, T_BIT, 0x1234));
        let complete = Some((chunk::SHUTDOWN_COMPLETE, T_BIT, 0x1234));
        assert_eq!(answer_to(&[chunk::DATA]), abort);
        assert_eq!(answer_to(&[chunk::SACK, chunk::DATA]), abort);
        assert_eq!(answer_to(&[chunk::HEARTBEAT]), abort);
        assert_eq!(answer_to(&[chunk::INIT_ACK]), abort);
        assert_eq!(answer_to(&[chunk::SHUTDOWN_ACK]), complete);
        for silent in [chunk::ABORT, chunk::SHUTDOWN_COMPLETE, chunk::COOKIE_ACK] {
            assert_eq!(answer_to(&[silent]), None);
            assert_eq!(answer_to(&[chunk::SACK, silent]), None);
        }
    }

    #[test]
    fn a_stale_cookie_error_is_not_answered() {
        let packet = PacketBuilder::new(7, 9, 1)
            .chunk(chunk::DATA, 0, &[0; 16])
            .finish();
        let error = stale_cookie(
            &Packet::parse(&packet).unwrap(),
            5,
            Duration::from_millis(3),
        );
        let error = Packet::parse(&error).unwrap();
        assert_eq!(error.first().value, [0, 3, 0, 8, 0, 0, 0x0b, 0xb8]);
        assert_eq!(answer(&error), None);
    }

    #[test]
    fn answers_are_limited_and_come_back_with_time() {
        let mut limit = RateLimit::new();
        let allowed = (0..5_000).filter(|_| limit.allows(Duration::ZERO)).count();
        assert_eq!(allowed, 1_000);
        let later = (0..5_000)
            .filter(|_| limit.allows(Duration::from_millis(100)))
            .count();
        assert_eq!(later, 100);
    }
}

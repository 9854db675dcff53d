//! Our COOKIE ECHO with what `dcsctp` does not write (RFC 9260 §5.1 C): a cookie that is longer than a
//! packet of ours, and the report of what the INIT ACK held that nobody here knows (§3.2.1).

use crate::userland::init::Init;
use crate::userland::packet::{
    COMMON_HEADER_BYTES, Packet, PacketBuilder, TLV_HEADER_BYTES, cause, chunk, push_parameter,
};
use crate::userland::shim::init_rewrite::{Additions, rewrite_init};

/// Echoed by `dcsctp` in place of a cookie that it could not put into a packet.
const PLACEHOLDER: [u8; 4] = [0; 4];

/// What our COOKIE ECHO has and that of `dcsctp` has not.
#[derive(Debug, Default)]
pub(crate) struct OwnEcho {
    cookie: Option<Vec<u8>>,
    /// Parameters of the INIT ACK, as they stand in an error cause.
    unrecognized: Vec<u8>,
}

impl OwnEcho {
    /// For the answer to an INIT ACK. `None` when `dcsctp` writes all of it.
    pub fn of(init_ack: &Init<'_>, mtu_bytes: usize) -> Option<Box<Self>> {
        let longest = (mtu_bytes - COMMON_HEADER_BYTES - TLV_HEADER_BYTES) / 4 * 4;
        let is_too_long = |cookie: &&[u8]| cookie.len() > longest;
        let mut unrecognized = Vec::new();
        for (kind, value) in init_ack.reported() {
            push_parameter(&mut unrecognized, kind, value);
        }
        let echo = OwnEcho {
            cookie: init_ack.cookie().filter(is_too_long).map(<[u8]>::to_vec),
            unrecognized,
        };
        let is_needed = echo.cookie.is_some() || !echo.unrecognized.is_empty();
        is_needed.then(|| Box::new(echo))
    }

    /// The INIT ACK as `dcsctp` can answer it.
    pub fn shorten(&self, init_ack: &[u8]) -> Option<Vec<u8>> {
        self.cookie.as_ref()?;
        let additions = Additions {
            cookie: Some(&PLACEHOLDER),
            ..Additions::default()
        };
        rewrite_init(init_ack, &additions)
    }

    /// Completes a packet of `dcsctp` that begins with a COOKIE ECHO. The chunks behind it come along as
    /// long as they fit; DATA that does not is sent again.
    pub fn complete(&self, packet: Vec<u8>, mtu_bytes: usize) -> Vec<u8> {
        let before = Packet::trusted(&packet);
        let echo = before.first();
        if echo.kind != chunk::COOKIE_ECHO {
            return packet;
        }
        let cookie = self.cookie.as_deref().unwrap_or(echo.value);
        let mut after = PacketBuilder::like(&before).chunk(echo.kind, echo.flags, cookie);
        let mut error = Vec::new();
        push_parameter(
            &mut error,
            cause::UNRECOGNIZED_PARAMETERS,
            &self.unrecognized,
        );
        if !self.unrecognized.is_empty() {
            after = after.chunk(chunk::ERROR, 0, &error);
        }
        for chunk in before.chunks().skip(1) {
            if after.size() + chunk.bytes.len() <= mtu_bytes {
                after = after.copy(&chunk);
            }
        }
        after.finish()
    }
}

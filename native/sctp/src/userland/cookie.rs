//! State cookies that only we can have made (RFC 9260 §5.1.3): `dcsctp`'s plain cookie together
//! with what else we want back, sealed by HMAC-SHA-256 under a key of our own. While a handshake
//! runs nothing is kept.
//!
//! ```text
//!  key id (1) | inner length (1) | IPv4 count (1) | IPv6 count (1)
//!  issued at, in ms (8)
//!  association that the INIT would restart, or 0 (4) | its verification tag (4)
//!  inner cookie | IPv4 addresses | IPv6 addresses
//!  HMAC of all this, the peer's address and the ports, 16 bytes of it
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::stats::Refusal;
use crate::userland::entropy::Entropy;
use crate::userland::packet::be32;

/// Valid.Cookie.Life (RFC 9260 §16).
pub const COOKIE_LIFE: Duration = Duration::from_secs(60);
/// How long a key seals. It opens cookies for as long again, which must exceed their life.
pub const KEY_LIFE: Duration = Duration::from_secs(300);

const HEADER_BYTES: usize = 20;
const SEAL_BYTES: usize = 16;

/// Who a cookie is for: it is of no use to anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub peer: SocketAddr,
    pub local_port: u16,
    pub peer_port: u16,
}

/// The association that a restarted peer still had with us when it sent its INIT (RFC 9260 §5.2.2):
/// it takes the place of the tie tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tie {
    pub association: u32,
    pub local_tag: u32,
}

/// What a cookie brings back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cookie<'a> {
    /// `dcsctp`'s own cookie.
    pub inner: &'a [u8],
    pub tie: Option<Tie>,
    /// Addresses that the peer listed in its INIT.
    pub addresses: Vec<IpAddr>,
}

/// An authentic cookie that cannot be used: how much too old it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CookieError<'a> {
    Forged,
    Stale { inner: &'a [u8], by: Duration },
}

impl From<&CookieError<'_>> for Refusal {
    fn from(error: &CookieError<'_>) -> Self {
        match error {
            CookieError::Forged => Refusal::Cookie,
            CookieError::Stale { .. } => Refusal::StaleCookie,
        }
    }
}

/// The keys, rotated with overlap.
pub(crate) struct CookieJar {
    /// The key with identifier `n` lies at `n % 2`.
    keys: [[u8; 32]; 2],
    current: u8,
    rotated_at: Duration,
}

impl CookieJar {
    pub fn new(entropy: &mut Entropy) -> Self {
        let keys = [entropy.bytes(), entropy.bytes()];
        CookieJar {
            keys,
            current: 0,
            rotated_at: Duration::ZERO,
        }
    }

    /// Replaces the older key once the other has served its time.
    pub fn rotate(&mut self, now: Duration, entropy: &mut Entropy) {
        let periods = now.saturating_sub(self.rotated_at).as_secs() / KEY_LIFE.as_secs();
        // After a long silence both are too old.
        for _ in 0..periods.min(2) {
            self.current = self.current.wrapping_add(1);
            self.keys[usize::from(self.current % 2)] = entropy.bytes();
        }
        if periods > 0 {
            self.rotated_at = now;
        }
    }

    /// Seals `cookie` for `bearer`.
    pub fn seal(&self, now: Duration, bearer: &Bearer, cookie: &Cookie<'_>) -> Vec<u8> {
        let v4 = cookie.addresses.iter().filter(|address| address.is_ipv4());
        let v6 = cookie.addresses.iter().filter(|address| address.is_ipv6());
        let tie = cookie.tie.unwrap_or(Tie {
            association: 0,
            local_tag: 0,
        });
        let mut sealed = Vec::with_capacity(HEADER_BYTES + cookie.inner.len() + 64);
        let counts = [v4.clone().count() as u8, v6.clone().count() as u8];
        sealed.extend_from_slice(&[self.current, cookie.inner.len() as u8]);
        sealed.extend_from_slice(&counts);
        sealed.extend_from_slice(&(now.as_millis() as u64).to_be_bytes());
        sealed.extend_from_slice(&tie.association.to_be_bytes());
        sealed.extend_from_slice(&tie.local_tag.to_be_bytes());
        sealed.extend_from_slice(cookie.inner);
        for address in v4.chain(v6) {
            match address {
                IpAddr::V4(address) => sealed.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => sealed.extend_from_slice(&address.octets()),
            }
        }
        let seal = self
            .mac(self.current, &sealed, bearer)
            .finalize()
            .into_bytes();
        sealed.extend_from_slice(&seal[..SEAL_BYTES]);
        sealed
    }

    /// Opens what `bearer` has brought back.
    pub fn open<'a>(
        &self,
        now: Duration,
        bearer: &Bearer,
        sealed: &'a [u8],
    ) -> Result<Cookie<'a>, CookieError<'a>> {
        let content_bytes = sealed.len().saturating_sub(SEAL_BYTES);
        let (content, seal) = sealed.split_at(content_bytes);
        if content.len() < HEADER_BYTES {
            return Err(CookieError::Forged);
        }
        // Compares in constant time.
        let mac = self.mac(content[0], content, bearer);
        mac.verify_truncated_left(seal)
            .map_err(|_| CookieError::Forged)?;
        // From here on the bytes are our own.
        let (header, rest) = content.split_at(HEADER_BYTES);
        let (inner, addresses) = rest.split_at(usize::from(header[1]));
        let issued = be32(&header[4..]) as u64;
        let issued_at = Duration::from_millis(issued << 32 | u64::from(be32(&header[8..])));
        let age = now.saturating_sub(issued_at);
        if age > COOKIE_LIFE {
            return Err(CookieError::Stale {
                inner,
                by: age - COOKIE_LIFE,
            });
        }
        let tie = Tie {
            association: be32(&header[12..]),
            local_tag: be32(&header[16..]),
        };
        let tie = (tie.association != 0).then_some(tie);
        let addresses = read_addresses(addresses, usize::from(header[2]));
        Ok(Cookie {
            inner,
            tie,
            addresses,
        })
    }

    fn mac(&self, key: u8, content: &[u8], bearer: &Bearer) -> Hmac<Sha256> {
        let key = &self.keys[usize::from(key % 2)];
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(content);
        let address = match bearer.peer.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        mac.update(&address.octets());
        for port in [bearer.peer.port(), bearer.local_port, bearer.peer_port] {
            mac.update(&port.to_be_bytes());
        }
        mac
    }
}

fn read_addresses(bytes: &[u8], v4_count: usize) -> Vec<IpAddr> {
    let (v4, v6) = bytes.split_at(v4_count * 4);
    let v4 = v4
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&octets| IpAddr::V4(Ipv4Addr::from(octets)));
    let v6 = v6
        .as_chunks::<16>()
        .0
        .iter()
        .map(|&octets| IpAddr::V6(Ipv6Addr::from(octets)));
    v4.chain(v6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: [u8; 48] = [7; 48];

    fn jar() -> CookieJar {
        CookieJar::new(&mut Entropy::seeded(1))
    }

    fn bearer() -> Bearer {
        Bearer {
            peer: "192.0.2.1:9899".parse().unwrap(),
            local_port: 3863,
            peer_port: 5000,
        }
    }

    fn cookie() -> Cookie<'static> {
        let addresses = vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        let tie = Some(Tie {
            association: 9,
            local_tag: 0xdead_beef,
        });
        Cookie {
            inner: &INNER,
            tie,
            addresses,
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_bearer_gets_back_what_was_sealed() {
        let sealed = jar().seal(at(5), &bearer(), &cookie());
        assert_eq!(jar().open(at(65), &bearer(), &sealed), Ok(cookie()));
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_a_forgery() {
        let jar = jar();
        let sealed = jar.seal(at(5), &bearer(), &cookie());
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                jar.open(at(5), &bearer(), &forged),
                Err(CookieError::Forged),
                "{bit}"
            );
        }
        for length in 0..sealed.len() {
            let cut = &sealed[..length];
            assert_eq!(
                jar.open(at(5), &bearer(), cut),
                Err(CookieError::Forged),
                "{length}"
            );
        }
    }

    #[test]
    fn nobody_else_can_use_it() {
        let jar = jar();
        let sealed = jar.seal(at(5), &bearer(), &cookie());
        let others = [
            Bearer {
                peer: "192.0.2.2:9899".parse().unwrap(),
                ..bearer()
            },
            Bearer {
                peer: "192.0.2.1:9900".parse().unwrap(),
                ..bearer()
            },
            Bearer {
                local_port: 3864,
                ..bearer()
            },
            Bearer {
                peer_port: 5001,
                ..bearer()
            },
        ];
        for other in others {
            assert_eq!(
                jar.open(at(5), &other, &sealed),
                Err(CookieError::Forged),
                "{other:?}"
            );
        }
    }

    #[test]
    fn it_lives_sixty_seconds() {
        let jar = jar();
        let sealed = jar.seal(at(5), &bearer(), &cookie());
        let stale = jar.open(at(66), &bearer(), &sealed);
        assert_eq!(
            stale,
            Err(CookieError::Stale {
                inner: &INNER,
                by: at(1)
            })
        );
    }

    #[test]
    fn a_key_opens_until_the_second_rotation_after_it() {
        let (mut jar, mut entropy) = (jar(), Entropy::seeded(2));
        let sealed = jar.seal(at(299), &bearer(), &cookie());
        jar.rotate(at(301), &mut entropy);
        assert_eq!(jar.open(at(310), &bearer(), &sealed), Ok(cookie()));
        let younger = jar.seal(at(310), &bearer(), &cookie());
        assert_ne!(younger[0], sealed[0], "the new key seals");
        jar.rotate(at(602), &mut entropy);
        assert_eq!(
            jar.open(at(310), &bearer(), &sealed),
            Err(CookieError::Forged)
        );
    }

    #[test]
    fn after_a_long_silence_no_old_key_is_left() {
        let (mut jar, mut entropy) = (jar(), Entropy::seeded(2));
        let before = jar.keys;
        jar.rotate(at(3_600), &mut entropy);
        assert!(jar.keys.iter().all(|key| !before.contains(key)));
    }
}

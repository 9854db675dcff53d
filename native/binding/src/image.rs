//! How numbers and bytes of pool elements cross the boundary in bulk: laid out in memory, without objects.
//! `src/handlespace/image.ts` and `registration.ts` are the other side; numbers are in native byte order.
//!
//! ```text
//! image of an element, in 32-bit words        batch: [how many images][token to go on with, 0: none] images
//!  0 bytes of the whole image, 8-aligned
//!  1 identifier        2 home registrar       registration, in 32-bit words
//!  3 association       4 unreachable reports    0 identifier       1 home registrar   2 association
//!  5 flags: 1 watched, 2 awaits an ack,         3 policy           4 its value        5 load degradation
//!    4 disagrees with its pool                  6 transport kind   7 flags: 1 control, 2 watched,
//!  6 timer that was due (1-3), or 0                                  4 may disagree
//!  7 length of the pool handle                  8, 9 expires in, f64 milliseconds
//!  8, 9 expires at, f64 milliseconds           10 bytes of preface 11 of the pool handle in it, from 8 on
//! 10 length of the record                      12 bytes of record  13, 14 offset and length of its lead
//! 11 length of the annex                       15 bytes of annex
//!    pool handle, record, annex, padding          preface, record, annex
//! ```

use rserpool_handlespace::{Element, NEVER, PolicyValues, PoolSummary, Registration, Timer};

use crate::failure::{Failure, Fallible, whole};

const IMAGE_WORDS: usize = 12;
const BATCH_BYTES: usize = 8;
const REGISTRATION_WORDS: usize = 16;

/// Where the pool handle begins in a preface: behind the message header and its own (RFC 5354 §3.9).
const PREFACE_HEAD_BYTES: usize = 8;

/// Images one behind the other, as `Handlespace` methods return them.
pub struct Batch {
    bytes: Vec<u8>,
    count: u32,
}

impl Batch {
    pub fn new() -> Self {
        Batch {
            bytes: vec![0; BATCH_BYTES],
            count: 0,
        }
    }

    pub fn push(&mut self, element: &Element<'_>, timer: Option<Timer>) {
        push_image(&mut self.bytes, element, timer);
        self.count += 1;
    }

    /// A pool: bytes of all, policy, elements, length of the handle, handle.
    pub fn push_pool(&mut self, pool: &PoolSummary<'_>) {
        let start = self.bytes.len();
        let size = (16 + pool.pool_handle.len()).next_multiple_of(8);
        let handle_bytes = pool.pool_handle.len() as u32;
        for word in [size as u32, pool.policy, pool.elements as u32, handle_bytes] {
            self.bytes.extend_from_slice(&word.to_ne_bytes());
        }
        self.bytes.extend_from_slice(pool.pool_handle);
        self.bytes.resize(start + size, 0);
        self.count += 1;
    }

    pub fn finish(mut self, next: Option<u32>) -> Vec<u8> {
        self.bytes[0..4].copy_from_slice(&self.count.to_ne_bytes());
        self.bytes[4..8].copy_from_slice(&next.unwrap_or(0).to_ne_bytes());
        self.bytes
    }
}

/// Appends the image of an element.
pub fn push_image(bytes: &mut Vec<u8>, element: &Element<'_>, timer: Option<Timer>) {
    let start = bytes.len();
    let payload = element.pool_handle.len() + element.record.len() + element.annex.len();
    let size = (4 * IMAGE_WORDS + payload).next_multiple_of(8);
    bytes.reserve(size);
    let flags = u32::from(element.is_watched)
        | u32::from(element.awaits_acknowledgement) << 1
        | u32::from(element.disagrees) << 2;
    let head = [
        size as u32,
        element.id,
        element.home,
        element.association,
        element.unreachable_reports,
        flags,
        timer.map_or(0, timer_number),
        element.pool_handle.len() as u32,
    ];
    for word in head {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    bytes.extend_from_slice(&milliseconds(element.expires_at).to_ne_bytes());
    for length in [element.record.len(), element.annex.len()] {
        bytes.extend_from_slice(&(length as u32).to_ne_bytes());
    }
    for part in [element.pool_handle, element.record, element.annex] {
        bytes.extend_from_slice(part);
    }
    bytes.resize(start + size, 0);
}

fn timer_number(timer: Timer) -> u32 {
    match timer {
        Timer::RegistrationLife => 1,
        Timer::KeepAliveTransmission => 2,
        Timer::KeepAliveTimeout => 3,
    }
}

/// An instant for JavaScript.
pub fn milliseconds(instant: u64) -> f64 {
    if instant == NEVER {
        f64::INFINITY
    } else {
        instant as f64
    }
}

/// A duration from JavaScript; infinity is `NEVER`.
fn duration(milliseconds: f64) -> Fallible<u64> {
    if milliseconds == f64::INFINITY {
        Ok(NEVER)
    } else {
        whole(milliseconds)
    }
}

/// The registration that lies at the start of `bytes`. JavaScript wrote it: every number is checked.
pub fn read_registration(bytes: &[u8]) -> Fallible<Registration<'_>> {
    let (head, payload) = bytes
        .split_at_checked(4 * REGISTRATION_WORDS)
        .ok_or(Failure::OutOfRange)?;
    let mut words = [0; REGISTRATION_WORDS];
    for (word, four) in words.iter_mut().zip(head.chunks_exact(4)) {
        *word = u32::from_ne_bytes([four[0], four[1], four[2], four[3]]);
    }
    let mut expires_in = [0; 8];
    expires_in.copy_from_slice(&head[32..40]);

    let (preface, payload) = split(payload, words[10])?;
    let (record, payload) = split(payload, words[12])?;
    let (annex, _) = split(payload, words[15])?;
    let (_, named) = preface
        .split_at_checked(PREFACE_HEAD_BYTES)
        .ok_or(Failure::OutOfRange)?;
    let (pool_handle, _) = split(named, words[11])?;
    let narrow = |word: u32| u16::try_from(word).map_err(|_| Failure::OutOfRange);
    Ok(Registration {
        pool_handle,
        id: words[0],
        home: words[1],
        association: words[2],
        policy: PolicyValues {
            number: words[3],
            value: words[4],
            load_degradation: words[5],
        },
        transport_kind: words[6],
        has_control: words[7] & 1 != 0,
        is_watched: words[7] & 2 != 0,
        may_disagree: words[7] & 4 != 0,
        expires_in_ms: duration(f64::from_ne_bytes(expires_in))?,
        preface,
        record,
        lead: (narrow(words[13])?, narrow(words[14])?),
        annex,
    })
}

fn split(bytes: &[u8], length: u32) -> Fallible<(&[u8], &[u8])> {
    bytes
        .split_at_checked(length as usize)
        .ok_or(Failure::OutOfRange)
}

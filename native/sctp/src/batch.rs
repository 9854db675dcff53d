//! Events as records of words and bytes, the form in which they cross to the caller: copied into
//! memory that the caller owns, without an allocation per event.

use std::fmt::Write;
use std::net::IpAddr;

use crate::event::{AssociationInfo, Event};

/// The layout of a record: `RECORD_WORDS` words each.
pub mod records {
    pub const RECORD_WORDS: usize = 6;

    pub const KIND_MESSAGE: u32 = 1;
    pub const KIND_UP: u32 = 2;
    pub const KIND_RESTART: u32 = 3;
    pub const KIND_DOWN: u32 = 4;
    pub const KIND_PATH: u32 = 5;
    pub const KIND_WRITABLE: u32 = 6;
    pub const KIND_ADDRESSES: u32 = 7;
}

use records::*;

/// Result of one `drain`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Records written.
    pub count: usize,
    /// Bytes of the arena used.
    pub bytes: usize,
    /// Events are left that did not fit; no wake-up will come for them.
    pub more: bool,
}

/// Writes records into a caller's words and arena.
pub(crate) struct RecordWriter<'a> {
    words: &'a mut [u32],
    arena: &'a mut [u8],
    text: String,
    pub count: usize,
    pub bytes: usize,
}

impl<'a> RecordWriter<'a> {
    pub fn new(words: &'a mut [u32], arena: &'a mut [u8]) -> Self {
        // Offsets are words of 32 bits.
        let usable = arena.len().min(u32::MAX as usize & !3);
        let arena = &mut arena[..usable];
        RecordWriter {
            words,
            arena,
            text: String::new(),
            count: 0,
            bytes: 0,
        }
    }

    /// Writes `event`, or nothing at all and answers false when it does not fit.
    pub fn write(&mut self, event: &Event) -> bool {
        if (self.count + 1) * RECORD_WORDS > self.words.len() {
            return false;
        }
        self.text.clear();
        let mut text = std::mem::take(&mut self.text);
        let (kind, first, second, bytes): (u32, u32, u32, &[u8]) = match event {
            Event::Message {
                ppid,
                stream,
                payload,
                ..
            } => (KIND_MESSAGE, *ppid, u32::from(*stream), payload),
            Event::Up(_, info) | Event::Restart(_, info) | Event::Addresses(_, info) => {
                let kind = match event {
                    Event::Up(..) => KIND_UP,
                    Event::Restart(..) => KIND_RESTART,
                    _ => KIND_ADDRESSES,
                };
                join_addresses(&mut text, &info.peer_addresses);
                (
                    kind,
                    ports(info),
                    u32::from(info.outbound_streams),
                    text.as_bytes(),
                )
            }
            Event::Down { reason, detail, .. } => (KIND_DOWN, *reason as u32, 0, detail.as_bytes()),
            Event::Path { address, is_up, .. } => {
                join_addresses(&mut text, std::slice::from_ref(address));
                (KIND_PATH, u32::from(*is_up), 0, text.as_bytes())
            }
            Event::Writable { .. } => (KIND_WRITABLE, 0, 0, &[]),
        };
        let fits = bytes.len() <= self.arena.len() - self.bytes;
        if fits {
            let record = [
                kind,
                event.association(),
                self.bytes as u32,
                bytes.len() as u32,
                first,
                second,
            ];
            let start = self.count * RECORD_WORDS;
            self.words[start..start + RECORD_WORDS].copy_from_slice(&record);
            self.arena[self.bytes..self.bytes + bytes.len()].copy_from_slice(bytes);
            self.count += 1;
            self.bytes = (self.bytes + bytes.len())
                .next_multiple_of(4)
                .min(self.arena.len());
        }
        self.text = text;
        fits
    }
}

fn join_addresses(text: &mut String, addresses: &[IpAddr]) {
    for (index, address) in addresses.iter().enumerate() {
        let blank = if index == 0 { "" } else { " " };
        write!(text, "{blank}{address}").expect("writing to a String cannot fail");
    }
}

fn ports(info: &AssociationInfo) -> u32 {
    u32::from(info.local_port) << 16 | u32::from(info.peer_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Event {
        Event::Message {
            association: 7,
            ppid: 11,
            stream: 3,
            payload: vec![0xab; length],
        }
    }

    #[test]
    fn payloads_start_at_multiples_of_four() {
        let (mut words, mut arena) = ([0; 12], [0; 16]);
        let mut writer = RecordWriter::new(&mut words, &mut arena);
        assert!(writer.write(&message(5)));
        assert!(writer.write(&message(8)));
        assert_eq!(words, [1, 7, 0, 5, 11, 3, 1, 7, 8, 8, 11, 3]);
    }

    #[test]
    fn an_event_that_does_not_fit_leaves_no_trace() {
        let (mut words, mut arena) = ([0; 12], [0; 4]);
        let mut writer = RecordWriter::new(&mut words, &mut arena);
        assert!(!writer.write(&message(7)));
        assert_eq!((writer.count, writer.bytes), (0, 0));
        assert!(writer.write(&message(4)));
        assert!(!writer.write(&message(1)));
        assert!(writer.write(&Event::Writable { association: 9 }));
        assert_eq!(words[6..8], [KIND_WRITABLE, 9]);
    }

    #[test]
    fn addresses_are_text_with_blanks_between() {
        let mut text = String::new();
        join_addresses(
            &mut text,
            &["127.0.0.2".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        );
        assert_eq!(text, "127.0.0.2 2001:db8::1");
    }
}

//! Messages that the kernel delivers in parts, joined again. With fragment interleave level 1
//! (RFC 6458 §8.1.20) parts of different associations may alternate, and those of one association
//! only where its peer interleaves streams: so each association joins by stream.

/// The part of a message that completes it, or not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Whole(Vec<u8>),
    Incomplete,
    /// Longer than allowed; what there was of it is dropped.
    TooLong,
}

/// Unfinished messages of one association.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    /// Rarely more than one.
    unfinished: Vec<(u16, Vec<u8>)>,
}

impl Joins {
    /// Takes the next part of the message on `stream`.
    pub fn join(&mut self, stream: u16, part: &[u8], is_last: bool, max_bytes: usize) -> Joined {
        let started = self.position(stream);
        let length = started.map_or(0, |index| self.unfinished[index].1.len()) + part.len();
        if length > max_bytes {
            self.drop_stream(stream);
            return Joined::TooLong;
        }
        match (started, is_last) {
            (None, true) => Joined::Whole(part.to_vec()),
            (None, false) => {
                self.unfinished.push((stream, part.to_vec()));
                Joined::Incomplete
            }
            (Some(index), false) => {
                self.unfinished[index].1.extend_from_slice(part);
                Joined::Incomplete
            }
            (Some(index), true) => {
                let (_, mut message) = self.unfinished.swap_remove(index);
                message.extend_from_slice(part);
                Joined::Whole(message)
            }
        }
    }

    /// The rest of the message on `stream` will not come.
    pub fn drop_stream(&mut self, stream: u16) {
        if let Some(index) = self.position(stream) {
            self.unfinished.swap_remove(index);
        }
    }

    pub fn clear(&mut self) {
        self.unfinished.clear();
    }

    fn position(&self, stream: u16) -> Option<usize> {
        self.unfinished
            .iter()
            .position(|(unfinished, _)| *unfinished == stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_on_several_streams_become_their_messages() {
        let mut joins = Joins::default();
        assert_eq!(joins.join(0, b"one ", false, 20), Joined::Incomplete);
        assert_eq!(joins.join(1, b"other ", false, 20), Joined::Incomplete);
        assert_eq!(
            joins.join(2, b"whole", true, 20),
            Joined::Whole(b"whole".into())
        );
        assert_eq!(joins.join(0, b"two ", false, 20), Joined::Incomplete);
        assert_eq!(
            joins.join(0, b"three", true, 20),
            Joined::Whole(b"one two three".into())
        );
        assert_eq!(
            joins.join(1, b"end", true, 20),
            Joined::Whole(b"other end".into())
        );
        assert_eq!(
            joins.join(0, b"next", true, 20),
            Joined::Whole(b"next".into())
        );
    }

    #[test]
    fn a_message_is_bounded_and_its_parts_are_not_kept() {
        let mut joins = Joins::default();
        assert_eq!(joins.join(0, b"12345", false, 8), Joined::Incomplete);
        assert_eq!(joins.join(0, b"6789", false, 8), Joined::TooLong);
        assert!(joins.unfinished.is_empty());
        assert_eq!(
            joins.join(0, b"12345678", true, 8),
            Joined::Whole(b"12345678".into())
        );
        assert_eq!(joins.join(0, b"123456789", true, 8), Joined::TooLong);
    }

    #[test]
    fn a_message_that_is_given_up_leaves_nothing_for_the_next() {
        let mut joins = Joins::default();
        joins.join(4, b"half of ", false, 99);
        joins.drop_stream(4);
        assert_eq!(
            joins.join(4, b"whole", true, 99),
            Joined::Whole(b"whole".into())
        );
    }
}

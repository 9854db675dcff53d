//! The handlespace checksum of RFC 5353 §3.6.2: the Internet checksum (RFC 1071) over each owned element's
//! pool handle, zero-padded to four bytes, and identifier. The sum is kept unfolded in 64 bits, so that an
//! element can be taken out again and no carry is ever lost.

/// Sum of a pool handle's 16-bit big-endian words. Padding adds zeros, that is nothing.
pub(crate) fn sum_of_handle(pool_handle: &[u8]) -> u64 {
    let words = pool_handle.chunks(2);
    words
        .map(|word| u64::from(word[0]) << 8 | u64::from(*word.get(1).unwrap_or(&0)))
        .sum()
}

/// Sum of the two words of an identifier.
pub(crate) fn sum_of_id(id: u32) -> u64 {
    u64::from(id >> 16) + u64::from(id & 0xffff)
}

/// The 16 bits that go out: carries folded in, one's complement.
pub(crate) fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Elements<'a> = &'a [(&'a [u8], u32)];

    fn sum(elements: Elements<'_>) -> u64 {
        elements
            .iter()
            .map(|(handle, id)| sum_of_handle(handle) + sum_of_id(*id))
            .sum()
    }

    /// The table of verified values: own code, rsplib's code and a capture agree on them.
    #[test]
    fn known_handlespaces_have_their_known_checksums() {
        let table: [(Elements<'_>, u16); 7] = [
            (&[], 0xffff),
            (&[(b"CalcAppPool", 0x5562_e917)], 0x8490),
            (&[(b"EchoPool", 0x1234_5678)], 0x29a5),
            (&[(b"A", 1)], 0xbefe),
            (&[(b"EchoPool", 0x1234_5678), (b"A", 1)], 0xe8a3),
            (&[(b"Web", 0xffff_ffff)], 0x469a),
            (
                &[
                    (b"Web", 0xffff_ffff),
                    (b"Web", 0xffff_fffe),
                    (b"EchoPool", 0x1234_5678),
                ],
                0xb6da,
            ),
        ];
        for (elements, expected) in table {
            assert_eq!(expected, fold(sum(elements)), "{elements:x?}");
        }
    }

    #[test]
    fn no_carry_is_lost_past_32_bits() {
        // One's complement addition word by word, the definition, beside the wide sum.
        let handle = [0xff; 32];
        let (mut wide, mut narrow) = (0u64, 0u32);
        for id in 0xffff_0000..0xffff_2000u32 {
            wide += sum_of_handle(&handle) + sum_of_id(id);
            let words = handle
                .chunks(2)
                .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
            for word in words.chain([id >> 16, id & 0xffff]) {
                narrow += word;
                narrow = (narrow & 0xffff) + (narrow >> 16);
            }
        }
        assert!(wide > u64::from(u32::MAX));
        assert_eq!(!(narrow as u16), fold(wide));
    }
}

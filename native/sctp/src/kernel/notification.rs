//! What the kernel tells about associations (RFC 6458 §6.1), read from its octets. What follows
//! from it is `arrivals.rs`.

use std::net::IpAddr;

use crate::kernel::abi::{event, read_address};

/// A notification that matters here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notification<'a> {
    Association(AssociationChange<'a>),
    Path {
        association: i32,
        address: IpAddr,
        change: PathChange,
    },
    /// The peer has begun to shut down: nothing more can be sent.
    Shutdown {
        association: i32,
    },
    /// The rest of a message whose first parts have been delivered will not come.
    PartialDeliveryAborted {
        association: i32,
        stream: u16,
    },
    /// The peer has acknowledged everything that was sent.
    Dry {
        association: i32,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AssociationChange<'a> {
    pub association: i32,
    pub state: AssociationState,
    /// Cause code (RFC 9260 §3.3.10); 0 where there is none.
    pub error: u16,
    pub outbound_streams: u16,
    /// The ABORT that the peer sent, if it did.
    pub abort: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssociationState {
    Up,
    Lost,
    Restart,
    ShutdownComplete,
    CannotStart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathChange {
    /// Confirmed, or reachable again.
    Up,
    Down,
    /// The peer has this address, too, from now on (RFC 5061), or has it no more.
    Added,
    Removed,
}

impl<'a> Notification<'a> {
    /// `None`: cut off, or of no interest.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let reader = Reader(bytes);
        match reader.u16(0)? {
            event::ASSOCIATION_CHANGE => AssociationChange::parse(reader).map(Self::Association),
            event::PEER_ADDRESS_CHANGE => parse_path_change(reader),
            event::SHUTDOWN => Some(Self::Shutdown {
                association: reader.i32(8)?,
            }),
            // The only indication that there is: aborted.
            event::PARTIAL_DELIVERY => Some(Self::PartialDeliveryAborted {
                association: reader.i32(12)?,
                stream: reader.u32(16)? as u16,
            }),
            event::SENDER_DRY => Some(Self::Dry {
                association: reader.i32(8)?,
            }),
            _ => None,
        }
    }
}

impl<'a> AssociationChange<'a> {
    /// `struct sctp_assoc_change`.
    fn parse(reader: Reader<'a>) -> Option<Self> {
        const FIXED_BYTES: usize = 20;
        let state = match reader.u16(8)? {
            0 => AssociationState::Up,
            1 => AssociationState::Lost,
            2 => AssociationState::Restart,
            3 => AssociationState::ShutdownComplete,
            4 => AssociationState::CannotStart,
            _ => return None,
        };
        let info = reader.0.get(FIXED_BYTES..).filter(|info| !info.is_empty());
        Some(AssociationChange {
            association: reader.i32(16)?,
            state,
            error: reader.u16(10)?,
            outbound_streams: reader.u16(12)?,
            abort: info.filter(|_| state == AssociationState::Lost),
        })
    }

    /// The peer's words in its ABORT (RFC 9260 §3.3.10.12).
    pub fn reason(&self) -> Option<String> {
        const USER_INITIATED_ABORT: u16 = 12;
        const ABORT_CHUNK: u8 = 6;
        let mut causes = self.abort?;
        // The chunk's own header, which the kernel may have taken off.
        if causes.first() == Some(&ABORT_CHUNK) {
            causes = causes.get(4..)?;
        }
        while let Some(&[code0, code1, length0, length1]) = causes.first_chunk() {
            let code = u16::from_be_bytes([code0, code1]);
            let length = usize::from(u16::from_be_bytes([length0, length1]));
            let value = causes.get(4..length)?;
            if code == USER_INITIATED_ABORT && !value.is_empty() {
                return Some(String::from_utf8_lossy(value).into_owned());
            }
            causes = causes.get(length.next_multiple_of(4)..)?;
        }
        None
    }
}

/// `struct sctp_paddr_change`.
fn parse_path_change(reader: Reader<'_>) -> Option<Notification<'_>> {
    const ADDRESS: usize = 8;
    const STATE: usize = 136;
    const ASSOCIATION: usize = 144;
    let (address, _) = read_address(reader.0.get(ADDRESS..STATE)?)?;
    let change = match reader.u32(STATE)? {
        // SCTP_ADDR_AVAILABLE, SCTP_ADDR_CONFIRMED
        0 | 5 => PathChange::Up,
        // SCTP_ADDR_UNREACHABLE
        1 => PathChange::Down,
        // SCTP_ADDR_REMOVED, SCTP_ADDR_ADDED
        2 => PathChange::Removed,
        3 => PathChange::Added,
        _ => return None,
    };
    Some(Notification::Path {
        association: reader.i32(ASSOCIATION)?,
        address: address.ip(),
        change,
    })
}

/// Numbers of this machine's byte order at offsets.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn u16(self, offset: usize) -> Option<u16> {
        Some(u16::from_ne_bytes(*self.0.get(offset..)?.first_chunk()?))
    }

    fn u32(self, offset: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(*self.0.get(offset..)?.first_chunk()?))
    }

    fn i32(self, offset: usize) -> Option<i32> {
        Some(self.u32(offset)? as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::abi::packed_addresses;

    /// Type, flags and length, as every notification starts.
    fn notification(kind: u16, rest: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_ne_bytes().to_vec();
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&(8 + rest.len() as u32).to_ne_bytes());
        bytes.extend_from_slice(rest);
        bytes
    }

    fn association_change(state: u16, error: u16, info: &[u8]) -> Vec<u8> {
        let mut rest = Vec::new();
        for field in [state, error, 32, 16] {
            rest.extend_from_slice(&field.to_ne_bytes());
        }
        rest.extend_from_slice(&77i32.to_ne_bytes());
        rest.extend_from_slice(info);
        notification(event::ASSOCIATION_CHANGE, &rest)
    }

    fn change(bytes: &[u8]) -> AssociationChange<'_> {
        match Notification::parse(bytes) {
            Some(Notification::Association(change)) => change,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_states_of_an_association_are_told_apart() {
        use AssociationState::*;
        for (number, state) in [Up, Lost, Restart, ShutdownComplete, CannotStart]
            .into_iter()
            .enumerate()
        {
            let bytes = association_change(number as u16, 0, &[]);
            let change = change(&bytes);
            assert_eq!((change.association, change.state), (77, state));
            assert_eq!(change.outbound_streams, 32);
        }
        assert_eq!(Notification::parse(&association_change(5, 0, &[])), None);
    }

    #[test]
    fn the_peers_reason_is_found_among_the_causes_of_its_abort() {
        // Stale cookie (8 octets), then user-initiated abort, 4 octets of 5.
        let causes = b"\0\x03\0\x08\0\0\0\0\0\x0c\0\x08gone";
        let with_header = [b"\x06\0\0\x14", &causes[..]].concat();
        for info in [&causes[..], &with_header] {
            let bytes = association_change(1, 12, info);
            assert_eq!(change(&bytes).reason().as_deref(), Some("gone"));
        }
        assert_eq!(change(&association_change(1, 0, &[])).reason(), None);
        // Lengths that do not fit must neither panic nor loop.
        for length in [0u16, 3, 5, 0xffff] {
            let mut causes = causes.to_vec();
            causes[2..4].copy_from_slice(&length.to_be_bytes());
            let _ = change(&association_change(1, 12, &causes)).reason();
        }
    }

    #[test]
    fn a_path_change_names_its_address() {
        let mut rest = packed_addresses(&["10.1.1.2".parse().unwrap()], 3863);
        rest.resize(128, 0);
        for number in [1u32, 0, 77] {
            rest.extend_from_slice(&number.to_ne_bytes());
        }
        let bytes = notification(event::PEER_ADDRESS_CHANGE, &rest);
        assert_eq!(
            Notification::parse(&bytes),
            Some(Notification::Path {
                association: 77,
                address: "10.1.1.2".parse().unwrap(),
                change: PathChange::Down,
            })
        );
    }

    #[test]
    fn what_is_cut_off_or_unknown_is_none() {
        for (kind, length) in [
            (event::ASSOCIATION_CHANGE, 20),
            (event::PEER_ADDRESS_CHANGE, 148),
            (event::SHUTDOWN, 12),
            (event::PARTIAL_DELIVERY, 20),
            (event::SENDER_DRY, 12),
        ] {
            let whole = notification(kind, &[0; 200]);
            for cut in 0..length {
                assert_eq!(Notification::parse(&whole[..cut]), None, "{kind:x} {cut}");
            }
        }
        assert_eq!(Notification::parse(&notification(0x8003, &[0; 200])), None);
    }

    #[test]
    fn simple_notifications_name_their_association() {
        let association = 77;
        let name = 77i32.to_ne_bytes();
        assert_eq!(
            Notification::parse(&notification(event::SENDER_DRY, &name)),
            Some(Notification::Dry { association })
        );
        assert_eq!(
            Notification::parse(&notification(event::SHUTDOWN, &name)),
            Some(Notification::Shutdown { association })
        );
        let aborted = [&[0; 4], &name[..], &5u32.to_ne_bytes(), &[0; 4]].concat();
        assert_eq!(
            Notification::parse(&notification(event::PARTIAL_DELIVERY, &aborted)),
            Some(Notification::PartialDeliveryAborted {
                association,
                stream: 5
            })
        );
    }
}

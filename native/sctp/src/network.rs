//! Changes of the host's network interfaces and addresses, as the kernel reports them (rtnetlink(7)).
//! What the interfaces are now is asked elsewhere; this says that they differ, and which of them have
//! been deleted: one of the same name may be there again, without the multicast memberships.

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};

use crate::sys;

/// Enough for any single notification; the kernel sends several in one datagram only for dumps.
const BUFFER_BYTES: usize = 16 << 10;

/// `struct nlmsghdr`: length (4 octets), type (2), flags (2), sequence number (4), port (4).
const HEADER_BYTES: usize = 16;
/// `struct ifinfomsg`: family (1 octet), padding (1), type (2), index (4), flags (4), change (4).
const LINK_BYTES: usize = 16;
/// `struct rtattr`: length (2 octets), type (2).
const ATTRIBUTE_BYTES: usize = 4;
/// `IFLA_IFNAME`
const INTERFACE_NAME: u16 = 3;

/// What has happened since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Names of the interfaces that were deleted, in order; some may be there again.
    pub deleted: Vec<String>,
    /// The kernel dropped notifications: any interface may have been deleted.
    pub is_incomplete: bool,
}

/// A subscription to the kernel's notifications. Reading it never waits.
pub struct NetworkChanges {
    socket: OwnedFd,
}

impl NetworkChanges {
    /// Subscribes. Fails where netlink sockets are forbidden.
    pub fn subscribe() -> io::Result<Self> {
        let socket = sys::route_notifications()?;
        Ok(NetworkChanges { socket })
    }

    /// `None` if nothing has changed since the last call.
    pub fn take(&mut self) -> io::Result<Option<Changes>> {
        let mut buffer = [0; BUFFER_BYTES];
        let mut changes = None;
        loop {
            match sys::receive(self.socket.as_raw_fd(), &mut buffer) {
                Ok(length) => note_deleted(
                    &buffer[..length],
                    &mut changes.get_or_insert_with(Changes::default).deleted,
                ),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(changes),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    changes.get_or_insert_with(Changes::default).is_incomplete = true;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Adds the names of the interfaces whose deletion a datagram reports.
fn note_deleted(mut datagram: &[u8], deleted: &mut Vec<String>) {
    while let Some((kind, body, rest)) = next_message(datagram) {
        // Bridges report the ports that leave them in the same way, with a family of their own.
        let is_link = body.first() == Some(&(libc::AF_UNSPEC as u8));
        if kind == libc::RTM_DELLINK && is_link {
            deleted.extend(body.get(LINK_BYTES..).and_then(name_in));
        }
        datagram = rest;
    }
}

/// Type and body of the first message, and what follows it.
fn next_message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
    let body = bytes.get(HEADER_BYTES..length)?;
    let rest = bytes.get(aligned(length)..).unwrap_or_default();
    Some((kind, body, rest))
}

fn name_in(mut attributes: &[u8]) -> Option<String> {
    loop {
        let length = usize::from(u16::from_ne_bytes(*attributes.first_chunk()?));
        let kind = u16::from_ne_bytes(*attributes.get(2..)?.first_chunk()?);
        let value = attributes.get(ATTRIBUTE_BYTES..length)?;
        if kind == INTERFACE_NAME {
            let end = value.iter().position(|octet| *octet == 0);
            let name = &value[..end.unwrap_or(value.len())];
            return Some(String::from_utf8_lossy(name).into_owned());
        }
        attributes = attributes.get(aligned(length)..)?;
    }
}

/// Messages and attributes begin at multiples of four octets.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((ATTRIBUTE_BYTES + value.len()) as u16)
            .to_ne_bytes()
            .to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn message(kind: u16, family: i32, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![0; LINK_BYTES];
        body[0] = family as u8;
        body.extend(attributes.concat());
        let mut bytes = ((HEADER_BYTES + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.resize(HEADER_BYTES, 0);
        bytes.extend(body);
        bytes
    }

    fn deleted_in(datagram: &[u8]) -> Vec<String> {
        let mut deleted = Vec::new();
        note_deleted(datagram, &mut deleted);
        deleted
    }

    #[test]
    fn deleted_interfaces_are_found_by_name_among_other_messages() {
        let name = |name: &[u8]| attribute(INTERFACE_NAME, name);
        let datagram = [
            message(libc::RTM_NEWLINK, libc::AF_UNSPEC, &[name(b"eth0\0")]),
            message(
                libc::RTM_DELLINK,
                libc::AF_UNSPEC,
                &[attribute(4, &[0; 3]), name(b"eth1\0")],
            ),
            message(libc::RTM_DELLINK, libc::AF_BRIDGE, &[name(b"eth2\0")]),
            message(libc::RTM_DELLINK, libc::AF_UNSPEC, &[name(b"tun0\0")]),
        ];
        assert_eq!(deleted_in(&datagram.concat()), ["eth1", "tun0"]);
    }

    #[test]
    fn a_message_that_is_cut_anywhere_is_not_read_beyond_its_end() {
        let whole = message(
            libc::RTM_DELLINK,
            libc::AF_UNSPEC,
            &[attribute(INTERFACE_NAME, b"eth0\0")],
        );
        for end in 0..whole.len() {
            assert_eq!(deleted_in(&whole[..end]), [""; 0]);
        }
        for octet in 0..whole.len() {
            for value in [0, 1, 3, 0xff] {
                let mut broken = whole.clone();
                broken[octet] = value;
                deleted_in(&broken);
            }
        }
    }

    #[test]
    fn nothing_has_changed_right_after_the_subscription() {
        let mut changes = NetworkChanges::subscribe().unwrap();
        assert_eq!(changes.take().unwrap(), None);
    }
}

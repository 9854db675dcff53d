//! Segments of large datagrams: which datagrams make one, and the control messages that say so.

use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::ptr;

/// Segments of one large datagram, and their octets: the least that any system takes.
pub(super) const MAX_SEGMENTS: usize = 64;
const MAX_SEGMENTED_BYTES: usize = 65_000;

/// A control message with one number, of two octets or four, aligned as the system wants it.
pub(super) type Control = [u64; 3];
pub(super) const NO_CONTROL: Control = [0; 3];

/// Datagrams that go together: to one address, of one size but the last, which may be shorter.
pub(super) struct Run {
    address: SocketAddr,
    segment: usize,
    bytes: usize,
    count: usize,
    is_over: bool,
}

impl Run {
    pub fn begin(address: SocketAddr, bytes: usize) -> Self {
        Run {
            address,
            segment: bytes,
            bytes,
            count: 1,
            is_over: bytes == 0,
        }
    }

    /// Whether another datagram goes along; then it does.
    pub fn takes(&mut self, address: SocketAddr, bytes: usize, limit: usize) -> bool {
        let fits = self.count < limit && self.bytes + bytes <= MAX_SEGMENTED_BYTES;
        let is_alike = address == self.address && (1..=self.segment).contains(&bytes);
        if self.is_over || !fits || !is_alike {
            return false;
        }
        self.is_over = bytes < self.segment;
        self.bytes += bytes;
        self.count += 1;
        true
    }
}

/// What a system without segments says, or a device that cannot do the checksums of some.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EIO | libc::EINVAL | libc::EOPNOTSUPP | libc::EMSGSIZE | libc::ENOPROTOOPT)
    )
}

/// The parts of a joined datagram, all of `size` but the last. `None`: it is one.
pub(super) fn segments(bytes: &[u8], size: Option<usize>) -> impl Iterator<Item = &[u8]> {
    let size = size.filter(|size| *size > 0).unwrap_or(bytes.len());
    bytes.chunks(size.max(1))
}

/// Asks for datagrams of one sender to be joined. Where the system does not know that, they are not.
pub(crate) fn join_segments(fd: RawFd) {
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the system reads `length` octets of `on`.
    unsafe {
        libc::setsockopt(
            fd,
            libc::SOL_UDP,
            libc::UDP_GRO,
            ptr::from_ref(&on).cast(),
            length,
        );
    }
}

const CONTROL_HEADER_BYTES: usize = size_of::<libc::cmsghdr>();
pub(super) const SEGMENT_CONTROL_BYTES: usize =
    CONTROL_HEADER_BYTES + size_of::<u16>().next_multiple_of(size_of::<usize>());

/// `UDP_SEGMENT`: the size of the segments.
pub(super) fn segment_control(bytes: usize) -> Control {
    let mut control = NO_CONTROL;
    let place = ptr::from_mut(&mut control).cast::<libc::cmsghdr>();
    // SAFETY: the words are aligned for a control message, and hold its header with eight octets behind it.
    unsafe {
        (*place).cmsg_len = (CONTROL_HEADER_BYTES + size_of::<u16>()) as _;
        (*place).cmsg_level = libc::SOL_UDP;
        (*place).cmsg_type = libc::UDP_SEGMENT;
        place.add(1).cast::<u16>().write(bytes as u16);
    }
    control
}

/// `UDP_GRO`: the size of the segments that have been joined.
pub(super) fn joined_bytes(control: &Control) -> Option<usize> {
    let place = ptr::from_ref(control).cast::<libc::cmsghdr>();
    // SAFETY: as above; the system has written it.
    let (header, number) = unsafe { (*place, place.add(1).cast::<libc::c_int>().read()) };
    let is_it = header.cmsg_level == libc::SOL_UDP && header.cmsg_type == libc::UDP_GRO;
    usize::try_from(number).ok().filter(|_| is_it)
}

//! Datagrams that go out.

use std::io;
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::ptr;

use super::segments::{
    Control, MAX_SEGMENTS, Run, SEGMENT_CONTROL_BYTES, is_refusal, segment_control,
};
use super::{BATCH, buffer, header};
use crate::userland::socket_address::to_system;

/// Datagrams of one call, in up to [`BATCH`] large ones.
const MAX_DATAGRAMS: usize = 8 * BATCH;

/// Room for the headers of a batch that goes out.
pub(crate) struct Outgoing {
    addresses: Vec<libc::sockaddr_storage>,
    buffers: Vec<libc::iovec>,
    controls: Vec<Control>,
    headers: Vec<libc::mmsghdr>,
    /// How many datagrams each header stands for.
    pub(super) runs: Vec<usize>,
    may_segment: bool,
    /// Sockets that have refused to.
    pub(super) refusing: Vec<RawFd>,
}

// SAFETY: what its pointers lead to is used in `send` only, which fills them in anew.
unsafe impl Send for Outgoing {}

impl Outgoing {
    /// `may_segment`: the sockets are UDP's.
    pub fn new(may_segment: bool) -> Self {
        Outgoing {
            addresses: Vec::with_capacity(BATCH),
            buffers: Vec::with_capacity(BATCH),
            controls: Vec::with_capacity(BATCH),
            headers: Vec::with_capacity(BATCH),
            runs: Vec::with_capacity(BATCH),
            may_segment,
            refusing: Vec::new(),
        }
    }

    /// Sends datagrams, up to [`BATCH`] or so many segments, without waiting; how many of them left. The error is
    /// that of the first.
    pub fn send<'a>(
        &mut self,
        fd: RawFd,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])> + Clone,
    ) -> io::Result<usize> {
        let segmented = self.may_segment && !self.refusing.contains(&fd);
        let limit = if segmented { MAX_SEGMENTS } else { 1 };
        self.fill_in(datagrams.clone().take(MAX_DATAGRAMS), limit);
        match self.send_runs(fd) {
            Err(error) if self.runs[0] > 1 && is_refusal(&error) => {
                self.refusing.push(fd);
                self.fill_in(datagrams.take(BATCH), 1);
                self.send_runs(fd)
            }
            result => result,
        }
    }

    /// Fills in a header for each run of up to `limit` datagrams that may go together.
    fn fill_in<'a>(
        &mut self,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
        limit: usize,
    ) {
        self.addresses.clear();
        self.buffers.clear();
        self.runs.clear();
        let mut run: Option<Run> = None;
        for (address, bytes) in datagrams {
            let goes_along = run
                .as_mut()
                .is_some_and(|run| run.takes(address, bytes.len(), limit));
            if goes_along {
                *self.runs.last_mut().expect("a run has begun") += 1;
            } else if self.runs.len() < BATCH {
                run = Some(Run::begin(address, bytes.len()));
                self.addresses.push(to_system(address));
                self.runs.push(1);
            } else {
                break;
            }
            self.buffers
                .push(buffer(bytes.as_ptr().cast_mut(), bytes.len()));
        }
        self.point();
    }

    /// Points the headers to what they are about, which does not move any more.
    fn point(&mut self) {
        self.headers.clear();
        self.controls.clear();
        let mut start = 0;
        for &count in &self.runs {
            self.controls
                .push(segment_control(self.buffers[start].iov_len));
            start += count;
        }
        start = 0;
        let places = self.addresses.iter_mut().zip(&mut self.controls);
        for ((address, control), &count) in places.zip(&self.runs) {
            let mut header = header(address, &mut self.buffers[start], count);
            if count > 1 {
                header.msg_hdr.msg_control = ptr::from_mut(control).cast();
                header.msg_hdr.msg_controllen = SEGMENT_CONTROL_BYTES as _;
            }
            self.headers.push(header);
            start += count;
        }
    }

    fn send_runs(&mut self, fd: RawFd) -> io::Result<usize> {
        // SAFETY: the headers lead to the addresses, controls and buffers of this very call, and the buffers to
        // slices that outlive it; the system only reads them.
        let count = unsafe {
            libc::sendmmsg(
                fd,
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        Ok(self.runs[..count].iter().sum())
    }
}

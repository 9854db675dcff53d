//! The socket of one endpoint: bound and set up in the caller's thread, so that what cannot be is
//! told at once, then used by the I/O thread. Which call when is `requests.rs` and `sending.rs`.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::error::StackError;
use crate::kernel::abi::{self, event, option, send_flag};
use crate::kernel::socket_errors::{bind_error, listen_error, no_socket};
use crate::kernel::sys::{self, Mailbox, Outgoing};
use crate::options::{STREAMS, StackOptions};
use crate::sys::enlarge_buffers;

/// For thousands of associations at once; the system doubles it for its own needs.
const BUFFER_BYTES: i32 = 4 << 20;

/// How many associations, each with its share of the send buffer full, fill the socket's.
const SHARES: usize = 16;

/// Any number but 0: an endpoint of many associations has no queue of them.
const BACKLOG: i32 = 128;

/// Addresses of one peer that are read; a peer with more counts as one that has its primary one only.
const MAX_ADDRESSES: usize = 4_096;

/// Longest reason that an ABORT carries.
const MAX_REASON_BYTES: usize = 200;

/// Whether the kernel has SCTP: makes a socket and gives it back. The system may load the module for
/// it, where it is set up so.
pub fn try_kernel() -> io::Result<()> {
    sys::socket(false).map(|_| ())
}

/// `Command::OpenSocket`: an endpoint with its socket.
#[derive(Debug)]
pub struct OpenSocket {
    pub(crate) port: u16,
    pub(crate) endpoint: u32,
    pub(crate) accepts: bool,
    pub(crate) socket: Socket,
}

#[derive(Debug)]
pub(crate) struct Socket {
    // In this order: a port is free before anybody is told so.
    fd: OwnedFd,
    _closing: Sender<Infallible>,
    port: u16,
    /// Octets of one association that may lie in the send buffer.
    share_bytes: usize,
    /// `net.sctp.encap_port`, where associations go whose caller names no UDP port.
    encapsulation: u16,
}

impl Socket {
    /// Binds `port` (0: any free one) on all local addresses. With `accepts` peers may call. The
    /// receiver is told, by its end, when the port is free again.
    pub fn open(
        options: &StackOptions,
        port: u16,
        accepts: bool,
    ) -> Result<(Self, Receiver<Infallible>), StackError> {
        let addresses: Vec<IpAddr> = options.served_addresses().collect();
        let has_ipv6 = addresses.iter().any(IpAddr::is_ipv6);
        // A socket of IPv4 could not take an IPv6 address that comes later.
        let is_ipv6 = has_ipv6 || (options.may_change_addresses && sys::socket(true).is_ok());
        let fd = sys::socket(is_ipv6).map_err(|error| no_socket(is_ipv6, &error))?;
        enlarge_buffers(fd.as_raw_fd(), BUFFER_BYTES);
        let (sender, receiver) = channel();
        let mut socket = Socket {
            fd,
            _closing: sender,
            port,
            share_bytes: 0,
            encapsulation: 0,
        };
        let set_up = |error| StackError::system("set up an SCTP socket", &error);
        if is_ipv6 {
            let is_alone = addresses.iter().all(IpAddr::is_ipv6) && !options.may_change_addresses;
            socket
                .set_number(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, is_alone.into())
                .map_err(set_up)?;
        }
        socket.set_up(options).map_err(set_up)?;
        for &address in &addresses {
            socket
                .bind(address)
                .map_err(|error| bind_error(address, socket.port, &error))?;
        }
        if accepts {
            sys::listen(socket.fd(), BACKLOG).map_err(|error| listen_error(&error))?;
        }
        Ok((socket, receiver))
    }

    /// Octets that the receive buffer holds for all associations, and how many it may hold.
    pub fn receive_buffer(&self) -> Option<(usize, usize)> {
        const USED: usize = 0;
        const LIMIT: usize = 4;
        // `SK_MEMINFO_RMEM_ALLOC` and `SK_MEMINFO_RCVBUF`, the first two of nine numbers.
        let mut numbers = [0; 36];
        sys::get_option(self.fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, &mut numbers).ok()?;
        let number = |at: usize| {
            let bytes = numbers.get(at..)?.first_chunk()?;
            Some(u32::from_ne_bytes(*bytes) as usize)
        };
        Some((number(USED)?, number(LIMIT)?))
    }

    /// The SCTP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn share_bytes(&self) -> usize {
        self.share_bytes
    }

    pub fn raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// RFC 9260 §5.1 A, without waiting for the answer: the association's identifier.
    pub fn connect(&self, peer: &[IpAddr], port: u16, udp_port: u16) -> io::Result<i32> {
        let addresses = abi::packed_addresses(peer, port);
        if udp_port == 0 {
            return sys::connectx(self.fd(), &addresses);
        }
        // The INIT leaves within `connectx`, so the port has to be known before.
        self.encapsulate_future(udp_port)?;
        let result = sys::connectx(self.fd(), &addresses);
        self.encapsulate_future(self.encapsulation)?;
        result
    }

    /// The peer's addresses, while the kernel knows the association.
    pub fn peer_addresses(&self, association: i32) -> io::Result<Vec<SocketAddr>> {
        self.addresses(option::PEER_ADDRESSES, association)
    }

    /// Sends messages in order until one is not taken; how many were.
    pub fn send(&self, messages: &[Outgoing<'_>]) -> io::Result<usize> {
        sys::send(self.fd(), messages)
    }

    /// Receives what is there, up to a batch.
    pub fn receive(&self, mailbox: &mut Mailbox) -> io::Result<usize> {
        mailbox.receive(self.fd())
    }

    /// Ends an association gracefully (RFC 9260 §9.2).
    pub fn shutdown(&self, association: i32) -> io::Result<()> {
        self.send_control(association, send_flag::SHUTDOWN, &[])
    }

    /// Ends an association at once (RFC 9260 §9.1). The kernel makes `reason` the cause
    /// "user-initiated abort".
    pub fn abort(&self, association: i32, reason: &str) -> io::Result<()> {
        let end = (0..=reason.len().min(MAX_REASON_BYTES))
            .rev()
            .find(|&end| reason.is_char_boundary(end))
            .unwrap_or(0);
        self.send_control(association, send_flag::ABORT, &reason.as_bytes()[..end])
    }

    /// Whether to be told when the peer has acknowledged everything. Asked for when nothing is
    /// outstanding, that is told at once.
    pub fn watch_dry(&self, association: i32, is_wanted: bool) -> io::Result<()> {
        let subscription = abi::subscription(association, event::SENDER_DRY, is_wanted);
        self.set(option::EVENT, &subscription)
    }

    /// New associations have this address, too.
    pub fn add_address(&self, address: IpAddr) -> io::Result<()> {
        let packed = abi::packed_addresses(&[address], self.port);
        self.set(option::BINDX_ADD, &packed)
    }

    /// New associations do not have this address. Fails if it is the only one.
    pub fn remove_address(&self, address: IpAddr) -> io::Result<()> {
        let packed = abi::packed_addresses(&[address], self.port);
        // Otherwise the kernel refuses the addresses that this host does not have.
        self.set_number(libc::IPPROTO_IP, libc::IP_FREEBIND, 1)?;
        let result = self.set(option::BINDX_REMOVE, &packed);
        self.set_number(libc::IPPROTO_IP, libc::IP_FREEBIND, 0)?;
        result
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn set_up(&mut self, options: &StackOptions) -> io::Result<()> {
        let ms = |duration: Duration| u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        let count = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
        let (initial, min, max) = (options.rto_initial, options.rto_min, options.rto_max);
        let max_retransmissions = count(options.max_retransmissions);
        // The field is short; longer time-outs of INITs end at 65 seconds.
        let max_init_ms = count(ms(max));
        // 0 would mean: leave it as it is.
        let path_max = count(options.path_max_retransmissions.max(1));
        let heartbeat_ms = ms(options.heartbeat_interval);
        self.set(
            option::RTO_INFO,
            &abi::rto_info(ms(initial), ms(min), ms(max)),
        )?;
        self.set(
            option::ASSOC_INFO,
            &abi::association_info(max_retransmissions),
        )?;
        let init = abi::init_message(STREAMS, max_retransmissions, max_init_ms);
        self.set(option::INIT_MESSAGE, &init)?;
        let paths = abi::path_parameters(heartbeat_ms, path_max);
        self.set(option::PEER_ADDRESS_PARAMETERS, &paths)?;
        self.set(option::DELAYED_SACK, &abi::sack_at_once())?;
        let sctp = libc::IPPROTO_SCTP;
        // A message must not wait for others to share its packet, nor for the peer's delayed SACK.
        self.set_number(sctp, option::NO_DELAY, 1)?;
        // With level 0 an unfinished message would hold up every other association.
        self.set_number(sctp, option::FRAGMENT_INTERLEAVE, 1)?;
        self.set_number(sctp, option::RECEIVE_INFO, 1)?;
        self.set_number(sctp, option::WANT_MAPPED_V4_ADDRESSES, 0)?;
        // Closing ABORTs what is left, also when the process dies: its peers know at once, and its port
        // is free again. Otherwise every association would first end gracefully.
        let linger = [1i32, 0].map(i32::to_ne_bytes);
        let linger = linger.as_flattened();
        sys::set_option(self.fd(), libc::SOL_SOCKET, libc::SO_LINGER, linger)?;
        if let Some(autoclose) = options.autoclose {
            let seconds = autoclose.as_millis().div_ceil(1_000).min(i32::MAX as u128);
            self.set_number(sctp, option::AUTOCLOSE, seconds as i32)?;
        }
        // Not SEND_FAILED: it would bring back every message of a lost association, and whoever
        // sent them is told of the loss.
        for event in [
            event::ASSOCIATION_CHANGE,
            event::PEER_ADDRESS_CHANGE,
            event::SHUTDOWN,
            event::PARTIAL_DELIVERY,
        ] {
            let subscription = abi::subscription(abi::FUTURE_ASSOCIATIONS, event, true);
            self.set(option::EVENT, &subscription)?;
        }
        self.share_bytes = self.send_buffer_bytes()? / SHARES;
        // Kernels before 5.11 have no encapsulation.
        let mut encapsulation = abi::udp_encapsulation(0);
        self.encapsulation = self
            .get(option::REMOTE_UDP_ENCAPSULATION_PORT, &mut encapsulation)
            .ok()
            .and_then(|_| abi::udp_encapsulation_port(&encapsulation))
            .unwrap_or(0);
        Ok(())
    }

    /// The first address settles the port.
    fn bind(&mut self, address: IpAddr) -> io::Result<()> {
        let packed = abi::packed_addresses(&[address], self.port);
        self.set(option::BINDX_ADD, &packed)?;
        if self.port == 0 {
            let bound = self.addresses(option::LOCAL_ADDRESSES, abi::FUTURE_ASSOCIATIONS)?;
            self.port = bound.first().map_or(0, SocketAddr::port);
        }
        Ok(())
    }

    fn addresses(&self, name: i32, association: i32) -> io::Result<Vec<SocketAddr>> {
        /// Of an IPv6 address, the longer one.
        const ADDRESS_BYTES: usize = 28;
        let mut count = 64;
        loop {
            let mut request = abi::address_request(association, count * ADDRESS_BYTES);
            match self.get(name, &mut request) {
                // The kernel fails when there are more.
                Err(error) if is_too_little(&error) && count < MAX_ADDRESSES => count *= 8,
                result => return result.map(|()| abi::requested_addresses(&request)),
            }
        }
    }

    fn encapsulate_future(&self, udp_port: u16) -> io::Result<()> {
        let encapsulation = abi::udp_encapsulation(udp_port);
        self.set(option::REMOTE_UDP_ENCAPSULATION_PORT, &encapsulation)
    }

    fn send_buffer_bytes(&self) -> io::Result<usize> {
        let mut bytes = [0; 4];
        sys::get_option(self.fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, &mut bytes)?;
        Ok(u32::from_ne_bytes(bytes) as usize)
    }

    fn send_control(&self, association: i32, flag: u16, payload: &[u8]) -> io::Result<()> {
        let control = abi::send_control(association, 0, flag, 0);
        sys::send(self.fd(), &[Outgoing { payload, control }]).map(|_| ())
    }

    fn set(&self, name: i32, value: &[u8]) -> io::Result<()> {
        sys::set_option(self.fd(), libc::IPPROTO_SCTP, name, value)
    }

    fn set_number(&self, level: i32, name: i32, value: i32) -> io::Result<()> {
        sys::set_option(self.fd(), level, name, &value.to_ne_bytes())
    }

    fn get(&self, name: i32, value: &mut [u8]) -> io::Result<()> {
        sys::get_option(self.fd(), libc::IPPROTO_SCTP, name, value)
    }
}

fn is_too_little(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOMEM)
}

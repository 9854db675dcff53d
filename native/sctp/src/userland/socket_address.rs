//! Addresses in the form of the system's calls.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

pub(crate) fn zeroed_address() -> libc::sockaddr_storage {
    // SAFETY: all zero is a valid value of a struct of numbers.
    unsafe { std::mem::zeroed() }
}

pub(crate) fn to_system(address: SocketAddr) -> libc::sockaddr_storage {
    let mut storage = zeroed_address();
    match address {
        SocketAddr::V4(address) => {
            let place = ptr::from_mut(&mut storage).cast::<libc::sockaddr_in>();
            // SAFETY: the storage is made to hold either kind of address, and aligned for it.
            let place = unsafe { &mut *place };
            place.sin_family = libc::AF_INET as libc::sa_family_t;
            place.sin_port = address.port().to_be();
            place.sin_addr.s_addr = u32::from(*address.ip()).to_be();
        }
        SocketAddr::V6(address) => {
            let place = ptr::from_mut(&mut storage).cast::<libc::sockaddr_in6>();
            // SAFETY: as above.
            let place = unsafe { &mut *place };
            place.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            place.sin6_port = address.port().to_be();
            place.sin6_addr.s6_addr = address.ip().octets();
            place.sin6_flowinfo = address.flowinfo();
            place.sin6_scope_id = address.scope_id();
        }
    }
    storage
}

pub(crate) fn from_system(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which of the two kinds of address the storage holds.
            let address = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            let port = u16::from_be(address.sin_port);
            Some(SocketAddr::V4(SocketAddrV4::new(ip, port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let address = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
            let port = u16::from_be(address.sin6_port);
            match IpAddr::V6(ip).to_canonical() {
                IpAddr::V4(ip) => Some(SocketAddr::V4(SocketAddrV4::new(ip, port))),
                IpAddr::V6(_) => Some(SocketAddr::V6(SocketAddrV6::new(
                    ip,
                    port,
                    address.sin6_flowinfo,
                    address.sin6_scope_id,
                ))),
            }
        }
        _ => None,
    }
}

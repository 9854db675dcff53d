//! Local addresses of a stack that come and go while it is open.

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use super::Stack;
use crate::command::{Command, UseAddresses};
use crate::error::StackError;
use crate::kernel::Socket;
use crate::options::Backend;
use crate::userland::{raw, udp};

impl Stack {
    /// Uses exactly these local addresses from now on: new associations have them, and the others are
    /// not listed to peers. Those that are in use stay open, so that associations go on when a lost
    /// address is back. Returns the addresses that the system refuses, each with its reason; they are
    /// not used.
    pub fn use_addresses(
        &mut self,
        wanted: &[IpAddr],
    ) -> Result<Vec<(IpAddr, StackError)>, StackError> {
        self.must_be_open()?;
        let mut refused = Vec::new();
        let mut sockets = Vec::new();
        for &address in wanted {
            if self.options.local_addresses.contains(&address) {
                continue;
            }
            match self.bind_one(address) {
                Ok(socket) => {
                    sockets.extend(socket);
                    self.options.local_addresses.push(address);
                }
                Err(error) => refused.push((address, error)),
            }
        }
        let known = self.options.local_addresses.iter();
        self.options.retired_addresses = known
            .copied()
            .filter(|address| !wanted.contains(address))
            .collect();
        let change = UseAddresses {
            local_addresses: self.options.local_addresses.clone(),
            retired_addresses: self.options.retired_addresses.clone(),
            sockets,
        };
        self.batch
            .commands
            .push(Command::UseAddresses(Box::new(change)));
        self.flush();
        Ok(refused)
    }

    /// The socket for a new local address. Endpoints on the kernel have their own: there it is only
    /// seen that the address can be had.
    fn bind_one(&self, address: IpAddr) -> Result<Option<OwnedFd>, StackError> {
        match self.options.backend {
            Backend::Udp => udp::bind_one(address, self.udp_port).map(|socket| Some(socket.into())),
            Backend::Raw => raw::bind_one(address).map(Some),
            Backend::Kernel => {
                let mut options = self.options.clone();
                options.local_addresses = vec![address];
                Socket::open(&options, 0, false).map(|_| None)
            }
        }
    }
}

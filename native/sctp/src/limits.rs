//! Limits on associations: in all, shared between the caller's and the I/O thread, and per peer
//! host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Room for associations in all.
#[derive(Clone, Debug)]
pub struct Room {
    taken: Arc<AtomicUsize>,
    limit: usize,
}

impl Room {
    pub fn new(limit: usize) -> Self {
        Room {
            taken: Arc::default(),
            limit,
        }
    }

    /// Takes one place. False when there is none.
    pub fn take(&self) -> bool {
        let one_more = |taken| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(SeqCst, SeqCst, one_more).is_ok()
    }

    pub fn give_back(&self) {
        self.taken.fetch_sub(1, SeqCst);
    }

    pub fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    pub fn is_full(&self) -> bool {
        self.taken() >= self.limit
    }
}

/// Associations of each peer host, by the address its packets come from.
#[derive(Debug)]
pub(crate) struct Hosts {
    associations: HashMap<IpAddr, usize>,
    limit: usize,
}

impl Hosts {
    pub fn new(limit: usize) -> Self {
        Hosts {
            associations: HashMap::new(),
            limit,
        }
    }

    pub fn is_full(&self, host: IpAddr) -> bool {
        self.associations
            .get(&host)
            .is_some_and(|&count| count >= self.limit)
    }

    pub fn add(&mut self, host: IpAddr) {
        *self.associations.entry(host).or_default() += 1;
    }

    pub fn remove(&mut self, host: IpAddr) {
        if let Some(count) = self.associations.get_mut(&host) {
            *count -= 1;
            if *count == 0 {
                self.associations.remove(&host);
            }
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.associations.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_up_to_the_limit_and_again_after_it_came_back() {
        let room = Room::new(2);
        assert!(room.take() && room.clone().take());
        assert!(!room.take() && room.is_full());
        room.give_back();
        assert!(room.take());
    }

    #[test]
    fn a_host_without_associations_is_forgotten() {
        let host = "192.0.2.1".parse().unwrap();
        let mut hosts = Hosts::new(1);
        hosts.add(host);
        assert!(hosts.is_full(host));
        hosts.remove(host);
        assert!(!hosts.is_full(host));
        assert_eq!(hosts.len(), 0);
    }
}

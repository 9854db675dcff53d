//! Which association a packet belongs to (RFC 9260 §8.4): by ports and our verification tag, which
//! a peer keeps whatever address or UDP port it sends from (RFC 6951 §5.4); or by ports and path,
//! for the packets that do not carry our tag.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

use crate::userland::keyed_hash::HashKey;

/// Ports and our tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TagKey {
    pub local_port: u16,
    pub peer_port: u16,
    pub local_tag: u32,
}

/// In one word: it is looked up for every packet.
impl Hash for TagKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let ports = u64::from(self.local_port) << 16 | u64::from(self.peer_port);
        hasher.write_u64(ports << 32 | u64::from(self.local_tag));
    }
}

/// Ports, and the peer's address with its UDP port: another UDP port is another process or NAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PathKey {
    pub local_port: u16,
    pub peer_port: u16,
    pub peer: SocketAddr,
}

/// Finds association identifiers. Peers choose part of the keys, so they are hashed with a secret.
#[derive(Default)]
pub(crate) struct Demux {
    by_tag: HashMap<TagKey, u32, HashKey>,
    by_path: HashMap<PathKey, u32, HashKey>,
}

impl Demux {
    pub fn by_tag(&self, key: &TagKey) -> Option<u32> {
        self.by_tag.get(key).copied()
    }

    pub fn by_path(&self, key: &PathKey) -> Option<u32> {
        self.by_path.get(key).copied()
    }

    /// False when the tag is taken on these ports.
    pub fn add_tag(&mut self, key: TagKey, association: u32) -> bool {
        *self.by_tag.entry(key).or_insert(association) == association
    }

    /// False when the path is another association's.
    pub fn add_path(&mut self, key: PathKey, association: u32) -> bool {
        *self.by_path.entry(key).or_insert(association) == association
    }

    pub fn remove_tag(&mut self, key: &TagKey) {
        self.by_tag.remove(key);
    }

    pub fn remove_path(&mut self, key: &PathKey, association: u32) {
        if self.by_path(key) == Some(association) {
            self.by_path.remove(key);
        }
    }

    pub fn len(&self) -> (usize, usize) {
        (self.by_tag.len(), self.by_path.len())
    }
}

//! The values that go into the handlespace and come out of it. No behaviour.

/// An instant or life that never comes.
pub const NEVER: u64 = u64::MAX;

/// The most pool elements that one resolution names (rsplib's receiver refuses more).
pub const MAX_ITEMS: usize = 128;

/// What a handlespace is made with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Settings {
    /// Seed of everything random here: random policies, the keys of the hash tables, keep-alive jitter.
    pub seed: u64,
    pub keep_alive: KeepAlive,
    /// How many leading entries of an answer have their selection state advanced; 0: as each policy has it.
    pub max_increment: u32,
    pub degradation: Degradation,
    /// Where in every record the big-endian identifier of the home registrar lies: `adopt` rewrites it.
    /// `None`: records say nothing of it.
    pub home_offset: Option<u16>,
    /// Where in every answer its length is to be written, in 16 bits, big-endian. `None`: nowhere.
    pub length_offset: Option<u16>,
    pub limits: Limits,
}

/// Which entries of an answer degrade under Least Used with Degradation (decision 27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Degradation {
    /// Those whose turn is taken (`max_increment`); the others are backups.
    #[default]
    OfTheFirst,
    /// Every entry (RFC 5356 §5.2.2).
    OfAll,
}

/// Keep-alive timing (RFC 5352 §3.5, §6.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeepAlive {
    /// Middle of the time between an acknowledgement and the next keep-alive. 1 ms to 30 days.
    pub interval_ms: u64,
    /// How long an acknowledgement may take. 1 ms to 30 days.
    pub timeout_ms: u64,
    /// Half width of the spread around the interval, as a share of it: 0.5 is "+/- 50 %". 0 to 1.
    pub jitter: f64,
}

impl Default for KeepAlive {
    fn default() -> Self {
        KeepAlive {
            interval_ms: 5000,
            timeout_ms: 5000,
            jitter: 0.5,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_pools: usize,
    pub max_elements: usize,
    pub max_pool_handle_bytes: usize,
    /// An answer never gets longer: it names as many of the selected elements as fit. The default is the
    /// longest message that RFC 5354 §4 can frame.
    pub max_answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_pools: 1 << 20,
            max_elements: 1 << 24,
            max_pool_handle_bytes: 32,
            max_answer_bytes: 65_532,
        }
    }
}

/// A policy with one pool element's values (RFC 5356). Values that a policy has not are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyValues {
    /// The policy's number on the wire, such as `0x4000_0001`.
    pub number: u32,
    /// Weight, priority or load, whichever the policy has.
    pub value: u32,
    pub load_degradation: u32,
}

/// One registration or re-registration. The byte strings are copied and never looked into.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    pub pool_handle: &'a [u8],
    pub id: u32,
    pub home: u32,
    /// The association it came in on; 0: none.
    pub association: u32,
    pub policy: PolicyValues,
    /// Every element of a pool must have the same.
    pub transport_kind: u32,
    /// Every element of a pool must have the same.
    pub has_control: bool,
    /// It is kept, and not selected, when it does not agree with its pool; otherwise it is refused then.
    pub may_disagree: bool,
    /// Keep-alive timers run for it.
    pub is_watched: bool,
    /// From now until the registration lapses; `NEVER`: it does not.
    pub expires_in_ms: u64,
    /// What an answer for this pool starts with. Taken from the registration that creates the pool.
    pub preface: &'a [u8],
    /// What an answer says of this element.
    pub record: &'a [u8],
    /// Offset and length of the stretch of `record` that is repeated in front of the first selected record.
    pub lead: (u16, u16),
    /// Bytes that belong to the element and are not part of an answer.
    pub annex: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Created,
    Updated,
}

/// One pool element as it is now; borrows from the handlespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    pub pool_handle: &'a [u8],
    pub id: u32,
    pub home: u32,
    pub association: u32,
    pub policy: PolicyValues,
    /// Its policy, transport protocol or control channel is not the pool's: it is not selected.
    pub disagrees: bool,
    pub is_watched: bool,
    /// A keep-alive is out and its time-out runs.
    pub awaits_acknowledgement: bool,
    /// Reports of unreachability since the last registration.
    pub unreachable_reports: u32,
    /// When the registration lapses; `NEVER`: it does not.
    pub expires_at: u64,
    pub record: &'a [u8],
    pub lead: (u16, u16),
    pub annex: &'a [u8],
}

/// One pool as it is now; borrows from the handlespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSummary<'a> {
    pub pool_handle: &'a [u8],
    pub policy: u32,
    /// In words, such as `Round Robin`.
    pub policy_name: &'static str,
    pub transport_kind: u32,
    pub has_control: bool,
    pub elements: usize,
}

/// What `expire` found due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The registration has lapsed: the element is removed.
    RegistrationLife,
    /// A keep-alive is to be sent; its time-out runs from now.
    KeepAliveTransmission,
    /// No acknowledgement came: the element is removed.
    KeepAliveTimeout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub pools: usize,
    pub elements: usize,
    /// Registrars that own at least one element.
    pub owners: usize,
    /// Associations that at least one element belongs to.
    pub associations: usize,
    /// Bytes allocated for what is kept per element and per pool; the policies' own structures and the
    /// index of owners (a few bytes per element) are not in it.
    pub memory_bytes: usize,
}

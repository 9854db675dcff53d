//! The paths of an association whose peer has several addresses: which of them work, as told by our own
//! HEARTBEATs (RFC 9260 §5.4, §8.2, §8.3), and which one packets take. Sans-IO: what to send comes out of
//! `poll`. An association with a single path has none of this; `dcsctp`'s own heartbeats watch over it.
//!
//! `dcsctp` knows one path: one congestion window, one time-out. So a path is left early, at the
//! first time-out of data that went over it, and returned to when it answers (as in RFC 7829).

use std::net::IpAddr;
use std::time::Duration;

use crate::options::StackOptions;
use crate::userland::link::Route;
use crate::userland::packet::{PacketBuilder, chunk, push_parameter};

/// More addresses of a peer than this are of no use to anybody.
const MAX_PATHS: usize = 8;

/// Heartbeat Info Parameter (RFC 9260 §3.3.5).
const HEARTBEAT_INFO: u16 = 1;
/// Tells our heartbeats from those of `dcsctp`.
const MARK: [u8; 8] = *b"rserpool";
const NONCE_BYTES: usize = 8;
const PARAMETER_HEADER_BYTES: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Listed by the peer, never answered: carries nothing but heartbeats (RFC 9260 §5.4).
    Unconfirmed,
    Active,
    /// Too many errors; told as down.
    Inactive,
}

#[derive(Debug)]
struct Path {
    route: Route,
    state: State,
    /// Of the heartbeat on its way, and when it is given up.
    waiting: Option<([u8; NONCE_BYTES], Duration)>,
    /// Heartbeats and data unanswered since the last answer.
    errors: u32,
    next_heartbeat_at: Duration,
}

/// The state of one of the peer's addresses has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub address: IpAddr,
    pub is_up: bool,
}

#[derive(Debug)]
pub(crate) struct PathWatch {
    /// The first is the primary path.
    paths: Vec<Path>,
    /// Where data goes.
    current: usize,
}

impl PathWatch {
    /// `None` where there is one path only. `routes` begins with the one on which the association
    /// came up, which is confirmed by that.
    pub fn new(now: Duration, routes: &[Route]) -> Option<Box<Self>> {
        if routes.len() < 2 {
            return None;
        }
        let paths = routes
            .iter()
            .take(MAX_PATHS)
            .enumerate()
            .map(|(index, route)| Path {
                route: *route,
                state: match index {
                    0 => State::Active,
                    _ => State::Unconfirmed,
                },
                waiting: None,
                errors: 0,
                next_heartbeat_at: now,
            });
        Some(Box::new(PathWatch {
            paths: paths.collect(),
            current: 0,
        }))
    }

    /// Of a single path that may have failed: watched until it answers.
    pub fn on_suspicion(now: Duration, route: Route) -> Box<Self> {
        let path = Path {
            route,
            state: State::Active,
            waiting: None,
            errors: 0,
            next_heartbeat_at: now,
        };
        Box::new(PathWatch {
            paths: vec![path],
            current: 0,
        })
    }

    /// Whether there is nothing to watch any more: the suspicion was wrong.
    pub fn is_over(&self) -> bool {
        self.paths.len() == 1 && self.paths[0].waiting.is_none() && self.paths[0].errors == 0
    }

    /// Whether the suspicion was right. Of several paths `dcsctp` finds that out.
    pub fn is_confirmed_failure(&self) -> bool {
        self.paths.len() == 1 && self.paths[0].state == State::Inactive
    }

    /// Asks a path at once whether it works, unless it is being asked.
    pub fn probe(&mut self, now: Duration, route: Route) {
        if let Some(index) = self.find(route.peer.ip())
            && self.paths[index].state == State::Active
        {
            self.paths[index].next_heartbeat_at = now;
        }
    }

    /// Where data goes.
    pub fn current(&self) -> Route {
        self.paths[self.current].route
    }

    /// Whether an answer may go back on the route on which a packet came.
    pub fn is_confirmed(&self, route: Route) -> bool {
        self.find(route.peer.ip())
            .is_some_and(|index| self.paths[index].state != State::Unconfirmed)
    }

    /// RFC 6951 §5.4: the UDP port of a verified packet is where the next one goes. Whether that is
    /// news.
    pub fn learn(&mut self, route: Route) -> bool {
        let Some(index) = self.find(route.peer.ip()) else {
            return false;
        };
        let path = &mut self.paths[index];
        let is_new = path.route.peer != route.peer;
        path.route.peer = route.peer;
        is_new
    }

    /// Those on which the peer has answered at some time.
    pub fn confirmed(&self) -> impl Iterator<Item = Route> {
        let confirmed = self
            .paths
            .iter()
            .filter(|path| path.state != State::Unconfirmed);
        confirmed.map(|path| path.route)
    }

    /// When `poll` should be called at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        let next = |path: &Path| match path.waiting {
            Some((_, give_up_at)) => give_up_at,
            None => path.next_heartbeat_at,
        };
        self.paths.iter().map(next).min()
    }

    /// The heartbeats that are due. `nonce` makes a random one.
    pub fn poll(
        &mut self,
        now: Duration,
        options: &StackOptions,
        mut nonce: impl FnMut() -> [u8; NONCE_BYTES],
        changes: &mut Vec<Change>,
    ) -> Vec<(Route, [u8; NONCE_BYTES])> {
        let mut due = Vec::new();
        for index in 0..self.paths.len() {
            if matches!(self.paths[index].waiting, Some((_, at)) if at <= now) {
                self.paths[index].waiting = None;
                self.note_error(now, index, options, changes);
            }
            let path = &mut self.paths[index];
            if path.waiting.is_none() && path.next_heartbeat_at <= now {
                let nonce = nonce();
                path.waiting = Some((nonce, now + time_out(options, path.errors)));
                due.push((path.route, nonce));
            }
        }
        due
    }

    /// Data that went over the current path was not acknowledged in time: on to another one, if
    /// there is one that works, and this one is asked whether it does.
    pub fn on_data_time_out(
        &mut self,
        now: Duration,
        options: &StackOptions,
        changes: &mut Vec<Change>,
    ) {
        let failed = self.current;
        if let Some(other) = self.best(|index| index != failed) {
            self.current = other;
        }
        self.note_error(now, failed, options, changes);
        self.paths[failed].next_heartbeat_at = now;
    }

    /// The answer to a heartbeat of ours.
    pub fn on_answer(
        &mut self,
        now: Duration,
        nonce: [u8; NONCE_BYTES],
        options: &StackOptions,
        changes: &mut Vec<Change>,
    ) -> bool {
        let is_its = |path: &Path| matches!(path.waiting, Some((sent, _)) if sent == nonce);
        let Some(index) = self.paths.iter().position(is_its) else {
            return false;
        };
        let path = &mut self.paths[index];
        path.waiting = None;
        path.errors = 0;
        path.next_heartbeat_at = now + jittered(options.heartbeat_interval, nonce);
        if path.state != State::Active {
            path.state = State::Active;
            changes.push(Change {
                address: path.route.peer.ip(),
                is_up: true,
            });
        }
        // The primary path is preferred (RFC 9260 §6.4), and any that works to one that does not.
        if index == 0 || self.paths[self.current].errors > 0 {
            self.current = index;
        }
        true
    }

    /// RFC 9260 §8.2, §8.3
    fn note_error(
        &mut self,
        now: Duration,
        index: usize,
        options: &StackOptions,
        changes: &mut Vec<Change>,
    ) {
        let path = &mut self.paths[index];
        path.errors = path.errors.saturating_add(1);
        let is_given_up = path.errors > options.path_max_retransmissions;
        // Until then it is asked without pause; afterwards, and while nobody vouches for the
        // address, no more often than an idle path is.
        path.next_heartbeat_at = match is_given_up {
            true => now + options.heartbeat_interval,
            false => now,
        };
        if is_given_up && path.state == State::Active {
            path.state = State::Inactive;
            changes.push(Change {
                address: path.route.peer.ip(),
                is_up: false,
            });
        }
        if index == self.current
            && let Some(other) = self.best(|other| other != index)
        {
            self.current = other;
        }
    }

    /// The confirmed path with the fewest errors, the first of several.
    fn best(&self, is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let usable = |index: &usize| is_wanted(*index) && self.paths[*index].state == State::Active;
        (0..self.paths.len())
            .filter(usable)
            .min_by_key(|index| self.paths[*index].errors)
    }

    fn find(&self, address: IpAddr) -> Option<usize> {
        self.paths
            .iter()
            .position(|path| path.route.peer.ip() == address)
    }
}

/// A HEARTBEAT with our mark and a nonce that only its receiver can know.
pub(crate) fn heartbeat(
    (local_port, peer_port, peer_tag): (u16, u16, u32),
    nonce: [u8; NONCE_BYTES],
) -> Vec<u8> {
    let mut info = MARK.to_vec();
    info.extend_from_slice(&nonce);
    let mut value = Vec::new();
    push_parameter(&mut value, HEARTBEAT_INFO, &info);
    PacketBuilder::new(local_port, peer_port, peer_tag)
        .chunk(chunk::HEARTBEAT, 0, &value)
        .finish()
}

/// The nonce of a HEARTBEAT ACK, if it answers one of ours.
pub(crate) fn answered_nonce(value: &[u8]) -> Option<[u8; NONCE_BYTES]> {
    let info = value.get(PARAMETER_HEADER_BYTES..)?;
    let nonce = info.strip_prefix(&MARK)?;
    nonce.try_into().ok()
}

/// Doubled with every error, up to the maximum.
fn time_out(options: &StackOptions, errors: u32) -> Duration {
    let doubled = 2u32.saturating_pow(errors.min(16));
    options
        .rto_initial
        .saturating_mul(doubled)
        .min(options.rto_max)
}

/// Up to an eighth more, so that associations do not ask in chorus. The nonce is as random as any.
fn jittered(interval: Duration, nonce: [u8; NONCE_BYTES]) -> Duration {
    interval + interval.mul_f64(f64::from(nonce[0]) / 2_048.0)
}

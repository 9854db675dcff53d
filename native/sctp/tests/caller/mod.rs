//! A stack with its caller, as JavaScript is one: sleeps until it is woken, drains what there is.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rserpool_sctp::records::*;
use rserpool_sctp::{Stack, StackOptions, Stats};

/// Longest wait for anything: far more than it takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A drained record with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: u32,
    pub association: u32,
    pub first: u32,
    pub second: u32,
    pub bytes: Vec<u8>,
}

/// A stack whose caller sleeps until it is woken, as JavaScript does.
pub struct Caller {
    pub stack: Stack,
    wakes: Arc<(Mutex<usize>, Condvar)>,
    seen_wakes: usize,
    words: Vec<u32>,
    arena: Vec<u8>,
    pub records: Vec<Record>,
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Caller {
    pub fn start(address: &str) -> Self {
        Self::start_with(address, |_| {})
    }

    pub fn start_with(address: &str, adjust: impl FnOnce(&mut StackOptions)) -> Self {
        let mut options = StackOptions::new(vec![ip(address)]);
        options.udp_port = 0;
        adjust(&mut options);
        let wakes = Arc::new((Mutex::new(0), Condvar::new()));
        let waker = wakes.clone();
        let wake = Box::new(move || {
            *waker.0.lock().unwrap() += 1;
            waker.1.notify_all();
        });
        Caller {
            stack: Stack::start(options, wake).unwrap(),
            wakes,
            seen_wakes: 0,
            words: vec![0; 64 * RECORD_WORDS],
            arena: vec![0; 1 << 17],
            records: Vec::new(),
        }
    }

    /// Drains whenever woken until `is_done` likes the records.
    pub fn wait_until(&mut self, is_done: impl Fn(&[Record]) -> bool) {
        let end = Instant::now() + PATIENCE;
        self.stack.flush();
        loop {
            self.drain();
            if is_done(&self.records) {
                return;
            }
            let (count, woken) = &*self.wakes;
            let seen = self.seen_wakes;
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not in time: {:?}", self.records);
            let guard = count.lock().unwrap();
            let (guard, _) = woken
                .wait_timeout_while(guard, left, |count| *count == seen)
                .unwrap();
            self.seen_wakes = *guard;
        }
    }

    pub fn drain(&mut self) {
        loop {
            let drained = self.stack.drain(&mut self.words, &mut self.arena).unwrap();
            for record in self.words[..drained.count * RECORD_WORDS]
                .as_chunks::<6>()
                .0
            {
                let [kind, association, offset, length, first, second] = *record;
                assert_eq!(offset % 4, 0);
                let bytes = self.arena[offset as usize..][..length as usize].to_vec();
                self.records.push(Record {
                    kind,
                    association,
                    first,
                    second,
                    bytes,
                });
            }
            if !drained.more {
                return;
            }
        }
    }

    pub fn of_kind(&self, kind: u32) -> Vec<Record> {
        self.records
            .iter()
            .filter(|record| record.kind == kind)
            .cloned()
            .collect()
    }

    /// What has been heard of may be counted a little later.
    pub fn wait_for_stats(&self, is_right: impl Fn(Stats) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_right(self.stack.stats()) {
            assert!(
                Instant::now() < end,
                "not in time: {:?}",
                self.stack.stats()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Who is refused may hear of it before the stack has counted it.
    pub fn wait_for_refusals(&self, name: &str, count: u64) {
        let end = Instant::now() + PATIENCE;
        let counted = || self.stack.stats().refused().find(|one| one.0 == name);
        while counted().is_none_or(|one| one.1 < count) {
            assert!(Instant::now() < end, "not in time: {:?}", counted());
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(counted().map(|one| one.1), Some(count));
    }

    pub fn wait_for(&mut self, kind: u32, count: usize) -> Vec<Record> {
        let is_kind = |record: &&Record| record.kind == kind;
        self.wait_until(|records| records.iter().filter(is_kind).count() >= count);
        self.of_kind(kind)
    }
}

//! A hierarchical timing wheel (Varghese, Lauck): arming and disarming take constant time, whatever the
//! number of timers. Eight levels of 256 buckets, the lowest with one bucket per millisecond, each higher one
//! 256 times coarser. A timer stands at the level of the highest byte in which its time differs from the
//! wheel's, and sinks when the wheel's time reaches its bucket. One timer per slot.

use crate::index_table::NIL;

const LEVELS: usize = 8;
const BUCKETS: usize = 256;
/// Marks `previous` of the first timer in a bucket; the low bits say in which.
const FIRST: u32 = 1 << 31;

#[derive(Clone, Copy)]
struct Timer {
    at: u64,
    next: u32,
    /// The timer before this one, `FIRST | bucket`, or `NIL`: not armed.
    previous: u32,
}

pub(crate) struct TimingWheel {
    time: u64,
    heads: Vec<u32>,
    /// One bit per bucket: somebody is in it.
    occupied: [[u64; BUCKETS / 64]; LEVELS],
    /// By slot.
    timers: Vec<Timer>,
}

/// What one step towards a time came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The timer of this slot is due, being armed to `at`; now it is disarmed.
    Due { slot: u32, at: u64 },
    /// A timer sank to a lower level. Go on.
    Sank,
    /// Nothing is due.
    Idle,
}

impl TimingWheel {
    pub fn new() -> Self {
        TimingWheel {
            time: 0,
            heads: vec![NIL; LEVELS * BUCKETS],
            occupied: [[0; BUCKETS / 64]; LEVELS],
            timers: Vec::new(),
        }
    }

    /// When the timer of `slot` is armed to.
    pub fn armed_at(&self, slot: u32) -> Option<u64> {
        let timer = self.timers.get(slot as usize)?;
        (timer.previous != NIL).then_some(timer.at)
    }

    /// Arms the timer of `slot`, or moves it. A time that is past rings at once.
    pub fn arm(&mut self, slot: u32, at: u64) {
        if slot as usize >= self.timers.len() {
            self.timers.resize(
                slot as usize + 1,
                Timer {
                    at: 0,
                    next: NIL,
                    previous: NIL,
                },
            );
        }
        self.disarm(slot);
        self.insert(slot, at.max(self.time));
    }

    pub fn disarm(&mut self, slot: u32) {
        let Some(&Timer { next, previous, .. }) = self.timers.get(slot as usize) else {
            return;
        };
        if previous == NIL {
            return;
        }
        self.timers[slot as usize].previous = NIL;
        if next != NIL {
            self.timers[next as usize].previous = previous;
        }
        if previous & FIRST == 0 {
            self.timers[previous as usize].next = next;
            return;
        }
        let bucket = (previous & !FIRST) as usize;
        self.heads[bucket] = next;
        if next == NIL {
            self.occupied[bucket / BUCKETS][bucket % BUCKETS / 64] &= !(1 << (bucket % 64));
        }
    }

    /// Does one small piece of work towards `now`, earliest timers first.
    pub fn step(&mut self, now: u64) -> Step {
        let Some((level, index)) = self.first_bucket() else {
            self.time = self.time.max(now);
            return Step::Idle;
        };
        let starts_at = self.start_of(level, index);
        if starts_at > now {
            // No occupied bucket begins before `now`, so every timer keeps its level.
            self.time = self.time.max(now);
            return Step::Idle;
        }
        self.time = self.time.max(starts_at);
        let slot = self.heads[level * BUCKETS + index];
        self.disarm(slot);
        let at = self.timers[slot as usize].at;
        if level == 0 {
            return Step::Due { slot, at };
        }
        self.insert(slot, at);
        Step::Sank
    }

    /// No timer rings earlier than this; `None`: none is armed.
    pub fn next_step_at(&self) -> Option<u64> {
        self.first_bucket()
            .map(|(level, index)| self.start_of(level, index))
    }

    pub fn memory_bytes(&self) -> usize {
        self.timers.capacity() * size_of::<Timer>() + self.heads.capacity() * size_of::<u32>()
    }

    /// Every armed timer hangs in the bucket that fits its time, and none else does.
    pub fn verify(&self) -> Result<(), String> {
        let mut hanging = 0;
        for (bucket, &head) in self.heads.iter().enumerate() {
            let (level, index) = (bucket / BUCKETS, bucket % BUCKETS);
            if (self.occupied[level][index / 64] >> (index % 64) & 1 == 1) != (head != NIL) {
                return Err(format!("wheel: occupancy of bucket {bucket} is wrong"));
            }
            let (mut previous, mut slot) = (FIRST | bucket as u32, head);
            while slot != NIL {
                let timer = self.timers[slot as usize];
                let fits = timer.at >> (8 * level) == self.start_of(level, index) >> (8 * level);
                if timer.previous != previous || !fits || timer.at < self.time {
                    return Err(format!(
                        "wheel: slot {slot} hangs wrongly in bucket {bucket}"
                    ));
                }
                hanging += 1;
                (previous, slot) = (slot, timer.next);
            }
        }
        let armed = self
            .timers
            .iter()
            .filter(|timer| timer.previous != NIL)
            .count();
        if armed != hanging {
            return Err(format!("wheel: {armed} armed timers, {hanging} in buckets"));
        }
        Ok(())
    }

    fn insert(&mut self, slot: u32, at: u64) {
        let level = (at ^ self.time).checked_ilog2().unwrap_or(0) as usize / 8;
        let index = (at >> (8 * level)) as usize % BUCKETS;
        let bucket = level * BUCKETS + index;
        let next = std::mem::replace(&mut self.heads[bucket], slot);
        if next != NIL {
            self.timers[next as usize].previous = slot;
        }
        self.timers[slot as usize] = Timer {
            at,
            next,
            previous: FIRST | bucket as u32,
        };
        self.occupied[level][index / 64] |= 1 << (index % 64);
    }

    /// The bucket to look at next. At a higher level the wheel's own bucket may still hold timers: its
    /// turn has come and they are on their way down, so it goes before all others.
    fn first_bucket(&self) -> Option<(usize, usize)> {
        let own = |level: usize| (self.time >> (8 * level)) as usize % BUCKETS;
        let sinking = (1..LEVELS)
            .rev()
            .find(|&level| self.heads[level * BUCKETS + own(level)] != NIL);
        if let Some(level) = sinking {
            return Some((level, own(level)));
        }
        (0..LEVELS).find_map(|level| Some((level, first_bit(&self.occupied[level], own(level))?)))
    }

    fn start_of(&self, level: usize, index: usize) -> u64 {
        let above = self.time >> (8 * level) >> 8 << 8;
        (above | index as u64) << (8 * level)
    }
}

/// The lowest bit set at `from` or above.
fn first_bit(words: &[u64; BUCKETS / 64], from: usize) -> Option<usize> {
    let first = from / 64;
    let masked = words[first] & u64::MAX << (from % 64);
    if masked != 0 {
        return Some(first * 64 + masked.trailing_zeros() as usize);
    }
    let later = (first + 1..words.len()).find(|&word| words[word] != 0)?;
    Some(later * 64 + words[later].trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use std::collections::BTreeMap;

    /// Slots are few and spans many, so that every level is used, left and used again.
    #[test]
    fn rings_every_timer_at_its_time_and_in_order_as_a_sorted_map_does() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let mut wheel = TimingWheel::new();
            let mut model = BTreeMap::new();
            let mut now = random.next() >> (1 + random.below(60));
            for step in 0..20_000 {
                let slot = random.below(50) as u32;
                match random.below(10) {
                    0..5 => {
                        let at = now + (random.next() >> (18 + random.below(46)));
                        let at = if random.below(3) == 0 {
                            now + random.below(600)
                        } else {
                            at
                        };
                        wheel.arm(slot, at);
                        model.insert(slot, at);
                    }
                    5 => {
                        wheel.disarm(slot);
                        model.remove(&slot);
                    }
                    _ => {
                        now += random.next() >> (34 + random.below(30));
                        let rung = ring(&mut wheel, now, random.below(40));
                        for (slot, at) in rung {
                            assert_eq!(model.values().min(), Some(&at), "seed {seed}, step {step}");
                            assert_eq!(Some(at), model.remove(&slot));
                        }
                    }
                }
                let earliest = model.values().min().copied();
                assert!(wheel.next_step_at() <= earliest.or(wheel.next_step_at()));
                assert_eq!(earliest.is_none(), wheel.next_step_at().is_none());
                assert_eq!(model.get(&slot).copied(), wheel.armed_at(slot));
                if step % 50 == 0 {
                    assert_eq!(Ok(()), wheel.verify(), "seed {seed}, step {step}");
                }
            }
        }
    }

    /// What is due by `now`, unless more than `steps` steps are needed.
    fn ring(wheel: &mut TimingWheel, now: u64, steps: u64) -> Vec<(u32, u64)> {
        let mut rung = Vec::new();
        for _ in 0..steps {
            match wheel.step(now) {
                Step::Due { slot, at } => rung.push((slot, at)),
                Step::Sank => {}
                Step::Idle => {
                    assert!(wheel.next_step_at().is_none_or(|at| at > now));
                    break;
                }
            }
        }
        rung
    }

    #[test]
    fn reaches_any_time() {
        let mut wheel = TimingWheel::new();
        wheel.arm(0, u64::MAX);
        wheel.arm(1, u64::MAX / 3);
        assert_eq!(vec![(1, u64::MAX / 3)], ring(&mut wheel, u64::MAX - 1, 20));
        assert_eq!(vec![(0, u64::MAX)], ring(&mut wheel, u64::MAX, 20));
    }

    #[test]
    fn a_time_that_is_past_rings_at_once() {
        let mut wheel = TimingWheel::new();
        assert_eq!(Step::Idle, wheel.step(5000));
        wheel.arm(0, 10);
        assert_eq!(Step::Due { slot: 0, at: 5000 }, wheel.step(5000));
    }
}

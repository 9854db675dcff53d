//! When something is to be done about an element: two deadlines each, registration life and keep-alive, and
//! one timer in the wheel, armed to no later than the nearer one. A deadline that moves away leaves the timer
//! where it is; it is set right when it rings. What is to be done then is decided in `timers.rs`.

use crate::random::Random;
use crate::timing_wheel::{Step, TimingWheel};
use crate::{KeepAlive, NEVER};

/// 30 days; keeps sums and products of durations far from overflow.
const LONGEST_MS: u64 = 30 * 24 * 3600 * 1000;
/// No clock gets here; leaves room to add durations.
const END_OF_TIME: u64 = NEVER / 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeepAliveState {
    Unwatched,
    /// The deadline is that of the next transmission.
    Waiting,
    /// The deadline is that of the acknowledgement.
    Awaiting,
}

/// Two words, because there are as many as elements.
#[derive(Clone, Copy)]
pub(crate) struct Deadlines {
    pub life: u64,
    /// Twice the keep-alive deadline, plus 1 if it is that of an acknowledgement. `NEVER`: not watched.
    watch: u64,
}

impl Deadlines {
    const NONE: Deadlines = Deadlines {
        life: NEVER,
        watch: NEVER,
    };

    pub fn state(&self) -> KeepAliveState {
        match self.watch {
            NEVER => KeepAliveState::Unwatched,
            watch if watch % 2 == 0 => KeepAliveState::Waiting,
            _ => KeepAliveState::Awaiting,
        }
    }

    /// `NEVER` if nobody watches.
    pub fn keep_alive(&self) -> u64 {
        if self.watch == NEVER {
            NEVER
        } else {
            self.watch / 2
        }
    }

    pub fn nearest(&self) -> u64 {
        self.life.min(self.keep_alive())
    }
}

pub(crate) struct Schedule {
    pub timeout_ms: u64,
    /// Shortest time to the next keep-alive, and how much may come on top.
    shortest_ms: u64,
    spread_ms: u64,
    wheel: TimingWheel,
    /// By slot.
    deadlines: Vec<Deadlines>,
    latest: u64,
    /// When the clock last jumped (decision 46); time-outs from before then get a fresh period.
    resumed_at: u64,
}

impl Schedule {
    pub fn new(keep_alive: &KeepAlive) -> Self {
        let interval_ms = keep_alive.interval_ms.clamp(1, LONGEST_MS);
        let jitter = if keep_alive.jitter > 0.0 {
            keep_alive.jitter.min(1.0)
        } else {
            0.0
        };
        let half_width_ms = (interval_ms as f64 * jitter) as u64;
        Schedule {
            timeout_ms: keep_alive.timeout_ms.clamp(1, LONGEST_MS),
            shortest_ms: interval_ms - half_width_ms,
            spread_ms: 2 * half_width_ms,
            wheel: TimingWheel::new(),
            deadlines: Vec::new(),
            latest: 0,
            resumed_at: 0,
        }
    }

    /// Takes note of the time, which never goes backwards, and notices jumps: nobody called for longer than
    /// the keep-alive time-out, although a call was wanted well before. That the gap alone is not enough
    /// keeps a timer that rings a little late in a quiet process from counting as a pause.
    pub fn observe(&mut self, now: u64) -> u64 {
        let now = now.min(END_OF_TIME).max(self.latest);
        if now - self.latest > self.timeout_ms {
            let wanted_at = self.next_deadline().saturating_add(self.timeout_ms / 10);
            self.resumed_at = if now > wanted_at {
                now
            } else {
                self.resumed_at
            };
        }
        self.latest = now;
        now
    }

    /// Starts both timers of `slot` afresh. `life` is an instant.
    pub fn start(&mut self, now: u64, slot: u32, life: u64, is_watched: bool, random: &mut Random) {
        if slot as usize >= self.deadlines.len() {
            self.deadlines.resize(slot as usize + 1, Deadlines::NONE);
        }
        self.deadlines[slot as usize].life = life;
        if is_watched {
            self.wait(now, slot, random);
        } else {
            self.watch(slot, NEVER);
        }
    }

    pub fn stop(&mut self, slot: u32) {
        self.wheel.disarm(slot);
    }

    /// The next keep-alive is due after the interval, spread by the jitter (RFC 5352 §3.5).
    pub fn wait(&mut self, now: u64, slot: u32, random: &mut Random) {
        let interval_ms = self.shortest_ms + random.below(self.spread_ms + 1);
        self.watch(slot, (now + interval_ms) * 2);
    }

    /// A keep-alive goes out now.
    pub fn await_acknowledgement(&mut self, now: u64, slot: u32) {
        self.watch(slot, (now + self.timeout_ms) * 2 + 1);
    }

    /// Whether the time-out of `slot` began before the clock jumped. If so it gets a fresh period.
    pub fn renew_after_jump(&mut self, slot: u32) -> bool {
        let began_at = self.at(slot).keep_alive() - self.timeout_ms;
        let is_renewed = began_at < self.resumed_at;
        if is_renewed {
            self.await_acknowledgement(self.resumed_at, slot);
        }
        is_renewed
    }

    pub fn at(&self, slot: u32) -> Deadlines {
        self.deadlines[slot as usize]
    }

    pub fn next_deadline(&self) -> u64 {
        self.wheel.next_step_at().unwrap_or(NEVER)
    }

    /// One piece of the way to `now`. `Due` means that a timer rang, not that a deadline has come.
    pub fn step(&mut self, now: u64) -> Step {
        self.wheel.step(now)
    }

    /// Arms the timer of `slot` to its nearest deadline if it is not armed to that or earlier.
    pub fn arm(&mut self, slot: u32) {
        let nearest = self.at(slot).nearest();
        if nearest != NEVER && self.wheel.armed_at(slot).is_none_or(|at| at > nearest) {
            self.wheel.arm(slot, nearest);
        }
    }

    pub fn memory_bytes(&self) -> usize {
        self.wheel.memory_bytes() + self.deadlines.capacity() * size_of::<Deadlines>()
    }

    /// Whoever has a deadline has a timer that rings in time.
    pub fn verify(&self, live: impl Iterator<Item = u32>) -> Result<(), String> {
        self.wheel.verify()?;
        for slot in live {
            let deadlines = self.at(slot);
            let is_in_time = self
                .wheel
                .armed_at(slot)
                .is_some_and(|at| at <= deadlines.nearest());
            if deadlines.nearest() != NEVER && !is_in_time {
                return Err(format!("schedule: the timer of slot {slot} rings too late"));
            }
        }
        Ok(())
    }

    fn watch(&mut self, slot: u32, watch: u64) {
        self.deadlines[slot as usize].watch = watch;
        self.arm(slot);
    }
}

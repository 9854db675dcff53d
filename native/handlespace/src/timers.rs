//! What the elements' timers mean: registration life (RFC 5352 §3.1), keep-alive transmission and its
//! time-out (RFC 5352 §3.5).

use crate::handlespace::Handlespace;
use crate::schedule::KeepAliveState;
use crate::timing_wheel::Step;
use crate::{Element, Timer};

/// Timers may be moved about in the wheel before one is due. This many moves count as one of the budget.
const MOVES_PER_VISIT: usize = 16;

impl Handlespace {
    /// A keep-alive was answered: the next one is due after the interval, give or take the jitter.
    /// An element that is not watched stays so. False: unknown element.
    pub fn acknowledge(&mut self, now: u64, pool_handle: &[u8], id: u32) -> bool {
        let now = self.schedule.observe(now);
        let Some(slot) = self.find_slot(pool_handle, id) else {
            return false;
        };
        if self.schedule.at(slot).state() != KeepAliveState::Unwatched {
            self.schedule.wait(now, slot, &mut self.random);
        }
        true
    }

    /// A keep-alive goes out of turn: its time-out runs from now. An element that was not watched is from
    /// now on. False: unknown element.
    pub fn probe(&mut self, now: u64, pool_handle: &[u8], id: u32) -> bool {
        let now = self.schedule.observe(now);
        let slot = self.find_slot(pool_handle, id);
        slot.inspect(|&slot| self.schedule.await_acknowledgement(now, slot))
            .is_some()
    }

    /// Hands out at most `budget` timers that are due, in order of their deadlines. After the visit of a
    /// `RegistrationLife` or `KeepAliveTimeout` the element is removed; with `KeepAliveTransmission` the
    /// time-out runs from now. Returns how many were handed out. More may be due if it is `budget` of them,
    /// or if much had to be sorted: then `next_deadline` says so, being no later than `now`.
    pub fn expire(
        &mut self,
        now: u64,
        budget: usize,
        visit: &mut dyn FnMut(Timer, &Element<'_>),
    ) -> usize {
        let now = self.schedule.observe(now);
        let mut visited = 0;
        let mut moves_left = budget.saturating_mul(MOVES_PER_VISIT);
        while visited < budget && moves_left > 0 {
            let (slot, at) = match self.schedule.step(now) {
                Step::Idle => break,
                Step::Sank => {
                    moves_left -= 1;
                    continue;
                }
                Step::Due { slot, at } => (slot, at),
            };
            let Some(timer) = self.due(at, slot) else {
                // It rang for a deadline that has moved on.
                moves_left -= 1;
                self.schedule.arm(slot);
                continue;
            };
            visited += 1;
            if timer == Timer::KeepAliveTransmission {
                self.schedule.await_acknowledgement(now, slot);
            }
            if let Some(element) = self.element(slot) {
                visit(timer, &element);
            }
            if timer != Timer::KeepAliveTransmission {
                self.remove(slot);
            }
        }
        visited
    }

    /// When `expire` is wanted next. It may find nothing due then, but nothing is due earlier. `NEVER`: no
    /// timer runs.
    pub fn next_deadline(&self) -> u64 {
        self.schedule.next_deadline()
    }

    /// Which of the deadlines of `slot` has come when its timer rings at `at`. A deadline later than that
    /// has not, even if it is past as well: others come before it.
    fn due(&mut self, at: u64, slot: u32) -> Option<Timer> {
        let deadlines = self.schedule.at(slot);
        if deadlines.nearest() > at {
            return None;
        }
        if deadlines.life <= deadlines.keep_alive() {
            return Some(Timer::RegistrationLife);
        }
        match deadlines.state() {
            KeepAliveState::Waiting => Some(Timer::KeepAliveTransmission),
            KeepAliveState::Awaiting if self.schedule.renew_after_jump(slot) => None,
            KeepAliveState::Awaiting => Some(Timer::KeepAliveTimeout),
            KeepAliveState::Unwatched => None,
        }
    }
}

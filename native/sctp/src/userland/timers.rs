//! When each association wants to run next. One entry per association, so finding the due ones
//! costs nothing for all the others.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::id_map::IdMap;

/// Deadlines of associations. An entry may be earlier than what the association wants by now,
/// because moving one back with every packet would cost more than looking once in vain.
#[derive(Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Duration, u32)>,
    deadlines: IdMap<Duration>,
}

impl Timers {
    /// The association wants to run at `deadline`, or not at all.
    pub fn set(&mut self, association: u32, deadline: Option<Duration>) {
        let Some(deadline) = deadline else {
            return self.remove(association);
        };
        let entry = self.deadlines.entry(association).or_insert(Duration::MAX);
        if deadline < *entry {
            self.queue.remove(&(*entry, association));
            self.queue.insert((deadline, association));
            *entry = deadline;
        }
    }

    pub fn remove(&mut self, association: u32) {
        if let Some(deadline) = self.deadlines.remove(&association) {
            self.queue.remove(&(deadline, association));
        }
    }

    pub fn next(&self) -> Option<Duration> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// Takes the associations that are due into `due`, earliest first.
    pub fn take_due(&mut self, now: Duration, due: &mut Vec<u32>) {
        while self.next().is_some_and(|deadline| deadline <= now) {
            if let Some((_, association)) = self.queue.pop_first() {
                self.deadlines.remove(&association);
                due.push(association);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    fn due(timers: &mut Timers, ms: u64) -> Vec<u32> {
        let mut due = Vec::new();
        timers.take_due(Duration::from_millis(ms), &mut due);
        due
    }

    #[test]
    fn the_due_ones_come_earliest_first_and_once() {
        let mut timers = Timers::default();
        timers.set(1, at(30));
        timers.set(2, at(10));
        timers.set(3, at(31));
        assert_eq!(timers.next(), at(10));
        assert_eq!(due(&mut timers, 30), [2, 1]);
        assert_eq!(due(&mut timers, 30), []);
    }

    #[test]
    fn there_is_one_entry_per_association_however_often_it_moves() {
        let mut timers = Timers::default();
        for step in 0..1_000 {
            timers.set(1, at(1_000_000 - step));
            timers.set(1, at(2_000_000));
        }
        assert_eq!(timers.len(), 1);
        timers.remove(1);
        assert_eq!((timers.len(), timers.next()), (0, None));
    }
}

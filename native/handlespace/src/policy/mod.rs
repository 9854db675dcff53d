//! Member selection policies (RFC 5356): what a policy must do, and the table of those there are. To add
//! one: a file with its type, and a row.

mod bag;
mod degradation_of_all;
mod least_used;
mod least_used_degradation;
mod member;
mod ordered_rings;
mod priority;
mod priority_least_used;
mod random;
mod randomized_least_used;
mod round_robin;
mod weighted_random;
mod weighted_round_robin;
mod weighted_sampler;

pub(crate) use member::Members;

use crate::Degradation;
use crate::random::Random;

/// The order of one pool's elements. A policy keeps slots; the values that it orders them by are in
/// `Members`, where it may also keep one number and one link per element.
pub(crate) trait Policy {
    /// Takes in a new element, whose values are in `members`.
    fn insert(&mut self, members: &mut Members, slot: u32);

    /// Forgets an element.
    fn remove(&mut self, members: &mut Members, slot: u32);

    /// The element has registered again with these values, which are to replace those in `members`.
    fn update(&mut self, members: &mut Members, slot: u32, value: u32, load_degradation: u32);

    /// Chooses up to `selected.len()` different elements, the first choice first; returns how many. The
    /// choice has no effect before `advance`, except that random numbers are used up.
    fn select(&mut self, members: &Members, random: &mut Random, selected: &mut [u32]) -> usize;

    /// `answered`, the beginning of what was just selected, has been returned to somebody. The first
    /// `increment` of them are to have had their turn.
    fn advance(&mut self, members: &mut Members, answered: &[u32], increment: usize);

    /// An element, whoever; nobody's turn is taken. `None`: there are none.
    fn any(&self) -> Option<u32>;

    /// Shows every element once, in no order to rely on.
    fn each(&self, members: &Members, visit: &mut dyn FnMut(u32));

    /// Checks every invariant; returns how many elements there are.
    fn verify(&self, members: &Members) -> Result<usize, String>;
}

pub(crate) struct Row {
    /// On the wire (RFC 5356 §7.2).
    pub number: u32,
    pub name: &'static str,
    /// How many leading entries of an answer have their turn taken, unless the handlespace says otherwise.
    pub default_increment: u32,
    pub make: fn(Degradation) -> Box<dyn Policy>,
}

pub(crate) const TABLE: [Row; 9] = [
    Row {
        number: 0x0000_0001,
        name: "Round Robin",
        default_increment: 1,
        make: |_| Box::<round_robin::RoundRobin>::default(),
    },
    Row {
        number: 0x0000_0002,
        name: "Weighted Round Robin",
        default_increment: 1,
        make: |_| Box::<weighted_round_robin::WeightedRoundRobin>::default(),
    },
    Row {
        number: 0x0000_0003,
        name: "Random",
        default_increment: 0,
        make: |_| Box::<random::RandomSelection>::default(),
    },
    Row {
        number: 0x0000_0004,
        name: "Weighted Random",
        default_increment: 0,
        make: |_| Box::<weighted_random::WeightedRandom>::default(),
    },
    Row {
        number: 0x0000_0005,
        name: "Priority",
        default_increment: 1,
        make: |_| Box::<priority::Priority>::default(),
    },
    Row {
        number: 0x4000_0001,
        name: "Least Used",
        default_increment: 1,
        make: |_| Box::<least_used::LeastUsed>::default(),
    },
    Row {
        number: 0x4000_0002,
        name: "Least Used with Degradation",
        default_increment: 1,
        make: |degradation| match degradation {
            Degradation::OfTheFirst => {
                Box::<least_used_degradation::LeastUsedDegradation>::default()
            }
            Degradation::OfAll => Box::<degradation_of_all::DegradationOfAll>::default(),
        },
    },
    Row {
        number: 0x4000_0003,
        name: "Priority Least Used",
        default_increment: 1,
        make: |_| Box::<priority_least_used::PriorityLeastUsed>::default(),
    },
    Row {
        number: 0x4000_0004,
        name: "Randomized Least Used",
        default_increment: 0,
        make: |_| Box::<randomized_least_used::RandomizedLeastUsed>::default(),
    },
];

/// The policy with this number on the wire.
pub(crate) fn row(number: u32) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.number == number)
}

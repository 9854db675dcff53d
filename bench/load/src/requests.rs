//! Which request comes next: pools in random order for resolutions, and for registrations, on each
//! association, the pool elements that it registered.

use crate::messages::{Expected, Pools};
use crate::options::{Load, Measured};

pub struct Requests {
    pub pools: Pools,
    resolutions: Vec<Vec<u8>>,
    registrations: Vec<Vec<u8>>,
    associations: usize,
    /// Of each association, the index of the element that it registers next.
    next_element: Vec<usize>,
    random: u32,
}

impl Requests {
    pub fn new(load: &Load) -> Self {
        let pools = Pools::new(&load.pool, load.pools);
        let resolutions = (0..pools.count()).map(|pool| pools.handle_resolution(pool, load.items));
        let resolutions = resolutions.collect();
        let registrations = (0..load.elements)
            .map(|index| pools.registration(index % pools.count(), index + 1, load.source));
        let registrations = registrations.collect();
        let mut requests = Requests {
            pools,
            resolutions,
            registrations,
            associations: load.associations,
            next_element: Vec::new(),
            random: 1,
        };
        requests.rewind();
        requests
    }

    fn rewind(&mut self) {
        let elements = self.registrations.len().max(1);
        self.next_element = (0..self.associations)
            .map(|index| index % elements)
            .collect();
    }

    pub fn element_count(&self) -> usize {
        self.registrations.len()
    }

    /// The next message for the association with this index, and what must be answered.
    pub fn next(&mut self, measured: Measured, association: usize) -> (&[u8], Expected) {
        match measured {
            Measured::Resolutions => {
                let pool = self.random_pool();
                (
                    &self.resolutions[pool as usize],
                    Expected::Elements { pool },
                )
            }
            Measured::Registrations => {
                let index = self.next_element[association];
                let following = index + self.associations;
                let is_last = following >= self.registrations.len();
                let first = association % self.registrations.len();
                self.next_element[association] = if is_last { first } else { following };
                let expected = Expected::Registered {
                    pool: index as u32 % self.pools.count(),
                    element: index as u32 + 1,
                };
                (&self.registrations[index], expected)
            }
        }
    }

    /// A linear congruential generator is random enough, and the same in every run.
    fn random_pool(&mut self) -> u32 {
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.random >> 8) % self.pools.count()
    }
}

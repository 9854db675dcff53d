//! Which registrations are refused: RFC 5352 §3.1 rules 2 and 3, the limits, and what cannot be kept.

use crate::handlespace::Handlespace;
use crate::policy::{self, Row};
use crate::{Error, Registration};

const MOST_RECORD_BYTES: usize = u16::MAX as usize;

impl Handlespace {
    /// Everything that can be wrong with a registration, before anything changes.
    pub(crate) fn check(
        &self,
        it: &Registration<'_>,
        pool: Option<u32>,
    ) -> Result<&'static Row, Error> {
        let (bytes, limit) = (it.pool_handle.len(), self.limits.max_pool_handle_bytes);
        if bytes == 0 || bytes > limit {
            return Err(Error::PoolHandleLength { bytes, limit });
        }
        if it.id == 0 {
            return Err(Error::ZeroIdentifier);
        }
        let pool = pool.and_then(|pool| Some((pool, self.pools.get(pool)?)));
        if let Some((_, pool)) = pool.filter(|_| !it.may_disagree) {
            pool.check(it)?;
        }
        let number = it.policy.number;
        let row = policy::row(number).ok_or(Error::UnknownPolicy { number })?;
        let preface = pool.map_or(it.preface, |(_, pool)| pool.preface());
        self.check_bytes(it, preface.len())?;
        if pool.is_none() && self.pools.len() >= self.limits.max_pools {
            return Err(Error::TooManyPools {
                limit: self.limits.max_pools,
            });
        }
        let is_new =
            || pool.is_none_or(|(i, _)| self.table.find(&self.elements, i, it.id).is_none());
        if self.elements.len() >= self.limits.max_elements && is_new() {
            return Err(Error::TooManyElements {
                limit: self.limits.max_elements,
            });
        }
        Ok(row)
    }

    fn check_bytes(&self, it: &Registration<'_>, preface_bytes: usize) -> Result<(), Error> {
        let (record_bytes, lead_bytes) = (it.record.len(), usize::from(it.lead.1));
        let refuse = |reason| Err(Error::Record { reason });
        if record_bytes > MOST_RECORD_BYTES || it.annex.len() > MOST_RECORD_BYTES {
            return refuse("it has more than 65535 bytes");
        }
        if usize::from(it.lead.0) + lead_bytes > record_bytes {
            return refuse("its lead lies outside of it");
        }
        if self
            .home_offset
            .is_some_and(|offset| offset + size_of::<u32>() > record_bytes)
        {
            return refuse("it has no room for the home registrar");
        }
        if self
            .length_offset
            .is_some_and(|offset| offset + size_of::<u16>() > preface_bytes)
        {
            return refuse("its preface has no room for the length");
        }
        if preface_bytes + lead_bytes + record_bytes > self.limits.max_answer_bytes {
            return refuse("it is too long for an answer");
        }
        Ok(())
    }
}

//! The handlespace for JavaScript: what is called rarely, as `#[napi]` methods, and what both kinds of
//! functions work on. What is called per message is `handlespace_hot.rs`.

use std::cell::RefCell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use napi::Env;
use napi::bindgen_prelude::{BigInt, Object, Result, Uint8ArraySlice};
use napi_derive::napi;
use rserpool_handlespace::{Degradation, Error, Handlespace, KeepAlive, Limits, Settings};

use crate::arena::{Arena, ArenaHandle};
use crate::external_memory::ExternalMemory;
use crate::failure::{Failure, Fallible, limit_of, whole, whole_u32, whole_usize};
use crate::handlespace_hot;
use crate::image::Batch;

/// Offset of the home registrar's identifier in a Pool Element parameter (RFC 5354 §3.10).
const HOME_OFFSET: u16 = 8;

/// Offset of the Message Length in a message (RFC 5354 §4).
const LENGTH_OFFSET: u16 = 2;

/// What the functions of one handlespace share.
pub struct SharedHandlespace {
    /// `None`: closed.
    core: RefCell<Option<Box<Handlespace>>>,
    /// Where arguments and results of hand-bound functions lie that are not numbers. May be shared with other
    /// handlespaces: nothing stays there from one call to the next.
    pub desk: Rc<Arena>,
    /// Requests and responses of `resolveInPlace`; never the same one.
    pub arenas: RefCell<Option<(Rc<Arena>, Rc<Arena>)>>,
    refusal: RefCell<Option<Error>>,
    /// Reused by those that need bytes for themselves for a moment.
    pub scratch: RefCell<Vec<u8>>,
    memory: ExternalMemory,
}

impl SharedHandlespace {
    /// Works on the core. A panic in there is a defect and may leave it half-changed: it is given up (and its
    /// memory with it, since dropping it might panic again), as if it had been closed.
    pub fn with<R>(&self, work: impl FnOnce(&mut Handlespace) -> R) -> Fallible<R> {
        let mut slot = self.core.try_borrow_mut().map_err(|_| Failure::InUse)?;
        let core = slot.as_mut().ok_or(Failure::Closed)?;
        catch_unwind(AssertUnwindSafe(|| work(core))).map_err(|_| {
            mem::forget(slot.take());
            Failure::Internal
        })
    }

    /// Reports the memory of the core to V8. To be called after what may add pool elements; nothing else adds
    /// much.
    pub fn report_memory(&self) {
        if let Ok(core) = self.core.try_borrow() {
            self.memory.report(core.as_deref().map_or(0, core_bytes));
        }
    }

    fn reopen(&self, core: Box<Handlespace>) -> Fallible<()> {
        let mut slot = self.core.try_borrow_mut().map_err(|_| Failure::InUse)?;
        if slot.is_some() {
            return Err(Failure::InUse);
        }
        self.arenas.replace(None);
        self.refusal.replace(None);
        self.memory.report(core_bytes(&core));
        *slot = Some(core);
        Ok(())
    }

    /// Gives all memory back but the arenas', which have owners of their own.
    fn close(&self) -> Fallible<()> {
        let core = self
            .core
            .try_borrow_mut()
            .map_err(|_| Failure::InUse)?
            .take();
        self.scratch.replace(Vec::new());
        self.memory.report(0);
        catch_unwind(AssertUnwindSafe(|| drop(core))).map_err(|_| Failure::Internal)
    }

    /// Keeps what the core says for `takeRefusal`.
    pub fn refuse(&self, error: Error) -> Failure {
        self.refusal.replace(Some(error));
        Failure::Refused
    }

    /// A pool handle on the desk. A length of nonsense is the caller's; 0 is the core's to judge.
    pub fn with_handle<R>(
        &self,
        length: usize,
        work: impl FnOnce(&mut Handlespace, &[u8]) -> R,
    ) -> Fallible<R> {
        let desk = self.desk.read()?;
        let handle = desk.get(..length).ok_or(Failure::OutOfRange)?;
        self.with(|core| work(core, handle))
    }
}

/// Memory of a core with its tables.
fn core_bytes(core: &Handlespace) -> usize {
    size_of::<Handlespace>() + core.stats().memory_bytes
}

/// All that a handlespace is made with.
#[napi(object)]
pub struct NativeSettings {
    pub seed: BigInt,
    pub interval_ms: f64,
    pub timeout_ms: f64,
    pub jitter: f64,
    pub max_increment: f64,
    /// Absent: no.
    pub every_entry_degrades: Option<bool>,
    pub max_pools: f64,
    pub max_elements: f64,
    pub max_pool_handle_bytes: f64,
}

fn new_core(settings: NativeSettings) -> Fallible<Box<Handlespace>> {
    let (is_negative, seed, is_lossless) = settings.seed.get_u64();
    if is_negative || !is_lossless || !settings.jitter.is_finite() {
        return Err(Failure::OutOfRange);
    }
    let settings = Settings {
        seed,
        keep_alive: KeepAlive {
            interval_ms: whole(settings.interval_ms)?,
            timeout_ms: whole(settings.timeout_ms)?,
            jitter: settings.jitter,
        },
        max_increment: whole_u32(settings.max_increment)?,
        degradation: if settings.every_entry_degrades.unwrap_or(false) {
            Degradation::OfAll
        } else {
            Degradation::OfTheFirst
        },
        home_offset: Some(HOME_OFFSET),
        length_offset: Some(LENGTH_OFFSET),
        limits: Limits {
            max_pools: whole_usize(settings.max_pools)?,
            max_elements: whole_usize(settings.max_elements)?,
            max_pool_handle_bytes: whole_usize(settings.max_pool_handle_bytes)?,
            ..Limits::default()
        },
    };
    catch_unwind(|| Box::new(Handlespace::new(settings))).map_err(|_| Failure::Internal)
}

#[napi(object)]
pub struct NativeRefusal {
    pub reason: String,
    pub cause_code: u32,
    pub message: String,
}

#[napi(object)]
pub struct NativeStats {
    pub pools: f64,
    pub elements: f64,
    pub owners: f64,
    pub associations: f64,
    pub memory_bytes: f64,
}

#[napi]
pub struct NativeHandlespace {
    shared: Rc<SharedHandlespace>,
}

#[napi]
impl NativeHandlespace {
    #[napi(constructor)]
    pub fn new(env: &Env, settings: NativeSettings, desk: &ArenaHandle) -> Result<Self, Failure> {
        let core = new_core(settings)?;
        let shared = SharedHandlespace {
            memory: ExternalMemory::new(env, core_bytes(&core)),
            core: RefCell::new(Some(core)),
            desk: Rc::clone(desk),
            arenas: RefCell::new(None),
            refusal: RefCell::new(None),
            scratch: RefCell::new(Vec::new()),
        };
        Ok(NativeHandlespace {
            shared: Rc::new(shared),
        })
    }

    /// Makes a closed one into a new one, with the same functions and the same desk.
    #[napi]
    pub fn reopen(&self, settings: NativeSettings) -> Result<(), Failure> {
        Ok(self.shared.reopen(new_core(settings)?)?)
    }

    /// `{ resolveInPlace, register, ... }`: the hand-bound functions.
    #[napi]
    pub fn bind<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let mut functions = Object::new(env)?;
        handlespace_hot::bind_all(env, &mut functions, &self.shared)?;
        Ok(functions)
    }

    /// Requests are read from the one and responses written to the other from now on.
    #[napi]
    pub fn use_arenas(&self, request: &ArenaHandle, response: &ArenaHandle) -> Result<(), Failure> {
        if Rc::ptr_eq(request, response) {
            return Err(Failure::OutOfRange.into());
        }
        self.shared.with(|_| ())?; // not after `close`, which would not give them back
        self.shared
            .arenas
            .replace(Some((Rc::clone(request), Rc::clone(response))));
        Ok(())
    }

    /// What the last `REFUSED` was about.
    #[napi]
    pub fn take_refusal(&self) -> Option<NativeRefusal> {
        self.shared.refusal.take().map(|error| NativeRefusal {
            reason: error.code().to_owned(),
            cause_code: error.cause().into(),
            message: error.to_string(),
        })
    }

    /// A batch of the selected elements; empty for an unknown pool. The handle lies on the desk.
    #[napi]
    pub fn resolve<'env>(
        &self,
        env: &'env Env,
        handle_bytes: f64,
        items: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let (handle_bytes, items) = (whole_usize(handle_bytes)?, whole_u32(items)?);
        let mut batch = Batch::new();
        self.shared.with_handle(handle_bytes, |core, handle| {
            core.resolve(handle, items, &mut |it| batch.push(it, None))
        })?;
        deliver(env, batch, None)
    }

    #[napi]
    pub fn expire<'env>(
        &self,
        env: &'env Env,
        now: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let (now, limit) = (whole(now)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.expire(now, limit, &mut |timer, it| batch.push(it, Some(timer)));
            None
        })
    }

    #[napi]
    pub fn remove_association<'env>(
        &self,
        env: &'env Env,
        association: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let (association, limit) = (whole_u32(association)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.remove_association(association, limit, &mut |it| batch.push(it, None));
            None
        })
    }

    #[napi]
    pub fn purge<'env>(
        &self,
        env: &'env Env,
        home: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let (home, limit) = (whole_u32(home)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.purge(home, limit, &mut |it| batch.push(it, None));
            None
        })
    }

    #[napi]
    pub fn adopt<'env>(
        &self,
        env: &'env Env,
        from: f64,
        to: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let limit = limit_of(limit)?;
        let (from, to) = (whole_u32(from)?, whole_u32(to)?);
        self.batch(env, |core, batch| {
            core.adopt(from, to, limit, &mut |it| batch.push(it, None));
            None
        })
    }

    /// Of all elements, or of one home registrar's; token 0: from the beginning.
    #[napi]
    pub fn walk<'env>(
        &self,
        env: &'env Env,
        home: Option<f64>,
        token: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let home = home.map(whole_u32).transpose()?;
        let (token, limit) = (whole_u32(token)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.walk(home, token, limit, &mut |it| batch.push(it, None))
        })
    }

    /// Of the elements of one association.
    #[napi]
    pub fn walk_association<'env>(
        &self,
        env: &'env Env,
        association: f64,
        token: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let association = whole_u32(association)?;
        let (token, limit) = (whole_u32(token)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.walk_association(association, token, limit, &mut |it| batch.push(it, None))
        })
    }

    #[napi]
    pub fn pools<'env>(
        &self,
        env: &'env Env,
        token: f64,
        limit: f64,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let (token, limit) = (whole_u32(token)?, limit_of(limit)?);
        self.batch(env, |core, batch| {
            core.pools(token, limit, &mut |pool| batch.push_pool(pool))
        })
    }

    #[napi]
    pub fn checksum(&self, home: f64) -> Result<u32, Failure> {
        let home = whole_u32(home)?;
        Ok(self.shared.with(|core| u32::from(core.checksum(home)))?)
    }

    #[napi]
    pub fn owned_by(&self, home: f64) -> Result<f64, Failure> {
        let home = whole_u32(home)?;
        Ok(self
            .shared
            .with(|core| core.elements_owned_by(home) as f64)?)
    }

    #[napi]
    pub fn stats(&self) -> Result<NativeStats, Failure> {
        let stats = self.shared.with(|core| core.stats())?;
        Ok(NativeStats {
            pools: stats.pools as f64,
            elements: stats.elements as f64,
            owners: stats.owners as f64,
            associations: stats.associations as f64,
            memory_bytes: stats.memory_bytes as f64,
        })
    }

    /// What is wrong inside, if anything is.
    #[napi]
    pub fn verify(&self) -> Result<Option<String>, Failure> {
        Ok(self.shared.with(|core| core.verify().err())?)
    }

    /// Gives all memory back but the arenas'. Again: nothing happens.
    #[napi]
    pub fn close(&self) -> Result<(), Failure> {
        Ok(self.shared.close()?)
    }
}

impl NativeHandlespace {
    /// Lets `work` fill a batch; what it returns is the token to go on with.
    fn batch<'env>(
        &self,
        env: &'env Env,
        work: impl FnOnce(&mut Handlespace, &mut Batch) -> Option<u32>,
    ) -> Result<Uint8ArraySlice<'env>, Failure> {
        let mut batch = Batch::new();
        let next = self.shared.with(|core| work(core, &mut batch))?;
        deliver(env, batch, next)
    }
}

fn deliver(env: &Env, batch: Batch, next: Option<u32>) -> Result<Uint8ArraySlice<'_>, Failure> {
    Uint8ArraySlice::copy_from(env, batch.finish(next)).map_err(|_| Failure::Internal.into())
}

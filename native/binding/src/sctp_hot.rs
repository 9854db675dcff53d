//! What runs per message or per batch on an SCTP stack: hand-bound functions (`hot.rs`).

use std::ffi::CStr;
use std::rc::Rc;

use napi::Env;
use napi::bindgen_prelude::{Object, Result};
use rserpool_sctp::ErrorKind;
use rserpool_sctp::records::RECORD_WORDS;

use crate::failure::{Failure, Fallible};
use crate::hot::{Arguments, Hot, bind};
use crate::sctp::SharedStack;

/// RSerPool uses one stream only (RFC 5351 asks for no other).
const STREAM: u16 = 0;

pub fn bind_all(env: &Env, target: &mut Object<'_>, state: &Rc<SharedStack>) -> Result<()> {
    bind::<Drain>(env, target, state)?;
    bind::<Send>(env, target, state)?;
    bind::<Flush>(env, target, state)
}

/// `()`: writes what happened into the arenas `events` and `inbound`. Returns twice the number of records,
/// and one more when some are left that did not fit: no wake-up comes for those.
struct Drain;

impl Hot for Drain {
    type State = SharedStack;
    const NAME: &'static CStr = c"drain";
    const PARAMETERS: usize = 0;
    type Outcome = f64;

    fn call(state: &SharedStack, _: &mut Arguments<'_>) -> Fallible<f64> {
        let mut words = state.words.try_borrow_mut().map_err(|_| Failure::InUse)?;
        let words = words.as_mut().ok_or(Failure::Closed)?;
        let mut inbound = state.inbound.write()?;
        let drained = state
            .with(|stack| stack.drain(&mut words[..], &mut inbound))?
            .map_err(|error| match error.kind() {
                ErrorKind::Closed => Failure::Closed,
                _ => Failure::Internal,
            })?;
        state.report_memory();
        let mut events = state.events.write()?;
        let written = &words[..drained.count * RECORD_WORDS];
        for (word, bytes) in written.iter().zip(events.chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        Ok((2 * drained.count + usize::from(drained.more)) as f64)
    }
}

/// `(association, payload protocol, length)`: queues a copy of the payload at the outbound arena's position.
/// 0: queued, 1: full, 2: gone.
struct Send;

impl Hot for Send {
    type State = SharedStack;
    const NAME: &'static CStr = c"send";
    const PARAMETERS: usize = 3;
    type Outcome = f64;

    fn call(state: &SharedStack, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (association, protocol) = (arguments.u32(0)?, arguments.u32(1)?);
        let length = arguments.usize(2)?;
        let outbound = state.outbound.read()?;
        let start = state.outbound.position();
        let payload = start
            .checked_add(length)
            .and_then(|end| outbound.get(start..end));
        let payload = payload.ok_or(Failure::OutOfRange)?;
        match state.with(|stack| stack.send(association, protocol, STREAM, payload))? {
            Ok(result) => Ok(f64::from(result as u8)),
            Err(_) => Err(Failure::OutOfRange),
        }
    }
}

/// `()`: hands everything asked for since the last time to the I/O thread.
struct Flush;

impl Hot for Flush {
    type State = SharedStack;
    const NAME: &'static CStr = c"flush";
    const PARAMETERS: usize = 0;
    type Outcome = f64;

    fn call(state: &SharedStack, _: &mut Arguments<'_>) -> Fallible<f64> {
        state.with(|stack| stack.flush())?;
        Ok(0.0)
    }
}

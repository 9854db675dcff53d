//! What runs per message or per batch on a handlespace: hand-bound functions (`hot.rs`). Pool handles and
//! everything else that is not a number lie on the desk; failures are negative numbers.

use std::ffi::CStr;
use std::rc::Rc;

use napi::Env;
use napi::bindgen_prelude::{Object, Result};
use rserpool_handlespace::{Element, OutputTooSmall, Registered};

use crate::arena::Arena;
use crate::failure::{Failure, Fallible};
use crate::handlespace::SharedHandlespace;
use crate::hot::{Arguments, Hot, bind};
use crate::image::{milliseconds, push_image, read_registration};

pub fn bind_all(env: &Env, target: &mut Object<'_>, state: &Rc<SharedHandlespace>) -> Result<()> {
    bind::<ResolveInPlace>(env, target, state)?;
    bind::<ResolveInto>(env, target, state)?;
    bind::<Register>(env, target, state)?;
    bind::<Deregister>(env, target, state)?;
    bind::<Find>(env, target, state)?;
    bind::<Peek>(env, target, state)?;
    bind::<Acknowledge>(env, target, state)?;
    bind::<Probe>(env, target, state)?;
    bind::<ReportUnreachable>(env, target, state)?;
    bind::<ElementsOf>(env, target, state)?;
    bind::<NextDeadline>(env, target, state)
}

/// `()`: the order of the request arena is offset and length of the handle in it, items. The answer is written
/// to the response arena at its position, which stays where it is; the outcome is its bytes, 0 for an unknown
/// pool, negative for a failure.
struct ResolveInPlace;

impl Hot for ResolveInPlace {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"resolveInPlace";
    const PARAMETERS: usize = 0;
    type Outcome = ();

    fn call(state: &SharedHandlespace, _: &mut Arguments<'_>) -> Fallible<()> {
        let arenas = state.arenas.borrow();
        let (request, response) = arenas.as_ref().ok_or(Failure::OutOfRange)?;
        request.answer(match resolve_in_place(state, request, response) {
            Ok(bytes) => bytes,
            Err(failure) => failure as i32,
        });
        Ok(())
    }
}

#[inline]
fn resolve_in_place(state: &SharedHandlespace, request: &Arena, response: &Arena) -> Fallible<i32> {
    let [offset, length, items] = request.order();
    let (offset, length) = (offset as usize, length as usize);
    let requests = request.read()?;
    let handle = requests
        .get(offset..offset + length)
        .ok_or(Failure::OutOfRange)?;
    let mut responses = response.write()?;
    let out = responses
        .get_mut(response.position()..)
        .ok_or(Failure::TooSmall)?;
    resolve(state, handle, items, out)
}

/// `(bytes of the handle on the desk, items, Uint8Array, offset)`: the answer is written there.
struct ResolveInto;

impl Hot for ResolveInto {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"resolveInto";
    const PARAMETERS: usize = 4;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (handle_bytes, items) = (arguments.usize(0)?, arguments.u32(1)?);
        let offset = arguments.usize(3)?;
        // A copy, since the output may be any memory that JavaScript can name.
        let mut handle = state.scratch.try_borrow_mut().map_err(|_| Failure::InUse)?;
        handle.clear();
        handle.extend_from_slice(
            state
                .desk
                .read()?
                .get(..handle_bytes)
                .ok_or(Failure::OutOfRange)?,
        );
        let out = arguments
            .bytes_mut(2)?
            .get_mut(offset..)
            .ok_or(Failure::OutOfRange)?;
        resolve(state, &handle, items, out).map(f64::from)
    }
}

#[inline]
fn resolve(state: &SharedHandlespace, handle: &[u8], items: u32, out: &mut [u8]) -> Fallible<i32> {
    let answer = state.with(|core| core.resolve_into(handle, items, out))?;
    answer
        .map(|bytes| bytes as i32)
        .map_err(|OutputTooSmall { .. }| Failure::TooSmall)
}

/// `(now)`: the registration on the desk. 0: created, 1: updated.
struct Register;

impl Hot for Register {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"register";
    const PARAMETERS: usize = 1;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let now = arguments.whole(0)?;
        let desk = state.desk.read()?;
        let registration = read_registration(&desk)?;
        let outcome = state.with(|core| core.register(now, &registration))?;
        state.report_memory();
        match outcome {
            Ok(Registered::Created) => Ok(0.0),
            Ok(Registered::Updated) => Ok(1.0),
            Err(error) => Err(state.refuse(error)),
        }
    }
}

/// `(bytes of the handle on the desk, identifier)`: 1 when it was there, else 0.
struct Deregister;

impl Hot for Deregister {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"deregister";
    const PARAMETERS: usize = 2;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (handle_bytes, id) = (arguments.usize(0)?, arguments.u32(1)?);
        state.with_handle(handle_bytes, |core, handle| {
            f64::from(core.deregister(handle, id))
        })
    }
}

/// `(bytes of the handle on the desk, identifier)`: the image of the element replaces the handle on the
/// desk. Returns its bytes, 0: no such element.
struct Find;

impl Hot for Find {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"find";
    const PARAMETERS: usize = 2;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (handle_bytes, id) = (arguments.usize(0)?, arguments.u32(1)?);
        let mut image = state.scratch.try_borrow_mut().map_err(|_| Failure::InUse)?;
        image.clear();
        state.with_handle(handle_bytes, |core, handle| {
            draw(core.find(handle, id), &mut image)
        })?;
        lay_out(state, &image)
    }
}

/// `(bytes of the handle on the desk)`: the same with any element of the pool.
struct Peek;

impl Hot for Peek {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"peek";
    const PARAMETERS: usize = 1;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let handle_bytes = arguments.usize(0)?;
        let mut image = state.scratch.try_borrow_mut().map_err(|_| Failure::InUse)?;
        image.clear();
        state.with_handle(handle_bytes, |core, handle| {
            draw(core.peek(handle), &mut image)
        })?;
        lay_out(state, &image)
    }
}

fn draw(element: Option<Element<'_>>, image: &mut Vec<u8>) {
    if let Some(element) = element {
        push_image(image, &element, None);
    }
}

fn lay_out(state: &SharedHandlespace, image: &[u8]) -> Fallible<f64> {
    let mut desk = state.desk.write()?;
    desk.get_mut(..image.len())
        .ok_or(Failure::TooSmall)?
        .copy_from_slice(image);
    Ok(image.len() as f64)
}

/// `(now, bytes of the handle on the desk, identifier, association or 0)`: 1 when the element is there and,
/// given an association, belongs to that one or to none; else 0.
struct Acknowledge;

impl Hot for Acknowledge {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"acknowledge";
    const PARAMETERS: usize = 4;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (now, handle_bytes) = (arguments.whole(0)?, arguments.usize(1)?);
        let (id, association) = (arguments.u32(2)?, arguments.u32(3)?);
        state.with_handle(handle_bytes, |core, handle| {
            let is_meant = association == 0
                || core.find(handle, id).is_some_and(|element| {
                    element.association == 0 || element.association == association
                });
            f64::from(is_meant && core.acknowledge(now, handle, id))
        })
    }
}

/// `(now, bytes of the handle on the desk, identifier)`: 1 when the element is there, else 0.
struct Probe;

impl Hot for Probe {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"probe";
    const PARAMETERS: usize = 3;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (now, handle_bytes, id) = (arguments.whole(0)?, arguments.usize(1)?, arguments.u32(2)?);
        state.with_handle(handle_bytes, |core, handle| {
            f64::from(core.probe(now, handle, id))
        })
    }
}

/// `(bytes of the handle on the desk, identifier)`: the reports so far, 0: no such element.
struct ReportUnreachable;

impl Hot for ReportUnreachable {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"reportUnreachable";
    const PARAMETERS: usize = 2;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let (handle_bytes, id) = (arguments.usize(0)?, arguments.u32(1)?);
        state.with_handle(handle_bytes, |core, handle| {
            f64::from(core.report_unreachable(handle, id))
        })
    }
}

/// `(association)`: how many elements belong to it.
struct ElementsOf;

impl Hot for ElementsOf {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"elementsOf";
    const PARAMETERS: usize = 1;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, arguments: &mut Arguments<'_>) -> Fallible<f64> {
        let association = arguments.u32(0)?;
        state.with(|core| core.elements_of(association) as f64)
    }
}

/// `()`: when `expire` is wanted next, infinity for never.
struct NextDeadline;

impl Hot for NextDeadline {
    type State = SharedHandlespace;
    const NAME: &'static CStr = c"nextDeadline";
    const PARAMETERS: usize = 0;
    type Outcome = f64;

    fn call(state: &SharedHandlespace, _: &mut Arguments<'_>) -> Fallible<f64> {
        state.with(|core| milliseconds(core.next_deadline()))
    }
}

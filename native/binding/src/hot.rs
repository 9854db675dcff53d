//! Functions that are called per message or per batch, bound by hand through `napi::sys`: about 22 ns a call,
//! where a `#[napi]` method takes 260 and more. Numbers and bytes go in, one number comes out, nothing is
//! thrown: a failure is the negative number of a `Failure`. Each argument costs 3 ns and the number 2.5 more:
//! the function that all speed hangs on has neither, they lie in memory that both sides see. What the functions do is said where their state
//! is (`handlespace_hot.rs`, `sctp.rs`); this file has the mechanism, and all of its `unsafe`.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::slice;

use napi::bindgen_prelude::{Object, Result};
use napi::{Env, JsValue, check_status, sys};

use crate::failure::{Failure, Fallible, whole, whole_u32, whole_usize};

/// One hand-bound function. It must not call into JavaScript: borrows of arenas are held meanwhile.
pub trait Hot: 'static {
    /// What it works on; kept alive by the function.
    type State: 'static;
    const NAME: &'static CStr;
    /// At most `MAX_PARAMETERS`. What the caller leaves out is `undefined`, what is too much is ignored.
    const PARAMETERS: usize;
    type Outcome: Outcome;

    fn call(state: &Self::State, arguments: &mut Arguments<'_>) -> Fallible<Self::Outcome>;
}

/// What a function gives back.
pub trait Outcome: Sized {
    fn to_value(env: sys::napi_env, outcome: Fallible<Self>) -> sys::napi_value;
}

impl Outcome for f64 {
    fn to_value(env: sys::napi_env, outcome: Fallible<f64>) -> sys::napi_value {
        let number = outcome.unwrap_or_else(|failure| f64::from(failure as i8));
        let mut result = ptr::null_mut();
        // SAFETY: `result` is written unless the call fails; then it stays null, which is `undefined`.
        unsafe { sys::napi_create_double(env, number, &mut result) };
        result
    }
}

/// Nothing: the function leaves its outcome, also a failure, where its caller looks for it.
impl Outcome for () {
    fn to_value(_: sys::napi_env, _: Fallible<()>) -> sys::napi_value {
        ptr::null_mut()
    }
}

const MAX_PARAMETERS: usize = 5;

/// Makes the JavaScript function and puts it into `target` under its name.
pub fn bind<H: Hot>(env: &Env, target: &mut Object<'_>, state: &Rc<H::State>) -> Result<()> {
    const { assert!(H::PARAMETERS <= MAX_PARAMETERS) };
    let data = Rc::into_raw(Rc::clone(state)).cast_mut().cast::<c_void>();
    let name: *const c_char = H::NAME.as_ptr();
    let mut function = ptr::null_mut();
    // SAFETY: the name is as long as said; `data` is what `trampoline::<H>` expects and outlives the function,
    // see below. When one of the two calls fails the reference leaks, which is harmless.
    check_status!(unsafe {
        let length = H::NAME.to_bytes().len() as isize;
        sys::napi_create_function(
            env.raw(),
            name,
            length,
            Some(trampoline::<H>),
            data,
            &mut function,
        )
    })?;
    // SAFETY: `data` is what `release::<H::State>` expects. It is called when the function is gone and cannot
    // be called any more.
    check_status!(unsafe {
        let (hint, result) = (ptr::null_mut(), ptr::null_mut());
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(release::<H::State>),
            hint,
            result,
        )
    })?;
    // SAFETY: both are objects of this environment, in a call from JavaScript.
    check_status!(unsafe { sys::napi_set_named_property(env.raw(), target.raw(), name, function) })
}

unsafe extern "C" fn release<State>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the reference that `bind` made; finalizers run once, on the JavaScript thread.
    drop(unsafe { Rc::from_raw(data.cast::<State>()) });
}

unsafe extern "C" fn trampoline<H: Hot>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut values = [ptr::null_mut(); MAX_PARAMETERS];
    let mut count = H::PARAMETERS;
    let mut data = ptr::null_mut();
    // Nothing is asked for where nothing is wanted: it would cost.
    let (counted, filled) = match H::PARAMETERS {
        0 => (ptr::null_mut(), ptr::null_mut()),
        _ => (&raw mut count, values.as_mut_ptr()),
    };
    // SAFETY: `env` and `info` come from Node for this call; `values` has room for `count`, which `bind` has
    // checked, and Node fills what the caller left out with `undefined`. Null is allowed for what is not asked.
    let status =
        unsafe { sys::napi_get_cb_info(env, info, counted, filled, ptr::null_mut(), &mut data) };
    let outcome = if status == sys::Status::napi_ok {
        let mut arguments = Arguments {
            env,
            values,
            lifetime: PhantomData,
        };
        // SAFETY: `data` is the `Rc<H::State>` that `bind` gave to this very function and that it keeps alive.
        // Only shared references to the state are ever made.
        let state = unsafe { &*data.cast::<H::State>() };
        // A panic must not cross into C. States that a panic can leave half-changed look after themselves
        // (`SharedHandlespace::with`), so nothing broken is seen afterwards.
        catch_unwind(AssertUnwindSafe(|| H::call(state, &mut arguments)))
            .unwrap_or(Err(Failure::Internal))
    } else {
        Err(Failure::Internal)
    };
    H::Outcome::to_value(env, outcome)
}

/// The arguments of one call. Reading them never runs JavaScript: nothing is converted.
pub struct Arguments<'call> {
    env: sys::napi_env,
    values: [sys::napi_value; MAX_PARAMETERS],
    lifetime: PhantomData<&'call ()>,
}

impl Arguments<'_> {
    /// Any number, NaN included.
    pub fn number(&self, index: usize) -> Fallible<f64> {
        let value = *self.values.get(index).ok_or(Failure::WrongType)?;
        let mut number = 0.0;
        // SAFETY: `value` is null (then the call fails) or an argument of the call that is running.
        match unsafe { sys::napi_get_value_double(self.env, value, &mut number) } {
            sys::Status::napi_ok => Ok(number),
            _ => Err(Failure::WrongType),
        }
    }

    /// A whole number from 0 to 2^53.
    pub fn whole(&self, index: usize) -> Fallible<u64> {
        whole(self.number(index)?)
    }

    pub fn u32(&self, index: usize) -> Fallible<u32> {
        whole_u32(self.number(index)?)
    }

    pub fn usize(&self, index: usize) -> Fallible<usize> {
        whole_usize(self.number(index)?)
    }

    /// The memory of a `Uint8Array`, empty when it is detached. It may be that of an arena, so none is to be
    /// borrowed at the same time; `&mut self` rules out a second slice. When the caller shares it with other
    /// threads they may write to it meanwhile: what was written here is not to be read back.
    pub fn bytes_mut(&mut self, index: usize) -> Fallible<&mut [u8]> {
        let (start, length) = self.uint8_array(index)?;
        // SAFETY: V8 says that `length` bytes are there; it neither moves nor frees them while no JavaScript
        // runs, and no other slice of them exists in this thread, as said above.
        Ok(unsafe { slice::from_raw_parts_mut(start, length) })
    }

    /// Start and length of a `Uint8Array` (a `Buffer` is one); the start is never null.
    fn uint8_array(&self, index: usize) -> Fallible<(*mut u8, usize)> {
        let value = *self.values.get(index).ok_or(Failure::WrongType)?;
        let (mut kind, mut length, mut start) = (-1, 0, ptr::null_mut());
        // SAFETY: null is allowed for what is not asked; `value` as in `number`. Anything but a typed array
        // (or a DataView's like) makes the call fail.
        let status = unsafe {
            let (array_buffer, offset) = (ptr::null_mut(), ptr::null_mut());
            sys::napi_get_typedarray_info(
                self.env,
                value,
                &mut kind,
                &mut length,
                &mut start,
                array_buffer,
                offset,
            )
        };
        if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
            return Err(Failure::WrongType);
        }
        if start.is_null() || length == 0 {
            return Ok((ptr::NonNull::dangling().as_ptr(), 0));
        }
        Ok((start.cast(), length))
    }
}

//! Memory that native code owns and JavaScript sees: pinned once, reused for every message. What lies in it
//! is up to those who share it.
//!
//! Native code reaches the memory through its own `Rc` and never through the ArrayBuffer, which holds another
//! `Rc`. So nothing that JavaScript does with the ArrayBuffer (detach it, transfer it, let it be collected)
//! frees memory that native code still uses; the last of the two to go frees it. `Arena::release` does so
//! at once: it detaches the ArrayBuffer, and both sides have an arena without bytes from then on.
//!
//! ```text
//! | position: u32 | order: 4 words | unused, up to 64 bytes | bytes ... |      in native byte order
//! ```

use std::cell::{Cell, Ref, RefCell, RefMut, UnsafeCell};
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::slice;

use napi::bindgen_prelude::{External, JsObjectValue, Object, Result, Unknown};
use napi::{Env, JsValue, check_status, sys};
use napi_derive::napi;
use rserpool_sctp::Pages;

use crate::failure::{Failure, Fallible, whole_usize};

/// Keeps the position away from the bytes, and these aligned.
const HEAD_BYTES: usize = 64;

/// 29 bits of offset is what a packed resolution can name.
const MAX_BYTES: usize = 1 << 29;

/// How JavaScript hands an arena back to native code.
pub type ArenaHandle = External<Rc<Arena>>;

/// `Rc` and not `Arc`: only the JavaScript thread may touch the memory, and the compiler sees to it.
pub struct Arena {
    /// Where position and order are: in the memory or, once that is released, in `spare`.
    head: Cell<NonNull<u8>>,
    bytes: RefCell<Bytes>,
    /// `None`: released. The ArrayBuffer has another share.
    memory: RefCell<Option<Rc<Pages>>>,
    /// Takes the place of the head, so that its readers need not ask whether it is there.
    spare: UnsafeCell<[u64; HEAD_BYTES / 8]>,
    is_exposed: Cell<bool>,
}

/// The bytes of an arena; only ever lent out by it.
pub struct Bytes {
    start: NonNull<u8>,
    length: usize,
}

impl Bytes {
    const NONE: Bytes = Bytes {
        start: NonNull::dangling(),
        length: 0,
    };
}

impl Arena {
    /// All zero; large ones cost nothing until they are written. Returns `None` if `length` is not 1 byte to
    /// 512 MiB, or no memory is left.
    pub fn new(length: usize) -> Option<Rc<Arena>> {
        let (memory, bytes) = map(length).ok()?;
        Some(Rc::new(Arena {
            head: Cell::new(memory.start()),
            bytes: RefCell::new(bytes),
            memory: RefCell::new(Some(Rc::new(memory))),
            spare: UnsafeCell::default(),
            is_exposed: Cell::new(false),
        }))
    }

    /// Gives an arena that is released, or was never exposed, new memory, to be exposed like that of a new one.
    pub fn renew(&self, length: usize) -> Fallible<()> {
        let mut slot = self.memory.try_borrow_mut().map_err(|_| Failure::InUse)?;
        let mut bytes = self.bytes.try_borrow_mut().map_err(|_| Failure::InUse)?;
        if slot.is_some() && self.is_exposed.get() {
            return Err(Failure::InUse);
        }
        let (memory, mapped) = map(length)?;
        self.head.set(memory.start());
        *bytes = mapped;
        *slot = Some(Rc::new(memory));
        self.is_exposed.set(false);
        Ok(())
    }

    /// Gives the memory back. `array_buffer` is the one that `expose` made: it is detached, its views have
    /// length 0 from then on. If it is another one, because JavaScript has moved the memory to it, the memory
    /// stays until that is collected. Does nothing the second time.
    pub fn release(&self, env: &Env, array_buffer: &Unknown<'_>) -> Fallible<()> {
        let mut bytes = self.bytes.try_borrow_mut().map_err(|_| Failure::InUse)?;
        let Some(memory) = self.memory.take() else {
            return Ok(());
        };
        *bytes = Bytes::NONE;
        self.head.set(NonNull::from(&self.spare).cast());
        if detach(env, array_buffer, &memory) {
            // SAFETY: JavaScript has no view of the memory any longer, native code has just lost its own.
            unsafe { memory.unmap() };
        }
        Ok(())
    }

    /// Borrows the bytes for reading. Not to be held while JavaScript runs: it may write to them.
    pub fn read(&self) -> Fallible<Ref<'_, Bytes>> {
        self.bytes.try_borrow().map_err(|_| Failure::InUse)
    }

    /// Borrows the bytes for writing, under the same condition.
    pub fn write(&self) -> Fallible<RefMut<'_, Bytes>> {
        self.bytes.try_borrow_mut().map_err(|_| Failure::InUse)
    }

    /// Where the next thing is to be written. JavaScript moves it: any value is possible.
    pub fn position(&self) -> usize {
        // SAFETY: the head lies in our memory, mapped as long as `head` leads there, or in `self`. It is aligned
        // and initialised. Only this thread may write to it, and it is here.
        unsafe { self.head.get().cast::<u32>().read() as usize }
    }

    pub fn set_position(&self, position: u32) {
        // SAFETY: as in `position`.
        unsafe { self.head.get().cast::<u32>().write(position) }
    }

    /// Numbers from JavaScript, for a call that is quicker without arguments: any value is possible.
    pub fn order(&self) -> [u32; 3] {
        // SAFETY: as in `position`; the head is longer than that.
        unsafe {
            self.head
                .get()
                .cast::<u32>()
                .add(1)
                .cast::<[u32; 3]>()
                .read()
        }
    }

    /// What came of the order, where JavaScript looks for it.
    pub fn answer(&self, outcome: i32) {
        // SAFETY: as in `position`; the head is longer than that.
        unsafe { self.head.get().cast::<i32>().add(4).write(outcome) }
    }
}

fn map(length: usize) -> Fallible<(Pages, Bytes)> {
    if length == 0 || length > MAX_BYTES {
        return Err(Failure::OutOfRange);
    }
    let memory = Pages::map(HEAD_BYTES + length).map_err(|_| Failure::Internal)?;
    // SAFETY: the memory is longer than its head.
    let start = unsafe { memory.start().add(HEAD_BYTES) };
    Ok((memory, Bytes { start, length }))
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` and `length` are those of the memory of the arena that lends us out, or none. It is
        // unmapped only after a mutable borrow of us has replaced them. It was zeroed, so all of it is
        // initialised. The `RefCell` around us keeps Rust's borrows apart, and JavaScript does not run while
        // one is held.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// `{ bytes: Uint8Array, position: Uint32Array, order: Int32Array, handle }` for JavaScript, of `length` bytes.
#[napi]
pub fn create_arena<'env>(env: &'env Env, length: f64) -> napi::Result<Object<'env>, Failure> {
    let arena = Arena::new(whole_usize(length)?).ok_or(Failure::OutOfRange)?;
    expose(env, &arena).map_err(|_| Failure::Internal.into())
}

/// Releases an arena; `array_buffer` is that of its `bytes`.
#[napi]
pub fn release_arena(
    env: &Env,
    arena: &ArenaHandle,
    array_buffer: Unknown<'_>,
) -> napi::Result<(), Failure> {
    Ok(arena.release(env, &array_buffer)?)
}

/// The JavaScript face of an arena. Once per arena: V8 does not like two ArrayBuffers over the same memory.
pub fn expose<'env>(env: &'env Env, arena: &Rc<Arena>) -> Result<Object<'env>> {
    let memory = arena.memory.borrow();
    let Some(memory) = memory.as_ref().filter(|_| !arena.is_exposed.replace(true)) else {
        let what = "This arena is exposed or released already.";
        return Err(napi::Error::from_reason(what));
    };
    let buffer = external_array_buffer(env, memory)?;
    let length = memory.length() - HEAD_BYTES;
    let mut object = Object::new(env)?;
    use sys::TypedarrayType::{int32_array, uint8_array, uint32_array};
    object.set(
        "bytes",
        typed_array(env, uint8_array, length, buffer, HEAD_BYTES)?,
    )?;
    object.set("position", typed_array(env, uint32_array, 1, buffer, 0)?)?;
    object.set("order", typed_array(env, int32_array, 4, buffer, 4)?)?;
    object.set("handle", External::new(Rc::clone(arena)))?;
    object.freeze()?;
    Ok(object)
}

fn external_array_buffer(env: &Env, memory: &Rc<Pages>) -> Result<sys::napi_value> {
    let hint = Rc::into_raw(Rc::clone(memory)).cast_mut().cast::<c_void>();
    let mut buffer = ptr::null_mut();
    // SAFETY: the memory lives as long as `hint`, an owned share of it, which `finalize` gives back, unless the
    // ArrayBuffer is detached first. Should the call fail it may or may not have given it back: the share is
    // then left alone, since a leak is better than memory freed twice.
    check_status!(unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            memory.start().as_ptr().cast(),
            memory.length(),
            Some(finalize),
            hint,
            &mut buffer,
        )
    })?;
    Ok(buffer)
}

/// The ArrayBuffer is gone or detached, and with it JavaScript's share of the memory.
unsafe extern "C" fn finalize(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the share made in `external_array_buffer`; finalizers run once, on the thread of the
    // environment that made the object.
    drop(unsafe { Rc::from_raw(hint.cast::<Pages>()) });
}

/// Detaches the ArrayBuffer if it is the one over this memory. Returns false if it is not.
fn detach(env: &Env, array_buffer: &Unknown<'_>, memory: &Pages) -> bool {
    let (mut start, mut length) = (ptr::null_mut(), 0);
    // SAFETY: a value of this environment, in a call from JavaScript; anything but an ArrayBuffer fails.
    unsafe {
        let value = array_buffer.raw();
        sys::napi_get_arraybuffer_info(env.raw(), value, &mut start, &mut length)
            == sys::Status::napi_ok
            && start.cast() == memory.start().as_ptr()
            && length == memory.length()
            && sys::napi_detach_arraybuffer(env.raw(), value) == sys::Status::napi_ok
    }
}

fn typed_array<'env>(
    env: &'env Env,
    kind: sys::napi_typedarray_type,
    length: usize,
    memory: sys::napi_value,
    offset: usize,
) -> Result<Unknown<'env>> {
    let mut value = ptr::null_mut();
    // SAFETY: `memory` is an ArrayBuffer made just now in this very call from JavaScript.
    check_status!(unsafe {
        sys::napi_create_typedarray(env.raw(), kind, length, memory, offset, &mut value)
    })?;
    // SAFETY: `value` is a value of this environment, made one line above.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

//! Memory that native code owns and JavaScript sees: pinned once, reused for every message. What lies in it
//! is up to those who share it.
//!
//! Native code reaches the memory through its own `Rc` and never through the ArrayBuffer, which holds another
//! `Rc`. So nothing that JavaScript does with the ArrayBuffer (detach it, transfer it, let it be collected)
//! frees memory that native code still uses; the last of the two to go frees it.
//!
//! ```text
//! | position: u32 | order: 4 words | unused, up to 64 bytes | bytes ... |      in native byte order
//! ```

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::{Cell, Ref, RefCell, RefMut};
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::slice;

use napi::bindgen_prelude::{External, JsObjectValue, Object, Result, Unknown};
use napi::{Env, check_status, sys};
use napi_derive::napi;

use crate::failure::{Failure, Fallible, whole_usize};

/// Keeps the position away from the bytes, and these aligned.
const HEAD_BYTES: usize = 64;

/// As much as any typed array wants, and no more than `calloc` gives by itself: beyond that the allocator
/// would write the zeros by hand, and touch all of the memory.
const ALIGNMENT: usize = 8;

/// 29 bits of offset is what a packed resolution can name.
const MAX_BYTES: usize = 1 << 29;

/// How JavaScript hands an arena back to native code.
pub type ArenaHandle = External<Rc<Arena>>;

/// `Rc` and not `Arc`: only the JavaScript thread may touch the memory, and the compiler sees to it.
pub struct Arena {
    head: NonNull<u8>,
    layout: Layout,
    bytes: RefCell<Bytes>,
    is_exposed: Cell<bool>,
}

/// The bytes of an arena; only ever lent out by it.
pub struct Bytes {
    start: NonNull<u8>,
    length: usize,
}

impl Arena {
    /// All zero; large ones cost nothing until they are written. `None`: not 1 byte to 512 MiB, or no memory left.
    pub fn new(length: usize) -> Option<Rc<Arena>> {
        if length == 0 || length > MAX_BYTES {
            return None;
        }
        let layout = Layout::from_size_align(HEAD_BYTES + length, ALIGNMENT).ok()?;
        // SAFETY: the layout is not empty.
        let head = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        // SAFETY: the allocation is longer than its head.
        let start = unsafe { head.add(HEAD_BYTES) };
        let bytes = RefCell::new(Bytes { start, length });
        Some(Rc::new(Arena {
            head,
            layout,
            bytes,
            is_exposed: Cell::new(false),
        }))
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
        // SAFETY: the head lies in our allocation, is aligned and initialised, and outlives `self`. Nobody
        // writes to it now: only this thread may, and it is here.
        unsafe { self.head.cast::<u32>().read() as usize }
    }

    pub fn set_position(&self, position: u32) {
        // SAFETY: as in `position`.
        unsafe { self.head.cast::<u32>().write(position) }
    }

    /// Numbers from JavaScript, for a call that is quicker without arguments: any value is possible.
    pub fn order(&self) -> [u32; 3] {
        // SAFETY: as in `position`; the head is longer than that.
        unsafe { self.head.cast::<u32>().add(1).cast::<[u32; 3]>().read() }
    }

    /// What came of the order, where JavaScript looks for it.
    pub fn answer(&self, outcome: i32) {
        // SAFETY: as in `position`; the head is longer than that.
        unsafe { self.head.cast::<i32>().add(4).write(outcome) }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with the same layout; nothing else frees it.
        unsafe { dealloc(self.head.as_ptr(), self.layout) }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` and `length` are those of the allocation of the arena that lends us out, which it
        // frees only when it is dropped itself. It was zeroed, so all of it is initialised. The `RefCell`
        // around us keeps Rust's borrows apart, and JavaScript does not run while one is held.
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

/// The JavaScript face of an arena. Once per arena: V8 does not like two ArrayBuffers over the same memory.
pub fn expose<'env>(env: &'env Env, arena: &Rc<Arena>) -> Result<Object<'env>> {
    if arena.is_exposed.replace(true) {
        return Err(napi::Error::from_reason("This arena is exposed already."));
    }
    let memory = external_array_buffer(env, arena)?;
    let length = arena.layout.size() - HEAD_BYTES;
    let mut object = Object::new(env)?;
    use sys::TypedarrayType::{int32_array, uint8_array, uint32_array};
    object.set(
        "bytes",
        typed_array(env, uint8_array, length, memory, HEAD_BYTES)?,
    )?;
    object.set("position", typed_array(env, uint32_array, 1, memory, 0)?)?;
    object.set("order", typed_array(env, int32_array, 4, memory, 4)?)?;
    object.set("handle", External::new(Rc::clone(arena)))?;
    object.freeze()?;
    Ok(object)
}

fn external_array_buffer(env: &Env, arena: &Rc<Arena>) -> Result<sys::napi_value> {
    let hint = Rc::into_raw(Rc::clone(arena)).cast_mut().cast::<c_void>();
    let mut memory = ptr::null_mut();
    // SAFETY: the memory is as long as the layout says and lives as long as `hint`, an owned reference to the
    // arena, which `release` gives back. Should the call fail it may or may not have done so: the reference
    // is then left alone, since a leak is better than memory freed twice.
    check_status!(unsafe {
        let start = arena.head.as_ptr().cast::<c_void>();
        let length = arena.layout.size();
        sys::napi_create_external_arraybuffer(
            env.raw(),
            start,
            length,
            Some(release),
            hint,
            &mut memory,
        )
    })?;
    Ok(memory)
}

/// The ArrayBuffer is gone, and with it JavaScript's share of the arena.
unsafe extern "C" fn release(_env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the reference made in `external_array_buffer`; finalizers run once, on the thread of
    // the environment that made the object.
    drop(unsafe { Rc::from_raw(hint.cast::<Arena>()) });
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

//! What V8 is told about native memory that a JavaScript object keeps alive. Without it V8 sees a few small
//! objects, and puts off the collection that would free megabytes. Memory of ArrayBuffers is not reported
//! here: V8 counts it by itself.

use std::cell::Cell;

use napi::{Env, sys};

/// The report of one owner. Dropping it takes the report back.
pub struct ExternalMemory {
    env: sys::napi_env,
    reported: Cell<usize>,
}

impl ExternalMemory {
    /// Reports `bytes`. Belongs into an object that lives no longer than the environment, such as the state
    /// of a wrapped object.
    pub fn new(env: &Env, bytes: usize) -> Self {
        let memory = ExternalMemory {
            env: env.raw(),
            reported: Cell::new(0),
        };
        memory.report(bytes);
        memory
    }

    /// Replaces what was reported.
    pub fn report(&self, bytes: usize) {
        let change = bytes as i64 - self.reported.replace(bytes) as i64;
        if change == 0 {
            return;
        }
        let mut total = 0;
        // SAFETY: called on the JavaScript thread, by a native call or a finalizer of this environment. A
        // failure leaves V8 with an older number, which is harmless.
        unsafe { sys::napi_adjust_external_memory(self.env, change, &mut total) };
    }

    /// Replaces what was reported if it differs by at least `step` bytes.
    pub fn report_in_steps(&self, bytes: usize, step: usize) {
        if bytes.abs_diff(self.reported.get()) >= step {
            self.report(bytes);
        }
    }
}

impl Drop for ExternalMemory {
    fn drop(&mut self) {
        self.report(0);
    }
}

//! Stacks on the kernel's SCTP, over the loopback. Where the kernel has none every test says so and
//! does nothing; `test/interop/kernel.test.ts` runs them in a virtual machine whose kernel has it.

/// Leaves the test where there is no kernel SCTP.
macro_rules! need_kernel {
    () => {
        if let Err(error) = try_kernel() {
            eprintln!("skipped: this kernel has no SCTP ({error})");
            return;
        }
    };
}

#[path = "../caller/mod.rs"]
mod caller;
mod scene;

mod addresses;
mod associations;
mod flow;
mod held_buffer;
mod losses;
mod settings;

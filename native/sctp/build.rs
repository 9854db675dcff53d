//! Tells tests and whoever builds whether `dcsctp` has the patches of `patches/`.

use std::path::Path;

fn main() {
    const CONFIG: &str = "../../.cargo/config.toml";
    println!("cargo::rustc-check-cfg=cfg(dcsctp_is_patched)");
    println!("cargo::rerun-if-changed=build.rs");
    if Path::new(CONFIG).exists() {
        println!("cargo::rerun-if-changed={CONFIG}");
        println!("cargo::rustc-cfg=dcsctp_is_patched");
    } else {
        println!(
            "cargo::warning=dcsctp is used as published, without the patches that mend faults of it: `npm run setup` applies them."
        );
    }
}

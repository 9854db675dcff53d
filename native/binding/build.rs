fn main() {
    napi_build::setup();
    stay_loaded();
}

/// Keeps the addon in memory until the process ends. Node.js unloads an addon when the last environment that
/// loaded it, such as a worker thread, has ended. The allocator's memory would be lost each time, and a thread
/// that outlives the environment would return into code that is no longer there.
fn stay_loaded() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

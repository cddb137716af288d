//! The doors (`doors.rs`) for a fuzzer that follows coverage (libFuzzer). One program; the environment's `SUNAP_FUZZ` names the
//! door. `fuzz/run.py` builds and runs it.
#![no_main]

mod doors;

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

fuzz_target!(|data: &[u8]| {
    static DOOR: OnceLock<fn(&[u8])> = OnceLock::new();
    let door = DOOR.get_or_init(|| {
        let name = std::env::var("SUNAP_FUZZ").unwrap_or_default();
        doors::door(&name).unwrap_or_else(|| panic!("SUNAP_FUZZ={name:?} names no door"))
    });
    door(data);
});

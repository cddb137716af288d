//! `kill -9` at random moments of the demo, each followed by `--resume`: the same final state and the same files as
//! without. A few kills by default; `SUNAP_KILLS=100 cargo test --test killed_demo` for the long run.
//!
//! `SUNAP_KEEP=1` keeps the folder of the first run that differs.
//!
//! The moments are drawn by a fixed generator (`SUNAP_SEED` for another one), scaled to how long a run takes here; which
//! step a moment hits is up to the machine. Each run is killed several times, so that recoveries are killed, too.
#![cfg(test)]

#[path = "demo/left.rs"]
mod left;
#[path = "demo/runs.rs"]
mod runs;

use left::files;
use runs::{begin, demo};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use sunap::ledger::Reader;

/// Kills of one run before it is let go to its end.
const KILLS_PER_RUN: usize = 5;

#[derive(Debug, PartialEq)]
struct Left {
    digest: [u8; 32],
    files: BTreeMap<String, String>,
}

fn left(dir: &Path) -> Left {
    let reader = Reader::open(
        &dir.join("state/ledger.sqlite"),
        &std::sync::Arc::new(sunap::seal::KeyRing::for_tests()),
    )
    .unwrap();
    Left { digest: reader.final_state_digest().unwrap(), files: files(dir) }
}

/// A small generator (splitmix64), so that the moments are the same in every run of the test.
struct Moments(u64);

impl Moments {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

#[test]
fn killed_anywhere_and_resumed_it_ends_the_same() {
    let number =
        |name: &str, otherwise| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (kills, seed): (u64, u64) = (number("SUNAP_KILLS", 5), number("SUNAP_SEED", 2026));
    let mut temp = tempfile::tempdir().unwrap();
    temp.disable_cleanup(std::env::var_os("SUNAP_KEEP").is_some());
    let unkilled = temp.path().join("unkilled");
    let started = Instant::now();
    let out = demo(&unkilled, false);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    let (whole, expected) = (started.elapsed(), left(&unkilled));

    let mut moments = Moments(seed);
    let (mut hit, mut run) = (0, 0);
    while hit < kills {
        run += 1;
        assert!(run < kills * 20 + 20, "only {hit} of {run} runs were hit while they ran");
        let dir = temp.path().join(format!("killed-{run}"));
        let mut after = Vec::new();
        while after.len() < KILLS_PER_RUN && hit < kills {
            // A run gets a good half of the way by its last kill on average, some of them to the end.
            let ms = moments.below(u64::try_from(whole.as_millis()).unwrap() * 3 / 10 + 20);
            after.push(ms);
            if !kill_after(&dir, Duration::from_millis(ms)) {
                break;
            }
            hit += 1;
        }
        let out = demo(&dir, true);
        let said = String::from_utf8_lossy(&out.stdout);
        let errors = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "seed {seed}, killed after {after:?} ms:\n{said}{errors}");
        assert_same(&left(&dir), &expected, &format!("seed {seed}, run {run}, killed after {after:?} ms"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

/// Starts or resumes the demo and kills it; whether it was still running.
fn kill_after(dir: &Path, wait: Duration) -> bool {
    let mut child = begin(dir, true).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(wait);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

fn assert_same(found: &Left, expected: &Left, what: &str) {
    let differing: Vec<&String> = found
        .files
        .iter()
        .filter(|(path, hash)| expected.files.get(*path) != Some(*hash))
        .map(|(path, _)| path)
        .chain(expected.files.keys().filter(|path| !found.files.contains_key(*path)))
        .collect();
    assert!(differing.is_empty(), "{what}: these files differ: {differing:?}");
    assert_eq!(found.digest, expected.digest, "{what}: the ledger's final state differs");
}

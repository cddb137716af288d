//! A simulated world: the real engine, ledger and spool; creditors, an operator and banks that play by seeded chance, with
//! lost, late, doubled, cut and changed files, refusals, crashes between any two steps, and power failures between the
//! commit and the rename. After every day all invariants must hold, and the ledger is held against what the banks
//! themselves have debited and paid.
//!
//! `SUNAP_WORLD_DAYS=100000 cargo test --release --test world` plays longer; a failing world prints its seed, and
//! `SUNAP_WORLD_SEED=42 cargo test --test world` plays that one again.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "it plays everybody outside: senders, banks, crashes")]

#[path = "world/bank.rs"]
mod bank;
#[path = "world/dice.rs"]
mod dice;
#[path = "world/people.rs"]
mod people;
#[path = "shipped/copy.rs"]
mod shipped;
#[path = "days/wire.rs"]
mod wire;
#[path = "world/world.rs"]
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use world::World;

/// Bank days of one world: long enough for registration, two debits with retries, and settlement.
const DAYS_OF_A_WORLD: u64 = 60;

/// Bank days in CI.
const SHORT: u64 = 240;

#[test]
fn every_world_keeps_its_money() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let days = number("SUNAP_WORLD_DAYS").unwrap_or(SHORT);
    let only = number("SUNAP_WORLD_SEED");
    let worlds = if only.is_some() { 1 } else { days.div_ceil(DAYS_OF_A_WORLD) };
    let first = only.unwrap_or_else(|| number("SUNAP_WORLD_FIRST").unwrap_or(1));
    let (next, played) = (AtomicU64::new(0), AtomicU64::new(0));
    let failures = std::sync::Mutex::new(Vec::new());
    let sums = std::sync::Mutex::new([0_u64; 7]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= worlds || failures.lock().unwrap().len() >= 5 {
                        return;
                    }
                    let seed = first + nth;
                    match World::new(seed).play(DAYS_OF_A_WORLD) {
                        Ok(counts) => {
                            played.fetch_add(DAYS_OF_A_WORLD, Ordering::Relaxed);
                            let mut sums = sums.lock().unwrap();
                            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                        }
                        Err(why) => failures.lock().unwrap().push(format!("SUNAP_WORLD_SEED={seed}: {why}")),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let [taken, mischief, crashes, lists, debited, power, holidays] = sums.into_inner().unwrap();
    let told = format!(
        "{} bank days: {taken} files taken, {mischief} of them answered badly, {crashes} crashes, {power} power failures, {holidays} holidays declared late, {lists} lists and orders, {debited} won debited\n",
        played.load(Ordering::Relaxed)
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    assert!(failures.is_empty(), "{} worlds failed:\n{}", failures.len(), failures.join("\n"));
    assert!(taken > 0 && debited > 0, "nothing happened: {told}");
}

//! A change of keys beside the ordinary work: a new key that lies in the folder is taken up at the next turn, and what older
//! keys sealed is sealed again, a batch in each turn, until no value and no archived file names an older one.
//!
//! There is no progress to lose: every sealed thing names its key, and a start with more than one key looks again.
//!
//! Must not: make or remove a key (`sunap key` does), or stop the work for a folder of keys that is not in order.

use super::{Engine, Failure};
use crate::domain::{Date, Instant};
use crate::ledger::{Event, Resealed, Subject};
use crate::seal::{KeyRing, current_in};
use crate::spool::Sha256;
use std::sync::Arc;

/// Values that are looked at in one transaction.
const VALUES: usize = 2_000;
/// Archived files that are sealed again in one turn.
const FILES: usize = 16;

/// Where a change of keys stands.
#[derive(Debug, Default)]
pub(super) struct KeyChange {
    /// The values come first.
    values: Option<Resealed>,
    /// Then the archived files; the last of the list comes first.
    files: Option<Vec<(Date, Sha256)>>,
    resealed: u64,
}

impl KeyChange {
    /// Where older keys are there, something may still be sealed with them.
    pub(super) fn of(ring: &KeyRing) -> Self {
        let older = ring.ids().count() > 1;
        Self { values: older.then(Resealed::default), ..Self::default() }
    }
}

impl Engine {
    /// Takes up a new key and seals a batch again. Whether there was something to do.
    pub(super) fn look_after_keys(&mut self, now: Instant) -> Result<bool, Failure> {
        self.take_up_new_key(now)?;
        if let Some(done) = self.key_change.values {
            let tx = self.ledger.begin()?;
            let next = tx.reseal(done, VALUES)?;
            tx.commit()?;
            self.key_change.values = next;
            if next.is_none() {
                self.key_change.resealed = done.values;
                self.key_change.files = Some(self.spool.sealed_by_older().map_err(Failure::Spool)?);
            }
            return Ok(true);
        }
        let Some(mut files) = self.key_change.files.take() else { return Ok(false) };
        for (day, sha256) in files.split_off(files.len().saturating_sub(FILES)) {
            let result = self.spool.reseal_archived(day, &sha256).map_err(Failure::Spool);
            if self.tell(result.map(|()| true), &format!("archive/{day}/{sha256}"), now)? {
                self.key_change.resealed = self.key_change.resealed.saturating_add(1);
            }
        }
        if files.is_empty() {
            self.all_sealed_again(now)?;
        } else {
            self.key_change.files = Some(files);
        }
        Ok(true)
    }

    fn take_up_new_key(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(current) = current_in(&self.config.keys_dir) else { return Ok(()) };
        if current == self.ring.current() {
            return Ok(());
        }
        let ring = match KeyRing::load(&self.config.keys_dir) {
            Ok(ring) => Arc::new(ring),
            Err(error) => {
                // The work goes on with the keys that are there.
                tracing::error!(%error, "the new key is not taken up");
                return Ok(());
            }
        };
        self.journal_keys(now, "key-changed", &format!("key {} seals from now on", ring.current()))?;
        tracing::info!(key = ring.current().number(), "a new key seals");
        self.ledger.change_keys(&ring);
        self.spool.change_keys(&ring);
        self.key_change = KeyChange::of(&ring);
        self.ring = ring;
        Ok(())
    }

    fn all_sealed_again(&mut self, now: Instant) -> Result<(), Failure> {
        let (count, key) = (std::mem::take(&mut self.key_change.resealed), self.ring.current());
        if count > 0 {
            let note = format!("{count} values and files are sealed with key {key} now");
            self.journal_keys(now, "sealed-again", &note)?;
            tracing::info!(count, key = key.number(), "sealed again");
        }
        Ok(())
    }

    fn journal_keys(&mut self, now: Instant, happening: &str, note: &str) -> Result<(), Failure> {
        let tx = self.ledger.begin()?;
        let (subject, id) = (Subject::Key, i64::from(self.ring.current().number()));
        tx.event(&Event {
            subject,
            id,
            at: now,
            happening,
            from: "",
            to: "",
            file: None,
            line: None,
            code: "",
            note,
        })?;
        Ok(tx.commit()?)
    }
}

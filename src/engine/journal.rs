//! The end of a day's journal: its root is made, written beside the ledger and given to the operators; and the journal
//! held against all three (`sunap audit verify`).
//!
//! Must not: know how the chain is made.

use super::{Engine, Failure};
use crate::domain::{Date, Instant};
use crate::fault::Trouble;
use crate::ledger::{JournalCheck, Outside, Reader, Root};
use crate::spool::{KeptRoots, Owner, PutRoot, Roots};
use std::path::Path;

/// The alert of a root whose place is taken by another text.
const DIFFERS: &str = "journal-root-differs";

/// What this process knows of the outside of the journal.
#[derive(Debug)]
pub(super) struct Closing {
    roots: Roots,
    /// The day up to which all days before it have their roots outside.
    closed_on: Option<Date>,
    /// The last link that was noted.
    head: i64,
}

impl Closing {
    pub(super) fn open(state_dir: &Path) -> Result<Self, Trouble> {
        Ok(Self { roots: Roots::open(state_dir)?, closed_on: None, head: 0 })
    }
}

impl Engine {
    /// Closes the days that are over, once a day, and notes the end of the chain.
    pub(super) fn look_after_journal(&mut self, now: Instant) -> Result<(), Failure> {
        let head = self.ledger.begin()?.journal_head()?;
        if let Some((link_id, hash)) = head
            && link_id != self.closing.head
        {
            let noted = self.closing.roots.note_head(link_id, &hash).map_err(Failure::Spool);
            if self.tell(noted.map(|()| true), "state/roots/head", now)? {
                self.closing.head = link_id;
            }
        }
        if self.closing.closed_on == Some(now.date()) {
            return Ok(());
        }
        let tx = self.ledger.begin()?;
        tx.close_days(now.date())?;
        let unwritten = tx.roots_unwritten()?;
        tx.commit()?;
        let mut all = true;
        for root in unwritten {
            let result = self.write_root(&root, now).map(|()| true);
            all &= self.tell(result, &format!("state/roots/{}.root", root.date), now)?;
        }
        if all {
            self.closing.closed_on = Some(now.date());
        }
        Ok(())
    }

    /// Puts a root outside: into state/roots, and among the answers to the operators.
    fn write_root(&mut self, root: &Root, now: Instant) -> Result<(), Failure> {
        let text = root.to_string();
        let put = self.closing.roots.put(root.date, &text).map_err(Failure::Spool)?;
        let archived = self
            .spool
            .archive_built(root.date, |out| out.write_all(text.as_bytes()))
            .map_err(Failure::Spool)?;
        let name = format!("journal-{}.root", root.date);
        let tx = self.ledger.begin()?;
        if put == PutRoot::Differs {
            let told = "another root lies there already: the journal was written anew, or the ledger is an older one; run `sunap audit verify`";
            tx.alert(DIFFERS, &format!("state/roots/{}.root", root.date), told, now)?;
        }
        tx.owe_answer(None, &Owner::Control.folder(), &name, archived.sha256.as_bytes(), root.date)?;
        tx.root_written(root.date)?;
        tx.commit()?;
        Ok(())
    }
}

/// Holds the journal of a ledger against its chain and against the roots in the state folder.
pub fn journal_findings(state_dir: &Path, reader: &Reader) -> Result<JournalCheck, Trouble> {
    let KeptRoots { roots, head } = Roots::read(state_dir)?;
    reader.verify_journal(&Outside { roots, head })
}

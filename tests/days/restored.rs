//! Older ledgers: kept, put back, and brought to the truth by what the witness tells (E62).

use super::{Done, Stage};
use std::path::Path;
use sunap::config::Config;
use sunap::engine::{Base, Rebuilt, ReplayFailed, rebuild};
use sunap::spool::Sha256;

/// The commands of [`Stage::older`].
pub(super) const WORDS: [&str; 3] = ["keep", "put", "restore"];

/// The hash before the first line of a witness.
const FIRST: &[u8] = b"sunap witness 1";

/// The ledger that was kept, beside the state.
const KEPT: &str = "kept.sqlite";

fn copy(from: &Path, to: &Path) -> Done {
    std::fs::copy(from, to).map(drop).map_err(|error| error.to_string())
}

impl Stage {
    /// What is done with ledgers that are older than the witness.
    pub(super) fn older(&mut self, words: &[&str]) -> Done {
        let kept = self.temp.path().join(KEPT);
        match words {
            ["keep", "ledger"] => {
                self.stop();
                copy(&self.config()?.state_dir.join("ledger.sqlite"), &kept)?;
                self.restart()
            }
            ["put", "back", "ledger"] => {
                self.stop();
                self.lost = self.lost.or(Some(self.digest()?));
                copy(&kept, &self.config()?.state_dir.join("ledger.sqlite"))
            }
            ["put", "older", "witness"] => {
                self.stop();
                self.older_witness()
            }
            ["restore", base @ ("kept" | "nothing")] => {
                let base = if *base == "kept" { Base::Backup(&kept) } else { Base::Nothing };
                let rebuilt = self.as_it_was(base)?;
                rebuilt.swap_in().map_err(|error| error.to_string())?;
                self.restart()
            }
            ["restore", "refused", text] => {
                self.stop();
                match self.rebuilt(Base::Backup(&kept)) {
                    Err(ReplayFailed::Differs(why)) if why.contains(text) => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            }
            _ => Err("no such command; the head of tests/days.rs lists them".to_string()),
        }
    }

    /// The witness as it was before it told of files taken in: sent ones only, without their kind.
    fn older_witness(&self) -> Done {
        let path = self.config()?.state_dir.join("witness.log");
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let (mut head, mut older) = (Sha256::of(FIRST), String::new());
        for line in text.lines().filter_map(|line| line.strip_prefix("sent\t")) {
            let (body, _) = line.rsplit_once('\t').ok_or("a line without its hash")?;
            head = Sha256::of(&[head.as_bytes().as_slice(), body.as_bytes()].concat());
            older.push_str(&format!("{body}\t{head}\n"));
        }
        std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        super::put(&path, older.as_bytes())
    }

    /// Rebuilds the ledger of now, which must come out with the same business state.
    fn as_it_was(&mut self, base: Base<'_>) -> Result<Rebuilt, String> {
        self.stop();
        let now = self.lost.take().map_or_else(|| self.digest(), Ok)?;
        let rebuilt = self.rebuilt(base).map_err(|why| why.to_string())?;
        if rebuilt.digest == now {
            return Ok(rebuilt);
        }
        Err("the rebuilt ledger has another business state".to_string())
    }

    fn rebuilt(&self, base: Base<'_>) -> Result<Rebuilt, ReplayFailed> {
        let config = Config::load(&self.temp.path().join("config/sunap.toml"))
            .map_err(|error| ReplayFailed::Differs(error.to_string()))?;
        rebuild(config, base, false, &|| false)
    }

    fn digest(&self) -> Result<[u8; 32], String> {
        self.reader()?.final_state_digest().map_err(|error| error.to_string())
    }

    /// At the end of a page, with `SUNAP_RESTORED=1`: the ledger is played again from nothing. What cannot be played says
    /// why; what can must be the same.
    pub(super) fn played_from_nothing(&mut self) -> Done {
        if std::env::var_os("SUNAP_RESTORED").is_none() || self.tampered || self.parts.is_none() {
            return Ok(());
        }
        self.stop();
        let now = self.digest()?;
        match self.rebuilt(Base::Nothing) {
            Ok(rebuilt) if rebuilt.digest == now => Ok(()),
            Ok(rebuilt) => {
                let (then, now) = (
                    self.dumped(&self.temp.path().join("state/restoring/state"))?,
                    self.dumped(&self.temp.path().join("state"))?,
                );
                drop(rebuilt);
                let first = then.iter().zip(&now).find(|(then, now)| then != now);
                Err(format!("from nothing, another business state: {first:?}"))
            }
            Err(ReplayFailed::Differs(why)) => {
                eprintln!("not played from nothing: {}", why.lines().next().unwrap_or_default());
                Ok(())
            }
            Err(why) => Err(why.to_string()),
        }
    }

    fn dumped(&self, state: &Path) -> Result<Vec<String>, String> {
        let sql =
            rusqlite::Connection::open(state.join("ledger.sqlite")).map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        for text in [
            "SELECT 'file', owner, name, state, date, lines, won FROM file ORDER BY file_id",
            "SELECT 'mandate', mandate_id, state, reason, active_on, registration_id FROM mandate ORDER BY mandate_id",
            "SELECT 'registration', registration_id, file_id, line_no, state, code FROM registration ORDER BY 2",
            "SELECT 'charge', charge_id, month, amount_won, paid_won, state, fails FROM charge ORDER BY 2",
            "SELECT 'collection', collection_id, file_id, line_no, state, code, reason FROM collection ORDER BY 2",
            "SELECT 'event', subject, id, happening, from_state, to_state, file_id, line FROM event
             WHERE subject NOT IN ('file', 'due', 'key') ORDER BY subject, id, event_id",
            "SELECT 'due', owner, job, date, due_at, state FROM due ORDER BY owner, job, date",
        ] {
            let mut rows = sql.prepare(text).map_err(|error| error.to_string())?;
            let columns = rows.column_count();
            let mut rows = rows.query([]).map_err(|error| error.to_string())?;
            while let Some(row) = rows.next().map_err(|error| error.to_string())? {
                let cells = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
                out.push(cells.collect::<Vec<_>>().join(" "));
            }
        }
        Ok(out)
    }
}

//! What the ledger and the archive keep, looked at from outside: values, bytes, files.

use crate::stage::{Done, Stage, equal};
use rusqlite::Connection;
use sunap::domain::Date;

fn told(error: impl ToString) -> String {
    error.to_string()
}

impl Stage {
    /// `value N "SQL"`, `traces N "TEXT"`, `deleted`, `unchanged`.
    pub(crate) fn expect_kept(&mut self, what: &[&str]) -> Done {
        match what {
            ["value", wanted, query] => {
                let found: i64 = self.ledger()?.query_row(query, [], |row| row.get(0)).map_err(told)?;
                equal(&found.to_string(), wanted)
            }
            ["traces", wanted, text] => equal(&self.traces(text)?.to_string(), wanted),
            ["deleted"] => self.expect_deleted(),
            _ => self.expect_unchanged(),
        }
    }

    fn ledger(&self) -> Result<Connection, String> {
        Connection::open(self.config()?.state_dir.join("ledger.sqlite")).map_err(told)
    }

    /// How often a text stands in the bytes of the ledger and its log.
    fn traces(&self, text: &str) -> Result<usize, String> {
        let state = self.config()?.state_dir.clone();
        let mut found = 0;
        for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
            let bytes = std::fs::read(state.join(name)).unwrap_or_default();
            found += bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count();
        }
        Ok(found)
    }

    /// Every archived file that was deleted is gone, every other one is there.
    fn expect_deleted(&self) -> Done {
        let archive = self.config()?.state_dir.join("archive");
        let sql = self.ledger()?;
        let mut statement = sql
            .prepare(
                "SELECT o.day, lower(hex(o.sha256)), EXISTS (SELECT 1 FROM retired t WHERE t.day = o.day AND t.sha256 = o.sha256)
                 FROM (SELECT archive_day AS day, sha256 FROM file WHERE sha256 IS NOT NULL
                   UNION SELECT day, sha256 FROM answer UNION SELECT day, sha256 FROM evidence) o",
            )
            .map_err(told)?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(told)?;
        for row in rows {
            let (day, sha256, gone): (i64, String, bool) = row.map_err(told)?;
            let day = Date::from_epoch_days(day);
            if archive.join(day.to_string()).join(&sha256).exists() == gone {
                return Err(format!("{sha256} of {day}: deleted is {gone}, and the archive says otherwise"));
            }
        }
        Ok(())
    }
}

//! `rows REPORT CREDITOR FROM TO [item=CODE] [group=CODE] [payer=NO] [status=WORD]`: the rows of a report, its sums at the end.

use super::{Done, Stage};
use sunap::ledger::AccountsShown;
use sunap::report::{self, CsvEncoding, Format, Report, ReportQuery};

impl Stage {
    /// The report as csv, without its heading, is exactly this text.
    pub(super) fn rows(&self, what: &[&str], expected: &str) -> Done {
        let [name, creditor, from, to, narrow @ ..] = what else {
            return Err("rows REPORT CREDITOR FROM TO …".to_string());
        };
        let now = self.now.ok_or("nothing runs yet: begin with `at`")?;
        let mut query = ReportQuery {
            creditor: creditor.parse()?,
            from: from.parse()?,
            to: to.parse()?,
            item: None,
            group: None,
            payer: None,
            status: None,
            accounts: AccountsShown::Masked,
            today: now.date(),
            now,
        };
        for pair in narrow {
            match pair.split_once('=').ok_or("KEY=VALUE")? {
                ("item", code) => query.item = Some(code.parse()?),
                ("group", code) => query.group = Some(code.parse()?),
                ("payer", no) => query.payer = Some(no.parse()?),
                ("status", word) => query.status = Some(word.to_string()),
                (key, _) => return Err(format!("{key}: item, group, payer or status")),
            }
        }
        let (report, mut bytes): (Report, Vec<u8>) = (name.parse()?, Vec::new());
        let format = Format::Csv(CsvEncoding::Utf8);
        let (reader, config) = (self.reader()?, self.config()?);
        report::write(&reader, &config, report, &query, format, &mut bytes)
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?.replace("\r\n", "\n");
        let rows = text.split_once('\n').map_or("", |(_heading, rows)| rows);
        if rows.trim_end() == expected.trim_end() { Ok(()) } else { Err(format!("they are:\n{rows}")) }
    }
}

//! Reads `[[application]]` of a rules file: what payers apply for at their banks.
//!
//! Must not: play by the rules.

use super::rules::{Application, AppliedFor};
use super::rules_file::Page;
use super::rules_shape::RawApplication;
use toml::Spanned;

/// What stands in the lines where a rule says nothing: an invented birth date.
const ID_NO: &str = "900101";

impl Page<'_> {
    pub(super) fn application(&mut self, rule: Spanned<RawApplication>) -> Option<Application> {
        self.at = rule.span();
        let raw = rule.into_inner();
        let new = matches!(raw.asks, AppliedFor::Change | AppliedFor::Register);
        for (key, value, needed) in [
            ("date", &raw.date, true),
            ("bank_payer_no", &raw.bank_payer_no, true),
            ("bank", &raw.bank, new),
            ("account", &raw.account, new),
        ] {
            match value {
                None if needed => self.incomplete(&format!("an application of this kind needs `{key}`")),
                Some(_) if !needed => self.contradiction(&format!("`{key}` is for a new account")),
                _ => {}
            }
        }
        let digits =
            |text: &String| (7..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if raw.account.as_ref().is_some_and(|account| !digits(account)) {
            self.value_fault("account", "is 7 to 16 digits");
        }
        let bank_payer_no = raw.bank_payer_no?;
        if bank_payer_no.parse::<crate::domain::BankPayerNo>().is_err() {
            self.value_fault("bank_payer_no", "is 1 to 20 letters, digits or -");
        }
        Some(Application {
            date: self.value("date", raw.date)?,
            asks: raw.asks,
            bank_payer_no,
            bank: self.value("bank", raw.bank),
            account: raw.account,
            id_no: raw.id_no.unwrap_or_else(|| ID_NO.to_string()),
        })
    }
}

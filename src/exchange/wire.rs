//! stub
use super::centre::Line;
use super::mischief::Failure;
use super::play::ServicePlan;
use crate::bank::FileHead;
use crate::domain::{ApplicationKind, Date};
use crate::fault::{Fault, Faults, Place, Trouble};
use std::io::Read;

impl ServicePlan {
    pub(super) fn takes(&self, name: &str) -> bool {
        name.starts_with(self.request.0)
    }
    pub(super) fn request_name(&self, date: Date) -> String {
        format!("{}{}", self.request.0, date.mmdd())
    }
    pub(super) fn result_name(&self, date: Date) -> String {
        format!("{}{}", self.result.0, date.mmdd())
    }
    pub(super) fn head(&self, name: &str, mut input: impl Read) -> Result<Result<FileHead, Fault>, Trouble> {
        let mut text = String::new();
        input.read_to_string(&mut text).map_err(|e| Trouble::new("read", e))?;
        let parts: Vec<&str> = text.lines().next().unwrap_or_default().split_whitespace().collect();
        match parts.as_slice() {
            ["H", i, n, d] if d.parse::<Date>().is_ok() => Ok(Ok(FileHead {
                institution: i.to_string(),
                name: n.to_string(),
                date: d.parse().unwrap_or(Date::from_epoch_days(0)),
                branch: String::new(),
                account: String::new(),
            })),
            _ => Ok(Err(Fault::new(
                "header-bad",
                Place::Record { file: name.into(), record: 1, first: 0, last: 0 },
                "",
                "",
            ))),
        }
    }
    pub(super) fn lines(
        &self,
        name: &str,
        mut input: impl Read,
        each: &mut dyn FnMut(&Line<'_>),
    ) -> Result<Faults, Trouble> {
        let mut text = String::new();
        input.read_to_string(&mut text).map_err(|e| Trouble::new("read", e))?;
        let mut faults = Faults::default();
        for (n, line) in text.lines().enumerate().skip(1) {
            let parts: Vec<&str> = line.split_whitespace().collect();
            match parts.as_slice() {
                ["T", ..] => {}
                ["R", s, k, b, a, p, w] => each(&Line {
                    serial: s.parse().unwrap_or(0),
                    bank: b.parse().map_err(|e: String| Trouble::new("", e))?,
                    account: (*a).into(),
                    bank_payer_no: (*p).into(),
                    id_no: "".into(),
                    asks: match ApplicationKind::from_word(k) {
                        Some(kind) => {
                            super::centre::Asks::Application { kind, applied: Date::from_epoch_days(0) }
                        }
                        None => super::centre::Asks::Debit {
                            amount: crate::domain::Won::new(w.parse().unwrap_or(0)),
                            mode: crate::bank::collection::Mode::FullOnly,
                            passbook_text: "".into(),
                            phone: "".into(),
                        },
                    },
                }),
                _ => faults.push(Fault::new(
                    "line-bad",
                    Place::Record { file: name.into(), record: n as u64 + 1, first: 0, last: 0 },
                    "",
                    "",
                )),
            }
        }
        Ok(faults)
    }
    pub(super) fn write_result(
        &self,
        _like: &FileHead,
        institution: &str,
        date: Date,
        failures: &[Failure],
    ) -> Result<Vec<u8>, Trouble> {
        let mut out = format!("H {institution} {} {date}\n", self.result_name(date));
        for f in failures {
            out += &format!(
                "R {:08} {} {} {}\n",
                f.line.serial,
                f.line.bank_payer_no,
                f.line.amount().get(),
                f.code
            );
        }
        out += "T\n";
        Ok(out.into_bytes())
    }
}

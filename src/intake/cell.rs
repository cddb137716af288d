//! Cells of a row read one by one, each refusal with its column. What a spreadsheet did to a value is told as such,
//! because the value that stands there is not the one that the creditor meant.
//!
//! Must not: mend what a spreadsheet damaged, or put a default where a cell did not parse.

use super::kinds::CellKind;
use super::list::Row;
use crate::domain::{AccountNo, ContractDay, Date, IdNo, IdNoError, ItemCode, Month, PayerNo, Won};
use crate::rules::{Name, Refused};

/// Reads cells and gathers what is wrong with them.
pub(super) struct Cells<'a> {
    row: Row<'a>,
    refused: Vec<Refused>,
}

impl<'a> Cells<'a> {
    pub(super) fn of(row: Row<'a>) -> Self {
        Self { row, refused: row.broken().to_vec() }
    }

    /// Ends the reading: the value where nothing was refused.
    pub(super) fn end<T>(self, value: Option<T>) -> Result<T, Vec<Refused>> {
        match value {
            Some(value) if self.refused.is_empty() => Ok(value),
            _ => Err(self.refused.into_iter().map(|refused| placed(refused, self.row)).collect()),
        }
    }

    pub(super) fn refuse(&mut self, refused: Refused) {
        // One reason per cell: a cell that was refused as a whole is not judged again.
        let told = |r: &Refused| !r.column.is_empty() && r.column == refused.column;
        if !self.refused.iter().any(told) {
            self.refused.push(refused);
        }
    }

    /// What the cell was in its workbook, and what a spreadsheet calls it.
    pub(super) fn kind(&self, heading: &str) -> (CellKind, String) {
        self.row.kind(heading)
    }

    /// The cell's text; empty where the column is missing.
    pub(super) fn text(&self, heading: &str) -> &'a str {
        self.row.cell(heading).unwrap_or_default()
    }

    pub(super) fn required(&mut self, heading: &'static str) -> Option<&'a str> {
        let text = self.text(heading);
        if text.is_empty() {
            self.refuse(Refused::at(Name::CellEmpty, heading));
            return None;
        }
        Some(text)
    }

    fn parsed<T>(&mut self, heading: &'static str, parse: impl FnOnce(&str) -> Result<T, Name>) -> Option<T> {
        let text = self.required(heading)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(name) => {
                self.refuse(Refused::at(name, heading));
                None
            }
        }
    }

    /// `Some(None)` where the cell is empty or its column missing, `None` where it was refused.
    pub(super) fn optional<T>(
        &mut self,
        heading: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Name>,
    ) -> Option<Option<T>> {
        if self.text(heading).is_empty() {
            return Some(None);
        }
        self.parsed(heading, parse).map(Some)
    }

    pub(super) fn payer_no(&mut self, heading: &'static str) -> Option<PayerNo> {
        self.parsed(heading, |text| {
            if is_exponent(text) {
                return Err(Name::ExcelExponent);
            }
            text.parse().map_err(|_| Name::TextForm)
        })
    }

    pub(super) fn item(&mut self) -> Option<ItemCode> {
        self.parsed("집금항목코드", |text| text.parse().map_err(|_| Name::TextForm))
    }

    pub(super) fn won(&mut self, heading: &'static str) -> Option<Won> {
        self.parsed(heading, won)
    }

    pub(super) fn month(&mut self, heading: &'static str) -> Option<Month> {
        self.parsed(heading, month)
    }

    pub(super) fn due_day(&mut self) -> Option<ContractDay> {
        self.parsed("이체예정일", due_day)
    }

    pub(super) fn account(&mut self) -> Option<AccountNo> {
        self.parsed("계좌번호", |text| {
            if is_exponent(text) {
                return Err(Name::ExcelExponent);
            }
            let plain: String = text.chars().filter(|c| *c != ' ').collect();
            plain.parse().map_err(|_| Name::AccountForm)
        })
    }

    pub(super) fn id_no(&mut self, heading: &'static str) -> Option<IdNo> {
        self.parsed(heading, id_no)
    }

    /// Y or N; `None` inside where the cell is empty.
    pub(super) fn yes_no(&mut self, heading: &'static str) -> Option<Option<bool>> {
        self.optional(heading, |text| match text {
            "Y" | "y" => Ok(true),
            "N" | "n" => Ok(false),
            _ => Err(Name::YesNoForm),
        })
    }
}

/// What a spreadsheet did to a cell of a workbook, with the name of the cell.
fn placed(refused: Refused, row: Row<'_>) -> Refused {
    let damage = matches!(refused.name, Name::ExcelExponent | Name::LeadingZeroLost | Name::ExcelDate);
    let (kind, place) = row.kind(refused.column);
    if !damage || kind == CellKind::Unknown || refused.detail.contains("셀") {
        return refused;
    }
    let told = if refused.detail.is_empty() { String::new() } else { format!(", {}", refused.detail) };
    refused.with(format!("{place} 셀{told}"))
}

/// `1.10235E+11`: digits behind the first few are lost.
pub(super) fn is_exponent(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let whole = number.replacen('.', "", 1);
    digits(&whole) && power.strip_prefix(['+', '-']).is_some_and(digits)
}

/// A day with a time behind it, a month's English name, or the serial number by which Excel keeps days
/// (36526 is 2000-01-01, 73050 is 2099-12-31).
fn is_excel_date(text: &str) -> bool {
    let day_and_time = text
        .split_once([' ', 'T'])
        .is_some_and(|(day, time)| day.starts_with(|c: char| c.is_ascii_digit()) && time.contains(':'));
    let serial = text.len() == 5 && text.parse().is_ok_and(|n: u32| (36_526..=73_050).contains(&n));
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_ascii_lowercase();
    day_and_time || serial || MONTHS.iter().any(|m| lower.contains(m))
}

pub(super) fn won(text: &str) -> Result<Won, Name> {
    if is_exponent(text) {
        return Err(Name::ExcelExponent);
    }
    text.parse().map_err(|_| Name::AmountForm)
}

pub(super) fn month(text: &str) -> Result<Month, Name> {
    // 2026-01-01 in a column of months is what Excel makes of 2026-01.
    if is_excel_date(text) || text.parse::<Date>().is_ok() {
        return Err(Name::ExcelDate);
    }
    text.parse().map_err(|_| Name::MonthForm)
}

pub(super) fn date(text: &str) -> Result<Date, Name> {
    if is_excel_date(text) {
        return Err(Name::ExcelDate);
    }
    text.parse().map_err(|_| Name::DateForm)
}

fn due_day(text: &str) -> Result<ContractDay, Name> {
    if is_excel_date(text) || text.parse::<Date>().is_ok() {
        return Err(Name::ExcelDate);
    }
    text.strip_suffix('일').filter(|t| *t != "말").unwrap_or(text).parse().map_err(|_| Name::DayForm)
}

fn id_no(text: &str) -> Result<IdNo, Name> {
    if is_exponent(text) {
        return Err(Name::ExcelExponent);
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(id) => Ok(id),
        Err(IdNoError::ResidentNumber) => Err(Name::ResidentNumber),
        // 050101 comes as 50101, 000203 as 203.
        Err(_)
            if digits && (3..=5).contains(&text.len()) && format!("{text:0>6}").parse::<IdNo>().is_ok() =>
        {
            Err(Name::LeadingZeroLost)
        }
        Err(IdNoError::Shape | IdNoError::NotADay | IdNoError::CheckDigit) => Err(Name::IdNumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: std::fmt::Debug>(result: Result<T, Name>) -> String {
        result.map_or_else(|name| name.word().to_string(), |value| format!("{value:?}"))
    }

    #[test]
    fn what_a_spreadsheet_did_is_told_as_such() {
        for (text, expected) in [
            ("2026-01", "2026-01"),
            ("202601", "2026-01"),
            ("Jan-26", "EXCEL_DATE"),
            ("2026-01-01", "EXCEL_DATE"),
            ("2026-01-01 0:00", "EXCEL_DATE"),
            ("46023", "EXCEL_DATE"),
            ("2026.01", "MONTH_FORM"),
            ("2026-13", "MONTH_FORM"),
        ] {
            assert_eq!(told(month(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("2026-01-05", "2026-01-05"),
            ("20260105", "2026-01-05"),
            ("2026-01-05 00:00", "EXCEL_DATE"),
            ("46027", "EXCEL_DATE"),
            ("2026/1/5", "DATE_FORM"),
            ("2026-02-30", "DATE_FORM"),
        ] {
            assert_eq!(told(date(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("5", "5"),
            ("05", "5"),
            ("25일", "25"),
            ("말일", "last"),
            ("2026-01-05", "EXCEL_DATE"),
            ("32", "DAY_FORM"),
            ("일", "DAY_FORM"),
        ] {
            assert_eq!(told(due_day(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("50,000", "50,000원"),
            ("5.0E+4", "EXCEL_EXPONENT"),
            ("50000원", "AMOUNT_FORM"),
            ("-1", "AMOUNT_FORM"),
            ("1.5", "AMOUNT_FORM"),
        ] {
            assert_eq!(told(won(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("900101", "******"),
            ("50101", "LEADING_ZERO_LOST"),
            ("203", "LEADING_ZERO_LOST"),
            ("9.00101E+12", "EXCEL_EXPONENT"),
            ("9001011234567", "RESIDENT_NUMBER"),
            ("901301", "ID_NUMBER"),
            ("1248100997", "ID_NUMBER"),
        ] {
            assert_eq!(told(id_no(text)), expected, "{text}");
        }
        assert!(
            is_exponent("1.10235E+11")
                && is_exponent("1E+15")
                && !is_exponent("E-1")
                && !is_exponent("A1E+5")
        );
    }
}

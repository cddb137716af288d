//! A row of `charges*`: what a charge of a month owes, where that is not the agreed monthly amount (변동금액, 일회성; product.md F17).

use super::cell::Cells;
use super::list::Row;
use crate::domain::{ItemCode, Month, PayerNo, Won};
use crate::rules::{Name, Refused};

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeDeed {
    /// 변경: the charge owes this; it is made where there is none yet.
    Set(Won),
    /// 추가: the charge owes so much more; it is made where there is none yet.
    Add(Won),
    /// 취소: it never should have been.
    Cancel,
    /// Nothing is said: a row of the month's list without a charge, as it was given.
    Keep,
}

/// A row that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRow {
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 청구년월.
    pub month: Month,
    /// 구분, with 금액.
    pub deed: ChargeDeed,
    /// 비고.
    pub note: String,
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<ChargeRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer_no = cells.payer_no("납부자번호");
    let item = cells.item();
    let month = cells.month("청구년월");
    let given = row.is_of_given_sheet();
    let deed = match cells.text("구분") {
        "" if given && cells.text("금액").is_empty() => Some(ChargeDeed::Keep),
        "" | "변경" => cells.won("금액").map(ChargeDeed::Set),
        "추가" => cells.won("금액").map(ChargeDeed::Add),
        "취소" => Some(ChargeDeed::Cancel),
        _ => {
            cells.refuse(Refused::at(Name::TextForm, "구분").with("가능한 값 변경, 추가, 취소"));
            None
        }
    };
    let note = cells.text("비고").to_string();
    let parsed = payer_no.zip(item).zip(month).zip(deed);
    cells.end(parsed.map(|(((payer_no, item), month), deed)| ChargeRow { payer_no, item, month, deed, note }))
}

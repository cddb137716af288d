//! A row of `cash*`: money that the creditor took in cash, or takes back (현금수납, manual L202-208; product.md F19).

use super::cell::{Cells, date, won};
use super::list::Row;
use crate::domain::{Date, ItemCode, Month, PayerNo, Won};
use crate::rules::{Name, Refused};

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashDeed {
    /// 수납: so much came.
    Take(Won),
    /// 취소: the payment of this 수납번호 is taken back.
    Cancel(i64),
}

/// A row that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashRow {
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 청구년월.
    pub month: Month,
    /// 구분, with 금액 or 수납번호.
    pub deed: CashDeed,
    /// 수납일; `None` is today.
    pub paid_on: Option<Date>,
    /// 영수증번호 of the creditor; empty where none.
    pub receipt_no: String,
    /// 비고.
    pub note: String,
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<CashRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer_no = cells.payer_no("납부자번호");
    let item = cells.item();
    let month = cells.month("청구년월");
    let paid_on = cells.optional("수납일", date);
    let deed = match cells.text("구분") {
        "" | "수납" => cells.won("금액").map(CashDeed::Take),
        "취소" => {
            let number = cells.required("수납번호").map(str::parse::<i64>);
            match number {
                Some(Ok(number)) if number > 0 => Some(CashDeed::Cancel(number)),
                Some(_) => {
                    cells.refuse(Refused::at(Name::TextForm, "수납번호"));
                    None
                }
                None => None,
            }
        }
        _ => {
            cells.refuse(Refused::at(Name::TextForm, "구분").with("가능한 값 수납, 취소"));
            None
        }
    };
    // An amount beside 취소 is read, so that a damaged one is told.
    let amount = cells.optional("금액", won);
    let who = payer_no.zip(item).zip(month);
    let what = deed.zip(paid_on).zip(amount);
    let (receipt_no, note) = (cells.text("영수증번호").to_string(), cells.text("비고").to_string());
    let parsed = who.zip(what).map(|(((payer_no, item), month), ((deed, paid_on), _))| CashRow {
        payer_no,
        item,
        month,
        deed,
        paid_on,
        receipt_no,
        note,
    });
    cells.end(parsed)
}

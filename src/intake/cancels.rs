//! A row of `cancel*`: a mandate that the creditor gives up (product.md F16).

use super::cell::Cells;
use super::list::Row;
use crate::domain::{ItemCode, PayerNo};
use crate::rules::Refused;

/// A row that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRow {
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 사유; empty where none is given. For the journal.
    pub reason: String,
    /// 현재건후; `None` where nothing is said.
    pub after_current: Option<bool>,
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<CancelRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer_no = cells.payer_no("납부자번호");
    let item = cells.item();
    let after_current = cells.yes_no("현재건후");
    let reason = cells.text("사유").to_string();
    let parsed = payer_no.zip(item).zip(after_current);
    cells.end(parsed.map(|((payer_no, item), after_current)| CancelRow {
        payer_no,
        item,
        reason,
        after_current,
    }))
}

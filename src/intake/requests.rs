//! A row of `request*` or `retry*`: a charge that shall be debited, or tried again (product.md F17, F18).

use super::cell::{Cells, date, won};
use super::list::Row;
use crate::domain::{Date, ItemCode, Month, PayerNo, Won};
use crate::rules::Refused;

/// A row that parsed. A retry always wants a debit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 청구년월.
    pub month: Month,
    /// 이체예정일; `None` takes the next possible one.
    pub debit_date: Option<Date>,
    /// 금액; `None` takes what is open.
    pub amount: Option<Won>,
    /// 미납: whether what is open from earlier months joins; `None` is the agreed rule.
    pub arrears: Option<bool>,
    /// 의뢰: false where the row says N.
    pub wanted: bool,
    /// 출금구분 as written; empty takes the mandate's.
    pub service: String,
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<RequestRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer_no = cells.payer_no("납부자번호");
    let item = cells.item();
    let month = cells.month("청구년월");
    let debit_date = cells.optional("이체예정일", date);
    let amount = cells.optional("금액", won);
    let wanted = cells.yes_no("의뢰");
    let arrears = cells.yes_no("미납");
    let who = payer_no.zip(item);
    let what = month.zip(debit_date).zip(amount.zip(wanted)).zip(arrears);
    let service = cells.text("출금구분").to_string();
    let parsed =
        who.zip(what).map(|((payer_no, item), (((month, debit_date), (amount, wanted)), arrears))| {
            let wanted = wanted.unwrap_or(true);
            RequestRow { payer_no, item, month, debit_date, amount, arrears, wanted, service }
        });
    cells.end(parsed)
}

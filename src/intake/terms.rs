//! A row of `terms*`: what the desk agreed with one payer beside the creditor's rules (수납조건): whether arrears join
//! (product.md F17), and the months of a pause (휴지기간).

use super::cell::{Cells, month};
use super::list::Row;
use crate::domain::{ItemCode, Month, PayerNo};
use crate::rules::{Name, Refused};

/// What a row says of arrears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrearsCell {
    /// 합산.
    Include,
    /// 제외.
    Exclude,
    /// 확인: a person says it each time.
    Ask,
}

/// A row that parsed. The outer `None` of a value is a column that the list does not have: what is known stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsRow {
    /// 납부자번호.
    pub payer_no: PayerNo,
    /// 집금항목코드.
    pub item: ItemCode,
    /// 미납합산; the inner `None` is the creditor's rule.
    pub arrears: Option<Option<ArrearsCell>>,
    /// 정지시작년월 and 정지종료년월; the inner `None` is no pause.
    pub pause: Option<Option<(Month, Option<Month>)>>,
    /// 문자수신: whether messages may be sent.
    pub messages: Option<bool>,
    /// 비고.
    pub note: String,
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<TermsRow, Vec<Refused>> {
    let has = |heading| row.cell(heading).is_some();
    let (has_arrears, has_pause) = (has("미납합산"), has("정지시작년월"));
    let has_messages = has("문자수신");
    let mut cells = Cells::of(row);
    let payer_no = cells.payer_no("납부자번호");
    let item = cells.item();
    let arrears = match cells.text("미납합산") {
        "" => Some(None),
        "합산" => Some(Some(ArrearsCell::Include)),
        "제외" => Some(Some(ArrearsCell::Exclude)),
        "확인" => Some(Some(ArrearsCell::Ask)),
        _ => {
            cells.refuse(Refused::at(Name::TextForm, "미납합산").with("가능한 값 합산, 제외, 확인"));
            None
        }
    };
    let first = cells.optional("정지시작년월", month);
    let last = cells.optional("정지종료년월", month);
    match (first, last) {
        (Some(None), Some(Some(_))) => cells.refuse(Refused::at(Name::CellEmpty, "정지시작년월")),
        (Some(Some(first)), Some(Some(last))) if last < first => {
            cells.refuse(Refused::at(Name::MonthsReversed, "정지종료년월"));
        }
        _ => {}
    }
    let messages = match cells.text("문자수신") {
        "" | "Y" | "y" => true,
        "N" | "n" => false,
        _ => {
            cells.refuse(Refused::at(Name::TextForm, "문자수신").with("가능한 값 Y, N"));
            true
        }
    };
    let note = cells.text("비고").to_string();
    let parsed = payer_no.zip(item).zip(arrears).zip(first.zip(last));
    cells.end(parsed.map(|(((payer_no, item), arrears), (first, last))| TermsRow {
        payer_no,
        item,
        arrears: has_arrears.then_some(arrears),
        pause: has_pause.then(|| first.map(|first| (first, last))),
        messages: has_messages.then_some(messages),
        note,
    }))
}

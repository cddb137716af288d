//! A row of `payers*`: a payer, and what they are charged each month where no account is known (product.md F11, F14).

use super::Kind;
use super::cell::{Cells, month};
use super::list::Row;
use super::mandates::{absent, keep_what_is_missing, payer};
use crate::domain::{Billing, ItemCode, Payer, PayerNo};
use crate::rules::application::Operation;
use crate::rules::{Name, Refused};

/// A row that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerRow {
    payer: Payer,
    billing: Option<Billing>,
    operation: Operation,
    /// Headings of optional columns that the list does not have.
    absent: Vec<&'static str>,
}

/// Headings that say what is charged; without 집금항목코드 they say it of nothing.
const OF_BILLING: [&str; 4] = ["월이체금액", "최초이체년월", "최종이체년월", "이체예정일"];

impl PayerRow {
    /// The payer's number, by which the engine looks up what is there.
    pub fn payer_no(&self) -> &PayerNo {
        &self.payer.payer_no
    }

    /// The charge item, where the row names one.
    pub fn item(&self) -> Option<&ItemCode> {
        self.billing.as_ref().map(|billing| &billing.item)
    }

    /// 처리구분.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// What the row means, seen what is there: a column that the list does not have leaves what is known as it is.
    pub fn onto(self, known: Option<&Payer>, billed: Option<&Billing>) -> (Payer, Option<Billing>) {
        let Self { mut payer, mut billing, absent, .. } = self;
        keep_what_is_missing(&mut payer, known, &absent);
        if let (Some(now), Some(before)) = (&mut billing, billed)
            && absent.contains(&"최종이체년월")
        {
            now.last_month = before.last_month;
        }
        (payer, billing)
    }
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>) -> Result<PayerRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer = payer(&mut cells);
    if !cells.text("사업자(생년월일)번호").is_empty() {
        cells.id_no("사업자(생년월일)번호");
    }
    let billing = if cells.text("집금항목코드").is_empty() {
        if OF_BILLING.iter().any(|heading| !cells.text(heading).is_empty()) {
            cells.refuse(Refused::at(Name::CellEmpty, "집금항목코드"));
        }
        Some(None)
    } else {
        billing(&mut cells).map(Some)
    };
    let operation = cells.optional("처리구분", |text| match text {
        "신규" => Ok(Operation::New),
        "변경" => Ok(Operation::Edit),
        _ => Err(Name::TextForm),
    });
    let parsed = payer.zip(billing).zip(operation).map(|((payer, billing), operation)| PayerRow {
        payer,
        billing,
        operation: operation.unwrap_or(Operation::Any),
        absent: absent(row, Kind::Payers),
    });
    cells.end(parsed)
}

fn billing(cells: &mut Cells<'_>) -> Option<Billing> {
    let item = cells.item();
    let monthly = cells.won("월이체금액");
    let first_month = cells.month("최초이체년월");
    let last_month = cells.optional("최종이체년월", month);
    let due_day = cells.due_day();
    Some(Billing {
        item: item?,
        monthly: monthly?,
        first_month: first_month?,
        last_month: last_month?,
        due_day: due_day?,
    })
}

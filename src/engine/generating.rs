//! 청구 목록: what a month's charges came to, given to the creditor when they are made: every charge with what to look at,
//! and every mandate without one with the reason. It comes back as `charges*` with other amounts (변동금액).

use super::Failure;
use super::place::Place;
use crate::domain::{CreditorId, Instant, Month};
use crate::ledger::{MonthRow, Tx};
use crate::machine::mandate::State;
use crate::report::{Cell, CellKind, Column, CsvEncoding, given_csv, given_xlsx};
use crate::rules::DebitLimits;
use crate::rules::generation::{MonthFacts, to_look_at, why_none};
use crate::spool::Spool;

/// The columns: those of `charges*`, and between them what only tells (`intake::columns::MONTH_HEADINGS`).
const COLUMNS: [Column; 10] = [
    column("payer_no", "납부자번호", CellKind::Text, 14),
    column("payer_name", "납부자명", CellKind::Text, 14),
    column("item", "집금항목코드", CellKind::Text, 12),
    column("month", "청구년월", CellKind::Text, 10),
    column("debit_date", "이체예정일", CellKind::Text, 12),
    column("monthly_won", "월이체금액", CellKind::Won, 12),
    column("amount_won", "금액", CellKind::Won, 12),
    column("deed", "구분", CellKind::Text, 8),
    column("refused", "제외사유", CellKind::Text, 30),
    column("warnings", "주의", CellKind::Text, 40),
];

const fn column(key: &'static str, ko: &'static str, kind: CellKind, width: u16) -> Column {
    Column { key, ko, kind, width }
}

/// Owes the list of a month to a creditor that is shown what may be requested.
pub(super) fn give(
    spool: &Spool,
    tx: &Tx<'_>,
    place: &Place,
    month: Month,
    now: Instant,
) -> Result<(), Failure> {
    let creditor: CreditorId = place.creditor.id;
    if place.creditor.proposal.is_none() {
        return Ok(());
    }
    let rows: Vec<Vec<Cell>> =
        tx.month_rows(creditor, month)?.iter().map(|row| cells(place, row, month)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (mut xlsx, mut csv) = (Vec::new(), Vec::new());
    given_xlsx(&mut xlsx, "청구목록", &COLUMNS, &rows)?;
    given_csv(&mut csv, CsvEncoding::Utf8, &COLUMNS, &rows)?;
    let (day, owner) = (now.date(), format!("creditor/{creditor}"));
    for (ending, bytes) in [("xlsx", xlsx), ("csv", csv)] {
        let archived = spool.archive_built(day, |out| out.write_all(&bytes)).map_err(Failure::Spool)?;
        let name = format!("charges-{month}.{ending}");
        tx.owe_answer(None, &owner, &name, archived.sha256.as_bytes(), day)?;
    }
    Ok(())
}

fn cells(place: &Place, row: &MonthRow, month: Month) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_string());
    let reason = || {
        why_none(&MonthFacts {
            month,
            state: row.state,
            monthly: row.monthly,
            first: row.first,
            last: row.last,
            paused: row.paused,
            due_day: row.due_day,
            days: &place.creditor.days,
        })
    };
    let limits = DebitLimits {
        mandate: row.limit,
        contract: place.creditor.limit_per_debit,
        minimum: place.debits.service.min_amount_won,
    };
    let (date, amount, refused, warnings) = match row.charge {
        Some((amount, date)) => {
            let warnings = match row.state {
                State::Billed => "이체정보 없음, 현금수납".to_string(),
                _ => to_look_at(amount, &limits),
            };
            (date.to_string(), Cell::Won(amount), String::new(), warnings)
        }
        None => (String::new(), Cell::Empty, reason(), String::new()),
    };
    vec![
        text(row.payer_no.as_str()),
        text(&row.payer_name),
        text(row.item.as_str()),
        Cell::Text(month.to_string()),
        Cell::Text(date),
        Cell::Won(row.monthly),
        amount,
        text(""),
        Cell::Text(refused),
        Cell::Text(warnings),
    ]
}

//! A settlement (정산): what it adds up, line by line to the file or posting that each won comes from, and what was paid.
//!
//! Must not: add up anything itself, but to say what the lines come to.

use super::explain::Explainer;
use super::page::Page;
use crate::cli::Failed;
use crate::domain::{CreditorId, Date};
use crate::ledger::{SettlementLine, SettlementRow};

impl Explainer<'_> {
    /// The settlement of a creditor on a day.
    pub(super) fn settlements(&self, creditor: CreditorId, date: Date) -> Result<Vec<Page>, Failed> {
        let rows = self.reader.settlements(creditor, date, date)?;
        rows.iter().map(|row| self.settlement(row)).collect()
    }

    fn settlement(&self, row: &SettlementRow) -> Result<Page, Failed> {
        let mut page = Page {
            title: format!("settlement #{} of {} on {}", row.settlement_id, row.creditor, row.date),
            ..Page::default()
        };
        self.creditor(&mut page, row.creditor);
        let waiting = &row.waiting;
        page.fact("requests", "의뢰 건수", waiting.requests);
        page.fact("successes", "수납 건수", waiting.successes);
        page.fact("collected_won", "수납금액", waiting.collected.get());
        page.fact("reversed_won", "취소·반환", waiting.reversed.get());
        page.fact("carried_in_won", "이월", waiting.carried_in.get());
        page.fact("fee_won", "수수료", row.fee.get());
        page.fact("vat_won", "부가세", row.vat.get());
        page.fact("net_won", "지급액", row.net.get());
        page.fact("sheet", "정산 목록", row.sheet.clone());
        for line in self.reader.settlement_lines(row.settlement_id)? {
            page.parts.push(part(&line));
        }
        for payout in self.reader.payouts_of(row.settlement_id)? {
            let mut part = Page {
                title: format!("payout #{}, not before {}", payout.payout_id, payout.pay_on),
                state: payout.state.clone(),
                state_ko: payout_ko(&payout.state).to_string(),
                ..Page::default()
            };
            part.fact("won", "금액", payout.won.get());
            part.fact("bank", "은행", payout.bank.to_string());
            part.fact("code", "사유", payout.code.clone());
            page.parts.push(part);
        }
        Ok(page)
    }
}

fn part(line: &SettlementLine) -> Page {
    let mut page = Page { title: format!("{} of {}", line.event, line.date), ..Page::default() };
    page.fact("file", "파일", line.file.as_ref().map(|(id, name)| format!("{name} (#{id})")));
    page.fact("posting", "분개", line.posting_id.map(|id| format!("#{id}")));
    if line.requests > 0 {
        page.fact("requests", "의뢰 건수", line.requests);
        page.fact("successes", "수납 건수", line.successes);
    }
    page.fact("won", "금액", line.won.get());
    page
}

/// Where a payment stands.
fn payout_ko(state: &str) -> &'static str {
    match state {
        "requested" => "지급 대기",
        "sent" => "지급의뢰중",
        "paid" => "지급 완료",
        "failed" => "지급 불능",
        _ => "",
    }
}

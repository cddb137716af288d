//! The page of a settlement (정산): its figures, the lines and files that it took, its payouts, and what was posted.
//!
//! Must not: print, or show an account.

use super::explain::Explainer;
use super::page::Page;
use crate::cli::Failed;
use crate::domain::{CreditorId, Date, Won};
use crate::ledger::{FileRow, PayoutFound, PostingRow, SettlementLine, SettlementRow};

/// What names a settlement.
#[derive(Debug)]
pub(super) enum Meant {
    /// The ledger's number.
    Numbered(i64),
    /// A creditor's of a day: there is at most one.
    Of(CreditorId, Date),
}

impl Explainer<'_> {
    /// The settlement that is meant, if it is there.
    pub(super) fn settlements(&self, meant: &Meant) -> Result<Vec<Page>, Failed> {
        let rows = match *meant {
            Meant::Numbered(id) => self.reader.settlement(id)?.into_iter().collect(),
            Meant::Of(creditor, date) => self.reader.settlements(creditor, date, date)?,
        };
        rows.iter().map(|row| self.settlement(row)).collect()
    }

    fn settlement(&self, found: &SettlementRow) -> Result<Page, Failed> {
        let (id, sums) = (found.settlement_id, &found.waiting);
        let payouts = self.reader.payouts_found(id)?;
        let (state, state_ko) = match payouts.last() {
            Some(last) => (last.row.state.clone(), payout_ko(&last.row.state)),
            None if found.net < Won::ZERO => ("carried".to_string(), "이월"),
            None => ("nothing-to-pay".to_string(), "지급 없음"),
        };
        let mut page = Page {
            title: format!("settlement #{id} of {} on {}", found.creditor, found.date),
            state,
            state_ko: state_ko.to_string(),
            ..Page::default()
        };
        self.creditor(&mut page, found.creditor);
        page.fact("date", "정산일", found.date.to_string());
        page.fact("requests", "의뢰건수", sums.requests);
        page.fact("successes", "성공건수", sums.successes);
        page.fact("collected_won", "수납금액", sums.collected.get());
        page.fact("reversed_won", "출금취소", sums.reversed.get());
        page.fact("carried_in_won", "전기 이월", sums.carried_in.get());
        page.fact("fee_won", "수수료", found.fee.get());
        page.fact("vat_won", "부가세", found.vat.get());
        page.fact("net_won", "정산금액", found.net.get());
        if found.fee_above {
            page.fact("fee_above", "비고", "수수료가 수납금액보다 많음 (the fee is above what came)");
        }
        page.fact("sheet", "정산내역", found.sheet.clone());
        for line in self.reader.settlement_lines(id)? {
            page.parts.push(self.settled_line(&line)?);
        }
        for (nth, payout) in payouts.iter().enumerate() {
            let latest = nth + 1 == payouts.len();
            let (part, waits) = self.settled_payout(payout, found.creditor)?;
            page.parts.push(part);
            page.waits.extend(waits.into_iter().filter(|_| latest));
        }
        if payouts.is_empty() && found.net < Won::ZERO {
            page.waits.push("the next settlement of the creditor makes up for it".to_string());
        }
        page.parts.extend(self.reader.postings_of_settlement(id)?.iter().map(posting));
        Ok(page)
    }

    fn settled_line(&self, line: &SettlementLine) -> Result<Page, Failed> {
        let (event, date) = (&line.event, line.date);
        let title = format!("line {event} of {date}{}", event_ko(event));
        let mut page = Page { title, ..Page::default() };
        if let Some((id, name)) = &line.file {
            page.fact("file", "파일", format!("{name} (#{id})"));
            let answer = self.numbered(*id)?.and_then(|file| file.answered_by);
            let answer = answer.map(|id| self.numbered(id)).transpose()?.flatten();
            page.fact("answered_by", "답한 파일", answer.map(|file| named(&file)));
        }
        page.fact("posting", "전표", line.posting_id);
        if line.requests > 0 {
            page.fact("requests", "의뢰건수", line.requests);
            page.fact("successes", "성공건수", line.successes);
        }
        page.fact("won", "금액", line.won.get());
        Ok(page)
    }

    /// A payout, and what it waits for.
    fn settled_payout(
        &self,
        payout: &PayoutFound,
        creditor: CreditorId,
    ) -> Result<(Page, Vec<String>), Failed> {
        let row = &payout.row;
        let mut page = Page {
            title: format!("payout #{}", row.payout_id),
            state: row.state.clone(),
            state_ko: payout_ko(&row.state).to_string(),
            ..Page::default()
        };
        let channel = self.channel_of(creditor);
        let file = payout.file.map(|(id, _)| self.numbered(id)).transpose()?.flatten();
        page.fact("again_of", "재지급", payout.again_of.map(|id| format!("payout #{id} failed")));
        page.fact("won", "지급금액", row.won.get());
        page.fact("bank", "은행", self.bank_named(row.bank));
        page.fact("pay_on", "지급예정일", row.pay_on.to_string());
        page.fact("file", "파일", file.as_ref().map(named));
        page.fact("line", "줄", payout.file.map(|(_, line)| line));
        page.fact("code", "불능코드", self.code_text(channel, &row.code));
        page.fact("requested_at", "의뢰한 때", payout.requested_at.to_string());
        page.fact("decided_at", "처리된 때", payout.decided_at.map(|at| at.to_string()));
        let id = row.payout_id;
        let waits = match (row.state.as_str(), file) {
            ("requested", _) if self.pays_by_file(creditor) => {
                vec![format!("goes out with the file of payments of {} or the next one", row.pay_on)]
            }
            ("requested", _) => vec![format!(
                "waits for a person: the channel has no file of payments; `sunap payout paid {id} --reason …` once it is paid"
            )],
            ("sent", Some(file)) => self.waiting.of_file(&file),
            ("failed", _) => vec![format!(
                "waits for a person: mend the account in the creditor's file, then `sunap payout again {id} --reason …`; or `sunap payout paid {id} --reason …`"
            )],
            _ => Vec::new(),
        };
        Ok((page, waits))
    }

    fn pays_by_file(&self, creditor: CreditorId) -> bool {
        self.config.channel_of(creditor).is_some_and(|channel| channel.profile.payout.is_some())
    }

    fn numbered(&self, file_id: i64) -> Result<Option<FileRow>, Failed> {
        Ok(self.reader.find_file(&file_id.to_string())?.into_iter().find(|file| file.file_id == file_id))
    }
}

fn named(file: &FileRow) -> String {
    format!("{} (#{})", file.name, file.file_id)
}

fn posting(row: &PostingRow) -> Page {
    let title = format!("posting #{} {}{}", row.posting_id, row.event, event_ko(&row.event));
    let mut page = Page { title, ..Page::default() };
    page.fact("debit", "차변", row.debit.clone());
    page.fact("credit", "대변", row.credit.clone());
    page.fact("won", "금액", row.won.get());
    page.fact("what", "내용", row.what.clone());
    page
}

/// The Korean word behind an event; empty where the sheet has none either.
fn event_ko(event: &str) -> &'static str {
    match event {
        "collected" => " (출금)",
        "reversed" => " (출금취소)",
        "settled" => " (정산)",
        "overpayment-applied" => " (과오납 충당)",
        "paid-out" => " (지급)",
        "payout-failed" => " (지급불능)",
        "payout-again" => " (재지급)",
        _ => "",
    }
}

fn payout_ko(state: &str) -> &'static str {
    match state {
        "requested" => "지급의뢰대기",
        "sent" => "지급의뢰중",
        "paid" => "지급완료",
        "failed" => "지급불능",
        _ => "알 수 없음",
    }
}

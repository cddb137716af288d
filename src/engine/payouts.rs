//! Payments go out (지급이체, EB31): what settlements and refunds asked for, in one file per channel and deposit date.
//!
//! Built, read back, committed and published as every file of ours, so each payment goes in exactly one file that
//! stands. A payment that failed is never sent again by itself: a person orders it, since the account may be wrong.

use super::booking::keep;
use super::desk::PayoutDesk;
use super::emission::{CLOSED, seal, stands};
use super::lines::{Content, serial};
use super::{Engine, Failure, refunding};
use crate::bank::FileHead;
use crate::bank::payout::Line;
use crate::books::{Entry, post};
use crate::config::Config;
use crate::domain::{ChannelId, CreditorId, Date, Instant, Won};
use crate::fault::Trouble;
use crate::intake::order::{Order, Outcome, Verb};
use crate::ledger::{FileRow, NewPayout, PayoutFor, PayoutLine, PayoutRow, ToBook, Tx, file_subject};
use std::io::{self, Read};

/// The alert of a payment that the bank refused: over when it was asked for again, or paid by hand.
pub(super) const FAILED: &str = "payout-failed";

/// The number of a payment as we call it, in files and alerts.
pub(super) fn reference(payout_id: i64) -> String {
    format!("SUNAP-{payout_id:012}")
}

impl Engine {
    /// The window of deposit date `date` closed: everything that may be paid by then goes out in one file.
    pub(super) fn emit_payouts(
        &mut self,
        channel: &ChannelId,
        date: Date,
        now: Instant,
    ) -> Result<(), Failure> {
        let Some(desk) = self.desks.on(channel, date).cloned() else { return Ok(()) };
        let Some(payouts) = desk.payouts.clone() else { return Ok(()) };
        let (owner, kind) = (desk.key(), payouts.service.request.clone());
        let window = payouts.service.window;
        let deadline = window.deadline.instant(&self.config.calendar, date);
        let name = payouts.request.layout().file_name(date);
        let tx = self.ledger.begin()?;
        let waiting = tx.payouts_waiting(channel, date)?;
        if waiting == 0 || stands(&tx, &owner, &kind, date)? {
            return Ok(());
        }
        if now > deadline {
            let text = format!(
                "{waiting} payments missed the exchange's deadline {deadline}; they go with the next banking day's file"
            );
            tx.alert("window-missed", &file_subject(&owner, &name), &text, now)?;
            tx.commit()?;
            return Ok(());
        }
        let file_id = tx.plan_out(&owner, &kind, &name, date, Some(deadline), now)?;
        tx.batch_payouts(channel, file_id, date)?;
        let lines = tx.payout_lines(file_id)?;
        let head = desk.head(payouts.request.layout(), date);
        let day = now.date();
        let written: Vec<Line> = lines.iter().map(line_of).collect();
        let archived = self
            .spool
            .archive_built(day, |out| {
                payouts
                    .request
                    .write(out, &head, written.iter())
                    .map_err(|error| io::Error::other(error.to_string()))
            })
            .map_err(Failure::Spool)?;
        let input = self.spool.open_archived(day, &archived.sha256).map_err(Failure::Spool)?;
        let content = read_back(&payouts, &head, &written, input)?;
        let due_at = window.result_due.instant(&self.config.calendar, date);
        seal(&tx, file_id, &archived, content, (day, &self.boot_id), Some(due_at), (now, CLOSED))?;
        tx.commit()?;
        tracing::info!(file = %name, lines = content.lines, won = content.won.get(), "built");
        Ok(())
    }
}

/// An order about a payment: ask for it again, or say that it was paid by another way.
pub(super) fn carry_out(
    tx: &Tx<'_>,
    config: &Config,
    order: &Order,
    id: i64,
    now: Instant,
) -> Result<Outcome, Failure> {
    let refused = |why: String| Ok(Outcome::Refused(why));
    let Some(row) = tx.payout(id)? else { return refused("no such payout is known".into()) };
    if tx.paid_again(id)? {
        return refused(format!("{} was asked for again already", reference(id)));
    }
    let said = match (order.verb, row.state.as_str()) {
        (Verb::PayoutPaid, "requested") => {
            paid(tx, &row, (None, None), now)?;
            "paid by another way"
        }
        (Verb::PayoutPaid | Verb::PayoutAgain, "failed") => {
            let PayoutFor::Settlement(settlement) = row.of else {
                return refused(
                    "a refund that bounced is asked for anew by refund.request, or refund.paid-by-hand"
                        .into(),
                );
            };
            let about = about(&row)?;
            let Some(creditor) = config.creditors.get(&about.creditor) else {
                return refused(format!("creditor {} is not in the config", about.creditor));
            };
            let Some(rule) = creditor.settlement.as_ref() else {
                return refused(format!("creditors/{}.toml has no [settlement]", about.creditor));
            };
            let again = tx.request_payout(
                &NewPayout {
                    of: PayoutFor::Settlement(settlement),
                    creditor: about.creditor,
                    channel: &creditor.channel,
                    won: row.won,
                    bank: rule.bank,
                    account: &rule.account,
                    passbook_text: "정산금",
                    pay_on: now.date(),
                    again_of: Some(id),
                },
                now,
            )?;
            let entries: Vec<_> = post::payout_failed(row.won).into_iter().map(Entry::reversed).collect();
            keep(tx, "payout-again", &about, &entries, (None, None), &reference(again), now)?;
            tx.clear_alert(FAILED, &reference(id), now)?;
            if order.verb == Verb::PayoutPaid {
                let row = PayoutRow { payout_id: again, ..row };
                paid(tx, &row, (None, None), now)?;
                "paid by another way"
            } else {
                "asked for again"
            }
        }
        (verb, state) => {
            return refused(format!("{} cannot be done to a payout that is {state}", verb.word()));
        }
    };
    Ok(Outcome::Done(format!("{}: {said}", reference(id))))
}

/// A payment as it stands in the file.
pub(super) fn line_of(line: &PayoutLine) -> Line {
    Line {
        serial: serial(line.line_no),
        bank: line.row.bank,
        account: line.account.reveal().to_string(),
        amount: line.row.won,
        passbook_text: line.passbook_text.clone(),
        reference: reference(line.row.payout_id),
    }
}

/// Reads our own file with the reader's code: every line is what was to be written.
fn read_back(
    payouts: &PayoutDesk,
    head: &FileHead,
    written: &[Line],
    input: impl Read,
) -> Result<Content, Failure> {
    let mut read = Vec::with_capacity(written.len());
    let reading = payouts.request.read(&head.name, input, |line| read.push(line)).map_err(Failure::Spool)?;
    let won = Won::sum(written.iter().map(|line| line.amount));
    match won {
        Some(won) if read == written && reading.faults.is_empty() && reading.won == Some(won) => {
            Ok(Content { lines: i64::try_from(written.len()).unwrap_or(i64::MAX), won })
        }
        _ => Err(Failure::Ledger(Trouble::new(
            format!("read back {}", head.name),
            format!("it is not what the ledger holds: {}", reading.faults),
        ))),
    }
}

/// The centre refused a whole file: the payment that it names failed, the others wait for the next file. How many wait.
pub(super) fn line_refused(
    tx: &Tx<'_>,
    file: &FileRow,
    named: Option<i64>,
    code: &str,
    now: Instant,
) -> Result<i64, Failure> {
    for line in tx.payout_lines(file.file_id)?.iter().filter(|line| Some(line.line_no) == named) {
        failed(tx, &line.row, code, "센터 거부", (file.file_id, None), now)?;
    }
    Ok(tx.unbatch_payouts(file.file_id)?)
}

/// A payment failed: noted, posted, and told; nothing is sent again by itself.
pub(super) fn failed(
    tx: &Tx<'_>,
    row: &PayoutRow,
    code: &str,
    why: &str,
    (file, answer): (i64, Option<i64>),
    now: Instant,
) -> Result<(), Failure> {
    if !tx.payout_decided(row.payout_id, false, code, now)? {
        return Ok(());
    }
    let about = about(row)?;
    let (event, entries) = match row.of {
        PayoutFor::Settlement(_) => (FAILED, post::payout_failed(row.won)),
        PayoutFor::Refund(_) => ("refund-bounced", post::refund_bounced(row.won)),
    };
    keep(tx, event, &about, &entries, (Some(file), answer), &reference(row.payout_id), now)?;
    let next = match row.of {
        PayoutFor::Settlement(_) => format!(
            "see to [settlement] bank and account of creditors/{:08}.toml, then `sunap payout again {}`; where it was paid by another way `sunap payout paid {}`",
            row.creditor, row.payout_id, row.payout_id
        ),
        PayoutFor::Refund(_) => "the charge stays overpaid: ask the payer for another account".to_string(),
    };
    let text = format!("{} {}원 지급불능 {code} {why}: {next}", what_for(row), row.won);
    tx.alert(FAILED, &reference(row.payout_id), &text, now)?;
    Ok(())
}

/// What a payment is for, in words.
pub(super) fn what_for(row: &PayoutRow) -> String {
    match row.of {
        PayoutFor::Settlement(id) => format!("정산 {id} (이용기관 {:08})", row.creditor),
        PayoutFor::Refund(id) => format!("과오납 반환, 청구 {id} (이용기관 {:08})", row.creditor),
    }
}

/// A payment as the books speak of it.
pub(super) fn about(row: &PayoutRow) -> Result<ToBook, Failure> {
    let creditor = u32::try_from(row.creditor).ok().and_then(CreditorId::from_number);
    let creditor = creditor.ok_or_else(|| {
        Failure::Ledger(Trouble::new("read a payout", "its creditor is no creditor's number"))
    })?;
    Ok(ToBook { creditor, month: None, won: row.won, lines: 1 })
}

/// Payments that reached their accounts, posted one by one: each is a line that an auditor may ask for.
pub(super) fn paid(
    tx: &Tx<'_>,
    row: &PayoutRow,
    (file, answer): (Option<i64>, Option<i64>),
    now: Instant,
) -> Result<bool, Failure> {
    if !tx.payout_decided(row.payout_id, true, "", now)? {
        return Ok(false);
    }
    let (event, entries) = match row.of {
        PayoutFor::Settlement(_) => ("paid-out", post::paid_out(row.won)),
        PayoutFor::Refund(_) => ("refund-paid", post::refund_paid(row.won)),
    };
    keep(tx, event, &about(row)?, &entries, (file, answer), &reference(row.payout_id), now)?;
    if let PayoutFor::Refund(charge_id) = row.of {
        refunding::refunded(tx, charge_id, row.won, answer, now)?;
    }
    tx.clear_alert(FAILED, &reference(row.payout_id), now)?;
    Ok(true)
}

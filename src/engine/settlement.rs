//! Settlement (정산): on the creditor's day everything that came for it is added up, fees are kept, the net is on its
//! way, and a sheet goes into its outbox; all in one commit, so once.

use super::booking::keep;
use super::due::row_done;
use super::{Engine, Failure};
use crate::books::{post, settle};
use crate::config::{Config, Creditor, Settlement};
use crate::domain::{CreditorId, Date, Instant, TimeOfDay, Won};
use crate::fault::Trouble;
use crate::ledger::{Due, NewDue, NewPayout, PayoutFor, SettlementLine, SettlementRow, ToBook, Tx, Waiting};
use std::fmt::Write as _;

/// A net below 0: nothing is paid, the rest is carried.
const NEGATIVE: &str = "settlement-negative";
/// The fee with VAT is above what came (E55).
const FEE_ABOVE: &str = "settlement-fee-above-amount";
/// The creditor's settlement is held (E54).
const HELD: &str = "settlement-held";

/// The step of a day, at 15:00: after the results of 11:00 with their grace. `None` where the creditor has none then.
pub(super) fn step(config: &Config, creditor: &Creditor, job: &str, date: Date) -> Option<NewDue> {
    creditor.settlement.as_ref()?.rule.takes_until(&config.calendar, date)?;
    let at = date.at(TimeOfDay::new(15, 0, 0).unwrap_or(TimeOfDay::MIDNIGHT));
    let owner = owner(creditor.id);
    Some(NewDue { owner, job: job.to_string(), date, opens_at: at, due_at: at, deadline_at: None })
}

fn owner(creditor: CreditorId) -> String {
    format!("creditor/{creditor}")
}

impl Engine {
    /// Settles a creditor for the day of the step.
    pub(super) fn settle_creditor(&mut self, id: CreditorId, row: &Due, now: Instant) -> Result<(), Failure> {
        let config = self.config.clone();
        let found =
            config.creditors.get(&id).and_then(|creditor| Some((creditor, creditor.settlement.as_ref()?)));
        let until = found.and_then(|(_, rule)| rule.rule.takes_until(&config.calendar, row.date));
        let (Some((creditor, rule)), Some(until)) = (found, until) else { return self.done(row, now) };
        let tx = self.ledger.begin()?;
        tx.gather_settlement(id)?;
        let waiting = tx.settlement_waiting(id, until, row.date)?;
        if rule.held {
            hold(&tx, id, &waiting, now)?;
        } else {
            tx.clear_alert(HELD, &owner(id), now)?;
            // The least fee of a month is not due before the creditor's first record.
            let begun = waiting.lines > 0 || tx.settled_before(id)?;
            let closes_month = begun && rule.rule.closes_month(&config.calendar, row.date);
            // Only money that goes back, while debits that came wait for their day: it is taken from them then, and nobody
            // is alarmed by a sum below 0 that is none.
            let only_back = !waiting.collected.is_positive() && waiting.reversed.is_positive();
            if only_back && !closes_month && tx.collected_waits(id)? {
                row_done(&tx, row, now)?;
                tx.commit()?;
                return Ok(());
            }
            if let Some(kept) = settled(rule, &waiting, id, row.date, closes_month)? {
                let settlement_id = tx.settle(&kept, until, now)?;
                book(&tx, &kept, settlement_id, now)?;
                pay(&tx, &kept, settlement_id, (creditor, rule), now)?;
                tell(&tx, &kept, now)?;
                let text = sheet(creditor, &kept, settlement_id, &tx.settlement_lines(settlement_id)?);
                let day = now.date();
                let archived = self
                    .spool
                    .archive_built(day, |out| out.write_all(text.as_bytes()))
                    .map_err(Failure::Spool)?;
                tx.owe_answer(None, &owner(id), &kept.sheet, archived.sha256.as_bytes(), day)?;
            }
        }
        row_done(&tx, row, now)?;
        tx.commit()?;
        Ok(())
    }
}

/// What the settlement comes to; `None` where there is nothing to settle.
fn settled(
    rule: &Settlement,
    waiting: &Waiting,
    creditor: CreditorId,
    date: Date,
    closes_month: bool,
) -> Result<Option<SettlementRow>, Failure> {
    let totals = settle::Totals {
        requests: waiting.requests,
        successes: waiting.successes,
        collected: waiting.collected,
        reversed: waiting.reversed,
        carried_in: waiting.carried_in,
        fees_before: waiting.fees_before,
        closes_month,
    };
    let added = settle::settle(&rule.fees, &totals).ok_or_else(|| {
        Failure::Ledger(Trouble::new("settle", format!("sums of {creditor} on {date} do not fit")))
    })?;
    if waiting.lines == 0 && !added.fee.is_positive() {
        return Ok(None);
    }
    Ok(Some(SettlementRow {
        settlement_id: 0,
        creditor,
        date,
        waiting: *waiting,
        fee: added.fee,
        vat: added.vat,
        net: added.net,
        fee_above: added.fee_above_amount,
        sheet: format!("settlement-{date}.csv"),
    }))
}

fn hold(tx: &Tx<'_>, id: CreditorId, waiting: &Waiting, now: Instant) -> Result<(), Failure> {
    if waiting.lines > 0 {
        let text = format!(
            "the settlement of creditor {id} is held (held = true): {} won wait. Take `held` out of creditors/{id}.toml when it may be paid; the next settlement takes all of it",
            waiting.collected
        );
        tx.alert(HELD, &owner(id), &text, now)?;
    }
    Ok(())
}

fn book(tx: &Tx<'_>, kept: &SettlementRow, settlement_id: i64, now: Instant) -> Result<(), Failure> {
    let added = settle::Sheet { fee: kept.fee, vat: kept.vat, net: kept.net, ..settle::Sheet::default() };
    let about = ToBook { creditor: kept.creditor, month: None, won: kept.net, lines: kept.waiting.lines };
    let what = format!("settlement {settlement_id}");
    keep(tx, "settled", &about, &post::settled(&added), (None, None), &what, now)
}

/// Asks for the payout of a net above 0.
fn pay(
    tx: &Tx<'_>,
    kept: &SettlementRow,
    settlement_id: i64,
    (creditor, rule): (&Creditor, &Settlement),
    now: Instant,
) -> Result<(), Failure> {
    if kept.net.is_positive() {
        let payout = NewPayout {
            of: PayoutFor::Settlement(settlement_id),
            creditor: kept.creditor,
            channel: &creditor.channel,
            won: kept.net,
            bank: rule.bank,
            account: &rule.account,
            passbook_text: "정산금",
            pay_on: kept.date,
            again_of: None,
        };
        tx.request_payout(&payout, now)?;
    }
    Ok(())
}

fn tell(tx: &Tx<'_>, kept: &SettlementRow, now: Instant) -> Result<(), Failure> {
    let (id, date, about) = (kept.creditor, kept.date, owner(kept.creditor));
    if kept.net < Won::ZERO {
        let text = format!(
            "the settlement of creditor {id} on {date} comes to {} won: nothing is paid, the next settlement makes up for it. If the creditor has ended, collect it from it",
            kept.net
        );
        tx.alert(NEGATIVE, &about, &text, now)?;
    } else {
        tx.clear_alert(NEGATIVE, &about, now)?;
    }
    if kept.fee_above {
        let text = format!(
            "the settlement of creditor {id} on {date}: the fee {} won and VAT {} won are above the {} won that came: compare [fees] with the contract",
            kept.fee, kept.vat, kept.waiting.collected
        );
        tx.alert(FEE_ABOVE, &about, &text, now)?;
    } else {
        tx.clear_alert(FEE_ABOVE, &about, now)?;
    }
    Ok(())
}

/// 정산내역: the sheet for the creditor, UTF-8 with a byte order mark as Excel needs it.
fn sheet(creditor: &Creditor, kept: &SettlementRow, settlement_id: i64, lines: &[SettlementLine]) -> String {
    let mut text = String::from("\u{feff}구분,일자,파일,의뢰건수,성공건수,금액\r\n");
    let mut line = |cells: [String; 6]| {
        // Writing to a string does not fail.
        let _infallible = write!(text, "{}\r\n", cells.join(","));
    };
    for of in lines {
        let what = match of.event.as_str() {
            "collected" => "출금",
            "reversed" => "출금취소",
            "overpayment-applied" => "과오납 충당",
            other => other,
        };
        let file = of.file.as_ref().map_or_else(String::new, |(_, name)| name.clone());
        let (requests, successes) = (of.requests.to_string(), of.successes.to_string());
        line([what.into(), of.date.to_string(), file, requests, successes, of.won.get().to_string()]);
    }
    let waiting = &kept.waiting;
    let mut total = |what: &str, won: Won| {
        let blank = String::new;
        line([what.into(), kept.date.to_string(), blank(), blank(), blank(), won.get().to_string()]);
    };
    let less = |won: Won| Won::ZERO.checked_sub(won).unwrap_or(Won::ZERO);
    total("수납액 합계", waiting.collected);
    total("취소액 합계", less(waiting.reversed));
    total("전회 이월", waiting.carried_in);
    total("수수료", less(kept.fee));
    total("부가세", less(kept.vat));
    total("정산액", kept.net);
    total("지급액", kept.net.max(Won::ZERO));
    total("다음 회 이월", kept.net.min(Won::ZERO));
    // Names come from people: quoted, so that a comma stays in its cell.
    let name = creditor.name.replace('"', "\"\"");
    line([
        "정산번호".into(),
        kept.date.to_string(),
        format!("\"{name}\""),
        String::new(),
        String::new(),
        settlement_id.to_string(),
    ]);
    text
}

//! What a creditor is charged and paid (F24, E55): fees per request and per success, a monthly minimum, VAT, the net.

use crate::domain::Won;

/// The fee table of a contract, without VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fees {
    /// For each line that was sent.
    pub per_request: Won,
    /// For each line that brought money, also a part.
    pub per_success: Won,
    /// The least of a calendar month; made up for in the month's last settlement.
    pub monthly_minimum: Won,
    /// VAT in percent, 10 by law at the time of writing.
    pub vat_percent: u8,
}

/// What a settlement is about, added up over its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Lines that were sent and answered.
    pub requests: i64,
    /// Lines that brought money.
    pub successes: i64,
    /// What they brought.
    pub collected: Won,
    /// What was settled before and went back since (E46); 0 or more.
    pub reversed: Won,
    /// What the settlement before could not take: 0 or less.
    pub carried_in: Won,
    /// Fees of the same month that were settled before, without VAT.
    pub fees_before: Won,
    /// Whether this is the month's last settlement, in which the monthly minimum is made up for.
    pub closes_month: bool,
}

/// What a settlement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Fees without VAT.
    pub fee: Won,
    /// VAT on them: won below one are dropped (원 미만 절사), once per settlement and not per line.
    pub vat: Won,
    /// Collected, less reversed, less fee and VAT, with what was carried in. May be below 0: nothing is paid then.
    pub net: Won,
    /// What goes on to the next settlement: 0, or the net that is below 0.
    pub carried_out: Won,
    /// Whether the fee with VAT is more than what was collected: told to a person (E55).
    pub fee_above_amount: bool,
}

/// Adds a settlement up; `None` where a sum does not fit.
pub fn settle(fees: &Fees, totals: &Totals) -> Option<Sheet> {
    let times = |won: Won, count: i64| won.get().checked_mul(count).map(Won::new);
    let mut fee =
        times(fees.per_request, totals.requests)?.checked_add(times(fees.per_success, totals.successes)?)?;
    if totals.closes_month {
        let missing = fees.monthly_minimum.checked_sub(totals.fees_before)?.checked_sub(fee)?;
        if missing.is_positive() {
            fee = fee.checked_add(missing)?;
        }
    }
    let vat = Won::new(fee.get().checked_mul(i64::from(fees.vat_percent))?.checked_div(100)?);
    let charged = fee.checked_add(vat)?;
    let net = totals
        .collected
        .checked_sub(totals.reversed)?
        .checked_add(totals.carried_in)?
        .checked_sub(charged)?;
    Some(Sheet {
        fee,
        vat,
        net,
        carried_out: net.min(Won::ZERO),
        fee_above_amount: charged > totals.collected && charged.is_positive(),
    })
}

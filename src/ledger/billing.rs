//! What is charged to payers without an account (product.md F11): a row of `mandate` in the state `billed`, with no account, so that
//! charges, cash and papers are what they are for everybody, and an account that comes later takes the open charges over.

use super::column::{self, Doing, unfit};
use super::open::Tx;
use crate::domain::{
    BankPayerNo, Billing, ChannelId, ContractDay, CreditorId, Instant, ItemCode, Month, PayerNo,
};
use crate::fault::Trouble;
use rusqlite::{OptionalExtension, Row, params};
use std::collections::HashMap;

/// What is charged to a payer for an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledFacts {
    /// The key, that of a mandate.
    pub mandate_id: i64,
    /// What is owed each month.
    pub billing: Billing,
}

/// A billing to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewBilling<'a> {
    /// Whose.
    pub payer_id: i64,
    /// The payer's creditor.
    pub creditor: CreditorId,
    /// The channel of the creditor.
    pub channel: &'a ChannelId,
    /// The number on the wire that it would have with an account.
    pub bank_payer_no: &'a BankPayerNo,
    /// What is owed each month.
    pub billing: &'a Billing,
    /// When.
    pub at: Instant,
    /// The list that asked for it.
    pub file: i64,
    /// The row of that list.
    pub line: Option<i64>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<BilledFacts> {
    Ok(BilledFacts {
        mandate_id: row.get(0)?,
        billing: Billing {
            item: column::parsed(row, 1, "item")?,
            monthly: column::won(row, 2)?,
            first_month: column::month(row, 3)?,
            last_month: row.get::<_, Option<i64>>(4)?.map(Month::from_index),
            due_day: column::through(row, 5, ContractDay::from_number)?,
        },
    })
}

impl Tx<'_> {
    /// What is charged without an account to these payers for these items.
    pub fn billed(
        &self,
        creditor: CreditorId,
        keys: &[(PayerNo, ItemCode)],
    ) -> Result<HashMap<(PayerNo, ItemCode), BilledFacts>, Trouble> {
        let doing = "look up what is charged without an account";
        let text = "SELECT m.mandate_id, m.item, m.monthly_won, m.first_month, m.last_month, m.due_day
            FROM payer p CROSS JOIN mandate m ON m.payer_id = p.payer_id
            WHERE p.creditor = ?1 AND p.payer_no = ?2 AND m.item = ?3 AND m.state = 'billed'";
        let mut statement = self.sql.prepare_cached(text).doing(doing)?;
        let mut found = HashMap::new();
        for key in keys {
            let with = params![creditor.get(), key.0.as_str(), key.1.as_str()];
            if let Some(facts) = statement.query_row(with, read).optional().doing(doing)? {
                found.insert(key.clone(), facts);
            }
        }
        Ok(found)
    }

    /// Makes a billing. A second live one of the payer and item is a trouble.
    pub fn new_billing(&self, new: &NewBilling<'_>) -> Result<i64, Trouble> {
        let text =
            "INSERT INTO mandate (payer_id, creditor, channel, bank_payer_no, item, state, limit_won, monthly_won,
               first_month, last_month, due_day, holder, no_retry, service, made_at, request_file, request_line, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, 'billed', ?6, ?6, ?7, ?8, ?9, '', 0, '', ?10, ?11, ?12,
               money_seal('mandate', ?4, ?3, ?6, ?6))";
        let billing = new.billing;
        let with = params![
            new.payer_id,
            new.creditor.get(),
            new.channel.as_str(),
            new.bank_payer_no.as_str(),
            billing.item.as_str(),
            billing.monthly.get(),
            billing.first_month.to_index(),
            billing.last_month.map(Month::to_index),
            billing.due_day.number(),
            new.at.unix_ms(),
            new.file,
            new.line
        ];
        let made = self.sql.prepare_cached(text).and_then(|mut s| s.insert(with)).doing("make a billing")?;
        self.keep_no_message(made, (new.payer_id, &billing.item), new.at, (Some(new.file), new.line))?;
        Ok(made)
    }

    /// Overwrites what is owed each month, from the next charge.
    pub fn change_billing(&self, mandate_id: i64, billing: &Billing) -> Result<(), Trouble> {
        let doing = "change a billing";
        let text = "UPDATE mandate SET limit_won = ?2, monthly_won = ?2, first_month = ?3, last_month = ?4, due_day = ?5,
              mac = money_seal('mandate', bank_payer_no, channel, ?2, ?2)
            WHERE mandate_id = ?1 AND item = ?6 AND state = 'billed'";
        let with = params![
            mandate_id,
            billing.monthly.get(),
            billing.first_month.to_index(),
            billing.last_month.map(Month::to_index),
            billing.due_day.number(),
            billing.item.as_str()
        ];
        let done = self.sql.prepare_cached(text).and_then(|mut s| s.execute(with)).doing(doing)?;
        if done == 1 { Ok(()) } else { Err(unfit(doing, format!("{mandate_id} is not billed"))) }
    }
}

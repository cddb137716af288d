//! One entry: two accounts and one amount.

use super::Account;
use crate::domain::Won;
use std::collections::BTreeMap;

/// Money moved from the credit of one account to the debit of another. Balanced by construction: there is one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    debit: Account,
    credit: Account,
    won: Won,
}

impl Entry {
    /// `None` where the amount is not above 0 or both accounts are one: nothing moves then. What goes back is an
    /// entry with the accounts changed over ([`Self::reversed`]), never a negative amount.
    pub fn new(debit: Account, credit: Account, won: Won) -> Option<Self> {
        (won.is_positive() && debit != credit).then_some(Self { debit, credit, won })
    }

    /// The account that is debited.
    pub const fn debit(self) -> Account {
        self.debit
    }

    /// The account that is credited.
    pub const fn credit(self) -> Account {
        self.credit
    }

    /// How much; above 0.
    pub const fn won(self) -> Won {
        self.won
    }

    /// The entry that takes this one back.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { debit: self.credit, credit: self.debit, won: self.won }
    }
}

/// What each account stands at after entries, debits less credits; `None` where a sum does not fit.
pub fn balances(entries: &[Entry]) -> Option<BTreeMap<Account, Won>> {
    let mut all: BTreeMap<Account, Won> = BTreeMap::new();
    for entry in entries {
        let debit = all.entry(entry.debit).or_default();
        *debit = debit.checked_add(entry.won)?;
        let credit = all.entry(entry.credit).or_default();
        *credit = credit.checked_sub(entry.won)?;
    }
    Some(all)
}

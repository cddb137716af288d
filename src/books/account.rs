//! The accounts. Each is kept per creditor; the sign convention is the usual one: assets grow by debit.

use std::fmt;
use std::str::FromStr;

/// An account of the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// 미수금: what payers owe for charges that were made. An asset (a memorandum, held against [`Self::Expected`]).
    PayerReceivable,
    /// 청구예정: the same sum seen from the creditor: owed to it only once it came.
    Expected,
    /// 집금 결제계정: what a network collected for us, or paid out of it. An asset.
    ChannelClearing,
    /// 현금: what a creditor took in cash itself. An asset in the creditor's hands.
    Cash,
    /// 정산예정금: what was collected and is to be paid to the creditor. A liability.
    CreditorPayable,
    /// 지급 중: settled and on its way to the creditor's account. A liability.
    PayoutInTransit,
    /// 수수료 수익 without VAT. Income.
    FeeIncome,
    /// 부가세 예수금. A liability.
    VatPayable,
    /// 과오납금: came above what was owed; the payer's. A liability.
    Overpayment,
    /// 환급 중: an approved refund on its way to the payer. A liability.
    RefundInTransit,
    /// 가수금: money whose place is not known yet.
    Suspense,
}

impl Account {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 11] = [
        Self::PayerReceivable,
        Self::Expected,
        Self::ChannelClearing,
        Self::Cash,
        Self::CreditorPayable,
        Self::PayoutInTransit,
        Self::FeeIncome,
        Self::VatPayable,
        Self::Overpayment,
        Self::RefundInTransit,
        Self::Suspense,
    ];

    /// The word that the ledger keeps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PayerReceivable => "payer-receivable",
            Self::Expected => "expected",
            Self::ChannelClearing => "channel-clearing",
            Self::Cash => "cash",
            Self::CreditorPayable => "creditor-payable",
            Self::PayoutInTransit => "payout-in-transit",
            Self::FeeIncome => "fee-income",
            Self::VatPayable => "vat-payable",
            Self::Overpayment => "overpayment",
            Self::RefundInTransit => "refund-in-transit",
            Self::Suspense => "suspense",
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|account| account.word() == text)
            .ok_or_else(|| format!("{text:?} is no account of the books"))
    }
}

//! What the rooms hand to each other about payers, mandates, charges and collections. Plain values; the rules
//! stand in `rules` and `machine`.

use super::{AccountNo, BankCode, ContractDay, Date, IdNo, ItemCode, Mode, Month, PayerNo, Won};

/// A payer (납부자, 고객) of one creditor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// The creditor's own number for the payer.
    pub payer_no: PayerNo,
    /// 고객명.
    pub name: String,
    /// 휴대번호 or 전화번호, digits and hyphens; empty where unknown.
    pub phone: String,
    /// 이메일; empty where unknown.
    pub email: String,
    /// 그룹코드; empty where none.
    pub group: String,
    /// The other columns of the list (product.md F14), heading and text, in the list's order.
    pub attributes: Vec<(String, String)>,
}

/// What the payer agreed to (이체정보) for one charge item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateTerms {
    /// 집금항목코드.
    pub item: ItemCode,
    /// 건당출금한도: the most that one debit may take.
    pub limit: Won,
    /// 월이체금액: what is owed each month; at most `limit`.
    pub monthly: Won,
    /// 최초이체년월.
    pub first_month: Month,
    /// 최종이체년월; `None` runs on.
    pub last_month: Option<Month>,
    /// 이체예정일: one of the creditor's contract days.
    pub due_day: ContractDay,
    /// 이체은행 (the CMS code, aliases resolved).
    pub bank: BankCode,
    /// 계좌번호.
    pub account: AccountNo,
    /// 예금주명.
    pub holder: String,
    /// 생년월일 or 사업자등록번호.
    pub id_no: IdNo,
    /// The payer wants no automatic retry (product.md 3.6).
    pub no_retry: bool,
    /// 출금형태; `None` is the channel's.
    pub mode: Option<Mode>,
    /// 출금구분: the debit service by its name in the profile; empty is the creditor's own.
    pub service: String,
}

/// What a payer owes each month for one charge item, where no account is known: a bill, paid by cash (product.md F11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billing {
    /// 집금항목코드.
    pub item: ItemCode,
    /// 월이체금액: what is owed each month.
    pub monthly: Won,
    /// 최초이체년월.
    pub first_month: Month,
    /// 최종이체년월; `None` runs on.
    pub last_month: Option<Month>,
    /// 이체예정일: one of the creditor's contract days, the day by which the bill is due.
    pub due_day: ContractDay,
}

/// What a line of a registration file asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApplicationKind {
    /// 신규: register the mandate.
    Register,
    /// 해지: cancel it.
    Cancel,
}

impl ApplicationKind {
    /// The word in ledger and layouts (`codes` of the field `kind`).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Cancel => "cancel",
        }
    }

    /// The inverse of `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "register" => Some(Self::Register),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// One row of a creditor's list of mandates: the payer and what they agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The payer's data.
    pub payer: Payer,
    /// The mandate's data.
    pub terms: MandateTerms,
}

/// A first attempt on its contract day, or another one for the same charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectionKind {
    /// 이체의뢰.
    Regular,
    /// 재처리의뢰.
    Retry,
}

impl CollectionKind {
    /// The word in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Retry => "retry",
        }
    }

    /// The inverse of `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "regular" => Some(Self::Regular),
            "retry" => Some(Self::Retry),
            _ => None,
        }
    }
}

/// A charge that a request may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateCharge {
    /// The ledger's key.
    pub charge_id: i64,
    /// 청구년월.
    pub month: Month,
    /// What is still owed, in won; more than 0.
    pub open: Won,
    /// Its regular debit date, rolled (decisions.md 7).
    pub debit_date: Date,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// The result code of the last failed attempt; empty where none or blank.
    pub last_code: String,
}

/// How much of a collection is for which charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The ledger's key of the charge.
    pub charge_id: i64,
    /// The amount, more than 0 won.
    pub won: Won,
}

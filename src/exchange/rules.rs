//! The rules by which the simulated bank plays: who fails and why, which result files go wrong, which of our files are
//! refused or left lying. Values only; `rules_file` reads them from TOML.
//!
//! Must not: draw lots. What a rule hits follows from the rules, the line and the date alone (decisions.md 13).

use crate::calendar::Offset;
use crate::domain::{ApplicationKind, BankCode, Date, Won};
use std::collections::BTreeMap;

/// Which of the two services of the network a rule is about: its request file and its result file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// 출금이체신청 (EB13) and its result (EB14).
    Registration,
    /// 출금이체의뢰 (EB21, EC21) and its result (EB22, EC22).
    Collection,
    /// 입금이체의뢰 (EB31) and its result (EB32).
    Payout,
    /// 출금동의 증빙자료 (EI13); a receipt is its answer.
    Evidence,
    /// Our answer (EB12) to what payers applied for at their banks (EB11).
    Application,
}

impl Service {
    /// The word in rules files and in the exchange's own records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Collection => "collection",
            Self::Payout => "payout",
            Self::Evidence => "evidence",
            Self::Application => "application",
        }
    }
}

/// All rules of one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Mixed into every draw, so that two rehearsals can differ on purpose.
    pub seed: String,
    /// When results are given; `None` is the default of [`crate::exchange`].
    pub registration_answer: Option<Offset>,
    /// As `registration_answer`, for collections.
    pub collection_answer: Option<Offset>,
    /// By how many minutes a default answer comes before the profile's `result_due`.
    pub lead_minutes: i64,
    /// What the centre checks beyond the layout.
    pub centre: CentreRules,
    /// How our files are taken.
    pub taking: Taking,
    /// Tried in order; the first that hits decides.
    pub verdicts: Vec<VerdictRule>,
    /// Tried in order; the first that hits decides.
    pub mischiefs: Vec<Mischief>,
    /// Tried in order; the first that hits decides.
    pub outgoings: Vec<Outgoing>,
    /// What payers apply for at their banks, in the order of the file.
    pub applications: Vec<Application>,
}

/// What a payer applies for at a bank on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The banking day.
    pub date: Date,
    /// What is asked.
    pub asks: AppliedFor,
    /// 납부자번호. Of one that is not registered nothing ends, so that no line goes out.
    pub bank_payer_no: String,
    /// The bank of the new account.
    pub bank: Option<BankCode>,
    /// The new account, digits.
    pub account: Option<String>,
    /// 생년월일 or 사업자등록번호 as it stands in the lines.
    pub id_no: String,
}

/// What a payer asks for at a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppliedFor {
    /// 해지.
    Cancel,
    /// 임의해지, by the bank.
    ForcedCancel,
    /// 계좌변경: 해지 of the old account and 신규 of another one.
    Change,
    /// 신규.
    Register,
}

/// What the centre checks beyond the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentreRules {
    /// 건당 이체한도: a collection above it fails (facts/kftc.md 4, 0062); `None` is no limit.
    pub limit: Option<Won>,
    /// How long every 납부자번호 must be (납부자번호체계, facts/kftc.md 4, A018); `None` takes any.
    pub payer_no_bytes: Option<usize>,
    /// Whether payers were registered before this exchange began: whoever is not in its register is taken at our word.
    pub registered_before: bool,
    /// Which code each check gives; all checks of [`Check::ALL`] are present.
    pub codes: BTreeMap<Check, String>,
    /// Code of a fault that the layout found, by `fault:field` or the fault's name; others get that of
    /// [`Check::Format`].
    pub layout_faults: BTreeMap<String, String>,
}

impl CentreRules {
    /// The code of a fault that the layout found, in a field of a line where that is known.
    pub fn code_of_fault(&self, fault: &str, field: Option<&str>) -> &str {
        let of_field = field.and_then(|field| self.layout_faults.get(&format!("{fault}:{field}")));
        of_field.or_else(|| self.layout_faults.get(fault)).map_or(self.code(Check::Format), String::as_str)
    }

    /// The code of a check.
    pub fn code(&self, check: Check) -> &str {
        self.codes.get(&check).map_or("", String::as_str)
    }
}

/// What the centre can find. The code of each is data (config/exchange/centre.toml, from facts/kftc.md 4 and 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// File: neither a registration nor a collection request of this channel.
    UnknownFile,
    /// File: the same name and date was received before.
    AlreadyReceived,
    /// File: bytes that do not fit the layout.
    Format,
    /// File: another institution's code.
    Institution,
    /// File: the name does not go with the date in the header.
    FileName,
    /// File: the date is no banking day.
    NotABankingDay,
    /// File: it came after the exchange's deadline.
    Late,
    /// Line: no such bank.
    BankUnknown,
    /// Line: a bank that takes no part in CMS.
    BankNotInCms,
    /// Line: the account number is all zeros.
    AllZeros,
    /// Line: a resident number in place of a birth date.
    ResidentNumber,
    /// Line: not of the registered number system.
    PayerNoShape,
    /// Line: the application date is later than the file's.
    ApplicationDate,
    /// Line: a registration whose evidence has not come.
    EvidenceMissing,
    /// Line: applied for twice, or registered already.
    Twice,
    /// Line: an amount of 0 won.
    AmountZero,
    /// Line: below the least amount.
    AmountSmall,
    /// Line: above the limit.
    AmountOverLimit,
    /// Line (bank): the account is not registered for this payer number.
    NotRegistered,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 19] = [
        Self::UnknownFile,
        Self::AlreadyReceived,
        Self::Format,
        Self::Institution,
        Self::FileName,
        Self::NotABankingDay,
        Self::Late,
        Self::BankUnknown,
        Self::BankNotInCms,
        Self::AllZeros,
        Self::ResidentNumber,
        Self::PayerNoShape,
        Self::ApplicationDate,
        Self::EvidenceMissing,
        Self::Twice,
        Self::AmountZero,
        Self::AmountSmall,
        Self::AmountOverLimit,
        Self::NotRegistered,
    ];
}

/// How our files are taken from the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    /// A file is taken this many minutes after it was first seen.
    pub minutes: i64,
    /// Whether a receipt is put beside what was taken.
    pub receipts: Receipts,
}

/// When a receipt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receipts {
    /// For every file.
    Always,
    /// Only for refused ones.
    Refusals,
    /// Never: a transfer program that says nothing.
    Never,
}

/// What a bank says to the lines that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRule {
    /// Which service.
    pub service: Service,
    /// Which lines; all conditions must hold.
    pub matches: Matches,
    /// 불능코드 of the answer; blank is possible (facts/kftc.md 9). `None` is success: an exception to later rules.
    pub code: Option<String>,
    /// How much is taken nevertheless.
    pub partial: Option<Partial>,
    /// Answer a partial debit even where the line allows only the full amount: a bank that breaks the rule.
    pub against_mode: bool,
    /// How often the rule may hit, in business order; `None` is without end.
    pub times: Option<u64>,
}

/// How much of an amount the bank takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// This many won.
    Won(i64),
    /// This many of a hundred, fractions of a won dropped.
    Percent(u32),
}

/// Conditions on a line. Those that are `None` hold always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// The account number is this.
    pub account: Option<String>,
    /// The account number ends so.
    pub account_ends: Option<String>,
    /// The amount is this.
    pub amount_won: Option<i64>,
    /// The amount is more than this.
    pub amount_over_won: Option<i64>,
    /// The amount's digits end so (a magic amount).
    pub amount_ends: Option<String>,
    /// The payer's number on the wire is this.
    pub bank_payer_no: Option<String>,
    /// The payer's number on the wire ends so.
    pub bank_payer_no_ends: Option<String>,
    /// The bank is this.
    pub bank: Option<BankCode>,
    /// What the application asks for.
    pub kind: Option<ApplicationKind>,
    /// The file's date is this.
    pub date: Option<Date>,
    /// The file's date is this or later.
    pub from: Option<Date>,
    /// The file's date is this or earlier.
    pub until: Option<Date>,
    /// Which debit of this payer number in the calendar month, from 1.
    pub attempt: Option<u32>,
    /// How many of the others are drawn.
    pub draw: Option<Draw>,
}

/// A draw without chance: the hash of seed, code, account and date decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// A line is drawn where the hash leaves less than `hits` …
    pub hits: u64,
    /// … when divided by this.
    pub of: u64,
    /// Leave the date out, so that an account has the same fate on every day.
    pub same_every_date: bool,
}

/// Which file of a service, by its date or by counting accepted files in business order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    Every,
    /// That of this business date.
    Date(Date),
    /// The n-th, from 1.
    Nth(u64),
}

impl Which {
    /// Whether the file of `date`, the `nth` of its service, is meant.
    pub fn hits(self, date: Date, nth: u64) -> bool {
        match self {
            Self::Every => true,
            Self::Date(day) => day == date,
            Self::Nth(n) => n == nth,
        }
    }
}

/// Something that goes wrong with a result file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mischief {
    /// Which service's result.
    pub service: Service,
    /// Which of its files.
    pub which: Which,
    /// What happens.
    pub what: Harm,
    /// Minutes after which the right file of the same name follows.
    pub corrected_after: Option<i64>,
}

/// What happens to a result file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Harm {
    /// It comes this many minutes late.
    Late(i64),
    /// It never comes.
    Missing,
    /// It comes again, the same bytes.
    Duplicate {
        /// Minutes after the first.
        after_minutes: i64,
        /// The name the second time; `None` is the same.
        other_name: Option<String>,
    },
    /// The connection broke.
    Truncated(Cut),
    /// The trailer counts one record that is not there.
    WrongCount,
    /// The trailer's sum is not that of the records.
    WrongSum,
    /// The bytes are not EUC-KR.
    WrongCharset(WrongCharset),
    /// The header says the next day.
    WrongDate,
    /// The header and all records say another institution.
    OtherInstitution(String),
    /// A failure that answers no line of ours, after the last.
    ForeignLine,
    /// A failure on one of our serials that names another payer.
    WrongPayer,
    /// The lines in reverse order: an order that a reader must cope with.
    Shuffled,
    /// A terminal program put CR LF after each record.
    CrLf,
}

/// Where a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After this many bytes.
    Bytes(u64),
    /// After this many records, the header included.
    Records(u64),
    /// Before the last record.
    BeforeTrailer,
}

/// How the charset is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongCharset {
    /// The whole file was turned into UTF-8, with a byte order mark.
    Utf8,
    /// Half a Hangul syllable.
    CutHangul,
}

/// What the exchange does with one of our files, other than to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Which service's request.
    pub service: Service,
    /// Which of its files.
    pub which: Which,
    /// What it does.
    pub act: Act,
}

/// What the exchange does with one of our files, other than to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Refuses it by receipt the first time it comes.
    Refuse {
        /// The code in the receipt.
        code: String,
        /// The record that the receipt names, 1-based with the header as record 1; `None` names none.
        record: Option<u64>,
        /// The reason in words.
        why: String,
    },
    /// Takes it and says nothing.
    NoReceipt,
    /// Leaves it lying this many minutes.
    Slow(i64),
}

//! The reports: which listing, which columns, in which words.

mod arrears;
mod desk;
mod registrations;

use super::csv::Csv;
use super::json::Json;
use super::screen::Screen;
use super::sheet::Sheet;
use super::table::{Cell, CellKind, Column, Format, Sink, Totals};
use crate::bank::codes::CodeTable;
use crate::config::Config;
use crate::domain::{BankCode, CreditorId, Date, Instant, ItemCode, PayerNo};
use crate::fault::Trouble;
use crate::ledger::{AccountsShown, Listed, ListedKind, Listing, ListingQuery, Reader, Take};
use crate::machine::{charge, collection};
use arrears::{ARREARS, bucket};
use desk::{CASH, SETTLEMENTS, payout_ko};
use registrations::REGISTRATIONS;
use std::fmt;
use std::io::Write;
use std::str::FromStr;

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// 이체의뢰조회 (F20).
    Requests,
    /// 거래내역조회 (F21).
    Transactions,
    /// 미납내역집계 (F23).
    Arrears,
    /// 과오납내역 (F28).
    Overpaid,
    /// 불능집계: by code and bank.
    Failures,
    /// 현금수납집계 (F22).
    Cash,
    /// 정산내역집계 (F24).
    Settlements,
    /// 계좌신청내역.
    Registrations,
}

impl Report {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Requests,
        Self::Transactions,
        Self::Arrears,
        Self::Overpaid,
        Self::Failures,
        Self::Cash,
        Self::Settlements,
        Self::Registrations,
    ];

    /// The English word, of commands and file names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Transactions => "transactions",
            Self::Arrears => "arrears",
            Self::Overpaid => "overpaid",
            Self::Failures => "failures",
            Self::Cash => "cash",
            Self::Settlements => "settlements",
            Self::Registrations => "registrations",
        }
    }

    /// The name on the sheet.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Requests => "이체의뢰조회",
            Self::Transactions => "거래내역조회",
            Self::Arrears => "미납내역집계",
            Self::Overpaid => "과오납내역",
            Self::Failures => "불능집계",
            Self::Cash => "현금수납집계",
            Self::Settlements => "정산내역집계",
            Self::Registrations => "계좌신청내역",
        }
    }

    fn listing(self) -> Listing {
        match self {
            Self::Requests => Listing::Requests,
            Self::Transactions => Listing::Transactions,
            Self::Arrears => Listing::Arrears,
            Self::Overpaid => Listing::Overpaid,
            Self::Failures => Listing::Failures,
            Self::Cash => Listing::Cash,
            Self::Settlements => Listing::Settlements,
            Self::Registrations => Listing::Registrations,
        }
    }

    /// Whether account numbers stand in it.
    pub fn has_accounts(self) -> bool {
        self.listing().kinds().contains(&ListedKind::Account)
    }

    /// Its columns.
    pub fn columns(self) -> Vec<Column> {
        self.shown().iter().map(|(column, _)| *column).collect()
    }

    fn shown(self) -> &'static [(Column, From)] {
        match self {
            Self::Requests => REQUESTS,
            Self::Transactions => TRANSACTIONS,
            Self::Arrears => ARREARS,
            Self::Overpaid => OVERPAID,
            Self::Failures => FAILURES,
            Self::Cash => CASH,
            Self::Settlements => SETTLEMENTS,
            Self::Registrations => REGISTRATIONS,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Report {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|report| report.word() == text || report.ko() == text).ok_or_else(|| {
            let all: Vec<String> = Self::ALL.iter().map(|r| format!("{} ({})", r.word(), r.ko())).collect();
            format!("there is no report {text:?}; there are: {}", all.join(", "))
        })
    }
}

/// Where a cell comes from: a place of the listing, and what is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// As it stands.
    As(usize),
    /// The name of a charge item.
    Item(usize),
    /// The name of a group.
    Group(usize),
    /// The name of a bank.
    Bank(usize),
    /// What a result code says in Korean.
    Code(usize),
    /// A state, in Korean.
    State(usize),
    /// How a payout stands, in Korean.
    Payout(usize),
    /// Days from a day to the day of the report.
    Age(usize),
    /// The bucket of that age.
    Bucket(usize),
    /// Of a row of registrations (`registrations`).
    Registration(registrations::Told),
    /// Of a row of arrears (`arrears`).
    Arrears(arrears::Told),
}

const fn text(key: &'static str, ko: &'static str, width: u16, from: From) -> (Column, From) {
    (Column { key, ko, kind: CellKind::Text, width }, from)
}
const fn won(key: &'static str, ko: &'static str, at: usize) -> (Column, From) {
    (Column { key, ko, kind: CellKind::Won, width: 13 }, From::As(at))
}
const fn cell(key: &'static str, ko: &'static str, kind: CellKind, from: From) -> (Column, From) {
    let width = match kind {
        CellKind::Date => 10,
        CellKind::Month => 7,
        CellKind::Time => 19,
        _ => 6,
    };
    (Column { key, ko, kind, width }, from)
}

const REQUESTS: &[(Column, From)] = &[
    cell("debit_date", "출금일", CellKind::Date, From::As(0)),
    text("payer_no", "납부자번호", 14, From::As(1)),
    text("payer_name", "납부자명", 14, From::As(2)),
    text("group", "그룹", 12, From::Group(3)),
    text("item", "집금항목", 12, From::Item(4)),
    text("bank", "은행", 12, From::Bank(5)),
    text("account", "계좌번호", 16, From::As(6)),
    text("kind", "구분", 10, From::State(7)),
    cell("month", "청구년월", CellKind::Month, From::As(8)),
    won("requested_won", "의뢰금액", 9),
    text("state", "상태", 16, From::State(10)),
    cell("requested_at", "의뢰일시", CellKind::Time, From::As(11)),
    text("file", "파일", 12, From::As(12)),
    cell("line", "줄번호", CellKind::Number, From::As(13)),
];

const TRANSACTIONS: &[(Column, From)] = &[
    cell("debit_date", "출금일", CellKind::Date, From::As(0)),
    text("payer_no", "납부자번호", 14, From::As(1)),
    text("payer_name", "납부자명", 14, From::As(2)),
    text("group", "그룹", 12, From::Group(3)),
    text("item", "집금항목", 12, From::Item(4)),
    text("bank", "은행", 12, From::Bank(5)),
    text("kind", "구분", 10, From::State(6)),
    cell("month", "청구년월", CellKind::Month, From::As(7)),
    won("requested_won", "의뢰금액", 8),
    won("collected_won", "수납금액", 9),
    won("missing_won", "미수납금액", 10),
    text("state", "처리결과", 16, From::State(11)),
    text("code", "불능코드", 8, From::As(12)),
    text("reason", "불능사유", 24, From::Code(12)),
    text("result_file", "결과파일", 12, From::As(13)),
    cell("result_line", "결과줄", CellKind::Number, From::As(14)),
];

const OVERPAID: &[(Column, From)] = &[
    text("payer_no", "납부자번호", 14, From::As(1)),
    text("payer_name", "납부자명", 14, From::As(2)),
    text("group", "그룹", 12, From::Group(3)),
    text("item", "집금항목", 12, From::Item(4)),
    cell("month", "청구년월", CellKind::Month, From::As(5)),
    cell("debit_date", "출금일", CellKind::Date, From::As(6)),
    won("charged_won", "청구금액", 7),
    won("paid_won", "수납금액", 8),
    won("over_won", "과오납금액", 10),
    text("refund", "반환", 10, From::Payout(11)),
    text("state", "상태", 12, From::State(9)),
];

const FAILURES: &[(Column, From)] = &[
    text("code", "불능코드", 8, From::As(0)),
    text("reason", "불능사유", 30, From::Code(0)),
    text("bank", "은행", 14, From::Bank(1)),
    cell("lines", "건수", CellKind::Count, From::As(2)),
    won("requested_won", "의뢰금액", 3),
    won("collected_won", "수납금액", 4),
];

/// The names that a creditor gives to its codes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'c> {
    pub(super) config: &'c Config,
    pub(super) creditor: CreditorId,
}

impl Names<'_> {
    /// The name of a charge item, or its code.
    pub(super) fn item(&self, code: &str) -> String {
        let named = || self.config.creditors.get(&self.creditor)?.items.get(&code.parse().ok()?);
        named().map_or_else(|| code.to_string(), |item| item.name.clone())
    }

    /// The name of a group, or its code.
    pub(super) fn group(&self, code: &str) -> String {
        let named = || self.config.creditors.get(&self.creditor)?.groups.get(&code.parse().ok()?);
        named().map_or_else(|| code.to_string(), |group| group.name.clone())
    }
}

/// What is asked of a report.
#[derive(Debug, Clone)]
pub struct ReportQuery {
    /// Whose.
    pub creditor: CreditorId,
    /// From this day: the debit date, or for registrations the day of application.
    pub from: Date,
    /// To this day, itself included.
    pub to: Date,
    /// Only of this charge item.
    pub item: Option<ItemCode>,
    /// Only of this group of payers.
    pub group: Option<ItemCode>,
    /// Only of this payer.
    pub payer: Option<PayerNo>,
    /// Only rows in this state: the ledger's word, or the Korean one.
    pub status: Option<String>,
    /// How account numbers are shown.
    pub accounts: AccountsShown,
    /// The day from which ages are counted.
    pub today: Date,
    /// The time from which it is reckoned what can still be done.
    pub now: Instant,
}

/// Writes a report; how many rows it has.
pub fn write(
    reader: &Reader,
    config: &Config,
    report: Report,
    query: &ReportQuery,
    format: Format,
    out: &mut dyn Write,
) -> Result<u64, Trouble> {
    let columns = report.columns();
    let mut sink: Box<dyn Sink + '_> = match format {
        Format::Table => Box::new(Screen::new(out, &columns)),
        Format::Csv(encoding) => Box::new(Csv::new(out, encoding, &columns)?),
        Format::Xlsx => Box::new(Sheet::new(out, report.ko(), &columns)?),
        Format::Json => Box::new(Json::new(out, &columns)),
    };
    let asking = match report {
        Report::Arrears => arrears::Asking::new(reader, config, query)?,
        _ => None,
    };
    let words = Words { config, creditor: query.creditor, today: query.today, now: query.now, asking };
    let listing = ListingQuery {
        creditor: query.creditor,
        from: query.from,
        to: query.to,
        item: query.item.as_ref(),
        group: query.group.as_ref(),
        payer: query.payer.as_ref(),
        unfinished: registrations::unfinished(config, query),
        accounts: query.accounts,
    };
    let (mut totals, mut rows) = (Totals::of(&columns), 0_u64);
    reader.list::<Trouble>(report.listing(), &listing, |listed| {
        let next = words.asking.as_ref().and_then(|asking| asking.next(&words, &listed));
        let cells: Vec<Cell> =
            report.shown().iter().map(|(_, from)| words.cell(&listed, &next, *from)).collect();
        let shows = |wanted: &str| {
            columns.iter().zip(&cells).any(|(column, cell)| column.key == "state" && cell.plain() == wanted)
        };
        if query.status.as_deref().is_some_and(|wanted| !shows(wanted) && !is_in_state(&listed, wanted)) {
            return Ok(Take::More);
        }
        totals.add(&cells)?;
        rows = rows.saturating_add(1);
        sink.row(&cells)?;
        Ok(Take::More)
    })?;
    sink.finish(totals.cells(), rows)?;
    Ok(rows)
}

/// Whether one of the row's words of state is this one, in the ledger's word or in Korean.
fn is_in_state(listed: &[Listed], wanted: &str) -> bool {
    listed.iter().any(|value| match value {
        Listed::State(word) => [word.as_str(), state_ko(word), payout_ko(word)].contains(&wanted),
        _ => false,
    })
}

/// The words of a configuration for codes of the ledger.
struct Words<'c> {
    config: &'c Config,
    creditor: CreditorId,
    today: Date,
    now: Instant,
    /// When what is owed can be asked for, where that is told.
    asking: Option<arrears::Asking<'c>>,
}

impl Words<'_> {
    fn cell(&self, listed: &[Listed], next: &Option<arrears::Next>, from: From) -> Cell {
        let names = Names { config: self.config, creditor: self.creditor };
        let code = |at: usize| match listed.get(at) {
            Some(Listed::Text(text) | Listed::State(text)) => text.as_str(),
            _ => "",
        };
        match from {
            From::As(at) => listed.get(at).map_or(Cell::Empty, as_it_stands),
            From::Item(at) => Cell::Text(names.item(code(at))),
            From::Group(at) => Cell::Text(names.group(code(at))),
            From::Bank(at) => {
                let bank = code(at).parse::<BankCode>().ok().and_then(|code| self.config.banks.find(code));
                Cell::Text(bank.map_or_else(|| code(at).to_string(), |bank| bank.name.clone()))
            }
            From::Code(at) => Cell::Text(self.code_ko(code(at))),
            From::State(at) => Cell::Text(state_ko(code(at)).to_string()),
            From::Payout(at) => Cell::Text(payout_ko(code(at)).to_string()),
            From::Age(at) => self.age(listed, at).map_or(Cell::Empty, Cell::Number),
            From::Bucket(at) => {
                self.age(listed, at).map_or(Cell::Empty, |days| Cell::Text(bucket(days).into()))
            }
            From::Registration(told) => registrations::cell(self, listed, told),
            From::Arrears(told) => next.as_ref().map_or(Cell::Empty, |next| arrears::cell(next, told)),
        }
    }

    fn age(&self, listed: &[Listed], at: usize) -> Option<i64> {
        match listed.get(at) {
            Some(Listed::Date(Some(date))) => Some(self.today.days_since(*date).max(0)),
            _ => None,
        }
    }

    fn codes(&self) -> Option<&CodeTable> {
        let channel = self.config.channel_of(self.creditor)?;
        self.config.code_tables.get(&channel.profile.codes).map(std::convert::AsRef::as_ref)
    }

    fn code_ko(&self, code: &str) -> String {
        if code.is_empty() {
            return String::new();
        }
        self.codes().map_or_else(String::new, |table| table.ko(code).into_owned())
    }

    /// What a code means and what to do about it; empty where it is not known.
    fn code_sentence(&self, code: &str) -> String {
        self.codes().and_then(|table| table.get(code)).map_or_else(String::new, |code| code.sentence.clone())
    }
}

fn as_it_stands(listed: &Listed) -> Cell {
    match listed {
        Listed::Text(text) | Listed::State(text) => Cell::Text(text.clone()),
        Listed::Won(won) => Cell::Won(*won),
        Listed::Count(n) => n.map_or(Cell::Empty, Cell::Number),
        Listed::Date(date) => date.map_or(Cell::Empty, Cell::Date),
        Listed::Month(month) => month.map_or(Cell::Empty, Cell::Month),
        Listed::Time(at) => at.map_or(Cell::Empty, Cell::Time),
    }
}

/// Where a charge stands.
const fn charge_ko(state: charge::State) -> &'static str {
    use charge::State;
    match state {
        State::Open => "미수납",
        State::PartlyPaid => "부분수납",
        State::Paid => "수납완료",
        State::Overpaid => "과오납",
        State::WrittenOff => "미납종료",
        State::Cancelled => "청구취소",
    }
}

/// A word of the ledger in Korean; unknown words stay.
pub(super) fn state_ko(word: &str) -> &str {
    if let Some(state) = collection::State::from_word(word) {
        return state.ko();
    }
    if let Some(state) = charge::State::from_word(word) {
        return charge_ko(state);
    }
    match word {
        "regular" => "정기",
        "retry" => "재처리",
        "register" => "등록",
        "cancel" => "해지",
        "queued" => "계좌신청대기",
        "active" | "done" => "계좌신청완료",
        "rejected" => "계좌신청미완료",
        "draft" => "계좌신청미완료(보완)",
        "refused" => "해지 거절",
        "requeued" => "다시 신청",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_from_places_that_the_listing_has() {
        for report in Report::ALL {
            let places = report.listing().kinds().len();
            for (column, from) in report.shown() {
                let at = match from {
                    From::As(at)
                    | From::Item(at)
                    | From::Group(at)
                    | From::Bank(at)
                    | From::Code(at)
                    | From::State(at)
                    | From::Age(at)
                    | From::Payout(at)
                    | From::Bucket(at) => *at,
                    From::Registration(_) | From::Arrears(_) => 0,
                };
                assert!(at < places, "{report}: {}", column.key);
            }
            assert_eq!(report.word().parse::<Report>(), Ok(report));
            assert_eq!(report.ko().parse::<Report>(), Ok(report));
        }
        assert!("nothing".parse::<Report>().unwrap_err().contains("이체의뢰조회"));
    }
}

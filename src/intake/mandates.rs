//! A row of `mandates*`: a payer and what they agreed to (product.md F11-F14).

use super::Kind;
use super::cell::{Cells, date, month};
use super::columns::{Content, Need, of_kind};
use super::evidence::ConsentKind;
use super::kinds::CellKind;
use super::list::Row;
use crate::domain::{Application, BankCode, Date, ItemCode, MandateTerms, Mode, Payer, PayerNo};
use crate::rules::application::Operation;
use crate::rules::{Name, Refused};

/// A bank as the config knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankName {
    /// Its code, aliases resolved.
    pub code: BankCode,
    /// The lengths that its account numbers may have, in digits.
    pub account_lengths: Vec<usize>,
}

/// What parsing must know.
pub struct ParseFacts<'a> {
    /// The bank of a name, alias or three-digit code as written.
    pub bank: &'a dyn Fn(&str) -> Option<BankName>,
}

/// A row that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateRow {
    application: Application,
    operation: Operation,
    /// 동의일자 and 동의유형.
    consent: (Option<Date>, Option<ConsentKind>),
    /// Headings of optional columns that the list does not have.
    absent: Vec<&'static str>,
}

/// Columns whose text is kept as it came, in the guide's order.
const ATTRIBUTES: [&str; 12] = [
    "고객구분",
    "고객등급",
    "대표자명",
    "전화번호",
    "업종",
    "최초가입일",
    "지역구분",
    "우편번호",
    "주소",
    "상세주소",
    "관리자명",
    "등록자",
];

/// Columns about the payer's consent (docs/evidence.md).
const CONSENT: [&str; 2] = ["동의일자", "동의유형"];

impl MandateRow {
    /// The payer's number, by which the engine looks up what is there.
    pub fn payer_no(&self) -> &PayerNo {
        &self.application.payer.payer_no
    }

    /// The charge item.
    pub fn item(&self) -> &ItemCode {
        &self.application.terms.item
    }

    /// 처리구분.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// 동의일자 and 동의유형, where the list has one of the columns.
    pub fn consent(&self) -> Option<(Option<Date>, Option<ConsentKind>)> {
        let there = CONSENT.iter().any(|heading| !self.absent.contains(heading));
        there.then_some(self.consent)
    }

    /// The application that the row means, seen what is there: a column that the list does not have leaves what is
    /// known as it is. `terms` are those of a mandate that is not ended.
    pub fn onto(self, payer: Option<&Payer>, terms: Option<&MandateTerms>) -> Application {
        let Self { mut application, absent, .. } = self;
        let missing = |heading: &str| absent.contains(&heading);
        keep_what_is_missing(&mut application.payer, payer, &absent);
        if let Some(before) = terms {
            if missing("최종이체년월") {
                application.terms.last_month = before.last_month;
            }
            if missing("재처리제외") {
                application.terms.no_retry = before.no_retry;
            }
            if missing("출금형태") {
                application.terms.mode = before.mode;
            }
            if missing("출금구분") {
                application.terms.service.clone_from(&before.service);
            }
        }
        application
    }
}

/// Of columns that the list does not have, what is known of the payer stays.
pub(super) fn keep_what_is_missing(now: &mut Payer, before: Option<&Payer>, absent: &[&str]) {
    let Some(before) = before else { return };
    let missing = |heading: &str| absent.contains(&heading);
    if missing("휴대번호") && (missing("전화번호") || now.phone.is_empty()) {
        now.phone.clone_from(&before.phone);
    }
    if missing("이메일") {
        now.email.clone_from(&before.email);
    }
    if missing("그룹코드") {
        now.group.clone_from(&before.group);
    }
    now.attributes = merged(&before.attributes, std::mem::take(&mut now.attributes), absent);
}

/// Headings of optional columns that a list does not have.
pub(super) fn absent(row: Row<'_>, kind: Kind) -> Vec<&'static str> {
    let optional = of_kind(kind).iter().filter(|c| c.need == Need::Optional);
    optional.map(|c| c.heading).filter(|h| row.cell(h).is_none()).collect()
}

/// Attributes of the row, and of those columns that the list lacks, the ones known before; in the guide's order.
fn merged(before: &[(String, String)], now: Vec<(String, String)>, absent: &[&str]) -> Vec<(String, String)> {
    let kept = before.iter().filter(|(heading, _)| absent.contains(&heading.as_str())).cloned();
    let mut all: Vec<(String, String)> = now.into_iter().chain(kept).collect();
    all.sort_by_key(|(heading, _)| ATTRIBUTES.iter().position(|a| a == heading));
    all
}

/// The row's meaning, or everything that is wrong with how it is written.
pub fn parse(row: Row<'_>, facts: &ParseFacts<'_>) -> Result<MandateRow, Vec<Refused>> {
    let mut cells = Cells::of(row);
    let payer = payer(&mut cells);
    let terms = terms(&mut cells, facts);
    let operation = cells.optional("처리구분", |text| match text {
        "신규" => Ok(Operation::New),
        "변경" => Ok(Operation::Edit),
        "재신청" => Ok(Operation::Again),
        _ => Err(Name::TextForm),
    });
    let on = cells.optional(CONSENT[0], date);
    let kind = cells.optional(CONSENT[1], |text| ConsentKind::of_ko(text).ok_or(Name::TextForm));
    let absent = absent(row, Kind::Mandates);
    let parsed = payer.zip(terms).zip(operation).zip(on.zip(kind));
    let parsed = parsed.map(|(((payer, terms), operation), consent)| MandateRow {
        application: Application { payer, terms },
        consent,
        operation: operation.unwrap_or(Operation::Any),
        absent,
    });
    cells.end(parsed)
}

/// The payer of a row.
pub(super) fn payer(cells: &mut Cells<'_>) -> Option<Payer> {
    let payer_no = cells.payer_no("고객번호");
    let name = cells.required("고객명").map(str::to_string);
    let (mobile, telephone) = (cells.text("휴대번호"), cells.text("전화번호"));
    for (heading, text) in [("휴대번호", mobile), ("전화번호", telephone)] {
        let well = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '+' | '(' | ')' | '.'));
        // 010-… comes as 10…
        let bare = heading == "휴대번호" && text.len() == 10 && text.starts_with("10");
        if !well {
            cells.refuse(Refused::at(Name::TextForm, heading));
        } else if bare && text.bytes().all(|b| b.is_ascii_digit()) {
            cells.refuse(Refused::at(Name::LeadingZeroLost, heading));
        }
    }
    let attribute = |heading: &&str| {
        let text = cells.text(heading);
        (!text.is_empty()).then(|| (heading.to_string(), text.to_string()))
    };
    Some(Payer {
        payer_no: payer_no?,
        name: name?,
        phone: if mobile.is_empty() { telephone } else { mobile }.to_string(),
        email: cells.text("이메일").to_string(),
        group: cells.text("그룹코드").to_string(),
        attributes: ATTRIBUTES.iter().filter_map(attribute).collect(),
    })
}

fn terms(cells: &mut Cells<'_>, facts: &ParseFacts<'_>) -> Option<MandateTerms> {
    let item = cells.item();
    let limit = cells.won("건당출금한도");
    let monthly = cells.won("월이체금액");
    let first_month = cells.month("최초이체년월");
    let last_month = cells.optional("최종이체년월", month);
    let due_day = cells.due_day();
    let bank = bank(cells, facts);
    let account = cells.account();
    if let (Some(bank), Some(account)) = (&bank, &account) {
        check_leading_zeros(cells, bank, account.reveal().len());
    }
    let holder = cells.required("예금주명").map(str::to_string);
    let id_no = id_no(cells);
    let no_retry = cells.yes_no("재처리제외");
    let mode = cells.optional("출금형태", |text| Mode::from_list(text).ok_or(Name::ModeForm));
    Some(MandateTerms {
        item: item?,
        limit: limit?,
        monthly: monthly?,
        first_month: first_month?,
        last_month: last_month?,
        due_day: due_day?,
        bank: bank?.code,
        account: account?,
        holder: holder?,
        id_no: id_no?,
        no_retry: no_retry?.unwrap_or(false),
        mode: mode?,
        service: cells.text("출금구분").to_string(),
    })
}

/// The holder's number; where that cell is empty, the payer's own, since most payers hold their account themselves.
fn id_no(cells: &mut Cells<'_>) -> Option<crate::domain::IdNo> {
    let payers = of_kind(Kind::Mandates).iter().filter(|c| c.content == Content::Identity);
    let mut filled = payers.map(|c| c.heading).filter(|h| !cells.text(h).is_empty()).rev();
    let heading = filled.next().unwrap_or("생년월일/사업자번호");
    cells.id_no(heading)
}

fn bank(cells: &mut Cells<'_>, facts: &ParseFacts<'_>) -> Option<BankName> {
    let text = cells.required("이체은행")?;
    let found = (facts.bank)(text);
    if found.is_none() {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        // 004 comes as 4: told as what a spreadsheet did where the full code is a bank's.
        let short = digits && text.len() < 3 && (facts.bank)(&format!("{text:0>3}")).is_some();
        let name = if short { Name::LeadingZeroLost } else { Name::BankUnknown };
        cells.refuse(Refused::at(name, "이체은행"));
    }
    found
}

/// An account of digits only that is one or two digits too short for its bank has lost its leading zeros. In a number cell of a
/// workbook it may have lost some wherever the bank has longer numbers; where it has none, no zero can be lost.
fn check_leading_zeros(cells: &mut Cells<'_>, bank: &BankName, length: usize) {
    let (kind, place) = cells.kind("계좌번호");
    let longest = bank.account_lengths.iter().copied().max().unwrap_or(usize::MAX);
    if kind == CellKind::Number && length < longest {
        let told = match longest {
            usize::MAX => format!("{place} 셀, {length}자리"),
            longest => format!("{place} 셀, {length}자리, 이 은행의 계좌번호는 {longest}자리까지"),
        };
        cells.refuse(Refused::at(Name::NumberCell, "계좌번호").with(told));
        return;
    }
    let fits = |extra: usize| bank.account_lengths.contains(&length.saturating_add(extra));
    let bare = cells.text("계좌번호").bytes().all(|b| b.is_ascii_digit());
    if bare && !fits(0) && (fits(1) || fits(2)) {
        cells.refuse(Refused::at(Name::LeadingZeroLost, "계좌번호").with(format!("{length}자리")));
    }
}

//! May this row of a list of mandates happen, and as what: new, re-applied, edited, or nothing to do?
//! (product.md F11-F15, D5, D10; checks again at request and emission, since limits change in between.)
//!
//! What dropping a row again means: the same data of a live mandate is `unchanged`, never a second registration.
//! Corrected data of one that was given back or refused is a new application of it; other data of one that still
//! waits replaces what waits. Of an active one, amounts, days, months and the payer's data change for charges to come;
//! another account is a change of account (product.md 3.3), which waits for the answer where the registration is with the
//! bank (E36). The identity number alone does not change. After an end, every row is a new application.

use super::{Name, Refused};
use crate::domain::{Application, ContractDay, MandateTerms, Mode, Month, Payer, Won};
use crate::machine::mandate::State;

/// What the row says it is (처리구분).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Nothing said: what fits.
    Any,
    /// 신규: refused where the payer exists (product.md F11).
    New,
    /// 변경: refused where the payer does not exist.
    Edit,
    /// 재신청: apply again, even with the same data (after a refusal that was the system's).
    Again,
}

/// Where the charge item of a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemFact {
    /// Not in the creditor's config.
    Unknown,
    /// Retired.
    Closed,
    /// In use.
    Active,
}

impl ItemFact {
    /// Whether something may be collected for it.
    pub(super) fn check(self) -> Result<(), Refused> {
        match self {
            Self::Unknown => Err(Refused::at(Name::ItemUnknown, "집금항목코드")),
            Self::Closed => Err(Refused::at(Name::ItemClosed, "집금항목코드")),
            Self::Active => Ok(()),
        }
    }
}

/// Where the bank of a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BankFact<'a> {
    /// Not in the config.
    Unknown,
    /// Known, takes no part.
    NotInService,
    /// Takes part; the lengths its account numbers may have, in digits (facts/kftc.md 5).
    InService(&'a [usize]),
}

/// The mandate that the payer has for the item, the latest where there were several.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// Where it stands.
    pub state: State,
    /// What was agreed.
    pub terms: &'a MandateTerms,
    /// A debit of it is requested or on its way.
    pub debit: bool,
    /// The change of account that is not over.
    pub change: Option<Pending<'a>>,
}

/// A change of account that is not over.
#[derive(Debug, Clone, Copy)]
pub struct Pending<'a> {
    /// The terms with the account that it moves to.
    pub terms: &'a MandateTerms,
    /// It is on a line of a file.
    pub sent: bool,
}

/// What must be known to judge a row.
#[derive(Clone, Copy)]
pub struct ApplicationFacts<'a> {
    /// 처리구분.
    pub operation: Operation,
    /// The contract: the most that one debit may take.
    pub limit_per_debit: Won,
    /// The smallest amount that the channel carries.
    pub minimum: Won,
    /// The contract days.
    pub days: &'a [ContractDay],
    /// The month of today.
    pub this_month: Month,
    /// 출금형태 that the channel offers.
    pub modes: &'a [Mode],
    /// The row's item.
    pub item: ItemFact,
    /// Whether the row's group is known (also where it names none).
    pub group_known: bool,
    /// The row's bank.
    pub bank: BankFact<'a>,
    /// Whether a text can stand in the channel's bank files.
    pub encodes: &'a dyn Fn(&str) -> bool,
    /// The payer of that number, where there is one.
    pub payer: Option<&'a Payer>,
    /// The payer's mandate for the item, where there is one.
    pub mandate: Option<Existing<'a>>,
    /// An earlier row of the same file for the same payer and item.
    pub earlier_row: Option<u64>,
}

/// What a good row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A new mandate: registration is queued.
    New,
    /// The same mandate is applied for again: registration is queued.
    Reapply,
    /// Terms or payer data change; no registration (a queued one stays queued).
    Edit,
    /// Another account: 해지 of the old one and 신규 of the new one are queued (계좌변경), in place of a change that waits.
    Change,
    /// Another account, while the registration is with the bank: the change waits for its answer (E36).
    ChangeLater,
    /// The registered account again: the change that has not gone out is taken back.
    ChangeBack,
    /// Everything is so already (변동 없음).
    Unchanged,
}

/// What the row is, or everything that is wrong with it, in the order of the checks.
pub fn check(application: &Application, facts: &ApplicationFacts<'_>) -> Result<Decision, Vec<Refused>> {
    let mut refused = Vec::new();
    if let Some(row) = facts.earlier_row {
        refused.push(Refused::duplicate_of(row));
    }
    let decision = decide(application, facts);
    // A row that says what is so already asks for nothing, so no check of today can refuse it.
    if refused.is_empty() && decision == Ok(Decision::Unchanged) {
        return Ok(Decision::Unchanged);
    }
    check_terms(&application.terms, facts, &mut refused);
    check_bank(&application.terms, facts, &mut refused);
    if !facts.group_known {
        refused.push(Refused::at(Name::GroupUnknown, "그룹코드"));
    }
    match decision {
        Ok(decision) if refused.is_empty() => Ok(decision),
        Ok(_) => Err(refused),
        Err(why) => {
            refused.push(why);
            Err(refused)
        }
    }
}

fn check_terms(terms: &MandateTerms, facts: &ApplicationFacts<'_>, refused: &mut Vec<Refused>) {
    refused.extend(facts.item.check().err());
    if !terms.limit.is_positive() {
        refused.push(Refused::at(Name::AmountZero, "건당출금한도"));
    } else if terms.limit > facts.limit_per_debit {
        let detail = format!("계약 한도 {}원", facts.limit_per_debit);
        refused.push(Refused::at(Name::LimitOverContract, "건당출금한도").with(detail));
    }
    if !terms.monthly.is_positive() {
        refused.push(Refused::at(Name::AmountZero, "월이체금액"));
    } else if terms.monthly < facts.minimum {
        let detail = format!("최소 {}원", facts.minimum);
        refused.push(Refused::at(Name::AmountUnderMinimum, "월이체금액").with(detail));
    } else if terms.monthly > terms.limit {
        let detail = format!("한도 {}원", terms.limit);
        refused.push(Refused::at(Name::AmountOverLimit, "월이체금액").with(detail));
    }
    refused.extend(months(terms.first_month, terms.last_month, facts.this_month).err());
    if let Some(mode) = terms.mode.filter(|mode| !facts.modes.contains(mode)) {
        refused.push(Refused::at(Name::ModeNotAllowed, "출금형태").with(mode.word().to_string()));
    }
    refused.extend(contract_day(terms.due_day, facts.days).err());
}

/// Whether something may run in these months.
pub(super) fn months(first: Month, last: Option<Month>, this_month: Month) -> Result<(), Refused> {
    match last {
        Some(last) if last < first => Err(Refused::at(Name::MonthsReversed, "최종이체년월")),
        Some(last) if last < this_month => Err(Refused::at(Name::MonthsPassed, "최종이체년월")),
        Some(_) | None => Ok(()),
    }
}

/// Whether a day is one of the contract.
pub(super) fn contract_day(day: ContractDay, days: &[ContractDay]) -> Result<(), Refused> {
    if days.contains(&day) {
        return Ok(());
    }
    let detail = format!("계약된 이체일 {}", days_text(days));
    Err(Refused::at(Name::DueDayNotInContract, "이체예정일").with(detail))
}

fn check_bank(terms: &MandateTerms, facts: &ApplicationFacts<'_>, refused: &mut Vec<Refused>) {
    match facts.bank {
        BankFact::Unknown => refused.push(Refused::at(Name::BankUnknown, "이체은행")),
        BankFact::NotInService => refused.push(Refused::at(Name::BankNotInService, "이체은행")),
        BankFact::InService(lengths) => {
            let length = terms.account.reveal().len();
            if !lengths.is_empty() && !lengths.contains(&length) {
                let detail = format!("{length}자리");
                refused.push(Refused::at(Name::AccountLength, "계좌번호").with(detail));
            }
        }
    }
    if !(facts.encodes)(&terms.holder) {
        refused.push(Refused::at(Name::HolderNotEncodable, "예금주명"));
    }
}

/// `5, 25, 말일`.
fn days_text(days: &[ContractDay]) -> String {
    let word = |day: &ContractDay| match *day {
        ContractDay::LAST => "말일".to_string(),
        day => day.to_string(),
    };
    days.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What the row is against what is there.
fn decide(application: &Application, facts: &ApplicationFacts<'_>) -> Result<Decision, Refused> {
    let Some(payer) = facts.payer else {
        return match facts.operation {
            Operation::Edit => Err(Refused::at(Name::PayerUnknown, "고객번호")),
            Operation::Any | Operation::New | Operation::Again => Ok(Decision::New),
        };
    };
    let Some(existing) = facts.mandate else {
        return match facts.operation {
            Operation::New => Err(Refused::at(Name::PayerExists, "고객번호")),
            Operation::Any | Operation::Edit | Operation::Again => Ok(Decision::New),
        };
    };
    // A change that is not over is what the row is held against; other terms hold from the next charge at once.
    let wanted = existing.change.map_or(existing.terms, |pending| pending.terms);
    let same = payer == &application.payer && wanted == &application.terms;
    match existing.state {
        State::Ended => match facts.operation {
            Operation::Edit => Err(Refused::new(Name::MandateEnded)),
            Operation::Any | Operation::New | Operation::Again => Ok(Decision::New),
        },
        State::Billed => Ok(Decision::New),
        State::Draft | State::Rejected => {
            let again = facts.operation == Operation::Again;
            Ok(if same && !again { Decision::Unchanged } else { Decision::Reapply })
        }
        State::Cancelling => Err(Refused::new(Name::CancelInFlight)),
        _ if same => Ok(Decision::Unchanged),
        State::Queued => Ok(Decision::Edit),
        State::Batched | State::Sent | State::Acknowledged => in_flight(&existing, &application.terms),
        State::Changing | State::Severed if facts.operation == Operation::New => {
            Err(Refused::new(Name::MandateExists))
        }
        State::Changing | State::Severed => changing(&existing, &application.terms),
        State::Active | State::Suspended if facts.operation == Operation::New => {
            Err(Refused::new(Name::MandateExists))
        }
        State::Active | State::Suspended => {
            if other_account(existing.terms, &application.terms) {
                change(&existing)
            } else {
                same_person(existing.terms, &application.terms)
            }
        }
    }
}

/// The row names another account than this.
fn other_account(before: &MandateTerms, now: &MandateTerms) -> bool {
    (before.bank, &before.account) != (now.bank, &now.account)
}

fn same_person(before: &MandateTerms, now: &MandateTerms) -> Result<Decision, Refused> {
    if before.id_no == now.id_no {
        Ok(Decision::Edit)
    } else {
        Err(Refused::at(Name::HolderChange, "생년월일/사업자번호"))
    }
}

/// No debit may be asked of an account while it is left (product.md 3.3; A019 says the same from the other side).
fn change(existing: &Existing<'_>) -> Result<Decision, Refused> {
    if existing.debit {
        return Err(Refused::at(Name::ChangeWhileDebit, "계좌번호"));
    }
    Ok(Decision::Change)
}

/// The registration is with the bank: nothing but the account may change, and that waits for the answer.
fn in_flight(existing: &Existing<'_>, now: &MandateTerms) -> Result<Decision, Refused> {
    let account_only = MandateTerms {
        bank: existing.terms.bank,
        account: existing.terms.account.clone(),
        id_no: existing.terms.id_no.clone(),
        holder: existing.terms.holder.clone(),
        ..now.clone()
    };
    if &account_only != existing.terms {
        Err(Refused::new(Name::RegistrationInFlight))
    } else if existing.change.is_some() && existing.terms == now {
        Ok(Decision::ChangeBack)
    } else if other_account(existing.terms, now) {
        Ok(Decision::ChangeLater)
    } else {
        Err(Refused::new(Name::RegistrationInFlight))
    }
}

/// A change is queued or with the bank: other terms change at once, the account only while nothing has gone out.
fn changing(existing: &Existing<'_>, now: &MandateTerms) -> Result<Decision, Refused> {
    let sent = existing.change.is_none_or(|pending| pending.sent);
    let wanted = existing.change.map_or(existing.terms, |pending| pending.terms);
    if !other_account(wanted, now) {
        return same_person(wanted, now);
    }
    if sent {
        Err(Refused::new(Name::ChangeInFlight))
    } else if other_account(existing.terms, now) {
        change(existing)
    } else {
        Ok(Decision::ChangeBack)
    }
}

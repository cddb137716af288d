//! `profiles/<name>.toml`: how one sort of network works: its schedule, limits, layouts and rules (decisions.md 1-8).

use super::applications::{self, ApplicationRule};
use super::bank_table::Banks;
use super::debit_service::{self, Services, Whole};
use super::document::{At, Document, Section};
use super::evidence::{self, EvidenceRule};
use super::payer_no_template::Template;
use super::payout_service::{self, PayoutService};
use super::registration_days::{self, Dormancy};
use crate::calendar::{Calendar, DayOffset, Offset};
use crate::domain::ContractDay;
use crate::domain::{BankCode, Date, Mode, Won};
use std::collections::BTreeSet;

/// The times of one exchange: until when records are taken, until when the file must be with the peer, when the
/// answer is due. Counted from the day that the file is dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowPlan {
    /// Until when (exclusive) records come into the file; it is built right after.
    pub cutoff: Offset,
    /// Until when the file may still be handed over; the time since the cut-off is for repair.
    pub deadline: Offset,
    /// When the result is due. It is accepted as soon as it comes.
    pub result_due: Offset,
}

/// When a failed collection may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRule {
    /// Only within the charge's month (decisions.md 7).
    pub same_month: bool,
    /// Where not `same_month`: in the charge's month and so many after it (another agent's rule: 6). `None` is without end.
    pub window_months: Option<u32>,
    /// A charge whose contract day is this or later has no retry: it joins the next month as arrears (decisions.md 9).
    /// `None` where the network has no such rule.
    pub last_regular_day: Option<u32>,
}

impl RetryRule {
    /// Whether a charge of this contract day may be tried again at all.
    pub fn permits(self, day: ContractDay) -> bool {
        self.last_regular_day.is_none_or(|last| day.number() < last)
    }

    /// Whether `retry` can follow a debit on one of `regular` days.
    pub fn reaches(self, retry: ContractDay, regular: &[ContractDay]) -> bool {
        regular.iter().any(|day| self.permits(*day) && (!self.same_month || retry.number() > day.number()))
    }
}

/// Which layout serves which exchange, by the layouts' own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutRoles {
    /// 출금이체신청 of the creditor side, to the network.
    pub registration_request: String,
    /// Its result.
    pub registration_result: String,
    /// 출금의뢰 and its result, where the profile has one debit service; with several, each names its own.
    pub(super) collection: Option<(String, String)>,
    /// 출금동의 증빙자료.
    pub evidence: Option<String>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, that of its file.
    pub name: String,
    /// Registrations and cancellations, counted from the banking day `X` of the file.
    pub registration: WindowPlan,
    /// The debit services: their times, gates, least amounts and layouts.
    pub services: Services,
    /// Payments by file; `None` where this network is not used for them.
    pub payout: Option<PayoutService>,
    /// Applications that come in at banks; `None` where the network sends none.
    pub applications: Option<ApplicationRule>,
    /// How long after `result_due` a missing result is an alarm, in minutes.
    pub result_grace_minutes: i64,
    /// When a failed collection may be tried again.
    pub retry: RetryRule,
    /// What the bank does when the balance is short.
    pub mode: Mode,
    /// 출금형태 that a list may give a mandate; the channel's own is always one of them.
    pub modes: Vec<Mode>,
    /// Whether consent must be sent as evidence before a registration.
    pub needs_evidence: bool,
    /// When evidence goes out; there where it is needed.
    pub evidence: Option<EvidenceRule>,
    /// Whether a mandate must be registered before it is collected; see [`Profile::registration_needed`].
    pub needs_registration: bool,
    /// The banks for which the opposite of `needs_registration` holds.
    pub registration_exceptions: BTreeSet<BankCode>,
    /// Whether a file without lines is sent where there is nothing to send.
    pub send_empty: bool,
    /// Whether the peer refuses a file it has already taken, so that an uncertain one may be sent again.
    pub peer_refuses_duplicates: bool,
    /// How a mandate's number on the wire is made.
    pub bank_payer_no: Template,
    /// The layouts.
    pub layouts: LayoutRoles,
    /// The table of result codes: `formats/codes/<codes>.toml`.
    pub codes: String,
    /// How many lines may be left out of one file, each with its reason, before the whole file is stopped.
    pub max_bad_lines: u64,
    /// After how long without a request the bank ends a mandate.
    pub dormancy: Dormancy,
}

impl Profile {
    /// Whether a mandate at this bank must be registered before it is collected (decisions.md 4).
    pub fn registration_needed(&self, bank: BankCode) -> bool {
        self.needs_registration != self.registration_exceptions.contains(&bank)
    }

    /// The names of all layouts that it sends and reads by.
    pub fn layout_names(&self) -> impl Iterator<Item = &str> {
        let registrations = [&self.layouts.registration_request, &self.layouts.registration_result];
        let debits = self.services.iter().flat_map(|service| [&service.request, &service.result]);
        let payouts = self.payout.iter().flat_map(|service| [&service.request, &service.result]);
        let applications = self.applications.iter().flat_map(|rule| [&rule.received, &rule.answer]);
        let named = registrations.into_iter().chain(debits).chain(payouts).chain(applications);
        named.chain(&self.layouts.evidence).map(String::as_str)
    }
}

/// What a profile refers to.
pub(super) struct Known<'k> {
    pub(super) calendar: Option<&'k Calendar>,
    pub(super) banks: Option<&'k Banks>,
    pub(super) layouts: &'k BTreeSet<String>,
    pub(super) codes: &'k BTreeSet<String>,
}

/// The most won that one line can ask for: 13 digits (facts/kftc.md 3, EB21 R 43-55).
pub(super) const MOST_WON: i64 = 9_999_999_999_999;

/// Reads and checks a profile.
pub(super) fn read(document: &Document<'_>, known: &Known<'_>) -> Option<(At<String>, Profile)> {
    let mut file = document.root();
    let name = file.words("name", 32);
    let codes = file.text("codes");
    codes.iter().for_each(|codes| refer(document, "codes", codes, known.codes, "a table of formats/codes"));
    let grace = file.number("result_grace_minutes", 0..=10_080);
    let mode = file.choice("mode", &[("full", Mode::FullOnly), ("partial", Mode::Partial)]);
    let offered = if file.has("modes") { file.parsed_list::<Mode>("modes") } else { Some(Vec::new()) };
    let needs_evidence = file.flag("needs_evidence");
    let evidence = optional(&mut file, "evidence", evidence::read);
    if needs_evidence == Some(true) && !file.has("evidence") {
        document.file_fault(
            "config-key-missing",
            "needs_evidence = true, and no [evidence] says when it goes out",
            "add [evidence] with cutoff, deadline, accepted_by and fault_codes (docs/evidence.md)",
        );
    }
    let needs_registration = file.flag("needs_registration");
    let exceptions = registration_exceptions(&mut file, known.banks);
    let send_empty = file.flag("send_empty");
    let peer_refuses_duplicates = file.flag("peer_refuses_duplicates");
    let template = template(&mut file);
    let max_bad_lines = file.number("max_bad_lines", 0..=1_000_000_000);
    let registration = file.section("registration").and_then(|section| window(section, 'X', known.calendar));
    let dormancy = optional(&mut file, "dormancy", registration_days::dormancy);
    let several = file.has_list("collection");
    let retry = file.section("retry").and_then(retry_rule);
    let payout = optional(&mut file, "payout", |section| payout_service::read(section, known));
    let applications = optional(&mut file, "applications", |section| applications::read(section, known));
    let layouts = file
        .section("layouts")
        .and_then(|section| layout_roles(section, known.layouts, needs_evidence?, !several));
    let services = if several {
        let sections = file.sections("collection");
        if sections.is_empty() {
            document.file_fault(
                "config-list-empty",
                "no [[collection]] stands here: a profile debits by some service (출금 서비스)",
                "add [[collection]] with name, ko, cutoff, deadline, result_due, gate, min_amount_won, request and result",
            );
        }
        debit_service::several(sections, known)
    } else {
        let whole = whole(&mut file, layouts.clone());
        file.section("collection").and_then(|section| debit_service::single(section, known, whole))
    };
    file.finish();
    let (name, mode) = (name?, mode?.value);
    let profile = Profile {
        payout: payout?,
        applications: applications?,
        name: name.value.clone(),
        registration: registration?,
        services: services?,
        result_grace_minutes: grace?.value,
        retry: retry?,
        mode,
        modes: modes_of(mode, offered?),
        needs_evidence: needs_evidence?,
        evidence: evidence?.filter(|_| needs_evidence == Some(true)),
        needs_registration: needs_registration?,
        registration_exceptions: exceptions?,
        send_empty: send_empty?,
        peer_refuses_duplicates: peer_refuses_duplicates?,
        bank_payer_no: template?,
        layouts: layouts?,
        codes: codes?.value.to_string(),
        max_bad_lines: u64::try_from(max_bad_lines?.value).ok()?,
        dormancy: dormancy?.unwrap_or_default(),
    };
    Some((name, profile))
}

/// A section that a profile may leave out: `None` where it is wrong, `Some(None)` where it is not there.
fn optional<'d, T>(
    file: &mut Section<'d>,
    key: &'static str,
    read: impl FnOnce(Section<'d>) -> Option<T>,
) -> Option<Option<T>> {
    if file.has(key) { file.section(key).and_then(read).map(Some) } else { Some(None) }
}

/// What a mandate may be given: the profile's own mode first, then those that it lists.
fn modes_of(own: Mode, offered: Vec<At<Mode>>) -> Vec<Mode> {
    let mut modes = vec![own];
    for mode in offered {
        if !modes.contains(&mode.value) {
            modes.push(mode.value);
        }
    }
    modes
}

/// What stands once for the whole profile where it has one debit service.
fn whole(file: &mut Section<'_>, layouts: Option<LayoutRoles>) -> Whole {
    let gate = file.parsed::<DayOffset>("gate");
    if let Some(gate) = &gate {
        check_gate(file.document(), gate);
    }
    let min_amount = file.number("min_amount_won", 1..=MOST_WON);
    Whole {
        gate: gate.map(|gate| gate.value),
        min_amount: min_amount.map(|least| Won::new(least.value)),
        layouts,
    }
}

/// Notes a fault where `name` is none of `known`.
pub(super) fn refer(
    document: &Document<'_>,
    key: &str,
    name: &At<&str>,
    known: &BTreeSet<String>,
    what: &str,
) {
    if !known.contains(name.value) {
        let all: Vec<&str> = known.iter().map(String::as_str).collect();
        document.fault(
            "config-unknown-reference",
            name.span.clone(),
            format!("{key} names {:?}, which is not {what}; there are: {}", name.value, all.join(", ")),
            "correct the name, or add the file",
        );
    }
}

pub(super) fn check_gate(document: &Document<'_>, gate: &At<DayOffset>) {
    let offset = gate.value;
    if offset.anchor() != 'D' || offset.days() > 0 || (offset.days() != 0 && !offset.counts_banking_days()) {
        document.fault(
            "gate-wrong",
            gate.span.clone(),
            format!("the gate is {offset}; it is counted in banking days back from the debit date D"),
            "write D-2BD",
        );
    }
}

fn registration_exceptions(file: &mut Section<'_>, banks: Option<&Banks>) -> Option<BTreeSet<BankCode>> {
    if !file.has("registration_exceptions") {
        return Some(BTreeSet::new());
    }
    let document = file.document();
    let codes = file.parsed_list::<BankCode>("registration_exceptions")?;
    if let Some(banks) = banks {
        for code in &codes {
            match banks.find(code.value) {
                Some(bank) if bank.code == code.value => {}
                other => {
                    let hint =
                        other.map_or(String::new(), |bank| format!("; write {}, its code now", bank.code));
                    document.fault(
                        "config-unknown-reference",
                        code.span.clone(),
                        format!("{} is no bank's own code{hint}", code.value),
                        "write a code of banks.toml",
                    );
                }
            }
        }
    }
    Some(codes.into_iter().map(|code| code.value).collect())
}

fn template(file: &mut Section<'_>) -> Option<Template> {
    let document = file.document();
    let text = file.text("bank_payer_no")?;
    match text.value.parse() {
        Ok(template) => Some(template),
        Err(why) => {
            let why: String = why;
            document.fault(
                "payer-no-template-wrong",
                text.span,
                format!("bank_payer_no {:?}: {why}", text.value),
                "write \"{creditor}{mandate:012}\"",
            );
            None
        }
    }
}

fn retry_rule(mut section: Section<'_>) -> Option<RetryRule> {
    let same_month = section.flag("same_month");
    let last = section.has("last_regular_day").then(|| section.number("last_regular_day", 1..=31));
    let document = section.document();
    let window = section.has("window_months").then(|| section.number("window_months", 1..=60));
    section.finish();
    if let (Some(true), Some(Some(window))) = (same_month, &window) {
        document.fault(
            "config-value-wrong",
            window.span.clone(),
            "window_months stands beside same_month = true: then no other month counts",
            "take one of the two out",
        );
        return None;
    }
    let window_months = match window {
        None => None,
        Some(number) => Some(u32::try_from(number?.value).ok()?),
    };
    let last_regular_day = match last {
        None => None,
        Some(number) => Some(u32::try_from(number?.value).ok()?),
    };
    Some(RetryRule { same_month: same_month?, window_months, last_regular_day })
}

fn layout_roles(
    mut section: Section<'_>,
    known: &BTreeSet<String>,
    needs_evidence: bool,
    one_service: bool,
) -> Option<LayoutRoles> {
    let document = section.document();
    let mut role = |key: &'static str, required: bool| -> Option<Option<String>> {
        if !required && !section.has(key) {
            return Some(None);
        }
        let name = section.text(key)?;
        refer(document, key, &name, known, "the name of a layout in formats");
        Some(Some(name.value.to_string()))
    };
    let registration_request = role("registration_request", true);
    let registration_result = role("registration_result", true);
    let collection = if one_service {
        let (request, result) = (role("collection_request", true), role("collection_result", true));
        request.flatten().zip(result.flatten()).map(Some)
    } else {
        Some(None)
    };
    let evidence = role("evidence", needs_evidence);
    section.finish();
    Some(LayoutRoles {
        registration_request: registration_request??,
        registration_result: registration_result??,
        collection: collection?,
        evidence: evidence?,
    })
}

/// Reads a window and checks that its times follow one another on every banking day of a sample year.
pub(super) fn window(
    mut section: Section<'_>,
    anchor: char,
    calendar: Option<&Calendar>,
) -> Option<WindowPlan> {
    let document = section.document();
    let cutoff = section.parsed::<Offset>("cutoff");
    let deadline = section.parsed::<Offset>("deadline");
    let result_due = section.parsed::<Offset>("result_due");
    section.finish();
    let (cutoff, deadline, result_due) = (cutoff?, deadline?, result_due?);
    let mut same_anchor = true;
    for offset in [&cutoff, &deadline, &result_due] {
        if offset.value.day().anchor() != anchor {
            same_anchor = false;
            document.fault(
                "window-anchor-wrong",
                offset.span.clone(),
                format!("{} is not counted from {anchor}", offset.value),
                "count registrations from X, the day of the file, collections from D, the debit date, and payments from P, the deposit date",
            );
        }
    }
    if let Some(calendar) = calendar.filter(|_| same_anchor) {
        let pairs =
            [("cutoff", &cutoff, "deadline", &deadline), ("deadline", &deadline, "result_due", &result_due)];
        for (first, earlier, second, later) in pairs {
            let Some(day) = first_reversed(earlier.value, later.value, second == "result_due", calendar)
            else {
                continue;
            };
            let (early, late) = (earlier.value.instant(calendar, day), later.value.instant(calendar, day));
            document.fault(
                "window-reversed",
                later.span.clone(),
                format!("for {anchor} = {day} the {first} is at {early} and the {second} at {late}"),
                "let the times follow one another: cutoff, deadline, result_due",
            );
        }
    }
    Some(WindowPlan { cutoff: cutoff.value, deadline: deadline.value, result_due: result_due.value })
}

/// The first banking day of 2025 (a year with a long run of holidays) on which `later` comes before `earlier`.
pub(super) fn first_reversed(
    earlier: Offset,
    later: Offset,
    strictly: bool,
    calendar: &Calendar,
) -> Option<Date> {
    let days = (1..=365).filter_map(|nth| Date::from_year_day(2025, nth));
    days.filter(|day| calendar.is_open(*day)).find(|day| {
        let (first, second) = (earlier.instant(calendar, *day), later.instant(calendar, *day));
        second < first || (strictly && second == first)
    })
}

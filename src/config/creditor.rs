//! `creditors/<eight digits>.toml`: one 이용기관: its contract, what it collects for, when failed debits are tried again
//! (product.md F01-F08, F13, F18).

use super::applications::{self, OwnPolicies};
use super::channel::Channel;
use super::collecting::{self, CashRules, ProposalPlan};
use super::compile::PassbookCheck;
use super::document::{At, Document, Section, wrong_kind};
use super::group::{self, Group};
use super::profile::{MOST_WON, Profile, RetryRule};
use super::report_plan::{self, ReportPlan};
use super::settlement::{self, Settlement};
use crate::calendar::{Calendar, Offset};
use crate::domain::ContractDay;
use crate::domain::{ChannelId, CreditorId, IdNo, IdNoError, Instant, ItemCode, Month, Won};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

/// What stands on a creditor's papers (F05).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its name.
    pub name: String,
    /// 대표자.
    pub representative: Option<String>,
    /// 사업자등록번호.
    pub business_no: Option<IdNo>,
    /// Its address.
    pub address: Option<String>,
    /// Its telephone, as papers show it.
    pub phone: Option<String>,
    /// 직인: the name of a PNG beside the creditor's file.
    pub stamp: Option<String>,
}

/// Whom to call (담당자). Has no clear `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// Whether what is open from earlier months is asked for together with the month's amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrears {
    /// Oldest first, as far as the limit per debit goes.
    Include,
    /// Only the month's amount.
    Exclude,
    /// A person says it for each payer who has some, in a list.
    Ask,
}

/// Who starts a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryMode {
    /// The schedule, on the days of the policy.
    Auto,
    /// A person, by a list.
    Manual,
}

/// How failed debits are tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Who starts a retry.
    pub mode: RetryMode,
    /// On which days of the month, in their order; of use in mode `auto`.
    pub days: Vec<ContractDay>,
    /// How many retries a charge may have, by schedule or by hand.
    pub max: u32,
    /// Only after these result codes, of those that allow a retry; empty is all of them.
    pub only_codes: Vec<String>,
}

impl RetryPolicy {
    /// Whether it is tried again after this code.
    pub fn wants(&self, code: &str) -> bool {
        self.only_codes.is_empty() || self.only_codes.iter().any(|wanted| wanted == code)
    }
}

/// 집금항목: what is collected for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeItem {
    /// Its code.
    pub code: ItemCode,
    /// Its name.
    pub name: String,
    /// What the payer's passbook shows, at most 16 bytes.
    pub passbook_text: String,
    /// Whether new mandates may be made for it.
    pub active: bool,
}

/// An 이용기관.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creditor {
    /// Eight digits, those of its file.
    pub id: CreditorId,
    /// Its name, that of `base`.
    pub name: String,
    /// What stands on its papers.
    pub base: Base,
    /// Whom to call.
    pub contact: Option<Contact>,
    /// 계산서담당자: who gets tax invoices.
    pub invoice: Option<Contact>,
    /// The channel that carries its records.
    pub channel: ChannelId,
    /// The debit service that carries its records unless a mandate or a request says otherwise; empty is the
    /// profile's first.
    pub service: String,
    /// The days on which it may debit, in their order.
    pub days: Vec<ContractDay>,
    /// The most won of one debit.
    pub limit_per_debit: Won,
    /// The most won of all its debits of one month.
    pub limit_per_month: Won,
    /// Whether charges are requested by the schedule, without a person.
    pub auto_request: bool,
    /// Whether arrears are asked for together with the month's amount.
    pub arrears: Arrears,
    /// How failed debits are tried again.
    pub retry: RetryPolicy,
    /// When the charges of a month are made, counted from its first day `M`.
    pub charges_at: Offset,
    /// When it is shown what may be requested; `None` where it is not.
    pub proposal: Option<ProposalPlan>,
    /// 현금수납.
    pub cash: CashRules,
    /// The lists, by word, of which no row is applied where one is refused.
    pub whole_lists: Vec<String>,
    /// What it collects for, by code.
    pub items: BTreeMap<ItemCode, ChargeItem>,
    /// Groups of payers, by code.
    pub groups: BTreeMap<ItemCode, Group>,
    /// What it says itself of applications that come in at banks.
    pub applications: OwnPolicies,
    /// 정산: when and for what fees it is paid; `None` where that is not sunap's to do.
    pub settlement: Option<Settlement>,
    /// Reports that come by themselves into its outbox.
    pub reports: Vec<ReportPlan>,
}

impl Creditor {
    /// When the charges of a month are made.
    pub fn charges_of(&self, calendar: &Calendar, month: Month) -> Instant {
        self.charges_at.instant(calendar, month.first_day())
    }
}

/// What a creditor refers to.
pub(super) struct Known<'k> {
    pub(super) channels: &'k BTreeMap<ChannelId, Arc<Channel>>,
    /// The names of all channel files, those with faults included.
    pub(super) channel_names: &'k BTreeSet<String>,
    pub(super) passbook: PassbookCheck,
}

struct Contract {
    channel: ChannelId,
    profile: Option<Arc<Profile>>,
    service: String,
    days: Vec<ContractDay>,
    limit_per_debit: Won,
    limit_per_month: Won,
    auto_request: bool,
    arrears: Arrears,
}

/// Reads and checks a creditor.
pub(super) fn read(document: &Document<'_>, known: &Known<'_>) -> Option<(At<CreditorId>, Creditor)> {
    let mut file = document.root();
    let id = file.parsed::<CreditorId>("id");
    let base = file.section("base").and_then(base);
    let contact = file.has("contact").then(|| file.section("contact").and_then(contact));
    let invoice = file.has("invoice").then(|| file.section("invoice").and_then(self::contact));
    let contract = file.section("contract").and_then(|section| contract(section, known));
    let (rule, days) = match &contract {
        Some(contract) => (contract.profile.as_ref().map(|profile| profile.retry), contract.days.as_slice()),
        None => (None, [].as_slice()),
    };
    let retry = file.section("retry").and_then(|section| retry_policy(section, rule, days));
    let profile = contract.as_ref().and_then(|contract| contract.profile.as_deref());
    let applications = applications::read_own(&mut file, profile);
    let has_items = file.has("item");
    let items = items(&mut file, known.passbook);
    let groups = group::read(&mut file);
    let settlement = settlement::read(&mut file);
    let answer_due = profile.map(|profile| profile.registration.result_due.time());
    let reports = report_plan::read(&mut file, answer_due);
    let (proposal, cash) = (collecting::proposal(&mut file), collecting::cash(&mut file));
    let (charges_at, whole_lists) = (collecting::charges(&mut file), collecting::whole_lists(&mut file));
    file.finish();
    if !has_items {
        document.file_fault(
            "config-list-empty",
            "no [[item]] stands here: a creditor collects for something (집금항목)",
            "add [[item]] with code, name and passbook_text",
        );
    }
    let (id, base, contract) = (id?, base?, contract?);
    let creditor = Creditor {
        id: id.value,
        name: base.name.clone(),
        base,
        contact: match contact {
            Some(contact) => Some(contact?),
            None => None,
        },
        invoice: match invoice {
            Some(invoice) => Some(invoice?),
            None => None,
        },
        channel: contract.channel,
        service: contract.service,
        days: contract.days,
        limit_per_debit: contract.limit_per_debit,
        limit_per_month: contract.limit_per_month,
        auto_request: contract.auto_request,
        arrears: contract.arrears,
        retry: retry?,
        charges_at: charges_at?,
        proposal: proposal?,
        cash: cash?,
        whole_lists: whole_lists?,
        items,
        groups,
        applications: applications?,
        settlement: settlement?,
        reports,
    };
    Some((id, creditor))
}

/// A text that may be left out; `None` only where it stands there and is wrong.
pub(super) fn optional_words(
    section: &mut Section<'_>,
    key: &'static str,
    most: usize,
) -> Option<Option<String>> {
    if section.has(key) { section.words(key, most).map(|words| Some(words.value)) } else { Some(None) }
}

fn base(mut section: Section<'_>) -> Option<Base> {
    let name = section.words("name", 40);
    let representative = optional_words(&mut section, "representative", 40);
    let address = optional_words(&mut section, "address", 200);
    let business_no =
        if section.has("business_no") { business_no(&mut section).map(Some) } else { Some(None) };
    let phone = optional_words(&mut section, "phone", 30);
    let stamp = if section.has("stamp") { stamp(&mut section).map(Some) } else { Some(None) };
    section.finish();
    Some(Base {
        name: name?.value,
        representative: representative?,
        business_no: business_no?,
        address: address?,
        phone: phone?,
        stamp: stamp?,
    })
}

/// A name beside the creditor's file, never a path: what lies elsewhere is not the creditor's.
fn stamp(section: &mut Section<'_>) -> Option<String> {
    let document = section.document();
    let name = section.words("stamp", 100)?;
    if !name.value.contains(['/', '\\']) && !name.value.starts_with('.') && name.value.ends_with(".png") {
        return Some(name.value);
    }
    document.fault(
        "config-value-wrong",
        name.span,
        "stamp (직인) is the name of a .png that lies beside this file, without a folder",
        "put the picture beside the file and write stamp = \"10000001.png\"",
    );
    None
}

fn business_no(section: &mut Section<'_>) -> Option<IdNo> {
    let document = section.document();
    let text = section.text("business_no")?;
    let why = match text.value.parse::<IdNo>() {
        Ok(number) if number.is_business() => return Some(number),
        Err(IdNoError::ResidentNumber) => "a resident number (주민등록번호) must not stand here",
        Err(IdNoError::CheckDigit) => "the check digit is wrong",
        _ => "it does not have ten digits",
    };
    document.fault(
        "config-value-wrong",
        text.span,
        format!("business_no (사업자등록번호): {why}"),
        "write the ten digits of the certificate",
    );
    None
}

fn contact(mut section: Section<'_>) -> Option<Contact> {
    let name = section.words("name", 40);
    let phone = optional_words(&mut section, "phone", 30);
    let email = optional_words(&mut section, "email", 100);
    section.finish();
    Some(Contact { name: name?.value, phone: phone?, email: email? })
}

fn contract(mut section: Section<'_>, known: &Known<'_>) -> Option<Contract> {
    let document = section.document();
    let channel = channel(&mut section, known);
    let days = days(&mut section, "days");
    let per_debit = section.number("limit_per_debit_won", 1..=MOST_WON);
    let per_month = section.number("limit_per_month_won", 1..=i64::MAX);
    let auto_request = section.flag("auto_request");
    let arrears = section.choice("arrears", &collecting::ARREARS);
    let profile =
        channel.as_ref().and_then(|id| known.channels.get(id)).map(|channel| channel.profile.clone());
    let service = service(&mut section, profile.as_deref());
    section.finish();
    if let (Some(debit), Some(month)) = (&per_debit, &per_month)
        && debit.value > month.value
    {
        document.fault(
            "limits-reversed",
            month.span.clone(),
            format!("limit_per_month_won {} is less than limit_per_debit_won {}", month.value, debit.value),
            "a single debit cannot be more than all of a month: correct one of the two",
        );
    }
    if let (Some(debit), Some(profile)) = (&per_debit, &profile)
        && let Some(least) = profile.services.iter().map(|service| service.min_amount_won).min()
        && Won::new(debit.value) < least
    {
        document.fault(
            "limit-below-minimum",
            debit.span.clone(),
            format!("{} won per debit; the network takes no less than {} won", debit.value, least),
            "raise limit_per_debit_won",
        );
    }
    let days = days?;
    if days.value.is_empty() {
        let remedy = "write the days of the contract (약정일), such as days = [5, 25, \"last\"]";
        document.fault("config-list-empty", days.span, "days has no day to debit on", remedy);
    }
    Some(Contract {
        channel: channel?,
        profile,
        service: service?,
        days: days.value,
        limit_per_debit: Won::new(per_debit?.value),
        limit_per_month: Won::new(per_month?.value),
        auto_request: auto_request?,
        arrears: arrears?.value,
    })
}

/// The debit service that the contract is for, by the name that the profile gives it; empty where none is named.
fn service(section: &mut Section<'_>, profile: Option<&Profile>) -> Option<String> {
    let document = section.document();
    if !section.has("service") {
        return Some(String::new());
    }
    let name = section.text("service")?;
    let Some(profile) = profile else { return Some(name.value.to_string()) };
    let found = profile.services.iter().find(|service| service.name == name.value);
    if found.is_none() {
        let all: Vec<&str> = profile.services.iter().map(|service| service.name.as_str()).collect();
        document.fault(
            "config-unknown-reference",
            name.span,
            format!(
                "the profile {} has no debit service {:?}; there are: {}",
                profile.name,
                name.value,
                all.join(", ")
            ),
            "correct the name, or take the line out: then the profile's first service is used",
        );
    }
    found.map(|service| service.name.clone())
}

fn channel(section: &mut Section<'_>, known: &Known<'_>) -> Option<ChannelId> {
    let document = section.document();
    let id = section.parsed::<ChannelId>("channel")?;
    if !known.channel_names.contains(id.value.as_str()) {
        let all: Vec<&str> = known.channel_names.iter().map(String::as_str).collect();
        document.fault(
            "config-unknown-reference",
            id.span,
            format!("there is no channel {}; there are: {}", id.value, all.join(", ")),
            "correct the name, or add channels/<id>.toml",
        );
    }
    Some(id.value)
}

/// A list of days: numbers 1-31 and `"last"`, in order, none twice. Wrong ones are noted and left out.
pub(super) fn days(section: &mut Section<'_>, key: &'static str) -> Option<At<Vec<ContractDay>>> {
    let document = section.document();
    let list = section.list(key)?;
    let mut seen = BTreeSet::new();
    for value in list.value {
        if let Some(day) = day(document, key, value)
            && !seen.insert(day)
        {
            document.fault("config-id-twice", value.span(), format!("{key} has {day} twice"), "take one out");
        }
    }
    // Only wrong days: they are told already, and "empty" would be told on top.
    if seen.is_empty() && !list.value.is_empty() {
        return None;
    }
    Some(At { value: seen.into_iter().collect(), span: list.span })
}

fn day(document: &Document<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<ContractDay> {
    let text = match value.get_ref() {
        DeValue::Integer(number) => number.to_string(),
        DeValue::String(text) => text.to_string(),
        _ => {
            wrong_kind(document, key, value, "a number of a day, or \"last\"");
            return None;
        }
    };
    match text.parse() {
        Ok(day) => Some(day),
        Err(why) => {
            let why: String = why;
            document.fault(
                "contract-day-impossible",
                value.span(),
                why,
                "write 1 to 31, or \"last\" for 말일",
            );
            None
        }
    }
}

fn retry_policy(
    mut section: Section<'_>,
    rule: Option<RetryRule>,
    regular: &[ContractDay],
) -> Option<RetryPolicy> {
    let document = section.document();
    let mode = section.choice("mode", &[("auto", RetryMode::Auto), ("manual", RetryMode::Manual)]);
    let max = section.number("max", 0..=31);
    let retry_days = if section.has("days") {
        days(&mut section, "days")
    } else {
        Some(At { value: Vec::new(), span: section.span() })
    };
    let only_codes = collecting::texts(&mut section, "only_codes");
    section.finish();
    let (mode, max, retry_days) = (mode?.value, max?, retry_days?);
    if mode == RetryMode::Auto && (retry_days.value.is_empty() || max.value == 0) {
        document.fault(
            "retry-without-days",
            retry_days.span.clone(),
            "mode \"auto\" needs days on which to retry, and max of 1 or more",
            "write days = [10, 20, \"last\"] and max = 2, or mode = \"manual\"",
        );
    }
    if let Some(rule) = rule.filter(|_| !regular.is_empty()) {
        let impossible: Vec<String> = retry_days
            .value
            .iter()
            .filter(|day| !rule.reaches(**day, regular))
            .map(ToString::to_string)
            .collect();
        if !impossible.is_empty() {
            let last = rule.last_regular_day.map_or(String::new(), |day| {
                format!(", and a debit of the {day}th or later is not tried again")
            });
            document.fault(
                "retry-day-impossible",
                retry_days.span,
                format!(
                    "no retry can fall on {}: a retry comes after its debit in the same month{last}",
                    impossible.join(", ")
                ),
                "take these days out",
            );
        }
    }
    let max = u32::try_from(max.value).ok()?;
    Some(RetryPolicy { mode, days: retry_days.value, max, only_codes: only_codes? })
}

fn items(file: &mut Section<'_>, passbook: PassbookCheck) -> BTreeMap<ItemCode, ChargeItem> {
    let document = file.document();
    let mut items = BTreeMap::new();
    for mut section in file.sections("item") {
        let code = section.parsed::<ItemCode>("code");
        let name = section.words("name", 40);
        let text = section.words("passbook_text", 40);
        let active = section.flag_or("active", true);
        section.finish();
        if let Some(text) = &text
            && let Err(why) = passbook(&text.value)
        {
            document.fault(
                "passbook-text-not-printable",
                text.span.clone(),
                format!("passbook_text (통장기재내용) {why}"),
                "shorten it, or use characters of KS X 1001",
            );
        }
        let (Some(code), Some(name), Some(text), Some(active)) = (code, name, text, active) else { continue };
        let item =
            ChargeItem { code: code.value.clone(), name: name.value, passbook_text: text.value, active };
        if items.insert(code.value.clone(), item).is_some() {
            let expected = format!("item {} stands twice", code.value);
            document.fault("config-id-twice", code.span, expected, "give each item a code of its own");
        }
    }
    items
}

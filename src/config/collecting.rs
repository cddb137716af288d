//! `[charges]`, `[proposal]`, `[cash]` and `[lists]` of a creditor: when charges are made, when it is shown what may be requested, and how cash and debits keep out of
//! each other's way (product.md F17, F19, D7, D8, E50).

use super::Config;
use super::creditor::Arrears;
use super::document::{Section, text_of};
use crate::calendar::Offset;
use crate::fault::{Fault, Faults, Place};

/// 의뢰 예정 목록: the sheet of what may be requested for a debit date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProposalPlan {
    /// When it is given, counted from the debit date: `D-2BD 15:00`.
    pub at: Offset,
}

/// What open arrears do to a request as long as nobody has said whether they were paid in cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashFirst {
    /// Nothing.
    Off,
    /// The proposal warns.
    Warn,
    /// The automatic request leaves the payer out; a list says in 미납 whether they join.
    Block,
}

/// 현금수납: what may be recorded, and until when it may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashRules {
    /// What open arrears do to a request.
    pub first: CashFirst,
    /// Only after a debit failed, was left out or was missed (D8); else as soon as the charge is made.
    pub only_after_failure: bool,
    /// A payment may be cancelled until this banking day of the month after it; then its month is closed.
    pub close_banking_day: u32,
}

impl Default for CashRules {
    fn default() -> Self {
        Self { first: CashFirst::Warn, only_after_failure: true, close_banking_day: 5 }
    }
}

/// Who decides whether arrears join a debit, where a list says nothing.
pub(super) const ARREARS: [(&str, Arrears); 3] =
    [("include", Arrears::Include), ("exclude", Arrears::Exclude), ("ask", Arrears::Ask)];

/// Reads a list of texts, such as `only_codes` of `[retry]`: empty where it is left out.
pub(super) fn texts(section: &mut Section<'_>, key: &'static str) -> Option<Vec<String>> {
    if !section.has(key) {
        return Some(Vec::new());
    }
    let document = section.document();
    let list = section.list(key)?;
    let texts: Vec<Option<String>> =
        list.value.iter().map(|value| text_of(document, key, value).map(|c| c.value.into())).collect();
    texts.into_iter().collect()
}

/// The lists that a creditor may drop, by the beginning of their names (a test holds them to `intake::Kind`).
pub const LISTS: [&str; 8] = ["payers", "mandates", "cancel", "request", "retry", "cash", "charges", "terms"];

/// Reads `all_or_nothing` of `[lists]`: the lists of which no row is applied where one is refused (product.md F14).
pub(super) fn whole_lists(file: &mut Section<'_>) -> Option<Vec<String>> {
    if !file.has("lists") {
        return Some(Vec::new());
    }
    let mut section = file.section("lists")?;
    let document = section.document();
    let span = section.list("all_or_nothing")?.span;
    let whole = texts(&mut section, "all_or_nothing")?;
    section.finish();
    if let Some(unknown) = whole.iter().find(|word| !LISTS.contains(&word.as_str())) {
        document.fault(
            "config-value-wrong",
            span,
            format!("{unknown:?} is no list"),
            format!("name lists as their files begin: {}", LISTS.join(", ")),
        );
        return None;
    }
    Some(whole)
}

/// Codes that a creditor's retry names and that its channel's table does not have, or has without a retry: such a line
/// would silently do nothing.
pub(super) fn check_codes(config: &Config, faults: &mut Faults) {
    for creditor in config.creditors.values() {
        let Some(channel) = config.channel_of(creditor.id) else { continue };
        let Some(table) = config.code_tables.get(&channel.profile.codes) else { continue };
        for code in creditor.retry.only_codes.iter().filter(|code| !table.retryable(code)) {
            faults.push(Fault::new(
                "config-unknown-reference",
                Place::file(format!("config/creditors/{}.toml", creditor.id)),
                format!(
                    "only_codes has {code:?}, and the code table {} allows no retry after it",
                    channel.profile.codes
                ),
                "name codes that have retry = true in formats/codes, such as \"0021\"",
            ));
        }
    }
}

/// Reads `[proposal]`; `None` where there is none or it is wrong.
pub(super) fn proposal(file: &mut Section<'_>) -> Option<Option<ProposalPlan>> {
    if !file.has("proposal") {
        return Some(None);
    }
    let mut section = file.section("proposal")?;
    let document = section.document();
    let at = section.parsed::<Offset>("at");
    section.finish();
    let at = at?;
    if at.value.day().anchor() != 'D' {
        document.fault(
            "window-anchor-wrong",
            at.span,
            format!("{} is not counted from D", at.value),
            "count from D, the debit date, such as \"D-2BD 15:00\"",
        );
        return None;
    }
    Some(Some(ProposalPlan { at: at.value }))
}

/// When the charges of a month are made unless the creditor says otherwise (decisions.md 10): counted from the month's first day.
const CHARGES_AT: &str = "M-1BD 00:30";

/// The earliest: the month before must be under way.
const EARLIEST_BANKING_DAYS: i64 = 15;

/// The latest on the last banking day before the month: what falls due on its first banking day is requested then, at 09:00.
const LATEST_SECONDS: u32 = 8 * 3600;

/// Reads `at` of `[charges]`.
pub(super) fn charges(file: &mut Section<'_>) -> Option<Offset> {
    if !file.has("charges") {
        return CHARGES_AT.parse().ok();
    }
    let mut section = file.section("charges")?;
    let document = section.document();
    let at = section.parsed::<Offset>("at");
    section.finish();
    let at = at?;
    let day = at.value.day();
    let in_time = day.days() < -1 || (day.days() == -1 && at.value.time().seconds() <= LATEST_SECONDS);
    let early = day.days() < -EARLIEST_BANKING_DAYS;
    if day.anchor() != 'M' || !day.counts_banking_days() || !in_time || early {
        document.fault(
            "config-value-wrong",
            at.span,
            format!("charges are made at {}: counted back from M, the month's first day, in banking days", at.value),
            format!(
                "write a time from \"M-{EARLIEST_BANKING_DAYS}BD 00:00\" to \"M-1BD 08:00\", such as \"{CHARGES_AT}\""
            ),
        );
        return None;
    }
    Some(at.value)
}

/// Reads `[cash]`; what is left out is as [`CashRules::default`].
pub(super) fn cash(file: &mut Section<'_>) -> Option<CashRules> {
    let usual = CashRules::default();
    if !file.has("cash") {
        return Some(usual);
    }
    let mut section = file.section("cash")?;
    let words = [("off", CashFirst::Off), ("warn", CashFirst::Warn), ("block", CashFirst::Block)];
    let first = if section.has("first") { section.choice("first", &words)?.value } else { usual.first };
    let only_after_failure = section.flag_or("only_after_failure", usual.only_after_failure);
    let close = if section.has("close_banking_day") {
        u32::try_from(section.number("close_banking_day", 1..=15)?.value).ok()?
    } else {
        usual.close_banking_day
    };
    section.finish();
    Some(CashRules { first, only_after_failure: only_after_failure?, close_banking_day: close })
}

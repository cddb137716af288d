//! Reads a rules file (TOML) into [`Rules`]. Every fault says file and line.
//!
//! Must not: play by the rules.

use super::rules::{
    Act, CentreRules, Cut, Draw, Harm, Matches, Mischief, Outgoing, Partial, Receipts, Rules, Service,
    Taking, VerdictRule, Which, WrongCharset,
};
use super::rules_shape::{
    RawAct, RawCentre, RawCentreFile, RawCharset, RawFile, RawHarm, RawMischief, RawOutgoing, RawThen,
    RawVerdict,
};
use crate::calendar::Offset;
use crate::domain::{ApplicationKind, BankCode, Date, Won};
use crate::fault::{Excerpt, Fault, Faults, Place};
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;

/// What the simulated centre says unless the rules file says otherwise.
const CENTRE: (&str, &str) =
    ("config/exchange/centre.toml", include_str!("../../config/exchange/centre.toml"));

impl Rules {
    /// Reads the rules; `file` is the name shown in faults.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Faults> {
        let mut page = Page { file, text, at: 0..0, faults: Faults::default() };
        let centre = centre_file()?;
        let Some(raw) = page.parse::<RawFile>() else { return Err(page.faults) };
        let rules = Self {
            seed: raw.seed,
            registration_answer: page.offset("registration", raw.answers.registration, 'X'),
            collection_answer: page.offset("collection", raw.answers.collection, 'D'),
            lead_minutes: i64::from(raw.answers.lead_minutes.unwrap_or(30)),
            centre: page.centre(raw.centre, centre),
            taking: Taking {
                minutes: i64::from(raw.taking.minutes),
                receipts: raw.taking.receipts.unwrap_or(Receipts::Always),
            },
            verdicts: raw.verdict.into_iter().map(|rule| page.verdict(rule)).collect(),
            mischiefs: raw.mischief.into_iter().filter_map(|rule| page.mischief(rule)).collect(),
            outgoings: raw.outgoing.into_iter().filter_map(|rule| page.outgoing(rule)).collect(),
            applications: raw.application.into_iter().filter_map(|rule| page.application(rule)).collect(),
        };
        if page.faults.is_empty() { Ok(rules) } else { Err(page.faults) }
    }
}

/// The shipped table of the centre's codes; a test holds that it is whole.
fn centre_file() -> Result<RawCentreFile, Faults> {
    let mut page = Page { file: CENTRE.0, text: CENTRE.1, at: 0..0, faults: Faults::default() };
    page.parse().ok_or(page.faults)
}

/// The text being read, the rule at hand, and what was found wrong.
pub(super) struct Page<'t> {
    file: &'t str,
    text: &'t str,
    pub(super) at: Range<usize>,
    faults: Faults,
}

impl Page<'_> {
    fn parse<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        match toml::from_str(self.text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.at = error.span().unwrap_or(0..0);
                self.fault(
                    "exchange-rules-unreadable",
                    error.message().to_string(),
                    "mend the line; config/exchange/README.md lists the keys of each table",
                );
                None
            }
        }
    }

    /// A fault at the rule at hand.
    fn fault(&mut self, name: &'static str, expected: impl Into<String>, remedy: &str) {
        let before = self.text.get(..self.at.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let text = self.text.lines().nth(line - 1).unwrap_or_default().trim_end().to_string();
        let place = Place::Line { file: self.file.to_string(), line, column: 0 };
        let excerpt = Excerpt { margin: line.to_string(), text, marker: String::new() };
        self.faults.push(Fault::new(name, place, expected, remedy).with_excerpt(excerpt));
    }

    pub(super) fn value_fault(&mut self, key: &str, said: &str) {
        let rule = self.at.clone();
        self.at = self.key_line(key).unwrap_or_else(|| rule.clone());
        self.fault("exchange-rule-value", format!("`{key}`: {said}"), "write a value that is possible");
        self.at = rule;
    }

    /// Where a key stands in the table at hand.
    fn key_line(&self, key: &str) -> Option<Range<usize>> {
        let mut at = self.at.start;
        for line in self.text.get(at..)?.split_inclusive('\n') {
            if at > self.at.start && line.starts_with('[') {
                break;
            }
            if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                return Some(at..at + line.len());
            }
            at += line.len();
        }
        None
    }

    pub(super) fn contradiction(&mut self, said: &str) {
        self.fault("exchange-rule-contradiction", said, "keep one of them, or make two rules of it");
    }

    pub(super) fn incomplete(&mut self, said: &str) {
        self.fault(
            "exchange-rule-incomplete",
            said,
            "add the key; config/exchange/README.md shows an example of each rule",
        );
    }

    pub(super) fn value<T: FromStr<Err = String>>(&mut self, key: &str, text: Option<String>) -> Option<T> {
        match text?.parse() {
            Ok(value) => Some(value),
            Err(said) => {
                self.value_fault(key, &said);
                None
            }
        }
    }

    fn offset(&mut self, key: &str, text: Option<Spanned<String>>, anchor: char) -> Option<Offset> {
        let text = text?;
        self.at = text.span();
        let offset: Offset = self.value(key, Some(text.into_inner()))?;
        if offset.day().anchor() != anchor {
            self.value_fault(
                key,
                &format!("is counted from {anchor}, the file's date: write {anchor}+1BD 10:30"),
            );
        }
        Some(offset)
    }

    fn centre(&mut self, raw: RawCentre, shipped: RawCentreFile) -> CentreRules {
        let mut codes = shipped.codes;
        for (check, code) in raw.codes {
            self.at = code.span();
            let code = self.code(code.into_inner());
            codes.insert(check, code);
        }
        CentreRules {
            limit: raw.limit_won.map(|won| Won::new(i64::from(won))),
            payer_no_bytes: raw.payer_no_bytes.map(usize::from),
            registered_before: raw.registered_before,
            codes,
            layout_faults: shipped.layout_faults,
        }
    }

    /// A 불능코드 is four letters or digits, or blank; a transfer code may be shorter.
    fn code(&mut self, code: String) -> String {
        if code.len() > 4 || !code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            self.value_fault(
                "code",
                &format!("{code:?} is not a code: at most four digits or capital letters"),
            );
        }
        code
    }

    fn digits(&mut self, key: &str, text: Option<String>) -> Option<String> {
        let text = text?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            self.value_fault(key, "holds digits only, without hyphens");
        }
        Some(text)
    }

    fn verdict(&mut self, rule: Spanned<RawVerdict>) -> VerdictRule {
        self.at = rule.span();
        let raw = rule.into_inner();
        self.verdict_keys(&raw);
        let partial = match (raw.partial_won, raw.partial_percent) {
            (Some(won), _) => Some(Partial::Won(i64::from(won))),
            (_, Some(percent)) => Some(Partial::Percent(percent)),
            (None, None) => None,
        };
        let draw = match (raw.every, raw.percent) {
            (Some(n), _) => {
                Some(Draw { hits: 1, of: u64::from(n.max(1)), same_every_date: raw.same_every_date })
            }
            (_, Some(p)) => Some(Draw { hits: u64::from(p), of: 100, same_every_date: raw.same_every_date }),
            (None, None) => None,
        };
        VerdictRule {
            service: raw.on,
            matches: Matches {
                account: self.digits("account", raw.account),
                account_ends: self.digits("account_ends", raw.account_ends),
                amount_won: raw.amount_won.map(i64::from),
                amount_over_won: raw.amount_over_won.map(i64::from),
                amount_ends: self.digits("amount_ends", raw.amount_ends),
                bank_payer_no: raw.bank_payer_no,
                bank_payer_no_ends: raw.bank_payer_no_ends,
                bank: self.value::<BankCode>("bank", raw.bank),
                kind: self.kind(raw.kind),
                date: self.value("date", raw.date),
                from: self.value("from", raw.from),
                until: self.value("until", raw.until),
                attempt: raw.attempt,
                draw,
            },
            code: raw.code.map(|code| self.code(code)),
            partial,
            against_mode: raw.against_mode,
            times: raw.times.map(u64::from),
        }
    }

    fn kind(&mut self, word: Option<String>) -> Option<ApplicationKind> {
        let word = word?;
        let kind = ApplicationKind::from_word(&word);
        if kind.is_none() {
            self.value_fault("kind", "is register or cancel");
        }
        kind
    }

    /// Which keys of a verdict do not go together.
    fn verdict_keys(&mut self, raw: &RawVerdict) {
        let partial = raw.partial_won.is_some() || raw.partial_percent.is_some();
        match (&raw.code, raw.succeed) {
            (None, false) => self.incomplete("a verdict says a `code` or `succeed = true`"),
            (Some(_), true) => self.contradiction("`code` is for a failure; this rule also says `succeed`"),
            _ => {}
        }
        if raw.succeed && partial {
            self.contradiction("a partial debit has a code; this rule says `succeed`");
        }
        if raw.partial_won.is_some() && raw.partial_percent.is_some() {
            self.contradiction("`partial_won` and `partial_percent` both say how much is taken");
        }
        if raw.every.is_some() && raw.percent.is_some() {
            self.contradiction("`every` and `percent` both say how many are drawn");
        }
        if raw.same_every_date && raw.every.is_none() && raw.percent.is_none() {
            self.contradiction("`same_every_date` is about a draw, and there is no `every` or `percent`");
        }
        if raw.against_mode && !partial {
            self.contradiction("`against_mode` is about a partial debit, and there is none");
        }
        if raw.date.is_some() && (raw.from.is_some() || raw.until.is_some()) {
            self.contradiction("`date` is one day; `from` and `until` are a span");
        }
        let amount = raw.amount_won.is_some() || raw.amount_over_won.is_some() || raw.amount_ends.is_some();
        match raw.on {
            Service::Registration if partial || amount || raw.attempt.is_some() => {
                self.contradiction("a registration has no amount and no attempt");
            }
            Service::Payout if partial || raw.kind.is_some() || raw.attempt.is_some() => {
                self.contradiction("a payment has no `kind`, no part and no attempt");
            }
            Service::Evidence => self.contradiction("evidence has no result, only [[outgoing]] rules"),
            Service::Application => self.contradiction("applications have their own rules: [[application]]"),
            Service::Collection if raw.kind.is_some() => self.contradiction("a collection has no `kind`"),
            _ => {}
        }
        self.verdict_values(raw);
    }

    /// Which numbers and days of a verdict are impossible.
    fn verdict_values(&mut self, raw: &RawVerdict) {
        for (key, value, span) in [
            ("percent", raw.percent, 1..=100),
            ("partial_percent", raw.partial_percent, 1..=99),
            ("every", raw.every, 1..=u32::MAX),
            ("attempt", raw.attempt, 1..=u32::MAX),
            ("times", raw.times, 1..=u32::MAX),
            ("partial_won", raw.partial_won, 1..=u32::MAX),
        ] {
            if value.is_some_and(|n| !span.contains(&n)) {
                let most =
                    if *span.end() == u32::MAX { String::new() } else { format!(" to {}", span.end()) };
                self.value_fault(
                    key,
                    &format!("is {}{most}{}", span.start(), if most.is_empty() { " or more" } else { "" }),
                );
            }
        }
        let day = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<Date>().ok());
        if let (Some(from), Some(until)) = (day(&raw.from), day(&raw.until))
            && from > until
        {
            self.value_fault("from", &format!("{from} is after until = {until}"));
        }
    }

    fn which(&mut self, date: Option<String>, nth: Option<u32>) -> Which {
        if date.is_some() && nth.is_some() {
            self.contradiction("`date` and `nth` both say which file");
        }
        match nth {
            Some(0) => {
                self.value_fault("nth", "is 1 or more");
                Which::Every
            }
            Some(n) => Which::Nth(u64::from(n)),
            None => self.value("date", date).map_or(Which::Every, Which::Date),
        }
    }

    fn mischief(&mut self, rule: Spanned<RawMischief>) -> Option<Mischief> {
        self.at = rule.span();
        let mut raw = rule.into_inner();
        let which = self.which(raw.date.take(), raw.nth);
        self.mischief_keys(&raw);
        let minutes = || match (raw.minutes, raw.days) {
            (None, None) => None,
            (m, d) => {
                Some(i64::from(m.unwrap_or(0)).saturating_add(i64::from(d.unwrap_or(0)).saturating_mul(1440)))
            }
        };
        let what = match raw.what {
            RawHarm::Late => {
                let by = minutes();
                if by.is_none() {
                    self.incomplete("`late` says by how much: `minutes = 90` or `days = 1`");
                }
                Harm::Late(by?)
            }
            RawHarm::Missing => Harm::Missing,
            RawHarm::Duplicate => Harm::Duplicate {
                after_minutes: minutes().unwrap_or(1).max(1),
                other_name: self.other_name(raw.other_name.take()),
            },
            RawHarm::Truncated => Harm::Truncated(match (raw.keep_bytes, raw.keep_records) {
                (Some(n), _) => Cut::Bytes(u64::from(n)),
                (_, Some(n)) => Cut::Records(u64::from(n)),
                (None, None) => Cut::BeforeTrailer,
            }),
            RawHarm::WrongCount => Harm::WrongCount,
            RawHarm::WrongSum => Harm::WrongSum,
            RawHarm::WrongCharset => Harm::WrongCharset(match raw.charset {
                Some(RawCharset::CutHangul) => WrongCharset::CutHangul,
                Some(RawCharset::Utf8) | None => WrongCharset::Utf8,
            }),
            RawHarm::WrongDate => Harm::WrongDate,
            RawHarm::OtherInstitution => {
                let code = raw.institution.take();
                if code.is_none() {
                    self.incomplete("`other-institution` says which: `institution = \"9912345678\"`");
                }
                let code = self.digits("institution", code)?;
                if code.len() != 10 {
                    self.value_fault("institution", "has ten digits");
                }
                Harm::OtherInstitution(code)
            }
            RawHarm::ForeignLine => Harm::ForeignLine,
            RawHarm::WrongPayer => Harm::WrongPayer,
            RawHarm::Shuffled => Harm::Shuffled,
            RawHarm::CrLf => Harm::CrLf,
        };
        let corrected_after = raw.then.map(|RawThen::Corrected| i64::from(raw.after_minutes.unwrap_or(60)));
        Some(Mischief { service: raw.on, which, what, corrected_after })
    }

    /// Which keys of a mischief do not belong to what it does.
    fn mischief_keys(&mut self, raw: &RawMischief) {
        let timed = matches!(raw.what, RawHarm::Late | RawHarm::Duplicate);
        let cut = raw.what == RawHarm::Truncated;
        for (key, present, fits) in [
            ("minutes", raw.minutes.is_some(), timed),
            ("days", raw.days.is_some(), timed),
            ("other_name", raw.other_name.is_some(), raw.what == RawHarm::Duplicate),
            ("keep_bytes", raw.keep_bytes.is_some(), cut && raw.keep_records.is_none()),
            ("keep_records", raw.keep_records.is_some(), cut),
            ("charset", raw.charset.is_some(), raw.what == RawHarm::WrongCharset),
            ("institution", raw.institution.is_some(), raw.what == RawHarm::OtherInstitution),
            ("then", raw.then.is_some(), !timed),
            ("after_minutes", raw.after_minutes.is_some(), raw.then.is_some()),
        ] {
            if present && !fits {
                self.contradiction(&format!("`{key}` says nothing here beside the rule's other keys"));
            }
        }
        if raw.on == Service::Application {
            self.contradiction(
                "no result comes to an answer: a mischief is on registration, collection or payout",
            );
        }
        if raw.what == RawHarm::WrongSum && raw.on == Service::Registration {
            self.contradiction("a registration result has no sum; `wrong-count` is possible");
        }
    }

    fn other_name(&mut self, name: Option<String>) -> Option<String> {
        let name = name?;
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0', '\n']) || name.len() > 100 {
            self.value_fault("other_name", "is a plain file name, with {name} and {year} where they go");
        }
        Some(name)
    }

    fn outgoing(&mut self, rule: Spanned<RawOutgoing>) -> Option<Outgoing> {
        self.at = rule.span();
        let mut raw = rule.into_inner();
        let which = self.which(raw.date.take(), raw.nth);
        let refuse = raw.what == RawAct::Refuse;
        for (key, present, fits) in [
            ("code", raw.code.is_some(), refuse),
            ("record", raw.record.is_some(), refuse),
            ("why", raw.why.is_some(), refuse),
            ("minutes", raw.minutes.is_some(), raw.what == RawAct::Slow),
        ] {
            if present && !fits {
                self.contradiction(&format!("`{key}` says nothing here beside the rule's other keys"));
            }
        }
        let act = match raw.what {
            RawAct::NoReceipt => Act::NoReceipt,
            RawAct::Slow => {
                if raw.minutes.is_none() {
                    self.incomplete("`slow` says how long: `minutes = 30`");
                }
                Act::Slow(i64::from(raw.minutes?))
            }
            RawAct::Refuse => {
                if raw.code.is_none() {
                    self.incomplete("`refuse` says why: it needs a `code`");
                }
                let code = raw.code.map(|code| self.code(code))?;
                Act::Refuse {
                    code,
                    record: raw.record.map(u64::from),
                    why: raw.why.unwrap_or_else(|| "시험 규칙에 따른 거절 (refused by a rule)".into()),
                }
            }
        };
        Some(Outgoing { service: raw.on, which, act })
    }
}

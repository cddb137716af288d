//! What ties the records of a file together: their order, serials, equal fields, the file's name and date, counts and
//! sums. The reader and the writer walk through the same [`Progress`], so that what is written would be read.
//!
//! Constant memory, but for series that must be unique: these keep one bit per number seen.

use super::field::{DateValue, FieldFlaw, date_value, number_value};
use super::flaw::Flaw;
use super::plan::{
    Equals, Feed, Feeding, FieldIx, FieldPlan, Kind, Layout, RecordIx, RecordPlan, SeriesPlan, Sign,
};
use super::print;
use super::raw::SerialRule;
use super::summary::CheckOutcome;
use super::word::Word;
use crate::domain::Date;
use std::collections::HashMap;

/// A flaw of a record that has gone by: a number stated before what it counts.
#[derive(Debug)]
pub(crate) struct LateFlaw {
    pub(crate) kind: RecordIx,
    pub(crate) no: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) flaw: Flaw,
}

#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) last: Option<u64>,
    seen: HashMap<u64, u64>,
}

impl Series {
    /// Goes on to a number that is right by the rule; else nothing has changed.
    #[inline]
    pub(super) fn continues(&mut self, rules: &SeriesPlan, found: u64) -> bool {
        let right = match rules.rule {
            SerialRule::Consecutive => found == self.last.map_or(rules.start, |last| last.saturating_add(1)),
            SerialRule::Ascending => self.last.is_none_or(|last| found > last),
            SerialRule::Free => true,
            SerialRule::Unique => {
                let word = self.seen.entry(found >> 6).or_default();
                let before = *word;
                *word |= 1 << (found & 63);
                before != *word
            }
        };
        if right {
            self.last = Some(found);
        }
        right
    }
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Total {
    pub(super) value: i128,
    /// Something that counts could not be read.
    tainted: bool,
}

#[derive(Debug)]
struct Stated {
    value: Option<i64>,
    no: u64,
    bytes: Vec<u8>,
}

/// How far a file has come.
#[derive(Debug)]
pub(crate) struct Progress<'l> {
    pub(super) layout: &'l Layout,
    pub(super) state: u16,
    /// Records seen of each kind.
    pub(crate) counts: Vec<u64>,
    pub(super) series: Vec<Series>,
    slots: Vec<Option<Vec<u8>>>,
    /// The same, each as a word where it fits into one.
    pub(super) words: Vec<Option<u128>>,
    pub(super) totals: Vec<Total>,
    stated: Vec<Option<Stated>>,
    outcomes: Vec<Option<CheckOutcome>>,
    /// The file's date, once its field was read.
    pub(crate) date: Option<Date>,
    own_name: Option<String>,
    arrived_as: Option<String>,
    /// A record could not be told: whatever comes next is taken as in order, so that one fault is not told twice.
    pub(super) lost: bool,
    pub(crate) late: Vec<LateFlaw>,
}

impl<'l> Progress<'l> {
    /// The beginning of a file that arrived under a name (or path), where it did.
    pub(crate) fn new(layout: &'l Layout, arrived_as: Option<&str>) -> Self {
        let base = arrived_as.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name).to_string());
        Self {
            layout,
            state: 0,
            counts: vec![0; layout.records.len()],
            series: layout.series.iter().map(|_| Series::default()).collect(),
            slots: vec![None; layout.slots.len()],
            words: vec![None; layout.slots.len()],
            totals: vec![Total::default(); layout.checks.len()],
            stated: layout.checks.iter().map(|_| None).collect(),
            outcomes: vec![None; layout.checks.len()],
            date: None,
            own_name: None,
            arrived_as: base,
            lost: false,
            late: Vec::new(),
        }
    }

    /// A record of unknown kind or length went by: no count or sum can be trusted any more.
    pub(crate) fn taint(&mut self) {
        self.lost = true;
        for total in &mut self.totals {
            total.tainted = true;
        }
    }

    pub(crate) fn may_end(&self) -> bool {
        self.layout.order.may_end(self.state)
    }

    /// The kinds that may come now, for a sentence.
    pub(crate) fn expected(&self) -> String {
        let names: Vec<&str> = self
            .layout
            .order
            .expected(self.state)
            .filter_map(|ix| self.layout.records.get(ix).map(|record| record.name.as_str()))
            .collect();
        if names.is_empty() { "the end of the file".into() } else { names.join(" or ") }
    }

    /// Takes a record into account; `no` is its number in the file.
    pub(crate) fn observe(&mut self, kind: RecordIx, record: &[u8], no: u64, flaws: &mut Vec<Flaw>) {
        let layout = self.layout;
        let Some(plan) = layout.plan(kind) else { return };
        match layout.order.step(self.state, kind.index()) {
            Some(next) => self.state = next,
            None => {
                if !self.lost {
                    let expected = format!("Here must come {}; this is {}", self.expected(), plan.name);
                    flaws.push(Flaw::of_record("record-out-of-order", expected));
                }
                self.state = layout.order.resume_after(kind.index());
            }
        }
        for scope in &plan.opens {
            self.open(*scope);
        }
        self.look_at_date(kind, plan, record, flaws);
        for ix in &plan.equal {
            if let Some(field) = plan.field(*ix) {
                self.compare(*ix, field, record, flaws);
            }
        }
        for (slot_ix, ix) in &plan.captures {
            if let (Some(slot), Some(field)) = (self.slots.get_mut(*slot_ix), plan.field(*ix)) {
                let bytes = slot.get_or_insert_default();
                bytes.clear();
                bytes.extend_from_slice(field.cut(record));
                if let Some(word) = self.words.get_mut(*slot_ix) {
                    *word = Word::of(bytes);
                }
            }
        }
        for (series, ix) in &plan.serials {
            self.number(*series, *ix, plan, record, flaws);
        }
        self.lost &= plan.serials.is_empty();
        if let Some(count) = self.counts.get_mut(kind.index()) {
            *count += 1;
        }
        for feed in &plan.feeds {
            if let Some(total) = self.totals.get_mut(feed.check) {
                match contribution(plan, feed, record) {
                    Some(amount) => total.value = total.value.saturating_add(amount),
                    None => total.tainted = true,
                }
            }
        }
        for check in &plan.states {
            self.state_number(*check, plan, record, no, flaws);
        }
    }

    /// A scope begins (anew): what was stated early in the last one is judged, and everything of the scope starts afresh.
    fn open(&mut self, scope: usize) {
        let layout = self.layout;
        for (ix, check) in layout.checks.iter().enumerate().filter(|(_, check)| check.scope == scope) {
            if check.late {
                self.judge_late(ix);
            }
            if let Some(total) = self.totals.get_mut(ix) {
                *total = Total::default();
            }
        }
        for (series, plan) in self.series.iter_mut().zip(&layout.series) {
            if plan.scope == scope {
                *series = Series::default();
            }
        }
        let slots = self.slots.iter_mut().zip(&mut self.words).zip(&layout.slots);
        for ((slot, word), _) in slots.filter(|(_, of)| **of == scope) {
            (*slot, *word) = (None, None);
        }
    }

    fn look_at_date(&mut self, kind: RecordIx, plan: &RecordPlan, record: &[u8], flaws: &mut Vec<Flaw>) {
        if let Some((of, ix)) = self.layout.date
            && of == kind
            && let Some(field) = plan.field(ix)
            && let Some(date) = day_of(field, record)
        {
            self.date = Some(date);
            self.own_name = Some(self.layout.file_name(date));
            let said = self.arrived_as.as_deref().and_then(|name| self.layout.matches_file_name(name));
            if let (Some(said), Some(name)) = (said, &self.arrived_as)
                && !said.agrees(date)
            {
                let expected = format!("must be the date in the file's name, {name}; it is {date}");
                flaws.push(Flaw::in_field("file-name-differs", ix, expected));
            }
        }
        let Some(own) = &self.own_name else { return };
        for ix in &plan.file_names {
            let raw = plan.field(*ix).map_or(&[][..], |field| field.cut(record));
            if raw.trim_ascii_end() != own.as_bytes() && !raw.trim_ascii_end().is_empty() {
                flaws.push(Flaw::in_field(
                    "file-name-differs",
                    *ix,
                    format!("must be {own:?}, by the file's date"),
                ));
            }
        }
    }

    fn compare(&self, ix: FieldIx, field: &FieldPlan, record: &[u8], flaws: &mut Vec<Flaw>) {
        let Some(equals) = field.equals else { return };
        let raw = field.cut(record);
        let said = self.slots.get(equals.slot).and_then(Option::as_ref);
        if said.is_some_and(|said| same_value(said, raw)) || raw.trim_ascii().is_empty() {
            return;
        }
        let other = self.named(equals);
        match said {
            Some(_) if field.sensitive || self.hides(equals) => {
                flaws.push(Flaw::in_field("not-equal", ix, format!("must be the same as {other}")));
            }
            Some(said) => {
                let said = self.layout.encoding.decode_for_show(said);
                let expected = format!("must be the same as {other}, which is {:?}", said.trim());
                flaws.push(Flaw::in_field("not-equal", ix, expected));
            }
            None => {
                let expected = format!("must be the same as {other}, but there is none before this record");
                flaws.push(Flaw::in_field("not-equal", ix, expected));
            }
        }
    }

    /// Whether the field that must be equalled is a personal number.
    fn hides(&self, equals: Equals) -> bool {
        let other = self.layout.plan(equals.record).and_then(|record| record.field(equals.field));
        other.is_some_and(|field| field.sensitive)
    }

    fn named(&self, equals: Equals) -> String {
        let record = self.layout.plan(equals.record);
        let field = record.and_then(|record| record.field(equals.field));
        format!("{}.{}", record.map_or("", |r| &r.name), field.map_or("", |f| &f.name))
    }

    fn number(
        &mut self,
        series: usize,
        ix: FieldIx,
        plan: &RecordPlan,
        record: &[u8],
        flaws: &mut Vec<Flaw>,
    ) {
        let (Some(state), Some(rules)) = (self.series.get_mut(series), self.layout.series.get(series)) else {
            return;
        };
        let next = state.last.map_or(rules.start, |last| last.saturating_add(1));
        let found = plan.field(ix).and_then(|field| number_value(plan, field, record));
        let Some(found) = found.and_then(|n| u64::try_from(n).ok()) else {
            state.last = Some(next);
            return;
        };
        match rules.rule {
            SerialRule::Consecutive | SerialRule::Ascending if self.lost => {}
            SerialRule::Consecutive if found != next => {
                flaws.push(Flaw::in_field(
                    "serial-wrong",
                    ix,
                    format!("must be {next}, the next number; it is {found}"),
                ));
            }
            SerialRule::Ascending if state.last.is_some_and(|last| found <= last) => {
                let last = state.last.unwrap_or(0);
                let expected = format!("must be more than {last}, the one before; it is {found}");
                flaws.push(Flaw::in_field("serial-wrong", ix, expected));
            }
            SerialRule::Unique => {
                let word = state.seen.entry(found >> 6).or_default();
                let bit = 1 << (found & 63);
                if *word & bit != 0 {
                    let expected = format!("must occur once; {found} has been in this file before");
                    flaws.push(Flaw::in_field("serial-twice", ix, expected));
                }
                *word |= bit;
            }
            _ => {}
        }
        state.last = Some(found);
    }

    fn state_number(&mut self, ix: usize, plan: &RecordPlan, record: &[u8], no: u64, flaws: &mut Vec<Flaw>) {
        let Some(check) = self.layout.checks.get(ix) else { return };
        let value = plan.field(check.field).and_then(|field| number_value(plan, field, record));
        if check.late {
            if let Some(stated) = self.stated.get_mut(ix) {
                *stated = Some(Stated { value, no, bytes: record.to_vec() });
            }
            return;
        }
        if let Some(flaw) = self.judge(ix, value) {
            flaws.push(flaw);
        }
    }

    fn judge_late(&mut self, ix: usize) {
        let Some(stated) = self.stated.get_mut(ix).and_then(Option::take) else { return };
        let Some(check) = self.layout.checks.get(ix) else { return };
        if let Some(flaw) = self.judge(ix, stated.value) {
            self.late.push(LateFlaw { kind: check.record, no: stated.no, bytes: stated.bytes, flaw });
        }
    }

    /// Compares a stated number with what was counted, and keeps the outcome (the first that fails, else the last).
    fn judge(&mut self, ix: usize, stated: Option<i64>) -> Option<Flaw> {
        let check = self.layout.checks.get(ix)?;
        let total = self.totals.get(ix).copied()?;
        let counted = self.result(ix, total.value);
        let holds = stated.is_some_and(|stated| i128::from(stated) == counted) && !total.tainted;
        let clamp = |n: i128| i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX });
        let outcome = CheckOutcome {
            name: check.name.clone(),
            stated: stated.unwrap_or(0),
            counted: clamp(counted),
            holds,
        };
        if let Some(kept) = self.outcomes.get_mut(ix)
            && kept.as_ref().is_none_or(|kept| kept.holds)
        {
            *kept = Some(outcome);
        }
        if holds || total.tainted {
            return None;
        }
        let stated = stated?;
        let (name, how) =
            if check.is_sum { ("sum-differs", "adding up") } else { ("count-differs", "counting") };
        let rule =
            format!("says {stated}, but {how} the records gives {counted} (check at line {})", check.line);
        Some(Flaw::in_field(name, check.field, rule))
    }

    /// A total as it is stated: rounded up to blocks, reduced by `mod`.
    fn result(&self, ix: usize, total: i128) -> i128 {
        let Some(check) = self.layout.checks.get(ix) else { return total };
        let total = match check.per_records {
            Some(size) => total.saturating_add(i128::from(size) - 1).div_euclid(i128::from(size.max(1))),
            None => total,
        };
        check.modulus.map_or(total, |modulus| total.rem_euclid(i128::from(modulus.max(1))))
    }

    /// The end of the file: numbers stated early are judged. Says what is missing, where something is.
    pub(crate) fn end(&mut self) -> Option<String> {
        let layout = self.layout;
        for (ix, _) in layout.checks.iter().enumerate().filter(|(_, check)| check.late) {
            self.judge_late(ix);
        }
        (!self.may_end()).then(|| self.expected())
    }

    /// How each check came out.
    pub(crate) fn outcomes(&mut self) -> Vec<CheckOutcome> {
        std::mem::take(&mut self.outcomes).into_iter().flatten().collect()
    }

    /// Fills in what follows from the records before and from this one: equal fields, serials, the file's name, counts
    /// and sums; only fields that are not `set` yet, which they are then.
    pub(crate) fn fill(&self, kind: RecordIx, row: &mut [u8], set: &mut [bool]) -> Result<(), Flaw> {
        let Some(plan) = self.layout.plan(kind) else { return Ok(()) };
        let early = plan.equal.iter().chain(plan.serials.iter().map(|(_, ix)| ix));
        for ix in early {
            if let Some(field) = plan.field(*ix)
                && !is_set(set, *ix)
                && self.print_early(plan, field, row).map_err(|flaw| Flaw::of_field(*ix, field, flaw))?
            {
                now_set(set, *ix);
            }
        }
        let day = self.layout.date.filter(|(of, _)| *of == kind).and_then(|(_, ix)| plan.field(ix));
        let own = day.and_then(|field| day_of(field, row)).map(|date| self.layout.file_name(date));
        if let Some(name) = own.as_ref().or(self.own_name.as_ref()) {
            for ix in &plan.file_names {
                if let Some(field) = plan.field(*ix)
                    && !is_set(set, *ix)
                {
                    print::print_text(field, self.layout.encoding, name, row, &mut Vec::new())
                        .map_err(|flaw| Flaw::of_field(*ix, field, flaw))?;
                    now_set(set, *ix);
                }
            }
        }
        if plan.states.is_empty() {
            return Ok(());
        }
        for (at, field) in plan.fields.iter().enumerate() {
            let ix = FieldIx(u16::try_from(at).unwrap_or(u16::MAX));
            let Some(check) = field.check.filter(|check| !self.is_late(*check)) else { continue };
            if !is_set(set, ix) {
                let number = self.total_with(check, plan, row);
                print::print_number(plan, field, number, row)
                    .map_err(|flaw| Flaw::of_field(ix, field, flaw))?;
                now_set(set, ix);
            }
        }
        Ok(())
    }

    pub(crate) fn is_late(&self, check: usize) -> bool {
        self.layout.checks.get(check).is_none_or(|check| check.late)
    }

    /// Prints what a field must hold by the records before it: the bytes of an equal field, or the next serial. Whether
    /// there is such a thing.
    fn print_early(&self, plan: &RecordPlan, field: &FieldPlan, row: &mut [u8]) -> Result<bool, FieldFlaw> {
        if let Some(equals) = field.equals {
            let Some(value) = self.slots.get(equals.slot).and_then(Option::as_deref) else {
                return Ok(false);
            };
            return print_value(plan, field, value, row).map(|()| true);
        }
        let Some(serial) = field.series.and_then(|series| self.next_serial(plan, series)) else {
            return Ok(false);
        };
        match (i64::try_from(serial), &field.kind) {
            (
                Ok(number),
                Kind::Serial | Kind::Number { sign: Sign::None, .. } | Kind::Digits { right: true },
            ) => {
                print::print_number(plan, field, number, row)?;
            }
            _ => print_value(plan, field, serial.to_string().as_bytes(), row)?,
        }
        Ok(true)
    }

    fn next_serial(&self, plan: &RecordPlan, series: usize) -> Option<u64> {
        let rules = self.layout.series.get(series)?;
        if rules.rule != SerialRule::Consecutive {
            return None;
        }
        let last = self.series.get(series)?.last.filter(|_| !plan.opens.contains(&rules.scope));
        Some(last.map_or(rules.start, |last| last.saturating_add(1)))
    }

    fn total_with(&self, ix: usize, plan: &RecordPlan, row: &[u8]) -> i64 {
        let scope = self.layout.checks.get(ix).map(|check| check.scope);
        let fresh = scope.is_some_and(|scope| plan.opens.contains(&scope));
        let before = if fresh { 0 } else { self.totals.get(ix).map_or(0, |total| total.value) };
        let own: i128 =
            plan.feeds.iter().filter(|f| f.check == ix).filter_map(|f| contribution(plan, f, row)).sum();
        i64::try_from(self.result(ix, before.saturating_add(own))).unwrap_or(i64::MAX)
    }
}

/// Whether a field has its value; one that the record has not is none to fill.
fn is_set(set: &[bool], ix: FieldIx) -> bool {
    set.get(ix.index()).copied().unwrap_or(true)
}

fn now_set(set: &mut [bool], ix: FieldIx) {
    if let Some(set) = set.get_mut(ix.index()) {
        *set = true;
    }
}

/// The day in a date field, where it is one.
pub(super) fn day_of(field: &FieldPlan, record: &[u8]) -> Option<Date> {
    let Kind::Date { form, zero_is_blank } = field.kind else { return None };
    match date_value(form, zero_is_blank, field.cut(record))? {
        DateValue::Day(date) => Some(date),
        DateValue::MonthDay(..) | DateValue::None => None,
    }
}

/// Equal bytes, or equal values in fields of other lengths or paddings.
fn same_value(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (a.trim_ascii(), b.trim_ascii());
    let digits = |v: &[u8]| !v.is_empty() && v.iter().all(u8::is_ascii_digit);
    let significant =
        |v: &[u8]| v.iter().position(|d| *d != b'0').map_or(Vec::new(), |n| v.split_at(n).1.to_vec());
    a == b || (digits(a) && digits(b) && a.len() != b.len() && significant(a) == significant(b))
}

/// Puts a value of another field (or a serial) into this one.
fn print_value(plan: &RecordPlan, field: &FieldPlan, value: &[u8], row: &mut [u8]) -> Result<(), FieldFlaw> {
    if value.len() == field.len {
        return print::print_bytes(field, value, row);
    }
    let trimmed = value.trim_ascii();
    if let Some(number) = super::field::digits_value(trimmed)
        && matches!(field.kind, Kind::Serial | Kind::Number { .. } | Kind::Digits { right: true })
    {
        return print::print_number(plan, field, number, row);
    }
    let text = String::from_utf8_lossy(trimmed);
    print::print_text(field, super::charset::Encoding::Ascii, &text, row, &mut Vec::new())
}

/// What a record adds to a check: `Some(0)` where it does not count, `None` where it cannot be read.
#[inline]
fn contribution(plan: &RecordPlan, feed: &Feed, record: &[u8]) -> Option<i128> {
    if !feed.only.iter().all(|condition| condition.holds(plan, record)) {
        return Some(0);
    }
    match feed.what {
        Feeding::Count => Some(1),
        Feeding::CountPerBytes(size) => {
            let bytes = u64::try_from(record.len()).ok()?;
            Some(i128::from(bytes.div_ceil(size.max(1))))
        }
        Feeding::Add(ix) => number_value(plan, plan.field(ix)?, record).map(i128::from),
        Feeding::Subtract(ix) => number_value(plan, plan.field(ix)?, record).map(|n| -i128::from(n)),
    }
}

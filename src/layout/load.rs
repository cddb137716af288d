//! `formats/*.toml` → [`Layout`]: every check of a layout, so that reading and writing need none.
//!
//! Mistakes are collected and told together, each with file, line and what to do; only what depends on a broken part is
//! left unsaid. Must not: repair anything silently, or give out a layout with a mistake.

use super::grammar::{Automaton, Order};
use super::load_check::{build_checks, resolve_series};
use super::load_example::try_example;
use super::load_field::build_fields;
use super::load_parameters;
use super::load_refs::resolve_fields;
use super::name::NamePattern;
use super::plan::{Block, Condition, FieldIx, Kind, Layout, RecordIx, RecordPlan, ResultsListed, Tolerances};
use super::raw::{RawCondition, RawLayout, RawLineEnd, RawRecord};
use super::record::Dispatch;
use super::shape::Shape;
use super::stride::Stride;
use crate::domain::Date;
use crate::fault::{Excerpt, Fault, Faults, Place, printable};
use std::ops::Range;
use toml::Spanned;

/// Collects the faults of a layout file and knows its lines.
pub(crate) struct Loader<'t> {
    pub(crate) file: &'t str,
    text: &'t str,
    pub(crate) faults: Faults,
}

/// What begins a group or a scope: the file (`None`) or a record.
pub(crate) struct Scopes(pub(crate) Vec<Option<RecordIx>>);

impl Scopes {
    /// The number of a scope, new or known.
    pub(crate) fn of(&mut self, opener: Option<RecordIx>) -> usize {
        if let Some(known) = self.0.iter().position(|scope| *scope == opener) {
            return known;
        }
        self.0.push(opener);
        self.0.len() - 1
    }
}

impl<'t> Loader<'t> {
    /// The 1-based line of a byte of the file.
    pub(crate) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|b| **b == b'\n').count() + 1
    }

    /// Adds a fault at a line, with that line as its excerpt.
    pub(crate) fn fault(
        &mut self,
        name: &'static str,
        line: usize,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let place = Place::Line { file: self.file.to_string(), line, column: 0 };
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let excerpt =
            Excerpt { margin: line.to_string(), text: printable(text.trim_end()), marker: String::new() };
        self.faults.push(Fault::new(name, place, expected, remedy).with_excerpt(excerpt));
    }

    /// The record and field of `record.field`.
    pub(crate) fn field_ref(
        &mut self,
        records: &[RecordPlan],
        text: &str,
        line: usize,
    ) -> Option<(RecordIx, FieldIx)> {
        let (record, field) = text.split_once('.').unwrap_or((text, ""));
        let record_ix = self.record_ref(records, record, line)?;
        let plan = records.get(record_ix.index())?;
        let at = plan.fields.iter().position(|f| f.name == field);
        if at.is_none() {
            let known: Vec<&str> = plan.fields.iter().map(|f| f.name.as_str()).collect();
            let said = format!("There is no field {text:?}; {record} has {}.", known.join(", "));
            self.fault("unknown-field", line, said, "Write it as record.field, with a field of that record.");
        }
        Some((record_ix, FieldIx(u16::try_from(at?).ok()?)))
    }

    /// The record of a name.
    pub(crate) fn record_ref(&mut self, records: &[RecordPlan], name: &str, line: usize) -> Option<RecordIx> {
        let at = records.iter().position(|record| record.name == name);
        if at.is_none() {
            let known: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
            let said = format!("There is no record {name:?}; the layout has {}.", known.join(", "));
            self.fault("unknown-record", line, said, "Name one of these records.");
        }
        at.and_then(|at| u16::try_from(at).ok()).map(RecordIx)
    }
}

impl Layout {
    /// Compiles a layout file. `file` is its name as faults show it.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Faults> {
        let mut loader = Loader { file, text, faults: Faults::default() };
        let mut raw: RawLayout = match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                let line = error.span().map_or(1, |span| loader.line(&span));
                let said = format!("The layout cannot be read: {}.", error.message().trim_end_matches('.'));
                loader.fault(
                    "layout-not-readable",
                    line,
                    said,
                    "formats/README.md has all keys and their values.",
                );
                return Err(loader.faults);
            }
        };
        load_parameters::put_in(&mut loader, &mut raw);
        let layout = build(&mut loader, &raw);
        if let Some(layout) = layout.filter(|_| loader.faults.is_empty()) {
            for example in &raw.example {
                let line = loader.line(&example.span());
                try_example(&mut loader, &layout, example.get_ref(), line);
            }
            if loader.faults.is_empty() {
                return Ok(layout);
            }
        }
        Err(loader.faults)
    }
}

/// Everything but the examples. `None` where so much is wrong that nothing can be built.
fn build(loader: &mut Loader<'_>, raw: &RawLayout) -> Option<Layout> {
    let mut records = build_records(loader, raw);
    let (order, openers) = build_order(loader, raw, &records)?;
    let mut scopes = Scopes(vec![None]);
    let slots = resolve_fields(loader, raw, &mut records, &openers, &mut scopes);
    let series = resolve_series(loader, raw, &mut records, &openers, &mut scopes);
    let checks = build_checks(loader, raw, &mut records, &openers, &mut scopes, &order);
    for (scope, opener) in scopes.0.iter().enumerate() {
        if let Some(record) = opener.and_then(|ix| records.get_mut(ix.index())) {
            record.opens.push(scope);
        }
    }
    refuse_unreachable(loader, &records);
    let patterns = build_patterns(loader, raw, &records);
    let date = raw.date.as_ref().and_then(|at| date_field(loader, &records, at));
    let success_count = raw.success_count.as_ref().and_then(|at| {
        let line = loader.line(&at.span());
        loader.field_ref(&records, at.get_ref(), line)
    });
    for name in &raw.match_by {
        if !records.iter().any(|record| record.fields.iter().any(|f| f.name == *name.get_ref())) {
            let line = loader.line(&name.span());
            let said = format!("`match` names {:?}, which is a field of no record.", name.get_ref());
            loader.fault("unknown-field", line, said, "Name fields of the result's records.");
        }
    }
    check_line_ends(loader, raw, &records);
    let tolerate = raw.tolerate.as_ref().map_or(Tolerances::NONE, |names| {
        let line = loader.line(&names.span());
        let allowed = [Tolerances::FINAL_NEWLINE, Tolerances::NO_LAST_LINE_END, Tolerances::BLOCK_NOT_FILLED];
        tolerances(loader, names.get_ref(), &allowed, "the file", line)
    });
    let size = *raw.record_bytes.get_ref();
    let stride = |(ix, record): (usize, &RecordPlan)| {
        let dated = date.is_some_and(|(of, _)| of.index() == ix);
        Stride::new(record, &records, &series, dated, size)
    };
    let strides: Vec<_> = records.iter().enumerate().map(stride).collect();
    for (record, stride) in records.iter_mut().zip(strides) {
        (record.shape, record.stride) = (Shape::new(record, size), stride);
    }
    Some(Layout {
        name: raw.name.get_ref().clone(),
        ko: raw.ko.clone(),
        message: raw.message.clone(),
        file: loader.file.to_string(),
        encoding: raw.encoding,
        record_bytes: *raw.record_bytes.get_ref(),
        terminator: raw.terminator,
        accept: raw.accept.clone(),
        trailing_1a: raw.trailing_1a,
        block: build_block(loader, raw),
        patterns,
        date,
        order,
        dispatch: Dispatch::new(&records),
        records,
        slots,
        series,
        checks,
        tolerate,
        effective: (effective(loader, raw, true), effective(loader, raw, false)),
        results: raw.results.unwrap_or(ResultsListed::NotAResult),
        partial_amount: raw.partial_amount,
        match_by: raw.match_by.iter().map(|name| name.get_ref().clone()).collect(),
        success_count,
    })
}

fn build_records(loader: &mut Loader<'_>, raw: &RawLayout) -> Vec<RecordPlan> {
    let mut records: Vec<RecordPlan> = Vec::new();
    let top = loader.line(&raw.record_bytes.span());
    if !(1..=65_536).contains(raw.record_bytes.get_ref()) {
        loader.fault(
            "record-bytes-differ",
            top,
            "`record_bytes` must be 1 to 65536.",
            "Give the length of a record.",
        );
    }
    if raw.record.is_empty() || raw.record.len() > Dispatch::MOST_RECORDS {
        let said = format!(
            "A layout has 1 to {} [[record]]s; this has {}.",
            Dispatch::MOST_RECORDS,
            raw.record.len()
        );
        loader.fault("unknown-record", top, said, "Describe each kind of record once.");
        return records;
    }
    for spanned in &raw.record {
        let record: &RawRecord = spanned.get_ref();
        let line = loader.line(&record.name.span());
        let name = record.name.get_ref();
        if records.iter().any(|known| known.name == *name) {
            loader.fault(
                "name-twice",
                line,
                format!("The record {name:?} is there twice."),
                "Give each its own name.",
            );
        }
        let (fields, payload, template) = build_fields(loader, raw, record, line);
        records.push(RecordPlan {
            name: name.clone(),
            ko: record.ko.clone().unwrap_or_default(),
            line,
            when: build_when(loader, raw, record),
            file_names: indices(&fields, |kind| matches!(kind, Kind::FileName)),
            fields,
            payload,
            template,
            captures: Vec::new(),
            opens: Vec::new(),
            feeds: Vec::new(),
            serials: Vec::new(),
            states: Vec::new(),
            equal: Vec::new(),
            shape: Shape::default(),
            stride: None,
        });
    }
    records
}

/// The fields of a kind.
pub(crate) fn indices(fields: &[super::plan::FieldPlan], is: impl Fn(&Kind) -> bool) -> Vec<FieldIx> {
    let found = fields.iter().enumerate().filter(|(_, field)| is(&field.kind));
    found.filter_map(|(at, _)| u16::try_from(at).ok()).map(FieldIx).collect()
}

fn build_when(loader: &mut Loader<'_>, raw: &RawLayout, record: &RawRecord) -> Vec<Condition> {
    let Some(when) = &record.when else { return Vec::new() };
    let line = loader.line(&when.span());
    let mut conditions = Vec::new();
    for condition in &when.get_ref().0 {
        let RawCondition { at, is, among, not } = condition;
        let (texts, negated) = match (is, among, not) {
            (Some(text), None, None) => (vec![text.clone()], false),
            (None, Some(texts), None) => (texts.clone(), false),
            (None, None, Some(text)) => (vec![text.clone()], true),
            _ => {
                let said = "A condition has `at` and one of `is`, `in`, `not`.";
                loader.fault("condition-wrong", line, said, "Write { at = 1, is = \"R\" }.");
                continue;
            }
        };
        let mut values = Vec::new();
        for text in &texts {
            let mut bytes = Vec::new();
            if raw.encoding.encode(text, &mut bytes).is_ok() {
                values.push(bytes);
            }
        }
        let len = values.first().map_or(0, Vec::len);
        let fits = *at >= 1 && len > 0 && at - 1 + len <= *raw.record_bytes.get_ref();
        if !fits || values.len() != texts.len() || values.iter().any(|value| value.len() != len) {
            let said =
                "The bytes of a condition must lie within the record and, in a list, be of one length.";
            loader.fault("condition-wrong", line, said, "Correct `at` or the values.");
            continue;
        }
        conditions.push(Condition { start: at - 1, len, values, negated });
    }
    conditions
}

/// Compiles `order`; also says for each record with which record its group begins.
fn build_order(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
) -> Option<(Automaton, Vec<Option<RecordIx>>)> {
    let line = loader.line(&raw.order.span());
    let text = raw.order.get_ref().join(" ");
    let order = match Order::parse(&text) {
        Ok(order) => order,
        Err(rest) => {
            let said = format!("`order` cannot be read from {:?} on.", rest.trim());
            loader.fault(
                "order-wrong",
                line,
                said,
                "Write record names with ?, *, +, |, and parentheses around groups.",
            );
            return None;
        }
    };
    let mut openers = vec![None; records.len()];
    let mut seen = vec![false; records.len()];
    let find = |name: &str| records.iter().position(|record| record.name == name);
    let mut unknown = Vec::new();
    order.names(None, &mut |name, opener| match find(name) {
        Some(at) => {
            if let (Some(seen), Some(slot)) = (seen.get_mut(at), openers.get_mut(at)) {
                *seen = true;
                *slot = opener.and_then(find).and_then(|ix| u16::try_from(ix).ok()).map(RecordIx);
            }
        }
        None => unknown.push(name.to_string()),
    });
    for name in &unknown {
        loader.record_ref(records, name, line);
    }
    for (record, _) in records.iter().zip(&seen).filter(|(_, seen)| !**seen) {
        let said = format!("The record {:?} does not occur in `order`.", record.name);
        loader.fault("order-wrong", record.line, said, "Put it into `order` where it may come.");
    }
    unknown.is_empty().then(|| (Automaton::new(&order, records.len(), find), openers))
}

/// A record that an earlier one always hides.
fn refuse_unreachable(loader: &mut Loader<'_>, records: &[RecordPlan]) {
    for (at, later) in records.iter().enumerate() {
        let hides = |earlier: &&RecordPlan| {
            earlier.when.iter().all(|general| later.when.iter().any(|special| implies(special, general)))
        };
        if let Some(earlier) = records.iter().take(at).find(hides) {
            let said = format!(
                "The record {:?} can never be reached: {:?}, which stands before it, matches all that it would match.",
                later.name, earlier.name
            );
            loader.fault(
                "record-unreachable",
                later.line,
                said,
                "Make `when` more special, or put the special record first.",
            );
        }
    }
}

/// Whether all bytes for which `special` holds are bytes for which `general` holds.
fn implies(special: &Condition, general: &Condition) -> bool {
    let Some(offset) = general.start.checked_sub(special.start) else { return false };
    if offset + general.len > special.len {
        return false;
    }
    if special.negated {
        return general.negated && special.start == general.start && special.values == general.values;
    }
    special.values.iter().all(|value| {
        let part = value.get(offset..offset + general.len);
        general.values.iter().any(|g| Some(g.as_slice()) == part) != general.negated
    })
}

fn build_patterns(loader: &mut Loader<'_>, raw: &RawLayout, records: &[RecordPlan]) -> Vec<NamePattern> {
    let mut patterns = Vec::new();
    for text in std::iter::once(&raw.file_name).chain(&raw.accept_file_names) {
        let line = loader.line(&text.span());
        match NamePattern::parse(text.get_ref()) {
            Some(pattern) => patterns.push(pattern),
            None => {
                let said = format!("{:?} is no pattern of a file name.", text.get_ref());
                loader.fault(
                    "file-name-pattern-wrong",
                    line,
                    said,
                    "Write letters and {date:…} with YYYY, YY, MM, DD, DDD.",
                );
            }
        }
    }
    let has_own_name = records.iter().any(|record| !record.file_names.is_empty());
    let dated = patterns.first().is_some_and(NamePattern::has_date);
    if raw.date.is_none() && (has_own_name || dated) {
        let line = loader.line(&raw.file_name.span());
        let said = "The file's name holds its date, but `date` does not say which field that is.";
        loader.fault("date-field-missing", line, said, "Add date = \"header.…\".");
    }
    let longest = patterns.first().map_or(0, NamePattern::bytes);
    for record in records {
        for field in record.file_names.iter().filter_map(|ix| record.field(*ix)).filter(|f| f.len < longest) {
            let said = format!("The file's name has {longest} bytes; the field has {}.", field.len);
            loader.fault("field-length-wrong", field.line, said, "Correct `len` or `file_name`.");
        }
    }
    patterns
}

fn date_field(
    loader: &mut Loader<'_>,
    records: &[RecordPlan],
    at: &Spanned<String>,
) -> Option<(RecordIx, FieldIx)> {
    let line = loader.line(&at.span());
    let found = loader.field_ref(records, at.get_ref(), line)?;
    let field = records.get(found.0.index())?.field(found.1)?;
    let has_year = !matches!(field.kind, Kind::Date { form: super::plan::DateForm::Mmdd, .. });
    if !matches!(field.kind, Kind::Date { .. }) || !has_year {
        let said = format!("{} is not a date with a year.", at.get_ref());
        loader.fault("date-field-missing", line, said, "Name a field of type \"date\".");
    }
    Some(found)
}

fn check_line_ends(loader: &mut Loader<'_>, raw: &RawLayout, records: &[RecordPlan]) {
    let lines = raw.terminator != RawLineEnd::None || raw.accept.iter().any(|end| *end != RawLineEnd::None);
    for record in records.iter().filter(|record| record.payload.is_some() && lines) {
        let said = "A file with payload records cannot have line ends: any byte may stand in a payload.";
        loader.fault("payload-wrong", record.line, said, "Remove `terminator` and `accept`.");
    }
}

fn build_block(loader: &mut Loader<'_>, raw: &RawLayout) -> Option<Block> {
    let block = raw.block.as_ref()?;
    let line = loader.line(&block.span());
    match (block.get_ref().records, block.get_ref().fill.as_bytes()) {
        (records @ 1.., [fill]) => Some(Block { records, fill: *fill }),
        _ => {
            let said = "`block` must have `records` of 1 or more and `fill` of one character.";
            loader.fault("condition-wrong", line, said, "Write block = { records = 10, fill = \"9\" }.");
            None
        }
    }
}

fn effective(loader: &mut Loader<'_>, raw: &RawLayout, from: bool) -> Option<Date> {
    let spanned = if from { raw.effective_from.as_ref()? } else { raw.effective_until.as_ref()? };
    let line = loader.line(&spanned.span());
    let value = spanned.get_ref();
    let date = match (value.date, value.time) {
        (Some(day), None) => Date::new(i32::from(day.year), u32::from(day.month), u32::from(day.day)),
        _ => None,
    };
    if date.is_none() {
        let said = format!("{value} is not a day.");
        loader.fault("layout-not-readable", line, said, "Write a day without quotes: 2015-09-01.");
    }
    date
}

/// Reads tolerance names; `allowed` are those that make sense there.
pub(crate) fn tolerances(
    loader: &mut Loader<'_>,
    names: &[String],
    allowed: &[Tolerances],
    place: &str,
    line: usize,
) -> Tolerances {
    let mut all = Tolerances::NONE;
    for name in names {
        match Tolerances::named(name).filter(|one| allowed.contains(one)) {
            Some(one) => all = all.with(one),
            None => {
                let known: Vec<&str> = allowed.iter().flat_map(|one| one.names()).collect();
                let said = format!("{name:?} is no tolerance of {place}; there are: {}.", known.join(", "));
                loader.fault("tolerance-wrong", line, said, "formats/README.md 8 lists them.");
            }
        }
    }
    all
}

//! Counts, sums and serials of a layout: which records feed which number, and where each begins anew.

use super::field::first_non_digit;
use super::grammar::Automaton;
use super::load::{Loader, Scopes};
use super::load_field::value_bytes;
use super::plan::{CheckPlan, Feed, Feeding, FieldIs, FieldIx, Kind, RecordIx, RecordPlan, SeriesPlan};
use super::raw::{OneOrMany, RawCheck, RawLayout, RawType};

/// The scope of a series or check: `file`, `group`, or a record's name.
fn scope_of(
    loader: &mut Loader<'_>,
    records: &[RecordPlan],
    openers: &[Option<RecordIx>],
    scopes: &mut Scopes,
    (record, word, line): (usize, Option<&str>, usize),
) -> usize {
    match word {
        None | Some("file") => 0,
        Some("group") => match openers.get(record).copied().flatten() {
            Some(opener) => scopes.of(Some(opener)),
            None => {
                let said =
                    "The scope is `group`, but this record stands in no group that begins with one record.";
                loader.fault(
                    "group-missing",
                    line,
                    said,
                    "Put the group in parentheses in `order`, or name a record as scope.",
                );
                0
            }
        },
        Some(name) => loader.record_ref(records, name, line).map_or(0, |opener| scopes.of(Some(opener))),
    }
}

/// Series of serials: fields of the same name count together.
pub(crate) fn resolve_series(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &mut [RecordPlan],
    openers: &[Option<RecordIx>],
    scopes: &mut Scopes,
) -> Vec<SeriesPlan> {
    let mut series: Vec<(String, SeriesPlan)> = Vec::new();
    for (at, record) in raw.record.iter().enumerate() {
        for (nth, spanned) in record.get_ref().fields.iter().enumerate() {
            let field = spanned.get_ref();
            if field.kind != RawType::Serial {
                continue;
            }
            let line = loader.line(&spanned.span());
            let scope = scope_of(loader, records, openers, scopes, (at, field.scope.as_deref(), line));
            let rule = field.serial.unwrap_or_default();
            let start = field.start.unwrap_or(1);
            let name = field.name.get_ref();
            let known = series.iter().position(|(known, _)| known == name);
            let ix = known.unwrap_or_else(|| {
                series.push((name.clone(), SeriesPlan { rule, scope, start }));
                series.len() - 1
            });
            let same =
                series.get(ix).is_some_and(|(_, s)| (s.rule, s.scope, s.start) == (rule, scope, start));
            if !same {
                let said = format!(
                    "The serials {name:?} of several records are one series, but `serial`, `scope` or `start` differ."
                );
                loader.fault(
                    "serial-rules-differ",
                    line,
                    said,
                    "Write the same keys for each, or give the field another name.",
                );
            }
            let Some(plan) = records.get_mut(at) else { continue };
            plan.serials.push((ix, FieldIx(u16::try_from(nth).unwrap_or(u16::MAX))));
            if let Some(field) = plan.fields.get_mut(nth) {
                field.series = Some(ix);
            }
        }
    }
    series.into_iter().map(|(_, plan)| plan).collect()
}

/// Builds the checks and hangs what feeds them onto the records.
pub(crate) fn build_checks(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &mut [RecordPlan],
    openers: &[Option<RecordIx>],
    scopes: &mut Scopes,
    order: &Automaton,
) -> Vec<CheckPlan> {
    let mut checks: Vec<CheckPlan> = Vec::new();
    for spanned in &raw.check {
        let line = loader.line(&spanned.span());
        let check = spanned.get_ref();
        let Some((record, field)) = loader.field_ref(records, &check.field, line) else { continue };
        let states_number = records
            .get(record.index())
            .and_then(|plan| plan.field(field))
            .is_some_and(|field| is_numeric(&field.kind));
        if !states_number || check.counts.is_some() == check.sums.is_some() || wrong_modifiers(check) {
            let said = "A check has `field`, a number; `counts` or `sums`; `minus` only with `sums`; `per_…` (not 0, not both) only with `counts`.";
            loader.fault("check-wrong", line, said, "Correct the check (formats/README.md 10).");
            continue;
        }
        let scope =
            scope_of(loader, records, openers, scopes, (record.index(), check.scope.as_deref(), line));
        let ix = checks.len();
        let feeds = feeds(loader, raw, records, check, ix, line);
        let opener = scopes.0.get(scope).copied().flatten();
        let first = order.step(0, record.index()).is_some();
        let counts_itself_only = feeds.iter().all(|(of, _)| *of == record);
        checks.push(CheckPlan {
            name: check.name.clone().unwrap_or_else(|| check.field.clone()),
            record,
            field,
            is_sum: check.sums.is_some(),
            scope,
            late: !counts_itself_only && (opener == Some(record) || (opener.is_none() && first)),
            per_records: check.per_records,
            modulus: check.modulus,
            line,
        });
        for (of, feed) in feeds {
            if let Some(plan) = records.get_mut(of.index()) {
                plan.feeds.push(feed);
            }
        }
        if let Some(plan) = records.get_mut(record.index()) {
            plan.states.push(ix);
            if let Some(target) = plan.fields.get_mut(field.index()) {
                target.check.get_or_insert(ix);
            }
        }
    }
    checks
}

fn is_numeric(kind: &Kind) -> bool {
    match kind {
        Kind::Number { .. } | Kind::Serial | Kind::Digits { .. } => true,
        Kind::Const(value) => first_non_digit(value).is_none(),
        _ => false,
    }
}

fn wrong_modifiers(check: &RawCheck) -> bool {
    (check.minus.is_some() && check.sums.is_none())
        || ((check.per_records.is_some() || check.per_bytes.is_some()) && check.counts.is_none())
        || (check.per_records.is_some() && check.per_bytes.is_some())
        || [check.per_records, check.per_bytes, check.modulus].contains(&Some(0))
}

/// What each record adds to a check.
fn feeds(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
    check: &RawCheck,
    ix: usize,
    line: usize,
) -> Vec<(RecordIx, Feed)> {
    let mut sources: Vec<(RecordIx, Feeding)> = Vec::new();
    let count = check.per_bytes.map_or(Feeding::Count, Feeding::CountPerBytes);
    for name in check.counts.iter().flat_map(|names| &names.0) {
        if name == "all" {
            let all = (0..u16::try_from(records.len()).unwrap_or(u16::MAX)).map(RecordIx);
            sources.extend(all.map(|record| (record, count.clone())));
        } else if let Some(record) = loader.record_ref(records, name, line) {
            sources.push((record, count.clone()));
        }
    }
    let lists = [(&check.sums, false), (&check.minus, true)];
    for (list, subtracts) in lists {
        for text in list.iter().flat_map(|names| &names.0) {
            let Some((record, field)) = loader.field_ref(records, text, line) else { continue };
            let numeric =
                records.get(record.index()).and_then(|r| r.field(field)).is_some_and(|f| is_numeric(&f.kind));
            if !numeric {
                let said = format!("{text} cannot be summed: it is neither a number nor digits.");
                loader.fault("check-wrong", line, said, "Sum fields of type number or digits.");
            }
            sources.push((record, if subtracts { Feeding::Subtract(field) } else { Feeding::Add(field) }));
        }
    }
    let mut feeds = Vec::new();
    for (record, what) in sources {
        let only = conditions(loader, raw, records, check, record, line);
        feeds.push((record, Feed { check: ix, what, only }));
    }
    feeds
}

/// `where` as conditions on a record's fields.
fn conditions(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
    check: &RawCheck,
    record: RecordIx,
    line: usize,
) -> Vec<FieldIs> {
    let mut only = Vec::new();
    let Some(plan) = records.get(record.index()) else { return only };
    for (name, OneOrMany(values)) in &check.only {
        let Some((_, field)) = loader.field_ref(records, &format!("{}.{name}", plan.name), line) else {
            continue;
        };
        let Some(target) = plan.field(field) else { continue };
        let values: Vec<Vec<u8>> = values
            .iter()
            .filter_map(|value| value_bytes(loader, raw, target, value, "value-not-known", line))
            .collect();
        only.push(FieldIs { field, values });
    }
    only
}

//! What fields of a layout say of other fields: signs, conditions on blanks, values equal to another record's.

use super::load::{Loader, Scopes};
use super::load_field::{unknown_word, value_bytes};
use super::plan::{Blank, Equals, FieldIs, FieldIx, FieldPlan, Kind, RecordIx, RecordPlan, Sign};
use super::raw::{RawField, RawFieldIs, RawLayout};

/// Resolves what fields say of other fields. Answers with the scope of each captured value.
pub(crate) fn resolve_fields(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &mut [RecordPlan],
    openers: &[Option<RecordIx>],
    scopes: &mut Scopes,
) -> Vec<usize> {
    let mut slots: Vec<(RecordIx, FieldIx, usize)> = Vec::new();
    for (at, record) in raw.record.iter().enumerate() {
        for (nth, spanned) in record.get_ref().fields.iter().enumerate() {
            let field = spanned.get_ref();
            let line = loader.line(&spanned.span());
            let ix = FieldIx(u16::try_from(nth).unwrap_or(u16::MAX));
            let sign = resolve_sign(loader, raw, records, at, field, line);
            let blank = resolve_blank(loader, raw, records, at, field, line);
            let equals = resolve_equals(loader, records, openers, scopes, (at, field, line), &mut slots);
            let Some(plan) = records.get_mut(at) else { continue };
            if equals.is_some() {
                plan.equal.push(ix);
            }
            let Some(target) = plan.fields.get_mut(nth) else { continue };
            if let (Some(sign), Kind::Number { sign: slot, .. }) = (sign, &mut target.kind) {
                *slot = sign;
            }
            if let Some(blank) = blank {
                target.blank = blank;
            }
            target.equals = equals;
        }
    }
    for (slot, (record, field, _)) in slots.iter().enumerate() {
        if let Some(record) = records.get_mut(record.index()) {
            record.captures.push((slot, *field));
        }
    }
    slots.into_iter().map(|(_, _, scope)| scope).collect()
}

/// A field of the same record by name.
fn sibling(
    loader: &mut Loader<'_>,
    records: &[RecordPlan],
    at: usize,
    name: &str,
    line: usize,
) -> Option<(FieldIx, FieldPlan)> {
    let record = records.get(at)?.name.clone();
    let (_, ix) = loader.field_ref(records, &format!("{record}.{name}"), line)?;
    Some((ix, records.get(at)?.field(ix)?.clone()))
}

fn resolve_sign(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
    at: usize,
    field: &RawField,
    line: usize,
) -> Option<Sign> {
    let sign = field.sign_field.as_ref()?;
    let (ix, plan) = sibling(loader, records, at, &sign.field, line)?;
    let minus = value_bytes(loader, raw, &plan, &sign.minus, "value-not-known", line)?;
    let plus = value_bytes(loader, raw, &plan, &sign.plus, "value-not-known", line)?;
    Some(Sign::Field { field: ix, minus, plus })
}

/// `{ field, is }` or `{ field, in }`, as bytes of that field.
fn resolve_is(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
    at: usize,
    is: &RawFieldIs,
    line: usize,
) -> Option<FieldIs> {
    let (field, plan) = sibling(loader, records, at, &is.field, line)?;
    let texts: Vec<&String> = is.is.iter().chain(is.among.iter().flatten()).collect();
    if texts.is_empty() {
        unknown_word(loader, true, "a condition on a field has `is` or `in`", line);
    }
    let values: Vec<Vec<u8>> = texts
        .into_iter()
        .filter_map(|text| value_bytes(loader, raw, &plan, text, "value-not-known", line))
        .collect();
    Some(FieldIs { field, values })
}

fn resolve_blank(
    loader: &mut Loader<'_>,
    raw: &RawLayout,
    records: &[RecordPlan],
    at: usize,
    field: &RawField,
    line: usize,
) -> Option<Blank> {
    if let Some(is) = &field.blank_unless {
        let is = resolve_is(loader, raw, records, at, is, line)?;
        return Some(Blank::Unless { is, optional: field.optional });
    }
    let is = field.required_when.as_ref()?;
    resolve_is(loader, raw, records, at, is, line).map(Blank::RequiredWhen)
}

fn resolve_equals(
    loader: &mut Loader<'_>,
    records: &[RecordPlan],
    openers: &[Option<RecordIx>],
    scopes: &mut Scopes,
    (at, field, line): (usize, &RawField, usize),
    slots: &mut Vec<(RecordIx, FieldIx, usize)>,
) -> Option<Equals> {
    let text = field.equals.as_ref().or(field.same_as.as_ref())?;
    let (record, ix) = loader.field_ref(records, text, line)?;
    let scope = if field.same_as.is_some() {
        let opener = openers.get(record.index()).copied().flatten();
        if opener.is_none() || openers.get(at).copied().flatten().is_none() {
            let said = "`same_as` speaks of a group, but one of the two records stands in none.";
            loader.fault(
                "group-missing",
                line,
                said,
                "Use `equals`, or put the group in parentheses in `order`.",
            );
        }
        scopes.of(opener)
    } else {
        usize::MAX
    };
    let known = slots.iter().position(|slot| *slot == (record, ix, scope));
    let slot = known.unwrap_or_else(|| {
        slots.push((record, ix, scope));
        slots.len() - 1
    });
    Some(Equals { record, field: ix, slot })
}

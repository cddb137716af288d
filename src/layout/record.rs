//! One record: which kind it is, and whether each of its fields is as its kind demands.
//!
//! Must not: look beyond the record. What ties records together is `progress.rs`.

use super::charset::Encoding;
use super::field::{FieldFlaw, all_are, check, first_non_digit, is_blank};
use super::flaw::Flaw;
use super::plan::{
    Blank, Condition, FieldIs, FieldIx, FieldPlan, Kind, RecordIx, RecordPlan, Sign, Tolerances,
};

impl Condition {
    #[inline]
    pub(crate) fn holds(&self, record: &[u8]) -> bool {
        let Some(bytes) = record.get(self.start..self.start + self.len) else { return false };
        self.values.iter().any(|value| value == bytes) != self.negated
    }
}

impl FieldIs {
    pub(crate) fn holds(&self, plan: &RecordPlan, record: &[u8]) -> bool {
        plan.field(self.field).is_some_and(|field| {
            let raw = field.cut(record);
            self.values.iter().any(|value| value == raw)
        })
    }
}

/// Finds a record's kind: a table over one byte leaves few candidates, whose conditions are tried in order.
#[derive(Debug, Clone)]
pub(crate) struct Dispatch {
    at: usize,
    /// For each byte value the kinds it may be, one bit each, lowest first.
    table: Vec<u64>,
    /// For each byte value the kind it certainly is, where no other byte has to be looked at.
    sure: Vec<Option<RecordIx>>,
}

impl Dispatch {
    /// More kinds than this in one layout are refused.
    pub(crate) const MOST_RECORDS: usize = 64;

    pub(crate) fn new(records: &[RecordPlan]) -> Self {
        let first = records.first().and_then(|record| record.when.iter().find(|c| !c.negated));
        let at = first.map_or(0, |condition| condition.start);
        let may_be = |record: &RecordPlan, byte: u8| {
            record
                .when
                .iter()
                .filter(|c| c.start == at && !c.negated)
                .all(|condition| condition.values.iter().any(|value| value.first() == Some(&byte)))
        };
        let table: Vec<u64> = (0..=255)
            .map(|byte| {
                records
                    .iter()
                    .enumerate()
                    .filter(|(_, record)| may_be(record, byte))
                    .fold(0_u64, |bits, (ix, _)| bits | 1 << (ix % Self::MOST_RECORDS))
            })
            .collect();
        let sure = |candidates: &u64| {
            let ix = candidates.trailing_zeros() as usize;
            let [one] = records.get(ix)?.when.as_slice() else { return None };
            (one.start == at && one.len == 1 && !one.negated)
                .then(|| u16::try_from(ix).ok().map(RecordIx))
                .flatten()
        };
        let sure = table.iter().map(sure).collect();
        Self { at, table, sure }
    }

    /// The kind of a record, where one byte tells it.
    #[inline]
    pub(crate) fn by_one_byte(&self, record: &[u8]) -> Option<RecordIx> {
        self.sure.get(usize::from(*record.get(self.at)?)).copied().flatten()
    }

    /// The first kind whose conditions hold.
    #[inline]
    pub(crate) fn classify(&self, records: &[RecordPlan], record: &[u8]) -> Option<RecordIx> {
        let byte = record.get(self.at)?;
        let mut candidates = self.table.get(usize::from(*byte)).copied()?;
        while candidates != 0 {
            let ix = candidates.trailing_zeros() as usize;
            if records.get(ix)?.when.iter().all(|condition| condition.holds(record)) {
                return u16::try_from(ix).ok().map(RecordIx);
            }
            candidates &= candidates - 1;
        }
        None
    }
}

/// Checks every field; what is wrong goes to `flaws`, tolerances used to `used`.
pub(crate) fn validate(
    plan: &RecordPlan,
    encoding: Encoding,
    record: &[u8],
    flaws: &mut Vec<Flaw>,
    used: &mut Vec<(FieldIx, Tolerances)>,
) {
    for (ix, field) in plan.fields.iter().enumerate() {
        if is_plainly_right(field, record) {
            continue;
        }
        let verdict = validate_field(plan, field, encoding, record);
        if let Ok(Tolerances::NONE) = verdict {
            continue;
        }
        let ix = FieldIx(u16::try_from(ix).unwrap_or(u16::MAX));
        match verdict {
            Ok(tolerances) => used.push((ix, tolerances)),
            Err(flaw) => flaws.push(Flaw::of_field(ix, field, flaw)),
        }
    }
}

/// The short way for fields that are right at first sight; all others, right or wrong, are looked at in full.
#[inline]
fn is_plainly_right(field: &FieldPlan, record: &[u8]) -> bool {
    let raw = field.cut(record);
    let plain = match &field.kind {
        Kind::Filler(fill) => return all_are(raw, *fill),
        Kind::Const(value) => return raw == value.as_slice(),
        Kind::Opaque | Kind::Payload => return true,
        Kind::Serial | Kind::Number { sign: Sign::None, .. } | Kind::Digits { right: true } => {
            first_non_digit(raw).is_none()
        }
        Kind::Code { codes, .. } => match raw {
            [byte] => codes.iter().any(|code| code.raw.first() == Some(byte)),
            _ => codes.iter().any(|code| code.raw == raw),
        },
        _ => false,
    };
    plain && !matches!(field.blank, Blank::Unless { .. })
}

#[inline]
pub(crate) fn validate_field(
    plan: &RecordPlan,
    field: &FieldPlan,
    encoding: Encoding,
    record: &[u8],
) -> Result<Tolerances, FieldFlaw> {
    let raw = field.cut(record);
    if matches!(field.kind, Kind::Const(_) | Kind::Filler(_) | Kind::Opaque | Kind::Payload) {
        return check(field, encoding, raw);
    }
    let blank = is_blank(&field.kind, encoding, raw);
    let must_be_set = match &field.blank {
        Blank::Never => true,
        Blank::Allowed => false,
        Blank::RequiredWhen(condition) => blank && condition.holds(plan, record),
        Blank::Unless { is, optional } => {
            let holds = is.holds(plan, record);
            if !holds && !blank {
                let other = plan.field(is.field).map_or_else(String::new, FieldPlan::titled);
                let expected = format!("must be blank here, by what {other} says");
                return Err(FieldFlaw::new("value-must-be-blank", Some(0), expected));
            }
            holds && !optional
        }
    };
    match (blank, must_be_set) {
        (false, _) => check(field, encoding, raw),
        (true, false) => Ok(Tolerances::NONE),
        (true, true) => check_blank(field, encoding, raw),
    }
}

/// A blank field that needs a value: right only where a blank is a code or a tolerated zero.
#[cold]
fn check_blank(field: &FieldPlan, encoding: Encoding, raw: &[u8]) -> Result<Tolerances, FieldFlaw> {
    let means_something = match &field.kind {
        Kind::Code { codes, .. } => codes.iter().any(|code| code.raw == raw),
        Kind::Number { .. } => field.tolerate.has(Tolerances::BLANK_IS_ZERO),
        _ => false,
    };
    if means_something {
        return check(field, encoding, raw);
    }
    Err(FieldFlaw::new("value-missing", None, "must hold a value; it is blank"))
}

//! Which layout a file is of: by its name and by its first record; of several revisions the one that holds on its date.
//!
//! Must not: guess. Where neither says it, or both say several, the answer is a fault that names the candidates.

use super::plan::{Layout, RecordIx, RecordPlan};
use super::progress::day_of;
use super::record::validate;
use crate::domain::Date;
use crate::fault::{Fault, Place};

/// The layout of a file. `head` is the beginning of the file, at least its first record.
pub fn detect<'a>(
    layouts: impl IntoIterator<Item = &'a Layout>,
    file_name: &str,
    head: &[u8],
) -> Result<&'a Layout, Fault> {
    let all: Vec<&Layout> = layouts.into_iter().collect();
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let named: Vec<&Layout> =
        all.iter().copied().filter(|layout| layout.matches_file_name(base).is_some()).collect();
    let fits = |candidates: &[&'a Layout]| -> Vec<&'a Layout> {
        candidates.iter().copied().filter(|layout| head_fits(layout, head)).collect()
    };
    match named.as_slice() {
        [only] => return Ok(only),
        [] => {}
        several => {
            if let [only] = fits(several).as_slice() {
                return Ok(only);
            }
            // Revisions of one layout whose first record is not sound: the newest tells what is wrong with it.
            if let [first, .., newest] = several
                && several.iter().all(|layout| layout.name() == first.name())
                && fits(several).is_empty()
            {
                return Ok(newest);
            }
        }
    }
    let fitting = fits(if named.is_empty() { &all } else { &named });
    let names = |layouts: &[&Layout]| layouts.iter().map(|l| l.name()).collect::<Vec<_>>().join(", ");
    match fitting.as_slice() {
        [only] => Ok(only),
        [] => Err(Fault::new(
            "layout-not-found",
            Place::file(file_name),
            format!("Neither the file's name nor its first record is of a known kind ({}).", names(&all)),
            "Name the layout with --layout, or write one for this file (formats/README.md).",
        )),
        several => Err(Fault::new(
            "layout-ambiguous",
            Place::file(file_name),
            format!("The file's first record may be of several kinds: {}.", names(several)),
            "Name the layout with --layout, or give the file its proper name.",
        )),
    }
}

/// Whether a file's first record is a good first record of a layout, its own file name included.
fn head_fits(layout: &Layout, head: &[u8]) -> bool {
    let Some(record) = head.get(..layout.record_bytes) else { return false };
    let Some(kind) = layout.dispatch.classify(&layout.records, record) else { return false };
    let Some(plan) = layout.plan(kind) else { return false };
    let mut flaws = Vec::new();
    validate(plan, layout.encoding, record, &mut flaws, &mut Vec::new());
    let named_so = plan.file_names.iter().filter_map(|ix| plan.field(*ix)).all(|field| {
        let name = String::from_utf8_lossy(field.cut(record).trim_ascii_end());
        layout.matches_file_name(&name).is_some()
    });
    flaws.is_empty()
        && named_so
        && layout.order.step(0, kind.index()).is_some()
        && holds_then(layout, kind, plan, record)
}

/// Whether this revision of the layout holds on the file's date, where its first record says it (E65).
fn holds_then(layout: &Layout, kind: RecordIx, plan: &RecordPlan, record: &[u8]) -> bool {
    let Some(date) = date_in(layout, kind, plan, record) else { return true };
    let (from, until) = layout.effective;
    from.is_none_or(|from| from <= date) && until.is_none_or(|until| date <= until)
}

fn date_in(layout: &Layout, kind: RecordIx, plan: &RecordPlan, record: &[u8]) -> Option<Date> {
    let dated = layout.date.filter(|(of, _)| *of == kind).and_then(|(_, ix)| plan.field(ix));
    dated.and_then(|field| day_of(field, record))
}

/// The date of a file by its first record, as this layout reads it; nothing where that does not say one.
pub fn dated(layout: &Layout, head: &[u8]) -> Option<Date> {
    let record = head.get(..layout.record_bytes)?;
    let kind = layout.dispatch.classify(&layout.records, record)?;
    date_in(layout, kind, layout.plan(kind)?, record)
}

//! A record's stride: the quick way to take a record into account that stands where it should, compiled from its
//! [`RecordPlan`] once.
//!
//! Says *taken* or *I do not know*, never *wrong*, and has changed nothing in the latter case: whoever hears that asks
//! `Progress::observe`, which is the rule and names what is wrong. Only records that the shape has found in order may be
//! handed in, since digits are not looked at again. Headers and trailers have no stride, nor has a record that counts in
//! an unusual way.

use super::plan::{Blank, Feeding, FieldIs, FieldPlan, Kind, RecordIx, RecordPlan, SeriesPlan, Sign};
use super::progress::Progress;
use super::word::{Bytes256, Word};

/// What a record of a kind does to the counts of its file.
#[derive(Debug, Clone)]
pub(crate) struct Stride {
    /// The series that its serial continues, and where that stands.
    pub(super) serial: Option<(usize, Word)>,
    /// Fields that hold the same bytes as those captured in a slot.
    pub(super) equal: Vec<(usize, Word)>,
    /// What it adds to checks.
    pub(super) adds: Vec<Add>,
}

/// What a record adds to one check.
#[derive(Debug, Clone)]
pub(super) struct Add {
    pub(super) check: usize,
    /// Where the number stands that is added; else it counts as one.
    pub(super) number: Option<Word>,
    /// Only where these bytes are among those.
    only: Vec<(usize, Bytes256)>,
}

impl Add {
    /// Whether the record counts here.
    #[inline]
    pub(super) fn counts(&self, record: &[u8]) -> bool {
        self.only.iter().all(|(at, bytes)| record.get(*at).is_some_and(|byte| bytes.has(*byte)))
    }
}

impl Stride {
    /// The stride of the record kind `plan`, one of `records`; `dated`: it holds the file's date.
    pub(crate) fn new(
        plan: &RecordPlan,
        records: &[RecordPlan],
        series: &[SeriesPlan],
        dated: bool,
        record_bytes: usize,
    ) -> Option<Self> {
        let ordinary = plan.opens.is_empty()
            && plan.captures.is_empty()
            && plan.states.is_empty()
            && plan.file_names.is_empty()
            && plan.payload.is_none();
        if !ordinary || dated || plan.serials.len() > 1 {
            return None;
        }
        let word = |field: &FieldPlan| {
            (field.len <= Word::BYTES && field.len > 0)
                .then(|| Word::new(field.start, field.len, record_bytes))
        };
        let number = |field: &FieldPlan| word(field).filter(|_| is_plain_number(field));
        let serial = match plan.serials.first() {
            None => None,
            Some((at, ix)) => {
                series.get(*at)?;
                Some((*at, number(plan.field(*ix)?)?))
            }
        };
        let mut equal = Vec::new();
        for ix in &plan.equal {
            let field = plan.field(*ix)?;
            let equals = field.equals?;
            let other = records.get(equals.record.index()).and_then(|record| record.field(equals.field))?;
            equal.push((equals.slot, word(field).filter(|_| other.len == field.len)?));
        }
        let mut adds = Vec::new();
        for feed in &plan.feeds {
            let value = match feed.what {
                Feeding::Count => None,
                Feeding::Add(ix) => Some(number(plan.field(ix)?)?),
                Feeding::CountPerBytes(_) | Feeding::Subtract(_) => return None,
            };
            let only = feed.only.iter().map(|condition| one_byte(plan, condition)).collect::<Option<_>>()?;
            adds.push(Add { check: feed.check, number: value, only });
        }
        Some(Self { serial, equal, adds })
    }
}

impl Progress<'_> {
    /// Takes a record of the kind into account where it certainly stands where it should; else nothing has changed.
    #[inline]
    pub(crate) fn stride(&mut self, kind: RecordIx, stride: &Stride, record: &[u8]) -> bool {
        let Some(next) = self.layout.order.step(self.state, kind.index()).filter(|_| !self.lost) else {
            return false;
        };
        for (slot, word) in &stride.equal {
            let (Some(Some(want)), Some(found)) = (self.words.get(*slot), word.value(record)) else {
                return false;
            };
            if *want != found {
                return false;
            }
        }
        if let Some((series, word)) = &stride.serial {
            let (Some(state), Some(rules)) = (self.series.get_mut(*series), self.layout.series.get(*series))
            else {
                return false;
            };
            if !word.number(record).is_some_and(|found| state.continues(rules, found)) {
                return false;
            }
        }
        self.state = next;
        if let Some(count) = self.counts.get_mut(kind.index()) {
            *count += 1;
        }
        for add in stride.adds.iter().filter(|add| add.counts(record)) {
            let number = add.number.map_or(Some(1), |word| word.number(record));
            if let (Some(total), Some(number)) = (self.totals.get_mut(add.check), number) {
                total.value = total.value.saturating_add(i128::from(number));
            }
        }
        true
    }
}

/// Digits all through wherever the shape finds the record in order.
fn is_plain_number(field: &FieldPlan) -> bool {
    let digits = matches!(field.kind, Kind::Serial | Kind::Number { sign: Sign::None, .. });
    digits && matches!(field.blank, Blank::Never)
}

/// A condition on a field of one byte.
fn one_byte(plan: &RecordPlan, condition: &FieldIs) -> Option<(usize, Bytes256)> {
    let field = plan.field(condition.field).filter(|field| field.len == 1)?;
    Some((field.start, Bytes256::new(condition.values.iter().filter_map(|value| value.first().copied()))))
}

#[cfg(test)]
mod tests {
    //! `Progress::observe` is the oracle: a file read with strides is read as without them, right or mutated.

    use super::super::plan::Layout;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    /// The golden files with their layout, and the same without strides.
    static FILES: LazyLock<Vec<(Layout, Layout, Vec<u8>)>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(root.join("tests/golden")).unwrap().map(|kind| kind.unwrap().path()).collect();
        folders.sort();
        let mut files = Vec::new();
        for kind in folders {
            let toml = root.join("formats").join(kind.file_name().unwrap()).with_extension("toml");
            let Ok(text) = std::fs::read_to_string(&toml) else { continue };
            let files_in =
                |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            let named =
                |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(char::is_uppercase);
            let mut cases: Vec<PathBuf> = files_in(kind).flat_map(files_in).filter(named).collect();
            cases.sort();
            for case in cases {
                let Ok(bytes) = std::fs::read(&case) else { continue };
                let layout = Layout::from_toml("x", &text).unwrap();
                let mut plain = Layout::from_toml("x", &text).unwrap();
                for record in &mut plain.records {
                    record.stride = None;
                }
                files.push((layout, plain, bytes));
            }
        }
        files
    });

    /// All that a reader says of a file.
    fn said(layout: &Layout, bytes: &[u8]) -> String {
        let mut reader = layout.reader("x", bytes);
        let mut said = String::new();
        while let Some(view) = reader.next_record().unwrap() {
            said += &format!("{view:?} {} {:?}\n", view.at_byte(), view.raw());
        }
        said + &format!("{:?}", reader.finish().unwrap())
    }

    #[test]
    fn the_files_have_strides() {
        let with =
            |(layout, ..): &&(Layout, Layout, Vec<u8>)| layout.records.iter().any(|r| r.stride.is_some());
        let names: Vec<&str> = FILES.iter().filter(with).map(|(layout, ..)| layout.name.as_str()).collect();
        for name in ["EB21", "EB22", "EB13", "EB14"] {
            assert!(names.contains(&name), "{name} has none; these have: {names:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
        #[test]
        fn a_file_is_read_as_without_strides(
            which in any::<usize>(),
            double in any::<Option<(usize, usize)>>(),
            cut in any::<Option<usize>>(),
            mutations in vec((any::<usize>(), any::<u8>(), 0_u8..5), 0..4),
        ) {
            let (layout, plain, bytes) = &FILES[which % FILES.len()];
            let mut bytes = bytes.clone();
            let size = layout.record_bytes;
            if let Some((from, to)) = double {
                let records = (bytes.len() / size).max(1);
                let (from, to) = (from % records * size, to % records * size);
                let record = bytes[from..(from + size).min(bytes.len())].to_vec();
                bytes.splice(to..to, record);
            }
            for (at, byte, how) in mutations {
                let at = at % bytes.len();
                bytes[at] = [byte, b' ', b'0' + byte % 10, b'\n', bytes[at].wrapping_add(1)][usize::from(how)];
            }
            if let Some(cut) = cut {
                bytes.truncate(cut % bytes.len());
            }
            prop_assert_eq!(said(layout, &bytes), said(plain, &bytes));
        }
    }
}

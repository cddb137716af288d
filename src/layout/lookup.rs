//! What outsiders may ask a [`Layout`]: its names, its records and fields, its file names.

use super::charset::Encoding;
use super::name::NameDate;
use super::plan::{Blank, FieldIx, FieldSpec, Layout, PartialAmount, RecordIx, RecordPlan, ResultsListed};
use crate::domain::Date;

impl Layout {
    /// Short name, as the bank calls the file: `EB13`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the manual calls it.
    pub fn ko(&self) -> &str {
        &self.ko
    }

    /// What the file means; `None`: it can be read and written but moves nothing.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The layout file it comes from, as faults show it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file's charset.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Bytes of a record without line end (of the fixed records, where others carry a payload).
    pub fn record_bytes(&self) -> usize {
        self.record_bytes
    }

    /// What a result file lists.
    pub fn results(&self) -> ResultsListed {
        self.results
    }

    /// What the amount of a partly executed line says, where the layout says it.
    pub fn partial_amount(&self) -> Option<PartialAmount> {
        self.partial_amount
    }

    /// Field names by which a result line finds its request line.
    pub fn match_by(&self) -> &[String] {
        &self.match_by
    }

    /// The field that states how many lines succeeded, where the file has one.
    pub fn success_count(&self) -> Option<(RecordIx, FieldIx)> {
        self.success_count
    }

    /// The field that holds the file's date.
    pub fn date_field(&self) -> Option<(RecordIx, FieldIx)> {
        self.date
    }

    /// First and last day on which this revision holds, both inclusive.
    pub fn effective(&self) -> (Option<Date>, Option<Date>) {
        self.effective
    }

    /// All record kinds, in the order of the layout file.
    pub fn records(&self) -> impl Iterator<Item = RecordIx> + use<> {
        (0..u16::try_from(self.records.len()).unwrap_or(u16::MAX)).map(RecordIx)
    }

    /// The record kind of this name.
    pub fn record(&self, name: &str) -> Option<RecordIx> {
        self.records().find(|ix| self.record_name(*ix) == name)
    }

    /// The name of a record kind.
    pub fn record_name(&self, ix: RecordIx) -> &str {
        self.plan(ix).map_or("", |record| &record.name)
    }

    /// What the manual calls a record kind; empty where the layout does not say.
    pub fn record_ko(&self, ix: RecordIx) -> &str {
        self.plan(ix).map_or("", |record| &record.ko)
    }

    /// The line of the layout file at which a record kind begins.
    pub fn line_of(&self, ix: RecordIx) -> usize {
        self.plan(ix).map_or(0, |record| record.line)
    }

    /// All fields of a record kind, in byte order.
    pub fn fields(&self, ix: RecordIx) -> impl Iterator<Item = FieldIx> + use<> {
        let count = self.plan(ix).map_or(0, |record| record.fields.len());
        (0..u16::try_from(count).unwrap_or(u16::MAX)).map(FieldIx)
    }

    /// The field of this name in a record kind.
    pub fn field(&self, record: RecordIx, name: &str) -> Option<FieldIx> {
        let at = self.plan(record)?.fields.iter().position(|field| field.name == name)?;
        u16::try_from(at).ok().map(FieldIx)
    }

    /// What the layout says of a field; `None` for a number that is not of this layout.
    pub fn field_spec(&self, record: RecordIx, field: FieldIx) -> Option<FieldSpec<'_>> {
        let plan = self.plan(record)?.field(field)?;
        Some(FieldSpec {
            name: &plan.name,
            ko: &plan.ko,
            at: plan.start + 1,
            len: plan.len,
            kind: plan.kind.public(),
            optional: !matches!(plan.blank, Blank::Never),
            sensitive: plan.sensitive,
            line: plan.line,
            plan,
        })
    }

    /// The name of the file of a date: `EB130105`.
    pub fn file_name(&self, date: Date) -> String {
        self.patterns.first().map_or_else(String::new, |pattern| pattern.print(date))
    }

    /// What a name says of the file's date; `None` where it is not a name of this layout.
    pub fn matches_file_name(&self, name: &str) -> Option<NameDate> {
        self.patterns.iter().find_map(|pattern| pattern.read(name))
    }

    pub(crate) fn plan(&self, ix: RecordIx) -> Option<&RecordPlan> {
        self.records.get(ix.index())
    }
}

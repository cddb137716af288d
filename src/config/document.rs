//! A TOML file as a tree that remembers where everything stands, and the questions that the config asks of it.
//!
//! Why not serde's derive: it stops at the first wrong key of a file, and a person who writes config wants to be told
//! everything at once. The tree is toml's own (`DeTable`, every value `Spanned`); a key that nothing asked for is a
//! fault when its section is finished, as `deny_unknown_fields` would have it.
//!
//! Must not: know what the keys mean, or show a personal number in an excerpt.

use crate::fault::{Excerpt, Fault, Faults, Place, printable};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_width::UnicodeWidthStr;

/// Keys whose values are personal or secret: their digits are masked in excerpts, but for the last four.
const SENSITIVE_KEYS: [&str; 5] = ["account", "business_no", "phone", "email", "address"];

/// A run of so many digits may be an account number. Institution codes and business numbers have ten.
const ACCOUNT_DIGITS: usize = 11;

/// A value and the bytes of the file where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One config file, parsed, with the faults found in it so far.
pub(super) struct Document<'t> {
    file: String,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    faults: RefCell<Faults>,
}

impl<'t> Document<'t> {
    /// Parses `text`; every syntax fault is noted. A document that has any is not worth asking: see
    /// [`Document::is_broken`].
    pub(super) fn parse(file: String, text: &'t str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        // All are kept until they are sorted; who gathers them caps and counts.
        let faults = RefCell::new(Faults::with_cap(usize::MAX));
        let document = Self { file, text, root, faults };
        // What is left open swallows the lines below it, each of which is then wrong: only the first is worth telling.
        let most =
            if errors.iter().any(|error| error.message().contains("unclosed")) { 1 } else { usize::MAX };
        for error in errors.into_iter().take(most) {
            let span = error.span().unwrap_or(0..0);
            document.fault(
                "config-syntax",
                span,
                format!("not TOML: {}", error.message()),
                "correct the text here or on the line above; keys are ASCII, Korean text stands in \"quotes\"",
            );
        }
        document
    }

    /// Whether the text is no TOML, so that nothing may be read from it.
    pub(super) fn is_broken(&self) -> bool {
        !self.faults.borrow().is_empty()
    }

    /// The whole file as a section.
    pub(super) fn root(&self) -> Section<'_> {
        Section {
            document: self,
            path: String::new(),
            span: 0..0,
            table: self.root.get_ref(),
            asked: BTreeSet::new(),
        }
    }

    /// Notes a fault at `span`, with the line and carets below the part that is meant.
    pub(super) fn fault(
        &self,
        name: &'static str,
        span: Range<usize>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let prefix = self.text.get(line_start..start).unwrap_or_default();
        let line_no = before.matches('\n').count() + 1;
        let end = span.end.clamp(start, line_start + line.len());
        let marked = self.text.get(start..end).unwrap_or_default();

        let carets = printable(marked).width().max(1);
        let marker = format!("{}{}", " ".repeat(printable(prefix).width()), "^".repeat(carets));
        let place =
            Place::Line { file: self.file.clone(), line: line_no, column: prefix.chars().count() + 1 };
        let mut fault = Fault::new(name, place, expected, remedy);
        if !line.is_empty() {
            fault = fault.with_excerpt(Excerpt {
                margin: line_no.to_string(),
                text: printable(&shown_line(line)),
                marker,
            });
        }
        self.faults.borrow_mut().push(fault);
    }

    /// Notes a fault of the file as a whole.
    pub(super) fn file_fault(
        &self,
        name: &'static str,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.borrow_mut().push(Fault::new(name, Place::file(self.file.clone()), expected, remedy));
    }

    /// The faults found, in the order of the text.
    pub(super) fn into_faults(self) -> Faults {
        let mut kept = self.faults.into_inner().into_kept();
        kept.sort_by(|a, b| a.place.cmp(&b.place));
        kept.into()
    }
}

/// Whether a line sets a personal value.
fn is_sensitive(line: &str) -> bool {
    SENSITIVE_KEYS.iter().any(|key| {
        line.match_indices(key).any(|(at, _)| {
            let after = line.get(at + key.len()..).unwrap_or_default().trim_start();
            let stands_alone =
                !line.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric() || c == '_');
            stands_alone && after.starts_with('=')
        })
    })
}

/// The line with personal numbers masked: every digit of a personal value, and, since a key may be misspelt, every
/// run of digits and hyphens as long as an account number. The number of characters stays.
fn shown_line(line: &str) -> String {
    if is_sensitive(line) {
        return mask_digits(line);
    }
    let mut shown = String::with_capacity(line.len());
    let mut run = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_digit() || c == '-' {
            run.push(c);
            continue;
        }
        let digits = run.chars().filter(char::is_ascii_digit).count();
        shown.push_str(&if digits >= ACCOUNT_DIGITS { mask_digits(&run) } else { std::mem::take(&mut run) });
        run.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

/// Every digit but the last four as `*`, all of them where there are fewer than eight.
fn mask_digits(text: &str) -> String {
    let mut left = text.chars().filter(char::is_ascii_digit).count();
    let shown = if left >= 8 { 4 } else { 0 };
    let mask = |c: char| {
        if !c.is_ascii_digit() {
            return c;
        }
        left = left.saturating_sub(1);
        if left < shown { c } else { '*' }
    };
    text.chars().map(mask).collect()
}

/// A table of a document. Ask for its keys, then [`Section::finish`] it.
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    /// `contract`, or empty for the file itself.
    path: String,
    span: Range<usize>,
    table: &'d DeTable<'d>,
    asked: BTreeSet<&'static str>,
}

impl<'d> Section<'d> {
    /// The document, to note faults in.
    pub(super) fn document(&self) -> &'d Document<'d> {
        self.document
    }

    /// Where the section stands.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key, if it stands there.
    fn look(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    /// Whether a key stands there.
    pub(super) fn has(&mut self, key: &'static str) -> bool {
        self.look(key).is_some()
    }

    /// Whether a key stands there as a list: `[[key]]`.
    pub(super) fn has_list(&mut self, key: &'static str) -> bool {
        self.look(key).is_some_and(|value| value.get_ref().as_array().is_some())
    }

    /// The value of a key that must stand there.
    fn need(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.need_as(key, key, &format!("a line {key} = …"))
    }

    /// As [`Section::need`], with the words for the key and for `how` a person writes it.
    fn need_as(&mut self, key: &'static str, shown: &str, how: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        let found = self.look(key);
        if found.is_none() {
            let place =
                if self.path.is_empty() { "the file".to_string() } else { format!("[{}]", self.path) };
            let expected = format!("{place} has no {shown}");
            let remedy = format!("add {how}");
            if self.path.is_empty() {
                self.document.file_fault("config-key-missing", expected, remedy);
            } else {
                self.document.fault("config-key-missing", self.span(), expected, remedy);
            }
        }
        found
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<At<&'d str>> {
        let value = self.need(key)?;
        text_of(self.document, key, value)
    }

    /// A text of people: printable, not empty, no outer blanks, at most `most` characters.
    pub(super) fn words(&mut self, key: &'static str, most: usize) -> Option<At<String>> {
        let text = self.text(key)?;
        let count = text.value.chars().count();
        let wrong = if text.value.trim() != text.value || count == 0 {
            Some("is empty or has blanks at its ends".to_string())
        } else if printable(text.value) != text.value {
            Some("holds a character that cannot be shown (control, direction or zero width)".to_string())
        } else if count > most {
            Some(format!("has {count} characters; at most {most}"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.document.fault(
                "config-value-wrong",
                text.span,
                format!("{key} {wrong}"),
                "write plain text",
            );
            return None;
        }
        Some(At { value: text.value.to_string(), span: text.span })
    }

    /// A text that has a form of its own: a day, a time, an id.
    pub(super) fn parsed<T: FromStr<Err = String>>(&mut self, key: &'static str) -> Option<At<T>> {
        let text = self.text(key)?;
        parse_at(self.document, key, &text)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<At<T>> {
        let text = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(At { value: *value, span: text.span });
        }
        let known: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        let expected = format!("{key} is {:?}; it may be {}", text.value, known.join(" or "));
        self.document.fault("config-value-wrong", text.span, expected, "write one of these words");
        None
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<At<i64>> {
        let value = self.need(key)?;
        number_of(self.document, key, value, range)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.need(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_kind(self.document, key, value, "true or false, without quotes");
        }
        flag
    }

    /// `true` or `false`, `default` where the key is left out.
    pub(super) fn flag_or(&mut self, key: &'static str, default: bool) -> Option<bool> {
        if self.has(key) { self.flag(key) } else { Some(default) }
    }

    /// The elements of a list.
    pub(super) fn list(&mut self, key: &'static str) -> Option<At<&'d [Spanned<DeValue<'d>>]>> {
        let value = self.need(key)?;
        let Some(list) = value.get_ref().as_array() else {
            wrong_kind(self.document, key, value, "a list in [brackets]");
            return None;
        };
        Some(At { value: list, span: value.span() })
    }

    /// A list of texts that have a form of their own. Elements that are wrong are noted and left out.
    pub(super) fn parsed_list<T: FromStr<Err = String>>(&mut self, key: &'static str) -> Option<Vec<At<T>>> {
        let document = self.document;
        let texts = self.list(key)?.value.iter().filter_map(|value| text_of(document, key, value));
        Some(texts.filter_map(|text| parse_at(document, key, &text)).collect())
    }

    /// A section that must be there.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'d>> {
        let value = self.need_as(key, &format!("[{key}]"), &format!("a section [{key}]"))?;
        self.as_section(key, value)
    }

    /// The sections of a `[[key]]` list, none where it is left out.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'d>> {
        let Some(value) = self.look(key) else { return Vec::new() };
        let Some(elements) = value.get_ref().as_array() else {
            wrong_kind(
                self.document,
                key,
                value,
                &format!("a list of sections, each under a line [[{key}]]"),
            );
            return Vec::new();
        };
        elements.iter().filter_map(|value| self.as_section(key, value)).collect()
    }

    fn as_section(&self, key: &'static str, value: &'d Spanned<DeValue<'d>>) -> Option<Section<'d>> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_kind(self.document, key, value, &format!("a section: a line [{key}] with its keys below"));
            return None;
        };
        let path = if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) };
        Some(Section { document: self.document, path, span: value.span(), table, asked: BTreeSet::new() })
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.asked.contains(name) {
                let known: Vec<&str> = self.asked.iter().copied().collect();
                let place = if self.path.is_empty() { "here" } else { "in this section" };
                self.document.fault(
                    "config-unknown-key",
                    key.span(),
                    format!("{:?} is no key {place}; known are {}", printable(name), known.join(", ")),
                    "correct the spelling, or take the line out",
                );
            }
        }
    }
}

/// The text of a value, or a fault.
pub(super) fn text_of<'d>(
    document: &Document<'_>,
    key: &str,
    value: &'d Spanned<DeValue<'d>>,
) -> Option<At<&'d str>> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_kind(document, key, value, "a text in \"quotes\"");
    }
    Some(At { value: text?, span: value.span() })
}

/// The number of a value within a range, or a fault.
pub(super) fn number_of(
    document: &Document<'_>,
    key: &str,
    value: &Spanned<DeValue<'_>>,
    range: RangeInclusive<i64>,
) -> Option<At<i64>> {
    let Some(digits) = value.get_ref().as_integer() else {
        wrong_kind(document, key, value, "a whole number without quotes");
        return None;
    };
    match i64::from_str_radix(digits.as_str(), digits.radix()) {
        Ok(number) if range.contains(&number) => Some(At { value: number, span: value.span() }),
        _ => {
            let expected = format!("{key} is {digits}; it may be {} to {}", range.start(), range.end());
            document.fault(
                "config-number-out-of-range",
                value.span(),
                expected,
                "write a number of this range",
            );
            None
        }
    }
}

fn parse_at<T: FromStr<Err = String>>(document: &Document<'_>, key: &str, text: &At<&str>) -> Option<At<T>> {
    match text.value.parse() {
        Ok(value) => Some(At { value, span: text.span.clone() }),
        Err(why) => {
            let remedy = format!("correct the value of {key}");
            document.fault("config-value-wrong", text.span.clone(), why, remedy);
            None
        }
    }
}

pub(super) fn wrong_kind(document: &Document<'_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
    let expected = format!("{key} is a TOML {}; it must be {wanted}", value.get_ref().type_str());
    document.fault("config-wrong-kind", value.span(), expected, format!("write {wanted}"));
}

//! A record's shape: the quick way to see that a record is in order, compiled from its [`RecordPlan`] once.
//!
//! Says *yes* or *I do not know*, never *no*: whoever hears the latter asks `record::validate`, which is the rule, finds the
//! flaw and names it. So a *yes* must mean that `validate` would find nothing, neither a flaw nor a tolerance; the tests
//! hold the two against each other on good and on mutated records.
//!
//! Two steps. First every byte is held against what its place allows: a range, perhaps a blank, and whether a character may
//! follow a blank. That settles constants, fillers, numbers and what stands left-justified, sixteen bytes at a time and
//! without a branch. Then what is left (codes, text, what may be blank as a whole) is seen field by field. No allocation,
//! no decoding.

use super::charset::Encoding;
use super::plan::{Blank, Chars, FieldPlan, Kind, RecordPlan, Sign, TextChars, Tolerances};
use super::record::validate_field;
use super::word::{Bytes256, Word};

/// Bytes seen at once.
const WIDE: usize = Word::BYTES;
/// A one in every byte.
const ONES: u128 = u128::from_le_bytes([1; WIDE]);
/// The top bit of every byte.
const TOPS: u128 = ONES << 7;
/// Sixteen blanks.
const BLANKS: u128 = ONES * b' ' as u128;

/// What each of sixteen places allows.
#[derive(Debug, Clone, Copy)]
struct Places {
    least: [u8; WIDE],
    most: [u8; WIDE],
    /// All bits set where a blank is right although it is out of the range.
    blank: [u8; WIDE],
    /// All bits set where nothing but a blank may follow a blank.
    left: [u8; WIDE],
}

/// What one place allows, before sixteen are joined.
#[derive(Debug, Clone, Copy)]
struct PlaceRule {
    least: u8,
    most: u8,
    blank: bool,
    left: bool,
}

impl PlaceRule {
    const ANY: Self = Self::range(0, u8::MAX);

    const fn range(least: u8, most: u8) -> Self {
        Self { least, most, blank: false, left: false }
    }
}

impl Places {
    fn new(rules: &[PlaceRule; WIDE]) -> Self {
        let bits = |set: bool| if set { u8::MAX } else { 0 };
        Self {
            least: rules.map(|rule| rule.least),
            most: rules.map(|rule| rule.most),
            blank: rules.map(|rule| bits(rule.blank)),
            left: rules.map(|rule| bits(rule.left)),
        }
    }
}

/// Zero where every byte is as its place allows; `before` are the same bytes one place earlier. One loop over arrays, so
/// that the compiler makes vector instructions of it: split into functions it does not (benches/README.md).
#[inline(never)]
fn beyond(bytes: &[[u8; WIDE]], before: &[[u8; WIDE]], places: &[Places]) -> u128 {
    let mut all = 0;
    for ((bytes, before), of) in bytes.iter().zip(before).zip(places) {
        let mut wrong = *bytes;
        let ranges = of.least.iter().zip(&of.most);
        let each = wrong.iter_mut().zip(before).zip(ranges).zip(&of.blank).zip(&of.left);
        for ((((byte, before), (least, most)), blank), left) in each {
            let is_blank = if *byte == b' ' { u8::MAX } else { 0 };
            let was_blank = if *before == b' ' { u8::MAX } else { 0 };
            let out_of_range = byte.saturating_sub(*most) | least.saturating_sub(*byte);
            *byte = (out_of_range & !(is_blank & blank)) | (!is_blank & was_blank & left);
        }
        all |= u128::from_le_bytes(wrong);
    }
    all
}

/// What the bytes of a field must be, beyond what each place allows.
#[derive(Debug, Clone)]
enum Rule {
    /// Letters and digits from the left, then blanks; the places see to it that nothing follows a blank.
    Alnum,
    /// Digits all through, or blanks all through.
    DigitsOrBlank,
    /// Not blank at the first byte, or (`blank`) blank all through.
    Printable { blank: bool },
    /// Text, `len` bytes from `start`.
    Text { chars: TextChars, blank: bool, start: usize, len: usize },
    /// The byte at a place, which must be one of these.
    OneOf { at: usize, bytes: Bytes256 },
    /// Asks the plain check of the field with this index.
    Plain(usize),
}

/// The lowest bit of each byte of a word that is at least `first` and at most `last`; all bytes are below 0x80.
#[inline]
fn within(word: u128, first: u8, last: u8) -> u128 {
    let (low, high) = (u128::from(0x80 - first), u128::from(0x7f - last));
    (word.wrapping_add(ONES * low) & !word.wrapping_add(ONES * high)) >> 7 & ONES
}

/// The compiled shape of a record kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    first: Option<PlaceRule>,
    /// For every sixteen bytes after the first byte; `last`: for the last sixteen, which overlap those before them.
    places: Vec<Places>,
    last: Option<Places>,
    rules: Vec<(Word, Rule)>,
    /// Bytes of a record; zero where nothing can be said quickly.
    record_bytes: usize,
}

impl Shape {
    /// The shape of a record kind whose fields are resolved. Records with a payload, or shorter than a word, have none.
    pub(crate) fn new(plan: &RecordPlan, record_bytes: usize) -> Self {
        if plan.payload.is_some() || record_bytes <= WIDE {
            return Self::default();
        }
        let mut places = vec![PlaceRule::ANY; record_bytes];
        let mut rules = Vec::new();
        for (ix, field) in plan.fields.iter().enumerate() {
            let words = words_of(field, record_bytes);
            let (place, rule) = rules_of(ix, field, words.len());
            for (at, to) in places.iter_mut().skip(field.start).take(field.len).enumerate() {
                *to = match &field.kind {
                    Kind::Const(value) => {
                        value.get(at).map_or(PlaceRule::ANY, |byte| PlaceRule::range(*byte, *byte))
                    }
                    // The first byte follows another field, and is blank only where the whole field may be.
                    _ if at == 0 => {
                        PlaceRule { left: false, blank: place.blank && is_optional(field), ..place }
                    }
                    _ => place,
                };
            }
            if let Some(rule) = rule {
                let many = matches!(rule, Rule::Alnum);
                let words = words.into_iter().take(if many { usize::MAX } else { 1 });
                rules.extend(words.map(|word| (word, rule.clone())));
            }
        }
        let (first, after) =
            places.split_first().map_or((None, &[][..]), |(first, after)| (Some(*first), after));
        Self {
            first,
            places: after.as_chunks().0.iter().map(Places::new).collect(),
            last: after.last_chunk().map(Places::new),
            rules,
            record_bytes,
        }
    }

    /// Whether the record is certainly in order, without any tolerance.
    #[inline]
    pub(crate) fn is_clean(&self, plan: &RecordPlan, encoding: Encoding, record: &[u8]) -> bool {
        if record.len() != self.record_bytes || !self.is_in_place(record) {
            return false;
        }
        self.rules.iter().all(|(word, rule)| match rule {
            Rule::Plain(ix) => plain(plan, *ix, encoding, record),
            Rule::OneOf { at, bytes } => record.get(*at).is_some_and(|byte| bytes.has(*byte)),
            Rule::Text { chars, blank, start, len } => {
                let quick = *len <= WIDE && *chars == TextChars::Any;
                word.load(record).is_some_and(|bytes| quick && is_ascii_text(bytes, word.mask, *blank))
                    || record.get(*start..start + len).is_some_and(|raw| text(encoding, *chars, *blank, raw))
            }
            rule => word.load(record).is_some_and(|bytes| holds(rule, bytes, word)),
        })
    }

    #[inline]
    fn is_in_place(&self, record: &[u8]) -> bool {
        let (Some(first), Some(last)) = (self.first, &self.last) else { return false };
        let ([byte, after @ ..], [before @ .., _]) = (record, record) else { return false };
        let (Some(end), Some(before_end)) = (after.last_chunk(), before.last_chunk()) else { return false };
        let (end, before_end) = (std::slice::from_ref(end), std::slice::from_ref(before_end));
        (first.least..=first.most).contains(byte)
            && beyond(after.as_chunks().0, before.as_chunks().0, &self.places)
                | beyond(end, before_end, std::slice::from_ref(last))
                == 0
    }
}

/// Whether a field may be blank as a whole, whatever the others say.
fn is_optional(field: &FieldPlan) -> bool {
    matches!(field.blank, Blank::Allowed)
}

/// The words of a field that its rules look at.
fn words_of(field: &FieldPlan, record_bytes: usize) -> Vec<Word> {
    let end = field.start + field.len;
    (field.start..end).step_by(WIDE).map(|at| Word::new(at, WIDE.min(end - at), record_bytes)).collect()
}

/// What each place of a field allows, and the rule for what that does not settle.
fn rules_of(ix: usize, field: &FieldPlan, words: usize) -> (PlaceRule, Option<Rule>) {
    let blank = is_optional(field);
    let left = |least, most| PlaceRule { least, most, blank: true, left: true };
    let digits = PlaceRule::range(b'0', b'9');
    match &field.kind {
        Kind::Const(_) | Kind::Opaque => (PlaceRule::ANY, None),
        Kind::Filler(fill) => (PlaceRule::range(*fill, *fill), None),
        _ if matches!(field.blank, Blank::Unless { .. } | Blank::RequiredWhen(_)) => {
            (PlaceRule::ANY, Some(Rule::Plain(ix)))
        }
        Kind::Serial | Kind::Digits { right: true } | Kind::Number { sign: Sign::None, .. } => {
            match (blank, words) {
                (false, _) => (digits, None),
                (true, 1) => (PlaceRule { blank: true, ..digits }, Some(Rule::DigitsOrBlank)),
                (true, _) => (PlaceRule::ANY, Some(Rule::Plain(ix))),
            }
        }
        Kind::Digits { right: false } => (left(b'0', b'9'), None),
        Kind::Ascii { chars: Chars::Graphic, right: false } | Kind::FileName => (left(b'!', b'~'), None),
        Kind::Ascii { chars: Chars::Alnum, right: false } => (left(b'0', b'z'), Some(Rule::Alnum)),
        Kind::Ascii { chars: Chars::Printable, right: false } if words == 1 => {
            (PlaceRule::range(b' ', b'~'), Some(Rule::Printable { blank }))
        }
        Kind::Text { chars, .. } => {
            let rule = Rule::Text { chars: *chars, blank, start: field.start, len: field.len };
            (PlaceRule::ANY, Some(rule))
        }
        Kind::Code { codes, open } if field.len == 1 => {
            let listed = codes.iter().filter_map(|code| code.raw.first().copied());
            let others = (b'!'..=b'~').filter(|_| *open).chain(Some(b' ').filter(|_| blank));
            let bytes = Bytes256::new(listed.chain(others));
            (PlaceRule::ANY, Some(Rule::OneOf { at: field.start, bytes }))
        }
        _ => (PlaceRule::ANY, Some(Rule::Plain(ix))),
    }
}

/// Whether a word of a field is as its rule says.
#[inline]
fn holds(rule: &Rule, word: u128, of: &Word) -> bool {
    let Word { mask, low, .. } = *of;
    let all = mask & ONES;
    match rule {
        Rule::Alnum => {
            let blank = within(word, b' ', b' ');
            let letters = within(word | BLANKS, b'a', b'z');
            (within(word, b'0', b'9') | letters | blank) & all == all
        }
        Rule::DigitsOrBlank => within(word, b'0', b'9') & all == all || word == BLANKS & mask,
        Rule::Printable { blank } => {
            let first = low * 0xff;
            word & first != BLANKS & first || (*blank && word == BLANKS & mask)
        }
        Rule::Text { .. } | Rule::OneOf { .. } | Rule::Plain(_) => false,
    }
}

/// Whether a word is printable ASCII, and blank only where that is allowed.
#[inline]
fn is_ascii_text(word: u128, mask: u128, blank: bool) -> bool {
    let tops = TOPS & mask;
    let not_control = word.wrapping_add(ONES * 0x60) & !word.wrapping_add(ONES) & tops;
    word & tops == 0 && not_control == tops && (blank || word != BLANKS & mask)
}

/// Whether a field is text of the charset. No second byte of a character is a blank, so those at the end need no walk.
fn text(encoding: Encoding, chars: TextChars, blank: bool, raw: &[u8]) -> bool {
    let end = raw.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    encoding.walk(raw.get(..end).unwrap_or(raw)).is_ok_and(|walk| {
        let kind = match chars {
            TextChars::Any => true,
            TextChars::DoubleByte => !walk.narrow,
            TextChars::SingleByte => !walk.wide,
        };
        kind && !walk.odd_a1 && (blank || walk.content > 0)
    })
}

/// The plain check of one field.
#[inline(never)]
fn plain(plan: &RecordPlan, ix: usize, encoding: Encoding, record: &[u8]) -> bool {
    let Some(field) = plan.fields.get(ix) else { return false };
    validate_field(plan, field, encoding, record) == Ok(Tolerances::NONE)
}

#[cfg(test)]
mod tests {
    //! `record::validate` is the oracle: the quick check must say yes where it finds nothing, and only there.

    use super::super::plan::Layout;
    use super::super::record::validate;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::path::Path;
    use std::sync::LazyLock;

    /// All layouts of the repository, and the benchmark's.
    static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = ["formats", "benches/layouts"]
            .iter()
            .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "toml"))
            .collect();
        files.sort();
        let load = |path: &std::path::PathBuf| {
            Layout::from_toml("x", &std::fs::read_to_string(path).unwrap()).unwrap()
        };
        files.iter().map(load).collect()
    });

    const TEXT: &[u8] =
        b"\xb1\xe8\xb0\xa1\xb3\xaa\xc8\xb8\xba\xf1\xa1\xa1AB 12\xa1\xa1\xa1\xa1\xb1\xe8\xb0\xa1\xa1\xa1";

    /// Fills a field with what fits its kind, or with what looks like it.
    fn fill(field: &FieldPlan, pick: u64, to: &mut [u8]) {
        let length = usize::try_from(pick >> 8).unwrap_or(0) % (to.len() + 1);
        let content: Vec<u8> = match (&field.kind, pick % 8) {
            (Kind::Const(_) | Kind::Filler(_), 0..=6) => return,
            (_, 0) => Vec::new(),
            (Kind::Text { .. }, 1..=5) => TEXT.iter().cycle().take(length).copied().collect(),
            (Kind::Code { codes, .. }, 1..=6) if !codes.is_empty() => codes[length % codes.len()].raw.clone(),
            (Kind::Date { .. }, 1..=6) => b"20260605".iter().rev().take(to.len()).rev().copied().collect(),
            (Kind::Time { .. }, 1..=6) => b"101530".iter().take(to.len()).copied().collect(),
            (Kind::Serial | Kind::Number { .. } | Kind::Digits { right: true }, 1..=6) => {
                vec![b'7'; to.len()]
            }
            (_, 1..=3) => vec![b'4'; length],
            (_, 4..=6) => vec![b'K'; length],
            _ => vec![(pick >> 16) as u8; length],
        };
        to.fill(b' ');
        for (to, byte) in to.iter_mut().zip(content) {
            *to = byte;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]
        #[test]
        fn says_yes_exactly_where_the_plain_check_finds_nothing(
            which in any::<(usize, usize)>(),
            faulty in 0_u64..4,
            picks in vec(any::<u64>(), 40),
            mutations in vec((any::<usize>(), any::<u8>(), 0_u8..4), 0..3),
        ) {
            let layout = &LAYOUTS[which.0 % LAYOUTS.len()];
            let plan = &layout.records[which.1 % layout.records.len()];
            prop_assume!(plan.payload.is_none());
            let mut record = plan.template.clone();
            for (at, field) in plan.fields.iter().enumerate() {
                let pick = picks[at % picks.len()];
                // Mostly right values, else no record at all would be in order.
                let pick = if pick >> 32 & 7 < faulty { pick } else { (pick & !7) | (1 + (pick & 1)) };
                let bytes = &mut record[field.start..field.start + field.len];
                fill(field, if pick >> 40 & 3 == 0 { pick } else { pick | 0xf00 }, bytes);
            }
            for (at, byte, how) in mutations {
                let at = at % record.len();
                record[at] = [byte, b' ', b'\n', record[at].wrapping_add(1)][usize::from(how)];
            }
            let (mut flaws, mut used) = (Vec::new(), Vec::new());
            validate(plan, layout.encoding, &record, &mut flaws, &mut used);
            let right = flaws.is_empty() && used.is_empty();
            let clean = plan.shape.is_clean(plan, layout.encoding, &record);
            prop_assert_eq!(clean, right, "{} {} {:?} {:?}", layout.name, plan.name, String::from_utf8_lossy(&record), flaws);
        }
    }

    #[test]
    fn templates_are_judged_alike_and_nearly_all_kinds_have_a_shape() {
        let mut clean = 0;
        for layout in LAYOUTS.iter() {
            for plan in &layout.records {
                let says = plan.shape.is_clean(plan, layout.encoding, &plan.template);
                let (mut flaws, mut used) = (Vec::new(), Vec::new());
                validate(plan, layout.encoding, &plan.template, &mut flaws, &mut used);
                assert_eq!(says, flaws.is_empty() && used.is_empty(), "{} {}", layout.name, plan.name);
                clean += usize::from(plan.shape.record_bytes > 0);
            }
        }
        assert!(clean > 20, "nearly all record kinds have a shape: {clean}");
    }

    #[test]
    fn a_control_byte_or_half_a_character_at_the_end_of_text_is_never_clean() {
        let layout = LAYOUTS.iter().find(|layout| layout.name == "EB21").unwrap();
        let plan = layout.records.iter().find(|plan| plan.name == "data").unwrap();
        let field = plan.fields.iter().find(|field| field.name == "passbook_text").unwrap();
        for end in [&b"\n"[..], b"\t", b"\x7f", b"\xb1", b"\xa1", b"\xa1 "] {
            for before in [&b"AB"[..], b"\xb1\xe8", b""] {
                let raw = [before, end].concat();
                assert!(!text(layout.encoding, TextChars::Any, true, &raw), "{raw:x?}");
                let mut record = plan.template.clone();
                record[field.start..field.start + raw.len()].copy_from_slice(&raw);
                assert!(!plan.shape.is_clean(plan, layout.encoding, &record), "{raw:x?}");
            }
        }
    }
}

//! Result codes (불능코드) of a bank as data: what each says, who must act, what it does to a mandate.
//!
//! Must not: name a code. Codes stand in `formats/codes/*.toml`; the columns of that table are explained there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::fault::{Excerpt, Fault, Faults, Place, printable};
use crate::machine::cancellation::Answer;
use crate::machine::mandate::Effect;
use crate::machine::words;

words! {
    /// Who sets a code.
    By {
        /// 센터: the clearing centre, before a bank sees the line.
        Centre = "centre",
        /// 은행.
        Bank = "bank",
        /// 기관: whoever answers a bank's application, we among them.
        Institution = "institution",
    }
}

words! {
    /// Who must act upon a code.
    Actor {
        /// 납부자.
        Payer = "payer",
        /// 이용기관.
        Creditor = "creditor",
        /// 은행.
        Bank = "bank",
        /// 대행사: who runs sunap.
        Agent = "agent",
    }
}

/// One result code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// As it stands in the file.
    pub code: String,
    /// Who sets it; at least one.
    pub by: Vec<By>,
    /// What it says, in the bank's words.
    pub ko: String,
    /// What it says, in English.
    pub en: String,
    /// Who must act.
    pub who: Actor,
    /// Whether the same charge may be requested again without a change.
    pub retry: bool,
    /// What a debit that fails with it does to an active mandate (decisions.md 23).
    pub effect: Effect,
    /// What it means as the answer to a cancellation (product.md 3.2).
    pub cancel: Answer,
    /// What an operator is told: what it means, what to do; one or more Korean sentences.
    pub sentence: String,
}

/// The codes of one network.
#[derive(Debug, Clone)]
pub struct CodeTable {
    name: String,
    codes: HashMap<String, Code>,
}

impl CodeTable {
    /// Reads a table. `file` is the name that faults show.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Faults> {
        let reading = Reading { file, text };
        let raw: RawTable = toml::from_str(text).map_err(|e| {
            let place = reading.place(e.span().unwrap_or(0..0));
            let fault = Fault::new(
                "code-table-unreadable",
                place,
                format!("A code table has name, ko and [[code]] entries with code, by, ko, en, who, retry, effect, cancel, sentence.\nHere: {}", printable(e.message())),
                "write every key as formats/codes/kftc.toml does, and no other key",
            );
            Faults::from(vec![reading.show(fault, e.span().unwrap_or(0..0))])
        })?;
        let mut faults = Faults::default();
        let mut codes: HashMap<String, Code> = HashMap::with_capacity(raw.code.len());
        let mut first_line: HashMap<String, usize> = HashMap::new();
        for entry in raw.code {
            let span = entry.code.span();
            let line = reading.line(span.start);
            let Some(code) = reading.code(entry, &mut faults) else { continue };
            if let Some(first) = first_line.get(&code.code) {
                faults.push(reading.show(
                    Fault::new(
                        "code-listed-twice",
                        reading.place(span.clone()),
                        format!("Code {} stands already in line {first}; a code has one meaning.", code.code),
                        "remove one of the two entries",
                    ),
                    span,
                ));
                continue;
            }
            first_line.insert(code.code.clone(), line);
            codes.insert(code.code.clone(), code);
        }
        if faults.is_empty() { Ok(Self { name: raw.name, codes }) } else { Err(faults) }
    }

    /// The table's name: `kftc`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The entry of a code; `None` for a blank or unlisted one.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.codes.get(code)
    }

    /// All entries, by code.
    pub fn all(&self) -> Vec<&Code> {
        let mut all: Vec<&Code> = self.codes.values().collect();
        all.sort_by(|a, b| a.code.cmp(&b.code));
        all
    }

    /// What a person reads for a code: its Korean text, `알수없음 <code>` for an unlisted one, `불능코드 없음` for a blank.
    pub fn ko(&self, code: &str) -> Cow<'_, str> {
        if code.trim().is_empty() {
            return Cow::Borrowed("불능코드 없음");
        }
        match self.get(code) {
            Some(known) => Cow::Borrowed(&known.ko),
            None => Cow::Owned(format!("알수없음 {}", printable(code))),
        }
    }

    /// What a failed debit does to the active mandate; an unlisted or blank code does nothing.
    pub fn effect(&self, code: &str) -> Effect {
        self.get(code).map_or(Effect::None, |c| c.effect)
    }

    /// Whether the charge may be requested again without a change; an unlisted or blank code never (decisions.md 20).
    pub fn retryable(&self, code: &str) -> bool {
        self.get(code).is_some_and(|c| c.retry)
    }

    /// What the code means as the answer to a cancellation. An unlisted or blank one leaves the mandate as it is and
    /// calls a person.
    pub fn cancel_answer(&self, code: &str) -> Answer {
        self.get(code).map_or(Answer::OurFault, |c| c.cancel)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    name: String,
    #[serde(rename = "ko")]
    _ko: String,
    code: Vec<RawCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCode {
    code: Spanned<String>,
    by: Vec<Spanned<String>>,
    ko: String,
    en: String,
    who: Spanned<String>,
    retry: bool,
    effect: Spanned<String>,
    cancel: Spanned<String>,
    sentence: String,
}

/// The text being read, for places of faults.
struct Reading<'t> {
    file: &'t str,
    text: &'t str,
}

impl Reading<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::Line { file: self.file.to_string(), line: self.line(span.start), column: 0 }
    }

    /// The fault with the line in which `span` begins.
    fn show(&self, fault: Fault, span: Range<usize>) -> Fault {
        let line = self.line(span.start);
        let text = self.text.lines().nth(line - 1).unwrap_or_default();
        fault.with_excerpt(Excerpt { margin: line.to_string(), text: printable(text), marker: String::new() })
    }

    fn word<T>(
        &self,
        key: &str,
        word: &Spanned<String>,
        from: fn(&str) -> Option<T>,
        all: &[&str],
        faults: &mut Faults,
    ) -> Option<T> {
        let found = from(word.get_ref());
        if found.is_none() {
            let fault = Fault::new(
                "code-word-unknown",
                self.place(word.span()),
                format!("{:?} is no word of `{key}`: {}.", word.get_ref(), all.join(" | ")),
                "write one of these words",
            );
            faults.push(self.show(fault, word.span()));
        }
        found
    }

    fn code(&self, raw: RawCode, faults: &mut Faults) -> Option<Code> {
        let words = |all: &'static [By]| all.iter().map(|w| w.word()).collect::<Vec<_>>();
        let by_words = words(By::ALL);
        let who_words: Vec<_> = Actor::ALL.iter().map(|w| w.word()).collect();
        let effect_words: Vec<_> = Effect::ALL.iter().map(|w| w.word()).collect();
        let cancel_words: Vec<_> = Answer::ALL.iter().map(|w| w.word()).collect();
        let by: Vec<By> =
            raw.by.iter().filter_map(|w| self.word("by", w, By::from_word, &by_words, faults)).collect();
        let who = self.word("who", &raw.who, Actor::from_word, &who_words, faults);
        let effect = self.word("effect", &raw.effect, Effect::from_word, &effect_words, faults);
        let cancel = self.word("cancel", &raw.cancel, Answer::from_word, &cancel_words, faults);
        let span = raw.code.span();
        let code = raw.code.into_inner();
        if code.is_empty() || raw.by.is_empty() || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let fault = Fault::new(
                "code-entry-empty",
                self.place(span.clone()),
                "A code is one or more letters and digits, and `by` names at least one who sets it.",
                "write the code as it stands in the bank's file, and who sets it",
            );
            faults.push(self.show(fault, span));
            return None;
        }
        Some(Code {
            code,
            by,
            ko: raw.ko,
            en: raw.en,
            who: who?,
            retry: raw.retry,
            effect: effect?,
            cancel: cancel?,
            sentence: raw.sentence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KFTC: &str = include_str!("../../formats/codes/kftc.toml");

    fn kftc() -> CodeTable {
        CodeTable::from_toml("formats/codes/kftc.toml", KFTC).unwrap()
    }

    #[test]
    fn effects_on_the_active_mandate_are_those_of_decision_23() {
        let table = kftc();
        let of = |effect| {
            let codes: Vec<&str> =
                table.all().iter().filter(|c| c.effect == effect).map(|c| c.code.as_str()).collect();
            codes.join(" ")
        };
        assert_eq!(of(Effect::Mend), "0005 0012 0014 0015");
        assert_eq!(of(Effect::Suspend), "0032 0033 0034 0035 0037");
        assert_eq!(of(Effect::EndNotRegistered), "0017");
        assert_eq!(of(Effect::EndDormant), "0018");
        assert_eq!(of(Effect::EndAtBank), "0019");
        assert_eq!(of(Effect::EndNoEvidence), "0020");
        assert_eq!(of(Effect::EndMoved), "0024");
        assert_eq!(of(Effect::EndAccountClosed), "0031");
        let retry: Vec<&str> = table.all().iter().filter(|c| c.retry).map(|c| c.code.as_str()).collect();
        assert_eq!(retry.join(" "), "0021 0036 0038 0041 0051 9998 9999");
        assert!(table.all().iter().all(|c| !c.retry || c.effect == Effect::None));
    }

    #[test]
    fn answers_to_a_cancellation_are_those_of_product_3_2() {
        let table = kftc();
        for (codes, answer) in [
            ("0017 A016", Answer::AlreadyGone),
            ("0031", Answer::AccountClosed),
            ("0041 0051 9998 9999", Answer::Again),
            ("0081 0087 0088 0089 0090 0098 A011 A012", Answer::OurFault),
        ] {
            for code in codes.split(' ') {
                assert_eq!(table.cancel_answer(code), answer, "{code}");
            }
        }
    }

    #[test]
    fn unknown_and_blank_codes_are_data_and_never_retried() {
        let table = kftc();
        assert_eq!(table.ko("0021"), "예금잔액 부족");
        assert_eq!(table.ko("7777"), "알수없음 7777");
        assert_eq!(table.ko("    "), "불능코드 없음");
        assert_eq!(table.ko("1\u{1b}["), "알수없음 1\\u{1b}[");
        for code in ["7777", "", "    "] {
            assert!(!table.retryable(code));
            assert_eq!((table.effect(code), table.cancel_answer(code)), (Effect::None, Answer::OurFault));
        }
    }

    #[test]
    fn every_code_says_what_to_do() {
        let table = kftc();
        assert_eq!((table.name(), table.all().len()), ("kftc", 54));
        for code in table.all() {
            assert!(code.sentence.ends_with("다.") || code.sentence.ends_with("오."), "{}", code.code);
            assert!(!code.ko.is_empty() && !code.en.is_empty() && !code.by.is_empty(), "{}", code.code);
        }
    }
}

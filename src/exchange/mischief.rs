//! What goes wrong with a result file on its way: late, lost, doubled, cut, false. Works on the lines and the right
//! bytes; how a file is written is handed in.
//!
//! A harm that needs a failure line and finds none does the nearest thing: a wrong sum comes from a line that is not
//! there (so the count is wrong as well), a wrong payer appears on serial 1. A file of fewer than two lines cannot be
//! shuffled and stays right.
//!
//! Must not: touch a folder.

use super::rules::{Cut, Harm, Mischief, WrongCharset};
use crate::domain::{AccountNo, ApplicationKind, BankCode, BankPayerNo, Date, Instant};
use crate::fault::Trouble;

/// A line that the bank answers as failed or as taken in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// 일련번호 of the line that is answered.
    pub(crate) serial: u32,
    /// `None` for a collection.
    pub(crate) kind: Option<ApplicationKind>,
    pub(crate) bank: BankCode,
    pub(crate) account: AccountNo,
    pub(crate) bank_payer_no: BankPayerNo,
    /// What was asked for; 0 for a registration.
    pub(crate) asked_won: i64,
    /// What was taken nevertheless; more than 0 makes it a partial debit.
    pub(crate) taken_won: i64,
    /// 불능코드; may be blank.
    pub(crate) code: String,
}

/// The right result file, before anything happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Ten digits.
    pub(crate) institution: String,
    /// The business date of request and result.
    pub(crate) date: Date,
    /// When it is to be in the inbox.
    pub(crate) due: Instant,
    /// Failures in line order.
    pub(crate) failures: Vec<Failure>,
    /// How many lines were sent.
    pub(crate) lines_sent: u32,
}

/// A file that will be put into the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) due: Instant,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Writes the file of an institution and a date.
pub(crate) type Write<'w> = dyn Fn(&str, Date, &[Failure]) -> Result<Vec<u8>, Trouble> + 'w;

/// What will be delivered under `name`, and when.
pub(crate) fn deliveries(
    answer: &Answer,
    name: &str,
    mischief: Option<&Mischief>,
    write: &Write<'_>,
) -> Result<Vec<Delivery>, Trouble> {
    let right = write(&answer.institution, answer.date, &answer.failures)?;
    let Some(Mischief { what, corrected_after, .. }) = mischief else {
        return Ok(vec![Delivery { due: answer.due, name: name.to_string(), bytes: right }]);
    };
    let due = match what {
        Harm::Late(minutes) => answer.due.plus_minutes(*minutes),
        _ => answer.due,
    };
    let mut all = Vec::new();
    if let Some(bytes) = harmed(answer, &right, what, write)? {
        all.push(Delivery { due, name: name.to_string(), bytes });
    }
    if let Harm::Duplicate { after_minutes, other_name } = what {
        let year = answer.date.year().to_string();
        let again = other_name.as_deref().unwrap_or("{name}").replace("{name}", name).replace("{year}", &year);
        all.push(Delivery { due: due.plus_minutes(*after_minutes), name: again, bytes: right.clone() });
    }
    if let Some(minutes) = corrected_after {
        all.push(Delivery { due: due.plus_minutes((*minutes).max(1)), name: name.to_string(), bytes: right });
    }
    Ok(all)
}

/// The bytes after the harm; `None` where nothing arrives.
fn harmed(answer: &Answer, right: &[u8], what: &Harm, write: &Write<'_>) -> Result<Option<Vec<u8>>, Trouble> {
    let Answer { institution, date, failures, .. } = answer;
    let record = record_length(right, failures.len());
    let bytes = match what {
        Harm::Missing => return Ok(None),
        Harm::Late(_) | Harm::Duplicate { .. } => right.to_vec(),
        Harm::Truncated(cut) => truncated(right, record, *cut),
        Harm::WrongCount => {
            let more = with_foreign(answer, 0);
            let longer = write(institution, *date, &more)?;
            without_record(&longer, record, failures.len() + 1)
        }
        Harm::WrongSum => {
            let mut other = failures.clone();
            match other.last_mut() {
                Some(last) => last.asked_won = last.asked_won.saturating_add(1),
                None => other = with_foreign(answer, 1_000),
            }
            let longer = write(institution, *date, &other)?;
            with_last_record_of(right, &longer, record)
        }
        Harm::WrongCharset(WrongCharset::Utf8) => utf8(right),
        Harm::WrongCharset(WrongCharset::CutHangul) => cut_hangul(right, record),
        Harm::WrongDate => write(institution, date.next(), failures)?,
        Harm::OtherInstitution(other) => write(other, *date, failures)?,
        Harm::ForeignLine => write(institution, *date, &with_foreign(answer, 1_000))?,
        Harm::WrongPayer => write(institution, *date, &with_wrong_payer(answer))?,
        Harm::Shuffled => {
            let reversed: Vec<Failure> = failures.iter().rev().cloned().collect();
            write(institution, *date, &reversed)?
        }
        Harm::CrLf => right.chunks(record).flat_map(|r| r.iter().chain(b"\r\n")).copied().collect(),
    };
    Ok(Some(bytes))
}

/// Bytes of one record, terminator included: the file is a header, its lines and a trailer.
fn record_length(bytes: &[u8], lines: usize) -> usize {
    (bytes.len() / (lines + 2)).max(1)
}

fn truncated(right: &[u8], record: usize, cut: Cut) -> Vec<u8> {
    let whole = right.len();
    let keep = match cut {
        Cut::Bytes(n) => usize::try_from(n).unwrap_or(usize::MAX).min(whole.saturating_sub(1)),
        Cut::Records(n) => usize::try_from(n)
            .unwrap_or(usize::MAX)
            .saturating_mul(record)
            .min(whole.saturating_sub(record)),
        Cut::BeforeTrailer => whole.saturating_sub(record),
    };
    right.iter().take(keep).copied().collect()
}

fn without_record(bytes: &[u8], record: usize, index: usize) -> Vec<u8> {
    bytes.chunks(record).enumerate().filter(|(i, _)| *i != index).flat_map(|(_, r)| r).copied().collect()
}

fn with_last_record_of(bytes: &[u8], other: &[u8], record: usize) -> Vec<u8> {
    let head = bytes.iter().take(bytes.len().saturating_sub(record));
    head.chain(other.iter().skip(other.len().saturating_sub(record))).copied().collect()
}

/// The file as an editor would save it in UTF-8: a mark before, Hangul of three bytes, so that records shift.
fn utf8(right: &[u8]) -> Vec<u8> {
    let mut out = b"\xEF\xBB\xBF".to_vec();
    match encoding_rs::EUC_KR.decode_without_bom_handling_and_without_replacement(right) {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => out.extend_from_slice(right),
    }
    out
}

/// Makes the second half of a syllable a blank; where there is none, half a syllable of the last byte of the first
/// line (or of the header).
fn cut_hangul(right: &[u8], record: usize) -> Vec<u8> {
    let mut out = right.to_vec();
    let last = if right.len() > 2 * record { 2 * record } else { record } - 1;
    match right.iter().position(|byte| (0xB0..=0xC8).contains(byte)) {
        Some(lead) => {
            if let Some(byte) = out.get_mut(lead + 1) {
                *byte = b' ';
            }
        }
        None => {
            if let Some(byte) = out.get_mut(last) {
                *byte = 0xB0;
            }
        }
    }
    out
}

/// The failures with one more, about a payer and a serial that were never sent.
fn with_foreign(answer: &Answer, won: i64) -> Vec<Failure> {
    let mut failures = answer.failures.clone();
    failures.extend(foreign(answer, answer.lines_sent.saturating_add(1), won));
    failures
}

/// A failure about a payer that is not ours. All values are invented; that they parse is held by a test.
fn foreign(answer: &Answer, serial: u32, won: i64) -> Option<Failure> {
    let like = answer.failures.last();
    Some(Failure {
        serial,
        kind: like.map_or(Some(ApplicationKind::Register), |f| f.kind),
        bank: like.map_or_else(|| BankCode::from_number(4), |f| Some(f.bank))?,
        account: "99999999999999".parse().ok()?,
        bank_payer_no: "99999999999999999999".parse().ok()?,
        asked_won: won,
        taken_won: 0,
        code: like.map_or_else(String::new, |f| f.code.clone()),
    })
}

fn with_wrong_payer(answer: &Answer) -> Vec<Failure> {
    let mut failures = answer.failures.clone();
    match failures.first_mut() {
        Some(first) => {
            if let Ok(other) = "99999999999999999999".parse() {
                first.bank_payer_no = other;
            }
        }
        None => failures.extend(foreign(answer, 1, 1_000)),
    }
    failures
}

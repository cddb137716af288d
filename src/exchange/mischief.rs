//! What goes wrong with a result file on its way: late, lost, doubled, cut, false. Works on the lines and the right
//! bytes; how a file is written is handed in.
//!
//! A harm that needs a failure line and finds none does the nearest thing: a wrong sum comes from a line that is not
//! there (so the count is wrong as well), a wrong payer appears on serial 1. A file of fewer than two lines cannot be
//! shuffled and stays right.
//!
//! Must not: touch a folder.

use super::centre::{Asks, Line};
use super::rules::{Cut, Harm, Mischief, Service, WrongCharset};
use crate::bank::Verdict;
use crate::bank::collection::Mode;
use crate::domain::{ApplicationKind, BankCode, Date, Instant, Won};
use crate::fault::Trouble;
use std::borrow::Cow;

/// A line of a result file: a failure, a debit taken in part, or a success where the layout lists all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The line that is answered; the result echoes it.
    pub(crate) line: Line<'static>,
    pub(crate) verdict: Verdict,
    /// What was taken, in won.
    pub(crate) taken_won: i64,
    /// 불능코드; may be blank.
    pub(crate) code: String,
}

/// The right result file, before anything happens to it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) service: Service,
    /// Ten digits.
    pub(crate) institution: String,
    /// The business date of request and result.
    pub(crate) date: Date,
    /// When it is to be in the inbox.
    pub(crate) due: Instant,
    /// What the result lists, in line order.
    pub(crate) listed: Vec<Listed>,
    /// How many lines were sent.
    pub(crate) lines_sent: u32,
    /// A bank that takes part, for lines that are invented.
    pub(crate) any_bank: Option<BankCode>,
}

/// A file that will be put into the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) due: Instant,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Writes the file of an institution and a date.
pub(crate) type Write<'w> = dyn Fn(&str, Date, &[Listed]) -> Result<Vec<u8>, Trouble> + 'w;

/// A number on the wire that no channel gives: the first eight digits are no creditor's.
const FOREIGN_PAYER: &str = "99999999999999999999";

/// What will be delivered under `name`, and when.
pub(crate) fn deliveries(
    answer: &Answer,
    name: &str,
    mischief: Option<&Mischief>,
    write: &Write<'_>,
) -> Result<Vec<Delivery>, Trouble> {
    let right = write(&answer.institution, answer.date, &answer.listed)?;
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
        let again =
            other_name.as_deref().unwrap_or("{name}").replace("{name}", name).replace("{year}", &year);
        all.push(Delivery { due: due.plus_minutes(*after_minutes), name: again, bytes: right.clone() });
    }
    if let Some(minutes) = corrected_after {
        all.push(Delivery { due: due.plus_minutes((*minutes).max(1)), name: name.to_string(), bytes: right });
    }
    Ok(all)
}

/// The bytes after the harm; `None` where nothing arrives.
fn harmed(answer: &Answer, right: &[u8], what: &Harm, write: &Write<'_>) -> Result<Option<Vec<u8>>, Trouble> {
    let Answer { institution, date, listed, .. } = answer;
    let record = record_length(right, listed.len());
    let bytes = match what {
        Harm::Missing => return Ok(None),
        Harm::Late(_) | Harm::Duplicate { .. } => right.to_vec(),
        Harm::Truncated(cut) => truncated(right, record, *cut),
        Harm::WrongCount => {
            let more = with_foreign(answer, 0);
            let longer = write(institution, *date, &more)?;
            without_record(&longer, record, listed.len() + 1)
        }
        Harm::WrongSum => {
            let mut other = listed.clone();
            match other.last_mut() {
                Some(Listed {
                    line: Line { asks: Asks::Debit { amount, .. } | Asks::Payment { amount, .. }, .. },
                    ..
                }) => {
                    *amount = amount.checked_add(Won::new(1)).unwrap_or(*amount);
                }
                _ => other = with_foreign(answer, 1_000),
            }
            let longer = write(institution, *date, &other)?;
            with_last_record_of(right, &longer, record)
        }
        Harm::WrongCharset(WrongCharset::Utf8) => utf8(right),
        Harm::WrongCharset(WrongCharset::CutHangul) => cut_hangul(right, record),
        Harm::WrongDate => write(institution, date.next(), listed)?,
        Harm::OtherInstitution(other) => write(other, *date, listed)?,
        Harm::ForeignLine => write(institution, *date, &with_foreign(answer, 1_000))?,
        Harm::WrongPayer => write(institution, *date, &with_wrong_payer(answer))?,
        Harm::Shuffled => {
            let reversed: Vec<Listed> = listed.iter().rev().cloned().collect();
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
        Cut::Records(n) => {
            usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(record).min(whole.saturating_sub(record))
        }
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

/// The lines with one more, about a payer and a serial that were never sent.
fn with_foreign(answer: &Answer, won: i64) -> Vec<Listed> {
    let mut listed = answer.listed.clone();
    listed.extend(foreign(answer, answer.lines_sent.saturating_add(1), won));
    listed
}

/// A failure about a payer that is not ours. All values are invented.
fn foreign(answer: &Answer, serial: u32, won: i64) -> Option<Listed> {
    let like = answer.listed.last();
    let asks = match answer.service {
        Service::Registration => {
            let kind = like.and_then(|f| f.line.kind()).unwrap_or(ApplicationKind::Register);
            Asks::Application { kind, applied: answer.date }
        }
        Service::Collection => Asks::Debit {
            amount: Won::new(won),
            mode: Mode::FullOnly,
            passbook_text: Cow::Borrowed(""),
            phone: Cow::Borrowed(""),
        },
        // No result comes to it.
        Service::Evidence => return None,
        // No result answers an answer.
        Service::Application => return None,
        Service::Payout => Asks::Payment { amount: Won::new(won.max(1)), passbook_text: Cow::Borrowed("") },
    };
    let line = Line {
        serial,
        bank: like.map(|f| f.line.bank).or(answer.any_bank)?,
        account: Cow::Borrowed("99999999999999"),
        bank_payer_no: Cow::Borrowed(FOREIGN_PAYER),
        id_no: Cow::Borrowed("900101"),
        asks,
    };
    let code = like.map_or_else(String::new, |f| f.code.clone());
    Some(Listed { line, verdict: Verdict::Failed, taken_won: 0, code })
}

fn with_wrong_payer(answer: &Answer) -> Vec<Listed> {
    let mut listed = answer.listed.clone();
    match listed.first_mut() {
        Some(first) => first.line.bank_payer_no = Cow::Borrowed(FOREIGN_PAYER),
        None => listed.extend(foreign(answer, 1, 1_000)),
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "EB220105";

    fn answer(listed: u32) -> Answer {
        let failure = |n: u32| Listed {
            line: Line {
                serial: n * 2,
                bank: "004".parse().unwrap(),
                account: format!("1100000000{n:03}").into(),
                bank_payer_no: format!("1000000100000000{n:04}").into(),
                id_no: "".into(),
                asks: Asks::Debit {
                    amount: Won::new(10_000 + i64::from(n)),
                    mode: Mode::FullOnly,
                    passbook_text: "".into(),
                    phone: "".into(),
                },
            },
            verdict: Verdict::Failed,
            taken_won: 0,
            code: "0021".into(),
        };
        Answer {
            service: Service::Collection,
            any_bank: "004".parse().ok(),
            institution: "1234567890".into(),
            date: "2026-01-05".parse().unwrap(),
            due: "2026-01-06 03:00".parse().unwrap(),
            listed: (1..=listed).map(failure).collect(),
            lines_sent: 20,
        }
    }

    /// A small result file: records of 24 bytes.
    fn write(institution: &str, date: Date, listed: &[Listed]) -> Result<Vec<u8>, Trouble> {
        let mut out = format!("H{institution}{}       ", date.yymmdd());
        let mut sum = 0;
        for f in listed {
            let payer = f.line.bank_payer_no.get(16..).unwrap();
            let won = f.line.amount().get();
            out += &format!("R{:08}{payer}{won:09}  ", f.line.serial);
            sum += won;
        }
        out += &format!("T{:08}{sum:010}     ", listed.len());
        assert_eq!(out.len() % 24, 0, "{out}");
        Ok(out.into_bytes())
    }

    fn play(listed: u32, what: Harm, corrected_after: Option<i64>) -> Vec<Delivery> {
        let mischief = Mischief {
            service: Service::Collection,
            which: super::super::Which::Every,
            what,
            corrected_after,
        };
        deliveries(&answer(listed), NAME, Some(&mischief), &write).unwrap()
    }

    fn text(listed: u32, what: Harm) -> String {
        let [only] = play(listed, what, None).try_into().unwrap();
        assert_eq!((only.due, only.name.as_str()), (answer(0).due, NAME));
        String::from_utf8(only.bytes).unwrap()
    }

    fn right(listed: u32) -> String {
        let answer = answer(listed);
        String::from_utf8(write(&answer.institution, answer.date, &answer.listed).unwrap()).unwrap()
    }

    #[test]
    fn files_come_late_never_twice_or_corrected() {
        let due = answer(2).due;
        let show = |list: Vec<Delivery>| -> Vec<(i64, String, bool)> {
            let minutes = |d: &Delivery| (d.due.unix_ms() - due.unix_ms()) / 60_000;
            list.iter().map(|d| (minutes(d), d.name.clone(), d.bytes == right(2).as_bytes())).collect()
        };
        let name = || NAME.to_string();
        assert_eq!(show(play(2, Harm::Late(1_500), None)), [(1_500, name(), true)]);
        assert_eq!(show(play(2, Harm::Missing, None)), []);
        assert_eq!(show(play(2, Harm::Missing, Some(90))), [(90, name(), true)]);
        let again = Harm::Duplicate { after_minutes: 5, other_name: None };
        assert_eq!(show(play(2, again, None)), [(0, name(), true), (5, name(), true)]);
        let other = Harm::Duplicate { after_minutes: 5, other_name: Some("{name}_{year}".into()) };
        assert_eq!(show(play(2, other, None)), [(0, name(), true), (5, "EB220105_2026".into(), true)]);
        let cut = Harm::Truncated(Cut::BeforeTrailer);
        assert_eq!(show(play(2, cut, Some(60))), [(0, name(), false), (60, name(), true)]);
    }

    #[test]
    fn a_file_is_cut_and_never_left_whole() {
        for (cut, kept) in [
            (Cut::Bytes(0), 0),
            (Cut::Bytes(37), 37),
            (Cut::Bytes(9_999), 95),
            (Cut::Records(2), 48),
            (Cut::Records(99), 72),
            (Cut::BeforeTrailer, 72),
        ] {
            let cut = text(2, Harm::Truncated(cut));
            assert_eq!((cut.len(), right(2).starts_with(&cut)), (kept, true));
        }
    }

    #[test]
    fn counts_and_sums_are_wrong_and_the_rest_right() {
        let all = right(2);
        let (lines, trailer) = all.split_at(72);
        assert_eq!(trailer, "T000000020000020003     ");
        assert_eq!(text(2, Harm::WrongCount), format!("{lines}T000000030000020003     "));
        assert_eq!(text(2, Harm::WrongSum), format!("{lines}T000000020000020004     "));
        let header = right(0).get(..24).unwrap().to_string();
        assert_eq!(text(0, Harm::WrongCount), format!("{header}T000000010000000000     "));
        assert_eq!(text(0, Harm::WrongSum), format!("{header}T000000010000001000     "));
    }

    #[test]
    fn the_file_is_somebody_elses() {
        let table = [
            (2, Harm::WrongDate, "H1234567890260106", "R00000002000100001000"),
            (2, Harm::OtherInstitution("9900000001".into()), "H9900000001260105", "R000000020001"),
            (2, Harm::WrongPayer, "H1234567890260105", "R000000029999"),
            (0, Harm::WrongPayer, "H1234567890260105", "R000000019999"),
            (0, Harm::ForeignLine, "H1234567890260105", "R000000219999"),
            (2, Harm::Shuffled, "H1234567890260105", "R000000040002"),
        ];
        for (listed, what, header, line) in table {
            let text = text(listed, what.clone());
            assert!(
                text.starts_with(header) && text.get(24..).unwrap().starts_with(line),
                "{what:?}: {text}"
            );
        }
        assert!(text(2, Harm::ForeignLine).contains("R000000219999000001000"));
    }

    #[test]
    fn the_bytes_are_of_another_kind() {
        let crlf = text(2, Harm::CrLf);
        assert_eq!((crlf.len(), crlf.matches("\r\n").count()), (4 * 26, 4));
        let utf8 = text(2, Harm::WrongCharset(WrongCharset::Utf8));
        assert_eq!(utf8, format!("\u{feff}{}", right(2)));
        let [cut] = play(2, Harm::WrongCharset(WrongCharset::CutHangul), None).try_into().unwrap();
        assert_eq!((cut.bytes.len(), cut.bytes.get(47)), (96, Some(&0xB0)));
        // 관리비 in EUC-KR.
        let hangul = b"H.......R.\xB0\xFC\xB8\xAE\xBA\xF1T.......";
        assert_eq!(cut_hangul(hangul, 8), b"H.......R.\xB0 \xB8\xAE\xBA\xF1T.......");
        assert_eq!(utf8_text(hangul), "\u{feff}H.......R.관리비T.......");
    }

    fn utf8_text(bytes: &[u8]) -> String {
        String::from_utf8(utf8(bytes)).unwrap()
    }
}

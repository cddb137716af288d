//! The list of messages for the gateway, and the receipts that come back (docs/messages.md). CSV, UTF-8 without a mark,
//! CR LF, every text in quotes: made for a program, not for a spreadsheet.
//!
//! Must not: know whether a message is there, or show a number that it reads.

use crate::fault::{Fault, Faults, Place, printable};

/// The first line of the list.
pub const LIST_HEADING: &str = "문자번호,구분,이용기관,수신번호,내용\r\n";

/// The most bytes of a receipt's remark that are kept.
const MOST_REMARK: usize = 100;

/// One line of the list.
pub fn list_line(id: i64, event: &str, creditor: &str, phone: &str, text: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    format!("{id},{event},{creditor},{},{}\r\n", quoted(phone), quoted(text))
}

/// The digits of a mobile phone that a message can go to; `None` for anything else.
pub fn mobile(phone: &str) -> Option<String> {
    let strange = phone.chars().any(|c| !c.is_ascii_digit() && !matches!(c, '-' | ' ' | '.'));
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    (!strange && digits.starts_with("01") && (10..=11).contains(&digits.len())).then_some(digits)
}

/// What a receipt says of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// 문자번호.
    pub id: i64,
    /// Whether it reached the phone.
    pub delivered: bool,
    /// 코드: the gateway's own word; empty where none.
    pub code: String,
}

/// Reads a file of receipts: 문자번호, 결과 (성공 or 실패), and where it likes 코드. All or nothing.
pub fn receipts(file: &str, bytes: &[u8]) -> Result<Vec<Receipt>, Faults> {
    let mut faults = Faults::default();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        faults.push(wrong(Place::file(file), "UTF-8".to_string()));
        return Err(faults);
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(text.as_bytes());
    let headings: Vec<String> = reader
        .headers()
        .map(|row| row.iter().map(|cell| cell.trim().to_string()).collect())
        .unwrap_or_default();
    let at = |name: &str| headings.iter().position(|heading| heading == name);
    let (Some(id_at), Some(result_at)) = (at("문자번호"), at("결과")) else {
        faults.push(wrong(Place::file(file), "a first line with the headings 문자번호 and 결과".to_string()));
        return Err(faults);
    };
    let code_at = at("코드");
    let mut found = Vec::new();
    for (nth, row) in reader.records().enumerate() {
        let Ok(row) = row else {
            faults.push(wrong(Place::file(file), "rows of cells with commas between them".to_string()));
            break;
        };
        let place = || Place::Line { file: file.to_string(), line: nth.saturating_add(2), column: 0 };
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let id = cell(id_at).parse::<i64>().ok().filter(|id| *id > 0);
        let delivered = match cell(result_at) {
            "성공" | "delivered" => Some(true),
            "실패" | "failed" => Some(false),
            _ => None,
        };
        match (id, delivered) {
            (Some(id), Some(delivered)) => {
                let code: String = printable(code_at.map_or("", cell)).chars().take(MOST_REMARK).collect();
                found.push(Receipt { id, delivered, code });
            }
            (None, _) => faults.push(wrong(place(), "문자번호: the number of a message".to_string())),
            (_, None) => faults.push(wrong(place(), "결과: 성공 or 실패".to_string())),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn wrong(place: Place, expected: String) -> Fault {
    Fault::new(
        "message-receipt-wrong",
        place,
        expected,
        "have the gateway write it as docs/messages.md shows it, and drop it again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_line_survives_quotes_and_commas() {
        assert_eq!(
            list_line(7, "paid", "10000001", "01012345678", "\"홍\", 님"),
            "7,paid,10000001,\"01012345678\",\"\"\"홍\"\", 님\"\r\n"
        );
    }

    #[test]
    fn only_mobile_phones_take_messages() {
        assert_eq!(mobile("010-0000-0001").as_deref(), Some("01000000001"));
        assert_eq!(mobile("011 000 0001").as_deref(), Some("0110000001"));
        for other in ["", "02-000-0000", "010-000", "010-0000-0000-1", "+82-10-0000-0000", "010000000x0"] {
            assert_eq!(mobile(other), None, "{other}");
        }
    }

    #[test]
    fn receipts_are_read_in_any_order_of_columns() {
        let text = "\u{feff}결과,코드,문자번호\r\n성공,,7\r\n실패,NO_NUMBER,8\r\n";
        let read = receipts("r.csv", text.as_bytes()).unwrap();
        assert_eq!(
            read,
            [
                Receipt { id: 7, delivered: true, code: String::new() },
                Receipt { id: 8, delivered: false, code: "NO_NUMBER".to_string() }
            ]
        );
    }

    #[test]
    fn what_is_no_receipt_is_told_whole() {
        for text in ["", "번호,결과\n1,성공\n", "문자번호,결과\nx,성공\n", "문자번호,결과\n1,아마\n"]
        {
            assert!(receipts("r.csv", text.as_bytes()).is_err(), "{text:?}");
        }
        let both = receipts("r.csv", "문자번호,결과\nx,성공\n1,아마\n".as_bytes()).unwrap_err();
        assert_eq!(both.total(), 2);
    }
}

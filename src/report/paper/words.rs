//! Amounts in Korean words, as receipts and resolutions write them: every 일 is written, so that no digit can be added
//! (금 일십이만삼천사백오십육원정).

use crate::domain::Won;

const DIGITS: [&str; 10] = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"];
const PLACES: [&str; 4] = ["", "십", "백", "천"];
const GROUPS: [&str; 5] = ["", "만", "억", "조", "경"];

/// `금 …원정`; a negative amount begins with 마이너스.
pub fn in_words(amount: Won) -> String {
    let sign = if amount.get() < 0 { "마이너스 " } else { "" };
    format!("금 {sign}{}원정", number(amount.get().unsigned_abs()))
}

fn number(value: u64) -> String {
    if value == 0 {
        return "영".to_string();
    }
    let mut groups = Vec::new();
    let mut rest = value;
    while rest > 0 {
        groups.push(rest % 10_000);
        rest /= 10_000;
    }
    let mut text = String::new();
    for (nth, group) in groups.iter().enumerate().rev().filter(|(_, group)| **group > 0) {
        let mut divisor = 1_000_u64;
        for place in PLACES.iter().rev() {
            let digit = usize::try_from(group / divisor % 10).unwrap_or_default();
            if digit > 0 {
                text.push_str(DIGITS.get(digit).copied().unwrap_or_default());
                text.push_str(place);
            }
            divisor = (divisor / 10).max(1);
        }
        text.push_str(GROUPS.get(nth).copied().unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_a_bank_clerk_writes_them() {
        for (won, words) in [
            (0, "금 영원정"),
            (1, "금 일원정"),
            (10, "금 일십원정"),
            (1_000, "금 일천원정"),
            (10_000, "금 일만원정"),
            (11_111, "금 일만일천일백일십일원정"),
            (123_456, "금 일십이만삼천사백오십육원정"),
            (100_010_000, "금 일억일만원정"),
            (100_000_001, "금 일억일원정"),
            (1_000_000_000_000, "금 일조원정"),
            (20_305, "금 이만삼백오원정"),
            (-5_000, "금 마이너스 오천원정"),
            (i64::MAX, "금 구백이십이경삼천삼백칠십이조삼백육십팔억오천사백칠십칠만오천팔백칠원정"),
        ] {
            assert_eq!(in_words(Won::new(won)), words, "{won}");
        }
    }
}

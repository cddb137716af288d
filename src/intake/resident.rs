//! Resident numbers (주민등록번호) found where they must not be. By law they may not be collected (product.md E15), so
//! a row that brings one is refused, and neither answer, fault nor log repeats it.
//!
//! Must not: return or keep the number.

use super::columns::{Column, Content};

/// Whether the cell holds a resident number. In a column for identity numbers any 13 digits count. Elsewhere they
/// must look like one: a day, a century digit, and a hyphen or a right check digit, since 13 digits may also be a
/// customer number. An account number is never taken for one.
pub(super) fn is_in(cell: &str, column: Option<&Column>) -> bool {
    match column.map(|c| c.content) {
        Some(Content::Account) => false,
        Some(Content::Identity) => digits_of(cell).len() == 13 || looks_like(cell),
        Some(Content::Text | Content::Code | Content::Number | Content::Phone) | None => looks_like(cell),
    }
}

/// The cell with every digit as `*`.
pub(super) fn masked(cell: &str) -> String {
    cell.chars().map(|c| if c.is_ascii_digit() { '*' } else { c }).collect()
}

fn digits_of(cell: &str) -> Vec<u32> {
    cell.chars().filter(|c| !matches!(c, '-' | ' ')).map_while(|c| c.to_digit(10)).collect()
}

fn looks_like(cell: &str) -> bool {
    if cell.len() < 13 {
        return false;
    }
    let bytes = cell.as_bytes();
    (0..bytes.len()).any(|start| {
        let boundary = start == 0 || !bytes.get(start.wrapping_sub(1)).is_some_and(u8::is_ascii_digit);
        boundary && starts_with_one(bytes.get(start..).unwrap_or_default())
    })
}

fn starts_with_one(bytes: &[u8]) -> bool {
    let hyphen = bytes.get(6) == Some(&b'-');
    let number: Vec<u32> = bytes
        .iter()
        .enumerate()
        .filter(|(i, _)| !(hyphen && *i == 6))
        .map_while(|(_, b)| char::from(*b).to_digit(10))
        .take(14)
        .collect();
    let [_, _, m1, m2, d1, d2, century, rest @ ..] = number.as_slice() else { return false };
    let month = m1 * 10 + m2;
    let day = d1 * 10 + d2;
    let plausible = number.len() == 13 && (1..=12).contains(&month) && (1..=31).contains(&day);
    plausible && (1..=8).contains(century) && rest.len() == 6 && (hyphen || check_digit_holds(&number))
}

/// Weights 2 to 9 and 2 to 5 over the first twelve digits; numbers given since October 2020 have no check digit.
fn check_digit_holds(number: &[u32]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    number.last().is_some_and(|last| (11 - sum % 11) % 10 == *last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Kind, columns};

    #[test]
    fn finds_them_and_only_them() {
        let of = |heading: &str| columns::of_kind(Kind::Mandates).iter().find(|c| c.heading == heading);
        let id = of("생년월일/사업자번호");
        for (cell, heading, found) in [
            ("900101-1234567", "고객명", true),
            ("김철수 900101-1234567", "주소", true),
            ("9001011234568", "고객번호", true),
            ("9001011234567", "고객번호", false),
            ("9013011234568", "고객번호", false),
            ("19001011234568", "고객번호", false),
            ("9001011234567", "생년월일/사업자번호", true),
            ("900101-1234567", "계좌번호", false),
            ("900101-9234567", "주소", false),
            ("900101", "생년월일/사업자번호", false),
            ("124-81-00998", "생년월일/사업자번호", false),
        ] {
            assert_eq!(is_in(cell, of(heading)), found, "{cell} in {heading}");
        }
        assert!(id.is_some() && is_in("900101-1234567", None));
        assert_eq!(masked("김 900101-1234567"), "김 ******-*******");
    }
}

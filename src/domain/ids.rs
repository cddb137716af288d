//! Names and numbers of people, accounts and parties. Each is a type of its own, so that one cannot stand for another.
//!
//! Personal numbers ([`AccountNo`], [`IdNo`]) have no `Display`; their `Debug` is masked. Only a bank file and a
//! sheet that its reader has the right to see take them in the clear, through `reveal`.

use std::fmt;
use std::str::FromStr;

/// An 이용기관: exactly eight digits, given by the agent (product.md F04).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditorId(u32);

impl CreditorId {
    /// The id as the ledger stores it.
    pub fn get(self) -> u32 {
        self.0
    }

    /// From the stored number; `None` above eight digits.
    pub fn from_number(n: u32) -> Option<Self> {
        (n <= 99_999_999).then_some(Self(n))
    }
}

impl fmt::Display for CreditorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

impl fmt::Debug for CreditorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CreditorId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(n) if digits => Ok(Self(n)),
            _ => Err(format!("{text:?} is not a creditor id: eight digits")),
        }
    }
}

/// A short word of the config (channel, profile, layout): lower case letters, digits, `-`, starting with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(String);

impl ChannelId {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ChannelId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let well = (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well {
            Ok(Self(text.to_string()))
        } else {
            Err(format!("{text:?} is not a channel name: lower case letters, digits and -, at most 32"))
        }
    }
}

/// Text whose rule is "printable, no outer blanks, at most n characters".
fn checked_text(text: &str, what: &str, max: usize) -> Result<String, String> {
    let count = text.chars().count();
    if text.trim() != text || count == 0 {
        return Err(format!("{what} is empty or has blanks at its ends"));
    }
    if count > max {
        return Err(format!("{what} has {count} characters; at most {max}"));
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return Err(format!("{what} holds the control character U+{:04X}", u32::from(c)));
    }
    Ok(text.to_string())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                checked_text(text, $what, $max).map(Self)
            }
        }
    };
}

text_id!(
    /// 납부자번호 (고객번호): the creditor's own number of a payer, unique within the creditor.
    PayerNo, "납부자번호 (payer_no)", 30
);
text_id!(
    /// 집금항목코드: what is collected for.
    ItemCode, "집금항목코드 (item)", 10
);

/// The payer's number on the wire: 1-20 bytes of letters, digits and `-`, unique in its channel, never reused
/// (decisions.md 3; facts/kftc.md 3, EB13 R 27-46).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankPayerNo(String);

impl BankPayerNo {
    /// The number as it stands on the wire, without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BankPayerNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for BankPayerNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BankPayerNo {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let well =
            (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if well {
            Ok(Self(text.to_string()))
        } else {
            Err(format!("{text:?} is not a bank payer number: 1 to 20 letters, digits or -"))
        }
    }
}

/// A bank, by its three-digit CMS code (facts/kftc.md 5: 005 is 하나은행 here, 081 하나증권).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankCode(u16);

impl BankCode {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// From the stored number; `None` above three digits.
    pub fn from_number(n: u16) -> Option<Self> {
        (n <= 999).then_some(Self(n))
    }
}

impl fmt::Display for BankCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl fmt::Debug for BankCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BankCode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(n) if text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(n)),
            _ => Err(format!("{text:?} is not a bank code: three digits")),
        }
    }
}

/// All but the last four characters as `*`; everything where there are fewer than eight.
pub fn masked(number: &str) -> String {
    let count = number.chars().count();
    let shown = if count >= 8 { 4 } else { 0 };
    number.chars().enumerate().map(|(i, c)| if i + shown < count { '*' } else { c }).collect()
}

/// 계좌번호: 7 to 16 digits, hyphens removed (facts/kftc.md 5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNo(String);

impl AccountNo {
    /// The digits in the clear: for the bank's file and the ledger only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `*********0001`.
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

impl fmt::Debug for AccountNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for AccountNo {
    type Err = String;
    /// Hyphens are dropped. The error never repeats the number.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.replace('-', "");
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err("계좌번호 (account) holds something other than digits and hyphens".into());
        }
        if !(7..=16).contains(&digits.len()) {
            return Err(format!("계좌번호 (account) has {} digits; 7 to 16 are possible", digits.len()));
        }
        Ok(Self(digits))
    }
}

/// 생년월일 (six digits, YYMMDD) or 사업자등록번호 (ten digits with a check digit). Never a resident number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNo(String);

impl IdNo {
    /// The digits in the clear: for the bank's file and the ledger only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `******` or `******7890`.
    pub fn masked(&self) -> String {
        masked(&self.0)
    }

    /// Whether this is a 사업자등록번호.
    pub fn is_business(&self) -> bool {
        self.0.len() == 10
    }
}

impl fmt::Debug for IdNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Why a text is no [`IdNo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdNoError {
    /// Thirteen digits: a resident number (주민등록번호), which must not be collected.
    ResidentNumber,
    /// Not six, eight or ten digits.
    Shape,
    /// Not a day of the calendar.
    NotADay,
    /// The check digit of the business number is wrong.
    CheckDigit,
}

impl FromStr for IdNo {
    type Err = IdNoError;
    /// Six (YYMMDD) or eight digits (YYYYMMDD, kept as YYMMDD) of a birth date, or ten of a business number; hyphens are dropped.
    fn from_str(text: &str) -> Result<Self, IdNoError> {
        let digits = text.replace('-', "");
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(IdNoError::Shape);
        }
        let day = |yymmdd: &str| {
            let parse = |range| yymmdd.get(range).and_then(|t: &str| t.parse::<u32>().ok());
            let (month, day) = (parse(2..4)?, parse(4..6)?);
            // A leap year, since the century of six digits is unknown.
            super::time::Date::new(2000, month, day)
        };
        match digits.len() {
            13 => Err(IdNoError::ResidentNumber),
            6 if day(&digits).is_some() => Ok(Self(digits)),
            8 => {
                let full = digits.parse::<super::time::Date>().is_ok();
                let short = digits.get(2..).unwrap_or_default().to_string();
                if full { Ok(Self(short)) } else { Err(IdNoError::NotADay) }
            }
            6 => Err(IdNoError::NotADay),
            10 if business_check_holds(&digits) => Ok(Self(digits)),
            10 => Err(IdNoError::CheckDigit),
            _ => Err(IdNoError::Shape),
        }
    }
}

/// The check digit of a 사업자등록번호: weights 1 3 7 1 3 7 1 3 5, the tens of the last product added.
fn business_check_holds(digits: &str) -> bool {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let numbers: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let [body @ .., ninth, check] = numbers.as_slice() else { return false };
    let sum: u32 = body.iter().chain([ninth]).zip(WEIGHTS).map(|(d, w)| d * w).sum::<u32>() + ninth * 5 / 10;
    (10 - sum % 10) % 10 == *check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_numbers_never_show_in_debug() {
        let account: AccountNo = "110-234-567890".parse().unwrap();
        let id: IdNo = "900101".parse().unwrap();
        assert_eq!(format!("{account:?} {id:?}"), "********7890 ******");
        assert_eq!(account.reveal(), "110234567890");
    }

    #[test]
    fn id_numbers() {
        assert!("1248100998".parse::<IdNo>().unwrap().is_business());
        assert_eq!("1248100997".parse::<IdNo>(), Err(IdNoError::CheckDigit));
        assert_eq!("900101-1234567".parse::<IdNo>(), Err(IdNoError::ResidentNumber));
        assert_eq!("19900101".parse::<IdNo>().unwrap().reveal(), "900101");
        assert_eq!("000229".parse::<IdNo>().unwrap().reveal(), "000229");
        assert_eq!("901301".parse::<IdNo>(), Err(IdNoError::NotADay));
        assert_eq!("90010".parse::<IdNo>(), Err(IdNoError::Shape));
    }

    #[test]
    fn ids_have_one_form() {
        assert_eq!("00000012".parse::<CreditorId>().unwrap().to_string(), "00000012");
        assert!("1234567".parse::<CreditorId>().is_err() && "+1234567".parse::<CreditorId>().is_err());
        assert!("a b".parse::<BankPayerNo>().is_err() && "x".repeat(21).parse::<BankPayerNo>().is_err());
        assert!("04".parse::<BankCode>().is_err());
        assert!("1234567-".parse::<AccountNo>().is_ok() && "123456".parse::<AccountNo>().is_err());
    }
}

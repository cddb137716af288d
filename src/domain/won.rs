//! Money. `Won` is a whole number of 원 in an `i64`; sums are checked; nothing converts silently.

use std::fmt;
use std::str::FromStr;

/// An amount in won. May be negative (a reversal, a net); rules decide where that is allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Won(i64);

impl Won {
    /// 0 won.
    pub const ZERO: Self = Self(0);

    /// An amount of `n` won.
    pub const fn new(n: i64) -> Self {
        Self(n)
    }

    /// The number of won.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, `None` where it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, `None` where it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of many amounts, `None` where it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Whether this is more than 0 won.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Won {
    /// With thousands separators, without a unit: `1,234,500`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if self.0 < 0 {
            out.push('-');
        }
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        f.pad_integral(true, "", &out)
    }
}

impl fmt::Debug for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}원")
    }
}

impl FromStr for Won {
    type Err = String;

    /// Reads `50000` or `50,000`: digits, with separators only every three digits. No sign, no unit, no decimals.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an amount: write digits only, such as 50000");
        let groups: Vec<&str> = text.split(',').collect();
        let well_grouped = match groups.as_slice() {
            [only] => !only.is_empty(),
            [first, rest @ ..] => (1..=3).contains(&first.len()) && rest.iter().all(|g| g.len() == 3),
            [] => false,
        };
        let digits = groups.concat();
        if !well_grouped || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        digits.parse().map(Self).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_groups_and_reads_them_back() {
        for (n, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_500, "1,234,500"), (-50_000, "-50,000")]
        {
            assert_eq!(Won::new(n).to_string(), text);
        }
        assert_eq!("1,234,500".parse(), Ok(Won::new(1_234_500)));
        for text in ["", "-1", "1,23", "12,3456", "1.5", "₩100", " 1", ",100", "9223372036854775808"] {
            assert!(text.parse::<Won>().is_err(), "{text}");
        }
    }

    #[test]
    fn sums_are_checked() {
        assert_eq!(Won::sum([Won::new(i64::MAX), Won::new(1)]), None);
        assert_eq!(Won::sum([Won::new(1), Won::new(2)]), Some(Won::new(3)));
    }
}

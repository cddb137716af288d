//! 출금형태: what the bank may take when the balance is short.

use super::Won;
use std::fmt;
use std::str::FromStr;

/// 출금형태 (facts/kftc.md 3, EB21 R 117). The words are the names that layouts give to the codes of `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// All or nothing.
    FullOnly,
    /// Any part.
    Partial,
    /// A part in steps of 1,000 won.
    Units1000,
    /// In steps of 2,000 won.
    Units2000,
    /// In steps of 3,000 won.
    Units3000,
    /// In steps of 4,000 won.
    Units4000,
    /// In steps of 5,000 won.
    Units5000,
}

impl Mode {
    /// All of them, in the order of KFTC's codes 1, 0, 2 to 6.
    pub const ALL: [Self; 7] = [
        Self::FullOnly,
        Self::Partial,
        Self::Units1000,
        Self::Units2000,
        Self::Units3000,
        Self::Units4000,
        Self::Units5000,
    ];

    /// The word in layouts, config and ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FullOnly => "full-only",
            Self::Partial => "partial",
            Self::Units1000 => "units-1000",
            Self::Units2000 => "units-2000",
            Self::Units3000 => "units-3000",
            Self::Units4000 => "units-4000",
            Self::Units5000 => "units-5000",
        }
    }

    /// The mode of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// What a creditor writes into a list (출금형태): the code of KFTC's manual, or Korean.
    pub fn from_list(text: &str) -> Option<Self> {
        Some(match text {
            "1" | "전액" => Self::FullOnly,
            "0" | "부분" => Self::Partial,
            "2" | "1000원" => Self::Units1000,
            "3" | "2000원" => Self::Units2000,
            "4" | "3000원" => Self::Units3000,
            "5" | "4000원" => Self::Units4000,
            "6" | "5000원" => Self::Units5000,
            _ => return None,
        })
    }

    /// The smallest step of a part, in won; `None` where no part may be taken.
    pub const fn step_won(self) -> Option<i64> {
        match self {
            Self::FullOnly => None,
            Self::Partial => Some(1),
            Self::Units1000 => Some(1_000),
            Self::Units2000 => Some(2_000),
            Self::Units3000 => Some(3_000),
            Self::Units4000 => Some(4_000),
            Self::Units5000 => Some(5_000),
        }
    }

    /// Whether a part may be taken.
    pub const fn allows_partial(self) -> bool {
        self.step_won().is_some()
    }

    /// Whether this part may have been taken.
    pub fn allows(self, part: Won) -> bool {
        self.step_won().is_some_and(|step| part.get() % step == 0)
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::word).join(", ");
        Self::from_word(word).ok_or_else(|| format!("{word:?} is no debit mode; there are {}", known()))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_list_codes_are_one_to_one() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_word(mode.word()), Some(mode));
        }
        let of = |texts: [&str; 7]| texts.map(Mode::from_list);
        assert_eq!(of(["1", "0", "2", "3", "4", "5", "6"]), Mode::ALL.map(Some));
        assert_eq!(
            of(["전액", "부분", "1000원", "2000원", "3000원", "4000원", "5000원"]),
            Mode::ALL.map(Some)
        );
        assert_eq!(Mode::from_list("7"), None);
    }

    #[test]
    fn parts_are_whole_steps() {
        for (mode, part, allowed) in [
            (Mode::FullOnly, 1_000, false),
            (Mode::Partial, 1, true),
            (Mode::Units3000, 9_000, true),
            (Mode::Units3000, 9_001, false),
            (Mode::Units5000, 3_000, false),
        ] {
            assert_eq!(mode.allows(Won::new(part)), allowed, "{mode} {part}");
        }
    }
}

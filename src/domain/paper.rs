//! The kinds of papers (출력).

use std::fmt;
use std::str::FromStr;

/// A paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 영수증 (F25): what came.
    Receipt,
    /// 납부고지서 (F26): what is to be paid.
    Bill,
    /// 미납명세서 (F27): what was not paid in time.
    Arrears,
    /// 과오납반환결의서 (F28): what came too much.
    Refund,
}

impl Paper {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Receipt, Self::Bill, Self::Arrears, Self::Refund];

    /// The English word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Bill => "bill",
            Self::Arrears => "arrears",
            Self::Refund => "refund",
        }
    }

    /// The title.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Receipt => "영수증",
            Self::Bill => "납부고지서",
            Self::Arrears => "미납명세서",
            Self::Refund => "과오납반환결의서",
        }
    }
}

impl fmt::Display for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Paper {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|paper| paper.word() == text || paper.ko() == text).ok_or_else(|| {
            let all: Vec<String> = Self::ALL.iter().map(|p| format!("{} ({})", p.word(), p.ko())).collect();
            format!("there is no paper {text:?}; there are: {}", all.join(", "))
        })
    }
}

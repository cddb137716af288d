//! What a payer is told by a short message (SMS관리, product.md F09).

use std::fmt;

/// Why a message is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageEvent {
    /// 출금 사전안내: so many banking days before the debit date.
    PreNotification,
    /// 출금 불능 안내: the debit failed.
    Failed,
    /// 출금 완료 안내: the debit came, whole or in part.
    Paid,
    /// Written by a person, with an order.
    ByHand,
}

impl MessageEvent {
    /// Those that the schedule makes.
    pub const AUTOMATIC: [Self; 3] = [Self::PreNotification, Self::Failed, Self::Paid];

    /// The word in notify.toml, the ledger and the list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PreNotification => "pre-notification",
            Self::Failed => "failed",
            Self::Paid => "paid",
            Self::ByHand => "by-hand",
        }
    }

    /// What people call it.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::PreNotification => "출금 사전안내",
            Self::Failed => "출금 불능 안내",
            Self::Paid => "출금 완료 안내",
            Self::ByHand => "직접 발송",
        }
    }

    /// The event of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::AUTOMATIC.into_iter().chain([Self::ByHand]).find(|event| event.word() == word)
    }
}

impl fmt::Display for MessageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

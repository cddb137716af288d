//! What people drop: creditors' lists (`.csv`, `.tsv`) and operators' orders (`.toml`), from bytes to messages, and
//! the answer that goes back beside them. `docs/lists.md` is the page for creditors; a test keeps it in step.
//!
//! The way: [`read_list`] decides encoding, delimiter and headings of the whole file (a fault there means that the
//! file is not what it claims to be and nothing of it is applied), then each row is parsed by the module of its kind
//! (a refusal there concerns that row alone), judged by `rules`, and told back by [`answer`].
//!
//! Must not: do I/O, know the ledger, or decide what may happen (that is `rules`).

pub mod answer;
pub mod approval;
pub mod cancels;
pub mod cash;
pub mod cell;
pub mod charges;
pub mod columns;
mod earlier;
pub mod evidence;
mod jamo;
pub mod kinds;
mod lines;
mod list;
pub mod mandates;
pub mod message;
pub mod order;
pub mod order_desk;
pub mod order_people;
pub mod order_print;
mod order_verb;
pub mod payers;
pub mod requests;
mod resident;
pub mod terms;
mod text;

pub use earlier::Earlier;
pub use list::{List, MAX_CELL_CHARS, MAX_COLUMNS, MAX_ROWS, Row, read_list, read_sheet};
pub use text::{Encoding, decode};

/// What a list asks for. Told by the beginning of its name, upper or lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Payers without an account, and what they are charged (고객등록).
    Payers,
    /// Applications and changes of mandates (일괄등록).
    Mandates,
    /// Cancellations (계좌해지).
    Cancel,
    /// Debit requests (이체의뢰).
    Request,
    /// Retries (재처리의뢰).
    Retry,
    /// Cash that the creditor took (현금수납).
    Cash,
    /// Amounts of single months (변동금액).
    Charges,
    /// What was agreed for single mandates (수납조건).
    Terms,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Payers,
        Self::Mandates,
        Self::Cancel,
        Self::Request,
        Self::Retry,
        Self::Cash,
        Self::Charges,
        Self::Terms,
    ];

    /// The word in summaries and the ledger, which is also how the file's name begins.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Payers => "payers",
            Self::Mandates => "mandates",
            Self::Cancel => "cancel",
            Self::Request => "request",
            Self::Retry => "retry",
            Self::Cash => "cash",
            Self::Charges => "charges",
            Self::Terms => "terms",
        }
    }

    /// What people call it.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Payers => "고객 등록·변경",
            Self::Mandates => "이체정보 등록·변경",
            Self::Cancel => "계좌해지",
            Self::Request => "이체의뢰",
            Self::Retry => "재처리의뢰",
            Self::Cash => "현금수납",
            Self::Charges => "청구금액",
            Self::Terms => "수납조건",
        }
    }

    /// The kind of a file of this name; `None` where no kind begins so. A proposal that comes back is a request.
    pub fn of_name(file_name: &str) -> Option<Self> {
        let begins = |kind: &Self| {
            let head = file_name.as_bytes().get(..kind.word().len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(kind.word().as_bytes()))
        };
        let proposal =
            file_name.as_bytes().get(..8).is_some_and(|head| head.eq_ignore_ascii_case(b"proposal"));
        if proposal { Some(Self::Request) } else { Self::ALL.into_iter().find(begins) }
    }
}

/// Whether a list of this name is taken as a whole or not at all, where the name says so in a word of its own:
/// `payers-0105.all.csv` as a whole, `payers-0105.rows.csv` row by row.
pub fn whole_by_name(file_name: &str) -> Option<bool> {
    let words = file_name.split(['.', '-', '_', ' ']).skip(1);
    words
        .filter_map(|word| match word.to_ascii_lowercase().as_str() {
            "all" => Some(true),
            "rows" => Some(false),
            _ => None,
        })
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_knows_every_list() {
        assert_eq!(Kind::ALL.map(Kind::word), crate::config::LISTS);
    }

    #[test]
    fn a_name_says_whether_a_list_is_one() {
        for (name, said) in [
            ("payers.csv", None),
            ("payers-all.csv", Some(true)),
            ("payers-2026.ALL.xlsx", Some(true)),
            ("payers_rows.csv", Some(false)),
            ("payers-small.csv", None),
            ("all.csv", None),
        ] {
            assert_eq!(whole_by_name(name), said, "{name}");
        }
    }
}

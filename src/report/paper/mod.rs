//! Papers (출력) as PDF: 영수증, 납부고지서, 미납명세서, 과오납반환결의서. A4, one payer a page (more rows take more pages), the
//! creditor's data and stamp, the amount in figures and in words. The same ledger gives the same bytes.
//!
//! Must not: say that money came which the ledger does not say.

mod form;
mod ink;
mod stamp;
mod words;

pub use ink::{Faces, Typeface};
pub use stamp::Stamp;
pub use words::in_words;

use super::catalogue::{Names, ReportQuery};
use crate::config::{Config, Creditor};
use crate::domain::{Date, Month, Won};
use crate::fault::{Fault, Trouble};
use crate::ledger::{Listed, Listing, ListingQuery, Reader, Take};
use form::Sheet;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};
use std::fmt;
use std::str::FromStr;

/// Why a paper was not made.
#[derive(Debug)]
pub enum PaperError {
    /// The font, the stamp or a text is wrong.
    Fault(Box<Fault>),
    /// The world failed.
    Trouble(Trouble),
}

impl PaperError {
    pub(super) fn fault(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<Trouble> for PaperError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

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

    fn listing(self) -> Listing {
        match self {
            Self::Receipt => Listing::Paid,
            Self::Bill | Self::Arrears => Listing::Arrears,
            Self::Refund => Listing::Overpaid,
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

/// One row of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaperRow {
    item: String,
    month: Option<Month>,
    debit_date: Option<Date>,
    charged: Won,
    paid: Won,
    /// What this paper is about: came, to be paid, not paid, too much.
    amount: Won,
    /// The key of the first charge: what the number of a receipt is made of.
    key: i64,
}

/// What one payer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaperOf {
    payer_no: String,
    payer_name: String,
    group: String,
    rows: Vec<PaperRow>,
}

/// How papers are made.
#[derive(Debug, Clone, Copy)]
pub struct PaperStyle<'p> {
    /// The typefaces.
    pub faces: &'p Faces,
    /// The stamp, where there is one.
    pub stamp: Option<&'p Stamp>,
    /// Whether it was printed before: 재발행.
    pub again: bool,
    /// The day that stands on it.
    pub day: Date,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The PDF; empty where nobody gets a paper.
    pub pdf: Vec<u8>,
    /// How many payers.
    pub papers: usize,
    /// How many pages.
    pub pages: usize,
}

/// Makes the papers of a creditor: one PDF with a paper for every payer that the query finds.
pub fn make(
    reader: &Reader,
    config: &Config,
    paper: Paper,
    query: &ReportQuery,
    style: &PaperStyle<'_>,
) -> Result<Made, PaperError> {
    let Some(creditor) = config.creditors.get(&query.creditor) else {
        return Err(Trouble::new("make papers", format!("there is no creditor {}", query.creditor)).into());
    };
    let papers = gather(reader, config, paper, query)?;
    if papers.is_empty() {
        return Ok(Made { pdf: Vec::new(), papers: 0, pages: 0 });
    }
    draw(paper, creditor, &papers, style)
}

/// The rows of the ledger, by payer.
fn gather(
    reader: &Reader,
    config: &Config,
    paper: Paper,
    query: &ReportQuery,
) -> Result<Vec<PaperOf>, Trouble> {
    let names = Names { config, creditor: query.creditor };
    let listing = ListingQuery {
        unfinished: None,
        creditor: query.creditor,
        from: query.from,
        to: query.to,
        item: query.item.as_ref(),
        group: query.group.as_ref(),
        payer: query.payer.as_ref(),
    };
    let mut papers: Vec<PaperOf> = Vec::new();
    reader.list::<Trouble>(paper.listing(), &listing, |listed| {
        // The listings of what came begin with the charge's key.
        let first = usize::from(matches!(paper, Paper::Receipt | Paper::Refund));
        let text = |at: usize| match listed.get(at) {
            Some(Listed::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let won = |at: usize| match listed.get(at) {
            Some(Listed::Won(won)) => *won,
            _ => Won::ZERO,
        };
        let (charged, paid) = (won(first + 6), won(first + 7));
        let amount = match paper {
            Paper::Receipt => Some(paid),
            Paper::Bill | Paper::Arrears => charged.checked_sub(paid),
            Paper::Refund => paid.checked_sub(charged),
        };
        let row = PaperRow {
            item: names.item(&text(first + 3)),
            month: match listed.get(first + 4) {
                Some(Listed::Month(month)) => *month,
                _ => None,
            },
            debit_date: match listed.get(first + 5) {
                Some(Listed::Date(date)) => *date,
                _ => None,
            },
            charged,
            paid,
            amount: amount.unwrap_or(Won::ZERO),
            key: match listed.first() {
                Some(Listed::Count(Some(key))) => *key,
                _ => 0,
            },
        };
        let payer_no = text(first);
        match papers.last_mut().filter(|last| last.payer_no == payer_no) {
            Some(last) => last.rows.push(row),
            None => papers.push(PaperOf {
                payer_no,
                payer_name: text(first + 1),
                group: names.group(&text(first + 2)),
                rows: vec![row],
            }),
        }
        Ok(Take::More)
    })?;
    Ok(papers)
}

fn draw(
    paper: Paper,
    creditor: &Creditor,
    papers: &[PaperOf],
    style: &PaperStyle<'_>,
) -> Result<Made, PaperError> {
    let settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    // No time in it: the same papers are the same bytes.
    let title = format!("{} {} {}", paper.ko(), creditor.name, style.day);
    document
        .set_metadata(Metadata::new().title(title).language("ko".to_string()).producer("sunap".to_string()));
    let mut pages = 0_usize;
    for of in papers {
        let total = Won::sum(of.rows.iter().map(|row| row.amount))
            .ok_or_else(|| Trouble::new("add a paper up", "the sum is too large".to_string()))?;
        let chunks: Vec<&[PaperRow]> = of.rows.chunks(form::ROWS).collect();
        for (nth, rows) in chunks.iter().enumerate() {
            let sheet =
                Sheet { paper, creditor, of, rows, total, nth: nth + 1, of_pages: chunks.len(), style };
            let size = PageSettings::from_wh(595.0, 842.0)
                .ok_or_else(|| Trouble::new("make a page", "A4".to_string()))?;
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            let drawn = sheet.draw(&mut surface);
            surface.finish();
            page.finish();
            drawn?;
            pages = pages.saturating_add(1);
        }
    }
    let pdf = document.finish().map_err(|error| Trouble::new("make a PDF", format!("{error:?}")))?;
    Ok(Made { pdf, papers: papers.len(), pages })
}

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
use crate::domain::{Date, Month, Paper, Won};
use crate::fault::{Fault, Trouble};
use crate::ledger::{IssuedPaper, Listed, Listing, ListingQuery, Reader, Take};
use crate::machine::mandate;
use form::Sheet;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};

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

const fn listing(paper: Paper) -> Listing {
    match paper {
        Paper::Receipt => Listing::Paid,
        Paper::Bill | Paper::Arrears => Listing::Arrears,
        Paper::Refund => Listing::Overpaid,
    }
}

/// One row of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PaperRow {
    code: String,
    item: String,
    month: Option<Month>,
    debit_date: Option<Date>,
    charged: Won,
    paid: Won,
    /// What this paper is about: came, to be paid, not paid, too much.
    amount: Won,
    /// The key of the charge; 0 where the listing has none.
    key: i64,
    /// Of what is owed: whether the bank will be asked for it; a payer without a live account pays by other ways.
    by_debit: bool,
}

/// What one payer gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperOf {
    payer_no: String,
    payer_name: String,
    group: String,
    rows: Vec<PaperRow>,
}

impl PaperOf {
    /// For whom: 납부자번호.
    pub fn payer_no(&self) -> &str {
        &self.payer_no
    }

    /// The charges that a number binds: those whose money came.
    pub fn charges(&self) -> Vec<i64> {
        self.rows.iter().map(|row| row.key).filter(|key| *key > 0).collect()
    }

    /// What it comes to.
    pub fn total(&self) -> Result<Won, Trouble> {
        Won::sum(self.rows.iter().map(|row| row.amount))
            .ok_or_else(|| Trouble::new("add a paper up", "the sum is too large".to_string()))
    }

    /// What tells this paper from another one for the same payer: its rows. What is to be paid, and how late it is, is
    /// another paper on another day; what came stays the same.
    pub fn content(&self, paper: Paper, day: Date) -> String {
        let mut text = match paper {
            Paper::Receipt | Paper::Refund => String::new(),
            Paper::Bill | Paper::Arrears => format!("{day}\n"),
        };
        for row in &self.rows {
            let month = row.month.map_or(0, Month::to_index);
            let date = row.debit_date.map_or(0, Date::to_epoch_days);
            let (charged, paid) = (row.charged.get(), row.paid.get());
            text.push_str(&format!("{}|{}|{month}|{date}|{charged}|{paid}\n", row.key, row.code));
        }
        text
    }
}

/// What a paper is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A look at it: no number, marked 견본.
    Sample,
    /// Numbered, and marked 재발행 where it was printed before.
    Issued(IssuedPaper),
}

/// How papers are made.
#[derive(Debug, Clone)]
pub struct PaperStyle {
    /// The typefaces.
    pub faces: Faces,
    /// The stamp, where there is one.
    pub stamp: Option<Stamp>,
    /// The day on which they are printed.
    pub day: Date,
}

impl PaperStyle {
    /// The typefaces and the creditor's stamp as the configuration says. A stamp that is missing is no fault: what to
    /// tell is given back (F05).
    pub fn read(
        config: &Config,
        creditor: &Creditor,
        day: Date,
    ) -> Result<(Self, Option<String>), PaperError> {
        let faces = Faces {
            regular: Typeface::read(&config.papers.font)?,
            bold: Typeface::read(&config.papers.font_bold)?,
        };
        let mut missing = None;
        let stamp = match &creditor.base.stamp {
            None => None,
            Some(name) => {
                let found = Stamp::of(&config.folder.join("creditors").join(name))?;
                if found.is_none() {
                    missing =
                        Some(format!("there is no stamp creditors/{name}: the papers are made without one"));
                }
                found
            }
        };
        Ok((Self { faces, stamp, day }, missing))
    }
}

/// Of which debit dates papers tell: of a month, else of the last twelve months (a bill: of the next one as well).
pub fn paper_period(paper: Paper, month: Option<Month>, day: Date) -> (Date, Date) {
    // What is late is late before today; a bill is of what is to come as well.
    let last = match paper {
        Paper::Bill => day.month().next().last_day(),
        Paper::Arrears => day.previous(),
        Paper::Receipt | Paper::Refund => day,
    };
    match month {
        Some(month) if paper == Paper::Arrears => (month.first_day(), month.last_day().min(last)),
        Some(month) => (month.first_day(), month.last_day()),
        None => (day.month().plus_months(-12).first_day(), last),
    }
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

/// The papers of a creditor, one for every payer that the query finds, in the order of their numbers.
pub fn gather_papers(
    reader: &Reader,
    config: &Config,
    paper: Paper,
    query: &ReportQuery,
) -> Result<Vec<PaperOf>, Trouble> {
    let names = Names { config, creditor: query.creditor };
    let wanted = ListingQuery {
        unfinished: None,
        creditor: query.creditor,
        from: query.from,
        to: query.to,
        item: query.item.as_ref(),
        group: query.group.as_ref(),
        payer: query.payer.as_ref(),
        accounts: query.accounts,
    };
    let mut papers: Vec<PaperOf> = Vec::new();
    reader.list::<Trouble>(listing(paper), &wanted, |listed| {
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
        let code = text(first + 3);
        let row = PaperRow {
            item: names.item(&code),
            code,
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
            // Only the listings of what came begin with the key.
            key: match listed.first() {
                Some(Listed::Count(Some(key))) => *key,
                _ => 0,
            },
            by_debit: match listed.get(12) {
                Some(Listed::State(word)) => mandate::State::from_word(word).is_some_and(is_debited),
                _ => false,
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

/// Whether a mandate is, or is about to be, one that debits come from.
const fn is_debited(state: mandate::State) -> bool {
    use mandate::State as S;
    match state {
        S::Active | S::Queued | S::Batched | S::Sent | S::Acknowledged | S::Changing | S::Severed => true,
        S::Billed | S::Draft | S::Rejected | S::Suspended | S::Cancelling | S::Ended => false,
    }
}

/// One PDF of these papers.
pub fn draw_papers(
    paper: Paper,
    creditor: &Creditor,
    papers: &[(PaperOf, Standing)],
    style: &PaperStyle,
) -> Result<Made, PaperError> {
    let settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    // No time in it: the same papers are the same bytes.
    let title = format!("{} {} {}", paper.ko(), creditor.name, style.day);
    document
        .set_metadata(Metadata::new().title(title).language("ko".to_string()).producer("sunap".to_string()));
    let mut pages = 0_usize;
    for (of, standing) in papers {
        let total = of.total()?;
        let chunks = form::pages(paper, &of.rows);
        let mut before = 0_usize;
        for (nth, rows) in chunks.iter().enumerate() {
            let (nth, of_pages) = (nth.saturating_add(1), chunks.len());
            let sheet = Sheet { paper, creditor, of, standing, rows, before, total, nth, of_pages, style };
            let size = PageSettings::from_wh(595.0, 842.0)
                .ok_or_else(|| Trouble::new("make a page", "A4".to_string()))?;
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            let drawn = sheet.draw(&mut surface);
            surface.finish();
            page.finish();
            drawn?;
            before = before.saturating_add(rows.len());
            pages = pages.saturating_add(1);
        }
    }
    let pdf = document.finish().map_err(|error| Trouble::new("make a PDF", format!("{error:?}")))?;
    Ok(Made { pdf, papers: papers.len(), pages })
}

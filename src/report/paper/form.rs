//! The four forms: what stands where on the page.

use super::ink::{Align, Frame, Page};
use super::{PaperError, PaperOf, PaperRow, PaperStyle, Standing, in_words};
use crate::config::Creditor;
use crate::domain::{Date, Paper, Won};
use krilla::surface::Surface;

/// Rows on a page after which another one comes.
const FULL: usize = 22;

/// The rows of each page: the last one has room for the sum, what is said, and the signature (a decision: for its boxes, too).
pub(super) fn pages(paper: Paper, rows: &[PaperRow]) -> Vec<&[PaperRow]> {
    let last = if paper == Paper::Refund { 12 } else { 16 };
    let (mut pages, mut rest) = (Vec::new(), rows);
    while rest.len() > last {
        // So that the last page is no stray row.
        let take = FULL.min(rest.len().saturating_sub(last.min(rest.len() / 2)));
        let (page, after) = rest.split_at(take);
        pages.push(page);
        rest = after;
    }
    pages.push(rest);
    pages
}

const LEFT: i32 = 500;
const WIDTH: i32 = 4950;
const ROW: i32 = 200;
const TABLE: i32 = 2880;

/// One page.
pub(super) struct Sheet<'p> {
    pub(super) paper: Paper,
    pub(super) creditor: &'p Creditor,
    pub(super) of: &'p PaperOf,
    pub(super) standing: &'p Standing,
    pub(super) rows: &'p [PaperRow],
    /// How many rows stand on the pages before.
    pub(super) before: usize,
    /// Of all pages of this payer.
    pub(super) total: Won,
    pub(super) nth: usize,
    pub(super) of_pages: usize,
    pub(super) style: &'p PaperStyle,
}

type Done = Result<(), PaperError>;

impl Sheet<'_> {
    pub(super) fn draw(&self, surface: &mut Surface<'_>) -> Done {
        let mut page = Page::new(surface, &self.style.faces);
        let drawn = self.all(&mut page);
        page.end();
        drawn
    }

    fn all(&self, page: &mut Page<'_, '_>) -> Done {
        self.head(page)?;
        self.payer(page)?;
        self.issuer(page)?;
        self.amount(page)?;
        let bottom = self.table(page)?;
        self.foot(page, bottom)
    }

    fn head(&self, page: &mut Page<'_, '_>) -> Done {
        let title: String = self.paper.ko().chars().flat_map(|c| [c, ' ']).collect();
        page.text(Frame(LEFT, 560, WIDTH, 400), title.trim_end(), 260, true, Align::Center)?;
        page.shade(Frame(LEFT + 1300, 970, WIDTH - 2600, 14));
        let number = match self.standing {
            Standing::Sample => None,
            Standing::Issued(issued) => Some(format!("{}-{}", self.creditor.id, issued.number)),
        };
        if let Some(number) = number {
            page.text(Frame(LEFT, 1080, 2400, ROW), &format!("번호  {number}"), 95, false, Align::Left)?;
        }
        let day = format!("발행일  {}", self.day());
        page.text(Frame(LEFT + 2550, 1080, 2400, ROW), &day, 95, false, Align::Right)?;
        let mark = match self.standing {
            Standing::Sample => Some(("견 본".to_string(), None)),
            Standing::Issued(issued) if issued.again > 0 => {
                Some((format!("재발행 {}", issued.again), Some(self.style.day)))
            }
            Standing::Issued(_) => None,
        };
        if let Some((mark, day)) = mark {
            let frame = Frame(LEFT + 3950, 560, 1000, 260);
            page.outline(frame, 12);
            page.text(frame, &mark, 130, true, Align::Center)?;
            if let Some(day) = day {
                let below = Frame(LEFT + 3950, 820, 1000, 140);
                page.text(below, &day.to_string(), 80, false, Align::Center)?;
            }
        }
        Ok(())
    }

    /// The day that stands on it: printed again it keeps the first one.
    fn day(&self) -> Date {
        match self.standing {
            Standing::Sample => self.style.day,
            Standing::Issued(issued) => issued.issued_on,
        }
    }

    /// The receipt on which the money of the n-th row of this page stood first, where it did.
    fn earlier(&self, nth: usize) -> Option<String> {
        let Standing::Issued(issued) = self.standing else { return None };
        let number = issued.earlier.get(self.before.saturating_add(nth)).copied().flatten()?;
        // One word: the number stays beside it where the line is broken.
        Some(format!("기발행\u{a0}{number}"))
    }

    fn labelled(&self, page: &mut Page<'_, '_>, frame: Frame, label: i32, name: &str, value: &str) -> Done {
        let Frame(x, y, w, h) = frame;
        page.shade(Frame(x, y, label, h));
        page.outline(Frame(x, y, label, h), 5);
        page.outline(Frame(x + label, y, w - label, h), 5);
        page.text(Frame(x, y, label, h), name, 88, true, Align::Center)?;
        page.text(Frame(x + label, y, w - label, h), value, 95, false, Align::Left)
    }

    fn payer(&self, page: &mut Page<'_, '_>) -> Done {
        let (title, y) = (Frame(LEFT, 1300, 2350, ROW), 1500);
        page.text(title, "납부자", 100, true, Align::Left)?;
        // A decision is for the house, not for the payer.
        let name = match self.paper {
            Paper::Refund => self.of.payer_name.clone(),
            Paper::Receipt | Paper::Bill | Paper::Arrears => format!("{} 귀하", self.of.payer_name),
        };
        let period = self.period();
        let rows = [
            ("성명", name.as_str()),
            ("납부자번호", &self.of.payer_no),
            ("그룹", &self.of.group),
            ("기간", &period),
        ];
        for (top, (label, value)) in (0..).map(|n| y + n * ROW).zip(rows) {
            self.labelled(page, Frame(LEFT, top, 2350, ROW), 700, label, value)?;
        }
        Ok(())
    }

    fn period(&self) -> String {
        let mut months: Vec<_> = self.of.rows.iter().filter_map(|row| row.month).collect();
        months.sort_by_key(|month| month.to_index());
        match (months.first(), months.last()) {
            (Some(first), Some(last)) if first == last => first.to_string(),
            (Some(first), Some(last)) => format!("{first} ~ {last}"),
            _ => String::new(),
        }
    }

    fn issuer(&self, page: &mut Page<'_, '_>) -> Done {
        let base = &self.creditor.base;
        let (x, w) = (LEFT + 2500, 2450);
        let title = if self.paper == Paper::Receipt { "공급자" } else { "이용기관" };
        page.text(Frame(x, 1300, w, ROW), title, 100, true, Align::Left)?;
        let number = base.business_no.as_ref().map_or(String::new(), |number| business_no(number.reveal()));
        let phone = base.phone.as_deref().or_else(|| self.creditor.contact.as_ref()?.phone.as_deref());
        let rows = [
            ("등록번호", number.as_str()),
            ("상호", base.name.as_str()),
            ("대표자", base.representative.as_deref().unwrap_or_default()),
            ("주소 · 전화", base.address.as_deref().unwrap_or_default()),
        ];
        for (top, (label, value)) in (0..).map(|n| 1500 + n * ROW).zip(rows) {
            if label.starts_with("주소") {
                let value = format!("{value}  {}", phone.unwrap_or_default());
                self.labelled(page, Frame(x, top, w, ROW), 700, label, value.trim())?;
            } else {
                self.labelled(page, Frame(x, top, w, ROW), 700, label, value)?;
            }
        }
        Ok(())
    }

    fn amount(&self, page: &mut Page<'_, '_>) -> Done {
        let label = match self.paper {
            Paper::Receipt => "영수금액",
            Paper::Bill => "납부하실 금액",
            Paper::Arrears => "미납금액",
            Paper::Refund => "반환금액",
        };
        let (y, h) = (2430, 320);
        page.shade(Frame(LEFT, y, 900, h));
        page.outline(Frame(LEFT, y, 900, h), 10);
        page.outline(Frame(LEFT + 900, y, WIDTH - 900, h), 10);
        page.text(Frame(LEFT, y, 900, h), label, 110, true, Align::Center)?;
        let figures = format!("(₩{})", grouped(self.total));
        let wide = page.width(&figures, 125)? + 120;
        let words = Frame(LEFT + 900, y, WIDTH - 900 - wide, h);
        page.text(words, &in_words(self.total), 120, true, Align::Left)?;
        page.text(Frame(LEFT + WIDTH - wide, y, wide, h), &figures, 125, true, Align::Right)
    }

    /// The table; where it ends.
    fn table(&self, page: &mut Page<'_, '_>) -> Result<i32, PaperError> {
        let last = match self.paper {
            Paper::Receipt => "영수금액",
            Paper::Bill => "납부금액",
            Paper::Arrears => "미납금액",
            Paper::Refund => "과오납금액",
        };
        // Money came and comes by other ways than a debit as well.
        let by_debit = self.of.rows.iter().all(|row| row.by_debit);
        let date = if self.paper == Paper::Bill && by_debit { "출금예정일" } else { "납부기일" };
        let late = self.paper == Paper::Arrears;
        let columns = [
            (if late { "집금항목 (경과일수)" } else { "집금항목" }, 1350, Align::Left),
            ("청구년월", 700, Align::Center),
            (date, 800, Align::Center),
            ("청구금액", 700, Align::Right),
            ("수납금액", 700, Align::Right),
            (last, 700, Align::Right),
        ];
        let mut x = LEFT;
        for (heading, width, _) in columns {
            let frame = Frame(x, TABLE, width, ROW);
            page.shade(frame);
            page.outline(frame, 6);
            page.text(frame, heading, 90, true, Align::Center)?;
            x += width;
        }
        let mut y = TABLE + ROW;
        for (nth, row) in self.rows.iter().enumerate() {
            let mut item = match row.debit_date.filter(|_| late) {
                Some(date) => format!("{} ({}일)", row.item, self.day().days_since(date).max(0)),
                None => row.item.clone(),
            };
            if self.paper == Paper::Bill && !by_debit && row.by_debit {
                item = format!("{item} (자동이체)");
            }
            if let Some(earlier) = self.earlier(nth) {
                item = format!("{item} ({earlier})");
            }
            let values = [
                item,
                row.month.map_or(String::new(), |month| month.to_string()),
                row.debit_date.map_or(String::new(), |date| date.to_string()),
                grouped(row.charged),
                grouped(row.paid),
                grouped(row.amount),
            ];
            let mut x = LEFT;
            for ((_, width, align), value) in columns.iter().zip(&values) {
                let frame = Frame(x, y, *width, ROW);
                page.outline(frame, 4);
                page.text(frame, value, 90, false, *align)?;
                x += width;
            }
            y += ROW;
        }
        if self.nth == self.of_pages {
            let label = Frame(LEFT, y, WIDTH - 700, ROW);
            let sum = Frame(LEFT + WIDTH - 700, y, 700, ROW);
            page.shade(label);
            page.outline(label, 6);
            page.outline(sum, 6);
            page.text(label, &format!("합계 {}건", self.of.rows.len()), 92, true, Align::Center)?;
            page.text(sum, &grouped(self.total), 92, true, Align::Right)?;
            y += ROW;
        }
        Ok(y)
    }

    fn foot(&self, page: &mut Page<'_, '_>, bottom: i32) -> Done {
        if self.nth < self.of_pages {
            page.text(Frame(LEFT, bottom + 60, WIDTH, ROW), "다음 장에 계속", 85, false, Align::Right)?;
            return self.page_no(page);
        }
        let said = match self.paper {
            Paper::Receipt => "위 금액을 정히 영수하였음을 증명합니다.",
            Paper::Bill => asked(&self.of.rows),
            Paper::Arrears => "위 금액이 아직 납부되지 않았습니다. 확인하시고 납부하여 주시기 바랍니다.",
            Paper::Refund => {
                "위와 같이 과오납된 금액을 납부자에게 반환하고자 하오니 결재하여 주시기 바랍니다."
            }
        };
        let mut y = bottom + 200;
        page.text(Frame(LEFT, y, WIDTH, ROW), said, 105, false, Align::Center)?;
        y += 300;
        if self.paper == Paper::Refund {
            y = self.approval(page, y)?;
        }
        page.text(Frame(LEFT, y, WIDTH, ROW), &day_ko(self.day()), 105, false, Align::Center)?;
        y += 280;
        let representative = self.creditor.base.representative.as_deref().unwrap_or_default();
        let signed = format!("{}   대표  {representative}   (인)", self.creditor.name);
        page.text(Frame(LEFT, y, WIDTH, 240), &signed, 130, true, Align::Center)?;
        if let Some(stamp) = &self.style.stamp {
            // Over the (인), as a stamp is set.
            let half = page.width(&signed, 130)? / 2;
            page.picture(Frame(LEFT + WIDTH / 2 + half - 360, y - 150, 540, 540), &stamp.image);
        }
        self.page_no(page)
    }

    /// Who decides, and where the money goes.
    fn approval(&self, page: &mut Page<'_, '_>, y: i32) -> Result<i32, PaperError> {
        for (x, role) in
            [(0, "담당"), (1, "검토"), (2, "결재")].map(|(n, role)| (LEFT + 3150 + n * 600, role))
        {
            page.shade(Frame(x, y, 600, 180));
            page.outline(Frame(x, y, 600, 180), 6);
            page.outline(Frame(x, y + 180, 600, 480), 6);
            page.text(Frame(x, y, 600, 180), role, 90, true, Align::Center)?;
        }
        for (n, label) in [(0, "반환 사유"), (1, "반환 은행"), (2, "반환 계좌")] {
            self.labelled(page, Frame(LEFT, y + n * 220, 3000, 220), 800, label, "")?;
        }
        Ok(y + 660 + 250)
    }

    fn page_no(&self, page: &mut Page<'_, '_>) -> Done {
        let text = format!("{} / {}", self.nth, self.of_pages);
        page.text(Frame(LEFT, 7950, WIDTH, ROW), &text, 80, false, Align::Center)
    }
}

/// How a bill is to be paid: nobody is told of a debit that does not come.
fn asked(rows: &[PaperRow]) -> &'static str {
    let debits = rows.iter().filter(|row| row.by_debit).count();
    if debits == 0 {
        "위 금액을 납부기일까지 납부하여 주시기 바랍니다."
    } else if debits == rows.len() {
        "위 금액은 출금예정일에 등록하신 계좌에서 출금됩니다. 전일까지 잔액을 확인하여 주십시오."
    } else {
        "(자동이체) 항목은 납부기일에 등록하신 계좌에서 출금됩니다. 그 밖의 항목은 납부기일까지 납부하여 주시기 바랍니다."
    }
}

fn grouped(won: Won) -> String {
    let digits = won.get().unsigned_abs().to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if won.get() < 0 { format!("-{text}") } else { text }
}

/// 123-45-67890.
fn business_no(digits: &str) -> String {
    match (digits.get(..3), digits.get(3..5), digits.get(5..)) {
        (Some(a), Some(b), Some(c)) => format!("{a}-{b}-{c}"),
        _ => digits.to_string(),
    }
}

fn day_ko(date: Date) -> String {
    format!("{}년 {}월 {}일", date.year(), date.month_no(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row stands on one page, in order; no page holds more than it has room for, and the last one is no stray row.
    #[test]
    fn rows_are_shared_out_over_pages() {
        for (paper, room) in [(Paper::Receipt, 16), (Paper::Refund, 12)] {
            for count in 1..200 {
                let rows: Vec<PaperRow> = (0..count).map(row).collect();
                let pages = pages(paper, &rows);
                assert_eq!(pages.concat(), rows, "{count}");
                let (last, full) = pages.split_last().unwrap();
                assert!((1..=room).contains(&last.len()), "{count}: {}", last.len());
                assert!(full.iter().all(|page| (1..=FULL).contains(&page.len())), "{count}");
                assert!(full.is_empty() || last.len() > 5, "{count}: {}", last.len());
            }
        }
        let sixty: Vec<PaperRow> = (0..60).map(row).collect();
        assert_eq!(
            pages(Paper::Receipt, &sixty).iter().map(|page| page.len()).collect::<Vec<_>>(),
            [22, 22, 16]
        );
    }

    #[test]
    fn a_bill_tells_only_those_of_a_debit_to_whom_one_comes() {
        let rows = |by_debit: &[bool]| -> Vec<PaperRow> {
            by_debit.iter().map(|by_debit| PaperRow { by_debit: *by_debit, ..row(1) }).collect()
        };
        assert!(asked(&rows(&[true, true])).contains("출금예정일에 등록하신 계좌에서 출금"));
        assert!(!asked(&rows(&[false])).contains("출금"));
        let both = asked(&rows(&[true, false]));
        assert!(both.contains("(자동이체) 항목은") && both.contains("그 밖의 항목은"));
    }

    fn row(key: i64) -> PaperRow {
        PaperRow {
            code: String::new(),
            item: String::new(),
            month: None,
            debit_date: None,
            charged: Won::ZERO,
            paid: Won::ZERO,
            amount: Won::ZERO,
            key,
            by_debit: true,
        }
    }
}

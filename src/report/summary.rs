//! 하루 요약: one page that a manager reads in a minute. What came in today, what failed and why, what is owed, what the
//! next days bring.

use super::to_do;
use crate::config::Config;
use crate::domain::{CreditorId, Date, Won};
use crate::fault::Trouble;
use crate::ledger::{AccountsShown, Due, DueState, Listed, Listing, ListingQuery, Reader, Take};
use std::fmt::Write as _;

/// The page of one creditor, or of the agent for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryPage {
    /// The lines, ready to be printed.
    pub text: String,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    rows: i64,
    won: i64,
}

impl Sum {
    fn add(&mut self, rows: i64, won: Won) {
        self.rows = self.rows.saturating_add(rows);
        self.won = self.won.saturating_add(won.get());
    }
    fn told(self) -> String {
        format!("{}건 {}원", self.rows, Won::new(self.won))
    }
}

/// The page for a day: of one creditor, or of all where none is named.
pub fn summarise(
    reader: &Reader,
    config: &Config,
    only: Option<CreditorId>,
    day: Date,
) -> Result<SummaryPage, Trouble> {
    let mut text = format!("하루 요약 {day}\n");
    match only {
        Some(id) => {
            if let Some(creditor) = config.creditors.get(&id) {
                let _ = writeln!(text, "\n[{} {}]", creditor.id, creditor.name);
                creditor_lines(reader, &Figures::of(reader, id, day)?, id, day, &mut text)?;
            }
        }
        None => all_lines(reader, config, day, &mut text)?,
    }
    people_lines(reader, config, only, day, &mut text)?;
    let due: Vec<Due> = reader
        .due_rows(None, 10_000)?
        .into_iter()
        .filter(|due| due.state == DueState::Waiting && due.due_at.date() <= day.plus_days(1))
        .filter(|due| only.is_none_or(|id| mine(config, &due.owner, id)))
        .collect();
    if only.is_none() {
        let board = reader.board(day.next().at(crate::domain::TimeOfDay::MIDNIGHT))?;
        let _ = writeln!(
            text,
            "\n사람이 볼 일: 경보 {}건, 보류 파일 {}건",
            board.alerts.len(),
            board.held_files.len()
        );
        for alert in &board.alerts {
            let first = alert.text.lines().next().unwrap_or_default();
            let _ = writeln!(text, "  ! {} {}: {first}", alert.name, alert.subject);
        }
    }
    let steps = to_do::lines(&due);
    let _ = writeln!(text, "\n내일까지 할 일 (자동): {}건", steps.len());
    for step in steps {
        let _ = writeln!(text, "{step}");
    }
    Ok(SummaryPage { text })
}

fn mine(config: &Config, owner: &str, creditor: CreditorId) -> bool {
    let channel = config.channel_of(creditor).map(|channel| format!("channel/{}", channel.id));
    owner == format!("creditor/{creditor}") || channel.as_deref() == Some(owner)
}

fn query(creditor: CreditorId, from: Date, to: Date) -> ListingQuery<'static> {
    let (item, group, payer, unfinished) = (None, None, None, None);
    ListingQuery { creditor, from, to, item, group, payer, unfinished, accounts: AccountsShown::Masked }
}

/// What a day was for one creditor, or for all of them.
#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    asked: Sum,
    came: Sum,
    failed: Sum,
    owed: Sum,
    /// The next debit date within two weeks, and what is requested for it.
    next: Option<(Date, Sum)>,
}

impl Figures {
    fn of(reader: &Reader, creditor: CreditorId, day: Date) -> Result<Self, Trouble> {
        let (mut asked, mut came, mut failed) = (Sum::default(), Sum::default(), Sum::default());
        let one_day = query(creditor, day, day);
        reader.list::<Trouble>(Listing::Requests, &one_day, |row| {
            asked.add(1, won(&row, 9));
            Ok(Take::More)
        })?;
        reader.list::<Trouble>(Listing::Transactions, &one_day, |row| {
            let (collected, missing) = (won(&row, 9), won(&row, 10));
            if collected.get() > 0 {
                came.add(1, collected);
            }
            if missing.get() > 0 {
                failed.add(1, missing);
            }
            Ok(Take::More)
        })?;
        let mut owed = Sum::default();
        reader.list::<Trouble>(Listing::Arrears, &query(creditor, day.plus_days(-365), day), |row| {
            owed.add(1, won(&row, 8));
            Ok(Take::More)
        })?;
        let mut next = Sum::default();
        let mut next_day = None;
        reader.list::<Trouble>(
            Listing::Requests,
            &query(creditor, day.next(), day.plus_days(14)),
            |row| {
                if let Some(Listed::Date(date)) = row.first()
                    && (next_day.is_none() || next_day == Some(*date))
                {
                    next_day = Some(*date);
                    next.add(1, won(&row, 9));
                }
                Ok(Take::More)
            },
        )?;
        let next = next_day.flatten().map(|date| (date, next));
        Ok(Self { asked, came, failed, owed, next })
    }

    fn add(&mut self, more: &Self) {
        for (sum, more) in [
            (&mut self.asked, more.asked),
            (&mut self.came, more.came),
            (&mut self.failed, more.failed),
            (&mut self.owed, more.owed),
        ] {
            sum.add(more.rows, Won::new(more.won));
        }
    }
}

/// The agent's page: all together, then a line for each creditor.
fn all_lines(reader: &Reader, config: &Config, day: Date, text: &mut String) -> Result<(), Trouble> {
    let (mut all, mut lines) = (Figures::default(), String::new());
    for creditor in config.creditors.values() {
        let figures = Figures::of(reader, creditor.id, day)?;
        all.add(&figures);
        let next = figures.next.map_or(String::new(), |(date, sum)| format!(", 다음 {date} {}", sum.told()));
        let _ = writeln!(
            lines,
            "  {} {}: 의뢰 {}, 수납 {}, 불능·부족 {}, 미납 {}{next}",
            creditor.id,
            creditor.name,
            figures.asked.told(),
            figures.came.told(),
            figures.failed.told(),
            figures.owed.told()
        );
    }
    let _ = writeln!(text, "\n[전체 {}개 이용기관]", config.creditors.len());
    let _ = writeln!(text, "  오늘 출금 의뢰   {}", all.asked.told());
    let _ = writeln!(text, "  오늘 수납        {}", all.came.told());
    let _ = writeln!(text, "  오늘 불능·부족   {}", all.failed.told());
    let _ = writeln!(text, "  미납 (1년)       {}\n\n이용기관별\n{lines}", all.owed.told());
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(())
}

/// 공지사항 of the day, and questions that nobody has answered.
fn people_lines(
    reader: &Reader,
    config: &Config,
    only: Option<CreditorId>,
    day: Date,
    text: &mut String,
) -> Result<(), Trouble> {
    let stands = |notice: &&crate::config::Notice| {
        notice.stands_on(day) && only.is_none_or(|creditor| notice.is_for(creditor))
    };
    for notice in config.notices.iter().filter(stands) {
        let must = if notice.must_read { " (필독)" } else { "" };
        let _ = writeln!(text, "\n공지 {}: {}{must}", notice.id, notice.title);
    }
    if let Some((creditor, channel)) = only.and_then(|id| Some((id, config.channel_of(id)?))) {
        let (unused, _) = reader.unused_mandates(creditor, channel.profile.dormancy.told_since(day))?;
        if unused > 0 {
            let _ = writeln!(text, "\n휴면 예정 이체정보 {unused}건 (계좌신청내역의 휴면예정일)");
        }
    }
    let questions = reader.questions(false)?;
    let open = questions.iter().filter(|question| only.is_none_or(|only| only == question.creditor)).count();
    if open > 0 {
        let _ = writeln!(text, "\n답하지 않은 질문 {open}건");
    }
    Ok(())
}

fn creditor_lines(
    reader: &Reader,
    figures: &Figures,
    creditor: CreditorId,
    day: Date,
    text: &mut String,
) -> Result<(), Trouble> {
    let one_day = query(creditor, day, day);
    let Figures { asked, came, failed, owed, next } = figures;
    let _ = writeln!(text, "  오늘 출금 의뢰   {}", asked.told());
    let _ = writeln!(text, "  오늘 수납        {}", came.told());
    let _ = writeln!(text, "  오늘 불능·부족   {}", failed.told());
    let mut codes: Vec<String> = Vec::new();
    reader.list::<Trouble>(Listing::Failures, &one_day, |row| {
        if let (Some(Listed::Text(code)), Some(Listed::Count(Some(n)))) = (row.first(), row.get(2)) {
            codes.push(format!("{} {n}건", if code.is_empty() { "부분" } else { code }));
        }
        Ok(if codes.len() < 5 { Take::More } else { Take::Enough })
    })?;
    if !codes.is_empty() {
        let _ = writeln!(text, "    많은 순서      {}", codes.join(", "));
    }
    let _ = writeln!(text, "  미납 (1년)       {}", owed.told());
    match next {
        Some((date, next)) => {
            let _ = writeln!(text, "  다음 출금 {date} {}", next.told());
        }
        None => text.push_str("  다음 출금        14일 안에 의뢰된 것 없음\n"),
    }
    Ok(())
}

fn won(row: &[Listed], at: usize) -> Won {
    match row.get(at) {
        Some(Listed::Won(won)) => *won,
        _ => Won::new(0),
    }
}

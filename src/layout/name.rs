//! File-name patterns: `EB13{date:MMDD}` printed for a date, and a name read back to what it says of the date.

use crate::domain::Date;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, map, value};
use nom::multi::many1;
use nom::sequence::delimited;
use nom::{IResult, Parser};

/// What a file's name says of its date; parts that the pattern lacks are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NameDate {
    /// Year with century, where the pattern has one.
    pub year: Option<i32>,
    /// Month, 1-12.
    pub month: Option<u32>,
    /// Day of the month, 1-31.
    pub day: Option<u32>,
}

impl NameDate {
    /// Whether a date is what the name says, as far as the name says anything.
    pub fn agrees(self, date: Date) -> bool {
        self.year.is_none_or(|y| y == date.year())
            && self.month.is_none_or(|m| m == date.month_no())
            && self.day.is_none_or(|d| d == date.day())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year4,
    Year2,
    Month,
    Day,
    DayOfYear,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Date(Vec<Part>),
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamePattern {
    pieces: Vec<Piece>,
}

impl NamePattern {
    /// Compiles a pattern; `None` where it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let part = alt((
            value(Part::Year4, tag::<_, &str, nom::error::Error<&str>>("YYYY")),
            value(Part::Year2, tag("YY")),
            value(Part::Month, tag("MM")),
            value(Part::DayOfYear, tag("DDD")),
            value(Part::Day, tag("DD")),
        ));
        let dated = map(delimited(tag("{date:"), many1(part), tag("}")), Piece::Date);
        let literal =
            map(take_while1(|c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '/')), |t: &str| {
                Piece::Text(t.to_string())
            });
        let (_, pieces) = all_consuming(many1(alt((dated, literal)))).parse(text).ok()?;
        Some(Self { pieces })
    }

    /// Whether the pattern holds anything of a date.
    pub(crate) fn has_date(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Date(_)))
    }

    /// How many bytes the names have.
    pub(crate) fn bytes(&self) -> usize {
        let part = |p: &Part| match p {
            Part::Year4 => 4,
            Part::DayOfYear => 3,
            Part::Year2 | Part::Month | Part::Day => 2,
        };
        let piece = |p: &Piece| match p {
            Piece::Text(text) => text.len(),
            Piece::Date(parts) => parts.iter().map(part).sum(),
        };
        self.pieces.iter().map(piece).sum()
    }

    /// The name for a date.
    pub(crate) fn print(&self, date: Date) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Date(parts) => {
                    for part in parts {
                        out.push_str(&match part {
                            Part::Year4 => format!("{:04}", date.year()),
                            Part::Year2 => format!("{:02}", date.year().rem_euclid(100)),
                            Part::Month => format!("{:02}", date.month_no()),
                            Part::Day => format!("{:02}", date.day()),
                            Part::DayOfYear => format!("{:03}", date.day_of_year()),
                        });
                    }
                }
            }
        }
        out
    }

    /// What a name says of its date; `None` where it does not fit the pattern or says an impossible day.
    pub(crate) fn read(&self, name: &str) -> Option<NameDate> {
        let mut found = NameDate::default();
        let mut nth = None;
        let mut rest = name;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Date(parts) => {
                    for part in parts {
                        rest = read_part(*part, rest, &mut found, &mut nth)?;
                    }
                }
            }
        }
        if let (Some(year), Some(nth)) = (found.year, nth) {
            let date = Date::from_year_day(year, nth)?;
            (found.month, found.day) = (Some(date.month_no()), Some(date.day()));
        }
        // 2000 is a leap year: without a year, February 29 is possible.
        let year = found.year.unwrap_or(2000);
        let possible = Date::new(year, found.month.unwrap_or(1), found.day.unwrap_or(1)).is_some();
        (rest.is_empty() && possible).then_some(found)
    }
}

fn read_part<'a>(part: Part, rest: &'a str, found: &mut NameDate, nth: &mut Option<u32>) -> Option<&'a str> {
    let digits = |n: usize| {
        move |input: &'a str| -> IResult<&'a str, &'a str> {
            take_while_m_n(n, n, |c: char| c.is_ascii_digit()).parse(input)
        }
    };
    let width = match part {
        Part::Year4 => 4,
        Part::DayOfYear => 3,
        Part::Year2 | Part::Month | Part::Day => 2,
    };
    let (rest, text) = digits(width)(rest).ok()?;
    let number: u32 = text.parse().ok()?;
    match part {
        Part::Year4 => found.year = i32::try_from(number).ok(),
        Part::Year2 => found.year = i32::try_from(super::field::century(number)).ok(),
        Part::Month => found.month = Some(number),
        Part::Day => found.day = Some(number),
        Part::DayOfYear => *nth = Some(number),
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_names() {
        let date = Date::new(2026, 1, 5).unwrap();
        for (pattern, name) in [
            ("EB13{date:MMDD}", "EB130105"),
            ("EB13{date:MMDD}_{date:YYYY}", "EB130105_2026"),
            ("CB{date:DDMMYY}.REM", "CB050126.REM"),
            ("ACH{date:YYDDD}", "ACH26005"),
            ("FIXED.DAT", "FIXED.DAT"),
        ] {
            let pattern = NamePattern::parse(pattern).unwrap();
            assert_eq!(pattern.print(date), name);
            assert_eq!(pattern.bytes(), name.len());
            assert!(pattern.read(name).unwrap().agrees(date), "{name}");
        }
    }

    #[test]
    fn refuses_other_names_and_impossible_days() {
        let pattern = NamePattern::parse("EB13{date:MMDD}").unwrap();
        for name in ["EB131301", "EB130230", "EB13010", "EB1301055", "EB230105", "eb130105", "EB13+105"] {
            assert_eq!(pattern.read(name), None, "{name}");
        }
        assert!(pattern.read("EB130229").is_some());
        for text in ["", "EB13{date:}", "EB13{day}", "EB13{date:MMDD", "a b", "가"] {
            assert_eq!(NamePattern::parse(text), None, "{text}");
        }
    }
}

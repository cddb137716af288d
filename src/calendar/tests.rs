//! The calendar against the data of `tests/data/`: every holiday of 2004-2035, sampled shifts, counts per year.

use super::*;
use crate::domain::Instant;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn rows(text: &'static str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_string).collect()).collect()
}

fn holiday_rows() -> Vec<Vec<String>> {
    rows(include_str!("../../tests/data/bank_holidays.csv"))
}

/// The calendar with the temporary and election days of the data declared, as a person would.
fn calendar() -> Calendar {
    let declared = holiday_rows()
        .into_iter()
        .filter_map(|row| {
            let kind = match row[3].as_str() {
                "temporary" => DeclaredKind::Temporary,
                "election" => DeclaredKind::Election,
                _ => return None,
            };
            Some(Declared { date: day(&row[0]), name: row[1].clone(), kind })
        })
        .collect();
    Calendar::new(declared, day("2035-12-31"))
}

#[test]
fn every_holiday_2004_to_2035_with_name_and_kind() {
    let calendar = calendar();
    let mut expected: Vec<String> =
        holiday_rows().iter().map(|row| format!("{} {} {}", row[0], row[1], row[3])).collect();
    let mut found: Vec<String> = (2004..=2035)
        .flat_map(|year| calendar.holidays(year))
        .map(|(date, reason)| format!("{date} {} {}", reason.name_ko, reason.kind.as_str()))
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn shifts_and_rolls_of_the_sample() {
    let calendar = calendar();
    let sample = rows(include_str!("../../tests/data/banking_days_sample.csv"));
    assert!(sample.len() > 100);
    for row in sample {
        let date = day(&row[0]);
        assert_eq!(calendar.shift(date, row[1].parse().unwrap()), day(&row[2]), "{row:?}");
        assert_eq!(calendar.shift(date, 1), day(&row[3]), "{row:?}");
        assert_eq!(calendar.shift(date, -1), day(&row[4]), "{row:?}");
        assert_eq!(calendar.is_open(date), row[5] == "1", "{row:?}");
        assert_eq!(calendar.following(date), day(&row[6]), "{row:?}");
        assert_eq!(calendar.shift(date, 0), date);
    }
}

#[test]
fn counts_first_and_last_banking_day_of_each_year() {
    let calendar = calendar();
    for row in rows(include_str!("../../tests/data/business_days_per_year.csv")) {
        let year: i32 = row[0].parse().unwrap();
        let days = (1..=366).filter_map(|n| Date::from_year_day(year, n));
        let open: Vec<Date> = days.filter(|date| calendar.is_open(*date)).collect();
        let mut weekday_holidays: Vec<Date> = calendar.holidays(year).into_iter().map(|(d, _)| d).collect();
        weekday_holidays.retain(|date| !is_weekend(*date));
        weekday_holidays.dedup();
        assert_eq!(weekday_holidays.len().to_string(), row[1], "{row:?}");
        assert_eq!(open.len().to_string(), row[2], "{row:?}");
        assert_eq!((open[0], open[open.len() - 1]), (day(&row[3]), day(&row[4])), "{row:?}");
    }
}

#[test]
fn a_closed_day_tells_all_its_reasons() {
    let calendar = calendar();
    let names = |text| -> Vec<String> {
        calendar.closed(day(text)).into_iter().map(|reason| reason.name_ko.into_owned()).collect()
    };
    assert_eq!(names("2025-05-05"), ["어린이날", "부처님 오신 날"]);
    assert_eq!(names("2026-08-15"), ["토요일", "광복절"]);
    assert_eq!(names("2026-12-31"), Vec::<String>::new());
    assert_eq!(names("2017-10-03"), ["개천절", "추석 전날"]);
}

#[test]
fn a_declared_day_moves_a_substitute() {
    // 광복절 2026 is a Saturday: its substitute is Monday the 17th, unless that day is a holiday of its own.
    let declared = Declared { date: day("2026-08-17"), name: "임시".into(), kind: DeclaredKind::Temporary };
    let calendar = Calendar::new(vec![declared], day("2026-12-31"));
    assert_eq!(calendar.closed(day("2026-08-17"))[0].kind, ClosedKind::Temporary);
    assert_eq!(calendar.closed(day("2026-08-18"))[0].kind, ClosedKind::Substitute);
}

#[test]
fn debit_dates_clamp_then_roll_forward() {
    let calendar = calendar();
    for (month, contract_day, expected) in [
        ("2024-02", "29", "2024-02-29"),
        ("2024-02", "30", "2024-02-29"),
        ("2024-02", "last", "2024-02-29"),
        ("2025-02", "29", "2025-02-28"),
        ("2025-01", "25", "2025-01-31"), // Saturday, then a temporary day and 설날
        ("2025-01", "31", "2025-01-31"),
        ("2025-01", "last", "2025-01-31"),
        ("2025-08", "31", "2025-09-01"), // Sunday: rolls into the next month, the charge stays in August
        ("2026-02", "last", "2026-03-03"), // Saturday, Sunday 3·1절 and its substitute
        ("2026-10", "5", "2026-10-06"),
        ("2026-12", "31", "2026-12-31"),
    ] {
        let found = calendar.debit_date(month.parse().unwrap(), contract_day.parse().unwrap());
        assert_eq!(found, day(expected), "{month} {contract_day}");
    }
    assert_eq!(calendar.modified_following(day("2025-08-31")), day("2025-08-29"));
    assert_eq!(calendar.modified_following(day("2025-01-27")), day("2025-01-31"));
    assert_eq!(calendar.preceding(day("2025-01-30")), day("2025-01-24"));
    let charges: Offset = "M-1BD 00:30".parse().unwrap();
    assert_eq!(charges.date(&calendar, day("2026-03-01")), day("2026-02-27"));
}

#[test]
fn contract_days_have_one_form() {
    assert_eq!(
        ["31", "말일", "5"].map(|t| t.parse::<ContractDay>().unwrap().to_string()),
        ["31", "last", "5"]
    );
    for text in ["0", "32", "-1", "+5", "005", "Last", "", " 5"] {
        assert!(text.parse::<ContractDay>().is_err(), "{text:?}");
    }
    assert!(ContractDay::new(31).unwrap() < ContractDay::LAST && ContractDay::new(0).is_none());
}

#[test]
fn nothing_is_planned_past_the_declared_days_or_the_lunar_table() {
    let calendar = calendar();
    assert!(calendar.covers(day("2035-12-31")).is_ok() && calendar.covers(day("2004-01-01")).is_ok());
    let end = calendar.covers(day("2036-01-01")).unwrap_err();
    assert_eq!((end.first, end.last), (day("2004-01-01"), day("2035-12-31")));
    assert!(calendar.covers(day("2003-12-31")).is_err());
    let too_far = Calendar::new(Vec::new(), day("2099-12-31"));
    assert_eq!(too_far.covers(day("2051-01-01")).unwrap_err().last, day("2050-12-31"));
    assert_eq!(calendar.days_left(day("2035-12-01")), 30);
    assert!(!calendar.should_warn(day("2035-10-01")) && calendar.should_warn(day("2035-10-02")));
}

#[test]
fn a_walk_out_of_the_known_years_ends() {
    let calendar = calendar();
    for date in [day("2050-12-30"), day("2030-06-03"), day("2004-01-02")] {
        assert!(calendar.covers(calendar.shift(date, i64::MAX)).is_err());
        assert!(calendar.covers(calendar.shift(date, i64::MIN)).is_err());
    }
    assert_eq!(calendar.holidays(2051), Vec::new());
    assert_eq!(calendar.holidays(i32::MAX), Vec::new());
}

#[test]
fn offsets_are_instants() {
    let calendar = calendar();
    for (offset, reference, expected) in [
        ("D-1BD 14:00", "2025-03-04", "2025-02-28 14:00"), // 3·1절 on Saturday, substitute on Monday
        ("X+1BD 11:00", "2025-01-24", "2025-01-31 11:00"),
        ("X 14:00", "2025-01-24", "2025-01-24 14:00"),
        ("D 12:00", "2025-01-31", "2025-01-31 12:00"),
        ("D+1 03:00", "2025-01-24", "2025-01-25 03:00"),
        ("D-2 17:00", "2025-01-31", "2025-01-29 17:00"),
        ("D+0BD 09:00", "2025-01-25", "2025-01-25 09:00"),
    ] {
        let parsed: Offset = offset.parse().unwrap();
        assert_eq!(
            parsed.instant(&calendar, day(reference)),
            expected.parse::<Instant>().unwrap(),
            "{offset}"
        );
    }
    let gate: DayOffset = "D-2BD".parse().unwrap();
    assert_eq!((gate.anchor(), gate.days(), gate.counts_banking_days()), ('D', -2, true));
    assert_eq!(gate.date(&calendar, day("2025-01-31")), day("2025-01-23"));
}

#[test]
fn offsets_print_and_refuse() {
    for text in ["D-1BD 14:00", "X+1BD 11:00", "D 12:00", "D+1 03:00", "X 00:30"] {
        assert_eq!(text.parse::<Offset>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "D",
        "D-1BD",
        "E-1 14:00",
        "D1 14:00",
        "D-1bd 14:00",
        "D-1BD  14:00",
        "D-1BD 24:00",
        "D- 14:00",
        "D--1 14:00",
        "D-61 09:00",
        "D-1BDBD 10:00",
        "가 14:00",
    ] {
        assert!(text.parse::<Offset>().is_err(), "{text:?}");
    }
    for text in ["", "d-2BD", "D-2BD 10:00", "D-9999", "BD"] {
        assert!(text.parse::<DayOffset>().is_err(), "{text:?}");
    }
}

#[test]
fn the_next_open_window_of_a_late_record() {
    let calendar = calendar();
    for (offset, now, expected) in [
        ("X 14:00", "2025-01-24 13:59:59", "2025-01-24"),
        ("X 14:00", "2025-01-24 14:00:00", "2025-01-31"), // 설날 and a temporary day between
        ("X 14:00", "2025-01-25 09:00", "2025-01-31"),
        ("D-1BD 14:00", "2025-01-24 13:59:59", "2025-01-31"),
        ("D-1BD 14:00", "2025-01-24 14:00:00", "2025-02-03"),
        ("D-1BD 14:00", "2025-01-29 15:00:00", "2025-02-03"),
        ("D+1 03:00", "2025-01-24 02:59", "2025-01-23"),
        ("D-3 09:00", "2025-01-24 10:00", "2025-01-31"),
        ("D+2BD 11:00", "2025-01-31 10:59", "2025-01-23"),
    ] {
        let found = offset.parse::<Offset>().unwrap().first_open_after(&calendar, now.parse().unwrap());
        assert_eq!(found, day(expected), "{offset} at {now}");
    }
}

proptest::proptest! {
    #[test]
    fn walks_come_back_and_rolls_stay_put(days in 0_i64..16_000, n in -200_i64..200) {
        let calendar = Calendar::new(Vec::new(), day("2050-12-31"));
        let date = day("2005-01-01").plus_days(days);
        let open = calendar.following(date);
        proptest::prop_assert!(open >= date && calendar.is_open(open) && calendar.preceding(date) <= date);
        proptest::prop_assert_eq!(calendar.following(open), open);
        let there = calendar.shift(open, n);
        proptest::prop_assert!(calendar.is_open(there));
        proptest::prop_assert_eq!(calendar.shift(there, -n), open);
        // The first open window is the first: its instant is to come, that of the banking day before has passed.
        let cutoff: Offset = format!("D{:+}BD 14:00", n % 60).parse().unwrap();
        let now = date.at("13:30".parse().unwrap());
        let first = cutoff.first_open_after(&calendar, now);
        proptest::prop_assert!(cutoff.instant(&calendar, first) > now);
        proptest::prop_assert!(cutoff.instant(&calendar, calendar.shift(first, -1)) <= now);
    }
}

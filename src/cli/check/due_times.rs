//! The next due times of every channel and creditor, from profiles and calendar alone: what the daemon would do, also
//! before it has ever run.
//!
//! Must not: ask the ledger.

use crate::cli::{Failed, Screen, tell};
use crate::config::{Channel, Config, Creditor};
use crate::domain::{Date, Instant};

/// How far ahead to look for a debit date: two months.
const LOOK_AHEAD_DAYS: i64 = 62;

/// Prints them.
pub(super) fn print(config: &Config, now: Instant, screen: &mut Screen) -> Result<(), Failed> {
    let calendar = &config.calendar;
    screen.line(format_args!("\nnext due times, seen from {now}:"))?;
    for channel in config.channels.values() {
        print_channel(config, channel, now, screen)?;
        for creditor in config.creditors_of(&channel.id) {
            print_creditor(config, channel, creditor, now, screen)?;
        }
    }
    let today = now.date();
    if calendar.should_warn(today) {
        let (_, last) = calendar.coverage();
        screen.flush()?;
        tell(format_args!(
            "sunap: warning: calendar.toml is declared until {last}, {} days from now; nothing is planned past it\n  \
             → look up the next year's elections and temporary holidays, add them, and move declared_until",
            calendar.days_left(today)
        ));
    }
    Ok(())
}

fn print_channel(
    config: &Config,
    channel: &Channel,
    now: Instant,
    screen: &mut Screen,
) -> Result<(), Failed> {
    let (calendar, profile) = (&config.calendar, &channel.profile);
    screen.line(format_args!(
        "  channel {} ({}, 기관코드 {})",
        channel.id, profile.name, channel.institution_code
    ))?;
    let mut plans = vec![(
        "계좌등록·해지".to_string(),
        &profile.registration,
        &profile.layouts.registration_request,
        &profile.layouts.registration_result,
    )];
    for service in profile.services.iter() {
        let what = if profile.services.several() {
            format!("{} 이체의뢰", service.ko)
        } else {
            "이체의뢰".to_string()
        };
        plans.push((what, &service.window, &service.request, &service.result));
    }
    for (ko, plan, request, result) in plans {
        let date = plan.cutoff.first_open_after(calendar, now);
        let named = crate::cli::words::padded(&ko, 14);
        screen.line(format_args!(
            "    {named} {request} of {date}: cut-off {}, exchange deadline {}, {result} due {}",
            plan.cutoff.instant(calendar, date),
            plan.deadline.instant(calendar, date),
            plan.result_due.instant(calendar, date),
        ))?;
    }
    if let Some(rule) = &profile.applications {
        let date = rule.deadline.first_open_after(calendar, now);
        let named = crate::cli::words::padded("은행접수 신청", 14);
        let expected = if rule.expected { "comes" } else { "not expected, may come" };
        screen.line(format_args!(
            "    {named} {} of {date}: {expected} {}, decided by {}, {} due {}",
            rule.received,
            rule.arrives.instant(calendar, date),
            rule.decide_by.instant(calendar, date),
            rule.answer,
            rule.deadline.instant(calendar, date),
        ))?;
    }
    Ok(())
}

fn print_creditor(
    config: &Config,
    channel: &Channel,
    creditor: &Creditor,
    now: Instant,
    screen: &mut Screen,
) -> Result<(), Failed> {
    screen.line(format_args!("  creditor {} {}", creditor.id, creditor.name))?;
    let how = if creditor.auto_request { "자동 의뢰" } else { "request list needed" };
    match next_debit(config, channel, creditor, now) {
        Some((date, cutoff)) => {
            screen.line(format_args!("    debit date {date}: requested until {cutoff} ({how})"))
        }
        None => {
            screen.line("    no debit date can be reached within two months, or the calendar ends before")
        }
    }
}

/// The next debit date whose window is open, and when it closes.
fn next_debit(
    config: &Config,
    channel: &Channel,
    creditor: &Creditor,
    now: Instant,
) -> Option<(Date, Instant)> {
    let (calendar, today) = (&config.calendar, now.date());
    let mut month = today.month().previous();
    let mut dates = Vec::new();
    while month.first_day() <= today.plus_days(LOOK_AHEAD_DAYS) {
        dates.extend(creditor.days.iter().map(|day| calendar.debit_date(month, *day)));
        month = month.next();
    }
    dates.sort();
    let open = dates.into_iter().filter(|date| calendar.covers(*date).is_ok());
    let service = channel.profile.services.find(&creditor.service)?;
    open.map(|date| (date, service.window.cutoff.instant(calendar, date))).find(|(_, cutoff)| *cutoff > now)
}

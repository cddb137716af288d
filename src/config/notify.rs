//! `notify.toml` (SMS관리, F09): which events payers are told by a message, in which words, when, and when never.
//!
//! Must not: send, or know who the payers are. A placeholder that no event fills is a fault here, never a hole in a text.

use super::document::{Document, Section};
use super::{Creditor, MESSAGE_CHANNEL};
use crate::domain::{ChannelId, CreditorId, Instant, MessageEvent, TimeOfDay};
use crate::fault::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The most characters of a template.
const MOST_CHARS: usize = 500;

/// What a template may ask for, and which events fill it.
const PLACEHOLDERS: [&str; 8] =
    ["creditor", "creditor_phone", "payer", "item", "month", "amount", "date", "reason"];

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(&'static str),
}

/// The words of a message, with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageText(Vec<Part>);

impl MessageText {
    /// The text with every placeholder filled.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(name) => value(name),
        });
        parts.collect()
    }

    /// Cuts a template into its parts; what is wrong with it.
    fn parse(text: &str, event: MessageEvent) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                return Err("a { is not closed by }".to_string());
            };
            if before.contains('}') {
                return Err("a } has no { before it".to_string());
            }
            let known = PLACEHOLDERS.into_iter().find(|known| *known == name);
            let fits = known.filter(|known| *known != "reason" || event == MessageEvent::Failed);
            let Some(known) = fits else {
                let all: Vec<String> = PLACEHOLDERS
                    .iter()
                    .filter(|known| **known != "reason" || event == MessageEvent::Failed)
                    .map(|known| format!("{{{known}}}"))
                    .collect();
                return Err(format!(
                    "{{{}}} is nothing that {event} knows; there are {}",
                    printable(name),
                    all.join(", ")
                ));
            };
            parts.push(Part::Text(before.to_string()));
            parts.push(Part::Value(known));
            rest = behind;
        }
        if rest.contains('}') {
            return Err("a } has no { before it".to_string());
        }
        parts.push(Part::Text(rest.to_string()));
        Ok(Self(parts))
    }
}

/// What is done at one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyRule {
    /// Whether messages are made where a creditor says nothing else.
    pub on: bool,
    /// How many banking days before the debit date; 0 for the other events.
    pub days_before: u32,
    /// The words.
    pub text: MessageText,
}

/// notify.toml.
#[derive(Debug, Clone)]
pub struct Notify {
    /// Whether the schedule makes any messages. Messages by hand and receipts work either way.
    pub enabled: bool,
    /// When the messages of a day are made.
    pub auto_send_at: TimeOfDay,
    quiet_from: TimeOfDay,
    quiet_until: TimeOfDay,
    rules: BTreeMap<MessageEvent, NotifyRule>,
    exceptions: BTreeMap<(CreditorId, MessageEvent), bool>,
}

impl Notify {
    /// The rule of an event for a creditor; `None` where it is off.
    pub fn rule(&self, creditor: CreditorId, event: MessageEvent) -> Option<&NotifyRule> {
        let rule = self.rules.get(&event)?;
        let on = self.exceptions.get(&(creditor, event)).copied().unwrap_or(rule.on);
        (self.enabled && on).then_some(rule)
    }

    /// When a message that is made now may go: now, or at the end of the quiet hours (야간 발송 금지).
    pub fn may_go(&self, now: Instant) -> Instant {
        if !is_quiet(now.time(), self.quiet_from, self.quiet_until) {
            return now;
        }
        let today = now.date().at(self.quiet_until);
        if today >= now { today } else { now.date().next().at(self.quiet_until) }
    }
}

/// Whether a time lies in the quiet hours, which may go over midnight.
fn is_quiet(time: TimeOfDay, from: TimeOfDay, until: TimeOfDay) -> bool {
    if from <= until { from <= time && time < until } else { time >= from || time < until }
}

/// What notify.toml refers to.
pub(super) struct Known<'k> {
    pub(super) creditors: &'k BTreeMap<CreditorId, Arc<Creditor>>,
    pub(super) creditor_names: &'k BTreeSet<String>,
    pub(super) channel_names: &'k BTreeSet<String>,
}

/// Reads and checks notify.toml.
pub(super) fn read(document: &Document<'_>, known: &Known<'_>) -> Option<Notify> {
    let mut file = document.root();
    let enabled = file.flag("enabled");
    let at = file.parsed::<TimeOfDay>("auto_send_at");
    let from = file.parsed::<TimeOfDay>("quiet_from");
    let until = file.parsed::<TimeOfDay>("quiet_until");
    if let (Some(at), Some(from), Some(until)) = (&at, &from, &until)
        && is_quiet(at.value, from.value, until.value)
    {
        document.fault(
            "notify-in-quiet-hours",
            at.span.clone(),
            format!("{} lies in the quiet hours, {} to {}", at.value, from.value, until.value),
            "send at a time at which payers may be told something: 10:00",
        );
    }
    let mut rules = BTreeMap::new();
    for (event, key) in MessageEvent::AUTOMATIC.into_iter().zip(KEYS) {
        if let Some(rule) = file.section(key).and_then(|section| rule(section, event)) {
            rules.insert(event, rule);
        }
    }
    let exceptions = exceptions(&mut file, known);
    file.finish();
    if known.channel_names.contains(MESSAGE_CHANNEL) {
        document.file_fault(
            "notify-channel-taken",
            format!("a channel is called {MESSAGE_CHANNEL}, the folder of the messages"),
            format!("give config/channels/{MESSAGE_CHANNEL}.toml another name"),
        );
    }
    Some(Notify {
        enabled: enabled?,
        auto_send_at: at?.value,
        quiet_from: from?.value,
        quiet_until: until?.value,
        rules,
        exceptions,
    })
}

/// The keys of the events, in the order of [`MessageEvent::AUTOMATIC`].
const KEYS: [&str; 3] = ["pre-notification", "failed", "paid"];

fn rule(mut section: Section<'_>, event: MessageEvent) -> Option<NotifyRule> {
    let document = section.document();
    let on = section.flag("on");
    let days = match event {
        MessageEvent::PreNotification => section.number("days_before", 1..=20).map(|days| days.value),
        _ => Some(0),
    };
    let text = section.words("text", MOST_CHARS);
    section.finish();
    let text = text.and_then(|text| parsed(document, &text.value, text.span, event));
    Some(NotifyRule { on: on?, days_before: u32::try_from(days?).ok()?, text: text? })
}

fn parsed(
    document: &Document<'_>,
    text: &str,
    span: Range<usize>,
    event: MessageEvent,
) -> Option<MessageText> {
    MessageText::parse(text, event)
        .map_err(|why| {
            document.fault(
                "notify-template-wrong",
                span,
                why,
                "write placeholders as docs/messages.md lists them",
            );
        })
        .ok()
}

fn exceptions(file: &mut Section<'_>, known: &Known<'_>) -> BTreeMap<(CreditorId, MessageEvent), bool> {
    let document = file.document();
    let mut all = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for mut section in file.sections("creditor") {
        let id = section.parsed::<CreditorId>("id");
        let mut said = Vec::new();
        for (event, key) in MessageEvent::AUTOMATIC.into_iter().zip(KEYS) {
            if section.has(key)
                && let Some(on) = section.flag(key)
            {
                said.push((event, on));
            }
        }
        section.finish();
        let Some(id) = id else { continue };
        if !seen.insert(id.value) {
            let expected = format!("{} stands twice", id.value);
            document.fault("config-id-twice", id.span, expected, "write one section for each creditor");
        } else if !known.creditors.contains_key(&id.value)
            && !known.creditor_names.contains(&id.value.to_string())
        {
            let expected = format!("there is no creditor {}", id.value);
            document.fault(
                "config-unknown-reference",
                id.span,
                expected,
                "write the id of a file of config/creditors",
            );
        }
        all.extend(said.into_iter().map(|(event, on)| ((id.value, event), on)));
    }
    all
}

/// The folder of the messages: `spool/channel/message`.
pub(super) fn channel() -> Option<ChannelId> {
    MESSAGE_CHANNEL.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let quiet = |at| is_quiet(time(at), time("21:00"), time("08:00"));
        assert!(quiet("21:00") && quiet("23:59:59") && quiet("00:00") && quiet("07:59"));
        assert!(!quiet("08:00") && !quiet("20:59"));
        assert!(!is_quiet(time("12:00"), time("12:00"), time("12:00")), "no quiet hours");
    }

    #[test]
    fn a_message_made_in_the_night_goes_in_the_morning() {
        let notify = Notify {
            enabled: true,
            auto_send_at: time("10:00"),
            quiet_from: time("21:00"),
            quiet_until: time("08:00"),
            rules: BTreeMap::new(),
            exceptions: BTreeMap::new(),
        };
        let goes = |at: &str| notify.may_go(at.parse().unwrap()).to_string();
        assert_eq!(goes("2026-01-05 22:00"), "2026-01-06 08:00:00");
        assert_eq!(goes("2026-01-06 03:00"), "2026-01-06 08:00:00");
        assert_eq!(goes("2026-01-06 08:00"), "2026-01-06 08:00:00");
        assert_eq!(goes("2026-01-06 20:59"), "2026-01-06 20:59:00");
    }

    #[test]
    fn placeholders_are_filled_and_strange_ones_are_told() {
        let text = MessageText::parse("{payer}님 {amount}원, {reason}", MessageEvent::Failed).unwrap();
        assert_eq!(text.fill(|name| format!("<{name}>")), "<payer>님 <amount>원, <reason>");
        assert!(
            MessageText::parse("{reason}", MessageEvent::Paid).unwrap_err().contains("nothing that paid")
        );
        assert!(MessageText::parse("{account}", MessageEvent::Failed).is_err());
        assert!(MessageText::parse("{payer", MessageEvent::Failed).is_err());
        assert!(MessageText::parse("payer}", MessageEvent::Failed).is_err());
        assert!(MessageText::parse("a} {payer}", MessageEvent::Failed).is_err());
    }
}

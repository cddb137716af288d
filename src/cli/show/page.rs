//! A page about one record, as text and as JSON.
//!
//! Must not: know what kind of record it is about.

use crate::cli::words::padded;
use crate::cli::{Failed, Screen};
use crate::ledger::HistoryLine;
use serde_json::{Map, Value, json};

/// What is said about one record.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// `file EB210105 (#12)`.
    pub(super) title: String,
    /// The state's word, for programs.
    pub(super) state: String,
    /// The state in Korean (decisions.md 25).
    pub(super) state_ko: String,
    /// JSON key, label, value.
    pub(super) facts: Vec<(&'static str, &'static str, Value)>,
    /// What happened, in order.
    pub(super) events: Vec<Told>,
    /// What it waits for, and until when.
    pub(super) waits: Vec<String>,
    /// Records that belong to it.
    pub(super) parts: Vec<Page>,
}

/// An event with what its code or rule means.
#[derive(Debug)]
pub(super) struct Told {
    /// As the ledger holds it.
    pub(super) line: HistoryLine,
    /// What the bank's code or the rule's name means; empty where neither is there.
    pub(super) meaning: String,
}

impl Page {
    /// Adds a fact, unless it is empty.
    pub(super) fn fact(&mut self, key: &'static str, label: &'static str, value: impl Into<Value>) {
        let value = value.into();
        let empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
        if !empty {
            self.facts.push((key, label, value));
        }
    }

    /// As text, indented.
    pub(super) fn print(&self, depth: usize, screen: &mut Screen) -> Result<(), Failed> {
        let margin = " ".repeat(depth * 2);
        screen.line(format_args!("{margin}{}", self.title))?;
        if !self.state.is_empty() {
            screen.line(format_args!(
                "{margin}  {} {} ({})",
                padded("상태", 14),
                self.state_ko,
                self.state
            ))?;
        }
        for (_, label, value) in &self.facts {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
            let text = text.trim_end().replace('\n', &format!("\n{margin}  {}", " ".repeat(15)));
            screen.line(format_args!("{margin}  {} {text}", padded(label, 14)))?;
        }
        if !self.events.is_empty() {
            screen.line(format_args!("{margin}  events"))?;
        }
        for told in &self.events {
            print_event(told, &margin, screen)?;
        }
        for wait in &self.waits {
            screen.line(format_args!("{margin}  → {wait}"))?;
        }
        for part in &self.parts {
            part.print(depth + 1, screen)?;
        }
        Ok(())
    }

    /// As an object.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("title".into(), self.title.clone().into());
        if !self.state.is_empty() {
            object.insert("state".into(), self.state.clone().into());
            object.insert("state_ko".into(), self.state_ko.clone().into());
        }
        for (key, _, value) in &self.facts {
            object.insert((*key).into(), value.clone());
        }
        object.insert("events".into(), self.events.iter().map(event_json).collect());
        object.insert("waits_for".into(), self.waits.clone().into());
        if !self.parts.is_empty() {
            object.insert("parts".into(), self.parts.iter().map(Self::json).collect());
        }
        Value::Object(object)
    }
}

fn print_event(told: &Told, margin: &str, screen: &mut Screen) -> Result<(), Failed> {
    let line = &told.line;
    let moved = match (line.from.as_str(), line.to.as_str()) {
        ("", "") => String::new(),
        ("", to) => format!(" → {to}"),
        (from, to) => format!(" {from} → {to}"),
    };
    let mut text = format!("{margin}    {}  {}{moved}", line.at, line.happening);
    for (label, value) in
        [("by", &line.cause), ("code", &line.code), ("note", &line.note), ("", &told.meaning)]
    {
        match (label, value.as_str()) {
            (_, "") => {}
            ("", value) => text.push_str(&format!("\n{margin}      {value}")),
            (label, value) => text.push_str(&format!("; {label} {value}")),
        }
    }
    screen.line(text)
}

fn event_json(told: &Told) -> Value {
    let line = &told.line;
    json!({
        "at": line.at.to_string(),
        "happening": line.happening,
        "from": line.from,
        "to": line.to,
        "cause": line.cause,
        "code": line.code,
        "note": line.note,
        "meaning": told.meaning,
    })
}

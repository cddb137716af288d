//! `config/notices/*.md` (공지사항, F29): what the agent tells its creditors and its own people, from one day to another.
//!
//! A notice begins with its front matter, TOML between two lines `+++`; what follows is its text. Its id is the name of
//! its file without `.md`.
//!
//! Must not: know who has read it.

use super::Creditor;
use super::document::{Document, text_of};
use super::sources::Sources;
use crate::domain::{CreditorId, Date};
use crate::fault::{Fault, Faults, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The line before and after the front matter.
const FENCE: &str = "+++";

/// For whom a notice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// For the agent's own people: `sunap status` shows it, no creditor gets it.
    Agent,
    /// For every creditor.
    Creditors,
    /// For these only.
    Some(BTreeSet<CreditorId>),
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The name of its file without `.md`.
    pub id: String,
    /// One line.
    pub title: String,
    /// From this day.
    pub from: Date,
    /// To this day, itself included; `None` until it is taken out.
    pub until: Option<Date>,
    /// For whom.
    pub audience: Audience,
    /// A creditor makes no request before it was acknowledged (필독).
    pub must_read: bool,
    /// The text.
    pub body: String,
}

impl Notice {
    /// Whether it is shown on a day.
    pub fn stands_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Whether a creditor gets it.
    pub fn is_for(&self, creditor: CreditorId) -> bool {
        match &self.audience {
            Audience::Agent => false,
            Audience::Creditors => true,
            Audience::Some(some) => some.contains(&creditor),
        }
    }

    /// What a creditor reads: title, days and text.
    pub fn page(&self) -> String {
        let until = self.until.map_or(String::new(), |until| until.to_string());
        let must = if self.must_read {
            format!(
                "\n필독: 확인하기 전에는 이체의뢰를 할 수 없습니다. 이 번호({})를 적은 acknowledge-….txt 를 inbox 에 넣으십시오.\n",
                self.id
            )
        } else {
            String::new()
        };
        format!("# {}\n\n공지 {} ({} ~ {until})\n{must}\n{}\n", self.title, self.id, self.from, self.body)
    }
}

/// Reads and checks every notice.
pub(super) fn read_all(
    sources: &Sources,
    creditors: &BTreeMap<CreditorId, Arc<Creditor>>,
    faults: &mut Faults,
) -> Vec<Notice> {
    let stem = |name: &String| Some(name.strip_prefix("creditors/")?.strip_suffix(".toml")?.to_string());
    let names: BTreeSet<String> = sources.files.keys().filter_map(stem).collect();
    let mut all = Vec::new();
    for (name, text) in &sources.files {
        let Some(id) = name.strip_prefix("notices/").and_then(|name| name.strip_suffix(".md")) else {
            continue;
        };
        let Some(text) = text else { continue };
        let shown = sources.shown(name);
        let Some((front, body)) = split(text) else {
            faults.push(Fault::new(
                "notice-unreadable",
                Place::file(shown),
                "a notice begins with a line +++, its keys, another line +++, and then its text",
                "write it as docs/notices.md shows it",
            ));
            continue;
        };
        let document = Document::parse(shown, &front);
        let found = if document.is_broken() { None } else { read(&document, id, body, creditors, &names) };
        faults.append(document.into_faults());
        all.extend(found);
    }
    all
}

/// The front matter, with the lines around it kept as comments so that faults name the right line; and the body.
fn split(text: &str) -> Option<(String, String)> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next()?.trim_end() != FENCE {
        return None;
    }
    let mut front = "#\n".to_string();
    loop {
        let line = lines.next()?;
        if line.trim_end() == FENCE {
            break;
        }
        front.push_str(line);
        front.push('\n');
    }
    let body: Vec<&str> = lines.collect();
    let body = body.join("\n").trim().to_string();
    (!body.is_empty()).then_some((front, body))
}

fn read(
    document: &Document<'_>,
    id: &str,
    body: String,
    creditors: &BTreeMap<CreditorId, Arc<Creditor>>,
    names: &BTreeSet<String>,
) -> Option<Notice> {
    let mut file = document.root();
    let title = file.words("title", 100);
    let from = file.parsed::<Date>("from");
    let until = if file.has("until") { file.parsed::<Date>("until").map(Some) } else { Some(None) };
    let must_read = file.flag_or("must_read", false);
    let to_some = file.has("creditors");
    let some = if to_some { file.list("creditors") } else { None };
    let agent = file.choice("audience", &[("agent", true), ("creditors", false)]);
    let mut chosen = BTreeSet::new();
    for value in some.iter().flat_map(|list| list.value) {
        let Some(text) = text_of(document, "creditors", value) else { continue };
        match text.value.parse::<CreditorId>() {
            Ok(creditor) if creditors.contains_key(&creditor) => {
                chosen.insert(creditor);
            }
            Ok(creditor) if names.contains(&creditor.to_string()) => {}
            _ => document.fault(
                "config-unknown-reference",
                text.span,
                format!("there is no creditor {:?}", text.value),
                "write the id of a file of config/creditors",
            ),
        }
    }
    file.finish();
    if let (Some(from), Some(Some(until))) = (&from, &until)
        && until.value < from.value
    {
        document.fault(
            "notice-dates-reversed",
            until.span.clone(),
            format!("it ends on {} and begins on {}", until.value, from.value),
            "write the last day on which it is shown",
        );
    }
    let audience = match (agent?.value, to_some) {
        (true, _) => Audience::Agent,
        (false, false) => Audience::Creditors,
        (false, true) => Audience::Some(chosen),
    };
    Some(Notice {
        id: id.to_string(),
        title: title?.value,
        from: from?.value,
        until: until?.map(|until| until.value),
        audience,
        must_read: must_read?,
        body,
    })
}

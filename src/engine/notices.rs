//! 공지사항 and Q&A: notices into creditors' outboxes, what was acknowledged, and questions with their answers.
//!
//! A creditor's `acknowledge*` file lists ids of notices, one a line; a `question*` file is a text for the agent. Both need no
//! right but that of an active user of the creditor. An order does the same for a creditor that telephones.
//!
//! Must not: keep anything but requests by hand from a creditor that has not read.

use super::drops::owe;
use super::incoming::{Arrival, Decided};
use super::{Engine, Failure};
use crate::config::{Config, Notice};
use crate::domain::{CreditorId, Date, Instant};
use crate::fault::{Fault, Faults, Place};
use crate::intake::Kind;
use crate::intake::order::Outcome;
use crate::ledger::{FileState, Tx};
use crate::machine::file::{In, InHappening};
use crate::spool::{Sha256, Spool};

/// What a creditor's file is, where it is no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    Question,
    Acknowledgement,
}

impl Letter {
    /// By the name of the file.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("question") {
            return Some(Self::Question);
        }
        lower.starts_with("acknowledge").then_some(Self::Acknowledgement)
    }
}

/// The most bytes of a question: a page of text, not a picture.
const MOST_BYTES: usize = 64 * 1024;

fn hash_of(notice: &Notice) -> Sha256 {
    Sha256::of(notice.page().as_bytes())
}

impl Engine {
    /// Gives every notice that stands to the creditors that it is for, once for each text. Once a day, and at start.
    pub(super) fn give_notices(&mut self, now: Instant) -> Result<bool, Failure> {
        if self.noticed_on == Some(now.date()) {
            return Ok(false);
        }
        let config = self.config.clone();
        let tx = self.ledger.begin()?;
        let mut given = false;
        for notice in config.notices.iter().filter(|notice| notice.stands_on(now.date())) {
            let (page, sha256) = (notice.page(), hash_of(notice));
            for creditor in config.creditors.keys().filter(|creditor| notice.is_for(**creditor)) {
                if !tx.give_notice(&notice.id, sha256.as_bytes(), *creditor, now)? {
                    continue;
                }
                let day = now.date();
                let archived = self
                    .spool
                    .archive_built(day, |out| out.write_all(page.as_bytes()))
                    .map_err(Failure::Spool)?;
                let name = format!("notice-{}.md", notice.id);
                tx.owe_answer(None, &format!("creditor/{creditor}"), &name, archived.sha256.as_bytes(), day)?;
                given = true;
            }
        }
        tx.commit()?;
        self.noticed_on = Some(now.date());
        Ok(given)
    }

    /// The fault of a request by a creditor that has not acknowledged a notice that must be read.
    pub(super) fn must_read_first(
        &mut self,
        creditor: CreditorId,
        kind: Kind,
        arrival: &Arrival,
    ) -> Result<Option<Fault>, Failure> {
        if !matches!(kind, Kind::Request | Kind::Retry) {
            return Ok(None);
        }
        let config = self.config.clone();
        let tx = self.ledger.begin()?;
        let unread = unread(&tx, &config, creditor, arrival.at.date())?;
        let Some(first) = unread.first() else { return Ok(None) };
        let ids: Vec<&str> = unread.iter().map(|notice| notice.id.as_str()).collect();
        Ok(Some(Fault::new(
            "notice-unread",
            Place::file(format!("{}/{}", arrival.owner_key, arrival.name)),
            format!(
                "필독 공지를 확인하지 않았습니다: {} ({}). A notice that must be read first was not acknowledged: {}",
                first.title,
                first.id,
                ids.join(", ")
            ),
            format!(
                "outbox 의 notice-{}.md 를 읽고, 공지 번호를 한 줄에 하나씩 적은 acknowledge-….txt 를 넣은 뒤 다시 의뢰하십시오",
                first.id
            ),
        )))
    }

    /// A creditor's file that is no list.
    pub(super) fn letter(
        &mut self,
        creditor: CreditorId,
        letter: Letter,
        arrival: &Arrival,
    ) -> Result<Decided, Failure> {
        let bytes = self.archived_bytes(arrival)?;
        let kind = if letter == Letter::Question { "question" } else { "acknowledge" };
        let text = std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() <= MOST_BYTES);
        let text =
            text.map(|text| text.trim_start_matches('\u{feff}').trim()).filter(|text| !text.is_empty());
        let Some(text) = text else {
            let fault = Fault::new(
                "letter-unreadable",
                Place::file(format!("{}/{}", arrival.owner_key, arrival.name)),
                format!("글이 있는 UTF-8 텍스트 파일이어야 합니다: UTF-8 text, 1 to {MOST_BYTES} bytes"),
                "메모장에서 UTF-8 로 저장해 다시 넣으십시오 (write it as plain text)",
            );
            return self.reject(arrival, kind, &Faults::from(vec![fault]));
        };
        let config = self.config.clone();
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, kind)?;
        let report = match letter {
            Letter::Question => {
                let number = tx.ask(creditor, file_id, arrival.at)?;
                format!("접수 (kept): 질문번호 {number}. 답변은 이 폴더의 answer-{number}.txt 로 드립니다.\n")
            }
            Letter::Acknowledgement => {
                let by = arrival.who.key.clone();
                let mut report = "공지 확인 (acknowledged):\n".to_string();
                for id in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    let told = acknowledge(&tx, &config, creditor, id, (&by, arrival.at, file_id))?;
                    report.push_str(&match told {
                        Ok(told) => format!("  {told}\n"),
                        Err(refused) => format!("  ! {refused}\n"),
                    });
                }
                report
            }
        };
        owe(
            &self.spool,
            &tx,
            arrival,
            Some(file_id),
            &format!("{}.answer.txt", arrival.name),
            report.as_bytes(),
        )?;
        tx.set_report(file_id, &report)?;
        tx.file_stepped(file_id, InHappening::Applied.word(), FileState::In(In::Applied), arrival.at, "")?;
        arrival.clear_alerts(&tx)?;
        tx.commit()?;
        Ok(Decided::new(In::Applied, report))
    }
}

/// The notices that a creditor must read before it requests, and has not.
fn unread<'c>(
    tx: &Tx<'_>,
    config: &'c Config,
    creditor: CreditorId,
    day: Date,
) -> Result<Vec<&'c Notice>, Failure> {
    let mut found = Vec::new();
    for notice in config.notices.iter().filter(|notice| notice.must_read && notice.is_for(creditor)) {
        if notice.stands_on(day) && !tx.notice_is_read(&notice.id, hash_of(notice).as_bytes(), creditor)? {
            found.push(notice);
        }
    }
    Ok(found)
}

/// A creditor has read a notice; what is told, or why not.
pub(super) fn acknowledge(
    tx: &Tx<'_>,
    config: &Config,
    creditor: CreditorId,
    id: &str,
    (by, at, file_id): (&str, Instant, i64),
) -> Result<Result<String, String>, Failure> {
    let id = id.strip_prefix("notice-").unwrap_or(id);
    let id = id.strip_suffix(".md").unwrap_or(id);
    let found = config.notices.iter().find(|notice| notice.id == id && notice.is_for(creditor));
    let Some(notice) = found else {
        let id: String = crate::fault::printable(id).chars().take(60).collect();
        return Ok(Err(format!("NOTICE_UNKNOWN: 그런 공지가 없습니다 (no such notice): {id}")));
    };
    let key = (notice.id.as_str(), hash_of(notice));
    let new = tx.acknowledge_notice((key.0, key.1.as_bytes()), creditor, by, (at, file_id))?;
    let word = if new { "확인" } else { "이미 확인" };
    Ok(Ok(format!("{}: {word} — {}", notice.id, notice.title)))
}

/// A question is answered: the answer goes into the creditor's outbox from the same commit on.
pub(super) fn answer(
    spool: &Spool,
    tx: &Tx<'_>,
    (question_id, text, by): (i64, &str, &str),
    now: Instant,
) -> Result<Outcome, Failure> {
    let Some(question) = tx.question(question_id)? else {
        return Ok(Outcome::Refused("QUESTION_UNKNOWN: there is no such question".into()));
    };
    if !tx.answer_question(question_id, text, by, now)? {
        return Ok(Outcome::Refused("QUESTION_ANSWERED: it was answered already".into()));
    }
    let page = format!(
        "질문번호 {question_id} ({}, {})\n\n답변 ({now}):\n{text}\n",
        question.name, question.asked_at
    );
    let day = now.date();
    let archived = spool.archive_built(day, |out| out.write_all(page.as_bytes())).map_err(Failure::Spool)?;
    let (owner, name) = (format!("creditor/{}", question.creditor), format!("answer-{question_id}.txt"));
    tx.owe_answer(None, &owner, &name, archived.sha256.as_bytes(), day)?;
    Ok(Outcome::Done(format!("{owner}/outbox/{name}")))
}

//! Makes pages of what the ledger knows about a payer, a mandate, a collection or a file.
//!
//! Must not: print.

use super::page::{Page, Told};
use super::waiting::Waiting;
use crate::bank::codes::CodeTable;
use crate::bank::proof::Proof;
use crate::cli::words::{charge_ko, collection_ko, evidence_ko, file_state_ko, file_state_word, mandate_ko};
use crate::cli::{Exit, Failed};
use crate::config::Config;
use crate::domain::{BankCode, ChannelId, CollectionKind, CreditorId, Instant, PayerNo};
use crate::ledger::{
    ChargeFound, CollectionFound, FileRow, HistoryLine, MandateFound, PayerFound, Reader, Subject, Way,
};
use crate::rules;
use std::collections::BTreeMap;

/// What is at hand for every page.
#[derive(Debug)]
pub(super) struct Explainer<'a> {
    pub(super) config: &'a Config,
    pub(super) reader: &'a Reader,
    pub(super) waiting: Waiting<'a>,
    /// Code tables by their name.
    codes: BTreeMap<String, CodeTable>,
}

impl<'a> Explainer<'a> {
    /// With the schedule as it stands at `now`.
    pub(super) fn new(config: &'a Config, reader: &'a Reader, now: Instant) -> Result<Self, Failed> {
        let mut codes = BTreeMap::new();
        for source in &config.codes {
            let table = CodeTable::from_toml(&source.file, &source.text)
                .map_err(|faults| Failed::Faults(Exit::Config, faults))?;
            codes.insert(source.stem().to_string(), table);
        }
        Ok(Self { config, reader, waiting: Waiting::new(config, reader, now)?, codes })
    }

    /// The payers of a number.
    pub(super) fn payers(
        &self,
        creditor: Option<CreditorId>,
        payer_no: &PayerNo,
    ) -> Result<Vec<Page>, Failed> {
        self.reader.find_payer(creditor, payer_no)?.iter().map(|found| self.payer(found)).collect()
    }

    fn payer(&self, found: &PayerFound) -> Result<Page, Failed> {
        let payer = &found.payer;
        let mut page =
            Page { title: format!("payer {} (#{})", payer.payer_no, found.payer_id), ..Page::default() };
        self.creditor(&mut page, found.creditor);
        page.fact("name", "고객명", payer.name.clone());
        page.fact("phone", "전화", crate::domain::masked(&payer.phone));
        page.fact("email", "이메일", payer.email.clone());
        page.fact("group", "그룹", payer.group.clone());
        page.events = self.events(Subject::Payer, found.payer_id, None)?;
        for mandate_id in &found.mandates {
            page.parts.extend(self.mandates(&mandate_id.to_string())?);
        }
        Ok(page)
    }

    /// The mandates of a number.
    pub(super) fn mandates(&self, id: &str) -> Result<Vec<Page>, Failed> {
        self.reader.find_mandate(id)?.iter().map(|found| self.mandate(found)).collect()
    }

    fn mandate(&self, found: &MandateFound) -> Result<Page, Failed> {
        let mut page = Page {
            title: format!("mandate #{} of {} for {}", found.mandate_id, found.payer_no, found.item),
            state: found.state.word().to_string(),
            state_ko: mandate_ko(found.state).to_string(),
            ..Page::default()
        };
        self.creditor(&mut page, found.creditor);
        page.fact("payer_no", "납부자번호", found.payer_no.to_string());
        page.fact("payer_name", "고객명", found.payer_name.clone());
        page.fact("reason", "종료 사유", found.reason.map(|reason| reason.word().to_string()));
        page.fact("channel", "채널", found.channel.to_string());
        page.fact("bank_payer_no", "은행 납부자번호", found.bank_payer_no.to_string());
        page.fact("active_on", "등록일", found.active_on.map(|date| date.to_string()));
        page.fact("due_day", "이체예정일", found.due_day.to_string());
        page.fact("monthly_won", "월이체금액", found.monthly.get());
        page.fact("limit_won", "건당출금한도", found.limit.get());
        if let Some((bank, masked)) = &found.account {
            page.fact("bank", "은행", self.bank_named(*bank));
            page.fact("account", "계좌", masked.clone());
        }
        page.events = self.events(Subject::Mandate, found.mandate_id, Some(&found.channel))?;
        page.waits = self.waiting.of_mandate(found);
        for evidence in self.reader.evidence_of(found.mandate_id)? {
            let mut part = Page {
                title: format!("evidence of {}: {} ({})", evidence.at, evidence.kind, evidence.extension),
                state: evidence.state.clone(),
                state_ko: evidence_ko(&evidence.state).to_string(),
                ..Page::default()
            };
            part.fact("bytes", "길이", evidence.bytes);
            part.fact("file", "전송", evidence.file.clone());
            part.fact("code", "사유", Some(evidence.code).filter(|code| !code.is_empty()));
            page.parts.push(part);
        }
        for charge in self.reader.charges_of(found.mandate_id)? {
            page.parts.push(self.charge(&charge, &found.channel)?);
        }
        Ok(page)
    }

    /// A charge, below its mandate.
    fn charge(&self, charge: &ChargeFound, channel: &ChannelId) -> Result<Page, Failed> {
        let mut page = Page {
            title: format!("charge #{} of {}", charge.charge_id, charge.month),
            state: charge.state.word().to_string(),
            state_ko: paid_in_cash(charge).unwrap_or_else(|| charge_ko(charge.state)).to_string(),
            ..Page::default()
        };
        page.fact("amount_won", "청구금액", charge.amount.get());
        page.fact("paid_won", "수납금액", charge.paid.get());
        if charge.cash.is_positive() {
            page.fact("cash_won", "현금수납", charge.cash.get());
        }
        if !charge.refund.is_empty() {
            page.fact("refund", "과오납 반환", charge.refund.clone());
        }
        page.fact("debit_date", "정기 이체일", charge.debit_date.to_string());
        let attempt = charge.collection_id.map(|id| {
            let state = charge.attempt.map_or("", collection_ko);
            format!("collection #{id} {state}").trim_end().to_string()
        });
        page.fact("attempt", "이체의뢰", attempt);
        page.fact("fails", "실패 횟수", charge.fails);
        page.fact("last_code", "최근 불능코드", self.code_text(Some(channel), &charge.last_code));
        page.events = self.events(Subject::Charge, charge.charge_id, Some(channel))?;
        Ok(page)
    }

    /// The collection of a number.
    pub(super) fn collections(&self, id: i64) -> Result<Vec<Page>, Failed> {
        self.reader.find_collection(id)?.iter().map(|found| self.collection(found)).collect()
    }

    fn collection(&self, found: &CollectionFound) -> Result<Page, Failed> {
        let line = &found.line;
        let kind = if line.kind == CollectionKind::Retry {
            "재처리의뢰 (retry)"
        } else {
            "이체의뢰 (regular)"
        };
        let file = self.reader.find_file(&found.file_id.to_string())?.into_iter().next();
        let mut page = Page {
            title: format!("collection #{} of {} for {}", line.collection_id, line.payer_no, line.item),
            state: line.state.word().to_string(),
            state_ko: collection_ko(line.state).to_string(),
            ..Page::default()
        };
        self.creditor(&mut page, line.creditor);
        page.fact("payer_no", "납부자번호", line.payer_no.to_string());
        page.fact("payer_name", "고객명", line.payer_name.clone());
        page.fact("mandate", "이체정보", line.mandate_id);
        page.fact("kind", "종류", kind);
        page.fact("debit_date", "이체일", line.date.map(|date| date.to_string()));
        page.fact("amount_won", "의뢰금액", line.amount.get());
        page.fact("collected_won", "수납금액", line.collected.get());
        page.fact("file", "파일", file.as_ref().map(|file| format!("{} (#{})", file.name, file.file_id)));
        page.fact("line", "줄", line.line_no);
        page.fact("code", "불능코드", self.code_text(self.channel_of(line.creditor), &line.code));
        page.fact("reason", "사유", named(&line.reason));
        let charges: Vec<String> = found
            .allocations
            .iter()
            .map(|(id, month, won, came)| format!("{month} #{id}: {won} won requested, {came} won came"))
            .collect();
        page.fact("charges", "청구", charges.join("\n"));
        let channel = self.channel_of(line.creditor).cloned();
        page.events = self.events(Subject::Collection, line.collection_id, channel.as_ref())?;
        page.waits = self.waiting.of_collection(line, file.as_ref());
        Ok(page)
    }

    /// The files that a text means.
    pub(super) fn files(&self, text: &str) -> Result<Vec<Page>, Failed> {
        self.reader.find_file(text)?.iter().map(|found| self.file(found)).collect()
    }

    fn file(&self, file: &FileRow) -> Result<Page, Failed> {
        let way = if file.way == Way::In { "came in" } else { "ours, going out" };
        let mut page = Page {
            title: format!("file {} (#{}), {way}", file.name, file.file_id),
            state: file_state_word(file.state).to_string(),
            state_ko: file_state_ko(file.state).to_string(),
            ..Page::default()
        };
        page.fact("owner", "폴더", file.owner.clone());
        page.fact("kind", "종류", file.kind.clone());
        page.fact("date", "업무일", file.date.map(|date| date.to_string()));
        page.fact("lines", "건수", file.lines);
        page.fact("won", "금액", file.won.get());
        page.fact("listed_lines", "불능 건수", file.listed_lines);
        page.fact("failed_won", "불능 금액", file.failed_won.get());
        page.fact("bytes", "바이트", file.bytes);
        page.fact("sha256", "SHA-256", file.sha256.map(hex));
        page.fact("archive", "보관", archived(file));
        page.fact("dropped_by", "넣은 사람", file.dropped_by.clone());
        page.fact("created_at", "생긴 때", file.created_at.to_string());
        page.fact("published_at", "내보낸 때", file.published_at.map(|at| at.to_string()));
        page.fact("taken_at", "가져간 때", file.taken_at.map(|at| at.to_string()));
        page.fact("answered_at", "처리된 때", file.answered_at.map(|at| at.to_string()));
        page.fact("answer_due_at", "결과 예정", file.due_at.map(|at| at.to_string()));
        for (key, label, id) in
            [("answers", "답하는 파일", file.answers), ("answered_by", "답한 파일", file.answered_by)]
        {
            let Some(id) = id else { continue };
            let named = self.reader.find_file(&id.to_string())?;
            let name = named.first().map_or(String::new(), |other| other.name.clone());
            page.fact(key, label, format!("{name} (#{id})"));
        }
        page.fact("note", "비고", named(&file.note));
        page.fact("proof", "완전성 증명", file.proof.as_deref().map(proof_text));
        page.events = self.events(Subject::File, file.file_id, None)?;
        page.waits = self.waiting.of_file(file);
        Ok(page)
    }

    fn events(&self, subject: Subject, id: i64, channel: Option<&ChannelId>) -> Result<Vec<Told>, Failed> {
        let told = |line: HistoryLine| Told { meaning: self.meaning(channel, &line), line };
        Ok(self.reader.history(subject, id)?.into_iter().map(told).collect())
    }

    /// What an event's code or rule means, with what is to be done.
    fn meaning(&self, channel: Option<&ChannelId>, line: &HistoryLine) -> String {
        let code = self.code_text(channel, &line.code);
        if code.is_empty() { rule_text(&line.note).unwrap_or_default() } else { code }
    }

    /// A bank's code with its meaning and what to do.
    pub(super) fn code_text(&self, channel: Option<&ChannelId>, code: &str) -> String {
        let table = channel
            .and_then(|channel| self.config.channels.get(channel))
            .and_then(|channel| self.codes.get(&channel.profile.codes));
        match table {
            Some(table) if !code.is_empty() => {
                let sentence = table.get(code).map_or("", |known| known.sentence.as_str());
                format!("{code} {}. {sentence}", table.ko(code)).trim_end().to_string()
            }
            _ => code.to_string(),
        }
    }

    pub(super) fn channel_of(&self, creditor: CreditorId) -> Option<&ChannelId> {
        self.config.channel_of(creditor).map(|channel| &channel.id)
    }

    pub(super) fn creditor(&self, page: &mut Page, id: CreditorId) {
        page.fact("creditor", "이용기관", id.to_string());
        page.fact(
            "creditor_name",
            "이용기관명",
            self.config.creditors.get(&id).map(|creditor| creditor.name.clone()),
        );
    }

    /// A bank's code with its name.
    pub(super) fn bank_named(&self, bank: BankCode) -> String {
        let name = self.config.banks.find(bank).map_or("", |known| known.name.as_str());
        format!("{bank} {name}").trim_end().to_string()
    }
}

/// A rule's name with its reason, where the text begins with one.
fn named(text: &str) -> String {
    rule_text(text).map_or_else(|| text.to_string(), |rule| format!("{text}: {rule}"))
}

fn rule_text(text: &str) -> Option<String> {
    let word = text.split([' ', ':', ',']).next()?;
    let name = rules::Name::from_word(word)?;
    Some(format!("{} → {}", name.ko(), name.action()))
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn archived(file: &FileRow) -> Option<String> {
    Some(format!("archive/{}/{}", file.archive_day?, hex(file.sha256?)))
}

/// The completeness proof as a person reads it; the stored text where it is of another version.
fn proof_text(json: &str) -> String {
    serde_json::from_str::<Proof>(json).map_or_else(|_| json.to_string(), |proof| proof.to_string())
}

/// 현금수납: the word of a charge that cash closed (decisions.md 25).
fn paid_in_cash(charge: &ChargeFound) -> Option<&'static str> {
    let closed = charge.state == crate::machine::charge::State::Paid && charge.cash == charge.paid;
    closed.then_some("현금수납")
}

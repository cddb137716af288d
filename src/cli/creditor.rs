//! `sunap creditor show|check ID` (사용자정보, F05; 그룹관리, F08): what is configured of an 이용기관, who uses its items and groups, and
//! what a person should look at.
//!
//! Must not: change anything, or show an account, a phone or an address of mail in the clear.

use super::settings::{ConfigArgument, open_reader};
use super::status::time_of;
use super::{Exit, Failed, Screen};
use crate::config::{Config, Contact, Creditor, RetryMode};
use crate::domain::{CreditorId, masked};
use crate::ledger::{CodeKind, ConfigCode, Reader};
use crate::spool::Sha256;
use clap::{Args, Subcommand};
use std::path::Path;

/// A creditor (이용기관) as it is configured; it is changed in config/creditors, and every change is journaled.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: CreditorVerb,
}

#[derive(Debug, Subcommand)]
enum CreditorVerb {
    /// Its base data, contract, items and groups with their use.
    Show(Which),
    /// What a person should look at; exit code 2 where there is something.
    Check(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// 이용기관: eight digits.
    id: CreditorId,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (CreditorVerb::Show(which) | CreditorVerb::Check(which)) = &arguments.verb;
    let config = which.config.load()?;
    let Some(creditor) = config.creditors.get(&which.id) else {
        let told = format!("there is no creditor {}: see config/creditors/", which.id);
        return Err(Failed::told(Exit::Usage, told));
    };
    // Before the daemon has run there is no use to tell.
    let reader = open_reader(&config).ok();
    let folder = which.config.path.parent().unwrap_or(Path::new(".")).join("creditors");
    let page = Page { config: &config, creditor, reader: reader.as_ref(), folder: &folder };
    match &arguments.verb {
        CreditorVerb::Show(_) => {
            for line in page.lines()? {
                screen.line(line)?;
            }
            Ok(Exit::Done)
        }
        CreditorVerb::Check(_) => {
            let found = page.findings()?;
            if found.is_empty() {
                screen.line(format_args!("{} {}: ok", creditor.id, creditor.name))?;
                return Ok(Exit::Done);
            }
            for line in found {
                screen.line(format_args!("! {line}"))?;
            }
            Ok(Exit::Missing)
        }
    }
}

struct Page<'p> {
    config: &'p Config,
    creditor: &'p Creditor,
    reader: Option<&'p Reader>,
    /// Where the stamp lies.
    folder: &'p Path,
}

impl Page<'_> {
    fn used(&self, kind: CodeKind, code: &crate::domain::ItemCode) -> Result<Option<i64>, Failed> {
        let Some(reader) = self.reader else { return Ok(None) };
        Ok(Some(reader.uses_of(&ConfigCode { creditor: self.creditor.id, kind, code: code.clone() })?))
    }

    fn lines(&self) -> Result<Vec<String>, Failed> {
        let (creditor, base) = (self.creditor, &self.creditor.base);
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_string());
        let mut lines = vec![
            format!("이용기관 {}  {}", creditor.id, base.name),
            format!(
                "  대표자 {}  주소 {}  전화 {}",
                or(&base.representative),
                or(&base.address),
                or(&base.phone)
            ),
            format!(
                "  사업자등록번호 {}",
                base.business_no.as_ref().map_or("-".to_string(), |no| no.masked())
            ),
            format!("  담당자 {}", contact(creditor.contact.as_ref())),
            format!("  세금계산서 {}", contact(creditor.invoice.as_ref())),
            format!("  직인 {}", self.stamp()),
            format!(
                "  채널 {}  출금구분 {}",
                creditor.channel,
                or(&Some(creditor.service.clone()).filter(|s| !s.is_empty()))
            ),
        ];
        let days: Vec<String> = creditor.days.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "  약정일 {}  건당 {}원  월 {}원  자동의뢰 {}",
            days.join(", "),
            creditor.limit_per_debit,
            creditor.limit_per_month,
            if creditor.auto_request { "예" } else { "아니오" }
        ));
        let retry = if creditor.retry.mode == RetryMode::Auto { "자동" } else { "목록으로" };
        lines.push(format!("  재처리 {retry}, 최대 {}회", creditor.retry.max));
        let settled = creditor.settlement.as_ref().map_or("없음".to_string(), |settlement| {
            let held = if settlement.held { ", 보류" } else { "" };
            format!("은행 {} 계좌 {}{held}", settlement.bank, settlement.account.masked())
        });
        lines.push(format!("  정산 {settled}"));
        for item in creditor.items.values() {
            let state = if item.active { "" } else { " (중지)" };
            let used = told(self.used(CodeKind::Item, &item.code)?, "약정");
            lines.push(format!(
                "  집금항목 {} {}{state}  통장 {:?}{used}",
                item.code, item.name, item.passbook_text
            ));
        }
        for group in creditor.groups.values() {
            let used = told(self.used(CodeKind::Group, &group.code)?, "납부자");
            let moved = group.moved_to.as_ref().map_or(String::new(), |to| format!(" → {to}"));
            lines.push(format!("  그룹 {} {}{moved}{used}", group.code, group.name));
        }
        for plan in &creditor.reports {
            lines.push(format!("  정기보고 {} {}", plan.key(), plan.at));
        }
        Ok(lines)
    }

    fn stamp(&self) -> String {
        let Some(name) = &self.creditor.base.stamp else { return "없음".to_string() };
        match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => format!("{name} {} bytes, sha256 {}", bytes.len(), Sha256::of(&bytes)),
            Err(_) => format!("{name} (파일 없음)"),
        }
    }

    fn findings(&self) -> Result<Vec<String>, Failed> {
        let (creditor, mut found) = (self.creditor, Vec::new());
        if let Some(name) = &creditor.base.stamp
            && !self.folder.join(name).is_file()
        {
            found.push(format!("직인 {name} 파일이 없습니다: 직인 없이 출력됩니다 (the stamp is not there: papers go without)"));
        }
        if creditor.contact.is_none() {
            found.push("담당자가 없습니다 (no [contact]: nobody to call)".to_string());
        }
        if creditor.settlement.is_none() {
            found.push(
                "정산 규칙이 없습니다 (no [settlement]: its money is not settled by sunap)".to_string(),
            );
        }
        if creditor.settlement.as_ref().is_some_and(|settlement| settlement.held) {
            found.push("정산이 보류되어 있습니다 (its settlement is held)".to_string());
        }
        if !creditor.items.values().any(|item| item.active) {
            found.push(
                "모든 집금항목이 중지되었습니다 (no item is active: no new mandate can come)".to_string(),
            );
        }
        let Some(reader) = self.reader else { return Ok(found) };
        for code in reader.config_codes()?.into_iter().filter(|code| code.creditor == creditor.id) {
            let stands = match code.kind {
                CodeKind::Item => creditor.items.contains_key(&code.code),
                CodeKind::Group => creditor.groups.contains_key(&code.code),
            };
            let used = if stands { 0 } else { reader.uses_of(&code)? };
            if used > 0 {
                found.push(format!(
                    "{} {} 은(는) 설정에 없지만 {used}건이 쓰고 있습니다 (gone from the config, but used)",
                    code.kind, code.code
                ));
            }
        }
        let day = time_of(self.config, reader)?.date();
        for notice in
            self.config.notices.iter().filter(|n| n.must_read && n.is_for(creditor.id) && n.stands_on(day))
        {
            let page = Sha256::of(notice.page().as_bytes());
            if !reader.notice_is_read(&notice.id, page.as_bytes(), creditor.id)? {
                found.push(format!("필독 공지 {} 을(를) 확인하지 않았습니다: 의뢰가 반려됩니다", notice.id));
            }
        }
        for question in reader.questions(false)?.into_iter().filter(|q| q.creditor == creditor.id) {
            found.push(format!("질문 {} 에 답하지 않았습니다 ({})", question.question_id, question.asked_at));
        }
        Ok(found)
    }
}

fn told(used: Option<i64>, what: &str) -> String {
    used.map_or(String::new(), |used| format!("  {what} {used}건"))
}

fn contact(contact: Option<&Contact>) -> String {
    let Some(contact) = contact else { return "-".to_string() };
    let phone = contact.phone.as_deref().map_or("-".to_string(), masked);
    let mail = contact.email.as_deref().and_then(|mail| mail.split_once('@'));
    format!(
        "{}  {phone}  {}",
        contact.name,
        mail.map_or("-".to_string(), |(_, domain)| format!("***@{domain}"))
    )
}

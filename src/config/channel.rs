//! `channels/<id>.toml`: one network connection: a profile, an institution code, a collection account, a folder
//! (decisions.md 1).

use super::bank_table::Banks;
use super::document::{At, Document, Section};
use super::profile::Profile;
use crate::domain::{AccountNo, BankCode, ChannelId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// 은행점코드: three digits of the bank and four of the branch (facts/kftc.md 3, EB21 H 34-40).
#[derive(Clone, PartialEq, Eq)]
pub struct Branch {
    bank: BankCode,
    digits: String,
}

impl Branch {
    /// The bank.
    pub fn bank(&self) -> BankCode {
        self.bank
    }

    /// All seven digits.
    pub fn as_str(&self) -> &str {
        &self.digits
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

impl FromStr for Branch {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.len() == 7 && text.bytes().all(|b| b.is_ascii_digit());
        match text.get(..3).map(str::parse) {
            Some(Ok(bank)) if digits => Ok(Self { bank, digits: text.to_string() }),
            _ => Err(format!("{text:?} is not a bank and branch (은행점코드): seven digits")),
        }
    }
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id, that of its file.
    pub id: ChannelId,
    /// How its network works.
    pub profile: Arc<Profile>,
    /// 기관코드: ten digits, given by the network.
    pub institution_code: String,
    /// 주거래은행점코드.
    pub branch: Branch,
    /// The account that collections are paid into, at the bank of `branch`.
    pub account: AccountNo,
}

/// What a channel refers to, and what channels must not share.
pub(super) struct Known<'k> {
    pub(super) banks: Option<&'k Banks>,
    pub(super) profiles: &'k BTreeMap<String, Arc<Profile>>,
    /// The names of all profile files, those with faults included.
    pub(super) profile_names: &'k BTreeSet<String>,
    pub(super) institution_codes: BTreeSet<String>,
}

/// Reads and checks a channel.
pub(super) fn read(document: &Document<'_>, known: &mut Known<'_>) -> Option<(At<ChannelId>, Channel)> {
    let mut file = document.root();
    let id = file.parsed::<ChannelId>("id");
    let profile = profile(&mut file, known);
    let institution_code = institution_code(&mut file, &mut known.institution_codes);
    let branch = file.parsed::<Branch>("branch");
    let account = file.parsed::<AccountNo>("account");
    file.finish();
    if let (Some(banks), Some(branch), Some(account)) = (known.banks, &branch, &account) {
        check_account(document, banks, branch, account);
    }
    let id = id?;
    let channel = Channel {
        id: id.value.clone(),
        profile: profile?,
        institution_code: institution_code?,
        branch: branch?.value,
        account: account?.value,
    };
    Some((id, channel))
}

fn profile(file: &mut Section<'_>, known: &Known<'_>) -> Option<Arc<Profile>> {
    let document = file.document();
    let name = file.text("profile")?;
    if !known.profile_names.contains(name.value) {
        let all: Vec<&str> = known.profile_names.iter().map(String::as_str).collect();
        document.fault(
            "config-unknown-reference",
            name.span,
            format!("there is no profile {:?}; there are: {}", name.value, all.join(", ")),
            "correct the name, or add profiles/<name>.toml",
        );
    }
    known.profiles.get(name.value).cloned()
}

fn institution_code(file: &mut Section<'_>, taken: &mut BTreeSet<String>) -> Option<String> {
    let document = file.document();
    let code = file.text("institution_code")?;
    if code.value.len() != 10 || !code.value.bytes().all(|b| b.is_ascii_digit()) {
        document.fault(
            "institution-code-wrong",
            code.span,
            format!("{:?} is not an institution code (기관코드): ten digits", code.value),
            "write the code that the network gave",
        );
        return None;
    }
    if !taken.insert(code.value.to_string()) {
        document.fault(
            "config-id-twice",
            code.span,
            format!(
                "another channel has the institution code {} already: their files would collide",
                code.value
            ),
            "let the creditors share one channel, or write the other code",
        );
    }
    Some(code.value.to_string())
}

fn check_account(document: &Document<'_>, banks: &Banks, branch: &At<Branch>, account: &At<AccountNo>) {
    let code = branch.value.bank();
    let Some(bank) = banks.find(code) else {
        document.fault(
            "config-unknown-reference",
            branch.span.clone(),
            format!("{code}, the first three digits, is no bank of banks.toml"),
            "write the CMS code of the bank (하나은행 is 005 here)",
        );
        return;
    };
    if !bank.takes_part {
        document.fault(
            "bank-takes-no-part",
            branch.span.clone(),
            format!("{} {} takes no part in the debit service", bank.code, bank.name),
            "name a bank with takes_part = true",
        );
    } else if !bank.account_lengths.is_empty() && !bank.takes_length_of(&account.value) {
        document.fault(
            "account-length-wrong",
            account.span.clone(),
            format!(
                "the account has {} digits; {} {} has {}",
                account.value.reveal().len(),
                bank.code,
                bank.name,
                bank.lengths_text()
            ),
            "compare it with the passbook (계좌번호)",
        );
    }
}

//! `banks.toml`: the banks by their CMS codes, with the codes that mean the same bank and the account lengths they
//! take (facts/kftc.md 5).

use super::document::{Document, Section, number_of};
use crate::domain::{AccountNo, BankCode};
use std::collections::BTreeMap;

/// A bank or securities firm of the CMS namespace. 005 is 하나은행 here, 081 하나증권.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// Its representative code (대표코드), the one that goes into files.
    pub code: BankCode,
    /// Its Korean name.
    pub name: String,
    /// Older and branch codes that mean this bank.
    pub aliases: Vec<BankCode>,
    /// How many digits an account to be debited may have.
    pub account_lengths: Vec<usize>,
    /// Whether it takes part in the debit service.
    pub takes_part: bool,
}

impl Bank {
    /// Whether an account of this many digits is possible at this bank.
    pub fn takes_length_of(&self, account: &AccountNo) -> bool {
        self.account_lengths.contains(&account.reveal().len())
    }

    /// The possible lengths as text: `11, 14`.
    pub fn lengths_text(&self) -> String {
        let lengths: Vec<String> = self.account_lengths.iter().map(usize::to_string).collect();
        lengths.join(", ")
    }
}

/// All banks, found by representative code or alias.
#[derive(Debug, Clone, Default)]
pub struct Banks {
    banks: Vec<Bank>,
    by_code: BTreeMap<BankCode, usize>,
}

impl Banks {
    /// The bank that a code or alias means.
    pub fn find(&self, code: BankCode) -> Option<&Bank> {
        self.by_code.get(&code).and_then(|at| self.banks.get(*at))
    }

    /// All banks, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Bank> {
        self.banks.iter()
    }
}

/// Reads and checks banks.toml.
pub(super) fn read(document: &Document<'_>) -> Banks {
    let mut file = document.root();
    let mut banks = Banks::default();
    for section in file.sections("bank") {
        if let Some(bank) = bank(section, &mut banks.by_code, banks.banks.len()) {
            banks.banks.push(bank);
        }
    }
    file.finish();
    if banks.banks.is_empty() {
        document.file_fault("config-list-empty", "no [[bank]] stands here", "copy the sample banks.toml");
    }
    banks
}

fn bank(mut section: Section<'_>, by_code: &mut BTreeMap<BankCode, usize>, at: usize) -> Option<Bank> {
    let document = section.document();
    let code = section.parsed::<BankCode>("code");
    let name = section.words("name", 40);
    let aliases =
        if section.has("aliases") { section.parsed_list::<BankCode>("aliases") } else { Some(Vec::new()) };
    let lengths = section.list("account_lengths");
    let takes_part = section.flag("takes_part");
    section.finish();
    let lengths = lengths.map(|list| {
        let numbers =
            list.value.iter().filter_map(|value| number_of(document, "account_lengths", value, 7..=16));
        (numbers.filter_map(|n| usize::try_from(n.value).ok()).collect::<Vec<_>>(), list)
    });
    if let (Some((found, list)), Some(true)) = (&lengths, takes_part)
        && list.value.is_empty()
        && found.is_empty()
    {
        document.fault(
            "config-list-empty",
            list.span.clone(),
            "a bank that takes part has at least one account length",
            "write the numbers of digits of the KFTC list (CMS 참가기관별 계좌번호체계)",
        );
    }
    let (code, aliases) = (code?, aliases?);
    for each in std::iter::once(&code).chain(&aliases) {
        if by_code.insert(each.value, at).is_some() {
            document.fault(
                "config-id-twice",
                each.span.clone(),
                format!("bank code {} stands twice, as code or alias", each.value),
                "a code means one bank: take one of the two out",
            );
        }
    }
    Some(Bank {
        code: code.value,
        name: name?.value,
        aliases: aliases.into_iter().map(|alias| alias.value).collect(),
        account_lengths: lengths?.0,
        takes_part: takes_part?,
    })
}

//! What the banks say to a line: the first verdict rule that hits decides, and none is success.
//!
//! Must not: know layouts or files, or draw by chance: a hash of seed, code, account and date decides
//! (decisions.md 13).

use super::rules::{Draw, Matches, Partial, Rules, Service, VerdictRule};
use crate::domain::{ApplicationKind, BankCode, Date};
use sha2::{Digest, Sha256};

/// A line as the rules see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) service: Service,
    /// `None` for a collection.
    pub(crate) kind: Option<ApplicationKind>,
    pub(crate) bank: BankCode,
    /// The account's digits.
    pub(crate) account: &'a str,
    pub(crate) bank_payer_no: &'a str,
    /// 0 for a registration.
    pub(crate) amount_won: i64,
    /// The steps in which less than the amount may be taken; `None` where only the whole may be (출금형태).
    pub(crate) step_won: Option<i64>,
    /// The file's date.
    pub(crate) date: Date,
    /// Which debit of this payer number in the month, from 1.
    pub(crate) attempt: u32,
}

/// What a bank says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Done in full.
    Yes,
    /// Nothing was done, with a 불능코드.
    No(String),
    /// Less was taken than was asked for.
    Partly {
        /// The 불능코드.
        code: String,
        /// What was taken: more than 0 won, less than asked for.
        taken_won: i64,
    },
}

/// The verdict rules with the number of their hits so far.
#[derive(Debug, Clone)]
pub(crate) struct Banks {
    hits: Vec<u64>,
}

impl Banks {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self { hits: vec![0; rules.verdicts.len()] }
    }

    /// Whether what was said earlier changes what is said later, so that a history must be played again whole.
    pub(crate) fn remember(rules: &Rules) -> bool {
        rules.verdicts.iter().any(|rule| rule.times.is_some() || rule.matches.attempt.is_some())
    }

    /// What is said to a line. Lines must come in business order where rules count.
    pub(crate) fn say(&mut self, rules: &Rules, asked: &Asked<'_>) -> Said {
        for (rule, hits) in rules.verdicts.iter().zip(&mut self.hits) {
            let used_up = rule.times.is_some_and(|times| *hits >= times);
            if used_up || rule.service != asked.service || !matches(&rules.seed, rule, asked) {
                continue;
            }
            *hits = hits.saturating_add(1);
            return answer(rule, asked);
        }
        Said::Yes
    }
}

fn answer(rule: &VerdictRule, asked: &Asked<'_>) -> Said {
    let Some(code) = rule.code.clone() else { return Said::Yes };
    let step = asked.step_won.or(rule.against_mode.then_some(1));
    let taken_won = match rule.partial {
        _ if step.is_none() => 0,
        None => 0,
        Some(Partial::Won(won)) => won,
        // At most 10^13 x 99: far inside an i64.
        Some(Partial::Percent(percent)) => asked.amount_won.saturating_mul(i64::from(percent)) / 100,
    };
    let step = step.unwrap_or(1).max(1);
    let taken_won = taken_won / step * step;
    if taken_won <= 0 {
        Said::No(code)
    } else if taken_won >= asked.amount_won {
        Said::Yes
    } else {
        Said::Partly { code, taken_won }
    }
}

fn matches(seed: &str, rule: &VerdictRule, asked: &Asked<'_>) -> bool {
    let Matches {
        account,
        account_ends,
        amount_won,
        amount_over_won,
        amount_ends,
        bank_payer_no,
        bank_payer_no_ends,
        bank,
        kind,
        date,
        from,
        until,
        attempt,
        draw,
    } = &rule.matches;
    let is = |want: &Option<String>, text: &str| want.as_deref().is_none_or(|want| want == text);
    let ends = |want: &Option<String>, text: &str| want.as_deref().is_none_or(|want| text.ends_with(want));
    is(account, asked.account)
        && ends(account_ends, asked.account)
        && is(bank_payer_no, asked.bank_payer_no)
        && ends(bank_payer_no_ends, asked.bank_payer_no)
        && amount_won.is_none_or(|won| won == asked.amount_won)
        && amount_over_won.is_none_or(|won| asked.amount_won > won)
        && (amount_ends.is_none() || ends(amount_ends, &asked.amount_won.to_string()))
        && bank.is_none_or(|bank| bank == asked.bank)
        && kind.is_none_or(|kind| Some(kind) == asked.kind)
        && date.is_none_or(|day| day == asked.date)
        && from.is_none_or(|day| day <= asked.date)
        && until.is_none_or(|day| asked.date <= day)
        && attempt.is_none_or(|nth| nth == asked.attempt)
        && draw.is_none_or(|draw| drawn(seed, rule.code.as_deref().unwrap_or_default(), draw, asked))
}

/// Whether a line is drawn. The code is in the hash, so that the draws of two rules do not fall on the same accounts.
fn drawn(seed: &str, code: &str, draw: Draw, asked: &Asked<'_>) -> bool {
    let mut hash = Sha256::new();
    for part in [seed, code, asked.service.word(), asked.account] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    if !draw.same_every_date {
        hash.update(asked.date.to_epoch_days().to_le_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let number = digest.iter().take(8).fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    number % draw.of.max(1) < draw.hits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        Rules::from_toml("rules.toml", text).unwrap()
    }

    fn asked<'a>(account: &'a str, amount_won: i64, date: &str) -> Asked<'a> {
        Asked {
            service: Service::Collection,
            kind: None,
            bank: "004".parse().unwrap(),
            account,
            bank_payer_no: "10000001000000000001",
            amount_won,
            step_won: None,
            date: date.parse().unwrap(),
            attempt: 1,
        }
    }

    #[test]
    fn the_first_rule_that_hits_decides() {
        let rules = rules(
            r#"
            [[verdict]]
            on = "collection"
            account = "1100000000001"
            succeed = true
            [[verdict]]
            on = "collection"
            account_ends = "01"
            code = "0012"
            [[verdict]]
            on = "collection"
            amount_over_won = 90000
            amount_ends = "21"
            bank = "004"
            until = "2026-01-31"
            code = "0021"
            [[verdict]]
            on = "registration"
            code = "9999"
            "#,
        );
        let mut banks = Banks::new(&rules);
        let no = |code: &str| Said::No(code.into());
        for (account, won, date, said) in [
            ("1100000000001", 100_021, "2026-01-05", Said::Yes),
            ("2200000000001", 50_000, "2026-01-05", no("0012")),
            ("2200000000002", 100_021, "2026-01-31", no("0021")),
            ("2200000000002", 100_021, "2026-02-05", Said::Yes),
            ("2200000000002", 90_000, "2026-01-05", Said::Yes),
        ] {
            assert_eq!(banks.say(&rules, &asked(account, won, date)), said, "{account} {won} {date}");
        }
    }

    #[test]
    fn partial_debits_need_a_line_that_allows_them() {
        let table = [
            ("partial_won = 3000", Some(1), 10_000, Said::Partly { code: "0021".into(), taken_won: 3_000 }),
            (
                "partial_won = 3999",
                Some(2_000),
                10_000,
                Said::Partly { code: "0021".into(), taken_won: 2_000 },
            ),
            ("partial_won = 3000", None, 10_000, Said::No("0021".into())),
            ("partial_won = 3000", Some(1), 3_000, Said::Yes),
            ("partial_percent = 33", Some(1), 1_001, Said::Partly { code: "0021".into(), taken_won: 330 }),
            ("partial_percent = 1", Some(1), 99, Said::No("0021".into())),
            (
                "partial_won = 1\nagainst_mode = true",
                None,
                10_000,
                Said::Partly { code: "0021".into(), taken_won: 1 },
            ),
        ];
        for (keys, step_won, won, said) in table {
            let rules = rules(&format!("[[verdict]]\non = \"collection\"\ncode = \"0021\"\n{keys}\n"));
            let line = Asked { step_won, ..asked("1100000000001", won, "2026-01-05") };
            assert_eq!(Banks::new(&rules).say(&rules, &line), said, "{keys} {step_won:?} {won}");
        }
    }

    #[test]
    fn rules_that_count_stop_after_their_times() {
        let rules = rules("[[verdict]]\non = \"collection\"\ntimes = 2\nattempt = 1\ncode = \"0021\"\n");
        assert!(Banks::remember(&rules));
        let mut banks = Banks::new(&rules);
        let mut say = |attempt| banks.say(&rules, &Asked { attempt, ..asked("1", 1_000, "2026-01-05") });
        let no = Said::No("0021".into());
        assert_eq!([say(1), say(2), say(1), say(1)], [no.clone(), Said::Yes, no, Said::Yes]);
    }

    #[test]
    fn draws_are_near_their_percentage_and_always_the_same() {
        let rules = rules("seed = \"a\"\n[[verdict]]\non = \"collection\"\npercent = 4\ncode = \"0021\"\n");
        let draw = |date: &str| -> Vec<u32> {
            let mut banks = Banks::new(&rules);
            (0..10_000)
                .filter(|n| banks.say(&rules, &asked(&format!("11000{n:08}"), 1_000, date)) != Said::Yes)
                .collect()
        };
        let first = draw("2026-01-05");
        assert!((320..480).contains(&first.len()), "{}", first.len());
        assert_eq!(first, draw("2026-01-05"));
        let again = draw("2026-01-15").iter().filter(|n| first.contains(n)).count();
        assert!(again < 40, "{again} of {} fail again on another day", first.len());
    }

    #[test]
    fn an_account_may_have_the_same_fate_every_day() {
        let rules =
            rules("[[verdict]]\non = \"collection\"\nevery = 10\nsame_every_date = true\ncode = \"0031\"\n");
        let draw = |date: &str| -> Vec<Said> {
            let mut banks = Banks::new(&rules);
            (0..200).map(|n| banks.say(&rules, &asked(&format!("{n:011}"), 1_000, date))).collect()
        };
        assert_eq!(draw("2026-01-05"), draw("2026-02-05"));
        assert!(draw("2026-01-05").contains(&Said::No("0031".into())));
    }
}

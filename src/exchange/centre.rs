//! What the centre and the banks say to the lines of one file. The checks stand in the order in which the centre
//! makes them; the first that fails is the line's code.
//!
//! Must not: read or write files.

use super::mischief::Listed;
use super::register::{Changes, Register, Registration};
use super::rules::{Check, Rules, Service};
use super::verdict::{Asked, Banks, Said};
use crate::bank::Verdict;
use crate::bank::collection::Mode;
use crate::domain::{ApplicationKind, BankCode, Date, Won, masked};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

/// A line of a request: what is judged, and what a result echoes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) serial: u32,
    pub(crate) bank: BankCode,
    /// Digits.
    pub(crate) account: Cow<'a, str>,
    pub(crate) bank_payer_no: Cow<'a, str>,
    /// 생년월일/사업자등록번호 as it stands there; may be blank.
    pub(crate) id_no: Cow<'a, str>,
    pub(crate) asks: Asks<'a>,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asks<'a> {
    /// 출금이체신청.
    Application {
        kind: ApplicationKind,
        /// 신청일자.
        applied: Date,
    },
    /// 출금이체의뢰.
    Debit {
        amount: Won,
        mode: Mode,
        /// 통장기재내용.
        passbook_text: Cow<'a, str>,
        phone: Cow<'a, str>,
    },
    /// 입금이체의뢰; its reference stands as the payer's number.
    Payment {
        amount: Won,
        /// 통장기재내용.
        passbook_text: Cow<'a, str>,
    },
}

impl Line<'_> {
    /// What is applied for; `None` for a debit or a payment.
    pub(crate) fn kind(&self) -> Option<ApplicationKind> {
        match self.asks {
            Asks::Application { kind, .. } => Some(kind),
            Asks::Debit { .. } | Asks::Payment { .. } => None,
        }
    }

    /// What is to be debited or paid; 0 for an application.
    pub(crate) fn amount(&self) -> Won {
        match self.asks {
            Asks::Application { .. } => Won::ZERO,
            Asks::Debit { amount, .. } | Asks::Payment { amount, .. } => amount,
        }
    }

    /// The steps in which less than the amount may be taken; `None` where only the whole may be (출금형태).
    pub(crate) fn step_won(&self) -> Option<i64> {
        let Asks::Debit { mode, .. } = &self.asks else { return None };
        match mode {
            Mode::FullOnly => None,
            Mode::Partial => Some(1),
            Mode::Units1000 => Some(1_000),
            Mode::Units2000 => Some(2_000),
            Mode::Units3000 => Some(3_000),
            Mode::Units4000 => Some(4_000),
            Mode::Units5000 => Some(5_000),
        }
    }

    /// The line, free of the record that it was read from.
    pub(crate) fn kept(&self) -> Line<'static> {
        let own = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        Line {
            serial: self.serial,
            bank: self.bank,
            account: own(&self.account),
            bank_payer_no: own(&self.bank_payer_no),
            id_no: own(&self.id_no),
            asks: match &self.asks {
                Asks::Application { kind, applied } => Asks::Application { kind: *kind, applied: *applied },
                Asks::Debit { amount, mode, passbook_text, phone } => Asks::Debit {
                    amount: *amount,
                    mode: *mode,
                    passbook_text: own(passbook_text),
                    phone: own(phone),
                },
                Asks::Payment { amount, passbook_text } => {
                    Asks::Payment { amount: *amount, passbook_text: own(passbook_text) }
                }
            },
        }
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { serial, bank, account, bank_payer_no, .. } = self;
        write!(f, "{serial} {bank} {} {bank_payer_no} {:?} {}원", masked(account), self.kind(), self.amount())
    }
}

/// What holds for the whole file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) rules: &'a Rules,
    /// Every bank of the network; whether it takes part.
    pub(crate) banks: &'a BTreeMap<BankCode, bool>,
    pub(crate) service: Service,
    /// The file's date.
    pub(crate) date: Date,
    /// The least amount of a collection.
    pub(crate) least: Won,
    /// The first day of which evidence counts for a registration; `None` where none is needed.
    pub(crate) evidence_since: Option<Date>,
    /// Whether a debit needs a registration.
    pub(crate) needs_registration: bool,
    /// The banks for which it is the other way round.
    pub(crate) registration_exceptions: &'a BTreeSet<BankCode>,
    /// Whether the result lists successes as well (`results = "all"` of its layout).
    pub(crate) lists_all: bool,
}

/// The work on one file: lines go in; what the result lists and what changes come out.
#[derive(Debug)]
pub(crate) struct Sitting<'a> {
    terms: Terms<'a>,
    register: &'a Register,
    banks: Banks,
    seen: HashSet<(ApplicationKind, String)>,
    changes: Changes,
    listed: Vec<Listed>,
    lines: u32,
}

/// What came out of a file.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) listed: Vec<Listed>,
    pub(crate) changes: Changes,
    /// The verdict rules, with what this file used of them.
    pub(crate) banks: Banks,
    pub(crate) lines: u32,
}

impl<'a> Sitting<'a> {
    pub(crate) fn new(terms: Terms<'a>, register: &'a Register, banks: Banks) -> Self {
        let (seen, changes) = (HashSet::new(), Changes::default());
        Self { terms, register, banks, seen, changes, listed: Vec::new(), lines: 0 }
    }

    /// Judges the next line.
    pub(crate) fn line(&mut self, line: &Line<'_>) {
        self.lines = self.lines.saturating_add(1);
        let said = match self.centre(line).or_else(|| self.standing(line)) {
            Some(check) => Said::No(self.terms.rules.centre.code(check).to_string()),
            None => self.bank(line),
        };
        let (verdict, code, taken_won) = match said {
            Said::Yes => {
                self.carry_out(line);
                if !self.terms.lists_all {
                    return;
                }
                (Verdict::Succeeded, String::new(), line.amount().get())
            }
            Said::No(code) => (Verdict::Failed, code, 0),
            Said::Partly { code, taken_won } => (Verdict::Partial, code, taken_won),
        };
        self.listed.push(Listed { line: line.kept(), verdict, taken_won, code });
    }

    /// All that was found.
    pub(crate) fn close(self) -> Findings {
        Findings { listed: self.listed, changes: self.changes, banks: self.banks, lines: self.lines }
    }

    /// What the centre finds wrong with the line alone (facts/kftc.md 4, 센터).
    fn centre(&mut self, line: &Line<'_>) -> Option<Check> {
        let Terms { rules, banks, date, least, .. } = self.terms;
        let Some(takes_part) = banks.get(&line.bank) else { return Some(Check::BankUnknown) };
        if !takes_part {
            return Some(Check::BankNotInCms);
        }
        if line.account.bytes().all(|b| b == b'0') {
            return Some(Check::AllZeros);
        }
        if line.id_no.len() == 13 && line.id_no.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Check::ResidentNumber);
        }
        if let Asks::Payment { amount, .. } = line.asks {
            return (!amount.is_positive()).then_some(Check::AmountZero);
        }
        if rules.centre.payer_no_bytes.is_some_and(|bytes| line.bank_payer_no.len() != bytes) {
            return Some(Check::PayerNoShape);
        }
        match line.asks {
            Asks::Application { applied, .. } if applied > date => Some(Check::ApplicationDate),
            Asks::Application { kind, .. } => {
                let first = self.seen.insert((kind, line.bank_payer_no.to_string()));
                (!first).then_some(Check::Twice)
            }
            Asks::Debit { amount, .. } if !amount.is_positive() => Some(Check::AmountZero),
            Asks::Debit { amount, .. } if amount < least => Some(Check::AmountSmall),
            Asks::Debit { amount, .. } if rules.centre.limit.is_some_and(|limit| amount > limit) => {
                Some(Check::AmountOverLimit)
            }
            Asks::Debit { .. } | Asks::Payment { .. } => None,
        }
    }

    /// What does not go with what is registered.
    fn standing(&self, line: &Line<'_>) -> Option<Check> {
        let same = |r: &Registration| r.bank == line.bank && r.account == *line.account;
        if matches!(line.asks, Asks::Payment { .. }) {
            return None;
        }
        match line.kind() {
            None if self.terms.needs_registration
                == self.terms.registration_exceptions.contains(&line.bank) =>
            {
                None
            }
            None => {
                let known = match self.register.on(&line.bank_payer_no, self.terms.date) {
                    Some(registered) => same(registered),
                    None => self.terms.rules.centre.registered_before,
                };
                (!known).then_some(Check::NotRegistered)
            }
            // The new account of a change (계좌변경) is another bank's: it is registered whether or not the old one ends.
            Some(ApplicationKind::Register) => {
                let changes = self.seen.contains(&(ApplicationKind::Cancel, line.bank_payer_no.to_string()));
                let moves = changes && self.current(line).is_some_and(|registered| !same(registered));
                if self.current(line).is_some() && !moves {
                    return Some(Check::Twice);
                }
                let lacks = |since| !self.register.has_evidence(&line.bank_payer_no, since);
                self.terms.evidence_since.is_some_and(lacks).then_some(Check::EvidenceMissing)
            }
            Some(ApplicationKind::Cancel) => {
                let known = match self.current(line) {
                    Some(registered) => same(registered),
                    None => self.terms.rules.centre.registered_before,
                };
                (!known).then_some(Check::NotRegistered)
            }
        }
    }

    /// The registration of the line's payer, with what earlier lines of this file did.
    fn current(&self, line: &Line<'_>) -> Option<&Registration> {
        match self.changes.registrations.get(&*line.bank_payer_no) {
            Some(changed) => Some(changed).filter(|r| r.until.is_none()),
            None => self.register.current(&line.bank_payer_no),
        }
    }

    fn bank(&mut self, line: &Line<'_>) -> Said {
        let Terms { rules, service, date, .. } = self.terms;
        let mut attempt = 0;
        // Counted only where a rule asks for it: a million lines need no memory then.
        if service == Service::Collection && Banks::remember(rules) {
            let before = self.register.debits_in_month(&line.bank_payer_no, date);
            let here = self.changes.debits.entry(line.bank_payer_no.to_string()).or_default();
            *here = here.saturating_add(1);
            attempt = before.saturating_add(*here);
        }
        let asked = Asked {
            service,
            kind: line.kind(),
            bank: line.bank,
            account: &line.account,
            bank_payer_no: &line.bank_payer_no,
            amount_won: line.amount().get(),
            step_won: line.step_won(),
            date,
            attempt,
        };
        self.banks.say(rules, &asked)
    }

    fn carry_out(&mut self, line: &Line<'_>) {
        let date = self.terms.date;
        let entry = match line.kind() {
            None => return,
            Some(ApplicationKind::Register) => {
                Registration { bank: line.bank, account: line.account.to_string(), from: date, until: None }
            }
            Some(ApplicationKind::Cancel) => match self.current(line) {
                Some(current) => Registration { until: Some(date), ..current.clone() },
                None => return,
            },
        };
        self.changes.registrations.insert(line.bank_payer_no.to_string(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "10000001000000000001";

    static NO_EXCEPTIONS: BTreeSet<BankCode> = BTreeSet::new();

    fn terms<'a>(rules: &'a Rules, banks: &'a BTreeMap<BankCode, bool>, service: Service) -> Terms<'a> {
        let date = "2026-01-05".parse().unwrap();
        Terms {
            rules,
            banks,
            service,
            date,
            least: Won::new(140),
            evidence_since: None,
            needs_registration: true,
            registration_exceptions: &NO_EXCEPTIONS,
            lists_all: false,
        }
    }

    fn banks() -> BTreeMap<BankCode, bool> {
        [("004", true), ("054", false)].map(|(code, part)| (code.parse().unwrap(), part)).into()
    }

    fn line(payer: &str) -> Line<'_> {
        Line {
            serial: 1,
            bank: "004".parse().unwrap(),
            account: "1100000000001".into(),
            bank_payer_no: payer.into(),
            id_no: "900101".into(),
            asks: debit(50_000),
        }
    }

    fn debit(won: i64) -> Asks<'static> {
        let (passbook_text, phone) = (Cow::Borrowed("관리비"), Cow::Borrowed(""));
        Asks::Debit { amount: Won::new(won), mode: Mode::FullOnly, passbook_text, phone }
    }

    fn apply(kind: ApplicationKind, payer: &str) -> Line<'_> {
        Line { asks: Asks::Application { kind, applied: "2026-01-05".parse().unwrap() }, ..line(payer) }
    }

    fn registered() -> Register {
        let mut register = Register::default();
        let entry = Registration {
            bank: "004".parse().unwrap(),
            account: "1100000000001".into(),
            from: "2026-01-02".parse().unwrap(),
            until: None,
        };
        let registrations = [(REGISTERED.to_string(), entry)].into();
        let changes = Changes { registrations, ..Changes::default() };
        register.accept(Service::Registration, "EB130102", "2026-01-02".parse().unwrap(), changes);
        register
    }

    /// The codes of the failures, by serial; the lines are numbered here.
    fn judge(service: Service, rules: &str, lines: Vec<Line<'_>>) -> Vec<(u32, String)> {
        let rules = Rules::from_toml("rules.toml", rules).unwrap();
        let (banks, register) = (banks(), registered());
        let mut sitting = Sitting::new(terms(&rules, &banks, service), &register, Banks::new(&rules));
        for (serial, line) in (1..).zip(lines) {
            sitting.line(&Line { serial, ..line });
        }
        sitting.close().listed.into_iter().map(|f| (f.line.serial, f.code)).collect()
    }

    #[test]
    fn each_check_of_a_collection() {
        let good = || line(REGISTERED);
        let table: [(&str, Line<'_>); 12] = [
            ("", good()),
            ("0011", Line { bank: "999".parse().unwrap(), ..good() }),
            ("0096", Line { bank: "054".parse().unwrap(), ..good() }),
            ("0090", Line { account: "0000000000000".into(), ..good() }),
            ("0091", Line { id_no: "9001011234567".into(), ..good() }),
            ("A018", line("1")),
            ("0061", Line { asks: debit(0), ..good() }),
            ("0075", Line { asks: debit(139), ..good() }),
            ("", Line { asks: debit(140), ..good() }),
            ("0062", Line { asks: debit(1_000_001), ..good() }),
            ("0017", line("10000001000000000002")),
            ("0017", Line { account: "1100000000002".into(), ..good() }),
        ];
        for (code, line) in table {
            let rules = "[centre]\nlimit_won = 1_000_000\npayer_no_bytes = 20\n";
            let found = judge(Service::Collection, rules, vec![line.clone()]);
            let expected: Vec<(u32, String)> =
                if code.is_empty() { vec![] } else { vec![(1, code.to_string())] };
            assert_eq!(found, expected, "{line:?}");
        }
    }

    #[test]
    fn applications_follow_each_other_within_a_file() {
        use ApplicationKind::{Cancel, Register as New};
        let asks = Asks::Application { kind: New, applied: "2026-01-06".parse().unwrap() };
        let late = Line { asks, ..apply(New, "4") };
        let found = judge(
            Service::Registration,
            "",
            vec![
                apply(New, REGISTERED),    // 1 registered already
                apply(New, "2"),           // 2 new
                apply(New, "2"),           // 3 twice in the file
                apply(Cancel, "3"),        // 4 nothing to cancel
                apply(Cancel, REGISTERED), // 5 cancelled
                apply(Cancel, "2"),        // 6 what line 2 registered
                late,                      // 7 dated tomorrow
            ],
        );
        let codes: Vec<(u32, &str)> = found.iter().map(|(n, code)| (*n, code.as_str())).collect();
        assert_eq!(codes, [(1, "A016"), (3, "A016"), (4, "0017"), (7, "A011")]);
    }

    #[test]
    fn an_account_change_is_a_pair() {
        use ApplicationKind::{Cancel, Register as New};
        let rules = Rules::from_toml("rules.toml", "").unwrap();
        let (banks, mut register) = (banks(), registered());
        let mut sitting =
            Sitting::new(terms(&rules, &banks, Service::Registration), &register, Banks::new(&rules));
        sitting.line(&apply(Cancel, REGISTERED));
        let moved = Line { account: "1100000000009".into(), ..apply(New, REGISTERED) };
        sitting.line(&moved);
        let findings = sitting.close();
        assert_eq!(findings.listed, []);
        let date = "2026-01-05".parse().unwrap();
        register.accept(Service::Registration, "EB130105", date, findings.changes);
        let standing = register.on(REGISTERED, date.next()).unwrap();
        assert_eq!(standing.account, "1100000000009");
    }

    #[test]
    fn the_new_account_of_a_change_is_registered_though_the_old_one_stays() {
        use ApplicationKind::{Cancel, Register as New};
        let fails = "[[verdict]]\non = \"registration\"\nkind = \"cancel\"\ncode = \"0051\"\n";
        let moved = |account: &'static str| Line { account: account.into(), ..apply(New, REGISTERED) };
        let pair = |new| vec![apply(Cancel, REGISTERED), new];
        let codes = |lines| judge(Service::Registration, fails, lines);
        assert_eq!(codes(pair(moved("1100000000009"))), [(1, "0051".to_string())]);
        // The same account again is no change, and without the end of the old one it is registered twice.
        let twice = |serial| (serial, "A016".to_string());
        assert_eq!(codes(pair(moved("1100000000001"))), [(1, "0051".to_string()), twice(2)]);
        assert_eq!(codes(vec![moved("1100000000009")]), [twice(1)]);
    }

    #[test]
    fn a_bank_that_fails_a_registration_registers_nothing() {
        let rules = Rules::from_toml("r", "[[verdict]]\non = \"registration\"\ncode = \"0014\"\n").unwrap();
        let (banks, register) = (banks(), Register::default());
        let mut sitting =
            Sitting::new(terms(&rules, &banks, Service::Registration), &register, Banks::new(&rules));
        sitting.line(&apply(ApplicationKind::Register, REGISTERED));
        let findings = sitting.close();
        assert_eq!((findings.listed.len(), findings.changes.registrations.len()), (1, 0));
    }
}

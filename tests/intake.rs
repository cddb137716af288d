//! Lists of creditors, from bytes to the answer beside them: `tests/intake/<case>/` holds the list as dropped,
//! `case.toml` with the facts, and the expected answer and summary, byte for byte. The driver plays the engine: it
//! reads, parses, asks the rules, and prints. `SUNAP_BLESS=1 cargo test --test intake` writes what came out; review
//! it before it is committed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use sunap::domain::{
    CandidateCharge, ContractDay, Date, ItemCode, MandateTerms, Mode, Month, Payer, PayerNo, Won,
};
use sunap::intake::answer::{self, About, Verdict};
use sunap::intake::columns::{self, Need};
use sunap::intake::mandates::{BankName, ParseFacts};
use sunap::intake::{Earlier, Kind, List, Row, cancels, mandates, read_list, requests};
use sunap::machine::{charge, collection, mandate};
use sunap::rules::application::{self, ApplicationFacts, BankFact, Existing, ItemFact};
use sunap::rules::request::{Ask, Asked, CandidateFacts, CreditorFacts, DateFacts, Leave, Standing};
use sunap::rules::retry::{RetryFacts, RetryRules};
use sunap::rules::{DebitLimits, Name, Refused, Window, cancel, request, retry};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Case {
    file: String,
    goes_to: Option<String>,
    encodes_ks_x_1001_only: bool,
    /// `payer/item` to the state of its mandate, whose terms are in `existing.csv`.
    states: HashMap<String, String>,
    in_flight: HashMap<String, bool>,
    window_closed: Vec<String>,
    next_date: Option<String>,
    allowed: Vec<String>,
    creditor_stopped: bool,
    month_left: Option<i64>,
    candidate: Vec<Candidate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Candidate {
    payer_no: String,
    state: String,
    active_on: String,
    limit: i64,
    due_day: u32,
    attempts: u32,
    open: i64,
    standing: String,
    code: String,
    retryable: bool,
    has_live: bool,
    month: String,
    debit_date: String,
    no_retry: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/intake")
}

fn bank(text: &str) -> Option<BankName> {
    let (code, account_lengths) = match text {
        "004" | "국민은행" | "국민" => ("004", vec![12, 14]),
        "088" | "신한은행" | "신한" => ("088", vec![11, 12]),
        "999" | "쉬는은행" => ("999", vec![14]),
        _ => return None,
    };
    Some(BankName { code: code.parse().unwrap(), account_lengths })
}

fn ks_x_1001(text: &str) -> bool {
    let mut out = vec![0; text.len() * 2 + 16];
    let (result, _, written) =
        encoding_rs::EUC_KR.new_encoder().encode_from_utf8_without_replacement(text, &mut out, true);
    let pairs_are_low = out[..written].iter().all(|b| *b < 0x80 || *b >= 0xA1);
    // The trail byte of an extended pair may be ASCII: count instead.
    let wide = text.chars().filter(|c| !c.is_ascii()).count();
    let high = out[..written].iter().filter(|b| **b >= 0xA1).count();
    result == encoding_rs::EncoderResult::InputEmpty && pairs_are_low && high == wide * 2
}

type Known = HashMap<(PayerNo, ItemCode), (Payer, MandateTerms)>;

/// What is there already: the rows of `existing.csv`, read by intake itself.
fn known(folder: &Path) -> Known {
    let Ok(bytes) = std::fs::read(folder.join("existing.csv")) else { return Known::new() };
    let list = read_list("mandates-existing.csv", &bytes).unwrap();
    list.rows()
        .map(|row| {
            let parsed = mandates::parse(row, &ParseFacts { bank: &bank }).unwrap();
            let application = parsed.onto(None, None);
            let key = (application.payer.payer_no.clone(), application.terms.item.clone());
            (key, (application.payer, application.terms))
        })
        .collect()
}

fn state_of(case: &Case, payer_no: &PayerNo, item: &ItemCode) -> Option<mandate::State> {
    let word = case.states.get(&format!("{payer_no}/{item}"))?;
    Some(mandate::State::from_word(word).unwrap())
}

fn judge_mandate(
    case: &Case,
    known: &Known,
    row: Row<'_>,
    earlier: &mut Earlier<(PayerNo, ItemCode)>,
) -> Result<Verdict, Vec<Refused>> {
    let parsed = mandates::parse(row, &ParseFacts { bank: &bank })?;
    let key = (parsed.payer_no().clone(), parsed.item().clone());
    let earlier_row = earlier.row_of(key.clone(), row.no());
    let payer = known.iter().find(|((no, _), _)| *no == key.0).map(|(_, (payer, _))| payer);
    let state = state_of(case, &key.0, &key.1);
    let terms = known.get(&key).map(|(_, terms)| terms);
    let operation = parsed.operation();
    let application = parsed.onto(payer, terms.filter(|_| state != Some(mandate::State::Ended)));
    let lengths = bank(&application.terms.bank.to_string()).unwrap();
    let facts = ApplicationFacts {
        modes: &[Mode::FullOnly],
        operation,
        limit_per_debit: Won::new(300_000),
        minimum: Won::new(140),
        days: &[5, 25]
            .map(|day| ContractDay::new(day).unwrap())
            .into_iter()
            .chain([ContractDay::LAST])
            .collect::<Vec<_>>(),
        this_month: "2026-01".parse().unwrap(),
        item: match key.1.as_str() {
            "FEE" | "DUES" => ItemFact::Active,
            "OLD" => ItemFact::Closed,
            _ => ItemFact::Unknown,
        },
        group_known: matches!(application.payer.group.as_str(), "" | "A"),
        bank: if lengths.code.get() == 999 {
            BankFact::NotInService
        } else {
            BankFact::InService(&lengths.account_lengths)
        },
        encodes: &|text| !case.encodes_ks_x_1001_only || ks_x_1001(text),
        payer,
        mandate: state.zip(terms).map(|(state, terms)| Existing { state, terms, debit: false, change: None }),
        earlier_row,
    };
    let note = |word: &str| {
        let goes_to = case.goes_to.as_ref().map_or(String::new(), |date| format!(", {date} 신청"));
        Verdict::Accepted(format!("{word}{goes_to}"))
    };
    Ok(match application::check(&application, &facts)? {
        application::Decision::New => note("신규"),
        application::Decision::Reapply => note("재신청"),
        application::Decision::Edit => Verdict::Accepted("변경".into()),
        application::Decision::Change => note("계좌변경"),
        application::Decision::ChangeLater => Verdict::Accepted("계좌변경, 등록 결과가 나온 뒤 신청".into()),
        application::Decision::ChangeBack => Verdict::Accepted("계좌변경 취소".into()),
        application::Decision::Unchanged => Verdict::Unchanged,
    })
}

fn judge_cancel(case: &Case, row: Row<'_>) -> Result<Verdict, Vec<Refused>> {
    let parsed = cancels::parse(row)?;
    let facts = cancel::CancelFacts {
        mandate: state_of(case, &parsed.payer_no, &parsed.item),
        debit_in_flight: case.in_flight.contains_key(parsed.payer_no.as_str()),
        after_current: parsed.after_current,
    };
    let word = match cancel::check(&facts).map_err(|refused| vec![refused])? {
        cancel::Decision::AtOnce => "바로 해지",
        cancel::Decision::Queue => "다음 마감에 해지 신청",
        cancel::Decision::AfterCurrent => "진행 중인 이체의 결과 뒤에 해지 신청",
    };
    Ok(Verdict::Accepted(word.into()))
}

fn standing(word: &str) -> Standing {
    match word {
        "unknown" => Standing::Unknown,
        "in-flight" | "requested" => Standing::InFlight,
        word => Standing::At(charge::State::from_word(word).unwrap()),
    }
}

fn judge_leave(found: &Candidate) -> Result<Verdict, Refused> {
    let live = match found.standing.as_str() {
        "requested" => Some(collection::State::Requested),
        "in-flight" => Some(collection::State::Sent),
        _ => None,
    };
    Ok(match request::leave(live)? {
        Leave::Withdraw => Verdict::Accepted("의뢰를 거둠".into()),
        Leave::Unchanged => Verdict::Unchanged,
    })
}

fn judge_request(
    case: &Case,
    kind: Kind,
    row: Row<'_>,
    earlier: &mut Earlier<(PayerNo, ItemCode, Month)>,
) -> Result<Verdict, Vec<Refused>> {
    let parsed = requests::parse(row)?;
    let one = |refused| vec![refused];
    if let Some(row) = earlier.row_of((parsed.payer_no.clone(), parsed.item, parsed.month), row.no()) {
        return Err(one(Refused::duplicate_of(row)));
    }
    let found = case.candidate.iter().find(|c| c.payer_no == parsed.payer_no.as_str());
    let found = found.ok_or_else(|| one(Refused::new(Name::MandateUnknown)))?;
    if !parsed.wanted {
        return judge_leave(found).map_err(one);
    }
    let debit_date = parsed.debit_date.unwrap();
    let charge = CandidateCharge {
        charge_id: 1,
        month: found.month.parse().unwrap(),
        open: Won::new(found.open),
        debit_date: found.debit_date.parse().unwrap(),
        attempts: found.attempts,
        last_code: found.code.clone(),
    };
    let standing = standing(&found.standing);
    let open = matches!(standing, Standing::At(charge::State::Open | charge::State::PartlyPaid));
    let charges: Vec<CandidateCharge> = open.then(|| charge.clone()).into_iter().collect();
    let candidate = CandidateFacts {
        state: mandate::State::from_word(&found.state).unwrap(),
        active_on: Some(found.active_on.parse().unwrap()),
        limits: DebitLimits {
            mandate: Won::new(found.limit),
            contract: Won::new(300_000),
            minimum: Won::new(140),
        },
        bank_in_service: true,
        has_live: found.has_live,
        charges: &charges,
    };
    let next = case.next_date.as_ref().map(|date| date.parse().unwrap());
    let date = DateFacts {
        debit_date,
        gate: "2026-03-03".parse().unwrap(),
        day_allowed: case.allowed.contains(&debit_date.to_string()),
        window: if case.window_closed.contains(&debit_date.to_string()) {
            Window::Closed { next }
        } else {
            Window::Open
        },
    };
    let creditor = CreditorFacts {
        in_service: !case.creditor_stopped,
        arrears: true,
        month_left: case.month_left.map(Won::new),
    };
    let proposal = if kind == Kind::Request {
        let listed = Some(Asked { standing, amount: parsed.amount });
        let ask = Ask { month: parsed.month, listed, arrears: parsed.arrears, unanswered: None };
        request::propose(&candidate, &date, &creditor, &ask)
    } else {
        let facts = RetryFacts {
            rules: RetryRules { same_month: true, window_months: None, last_regular_day: Some(25), max: 3 },
            due_day: ContractDay::from_number(found.due_day).unwrap(),
            standing,
            charge: open.then_some(&charge),
            retryable: found.retryable,
            on_regular_day: false,
            no_retry: found.no_retry,
            automatic: false,
            amount: parsed.amount,
        };
        retry::propose(&candidate, &date, &creditor, &facts)
    };
    Ok(Verdict::Accepted(format!("{debit_date} 이체, {}원", proposal.map_err(one)?.amount)))
}

fn judge(case: &Case, folder: &Path, list: &List) -> Vec<Verdict> {
    let known = known(folder);
    let (mut mandates, mut requests) = (Earlier::default(), Earlier::default());
    list.rows()
        .map(|row| {
            let judged = match list.kind {
                Kind::Mandates => judge_mandate(case, &known, row, &mut mandates),
                Kind::Cancel => judge_cancel(case, row),
                Kind::Payers => sunap::intake::payers::parse(row).map(|row| {
                    let (payer, billing) = row.onto(None, None);
                    let billing = billing.map(|b| format!("{} {} {}", b.item, b.monthly, b.due_day));
                    Verdict::Accepted(format!("{} {:?}", payer.payer_no, billing))
                }),
                // What is written only: whether it may be is asked in tests/days.
                Kind::Cash => sunap::intake::cash::parse(row)
                    .map(|row| Verdict::Accepted(format!("{:?} {}", row.deed, row.receipt_no))),
                Kind::Terms => sunap::intake::terms::parse(row)
                    .map(|row| Verdict::Accepted(format!("{:?} {:?}", row.arrears, row.pause))),
                Kind::Charges => {
                    sunap::intake::charges::parse(row).map(|row| Verdict::Accepted(format!("{:?}", row.deed)))
                }
                Kind::Request | Kind::Retry => judge_request(case, list.kind, row, &mut requests),
            };
            judged.unwrap_or_else(Verdict::Refused)
        })
        .collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    all
}

/// Compares with the file beside the case, or writes it where asked to.
fn held(path: &Path, found: &[u8]) {
    if std::env::var_os("SUNAP_BLESS").is_some() {
        std::fs::File::create(path).unwrap().write_all(found).unwrap();
    }
    let expected = std::fs::read(path).unwrap_or_default();
    assert!(
        expected == found,
        "{} differs\n--- expected\n{}\n--- found\n{}",
        path.display(),
        String::from_utf8_lossy(&expected),
        String::from_utf8_lossy(found)
    );
}

fn case_of(folder: &Path) -> Case {
    let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

#[test]
fn lists_and_their_answers() {
    for folder in folders(&root()) {
        let case = case_of(&folder);
        let bytes = std::fs::read(folder.join(&case.file)).unwrap();
        let list =
            read_list(&case.file, &bytes).unwrap_or_else(|faults| panic!("{}: {faults}", folder.display()));
        let verdicts = judge(&case, &folder, &list);
        assert_eq!(verdicts.len(), list.rows().len());
        let answer = answer::print(&list, &verdicts);
        held(&folder.join("expected.answer.csv"), &answer);
        let goes_to: Option<Date> = case.goes_to.as_ref().map(|date| date.parse().unwrap());
        let about = About { file: &case.file, sha256: &[0xAB; 32] };
        let summary = answer::summary(&about, &list, &verdicts, goes_to);
        assert!(summary.parse::<toml::Table>().is_ok(), "{summary}");
        held(&folder.join("expected.summary.toml"), summary.as_bytes());
        // An answer may be corrected and dropped again: it reads as the same list, in the same encoding.
        let again = read_list(&answer::answer_name(&case.file), &answer).unwrap();
        assert_eq!(
            (again.kind, again.encoding, again.rows().len()),
            (list.kind, list.encoding, list.rows().len())
        );
    }
}

#[test]
fn no_answer_repeats_a_resident_number() {
    let mut seen = 0;
    for folder in folders(&root()) {
        let bytes = std::fs::read(folder.join("expected.answer.csv")).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("900101-1234567") && !text.contains("9001011234568"), "{}", folder.display());
        seen += text.matches("RESIDENT_NUMBER").count();
    }
    assert!(seen >= 3);
}

/// Every reason is shown in a case of a list, in a bank day, or where no list can show it, in a table of the rules.
#[test]
fn every_reason_is_shown() {
    let mut shown = String::new();
    for folder in folders(&root()) {
        shown.push_str(&std::fs::read_to_string(folder.join("expected.summary.toml")).unwrap());
    }
    let mut days = String::new();
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/days")).unwrap().flatten()
    {
        if entry.path().extension().is_some_and(|ending| ending == "day") {
            days.push_str(&std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    // A list is never automatic, a text file has no number cells (tests/sheet.rs), and evidence is no list (src/intake/evidence/tests.rs).
    let only_in_rules = [
        Name::OptedOut,
        Name::NumberCell,
        // What was changed in the ledger is no row's (src/rules/tests/debit.rs, tests/days/I3-*).
        Name::AmountAltered,
        Name::EvidenceName,
        Name::EvidenceType,
        Name::EvidenceContent,
        Name::EvidenceEmpty,
        Name::EvidenceTooLarge,
        Name::EvidencePacked,
        Name::EvidenceTwice,
    ];
    for name in Name::ALL {
        let in_lists = shown.lines().any(|line| line.split(" =").next() == Some(name.word()));
        let in_days = days.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).any(|w| w == name.word());
        let told = in_lists || in_days || only_in_rules.contains(name);
        assert!(told, "{} is not shown in tests/intake or tests/days", name.word());
    }
}

/// The page for creditors has exactly the headings and reasons that the program has.
#[test]
fn the_page_for_creditors_is_in_step() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lists.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut tables = BTreeMap::new();
    for kind in Kind::ALL {
        let mut table = String::from("| 제목 | 필수 | 무엇을 쓰는가 | English |\n|---|---|---|---|\n");
        for column in columns::of_kind(kind) {
            let alias = if column.alias.is_empty() { String::new() } else { format!(" ({})", column.alias) };
            let need = if column.need == Need::Required { "필수" } else { "" };
            table.push_str(&format!(
                "| {}{alias} | {need} | {} | {} |\n",
                column.heading, column.ko, column.en
            ));
        }
        tables.insert(kind.word(), table);
    }
    let mut reasons = String::from("| 이름 | 사유 | 조치 | English |\n|---|---|---|---|\n");
    for name in Name::ALL {
        reasons.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            name.word(),
            name.ko(),
            name.action(),
            name.en()
        ));
    }
    tables.insert("reasons", reasons);
    let mut renewed = String::new();
    let mut met = BTreeSet::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        let Some(name) = line.strip_prefix("<!-- table: ").and_then(|l| l.strip_suffix(" -->")) else {
            continue;
        };
        met.insert(name);
        renewed.push_str(&tables[name]);
        for line in lines.by_ref() {
            if !line.starts_with('|') {
                renewed.push_str(line);
                renewed.push('\n');
                break;
            }
        }
    }
    assert_eq!(met.len(), tables.len(), "docs/lists.md lacks a table");
    held(&path, renewed.as_bytes());
}

//! The shipped config, the values that other rooms take from it, and the small languages of single keys.

use super::*;
use crate::calendar::Offset;
use crate::domain::ContractDay;
use crate::domain::{BankCode, Won};
use std::path::PathBuf;

fn manifest() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped config with layouts that have a name only: what stands in them is another room's test.
fn shipped() -> Sources {
    let mut sources = Sources::read(&manifest().join("config/sunap.toml")).unwrap();
    sources.formats =
        ["EB13", "EB14", "EB21", "EB22", "EC21", "EC22", "EB31", "EB32", "EB11", "EB12", "EI13"]
            .map(|name| FormatSource {
                file: format!("formats/{name}.toml"),
                text: format!("name = \"{name}\"\n"),
            })
            .to_vec();
    sources.codes = vec![FormatSource { file: "formats/codes/kftc.toml".into(), text: String::new() }];
    sources
}

fn config() -> Config {
    compile(&shipped()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn bank(code: &str) -> BankCode {
    code.parse().unwrap()
}

#[test]
fn the_shipped_config_is_good_and_resolved() {
    let config = config();
    assert_eq!(config.spool_dir, manifest().join("spool"));
    assert_eq!(config.state_dir, manifest().join("state"));
    assert_eq!((config.quiet_ms, config.scan_seconds, config.log.level), (2_000, 60, "info"));
    let profile = &config.profiles["bankingplus"];
    let offset = |text: &str| text.parse::<Offset>().unwrap();
    assert_eq!(profile.services.first.window.cutoff, offset("D-1BD 14:00"));
    assert_eq!(profile.registration.result_due, offset("X+1BD 11:00"));
    assert_eq!(profile.services.first.min_amount_won, Won::new(140));
    assert_eq!(profile.services.first.result, "EB22");
    let academy: CreditorId = "10000001".parse().unwrap();
    let channel = config.channel_of(academy).unwrap();
    assert_eq!((channel.id.as_str(), channel.institution_code.as_str()), ("bankingplus-seoul", "9990001234"));
    assert!(Arc::ptr_eq(&channel.profile, profile));
    assert_eq!(config.creditors_of(&channel.id).count(), 3);
    let creditor = &config.creditors[&academy];
    assert_eq!(creditor.days, ["5", "15", "25", "last"].map(|day| day.parse::<ContractDay>().unwrap()));
    assert_eq!((creditor.items.len(), creditor.groups.len()), (3, 2));
    assert!(config.calendar.covers("2027-12-31".parse().unwrap()).is_ok());
}

#[test]
fn debug_shows_no_personal_number() {
    let shown = format!("{:?}", config());
    for number in ["99990101000001", "9999999997", "02-000-0001", "office@academy"] {
        assert!(!shown.contains(number), "{number}");
    }
}

#[test]
fn banks_are_found_by_alias_and_hana_is_not_its_common_code() {
    let banks = config().banks;
    for (asked, code, name) in [
        ("004", "004", "국민은행"),
        ("079", "004", "국민은행"),
        ("033", "005", "하나은행"),
        ("081", "081", "하나증권 CMA"),
        ("026", "088", "신한은행"),
        ("009", "007", "수협은행"),
        ("069", "030", "수협중앙회"),
        ("289", "247", "NH투자증권"),
    ] {
        let found = banks.find(bank(asked)).unwrap();
        assert_eq!((found.code, found.name.as_str()), (bank(code), name));
    }
    assert!(banks.find(bank("999")).is_none() && !banks.find(bank("054")).unwrap().takes_part);
    let toss = banks.find(bank("092")).unwrap();
    assert!(toss.takes_length_of(&"100000000001".parse().unwrap()));
    assert!(!toss.takes_length_of(&"1000000000012".parse().unwrap()));
}

#[test]
fn templates_make_numbers_of_twenty_bytes_at_most() {
    let creditor: CreditorId = "10000001".parse().unwrap();
    let print = |text: &str, serial| text.parse::<Template>().unwrap().print(creditor, serial);
    assert_eq!(print("{creditor}{mandate:012}", 42).unwrap().as_str(), "10000001000000000042");
    assert_eq!(print("K-{mandate:08}", 42).unwrap().as_str(), "K-00000042");
    assert_eq!(print("{mandate:02}", 99).unwrap().as_str(), "99");
    assert_eq!(print("{mandate:02}", 100), None);
    for text in [
        "",
        "{creditor}",
        "{creditor}{mandate:013}",
        "{mandate:012",
        "{mandate:0}",
        "{mandate:12}",
        "{mandate:021}",
        "{payer}{mandate:05}",
        "{mandate:05}{mandate:05}",
        "가{mandate:05}",
        "a b{mandate:05}",
        "}{mandate:05}",
    ] {
        assert!(text.parse::<Template>().is_err(), "{text:?}");
    }
    assert_eq!(
        "K-{creditor}{mandate:08}".parse::<Template>().unwrap().to_string(),
        "K-{creditor}{mandate:08}"
    );
}

#[test]
fn passbook_texts() {
    for text in ["관리비", "한빛학원구월강료", "ABCDEFGHIJKLMNOP", "A동 관리비", "３월"] {
        assert_eq!(passbook::fits(text), Ok(()), "{text}");
    }
    for text in [
        "한빛학원구월수강료",
        "ABCDEFGHIJKLMNOPQ",
        "똠방각하",
        "관리\u{7}비",
        "₩100",
        "😀",
        "관리비한글일곱A자",
    ] {
        assert!(passbook::fits(text).is_err(), "{text}");
    }
}

#[test]
fn another_judge_of_passbook_texts_may_be_given() {
    let faults = compile_with(&shipped(), |_| Err("is not liked".into())).unwrap_err();
    assert_eq!(faults.total(), 7);
    assert!(faults.kept().iter().all(|fault| fault.name == "passbook-text-not-printable"));
}

#[test]
fn a_file_with_faults_is_not_told_again_by_those_who_name_it() {
    let mut sources = shipped();
    let profile = sources.files.get_mut("profiles/bankingplus.toml").unwrap().as_mut().unwrap();
    *profile = profile.replace("mode = \"full\"", "mode = \"half\"");
    let faults = compile(&sources).unwrap_err();
    assert_eq!(faults.total(), 1, "{faults}");
    assert_eq!(faults.kept()[0].name, "config-value-wrong");
}

#[test]
fn retry_rules() {
    let day = |text: &str| text.parse::<ContractDay>().unwrap();
    let rule = RetryRule { same_month: true, window_months: None, last_regular_day: Some(25) };
    assert!(rule.permits(day("24")) && !rule.permits(day("25")) && !rule.permits(day("last")));
    assert!(
        rule.reaches(day("last"), &[day("5"), day("25")]) && !rule.reaches(day("5"), &[day("5"), day("25")])
    );
    let open = RetryRule { same_month: false, window_months: None, last_regular_day: None };
    assert!(open.permits(day("last")) && open.reaches(day("1"), &[day("last")]));
}

/// What comes in at banks is reminded of, decided and answered in this order, on every banking day.
#[test]
fn the_times_of_applications_follow_one_another() {
    for (key, time, told) in [
        ("arrives", "X+2BD 09:00", "remind_at"),
        ("remind_at", "X+1BD 14:30", "decide_by"),
        ("decide_by", "X+1BD 15:00", "deadline"),
        ("deadline", "X 12:00", "deadline"),
    ] {
        let mut sources = shipped();
        let profile = sources.files.get_mut("profiles/kftc.toml").unwrap().as_mut().unwrap();
        let line =
            profile.lines().find(|line| line.starts_with(&format!("{key} = \"X"))).unwrap().to_string();
        // The deadlines of the other windows stand before: the section begins behind them.
        let at = profile.find("[applications]").unwrap();
        let line = if key == "deadline" { "deadline = \"X+1BD 15:00\"".to_string() } else { line };
        let (before, after) = profile.split_at(at);
        *profile = format!("{before}{}", after.replace(&line, &format!("{key} = \"{time}\"")));
        let faults = compile(&sources).unwrap_err().to_string();
        assert!(faults.contains("window-reversed") && faults.contains(told), "{key}: {faults}");
    }
}

#[test]
fn registration_may_be_turned_round_for_single_banks() {
    let mut sources = shipped();
    let profile = sources.files.get_mut("profiles/bankingplus.toml").unwrap().as_mut().unwrap();
    *profile = profile.replace("send_empty", "registration_exceptions = [\"003\"]\nsend_empty");
    let config = compile(&sources).unwrap();
    let profile = &config.profiles["bankingplus"];
    assert!(profile.registration_needed(bank("004")) && !profile.registration_needed(bank("003")));
}

#[test]
fn an_absent_config_is_a_fault_and_an_unreadable_one_a_trouble() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["config/sunap.toml", "sunap.toml"] {
        match Config::load(&folder.path().join(path)) {
            Err(LoadError::Faults(faults)) => assert_eq!(faults.kept()[0].name, "config-file-missing"),
            other => panic!("{other:?}"),
        }
    }
    std::fs::create_dir(folder.path().join("sunap.toml")).unwrap();
    assert!(matches!(Config::load(&folder.path().join("sunap.toml")), Err(LoadError::Trouble(_))));
}

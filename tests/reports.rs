//! Reports and papers of a whole demo month, through the command line: csv against stored text, xlsx opened again,
//! PDF the same bytes twice.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: the functions outside #[test] too may stop at once"
)]
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests write their own expectations")]

use calamine::{Data, Reader, Xlsx, open_workbook};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn sunap(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    if arguments[0] != "demo" {
        command.arg("--config").arg(dir.join("demo/config/sunap.toml"));
    }
    command.output().unwrap()
}

fn january<'a>(report: &'a str, format: &'a str) -> Vec<&'a str> {
    vec![
        "report",
        report,
        "--creditor",
        "10000001",
        "--from",
        "2026-01-01",
        "--to",
        "2026-01-31",
        "--format",
        format,
    ]
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reports").join(name);
    if std::env::var_os("SUNAP_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name}: SUNAP_BLESS=1 writes it anew");
}

#[test]
fn a_month_is_reported_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let demo = dir.path().join("demo");
    let ran = sunap(dir.path(), &["demo", "--into", demo.to_str().unwrap()]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));

    for report in ["requests", "transactions", "arrears", "failures", "registrations"] {
        let csv = sunap(dir.path(), &january(report, "csv"));
        assert!(csv.status.success(), "{}", String::from_utf8_lossy(&csv.stderr));
        golden(&format!("{report}.csv"), &String::from_utf8(csv.stdout).unwrap());
    }
    // The Korean name is the same report, and a status leaves the others out.
    let mut failed = january("거래내역조회", "json");
    failed.extend(["--status", "이체처리미완료"]);
    let failed = String::from_utf8(sunap(dir.path(), &failed).stdout).unwrap();
    assert!(failed.lines().count() > 1 && !failed.contains("이체처리완료"), "{failed}");
    let day = sunap(dir.path(), &["report", "summary", "--to", "2026-01-05"]);
    golden("summary.txt", &String::from_utf8(day.stdout).unwrap());
    let wrong = sunap(dir.path(), &["report", "nothing", "--creditor", "10000001"]);
    assert_eq!(wrong.status.code(), Some(64));

    sheet_is_typed(dir.path());
    papers_are_repeatable(dir.path());
    papers_are_numbered(dir.path());
    accounts_are_shown_by_order_only(dir.path());
    the_log_is_a_sheet(dir.path());
    papers_carry_the_stamp(dir.path());
}

fn sheet_is_typed(dir: &Path) {
    let bytes: Vec<Vec<u8>> = ["one.xlsx", "two.xlsx"]
        .iter()
        .map(|name| {
            let path = dir.join(name);
            let mut arguments = january("requests", "xlsx");
            arguments.extend(["-o", path.to_str().unwrap()]);
            assert!(sunap(dir, &arguments).status.success());
            std::fs::read(path).unwrap()
        })
        .collect();
    assert!(bytes[0] == bytes[1], "the same rows are the same bytes");
    let mut book: Xlsx<_> = open_workbook(dir.join("one.xlsx")).unwrap();
    let range = book.worksheet_range("이체의뢰조회").unwrap();
    let rows: Vec<&[Data]> = range.rows().collect();
    assert_eq!(rows[0][0], Data::String("출금일".into()));
    assert!(matches!(rows[1][0], Data::DateTime(_)), "{:?}", rows[1][0]);
    assert!(matches!(rows[1][1], Data::String(_)));
    assert!(matches!(&rows[1][6], Data::String(account) if account.starts_with("***")));
    let sum: f64 = rows[1..rows.len() - 1]
        .iter()
        .map(|row| if let Data::Float(won) = row[9] { won } else { -1.0 })
        .sum();
    assert_eq!(rows.last().unwrap()[9], Data::Float(sum));
}

fn papers_are_repeatable(dir: &Path) {
    if !Path::new("/usr/share/fonts/truetype/nanum/NanumGothic.ttf").exists() {
        eprintln!("SKIPPED: install fonts-nanum to make papers");
        return;
    }
    for paper in ["receipt", "bill", "arrears"] {
        let bytes: Vec<Vec<u8>> = ["one", "two"]
            .iter()
            .map(|name| {
                let path = dir.join(format!("{paper}-{name}.pdf"));
                let text = path.to_str().unwrap();
                let made =
                    sunap(dir, &["paper", paper, "--creditor", "10000001", "--all", "--sample", "-o", text]);
                assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
                std::fs::read(path).unwrap()
            })
            .collect();
        assert!(bytes[0].starts_with(b"%PDF-") && bytes[0] == bytes[1], "{paper}");
    }
    let path = dir.join("receipt-one.pdf");
    let Ok(text) = Command::new("pdftotext").args([path.to_str().unwrap(), "-"]).output() else {
        eprintln!("SKIPPED: install poppler-utils to read the papers back");
        return;
    };
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.replace(char::is_whitespace, "").contains("견본") && !text.contains("-2026-0000"), "{text}");
    assert!(text.contains("금 이십오만원정") && text.contains("999-99-99997"), "{text}");
    let refund = dir.join("refund.pdf");
    let refund = refund.to_str().unwrap();
    let none = sunap(dir, &["paper", "refund", "--creditor", "10000001", "--all", "--sample", "-o", refund]);
    assert_eq!(none.status.code(), Some(65), "nobody paid too much");
}

/// Runs a command that gives an order, with a daemon that takes what lies in the inbox and ends, as often as it needs.
fn ordered(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sunap"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.arg("--config").arg(dir.join("demo/config/sunap.toml"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        let ran = sunap(dir, &["run", "--clock", "2026-02-02 09:00", "--until", "2026-02-02 09:01"]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    child.wait_with_output().unwrap()
}

/// The daemon numbers a receipt; printed again it is the same number, marked.
fn papers_are_numbered(dir: &Path) {
    if !Path::new("/usr/share/fonts/truetype/nanum/NanumGothic.ttf").exists() {
        return;
    }
    let print = |name: &str| {
        let path = dir.join(name);
        let arguments = ["paper", "receipt", "--creditor", "10000001", "--payer", "A-0001", "-o"];
        let made = ordered(dir, &[&arguments[..], &[path.to_str().unwrap()]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let said = String::from_utf8(made.stdout).unwrap();
        let read = Command::new("pdftotext").arg(path).arg("-").output();
        (said, read.map(|read| String::from_utf8(read.stdout).unwrap()).ok())
    };
    let (first, page) = print("first.pdf");
    assert!(first.contains("영수증 1매 1쪽, 번호 2026-000001"), "{first}");
    if let Some(page) = page {
        assert!(page.contains("10000001-2026-000001") && !page.contains("재발행"), "{page}");
    }
    let (second, page) = print("second.pdf");
    assert!(second.contains("재발행 2026-000001"), "{second}");
    if let Some(page) = page {
        assert!(page.contains("10000001-2026-000001") && page.contains("재발행 1"), "{page}");
    }
}

/// Accounts are in the clear only after the daemon has journaled who asks and why.
fn accounts_are_shown_by_order_only(dir: &Path) {
    let account = |text: &str| {
        let row = text.lines().find(|line| line.contains("A-0001")).unwrap().to_string();
        row.split(',').nth(6).unwrap().to_string()
    };
    let masked = String::from_utf8(sunap(dir, &january("requests", "csv")).stdout).unwrap();
    assert!(account(&masked).starts_with("***"), "{masked}");
    let mut asked = january("requests", "csv");
    asked.extend(["--reveal", "--reason", "은행 문의"]);
    let shown = ordered(dir, &asked);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown = account(std::str::from_utf8(&shown.stdout).unwrap());
    assert!(shown.bytes().filter(u8::is_ascii_digit).count() > 9, "{shown}");
    let log = sunap(dir, &["log", "--format", "csv"]);
    let log = String::from_utf8(log.stdout).unwrap();
    let line = log.lines().find(|line| line.contains("personal.reveal")).unwrap();
    assert!(line.contains("은행 문의") && line.contains("2026-01-01 ~ 2026-01-31"), "{line}");
    assert!(!log.contains(&shown));
    let nothing = ordered(dir, &["report", "cash", "--creditor", "10000001", "--reveal", "--reason", "x"]);
    assert_eq!(nothing.status.code(), Some(65));
}

/// 로그관리 as a workbook has the rows that it has as csv.
fn the_log_is_a_sheet(dir: &Path) {
    let text = sunap(dir, &["log", "--object", "config", "--format", "csv"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let path = dir.join("log.xlsx");
    let made = sunap(dir, &["log", "--object", "config", "--format", "xlsx", "-o", path.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let name = book.sheet_names()[0].clone();
    let range = book.worksheet_range(&name).unwrap();
    assert!(range.height() > 3);
    assert_eq!(range.height(), text.lines().count());
}

/// 직인 (F05): on the paper where it is; where its file is missing the paper is made without, and it is told.
fn papers_carry_the_stamp(dir: &Path) {
    if !Path::new("/usr/share/fonts/truetype/nanum/NanumGothic.ttf").exists() {
        return;
    }
    let creditor = dir.join("demo/config/creditors/10000001.toml");
    let text = std::fs::read_to_string(&creditor).unwrap();
    let with = text.replacen("[base]", "[base]\nstamp = \"stamp.png\"", 1);
    std::fs::write(&creditor, with).unwrap();
    let print = |name: &str| {
        let path = dir.join(name);
        let out = path.to_str().unwrap();
        let words =
            ["paper", "receipt", "--creditor", "10000001", "--payer", "A-0001", "--sample", "-o", out];
        let made = sunap(dir, &words);
        let told = String::from_utf8(made.stderr).unwrap();
        assert!(made.status.success(), "{told}");
        let images = Command::new("pdfimages").arg("-list").arg(path).output();
        (told, images.map(|images| String::from_utf8(images.stdout).unwrap().lines().count()).ok())
    };
    let (told, images) = print("without.pdf");
    assert!(told.contains("no stamp creditors/stamp.png"), "{told}");
    assert!(images.is_none_or(|lines| lines == 2), "only the heading of the list");
    let stamp = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stamp.png");
    std::fs::copy(stamp, dir.join("demo/config/creditors/stamp.png")).unwrap();
    let (told, images) = print("with.pdf");
    assert!(!told.contains("stamp"), "{told}");
    assert!(images.is_none_or(|lines| lines > 2), "the stamp");
}

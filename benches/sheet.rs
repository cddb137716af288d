//! The workbook of a creditor, and what reading it costs at least: calamine and one INSERT a row, nothing checked.
//!
//! ```text
//! sheet make FILE N        a list of N invented mandates as .xlsx
//! sheet peer FILE DB       reads it with calamine and inserts the rows into a new database, one transaction
//! sheet                    both, with 10,000 rows: what `cargo bench` runs; `benches/workbook.py` has the daemon's part
//! ```

mod common;

use calamine::{Data, Reader, Xlsx};
use common::{Said, Watch};
use rusqlite::{Connection, params_from_iter};
use rust_xlsxwriter::Workbook;
use std::fs;
use std::io::Cursor;
use std::path::Path;

const HEAD: [&str; 15] = [
    "고객번호",
    "고객명",
    "휴대번호",
    "이메일",
    "집금항목코드",
    "건당출금한도",
    "월이체금액",
    "최초이체년월",
    "최종이체년월",
    "이체예정일",
    "이체은행",
    "계좌번호",
    "예금주명",
    "생년월일/사업자번호",
    "그룹코드",
];

fn main() -> Result<(), Said> {
    let arguments = common::arguments();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", file, n] => make(Path::new(file), n.parse()?),
        ["peer", file, db] => peer(Path::new(file), Path::new(db)),
        [] => {
            let folder = std::env::temp_dir().join(format!("sunap-bench-sheet-{}", std::process::id()));
            fs::create_dir(&folder)?;
            let (file, db) = (folder.join("mandates.xlsx"), folder.join("peer.db"));
            let mut watch = Watch::start()?;
            make(&file, 10_000)?;
            watch.tell("make 10,000 rows")?;
            peer(&file, &db)?;
            watch.tell("calamine and SQLite alone")?;
            Ok(fs::remove_dir_all(&folder)?)
        }
        _ => Err("make FILE N | peer FILE DB".into()),
    }
}

fn make(file: &Path, n: u32) -> Result<(), Said> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    for (column, text) in (0_u16..).zip(HEAD) {
        sheet.write_string(0, column, text)?;
    }
    for nth in 1..=n {
        let (payer, account) = (format!("X-{nth:06}"), format!("110230{nth:08}"));
        let cells = [
            &payer,
            "홍길동",
            "",
            "",
            "TUITION",
            "500000",
            "200000",
            "2099-01",
            "",
            "15",
            "004",
            &account,
            "홍길동",
            "900101",
            "",
        ];
        for (column, text) in (0_u16..).zip(cells) {
            sheet.write_string(nth, column, text)?;
        }
    }
    Ok(book.save(file)?)
}

fn peer(file: &Path, db: &Path) -> Result<(), Said> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(fs::read(file)?))?;
    let name = book.sheet_names().first().cloned().ok_or("no sheet")?;
    let range = book.worksheet_range(&name)?;
    let mut sql = Connection::open(db)?;
    sql.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
    let columns: Vec<String> = (0..HEAD.len()).map(|nth| format!("c{nth} TEXT")).collect();
    sql.execute_batch(&format!("CREATE TABLE mandate (id INTEGER PRIMARY KEY, {})", columns.join(", ")))?;
    let tx = sql.transaction()?;
    {
        let marks = vec!["?"; HEAD.len()].join(", ");
        let mut insert = tx.prepare(&format!("INSERT INTO mandate VALUES (NULL, {marks})"))?;
        for row in range.rows().skip(1) {
            let cells = row.iter().map(|cell| match cell {
                Data::String(text) => text.clone(),
                other => other.to_string(),
            });
            insert.execute(params_from_iter(cells))?;
        }
    }
    Ok(tx.commit()?)
}

//! Workbooks through the child process: what comes out as rows, and what is refused. The child is the real binary.
#![cfg(test)]

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::path::Path;
use sunap::intake::mandates::{self, BankName, ParseFacts};
use sunap::intake::{Kind, read_sheet};
use sunap::rules::Refused;
use sunap::sheet::{Unread, to_csv};

fn csv(bytes: Vec<u8>) -> Result<String, String> {
    match to_csv(Path::new(env!("CARGO_BIN_EXE_sunap")), "mandates.xlsx", bytes) {
        Ok(sheet) => Ok(String::from_utf8(sheet.csv).unwrap().trim_start_matches('\u{feff}').into()),
        Err(Unread::Faults(faults)) => Err(faults.to_string()),
        Err(Unread::Trouble(trouble)) => panic!("{trouble}"),
    }
}

fn book(sheets: &[&str]) -> Workbook {
    let mut book = Workbook::new();
    for name in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).unwrap();
        sheet.write_string(0, 0, "고객번호").unwrap().write_string(0, 1, "a,\"b").unwrap();
        sheet.write_string(2, 0, "=1+1").unwrap().write_string(2, 1, "00123").unwrap();
        sheet.write_number(3, 0, 110_234.0).unwrap().write_number(3, 1, 1.102_345_678_901_234e17).unwrap();
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let date = ExcelDateTime::from_ymd(2026, 1, 5).unwrap();
        sheet.write_datetime_with_format(4, 0, &date, &day).unwrap().write_boolean(4, 1, true).unwrap();
    }
    book
}

#[test]
fn cells_come_as_a_person_sees_them_and_rows_keep_their_numbers() {
    let text = csv(book(&["고객"]).save_to_buffer().unwrap()).unwrap();
    let expected = "\"고객번호\",\"a,\"\"b\"\n\n\"=1+1\",\"00123\"\n\"110234\",\"1.102345678901234E+17\"\n\
                    \"2026-01-05\",\"TRUE\"\n";
    assert_eq!(text, expected);
}

#[test]
fn the_guide_sheet_does_not_count_but_a_second_list_does() {
    assert!(csv(book(&["고객", "안내"]).save_to_buffer().unwrap()).is_ok());
    let told = csv(book(&["고객", "해지"]).save_to_buffer().unwrap()).unwrap_err();
    assert!(told.contains("list-is-spreadsheet") && told.contains("more than one sheet"), "{told}");
}

#[test]
fn damaged_books_and_bombs_are_faults_of_the_file() {
    let whole = book(&["고객"]).save_to_buffer().unwrap();
    for cut in [4, 100, whole.len() / 2, whole.len() - 1] {
        assert!(csv(whole[..cut].to_vec()).unwrap_err().contains("list-is-spreadsheet"), "{cut}");
    }
    assert!(csv(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 no book".to_vec()).is_err());
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    bomb.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), 64 << 20), &mut bomb).unwrap();
    let told = csv(bomb.finish().unwrap().into_inner()).unwrap_err();
    assert!(told.contains("압축 폭탄"), "{told}");
}

fn taken_or_why(parsed: Result<mandates::MandateRow, Vec<Refused>>) -> String {
    match parsed {
        Ok(_) => "taken".to_string(),
        Err(refused) => {
            let told = refused.iter().map(|r| format!("{} {}", r.name.word(), r.detail));
            told.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Rows of mandates, and what Excel did to them.
fn harmed() -> Vec<u8> {
    let headings = [
        "고객번호",
        "고객명",
        "휴대번호",
        "집금항목코드",
        "건당출금한도",
        "월이체금액",
        "최초이체년월",
        "이체예정일",
        "이체은행",
        "계좌번호",
        "예금주명",
        "생년월일/사업자번호",
    ];
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (column, heading) in (0_u16..).zip(headings) {
        sheet.write_string(0, column, heading).unwrap();
    }
    let good = [
        "A-1",
        "홍길동",
        "010-0000-0000",
        "TUITION",
        "100000",
        "50000",
        "2026-01",
        "5",
        "004",
        "123456789012",
        "홍길동",
        "900101",
    ];
    for row in 1..=12 {
        for (column, text) in (0_u16..).zip(good) {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    // Amounts and days in number cells lose nothing.
    sheet.write_number(2, 4, 100_000.0).unwrap().write_number(2, 7, 5.0).unwrap();
    // 12 digits, and the bank has 14, too; 14 digits, the longest it has; 9 digits, which it has not; 16 digits.
    sheet.write_number(3, 9, 123_456_789_012.0).unwrap().write_number(4, 9, 12_345_678_901_234.0).unwrap();
    sheet.write_number(5, 9, 123_456_789.0).unwrap().write_number(6, 9, 1_234_567_890_123_456.0).unwrap();
    // A payer's number, as digits and as a day.
    sheet.write_number(7, 0, 1001.0).unwrap();
    let march = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    sheet.write_datetime_with_format(8, 0, &march, &day).unwrap();
    // 900101 and a business number cannot have lost a zero, 50101 has; an account and a month that became days; a phone.
    sheet.write_number(9, 11, 900_101.0).unwrap().write_number(10, 11, 50_101.0).unwrap();
    sheet.write_datetime_with_format(11, 9, &march, &day).unwrap();
    sheet.write_datetime_with_format(11, 6, &march, &day).unwrap();
    sheet.write_number(12, 2, 1_000_000_000.0).unwrap();
    workbook.save_to_buffer().unwrap()
}

/// What Excel did to numbers is told by cell, also where what is left would pass: a zero may be lost wherever a longer number exists.
#[test]
fn numbers_that_may_have_lost_zeros_are_told_by_cell() {
    let read = to_csv(Path::new(env!("CARGO_BIN_EXE_sunap")), "mandates.xlsx", harmed()).unwrap();
    let list = read_sheet("mandates.xlsx", Kind::Mandates, &read.csv, read.kinds).unwrap();
    let bank = |_: &str| Some(BankName { code: "004".parse().unwrap(), account_lengths: vec![10, 12, 14] });
    let told: Vec<String> =
        list.rows().map(|row| taken_or_why(mandates::parse(row, &ParseFacts { bank: &bank }))).collect();
    let expected = [
        "taken",
        "taken",
        "NUMBER_CELL J4 셀, 12자리, 이 은행의 계좌번호는 14자리까지",
        "taken",
        "NUMBER_CELL J6 셀, 9자리, 이 은행의 계좌번호는 14자리까지",
        "EXCEL_EXPONENT J7 셀",
        "NUMBER_CELL A8 셀",
        "EXCEL_DATE A9 셀",
        "taken",
        "LEADING_ZERO_LOST L11 셀",
        "EXCEL_DATE J12 셀; EXCEL_DATE G12 셀",
        "LEADING_ZERO_LOST C13 셀",
    ];
    assert_eq!(told, expected);
}

/// Old workbooks (.xls), as LibreOffice writes them: what is text stays, and what became a number is told by cell.
#[test]
fn old_workbooks_are_read_as_the_new_ones() {
    let told = |name: &str| -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sheets").join(name);
        let program = Path::new(env!("CARGO_BIN_EXE_sunap"));
        let read = to_csv(program, name, std::fs::read(path).unwrap()).unwrap();
        let list = read_sheet(name, Kind::Mandates, &read.csv, read.kinds).unwrap();
        let bank =
            |_: &str| Some(BankName { code: "004".parse().unwrap(), account_lengths: vec![10, 12, 14] });
        list.rows().map(|row| taken_or_why(mandates::parse(row, &ParseFacts { bank: &bank }))).collect()
    };
    assert_eq!(told("mandates-text.xls"), ["taken", "taken"]);
    let [first, second] = told("mandates-numbers.xls").try_into().unwrap();
    assert!(first.contains("NUMBER_CELL J2 셀, 11자리"), "{first}");
    assert!(
        second.contains("NUMBER_CELL J3 셀, 12자리") && second.contains("LEADING_ZERO_LOST L3 셀"),
        "{second}"
    );
}

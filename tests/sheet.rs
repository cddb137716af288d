//! Workbooks through the child process: what comes out as rows, and what is refused. The child is the real binary.
#![cfg(test)]

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::path::Path;
use sunap::sheet::{Unread, to_csv};

fn csv(bytes: Vec<u8>) -> Result<String, String> {
    match to_csv(Path::new(env!("CARGO_BIN_EXE_sunap")), "mandates.xlsx", bytes) {
        Ok(text) => Ok(String::from_utf8(text).unwrap().trim_start_matches('\u{feff}').into()),
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

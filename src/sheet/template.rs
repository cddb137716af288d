//! The sheet that a creditor fills in: the columns of one kind of list, choices to pick from, a guide page with an example.
//!
//! All cells are text, so that no spreadsheet turns an account into 1.1E+11 or drops a zero. The example stands on the guide page
//! and not in the list, where it would be registered. The reader leaves 안내 and 목록 out (`child`).
//!
//! Must not: know a creditor; choices are handed in.

use super::child::BESIDE;
use crate::fault::Trouble;
use crate::intake::Kind;
use crate::intake::columns::{Column, Content, Need, of_kind};
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign,
    FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};

/// So many rows have choices; more may be filled in.
const ROWS: u32 = 5_000;

/// What may stand in the columns of one creditor, as it is offered there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// 집금항목: code and name.
    pub items: Vec<(String, String)>,
    /// Groups: code and name.
    pub groups: Vec<(String, String)>,
    /// Banks that take part: name and code.
    pub banks: Vec<(String, String)>,
    /// 이체예정일 of the contract.
    pub days: Vec<String>,
    /// 출금구분, where the channel offers more than one.
    pub services: Vec<String>,
    /// 출금형태, where the channel offers more than one.
    pub modes: Vec<String>,
}

/// Headings with an example of their own; where codes are chosen, the first choice is the example.
const EXAMPLES: [(&str, &str); 26] = [
    ("고객번호", "A-0001"),
    ("납부자번호", "A-0001"),
    ("고객명", "홍길동"),
    ("휴대번호", "010-0000-0000"),
    ("집금항목코드", "TUITION"),
    ("건당출금한도", "300000"),
    ("월이체금액", "150000"),
    ("최초이체년월", "2026-01"),
    ("이체예정일", "5"),
    ("이체은행", "088"),
    ("계좌번호", "110-123-456789"),
    ("예금주명", "홍길동"),
    ("생년월일/사업자번호", "900101"),
    ("사유", "이사"),
    ("현재건후", "Y"),
    ("청구년월", "2026-01"),
    ("금액", "150000"),
    ("의뢰", "Y"),
    ("수납일", "2026-01-12"),
    ("영수증번호", "R-0001"),
    ("구분", ""),
    ("미납합산", "합산"),
    ("정지시작년월", "2026-03"),
    ("정지종료년월", "2026-05"),
    ("비고", ""),
    ("처리구분", ""),
];

/// Words of a kind's columns that can be picked.
fn words(kind: Kind, heading: &str) -> &'static [&'static str] {
    match (kind, heading) {
        (_, "재처리제외" | "현재건후" | "의뢰" | "미납") => &["Y", "N"],
        (Kind::Payers, "처리구분") => &["신규", "변경"],
        (Kind::Mandates, "처리구분") => &["신규", "변경", "재신청"],
        (Kind::Cash, "구분") => &["수납", "취소"],
        (Kind::Charges, "구분") => &["변경", "추가", "취소"],
        (_, "동의유형") => &["서면", "공동인증", "전자서명", "녹취", "ARS", "기타"],
        (_, "미납합산") => &["합산", "제외", "확인"],
        _ => &[],
    }
}

/// The choices of a column.
fn choices_of(kind: Kind, heading: &str, choices: &Choices) -> Vec<String> {
    let codes = |pairs: &[(String, String)]| pairs.iter().map(|(code, _)| code.clone()).collect();
    match heading {
        "집금항목코드" => codes(&choices.items),
        "그룹코드" => codes(&choices.groups),
        "이체은행" => codes(&choices.banks),
        "이체예정일" if matches!(kind, Kind::Payers | Kind::Mandates) => choices.days.clone(),
        "출금구분" => choices.services.clone(),
        "출금형태" => choices.modes.clone(),
        heading => words(kind, heading).iter().map(|word| (*word).to_string()).collect(),
    }
}

/// The example of a column; empty where none is needed.
pub fn example(kind: Kind, column: &Column, choices: &Choices) -> String {
    let chosen = choices_of(kind, column.heading, choices);
    let given = EXAMPLES.iter().find(|(heading, _)| *heading == column.heading).map_or("", |(_, text)| text);
    match (column.need, chosen.first()) {
        (Need::Required, Some(first)) if !chosen.iter().any(|word| word == given) => first.clone(),
        _ => given.to_string(),
    }
}

/// The workbook's bytes; the same choices give the same bytes.
pub fn template(kind: Kind, choices: &Choices) -> Result<Vec<u8>, Trouble> {
    make(kind, choices).map_err(|error| Trouble::new("write a template", error))
}

fn make(kind: Kind, choices: &Choices) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title(kind.ko()).set_creation_datetime(&made));
    let lists = Lists::new(kind, choices);
    list_sheet(workbook.add_worksheet(), kind, &lists)?;
    guide_sheet(workbook.add_worksheet(), kind, choices)?;
    lists.write(workbook.add_worksheet(), choices)?;
    workbook.save_to_buffer()
}

fn heading(color: u32) -> Format {
    text_format()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(color))
}

/// Text, whatever is typed.
fn text_format() -> Format {
    Format::new().set_font_name("맑은 고딕").set_font_size(10).set_num_format("@")
}

/// A4, landscape, one page wide.
fn for_print(sheet: &mut Worksheet) {
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
}

/// The sheet to fill in.
fn list_sheet(sheet: &mut Worksheet, kind: Kind, lists: &Lists) -> Result<(), XlsxError> {
    sheet.set_name(kind.ko().replace('·', " "))?;
    sheet.set_freeze_panes(1, 0)?;
    for_print(sheet);
    let (must, may) = (heading(0xFF_E6_99), heading(0xD9_E1_F2));
    for (nth, column) in (0_u16..).zip(of_kind(kind)) {
        sheet.set_column_width(nth, f64::from(width(column)))?;
        sheet.set_column_format(nth, &text_format())?;
        let format = if column.need == Need::Required { &must } else { &may };
        sheet.write_string_with_format(0, nth, column.heading, format)?;
        if let Some(range) = lists.range(column.heading) {
            let pick = DataValidation::new()
                .allow_list_formula(Formula::new(range))
                .set_error_style(DataValidationErrorStyle::Warning)
                .set_error_title("목록에 없는 값입니다")?
                .set_error_message("'목록' 시트에 있는 값을 고르십시오.")?;
            sheet.add_data_validation(1, nth, ROWS, nth, &pick)?;
        }
    }
    Ok(())
}

fn width(column: &Column) -> u16 {
    let wanted = match column.content {
        Content::Account | Content::Identity => 20,
        Content::Text | Content::Code | Content::Number | Content::Phone => {
            u16::try_from(column.max_chars.min(24)).unwrap_or(24)
        }
    };
    let heading = u16::try_from(column.heading.chars().count().saturating_mul(2)).unwrap_or(24);
    wanted.clamp(heading.saturating_add(2), 26.max(heading))
}

/// Words to a person before the first row.
const RULES: [&str; 6] = [
    "첫 번째 시트에 한 줄에 한 건씩 적어, 이름을 그대로 두거나 뒤를 덧붙여(예: {} 2026-01.xlsx) inbox에 넣으십시오.",
    "노란 제목은 꼭 써야 하는 칸입니다. 제목은 고치지 마십시오. 쓰지 않는 칸의 열은 지워도 됩니다.",
    "모든 칸은 텍스트 서식입니다. 다른 파일에서 붙일 때는 '값만' 붙이십시오. 번호의 앞자리 0이 빠진 줄은 받지 않습니다.",
    "고를 수 있는 칸에는 화살표가 있습니다. 값의 뜻은 '목록' 시트에 있습니다.",
    "주민등록번호는 어느 칸에도 쓰지 마십시오. 그 줄은 받지 않습니다.",
    "답은 outbox에 옵니다: 결과, 사유, 조치가 덧붙은 같은 목록입니다. 고쳐서 그대로 다시 넣을 수 있습니다.",
];

/// The guide page.
fn guide_sheet(sheet: &mut Worksheet, kind: Kind, choices: &Choices) -> Result<(), XlsxError> {
    sheet.set_name(BESIDE[0])?;
    for_print(sheet);
    let (plain, bold) = (text_format(), text_format().set_bold().set_font_size(14));
    let wrapped = text_format().set_text_wrap().set_align(FormatAlign::Top).set_border(FormatBorder::Thin);
    sheet.write_string_with_format(0, 0, format!("{} 작성 안내", kind.ko()), &bold)?;
    let mut row = 2;
    for rule in RULES {
        sheet.write_string_with_format(row, 0, rule.replace("{}", kind.word()), &plain)?;
        row += 1;
    }
    row += 1;
    for (nth, (title, width)) in
        (0_u16..).zip([("제목", 24), ("필수", 8), ("무엇을 쓰는가", 52), ("보기", 20), ("English", 60)])
    {
        sheet.set_column_width(nth, f64::from(width))?;
        sheet.write_string_with_format(row, nth, title, &heading(0xD9_E1_F2))?;
    }
    for column in of_kind(kind) {
        row += 1;
        let name = match column.alias {
            "" => column.heading.to_string(),
            alias => format!("{} ({alias})", column.heading),
        };
        let need = if column.need == Need::Required { "필수" } else { "" };
        let example = example(kind, column, choices);
        for (nth, text) in (0_u16..).zip([name.as_str(), need, column.ko, &example, column.en]) {
            sheet.write_string_with_format(row, nth, text, &wrapped)?;
        }
    }
    Ok(())
}

/// What stands on 목록: a column of choices for each heading that has some.
struct Lists {
    columns: Vec<(&'static str, Vec<String>)>,
}

impl Lists {
    fn new(kind: Kind, choices: &Choices) -> Self {
        let columns = of_kind(kind).iter();
        let columns = columns.map(|column| (column.heading, choices_of(kind, column.heading, choices)));
        Self { columns: columns.filter(|(_, words)| !words.is_empty()).collect() }
    }

    /// Where the choices of a heading stand, for a formula.
    fn range(&self, heading: &str) -> Option<String> {
        let (nth, words) = (0_u8..).zip(&self.columns).find(|(_, (name, _))| *name == heading)?;
        // Two columns each: the value, and what it means. At most 13 headings have choices.
        let letter = char::from(b'A'.checked_add(nth.checked_mul(2)?)?);
        Some(format!("={}!${letter}$2:${letter}${}", BESIDE[1], words.1.len().saturating_add(1)))
    }

    fn write(&self, sheet: &mut Worksheet, choices: &Choices) -> Result<(), XlsxError> {
        sheet.set_name(BESIDE[1])?;
        let plain = text_format();
        for (nth, (title, words)) in (0_u16..).map(|n| n * 2).zip(&self.columns) {
            sheet.set_column_width(nth, 14)?;
            sheet.set_column_width(nth + 1, 20)?;
            sheet.write_string_with_format(0, nth, *title, &heading(0xD9_E1_F2))?;
            let meanings = match *title {
                "집금항목코드" => choices.items.as_slice(),
                "그룹코드" => choices.groups.as_slice(),
                "이체은행" => choices.banks.as_slice(),
                _ => &[],
            };
            for (row, word) in (1_u32..).zip(words) {
                sheet.write_string_with_format(row, nth, word, &plain)?;
                if let Some((_, meaning)) = meanings.iter().find(|(code, _)| code == word) {
                    sheet.write_string_with_format(row, nth + 1, meaning, &plain)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::child;
    use super::*;
    use crate::intake::kinds::Kinds;
    use crate::intake::{List, mandates, read_sheet};
    use crate::rules::Refused;

    fn choices() -> Choices {
        let pair = |code: &str, name: &str| (code.to_string(), name.to_string());
        Choices {
            items: vec![pair("TUITION", "수강료"), pair("BOOK", "교재비")],
            groups: vec![pair("M1", "월수금반")],
            banks: vec![pair("088", "신한은행")],
            days: vec!["5".to_string(), "25".to_string()],
            ..Choices::default()
        }
    }

    /// The template as the intake reads it, with a row of examples as a person would type it.
    fn filled_in(kind: Kind) -> List {
        let mut text = Vec::new();
        child::translate(template(kind, &choices()).unwrap().as_slice(), &mut text).unwrap();
        let csv = super::super::SheetText::of(text).unwrap().csv;
        let row: Vec<String> = of_kind(kind).iter().map(|c| example(kind, c, &choices())).collect();
        let csv = [csv.as_slice(), row.join(",").as_bytes(), b"\n"].concat();
        read_sheet("template.xlsx", kind, &csv, Kinds::default()).unwrap()
    }

    #[test]
    fn every_template_reads_back_with_all_its_columns_and_its_example() {
        for kind in Kind::ALL {
            let list = filled_in(kind);
            assert_eq!(list.rows().count(), 1, "{kind:?}");
            let lacks: Vec<&str> = of_kind(kind)
                .iter()
                .filter(|c| c.need == Need::Required && example(kind, c, &choices()).is_empty())
                .map(|c| c.heading)
                .collect();
            assert!(lacks.is_empty(), "{kind:?}: no example of {lacks:?}");
        }
    }

    #[test]
    fn the_example_of_a_mandate_is_accepted() {
        let list = filled_in(Kind::Mandates);
        let bank = |_: &str| {
            Some(mandates::BankName { code: "088".parse().unwrap(), account_lengths: vec![11, 12] })
        };
        let facts = mandates::ParseFacts { bank: &bank };
        let parsed: Vec<Result<_, Vec<Refused>>> =
            list.rows().map(|row| mandates::parse(row, &facts)).collect();
        assert!(parsed.iter().all(Result::is_ok), "{parsed:?}");
    }

    #[test]
    fn the_same_choices_give_the_same_bytes() {
        assert!(template(Kind::Cash, &choices()).unwrap() == template(Kind::Cash, &choices()).unwrap());
    }
}

//! The columns of every kind of list: heading, whether it must be there, what may stand in it. One table per kind;
//! `docs/lists.md` shows them and a test holds the two together (product.md F14, F16-F18).
//!
//! Columns are matched by name, in any order. A heading that no table knows is a fault, so that a misspelt column is
//! never silently left out.

use super::Kind;

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The heading must be there and every row must have a value.
    Required,
    /// The heading may be missing: what is known already stays. Where it is there, an empty cell empties the value.
    Optional,
}

/// What stands in a column, as far as it needs care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Free text.
    Text,
    /// A code, day or amount.
    Code,
    /// A number that a creditor gives (납부자번호): digits with zeros at the front, letters.
    Number,
    /// A telephone number.
    Phone,
    /// An account number.
    Account,
    /// A birth date or business number.
    Identity,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The heading; blanks in it do not count.
    pub heading: &'static str,
    /// Another heading that is taken for it; empty where there is none.
    pub alias: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// What stands in it.
    pub content: Content,
    /// The most characters that a cell may have.
    pub max_chars: usize,
    /// What to write, in Korean, with an example.
    pub ko: &'static str,
    /// What it is, in English.
    pub en: &'static str,
}

impl Column {
    /// Whether a heading of a file names this column.
    pub fn is_called(&self, heading: &str) -> bool {
        let plain: String = heading.chars().filter(|c| !c.is_whitespace()).collect();
        plain == self.heading || (!self.alias.is_empty() && plain == self.alias)
    }
}

/// The headings that our answers add. A creditor may correct an answer file and drop it again: they are then left out.
pub const ANSWER_HEADINGS: [&str; 3] = ["결과", "사유", "조치"];

/// The headings of a proposal (의뢰 예정 목록) that only tell: the sheet comes back as a request, and they are left out.
pub const PROPOSAL_HEADINGS: [&str; 7] =
    ["납부자명", "이달금액", "미납금액", "미납월수", "합계", "제외사유", "주의"];

/// The same of the list of a month's charges (청구 목록), which comes back as `charges*`.
pub const MONTH_HEADINGS: [&str; 5] = ["납부자명", "이체예정일", "월이체금액", "제외사유", "주의"];

/// The headings of a kind that only tell, in sheets that we gave: they are left out.
pub const fn told(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Request => &PROPOSAL_HEADINGS,
        Kind::Charges => &MONTH_HEADINGS,
        _ => &[],
    }
}

/// The columns of a kind, in the order of the guide.
pub const fn of_kind(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Payers => PAYERS,
        Kind::Mandates => MANDATES,
        Kind::Cancel => CANCEL,
        Kind::Request => REQUEST,
        Kind::Retry => RETRY,
        Kind::Cash => CASH,
        Kind::Charges => CHARGES,
        Kind::Terms => TERMS,
    }
}

const fn must(
    heading: &'static str,
    content: Content,
    max_chars: usize,
    ko: &'static str,
    en: &'static str,
) -> Column {
    Column { heading, alias: "", need: Need::Required, content, max_chars, ko, en }
}

const fn may(
    heading: &'static str,
    content: Content,
    max_chars: usize,
    ko: &'static str,
    en: &'static str,
) -> Column {
    Column { heading, alias: "", need: Need::Optional, content, max_chars, ko, en }
}

const fn or(column: Column, alias: &'static str) -> Column {
    Column { alias, ..column }
}

use Content::{Account, Code, Identity, Number, Phone, Text};

const ITEM: Column = must("집금항목코드", Code, 10, "대행사와 정한 집금항목의 코드", "charge item");
const PAYER: Column =
    or(must("납부자번호", Number, 30, "이용기관이 정한 고객번호", "payer number"), "고객번호");
const MONTH: Column = must("청구년월", Code, 30, "2026-01", "month that is owed");
const AMOUNT: Column =
    may("금액", Code, 20, "50000 또는 50,000, 비우면 남은 금액", "amount in won; empty takes what is open");
const DEBIT_DATE: Column = may(
    "이체예정일",
    Code,
    30,
    "2026-01-05, 비우면 다음 가능 이체일",
    "debit date; empty takes the next possible one",
);

const SERVICE: Column = may(
    "출금구분",
    Code,
    10,
    "익일 또는 당일, 비우면 약정된 구분",
    "debit service: next-day or same-day, as the channel has them; empty is the agreed one",
);

const NUMBER: Column = or(
    must("고객번호", Number, 30, "이용기관이 정한 번호, 같은 번호는 한 고객", "payer number"),
    "납부자번호",
);
const NAME: Column = must("고객명", Text, 40, "홍길동", "payer's name");
const CLASS: Column = may("고객구분", Text, 20, "자유", "class");
const GRADE: Column = may("고객등급", Text, 20, "자유", "grade");
const HEAD: Column = may("대표자명", Text, 40, "자유", "representative");
const TELEPHONE: Column = may("전화번호", Phone, 20, "02-000-0000", "telephone");
const MOBILE: Column = may("휴대번호", Phone, 20, "010-0000-0000", "mobile phone");
const EMAIL: Column = may("이메일", Text, 80, "name@example.com", "e-mail");
const TRADE: Column = may("업종", Text, 40, "자유", "trade");
const JOINED: Column = may("최초가입일", Text, 20, "자유", "first joined");
const REGION: Column = may("지역구분", Text, 20, "자유", "region");
const POSTCODE: Column = may("우편번호", Text, 10, "자유", "postcode");
const ADDRESS: Column = may("주소", Text, 100, "자유", "address");
const DETAIL: Column = may("상세주소", Text, 100, "자유", "address detail");
const LAST_MONTH: Column = may("최종이체년월", Code, 30, "2026-12, 비우면 계속", "last month; empty runs on");
const KEEPER: Column = may("관리자명", Text, 40, "자유", "who looks after the payer");
const REGISTRAR: Column = may("등록자", Text, 40, "자유", "who registered");
const GROUP: Column = may("그룹코드", Code, 10, "대행사와 정한 그룹의 코드", "group");

const PAYERS: &[Column] = &[
    NUMBER,
    NAME,
    CLASS,
    GRADE,
    may(
        "사업자(생년월일)번호",
        Identity,
        14,
        "생년월일 6자리 또는 사업자등록번호 10자리, 확인만 하고 보관하지 않음",
        "payer's birth date or business number; checked, not kept",
    ),
    HEAD,
    TELEPHONE,
    MOBILE,
    EMAIL,
    TRADE,
    JOINED,
    REGION,
    POSTCODE,
    ADDRESS,
    DETAIL,
    KEEPER,
    REGISTRAR,
    GROUP,
    may(
        "집금항목코드",
        Code,
        10,
        "달마다 청구할 항목, 비우면 고객 자료만",
        "charge item that is charged each month; empty: the payer's data only",
    ),
    may(
        "월이체금액",
        Code,
        20,
        "50000, 집금항목코드를 쓰면 필수",
        "owed each month, won; required with an item",
    ),
    may("최초이체년월", Code, 30, "2026-01, 집금항목코드를 쓰면 필수", "first month; required with an item"),
    LAST_MONTH,
    may(
        "이체예정일",
        Code,
        30,
        "5, 25, 말일 가운데 계약된 날(납부기한), 집금항목코드를 쓰면 필수",
        "contract day, by which the bill is due; required with an item",
    ),
    may("처리구분", Code, 10, "비움, 신규, 변경", "empty, new, or edit"),
];

const MANDATES: &[Column] = &[
    NUMBER,
    NAME,
    CLASS,
    GRADE,
    may(
        "사업자(생년월일)번호",
        Identity,
        14,
        "예금주 칸이 비었을 때만 쓰고 보관하지 않음",
        "payer's birth date or business number; used only where the holder's is empty, not kept",
    ),
    HEAD,
    TELEPHONE,
    MOBILE,
    EMAIL,
    TRADE,
    JOINED,
    REGION,
    POSTCODE,
    ADDRESS,
    DETAIL,
    ITEM,
    must("건당출금한도", Code, 20, "100000", "most that one debit may take, won"),
    must("월이체금액", Code, 20, "50000, 건당출금한도 이하", "owed each month, won; at most the limit"),
    must("최초이체년월", Code, 30, "2026-01", "first month"),
    LAST_MONTH,
    must("이체예정일", Code, 30, "5, 25, 말일 가운데 계약된 날", "contract day"),
    must("이체은행", Code, 20, "은행명 또는 코드 3자리 (국민은행, 004)", "bank: name or three-digit code"),
    must("계좌번호", Account, 20, "숫자와 하이픈, 엑셀에서는 텍스트 서식", "account number"),
    must("예금주명", Text, 40, "통장의 이름", "account holder"),
    may(
        "생년월일/사업자번호",
        Identity,
        14,
        "예금주의 생년월일 6자리(900101) 또는 사업자등록번호 10자리",
        "account holder's birth date (YYMMDD) or business number",
    ),
    KEEPER,
    REGISTRAR,
    GROUP,
    may("재처리제외", Code, 5, "Y이면 자동 재처리를 하지 않음", "Y: no automatic retry"),
    SERVICE,
    may(
        "출금형태",
        Code,
        10,
        "비움(대행사 기본), 1 또는 전액, 0 또는 부분, 2~6 또는 1000원~5000원 단위 부분",
        "empty, or what may be taken when the balance is short: 1 all or nothing, 0 any part, 2-6 steps of 1,000-5,000 won",
    ),
    may("동의일자", Code, 30, "2026-01-05, 출금동의를 받은 날", "day of the payer's consent"),
    may(
        "동의유형",
        Code,
        10,
        "서면, 공동인증, 전자서명, 녹취, ARS, 기타 가운데 하나, 비우면 증빙 파일의 종류대로",
        "how the payer consented: on paper, by certified or other signature, recorded, by ARS, otherwise; empty: as the evidence file is",
    ),
    may(
        "처리구분",
        Code,
        10,
        "비움, 신규, 변경, 재신청",
        "empty, new, edit, or again (apply again with the same data)",
    ),
];

const CANCEL: &[Column] = &[
    PAYER,
    ITEM,
    may("사유", Text, 100, "자유", "reason"),
    may(
        "현재건후",
        Code,
        5,
        "Y이면 진행 중인 이체의 결과 뒤에, N이면 바로, 비우면 Y",
        "Y: after the debits on their way (the default); N: now",
    ),
];

const REQUEST: &[Column] = &[
    PAYER,
    ITEM,
    MONTH,
    DEBIT_DATE,
    AMOUNT,
    or(
        may(
            "의뢰",
            Code,
            5,
            "Y이면 의뢰, N이면 의뢰하지 않거나 마감 전 의뢰를 거둠, 비우면 Y",
            "Y: request (the default); N: do not, or take a request back before the cut-off",
        ),
        "의뢰여부",
    ),
    may(
        "미납",
        Code,
        5,
        "Y이면 지난달까지의 미납을 합치고, N이면 이 청구만, 비우면 약정대로",
        "Y: what is open from earlier months joins; N: only this charge; empty: as agreed",
    ),
    SERVICE,
];

const RETRY: &[Column] = &[PAYER, ITEM, MONTH, DEBIT_DATE, AMOUNT, SERVICE];

const CASH: &[Column] = &[
    PAYER,
    ITEM,
    MONTH,
    may("금액", Code, 20, "50000 또는 50,000, 남은 금액 이하", "amount in won; required unless 구분 is 취소"),
    may("수납일", Code, 30, "2026-01-05, 비우면 오늘", "day of the payment; empty is today"),
    may(
        "영수증번호",
        Text,
        30,
        "이용기관의 영수증번호, 같은 번호는 한 번만",
        "the creditor's receipt number, each once",
    ),
    may("비고", Text, 100, "자유", "remark"),
    may(
        "구분",
        Code,
        10,
        "수납 또는 취소, 비우면 수납",
        "수납: a payment (the default); 취소: take one back",
    ),
    may(
        "수납번호",
        Code,
        20,
        "취소할 현금수납의 번호 (답에 있음)",
        "number of the payment to take back, as its answer told",
    ),
];

const CHARGES: &[Column] = &[
    PAYER,
    ITEM,
    MONTH,
    may("금액", Code, 20, "50000 또는 50,000", "amount in won; required unless 구분 is 취소"),
    may(
        "구분",
        Code,
        10,
        "변경(이 금액으로), 추가(이만큼 더), 취소, 비우면 변경",
        "변경: owes this (the default); 추가: owes so much more; 취소: never should have been",
    ),
    may("비고", Text, 100, "자유", "remark"),
];

const TERMS: &[Column] = &[
    PAYER,
    ITEM,
    may(
        "미납합산",
        Code,
        10,
        "합산, 제외, 확인(의뢰 때마다 정함), 비우면 약정대로",
        "arrears: 합산 join, 제외 do not, 확인 a person says it each time; empty: as agreed with the creditor",
    ),
    may("정지시작년월", Code, 30, "2026-03, 비우면 정지 없음", "first month of a pause; empty: none"),
    may(
        "정지종료년월",
        Code,
        30,
        "2026-05, 비우면 계속",
        "last month of the pause; empty: until further notice",
    ),
    may("문자수신", Code, 1, "Y 또는 N, 비우면 Y", "whether messages (SMS) may be sent; empty: yes"),
    may("비고", Text, 100, "자유", "remark"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_unique_in_their_kind_and_written_without_blanks() {
        for kind in Kind::ALL {
            for (i, column) in of_kind(kind).iter().enumerate() {
                let same = |c: &Column| c.is_called(column.heading) || c.is_called(column.alias);
                assert_eq!(of_kind(kind).iter().position(same), Some(i), "{}", column.heading);
                assert!(!column.heading.contains(' ') && column.max_chars > 0);
            }
        }
        assert!(PAYER.is_called("납부자 번호") && PAYER.is_called("고객번호") && !PAYER.is_called(""));
    }

    #[test]
    fn the_cancel_list_has_a_reason_and_so_it_is_no_answer_heading_there() {
        assert!(CANCEL.iter().any(|c| c.heading == ANSWER_HEADINGS[1]));
    }
}

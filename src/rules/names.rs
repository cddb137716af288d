//! Every reason for which a row, request or line is refused: its stable name, what the creditor reads (사유), what
//! the creditor does about it (조치), and the English of it. One table; `docs/lists.md` is held to it by a test.
//!
//! Must not: carry what belongs to one case (that is [`super::Refused::detail`]).

/// Declares the reasons.
macro_rules! names {
    ($($variant:ident = $word:literal, $ko:literal, $action:literal, $en:literal;)+) => {
        /// The name of a reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Name {
            $(#[doc = $en] $variant),+
        }

        impl Name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word in answers, journal and tests.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// 사유: why, in Korean.
            pub const fn ko(self) -> &'static str {
                match self { $(Self::$variant => $ko),+ }
            }

            /// 조치: what to do, in Korean.
            pub const fn action(self) -> &'static str {
                match self { $(Self::$variant => $action),+ }
            }

            /// Why, in English.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }

            /// The inverse of `word`.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

names! {
    // The row as it was written.
    CellEmpty = "CELL_EMPTY", "필수 항목이 비어 있습니다", "값을 채워 다시 올리십시오", "A required cell is empty.";
    ColumnCount = "COLUMN_COUNT", "칸 수가 제목 줄과 다릅니다", "값에 든 쉼표는 큰따옴표로 묶어 다시 올리십시오", "The row has more or fewer cells than the heading.";
    ControlCharacter = "CONTROL_CHARACTER", "보이지 않는 제어 문자나 줄바꿈이 들어 있습니다", "해당 칸을 지우고 다시 입력하십시오", "A cell holds a control or invisible character.";
    TextDamaged = "TEXT_DAMAGED", "글자가 이미 깨져 있습니다", "원본에서 다시 내려받아 올리십시오", "A cell holds a replacement character: the text was damaged before it came.";
    TextTooLong = "TEXT_TOO_LONG", "글자 수가 너무 많습니다", "줄여서 다시 올리십시오", "A text is longer than its column takes.";
    TextForm = "TEXT_FORM", "값의 모양이 맞지 않습니다", "안내서의 형식대로 고쳐 다시 올리십시오", "A text does not have the form of its column.";
    FormulaCell = "FORMULA_CELL", "수식이 들어 있습니다", "수식을 값으로 바꾸어 다시 올리십시오", "A cell holds a formula instead of a value.";
    ExcelExponent = "EXCEL_EXPONENT", "엑셀이 숫자를 지수 표기로 바꾸어 원래 번호를 알 수 없습니다", "셀 서식을 텍스트로 하고 번호를 다시 입력하십시오", "A spreadsheet turned the number into exponent form; digits are lost.";
    LeadingZeroLost = "LEADING_ZERO_LOST", "맨 앞의 0이 빠진 것으로 보입니다", "셀 서식을 텍스트로 하고 0부터 다시 입력하십시오", "A spreadsheet dropped the leading zeros.";
    NumberCell = "NUMBER_CELL", "숫자 셀이라 맨 앞의 0이 빠졌는지 알 수 없습니다", "답 파일은 모든 칸이 텍스트이니 번호를 원본과 견주어 고쳐서 그대로 다시 올리거나, 셀 서식을 텍스트로 하고 다시 입력하십시오", "The number stands in a number cell of the workbook: zeros at its front may be lost.";
    ExcelDate = "EXCEL_DATE", "엑셀이 날짜 모양을 바꾸었습니다", "셀 서식을 텍스트로 하고 2026-01 또는 2026-01-05처럼 입력하십시오", "A spreadsheet changed the form of the day or month.";
    AmountForm = "AMOUNT_FORM", "금액이 숫자가 아닙니다", "50000 또는 50,000처럼 숫자만 입력하십시오", "The amount is not written in digits.";
    MonthForm = "MONTH_FORM", "년월의 모양이 맞지 않습니다", "2026-01처럼 입력하십시오", "The month is not written as YYYY-MM.";
    DateForm = "DATE_FORM", "날짜의 모양이 맞지 않습니다", "2026-01-05처럼 입력하십시오", "The day is not written as YYYY-MM-DD.";
    DayForm = "DAY_FORM", "이체예정일이 1-31 또는 말일이 아닙니다", "5, 25, 말일처럼 입력하십시오", "The due day is not 1 to 31 or the last day.";
    ModeForm = "MODE_FORM", "출금형태가 아닙니다", "0부터 6까지의 코드나 전액, 부분, 1000원 등으로 입력하거나 비워 두십시오", "The cell is no debit mode.";
    ModeNotAllowed = "MODE_NOT_ALLOWED", "이 채널에서 쓸 수 없는 출금형태입니다", "비워 두거나 대행사와 정한 출금형태로 바꾸십시오", "The channel does not offer this debit mode.";
    YesNoForm = "YES_NO_FORM", "Y 또는 N이 아닙니다", "Y나 N을 입력하거나 비워 두십시오", "The cell is neither Y nor N.";
    AccountForm = "ACCOUNT_FORM", "계좌번호가 숫자 7-16자리가 아닙니다", "숫자와 하이픈만으로 다시 입력하십시오", "The account number is not 7 to 16 digits.";
    IdNumber = "ID_NUMBER", "생년월일 6자리 또는 사업자등록번호 10자리가 아니거나 검증번호가 틀립니다", "예금주의 생년월일(YYMMDD)이나 사업자등록번호를 확인하십시오", "The number is neither a birth date nor a business number with a right check digit.";
    ResidentNumber = "RESIDENT_NUMBER", "주민등록번호로 보이는 번호는 받을 수 없습니다", "주민등록번호를 지우고 생년월일 6자리만 입력하십시오", "A resident number was given; it must not be collected.";
    DuplicateInFile = "DUPLICATE_IN_FILE", "같은 파일에 같은 납부자와 항목이 먼저 나옵니다", "한 줄만 남기고 다시 올리십시오", "The same payer and item (and month) stands earlier in the file.";
    // The application.
    OtherRowsRefused = "OTHER_ROWS_REFUSED", "다른 줄이 거절되어 이 파일의 어느 줄도 반영하지 않았습니다", "거절된 줄을 고쳐 파일 전체를 다시 올리십시오", "Another row was refused, and the list is taken as a whole or not at all.";
    PayerExists = "PAYER_EXISTS", "이미 등록된 고객번호입니다", "처리구분을 비우거나 변경으로 하여 다시 올리십시오", "The payer number is taken, and the row says new.";
    PayerUnknown = "PAYER_UNKNOWN", "등록되지 않은 고객번호입니다", "번호를 확인하거나 처리구분을 신규로 하십시오", "There is no such payer, and the row changes one.";
    ItemUnknown = "ITEM_UNKNOWN", "등록되지 않은 집금항목코드입니다", "집금항목코드를 확인하십시오", "The charge item is not known.";
    ItemClosed = "ITEM_CLOSED", "더 쓰지 않는 집금항목입니다", "사용 중인 집금항목코드로 바꾸십시오", "The charge item is retired.";
    GroupUnknown = "GROUP_UNKNOWN", "등록되지 않은 그룹코드입니다", "그룹코드를 확인하거나 비워 두십시오", "The group is not known.";
    AmountZero = "AMOUNT_ZERO", "금액이 0원입니다", "0원보다 큰 금액을 입력하십시오", "The amount is 0 won.";
    AmountUnderMinimum = "AMOUNT_UNDER_MINIMUM", "금액이 이체할 수 있는 최소 금액보다 작습니다", "금액을 올리거나 다음 달에 합쳐 청구하십시오", "The amount is below what the network carries.";
    AmountOverLimit = "AMOUNT_OVER_LIMIT", "금액이 건당출금한도보다 큽니다", "금액을 낮추거나 납부자의 동의를 받아 한도를 올리십시오", "The amount is above the mandate's limit for one debit.";
    LimitOverContract = "LIMIT_OVER_CONTRACT", "이용기관 계약의 건당 한도보다 큽니다", "금액이나 한도를 낮추거나 대행사와 계약 한도를 의논하십시오", "The amount is above the creditor's contract for one debit.";
    DueDayNotInContract = "DUE_DAY_NOT_IN_CONTRACT", "계약에 없는 이체예정일입니다", "계약된 이체일 가운데 하나로 바꾸십시오", "The due day is not one of the creditor's contract days.";
    MonthsReversed = "MONTHS_REVERSED", "최종이체년월이 최초이체년월보다 앞섭니다", "두 년월을 확인하십시오", "The last month is before the first.";
    MonthsPassed = "MONTHS_PASSED", "최종이체년월이 이미 지났습니다", "최종이체년월을 고치거나 비워 두십시오", "The last month is over already.";
    BankUnknown = "BANK_UNKNOWN", "알 수 없는 은행입니다", "은행명이나 은행코드 3자리를 확인하십시오", "The bank is not known.";
    BankNotInService = "BANK_NOT_IN_SERVICE", "출금이체를 하지 않는 은행입니다", "다른 은행의 계좌로 바꾸십시오", "The bank takes no part in debits.";
    AccountLength = "ACCOUNT_LENGTH", "계좌번호 자릿수가 이 은행과 맞지 않습니다", "은행과 계좌번호를 통장과 견주어 보십시오", "The bank has no account numbers of this length.";
    HolderNotEncodable = "HOLDER_NOT_ENCODABLE", "은행 파일에 쓸 수 없는 글자가 있습니다", "완성형 한글이나 영문으로 바꾸십시오", "The name holds characters that a bank file cannot carry.";
    MandateExists = "MANDATE_EXISTS", "이 납부자는 이 항목의 이체정보가 이미 있습니다", "처리구분을 비우거나 변경으로 하여 다시 올리십시오", "The payer has a mandate for this item, and the row says new.";
    HolderChange = "HOLDER_CHANGE", "등록된 계좌의 생년월일/사업자번호만 바꿀 수는 없습니다", "먼저 해지하고, 해지가 끝난 뒤 다시 신청하십시오", "The identity number alone of a registered account cannot be changed by a list: cancel, then register anew.";
    ChangeWhileDebit = "CHANGE_WHILE_DEBIT", "이체의뢰가 진행 중이라 계좌를 바꿀 수 없습니다", "그 결과가 나온 뒤 다시 올리거나, 마감 전의 의뢰는 취소(의뢰 N)한 뒤 올리십시오", "A debit of the old account is requested or on its way: the account changes after its result.";
    ChangeInFlight = "CHANGE_IN_FLIGHT", "계좌변경이 진행 중입니다", "계좌변경 결과가 나온 뒤 다시 올리십시오", "A change of account is on its way.";
    RegistrationInFlight = "REGISTRATION_IN_FLIGHT", "계좌등록 신청이 은행에 가 있습니다", "등록 결과가 나온 뒤 다시 올리십시오", "The registration is with the bank.";
    // The mandate, when it is cancelled or debited.
    BilledByMandate = "BILLED_BY_MANDATE", "이 항목은 이체정보가 있어 청구 조건을 이 목록으로 바꿀 수 없습니다", "금액, 년월, 이체예정일은 이체정보(mandates) 목록으로 바꾸십시오", "The payer has a mandate for this item: its amounts change by the list of mandates.";
    NoAccount = "NO_ACCOUNT", "이체정보(계좌)가 없는 고객이라 이체를 의뢰할 수 없습니다", "현금으로 수납하거나, 이체정보(mandates) 목록으로 계좌를 등록하십시오", "No account is known for this payer and item: it is paid by cash.";
    MandateUnknown = "MANDATE_UNKNOWN", "이 납부자와 항목의 이체정보가 없습니다", "납부자번호와 집금항목코드를 확인하십시오", "The payer has no mandate for this item.";
    MandateNotActive = "MANDATE_NOT_ACTIVE", "계좌등록이 끝나지 않았습니다", "등록이 끝난 뒤 의뢰하십시오", "The registration is not finished.";
    MandateSuspended = "MANDATE_SUSPENDED", "이체가 정지된 납부자입니다", "정지 사유를 확인하고 해제를 요청하십시오", "The mandate is suspended.";
    MandateEnded = "MANDATE_ENDED", "이미 해지된 이체정보입니다", "계속하려면 새로 신청하십시오", "The mandate is over.";
    CancelInFlight = "CANCEL_IN_FLIGHT", "해지가 진행 중입니다", "해지 결과를 기다리십시오", "A cancellation is on its way.";
    ActiveTooLate = "ACTIVE_TOO_LATE", "계좌등록이 이체일 2영업일 전까지 끝나지 않았습니다", "다음 이체일에 의뢰하십시오", "The registration was finished after the gate of this debit date.";
    // The charge and the request.
    ChargeUnknown = "CHARGE_UNKNOWN", "이 년월의 청구가 없습니다", "청구년월을 확인하십시오", "There is no charge of this month.";
    ChargePaid = "CHARGE_PAID", "이미 수납된 청구입니다", "조치할 것이 없습니다", "The charge is paid.";
    ChargeEnded = "CHARGE_ENDED", "종료되거나 취소된 청구입니다", "청구를 확인하십시오", "The charge is written off or cancelled.";
    NothingOwed = "NOTHING_OWED", "청구할 금액이 없습니다", "조치할 것이 없습니다", "Nothing is open.";
    AmountAltered = "AMOUNT_ALTERED", "장부의 금액이 수납이 기록한 금액과 다릅니다", "출금하지 않습니다. 운영자가 sunap verify로 확인합니다", "The ledger's amount is not what sunap wrote there; nothing is debited.";
    AmountOverOpen = "AMOUNT_OVER_OPEN", "의뢰 금액이 남은 청구 금액보다 큽니다", "남은 금액 안에서 의뢰하십시오", "More is asked for than is open.";
    MonthLimit = "MONTH_LIMIT", "이용기관 계약의 월 한도를 넘습니다", "대행사와 월 한도를 의논하십시오", "The creditor's limit for the month would be passed.";
    CollectionInFlight = "COLLECTION_IN_FLIGHT", "이체의뢰가 이미 진행 중입니다", "그 결과를 기다리십시오", "A debit is on its way already.";
    LateForWindow = "LATE_FOR_WINDOW", "이 이체일의 의뢰 마감이 지났습니다", "다음 가능 이체일로 다시 의뢰하십시오", "The window of this debit date is closed.";
    DayNotAllowed = "DAY_NOT_ALLOWED", "의뢰할 수 없는 이체일입니다", "계약된 이체일이나 재처리일의 영업일로 바꾸십시오", "The debit date is not one that the contract allows.";
    CreditorClosed = "CREDITOR_CLOSED", "이용기관의 수납이 정지되어 있습니다", "대행사에 문의하십시오", "Collection for this creditor is stopped.";
    ArrearsAsk = "ARREARS_ASK", "지난달까지의 미납을 합칠지 정해야 합니다", "미납 칸에 Y(합침) 또는 N(이달분만)을 적어 의뢰하십시오", "Somebody has to say whether arrears join the debit.";
    CashFirst = "CASH_FIRST", "지난달까지의 미납이 있어 현금수납 여부를 먼저 확인해야 합니다", "현금으로 받았으면 현금수납 목록을 올리고, 아니면 미납 칸에 Y 또는 N을 적어 의뢰하십시오", "Arrears are open: record cash first, or say in the list whether they join.";
    Paused = "PAUSED", "휴지기간인 납부자입니다", "수납조건 목록으로 정지를 끝낸 뒤 의뢰하십시오", "The mandate pauses in this month.";
    Declined = "DECLINED", "이용기관이 이 이체일에는 의뢰하지 않기로 하였습니다", "의뢰하려면 의뢰 칸에 Y를 적어 올리십시오", "The creditor said that nothing is requested for this date.";
    // The retry.
    RetryInstead = "RETRY_INSTEAD", "이달에 이미 실패한 청구입니다", "재처리 목록으로 의뢰하십시오", "The charge failed this month: ask for a retry.";
    NothingFailed = "NOTHING_FAILED", "실패한 이체가 없습니다", "처음 의뢰는 이체의뢰 목록으로 하십시오", "No debit of this charge has failed.";
    NotSameMonth = "NOT_SAME_MONTH", "재처리는 같은 달의 청구만 할 수 있습니다", "다음 정기 이체에 미납으로 합쳐 의뢰하십시오", "A retry is possible only in the charge's month.";
    RegularDay25 = "REGULAR_DAY_25", "25일 이후 정기 이체분은 재처리할 수 없습니다", "다음 달 정기 이체에 미납으로 합쳐집니다", "A charge of the 25th or later has no retry; it joins the next request as arrears.";
    RetryWindowOver = "RETRY_WINDOW_OVER", "재처리할 수 있는 기간이 지났습니다", "미납으로 합쳐 의뢰하거나 현금으로 수납하십시오", "The charge is too old for a retry.";
    CodeNotRetryable = "CODE_NOT_RETRYABLE", "다시 의뢰해도 되지 않는 불능 사유입니다", "불능 사유를 먼저 해결하십시오", "The result code does not allow a retry.";
    MaxAttempts = "MAX_ATTEMPTS", "재처리 횟수를 모두 썼습니다", "다음 달 정기 이체에 미납으로 합쳐집니다", "All retries are used.";
    OptedOut = "OPTED_OUT", "재처리를 원하지 않는 납부자입니다", "납부자와 의논한 뒤 목록으로 의뢰하십시오", "The payer wants no automatic retry.";
    // The amount of one month.
    AmountUnderPaid = "AMOUNT_UNDER_PAID", "이미 수납된 금액보다 작습니다", "수납된 금액 이상으로 하거나 대행사에 정정을 요청하십시오", "Less than what came already.";
    MonthNotAllowed = "MONTH_NOT_ALLOWED", "청구할 수 있는 년월이 아닙니다", "열두 달 안의 청구년월로 올리십시오", "The month is too far away, or outside of the mandate's months.";
    // Cash.
    CashInFlight = "CASH_IN_FLIGHT", "이 청구의 이체가 은행에 가 있어 현금으로 수납할 수 없습니다", "이체 결과가 나온 뒤 미수납이면 다시 올리십시오", "A debit of the charge is with the bank: cash would collect it twice.";
    CashBeforeDebit = "CASH_BEFORE_DEBIT", "아직 이체하지 않은 청구입니다", "이체 결과가 미완료로 나온 뒤 현금으로 수납하십시오", "Cash is taken only after a debit failed, was left out or was missed.";
    CashOverOpen = "CASH_OVER_OPEN", "현금수납 가능금액보다 큽니다", "남은 금액 안에서 수납하십시오", "More cash than is open.";
    CashDate = "CASH_DATE", "수납일이 오늘보다 뒤입니다", "받은 날을 적으십시오", "The day of the payment is in the future.";
    CashReceiptUsed = "CASH_RECEIPT_USED", "이 영수증번호로 이미 수납되었습니다", "같은 수납을 두 번 올리지 않았는지 확인하십시오", "The receipt number has a payment already.";
    CashUnknown = "CASH_UNKNOWN", "그런 수납번호의 현금수납이 없거나 이 청구의 것이 아닙니다", "수납번호를 확인하십시오", "There is no such cash payment of this charge.";
    CashCancelled = "CASH_CANCELLED", "이미 취소된 현금수납입니다", "조치할 것이 없습니다", "The payment was cancelled already.";
    CashDebited = "CASH_DEBITED", "현금수납 뒤에 이 청구의 이체가 이루어져 취소할 수 없습니다", "먼저 이체를 취소(사후)하십시오", "A later debit brought money for the charge: reverse it first.";
    CashRefunded = "CASH_REFUNDED", "이 청구의 과오납 반환이 진행 중이거나 끝났습니다", "반환을 먼저 확인하십시오", "A refund of the charge is on its way or done.";
    CashMonthClosed = "CASH_MONTH_CLOSED", "현금수납을 취소할 수 있는 기한이 지났습니다", "대행사에 정정을 요청하십시오", "The month of the payment is closed.";
    // The evidence of consent.
    EvidenceName = "EVIDENCE_NAME", "증빙 파일 이름을 읽을 수 없습니다", "evidence-납부자번호-집금항목코드.확장자로 이름을 고쳐 다시 올리십시오", "The name of an evidence file does not say whose it is.";
    EvidenceType = "EVIDENCE_TYPE", "증빙으로 보낼 수 없는 파일 형식입니다", "jpg, jpeg, gif, tif, mp3, wav, wma 가운데 하나로 다시 올리십시오", "The network takes no evidence of this file type.";
    EvidenceContent = "EVIDENCE_CONTENT", "파일 내용이 확장자와 다릅니다", "원본에서 그 형식으로 다시 저장하여 올리십시오", "The bytes of an evidence file are not of the type that its extension says.";
    EvidenceEmpty = "EVIDENCE_EMPTY", "증빙 파일이 비어 있습니다", "원본을 확인하여 다시 올리십시오", "An evidence file is empty.";
    EvidenceTooLarge = "EVIDENCE_TOO_LARGE", "증빙 파일이 300KB보다 큽니다", "해상도나 음질을 낮추어 300KB 이하로 다시 올리십시오", "An evidence file is larger than the network takes.";
    EvidencePacked = "EVIDENCE_PACKED", "압축 파일 안의 항목을 풀 수 없습니다", "암호와 폴더 없이 다시 압축하여 올리십시오", "An entry of an archive of evidence is encrypted, damaged, in a folder, or blown up.";
    EvidenceTwice = "EVIDENCE_TWICE", "같은 납부자와 항목의 증빙이 압축 파일 안에 또 있습니다", "하나만 남겨 다시 올리십시오", "An archive holds two files of evidence for the same payer and item.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_capital_words_with_text_that_cp949_can_write() {
        for name in Name::ALL {
            assert_eq!(Name::from_word(name.word()), Some(*name), "{}", name.word());
            assert!(name.word().bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
            let text = format!("{}{}", name.ko(), name.action());
            let mut out = [0_u8; 512];
            let mut encoder = encoding_rs::EUC_KR.new_encoder();
            let (result, ..) = encoder.encode_from_utf8_without_replacement(&text, &mut out, true);
            assert_eq!(result, encoding_rs::EncoderResult::InputEmpty, "{}", name.word());
        }
    }
}

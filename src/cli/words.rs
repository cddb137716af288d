//! Words that people read: states in Korean (decisions.md 25), columns padded by the width that a terminal shows.
//!
//! Must not: be used for a bank's records; those count bytes.

use crate::ledger::FileState;
use crate::machine::{charge, collection, file, mandate};
use unicode_width::UnicodeWidthStr;

/// Text filled with blanks to a width of terminal cells; a Hangul syllable takes two.
pub(super) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

/// Where a file stands.
pub(super) fn file_state_ko(state: FileState) -> &'static str {
    use file::{In, Out};
    match state {
        FileState::Out(Out::Planned) => "모으는 중",
        FileState::Out(Out::Built) => "만들어짐",
        FileState::Out(Out::Staged) => "내보낼 준비됨",
        FileState::Out(Out::Published) => "내보냄",
        FileState::Out(Out::Taken) => "가져감",
        FileState::Out(Out::Answered) => "결과 받음",
        FileState::Out(Out::Uncertain) => "불확실",
        FileState::Out(Out::Refused) => "거절됨",
        FileState::Out(Out::Held) | FileState::In(In::Held) => "보류",
        FileState::Out(Out::Missed) => "마감 놓침",
        FileState::Out(Out::Emptied) => "보낼 것 없음",
        FileState::In(In::Claimed) => "읽는 중",
        FileState::In(In::Applied) => "반영",
        FileState::In(In::Rejected) => "반려",
        FileState::In(In::Duplicate) => "중복",
    }
}

/// Where a file stands, in Korean and in the word of ledger and README.
pub(super) fn file_state_text(state: FileState) -> String {
    format!("{} ({})", file_state_ko(state), file_state_word(state))
}

/// Where a charge stands.
pub(super) fn charge_ko(state: charge::State) -> &'static str {
    use charge::State;
    match state {
        State::Open => "미수납",
        State::PartlyPaid => "부분수납",
        State::Paid => "수납완료",
        State::Overpaid => "과오납",
        State::WrittenOff => "미납종료",
        State::Cancelled => "청구취소",
    }
}

/// The word of a file's state in `--json`.
pub(super) fn file_state_word(state: FileState) -> &'static str {
    match state {
        FileState::Out(state) => state.word(),
        FileState::In(state) => state.word(),
    }
}

/// 계좌등록 and 계좌해지 statuses of a mandate (decisions.md 25).
pub(super) fn mandate_ko(state: mandate::State) -> &'static str {
    use mandate::State;
    match state {
        State::Billed => "이체정보없음 (현금수납)",
        State::Draft => "계좌신청미완료 (보완 필요)",
        State::Queued => "계좌신청대기",
        State::Batched | State::Sent | State::Acknowledged => "계좌신청중",
        State::Active => "계좌신청완료",
        State::Rejected => "계좌신청미완료",
        State::Suspended => "이체정지",
        State::Changing => "계좌변경중",
        State::Severed => "계좌변경중 (이전 계좌는 은행에서 해지)",
        State::Cancelling => "계좌해지중",
        State::Ended => "계좌해지완료",
    }
}

/// 이체의뢰 and 이체처리 statuses of a collection.
pub(super) fn collection_ko(state: collection::State) -> &'static str {
    use collection::State;
    match state {
        State::Requested => "이체의뢰대기",
        State::Batched | State::Sent | State::Acknowledged => "이체의뢰중",
        State::Succeeded => "이체처리완료",
        State::Partial => "부분수납",
        State::Failed => "이체처리미완료",
        State::Excluded => "의뢰 제외",
        State::Withdrawn => "의뢰 취소",
        State::Missed => "마감 놓침",
        State::Reversed => "출금 취소",
    }
}

/// Where evidence of consent stands.
pub(super) fn evidence_ko(state: &str) -> &'static str {
    match state {
        "kept" => "동의 증빙",
        "replaced" => "새 증빙으로 바뀜",
        "spent" => "계좌변경 전의 증빙",
        "refused" => "증빙 반려",
        _ => "",
    }
}

/// A step of the schedule; with the name of its debit service, where that is not the first one of the profile.
pub(super) fn job_ko(job: &str) -> String {
    match job.split_once(' ') {
        Some((step, service)) => format!("{} {service}", step_ko(step)),
        None => step_ko(job).to_string(),
    }
}

fn step_ko(job: &str) -> &str {
    match job {
        "deadline-registrations" => "계좌신청 전송 확인 (deadline-registrations)",
        "deadline-collections" => "이체의뢰 전송 확인 (deadline-collections)",
        "charges" => "청구 생성 (charges)",
        "settle" => "정산 (settle)",
        "report" => "정기 보고 (report)",
        "messages" => "문자 안내 (messages)",
        "books" => "장부 점검 (books)",
        "propose" => "의뢰 예정 목록 (propose)",
        "request" => "자동 이체의뢰 (request)",
        "retry" => "자동 재처리의뢰 (retry)",
        "emit-registrations" => "계좌등록·해지 전송 (emit-registrations)",
        "emit-collections" => "이체의뢰 전송 (emit-collections)",
        "overdue-registrations" => "등록 결과 미도착 확인 (overdue-registrations)",
        "overdue-collections" => "이체 결과 미도착 확인 (overdue-collections)",
        "expect-applications" => "은행접수 신청 미도착 확인 (expect-applications)",
        "remind-applications" => "은행접수 신청 미결정 알림 (remind-applications)",
        "decide-applications" => "은행접수 신청 결정 기한 (decide-applications)",
        "deadline-answers" => "은행접수 회신 전송 확인 (deadline-answers)",
        "emit-evidence" => "동의 증빙 전송 (emit-evidence)",
        "deadline-evidence" => "동의 증빙 접수 확인 (deadline-evidence)",
        "emit-payouts" => "지급의뢰 전송 (emit-payouts)",
        "deadline-payouts" => "지급의뢰 전송 확인 (deadline-payouts)",
        "overdue-payouts" => "지급 결과 미도착 확인 (overdue-payouts)",
        "summary" => "하루요약 (summary)",
        "expire" => "기간 만료 (expire)",
        "unused-mandates" => "장기 미사용 확인 (unused-mandates)",
        "delete" => "보관 기한 삭제 (delete)",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_terminal_cells() {
        assert_eq!(padded("가나", 6), "가나  ");
        assert_eq!(padded("abc", 6), "abc   ");
        assert_eq!(padded("가나다라", 6), "가나다라");
    }

    #[test]
    fn no_state_of_a_file_or_collection_is_without_a_korean_word() {
        for state in file::Out::ALL {
            assert!(!file_state_ko(FileState::Out(*state)).is_empty());
        }
        for state in collection::State::ALL {
            assert!(!collection_ko(*state).is_ascii());
        }
        for state in mandate::State::ALL {
            assert!(!mandate_ko(*state).is_ascii());
        }
    }
}

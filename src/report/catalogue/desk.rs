//! The columns of the reports on cash and settlements.

use super::{CellKind, Column, From, cell, text, won};

pub(super) const CASH: &[(Column, From)] = &[
    cell("paid_on", "수납일", CellKind::Date, From::As(0)),
    text("payer_no", "납부자번호", 14, From::As(1)),
    text("payer_name", "납부자명", 14, From::As(2)),
    text("group", "그룹", 12, From::Group(3)),
    text("item", "집금항목", 12, From::Item(4)),
    cell("month", "청구년월", CellKind::Month, From::As(5)),
    won("won", "수납금액", 6),
    cell("number", "수납번호", CellKind::Number, From::As(7)),
    text("receipt_no", "영수증번호", 14, From::As(8)),
    text("deed", "구분", 6, From::As(9)),
    text("note", "비고", 24, From::As(10)),
];

pub(super) const SETTLEMENTS: &[(Column, From)] = &[
    cell("date", "정산일", CellKind::Date, From::As(0)),
    cell("number", "정산번호", CellKind::Number, From::As(1)),
    cell("requests", "의뢰건수", CellKind::Count, From::As(2)),
    cell("successes", "성공건수", CellKind::Count, From::As(3)),
    won("collected_won", "수납액", 4),
    won("reversed_won", "취소액", 5),
    won("carried_in_won", "전회이월", 6),
    won("fee_won", "수수료", 7),
    won("vat_won", "부가세", 8),
    won("net_won", "정산액", 9),
    text("payout", "지급", 10, From::Payout(10)),
    text("sheet", "정산내역서", 26, From::As(11)),
];

/// How a payout stands; none where nothing is paid.
pub(super) fn payout_ko(word: &str) -> &str {
    match word {
        "requested" => "지급대기",
        "sent" => "지급중",
        "paid" => "지급완료",
        "failed" => "지급불능",
        other => other,
    }
}

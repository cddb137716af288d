//! The verbs of orders, and what sort of thing each concerns.

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Keep a file of ours back.
    FileHold,
    /// Let a held or uncertain file go.
    FileRelease,
    /// Give a held or uncertain file up.
    FileReject,
    /// The bank has the file: it was sent by another way.
    FileMarkSent,
    /// Take a rejected result on, although its trailer states less than it lists.
    FileAccept,
    /// Request nothing on a mandate.
    MandateSuspend,
    /// Take a suspended mandate up again.
    MandateResume,
    /// A mandate that ended at the bank is registered there again (복원).
    MandateRestore,
    /// Pay again what the bank refused to pay.
    PayoutAgain,
    /// It was paid by another way.
    PayoutPaid,
    /// Agree to what a payer applied for at a bank.
    ApplicationAccept,
    /// Refuse it.
    ApplicationRefuse,
    /// Take a request back before the cut-off (product.md D11).
    RequestWithdraw,
    /// Take a cash payment back.
    CashCancel,
    /// Give up what is open of a charge (미납종료).
    WriteOff,
    /// A debit that came went back later (E46).
    Reverse,
    /// What a charge owes is corrected.
    CorrectAmount,
    /// A charge never should have been.
    CorrectCancel,
    /// What was paid above what is owed goes back to the payer.
    RefundRequest,
    /// The creditor gave it back itself.
    RefundByHand,
    /// It pays the next charge.
    OverpaymentApply,
    /// Tell a payer something by a message.
    SmsSend,
    /// A creditor has read a notice.
    NoticeAcknowledge,
    /// Answer a creditor's question.
    QuestionAnswer,
    /// Print papers with their numbers (출력).
    PaperIssue,
    /// Show account numbers in a report.
    PersonalReveal,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::FileHold,
        Self::FileRelease,
        Self::FileReject,
        Self::FileMarkSent,
        Self::FileAccept,
        Self::MandateSuspend,
        Self::MandateResume,
        Self::MandateRestore,
        Self::PayoutAgain,
        Self::PayoutPaid,
        Self::ApplicationAccept,
        Self::ApplicationRefuse,
        Self::RequestWithdraw,
        Self::CashCancel,
        Self::WriteOff,
        Self::Reverse,
        Self::CorrectAmount,
        Self::CorrectCancel,
        Self::RefundRequest,
        Self::RefundByHand,
        Self::OverpaymentApply,
        Self::SmsSend,
        Self::NoticeAcknowledge,
        Self::QuestionAnswer,
        Self::PaperIssue,
        Self::PersonalReveal,
    ];

    /// The word in the order.
    pub const fn word(self) -> &'static str {
        match self {
            Self::FileHold => "file.hold",
            Self::FileRelease => "file.release",
            Self::FileReject => "file.reject",
            Self::FileMarkSent => "file.mark-sent",
            Self::FileAccept => "file.accept",
            Self::MandateSuspend => "mandate.suspend",
            Self::MandateResume => "mandate.resume",
            Self::MandateRestore => "mandate.restore",
            Self::RequestWithdraw => "request.withdraw",
            Self::CashCancel => "cash.cancel",
            Self::WriteOff => "write-off.charge",
            Self::Reverse => "correction.reverse",
            Self::CorrectAmount => "correction.amount",
            Self::CorrectCancel => "correction.cancel",
            Self::RefundRequest => "refund.request",
            Self::RefundByHand => "refund.paid-by-hand",
            Self::OverpaymentApply => "overpayment.apply",
            Self::SmsSend => "sms.send",
            Self::NoticeAcknowledge => "notice.acknowledge",
            Self::QuestionAnswer => "question.answer",
            Self::PaperIssue => "paper.issue",
            Self::PersonalReveal => "personal.reveal",
            Self::PayoutAgain => "payout.again",
            Self::PayoutPaid => "payout.paid",
            Self::ApplicationAccept => "application.accept",
            Self::ApplicationRefuse => "application.refuse",
        }
    }

    /// What it concerns.
    pub const fn about(self) -> About {
        match self {
            Self::FileHold | Self::FileRelease | Self::FileReject | Self::FileMarkSent | Self::FileAccept => {
                About::File
            }
            Self::MandateSuspend | Self::MandateResume | Self::MandateRestore => About::Mandate,
            Self::PayoutAgain | Self::PayoutPaid => About::Payout,
            Self::SmsSend | Self::NoticeAcknowledge | Self::QuestionAnswer => About::People,
            Self::ApplicationAccept | Self::ApplicationRefuse => About::Application,
            Self::PaperIssue | Self::PersonalReveal => About::Print,
            Self::RequestWithdraw
            | Self::CashCancel
            | Self::WriteOff
            | Self::Reverse
            | Self::CorrectAmount
            | Self::CorrectCancel
            | Self::RefundRequest
            | Self::RefundByHand
            | Self::OverpaymentApply => About::Desk,
        }
    }
}

/// What sort of thing an order concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A file.
    File,
    /// A mandate.
    Mandate,
    /// A payment to a creditor or a payer.
    Payout,
    /// What a payer applied for at a bank.
    Application,
    /// A charge or what was paid for one: the collection desk (`order_desk`).
    Desk,
    /// A payer, a notice or a question (`order_people`).
    People,
    /// Papers or a report of a creditor (`order_print`).
    Print,
}

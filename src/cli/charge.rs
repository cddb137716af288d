//! `sunap charge …` and `sunap cash …`: orders of the collection desk (수납관리), dropped into the control inbox like any other.
//!
//! Must not: act on the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::{Exit, Failed, Screen};
use crate::domain::{CreditorId, ItemCode, Month, PayerNo, Won};
use crate::intake::order::{Target, Verb};
use crate::intake::order_desk::ChargeTarget;
use clap::{Args, Subcommand};

/// Order something about one charge (청구): take its request back, reverse, write off, correct, refund.
///
/// Everything that can be said by a list (`request`, `cash`, `charges`, `terms`) is said by a list; these are the single
/// deeds. Those that need a second person wait until another user approves them.
#[derive(Debug, Args)]
pub(super) struct ChargeArguments {
    #[command(subcommand)]
    verb: ChargeVerb,
}

#[derive(Debug, Subcommand)]
enum ChargeVerb {
    /// 의뢰 취소: take its request back, before the cut-off.
    Withdraw(OneCharge),
    /// 이체취소(사후): the bank took back what its latest debit had brought.
    Reverse {
        /// The bank's code, where it gave one.
        #[arg(long, value_name = "CODE", default_value = "")]
        code: String,
        #[command(flatten)]
        charge: OneCharge,
    },
    /// 미납종료: give up what is open.
    WriteOff(OneCharge),
    /// 청구금액 정정: it owes another amount.
    Correct {
        /// What it owes, in won.
        #[arg(long, value_name = "WON")]
        amount: Won,
        #[command(flatten)]
        charge: OneCharge,
    },
    /// 청구 취소: it never should have been.
    Cancel(OneCharge),
    /// 과오납 반환: what was paid above what is owed goes back with the next file of payments.
    Refund(OneCharge),
    /// 과오납 반환 (직접): the creditor gave it back itself.
    Refunded {
        /// What shows it: the number of a transfer, a receipt.
        #[arg(long, value_name = "TEXT")]
        proof: String,
        #[command(flatten)]
        charge: OneCharge,
    },
    /// 과오납 충당: it pays the payer's oldest open charge.
    Apply(OneCharge),
}

#[derive(Debug, Args)]
struct OneCharge {
    /// 이용기관: eight digits.
    #[arg(long, value_name = "ID")]
    creditor: CreditorId,
    /// 납부자번호.
    #[arg(long, value_name = "NO")]
    payer: PayerNo,
    /// 집금항목코드.
    #[arg(long, value_name = "CODE")]
    item: ItemCode,
    /// 청구년월: 2026-01.
    #[arg(long, value_name = "MONTH")]
    month: Month,
    #[command(flatten)]
    flags: OrderFlags,
}

/// Order something about a cash payment (현금수납); payments themselves come by a list `cash…`.
#[derive(Debug, Args)]
pub(super) struct CashArguments {
    #[command(subcommand)]
    verb: CashVerb,
}

#[derive(Debug, Subcommand)]
enum CashVerb {
    /// 현금수납 취소: take a payment back, by a row of its own.
    Cancel {
        /// 수납번호: the answer to its list and `sunap report cash` tell it.
        id: i64,
        /// 이용기관: eight digits.
        #[arg(long, value_name = "ID")]
        creditor: CreditorId,
        #[command(flatten)]
        flags: OrderFlags,
    },
}

/// Does a verb of `sunap charge`.
pub(super) fn charge(arguments: &ChargeArguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (mut amount, mut code, mut proof) = (None, String::new(), String::new());
    let (verb, given) = match &arguments.verb {
        ChargeVerb::Withdraw(charge) => (Verb::RequestWithdraw, charge),
        ChargeVerb::Reverse { code: said, charge } => {
            code.clone_from(said);
            (Verb::Reverse, charge)
        }
        ChargeVerb::WriteOff(charge) => (Verb::WriteOff, charge),
        ChargeVerb::Correct { amount: said, charge } => {
            amount = Some(*said);
            (Verb::CorrectAmount, charge)
        }
        ChargeVerb::Cancel(charge) => (Verb::CorrectCancel, charge),
        ChargeVerb::Refund(charge) => (Verb::RefundRequest, charge),
        ChargeVerb::Refunded { proof: said, charge } => {
            proof.clone_from(said);
            (Verb::RefundByHand, charge)
        }
        ChargeVerb::Apply(charge) => (Verb::OverpaymentApply, charge),
    };
    let target = ChargeTarget {
        creditor: given.creditor,
        payer_no: given.payer.clone(),
        item: given.item.clone(),
        month: given.month,
        amount,
        code,
        proof,
    };
    given.flags.give(verb, Target::Charge(target), screen)
}

/// Does a verb of `sunap cash`.
pub(super) fn cash(arguments: &CashArguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let CashVerb::Cancel { id, creditor, flags } = &arguments.verb;
    flags.give(Verb::CashCancel, Target::Cash { creditor: *creditor, id: *id }, screen)
}

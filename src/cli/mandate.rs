//! `sunap mandate …`: orders about one mandate (이체정보), dropped into the control inbox like any other.
//!
//! Must not: act on the ledger. Only the daemon does, when it takes the order.

use super::ordering::OrderFlags;
use super::{Exit, Failed, Screen};
use crate::domain::{CreditorId, ItemCode, PayerNo};
use crate::intake::order::{Target, Verb};
use clap::{Args, Subcommand};

/// Order something about one mandate (이체정보): suspend it, take it up again, restore one that ended at the bank.
///
/// Applications, changes and cancellations are said by the lists `mandates` and `cancel`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: MandateVerb,
}

#[derive(Debug, Subcommand)]
enum MandateVerb {
    /// 이체정지: nothing is requested on it.
    Suspend(OneMandate),
    /// 정지해제: debits are requested on it again.
    Resume(OneMandate),
    /// 해지 복원: the bank took its end (민원해지, 임의해지) back; within 60 days.
    Restore(OneMandate),
}

#[derive(Debug, Args)]
struct OneMandate {
    /// The mandate's number in the ledger, as orders and questions name it; else creditor, payer and item.
    #[arg(conflicts_with_all = ["creditor", "payer", "item"], required_unless_present_all = ["creditor", "payer", "item"])]
    id: Option<i64>,
    /// 이용기관: eight digits.
    #[arg(long, value_name = "ID", requires_all = ["payer", "item"])]
    creditor: Option<CreditorId>,
    /// 납부자번호.
    #[arg(long, value_name = "NO", requires_all = ["creditor", "item"])]
    payer: Option<PayerNo>,
    /// 집금항목코드.
    #[arg(long, value_name = "CODE", requires_all = ["creditor", "payer"])]
    item: Option<ItemCode>,
    #[command(flatten)]
    flags: OrderFlags,
}

impl OneMandate {
    fn target(&self) -> Result<Target, Failed> {
        match (self.id, self.creditor, &self.payer, &self.item) {
            (Some(id), ..) => Ok(Target::MandateId(id)),
            (None, Some(creditor), Some(payer), Some(item)) => {
                Ok(Target::Mandate { creditor, payer_no: payer.clone(), item: item.clone() })
            }
            (None, ..) => Err(Failed::told(
                Exit::Usage,
                "name the mandate by its number, or by --creditor, --payer and --item",
            )),
        }
    }
}

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    let (verb, given) = match &arguments.verb {
        MandateVerb::Suspend(given) => (Verb::MandateSuspend, given),
        MandateVerb::Resume(given) => (Verb::MandateResume, given),
        MandateVerb::Restore(given) => (Verb::MandateRestore, given),
    };
    given.flags.give(verb, given.target()?, screen)
}

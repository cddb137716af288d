//! Who may do what: before a file is judged, its owner must have the right to what it asks for (docs/rights.md).
//!
//! A list or order without the right is rejected whole, with its report, and journaled like every rejection. A bank's
//! file from somebody who may not bring one is held: a person who may release it takes it on.
//!
//! Must not: look at what an order says about who gave it, other than to refuse a name that is another's.

use super::desk_orders::creditor_of;
use super::incoming::{Arrival, Decided};
use super::{Engine, Failure};
use crate::config::Who;
use crate::domain::CreditorId;
use crate::fault::{Fault, Faults, Place};
use crate::intake::Kind;
use crate::intake::answer::{self, About};
use crate::intake::approval::{right_missing, right_of_list, world_writable};
use crate::intake::order::{self, Order, Target};
use crate::spool::{Dropper, Owner};

/// The right to bring a bank's file.
const DELIVER: &str = "bank.deliver";

/// The right to bring receipts of messages.
const RECEIPT: &str = "sms.receipt";

/// A mode by which everybody may write.
const WORLD_WRITABLE: u32 = 0o002;

impl Engine {
    /// Who dropped a file.
    pub(super) fn who(&self, dropper: Dropper) -> Who {
        self.config.users.who(dropper.uid, dropper.gid)
    }

    /// What keeps a file of an inbox from being judged at all; the right of an order is asked for once it is read.
    pub(super) fn may_not_drop(&self, arrival: &Arrival) -> Option<Fault> {
        // A held file that is judged again was let in when it came.
        let dropper = arrival.dropper?;
        let place = || Place::file(format!("{}/{}", arrival.owner_key, arrival.name));
        if dropper.mode & WORLD_WRITABLE != 0 {
            return Some(world_writable(place(), dropper.mode));
        }
        if let Some((right, creditor)) = self.right_of(arrival) {
            return self.lacks(arrival, right, creditor);
        }
        // What is no list (evidence, a question, a misspelt name) is at least from somebody of this creditor.
        let Owner::Creditor(creditor) = &arrival.owner else { return None };
        let stranger = !self.config.users.serves(&arrival.who, *creditor);
        stranger
            .then(|| right_missing(place(), &arrival.who.to_string(), "any", &format!("이용기관 {creditor}")))
    }

    /// The right that a file asks for by its folder and name; `None` for orders and for names that no list has.
    pub(super) fn right_of(&self, arrival: &Arrival) -> Option<(&'static str, Option<CreditorId>)> {
        match &arrival.owner {
            Owner::Channel(channel) if self.config.message_channel().as_ref() == Some(channel) => {
                Some((RECEIPT, None))
            }
            Owner::Channel(_) => Some((DELIVER, None)),
            Owner::Creditor(creditor) => {
                let kind = Kind::of_name(&arrival.name)?;
                Some((right_of_list(kind.word()), Some(*creditor)))
            }
            Owner::Control => None,
        }
    }

    /// The fault of a file whose owner lacks a right.
    pub(super) fn lacks(
        &self,
        arrival: &Arrival,
        right: &str,
        creditor: Option<CreditorId>,
    ) -> Option<Fault> {
        if self.config.users.may(&arrival.who, right, creditor) {
            return None;
        }
        let place = Place::file(format!("{}/{}", arrival.owner_key, arrival.name));
        let whom =
            creditor.map_or_else(|| "대행사, all creditors".to_string(), |id| format!("이용기관 {id}"));
        Some(right_missing(place, &arrival.who.to_string(), right, &whom))
    }

    /// What keeps an order from being carried out: a name that is another's, or a right that is missing.
    pub(super) fn may_not_order(&self, arrival: &Arrival, order: &Order) -> Option<Fault> {
        let creditor = match &order.target {
            Target::Mandate { creditor, .. } => Some(*creditor),
            _ => creditor_of(order),
        };
        self.claims_another(arrival, &order.by).or_else(|| self.lacks(arrival, order.verb.word(), creditor))
    }

    /// The fault of an order that gives another's name.
    pub(super) fn claims_another(&self, arrival: &Arrival, by: &str) -> Option<Fault> {
        let uid = arrival.dropper?.uid;
        self.config.users.is_anothers_name(by, &arrival.who, uid).then(|| {
            Fault::new(
                "order-claims-another",
                Place::file(format!("{}/{}", arrival.owner_key, arrival.name)),
                format!(
                    "지시한 사람이 파일의 주인과 다릅니다: the order says by {by:?}, but the file is {}'s",
                    arrival.who
                ),
                "give the order from the account of the one who orders it; `by` is words, the owner of the file counts",
            )
        })
    }

    /// Turns a file away that may not be judged.
    pub(super) fn turn_away(&mut self, arrival: &Arrival, fault: Fault) -> Result<Decided, Failure> {
        tracing::warn!(file = %arrival.name, who = %arrival.who.key, fault = fault.name, "turned away");
        let faults = Faults::from(vec![fault]);
        match &arrival.owner {
            Owner::Channel(_) => match faults.kept().first() {
                Some(why) => self.hold(arrival, "", None, why),
                None => self.reject(arrival, "", &faults),
            },
            Owner::Creditor(_) => {
                let kind = Kind::of_name(&arrival.name).map_or("", Kind::word);
                let about = About { file: &arrival.name, sha256: arrival.sha256.as_bytes() };
                let (name, text) = (answer::summary_name(&arrival.name), answer::rejection(&about, &faults));
                self.reject_and_answer(arrival, kind, &faults, &[(&name, text.as_bytes())])
            }
            Owner::Control => {
                let (name, text) = (answer_name(&arrival.name), order::rejection(&faults));
                self.reject_and_answer(arrival, "order", &faults, &[(&name, text.as_bytes())])
            }
        }
    }

    /// Who an order is by, for the journal: the owner of its file, and the words that the order says beside it.
    pub(super) fn signed(&self, arrival: &Arrival, by: &str) -> String {
        let key = &arrival.who.key;
        if by == key || key.is_empty() || key.ends_with(&format!("({by})")) {
            return if key.is_empty() { by.to_string() } else { key.clone() };
        }
        format!("{by} [{key}]")
    }

    /// As [`Engine::signed`], with the second person.
    pub(super) fn signed_by_two(&self, arrival: &Arrival, by: &str) -> String {
        match &arrival.approved_by {
            Some(second) => format!("{}, approved by {second}", self.signed(arrival, by)),
            None => self.signed(arrival, by),
        }
    }
}

/// The name of the answer to an order.
pub(super) fn answer_name(order: &str) -> String {
    format!("{}.answer.toml", order.trim_end_matches(".toml"))
}

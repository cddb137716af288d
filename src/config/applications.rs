//! How a profile deals with applications that come in at banks (은행접수, EB11) and answers them (EB12).
//!
//! A profile without `[applications]` knows none: such a file in its inbox is no file of the channel.

use super::document::{At, Document, Section};
use super::profile::{Known, Profile, first_reversed, refer};
use crate::calendar::Offset;
use crate::machine::application::Shape;

/// What happens to an application that passes all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is accepted at once.
    Accept,
    /// A person decides until the deadline.
    Ask,
}

/// `[applications]` of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRule {
    /// Whether a file comes every banking day, so that one that is missing is an alarm.
    pub expected: bool,
    /// The layout of the applications.
    pub received: String,
    /// The layout of our answer.
    pub answer: String,
    /// From when a file is there, counted from its banking day `X`.
    pub arrives: Offset,
    /// When a person is told that something is undecided.
    pub remind_at: Offset,
    /// When what is undecided is decided by `fallback`, and the answer is built.
    pub decide_by: Offset,
    /// Until when the network takes the answer; then it answers in our place.
    pub deadline: Offset,
    /// What happens to what passes all checks, unless its creditor says otherwise.
    pub policies: Policies,
    /// The code of a payer number that is not ours.
    pub unknown_payer: String,
    /// The code of what is there, or over, already.
    pub double: String,
    /// The code of any other reason, and of a person's refusal.
    pub other: String,
    /// The code of a change while a debit is on its way.
    pub debit_in_flight: String,
}

/// What happens to applications that pass all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// 해지.
    pub cancel: Policy,
    /// 계좌변경.
    pub change: Policy,
    /// 신규.
    pub register: Policy,
    /// Whether what nobody decided is accepted.
    pub fallback_accepts: bool,
}

/// `[applications]` of a creditor: what it says of its own; the rest is the profile's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnPolicies {
    cancel: Option<Policy>,
    change: Option<Policy>,
    register: Option<Policy>,
    fallback_accepts: Option<bool>,
}

impl OwnPolicies {
    /// These, and where they are silent, the profile's.
    pub fn onto(&self, policies: Policies) -> Policies {
        Policies {
            cancel: self.cancel.unwrap_or(policies.cancel),
            change: self.change.unwrap_or(policies.change),
            register: self.register.unwrap_or(policies.register),
            fallback_accepts: self.fallback_accepts.unwrap_or(policies.fallback_accepts),
        }
    }
}

/// The words of a policy.
const WORDS: [(&str, Policy); 2] = [("accept", Policy::Accept), ("ask", Policy::Ask)];

/// The words of what happens to what nobody decided.
const FALLBACK: [(&str, bool); 2] = [("accept", true), ("refuse", false)];

/// Reads `[applications]` of a creditor, whose profile must know applications.
pub(super) fn read_own(file: &mut Section<'_>, profile: Option<&Profile>) -> Option<OwnPolicies> {
    if !file.has("applications") {
        return Some(OwnPolicies::default());
    }
    let mut section = file.section("applications")?;
    let mut wrong = false;
    let mut of = |key| {
        let said = section.has(key).then(|| section.choice(key, &WORDS).map(|word| word.value));
        wrong |= said == Some(None);
        said.flatten()
    };
    let (cancel, change, register) = (of("cancel"), of("change"), of("register"));
    let fallback = section.has("fallback").then(|| section.choice("fallback", &FALLBACK));
    wrong |= matches!(fallback, Some(None));
    let fallback_accepts = fallback.flatten().map(|word| word.value);
    if let Some(profile) = profile.filter(|profile| profile.applications.is_none()) {
        section.document().fault(
            "applications-not-in-profile",
            section.span(),
            format!("the profile {} takes no applications from banks", profile.name),
            "take [applications] out here, or write one into the profile",
        );
        wrong = true;
    }
    section.finish();
    (!wrong).then_some(OwnPolicies { cancel, change, register, fallback_accepts })
}

impl Policies {
    /// The policy for what a set asks for. Forced ends are not ours to refuse; what makes no sense never gets here.
    pub fn policy(&self, shape: Shape) -> Policy {
        match shape {
            Shape::Register => self.register,
            Shape::Cancel => self.cancel,
            Shape::Change => self.change,
            Shape::ForcedCancel | Shape::Odd => Policy::Accept,
        }
    }
}

/// Reads `[applications]`.
pub(super) fn read(mut section: Section<'_>, known: &Known<'_>) -> Option<ApplicationRule> {
    let document = section.document();
    let expected = section.flag("expected");
    let received = section.text("received");
    let answer = section.text("answer");
    for (key, layout) in [("received", &received), ("answer", &answer)] {
        if let Some(layout) = layout {
            refer(document, key, layout, known.layouts, "the name of a layout in formats");
        }
    }
    let times = ["arrives", "remind_at", "decide_by", "deadline"].map(|key| section.parsed::<Offset>(key));
    let mut all_from_x = true;
    for time in times.iter().flatten().filter(|time| time.value.day().anchor() != 'X') {
        all_from_x = false;
        document.fault(
            "window-anchor-wrong",
            time.span.clone(),
            format!("{} is not counted from X", time.value),
            "count from X, the banking day of the file",
        );
    }
    if let ([Some(arrives), Some(remind), Some(decide), Some(deadline)], true) = (&times, all_from_x) {
        in_order(document, known, ("arrives", arrives), ("remind_at", remind));
        in_order(document, known, ("remind_at", remind), ("decide_by", decide));
        in_order(document, known, ("decide_by", decide), ("deadline", deadline));
    }
    let [cancel, change, register] = ["cancel", "change", "register"].map(|key| section.choice(key, &WORDS));
    let fallback = section.choice("fallback", &FALLBACK);
    let codes = ["unknown_payer", "double", "other", "debit_in_flight"].map(|key| section.words(key, 4));
    section.finish();
    let [arrives, remind_at, decide_by, deadline] = times;
    let [unknown_payer, double, other, debit_in_flight] = codes;
    Some(ApplicationRule {
        expected: expected?,
        received: received?.value.to_string(),
        answer: answer?.value.to_string(),
        arrives: arrives?.value,
        remind_at: remind_at?.value,
        decide_by: decide_by?.value,
        deadline: deadline?.value,
        policies: Policies {
            cancel: cancel?.value,
            change: change?.value,
            register: register?.value,
            fallback_accepts: fallback?.value,
        },
        unknown_payer: unknown_payer?.value,
        double: double?.value,
        other: other?.value,
        debit_in_flight: debit_in_flight?.value,
    })
}

/// One time after the other on every banking day: what is decided at the deadline itself goes out too late.
fn in_order<'d>(
    document: &'d Document<'d>,
    known: &Known<'_>,
    (first, earlier): (&str, &At<Offset>),
    (second, later): (&str, &At<Offset>),
) {
    let strictly = second == "deadline";
    let Some(calendar) = known.calendar else { return };
    let Some(day) = first_reversed(earlier.value, later.value, strictly, calendar) else { return };
    let (early, late) = (earlier.value.instant(calendar, day), later.value.instant(calendar, day));
    document.fault(
        "window-reversed",
        later.span.clone(),
        format!("for X = {day} {first} is at {early} and {second} at {late}"),
        "let the times follow one another: arrives, remind_at, decide_by, deadline",
    );
}

//! What to do at start with a file whose row in the ledger and whose place in the spool do not tell the same story.
//!
//! Pure: two exhaustive matches over state and place. The rows are in `tests/spool/recovery.table`, which a test
//! compares with this code, line by line; ARCHITECTURE.md shows them.
//!
//! What the table counts on: `built` is committed before the file is staged, `staged` (with the boot id) before
//! `publish` is tried, `published` after both folders are durable; an incoming file's outcome before it is settled;
//! `held`, `uncertain`, `refused` before the file is moved.
//!
//! Must not: touch a file or the ledger.

use super::Outcome;
use std::fmt;

/// State of an outgoing file in the ledger (decisions.md 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutgoingState {
    /// Its bytes are archived and its row committed.
    Built,
    /// It is in the stage, with the boot id of that moment.
    Staged,
    /// It is in the outbox, durably.
    Published,
    /// The peer took it.
    Taken,
    /// The bank's answer came.
    Answered,
    /// The power failed while it may have been taken: a person decides.
    Uncertain,
    /// The peer refused it.
    Refused,
    /// A person holds it.
    Held,
}

/// Where an outgoing file's bytes were found (`Spool::where_is`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutgoingPlace {
    /// In no room.
    Nowhere,
    /// In `.stage`.
    Stage,
    /// In `outbox`.
    Outbox,
    /// In `sent`.
    Sent,
    /// In `held`.
    Held,
    /// In `rejected`.
    Rejected,
    /// In more than one of stage, outbox and sent.
    Several,
    /// Its name is in stage or outbox with other bytes.
    OtherBytes,
}

/// Whether this boot of the machine is the one stored with the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boot {
    /// Only the process died: what the file system shows is what was done.
    Same,
    /// The machine went down: a rename that a peer saw may have been undone.
    Other,
}

/// What the peer does with the same file sent twice (the channel's `peer_refuses_duplicates`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// It would debit twice, for all we know.
    MayTakeTwice,
    /// It refuses the second, by contract.
    RefusesDuplicates,
}

/// What the engine must do with an outgoing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecoveryStep {
    /// All is well.
    Nothing,
    /// Stage the archived bytes (again: the same bytes there are fine), commit `staged`, go on.
    StageAgain,
    /// It is staged and not published: publish, commit `published`, mark.
    Publish,
    /// It is published: commit that, mark.
    MarkPublished,
    /// It is published and known to be: write the `.ok` marker, which may be missing.
    MarkOk,
    /// The peer has it: commit `taken`.
    MarkTaken,
    /// Commit the state of the reason, if it is not, and move the file to held/.
    Hold(HoldReason),
    /// The peer or a person refused it: move it, with its receipt or report, from sent/ or held/ to rejected/.
    Retire,
    /// Leave all as it is and call a person.
    Alarm(AlarmReason),
}

/// Why a file is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// The peer may have taken it before the power failed: `uncertain`.
    Uncertain,
    /// A person ordered it: `held`.
    Ordered,
}

/// What a person must look into. Each is impossible unless somebody moved files, a backup was put back, or a disk lied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmReason {
    /// The spool is further than the ledger: was an older ledger put back?
    LedgerBehind,
    /// It should be here and is not.
    Vanished,
    /// It is where it could be taken once more.
    CameBack,
    /// It is in a room that does not go with its state.
    Misplaced,
    /// It is in several rooms.
    Several,
    /// Another file has its name where the peer looks.
    OtherBytes,
}

/// What to do with an outgoing file, given its row, where its bytes are, whether the machine went down since, and
/// what its peer does with duplicates.
pub fn outgoing(state: OutgoingState, place: OutgoingPlace, boot: Boot, peer: Peer) -> RecoveryStep {
    use AlarmReason as A;
    use OutgoingPlace as P;
    use OutgoingState as S;
    use RecoveryStep as Step;
    match (state, place) {
        (_, P::Several) => Step::Alarm(A::Several),
        // What is over and done with does not mind a later file of its name.
        (S::Taken | S::Answered | S::Refused, P::OtherBytes) => Step::Nothing,
        (S::Built | S::Staged | S::Published | S::Uncertain | S::Held, P::OtherBytes) => {
            Step::Alarm(A::OtherBytes)
        }

        // Not staged, or staged and not said so: nothing was published, whatever the boot.
        // A refused file whose lines go again has the same bytes as the one in rejected/: that one is over.
        (S::Built, P::Nowhere | P::Stage | P::Rejected) => Step::StageAgain,
        (S::Built, P::Outbox | P::Sent | P::Held) => Step::Alarm(A::LedgerBehind),

        // The token: absent means published, and never to be made again.
        (S::Staged, P::Nowhere | P::Outbox | P::Rejected) => Step::MarkPublished,
        (S::Staged, P::Stage) => match (boot, peer) {
            (Boot::Same, _) | (Boot::Other, Peer::RefusesDuplicates) => Step::Publish,
            (Boot::Other, Peer::MayTakeTwice) => Step::Hold(HoldReason::Uncertain),
        },
        (S::Staged, P::Sent) => Step::MarkTaken,
        // A release that died between its commit and its move: back to where a person decides.
        (S::Staged, P::Held) => Step::Hold(HoldReason::Uncertain),

        (S::Published, P::Outbox) => Step::MarkOk,
        (S::Published, P::Sent) => Step::MarkTaken,
        (S::Published, P::Nowhere) => Step::Alarm(A::Vanished),
        // Committed only after both folders were durable: the disk or a person brought it back.
        (S::Published, P::Stage) => Step::Alarm(A::CameBack),
        (S::Published, P::Held | P::Rejected) => Step::Alarm(A::Misplaced),

        // Sent/ is the peer's to clear.
        (S::Taken | S::Answered, P::Sent | P::Nowhere) => Step::Nothing,
        (S::Taken | S::Answered, P::Stage | P::Outbox) => Step::Alarm(A::CameBack),
        (S::Taken | S::Answered, P::Held | P::Rejected) => Step::Alarm(A::Misplaced),

        (S::Uncertain, P::Held) => Step::Nothing,
        (S::Uncertain, P::Stage) => Step::Hold(HoldReason::Uncertain),
        (S::Uncertain, P::Sent) => Step::MarkTaken,
        (S::Uncertain, P::Nowhere) => Step::Alarm(A::Vanished),
        (S::Uncertain, P::Outbox) => Step::Alarm(A::CameBack),
        (S::Uncertain, P::Rejected) => Step::Alarm(A::Misplaced),

        (S::Held, P::Held) => Step::Nothing,
        (S::Held, P::Stage | P::Outbox) => Step::Hold(HoldReason::Ordered),
        // The peer was quicker than the order.
        (S::Held, P::Sent) => Step::MarkTaken,
        (S::Held, P::Nowhere) => Step::Alarm(A::Vanished),
        (S::Held, P::Rejected) => Step::Alarm(A::Misplaced),

        // By the peer from sent/, by a person's order from held/.
        (S::Refused, P::Sent | P::Held) => Step::Retire,
        (S::Refused, P::Rejected | P::Nowhere) => Step::Nothing,
        (S::Refused, P::Stage | P::Outbox) => Step::Alarm(A::CameBack),
    }
}

/// State of an incoming file in the ledger (decisions.md 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingState {
    /// Archived; its row committed, its judgement not.
    Claimed,
    /// Applied.
    Applied,
    /// Judged to be wrong; nothing of it applied.
    Rejected,
    /// Waits for a person.
    Held,
    /// The same bytes as one that was applied.
    Duplicate,
}

/// Where an incoming file was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingPlace {
    /// In no room.
    Nowhere,
    /// In `inbox`.
    Inbox,
    /// In `work`.
    Work,
    /// In `done`.
    Done,
    /// In `rejected`.
    Rejected,
    /// In `held`.
    Held,
}

/// What the engine must do with an incoming file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingStep {
    /// All is well, or the scan will see to it.
    Nothing,
    /// Archive it (again: the same bytes there are fine), judge it, commit, settle.
    Judge,
    /// Its judgement is committed: move it from work (or, when a person decided, from held) to where it belongs.
    Settle(Outcome),
    /// Leave all as it is and call a person.
    Alarm(AlarmReason),
}

/// What to do with an incoming file, given its row (if there is one) and where it is.
pub fn incoming(state: Option<IncomingState>, place: IncomingPlace) -> IncomingStep {
    use AlarmReason as A;
    use IncomingPlace as P;
    use IncomingState as S;
    use IncomingStep as Step;
    match (state, place) {
        // Lying in the inbox, whatever is known of it: the scan claims it, the hash tells a duplicate.
        (_, P::Inbox) => Step::Nothing,

        (None | Some(S::Claimed), P::Work) => Step::Judge,
        // What was refused as an entry (a folder, a pipe) lies in rejected/ and has no row.
        (None, P::Nowhere | P::Rejected) => Step::Nothing,
        (None | Some(S::Claimed), P::Done | P::Held) | (Some(S::Claimed), P::Rejected) => {
            Step::Alarm(A::LedgerBehind)
        }
        (Some(S::Claimed), P::Nowhere) => Step::Alarm(A::Vanished),

        (Some(S::Applied | S::Duplicate), P::Work | P::Held) => Step::Settle(Outcome::Done),
        // Done/ and rejected/ are people's to clear.
        (Some(S::Applied | S::Duplicate), P::Done | P::Nowhere) => Step::Nothing,
        (Some(S::Applied | S::Duplicate), P::Rejected) => Step::Alarm(A::Misplaced),

        (Some(S::Rejected), P::Work | P::Held) => Step::Settle(Outcome::Rejected),
        (Some(S::Rejected), P::Rejected | P::Nowhere) => Step::Nothing,
        (Some(S::Rejected), P::Done) => Step::Alarm(A::Misplaced),

        (Some(S::Held), P::Work) => Step::Settle(Outcome::Held),
        (Some(S::Held), P::Held) => Step::Nothing,
        (Some(S::Held), P::Nowhere) => Step::Alarm(A::Vanished),
        (Some(S::Held), P::Done | P::Rejected) => Step::Alarm(A::Misplaced),
    }
}

/// All values of a choice, in order, with the word that tables, reports and ARCHITECTURE.md use.
macro_rules! words {
    ($type:ident { $($value:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The word for it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

words!(OutgoingState {
    Built = "built",
    Staged = "staged",
    Published = "published",
    Taken = "taken",
    Answered = "answered",
    Uncertain = "uncertain",
    Refused = "refused",
    Held = "held",
});
words!(OutgoingPlace {
    Nowhere = "nowhere",
    Stage = "stage",
    Outbox = "outbox",
    Sent = "sent",
    Held = "held",
    Rejected = "rejected",
    Several = "several",
    OtherBytes = "other-bytes",
});
words!(IncomingState {
    Claimed = "claimed",
    Applied = "applied",
    Rejected = "rejected",
    Held = "held",
    Duplicate = "duplicate",
});
words!(IncomingPlace {
    Nowhere = "nowhere",
    Inbox = "inbox",
    Work = "work",
    Done = "done",
    Rejected = "rejected",
    Held = "held",
});
words!(Boot { Same = "same", Other = "other" });
words!(Peer { MayTakeTwice = "may-take-twice", RefusesDuplicates = "refuses-duplicates" });
words!(HoldReason { Uncertain = "uncertain", Ordered = "ordered" });
words!(AlarmReason {
    LedgerBehind = "ledger-behind",
    Vanished = "vanished",
    CameBack = "came-back",
    Misplaced = "misplaced",
    Several = "several",
    OtherBytes = "other-bytes",
});

impl fmt::Display for RecoveryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::StageAgain => f.write_str("stage-again"),
            Self::Publish => f.write_str("publish"),
            Self::MarkPublished => f.write_str("mark-published"),
            Self::MarkOk => f.write_str("mark-ok"),
            Self::MarkTaken => f.write_str("mark-taken"),
            Self::Hold(reason) => write!(f, "hold {reason}"),
            Self::Retire => f.write_str("retire"),
            Self::Alarm(reason) => write!(f, "alarm {reason}"),
        }
    }
}

impl fmt::Display for IncomingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Judge => f.write_str("judge"),
            Self::Settle(outcome) => write!(f, "settle {}", outcome.room()),
            Self::Alarm(reason) => write!(f, "alarm {reason}"),
        }
    }
}

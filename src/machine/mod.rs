//! What may follow what: mandate, cancellation, charge, collection and file as pure state machines.
//!
//! Every machine is `step(state, happening) -> Result<Step, Refusal>`, an exhaustive `match`: each state answers or
//! refuses each happening. States are participles, happenings past tense. Steps that all lines of a file share are
//! asked once and applied as one set operation by the ledger.
//!
//! Must not: hear of bytes, files' content, tables or clocks.
#![deny(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub mod application;
pub mod cancellation;
pub mod change;
pub mod charge;
pub mod collection;
pub mod file;
pub mod mandate;

use std::fmt;

/// A happening that may not follow from a state. Journaled and reported; nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable name for people and tests: `COLLECTION_IN_FLIGHT`.
    pub name: &'static str,
    /// Why, in one English sentence.
    pub why: String,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into() }
    }

    fn not_from(state: impl fmt::Display, happening: impl fmt::Display) -> Self {
        Self::new("NOT_FROM_HERE", format!("{happening} cannot follow {state}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

/// Declares a closed set of words: variants, the word that the ledger stores and tests write, and both directions.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The word in ledger, tests and `--json`.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// The inverse of `word`.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.word()) }
        }
    };
}
pub(crate) use words;

//! The simulated exchange: plays 금융결제원 and the banks on the folders of one channel, for the demo, for rehearsals
//! and as the tests' other side (product.md N4).
//!
//! It takes `outbox/N` once `N.ok` stands beside it, judges it as strictly as the centre, and puts result files into
//! the inbox when they are due. A rules file says who fails and what goes wrong ([`Rules`]).
//!
//! # Strictness (codes: config/exchange/centre.toml, from facts/kftc.md 4 and 7)
//!
//! | the whole file is refused by receipt | a line is answered as failed |
//! |---|---|
//! | a name that is none of our requests (631) | bank unknown (0011), bank not in CMS (0096) |
//! | the same name and date was received (630) | account all zeros (0090) |
//! | bytes that do not fit the layout: order and serials (0081), Hangul (0087), control bytes in the passbook text (0068), letters and digits, blanks inside (0088), blanks (0089), a kind (A012), day (A011) or withdraw mode (0075) that is none, counts and sums and anything else (800) | a resident number (0091) |
//! | another institution (310) | a payer number outside the number system (A018) |
//! | a name that does not go with the header's date (632) | an application date after the file's (A011) |
//! | a date that is no banking day (A011) | applied for twice or registered already (A016) |
//! | after the exchange's deadline (634) | 0 won (0061), too little (0075), above the limit (0062) |
//! | a rule of the rules file | not registered with this account (0017), and what verdict rules say |
//!
//! The line between both is what can be echoed: a line whose bytes do not parse cannot stand in a result file, so it
//! refuses its file, with record and bytes in the receipt; a line that reads well but may not be is answered.
//!
//! # Exactly once
//!
//! `answers/` is written first, then the judgement in `taking/`; then the file moves to `sent/`, the marker goes, the
//! receipt appears, the judgement moves to `judged/`. Answers are given by rename, and only for judgements in
//! `judged/`. A start finishes what stands in `taking/`, removes answers of no judgement, and puts back receipts that
//! are missing. What is registered is played again from `sent/`, never stored.
//!
//! Must not: be known to anything but `cli` and tests; ask the time; draw by chance; touch folders of the channel
//! other than outbox, sent and inbox.

mod applications;
mod centre;
mod evidence;
mod folders;
mod journal;
mod mischief;
mod play;
mod receipt;
mod register;
mod rules;
mod rules_application;
mod rules_file;
mod rules_shape;
mod taking;
mod verdict;
mod wire;

pub use applications::ApplicationsPlan;
pub use evidence::EvidencePlan;
pub use play::{Exchange, ServicePlan, Setup, Turn};
pub use receipt::{Outcome, Receipt};
pub use rules::{
    Act, Application, AppliedFor, CentreRules, Check, Cut, Draw, Harm, Matches, Mischief, Outgoing, Partial,
    Receipts, Rules, Service, Taking, VerdictRule, Which, WrongCharset,
};

#[cfg(test)]
mod tests;

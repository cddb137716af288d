//! Bank files as data: `formats/*.toml` → [`Layout`]; bytes ⇄ records, strictly and in a stream.
//!
//! Pure: a reader takes any `Read`, a writer any `Write`; nothing here opens a file, asks the time or logs.
//! Must not know a word of the business: what a field *means* is told by `message` and bound in `bank`.
//! Refuses what is not exactly as the layout says, except the tolerances that it names, each use of which is reported.
//! `formats/README.md` is the language.
//!
//! ```text
//! raw.rs ───► load.rs (+ load_*) ──► plan.rs ──► read.rs   bytes → RecordView, faults, ReadSummary
//!  raw keys    every check, faults with file:line     compiled └► write.rs  values → bytes, through the same checks
//! ```
//! `shape.rs` is the quick way to see that a record is in order; `record.rs` is the rule behind it.
//! `progress.rs` is the state both walk through: order, serials, equal fields, counts and sums.

mod charset;
mod convert;
mod detect;
mod excerpt;
mod field;
mod flaw;
mod grammar;
mod json;
mod load;
mod load_check;
mod load_example;
mod load_field;
mod load_parameters;
mod load_refs;
mod lookup;
mod name;
mod plan;
mod print;
mod progress;
mod raw;
mod read;
mod record;
mod shape;
mod stride;
mod summary;
mod view;
mod word;
mod write;

pub use charset::{Encoding, Unencodable};
pub use convert::{copy_record, is_computed};
pub use detect::{dated, detect};
pub use json::{to_json, write_json};
pub use name::NameDate;
pub use plan::{FieldIx, FieldKind, FieldSpec, Layout, PartialAmount, RecordIx, ResultsListed};
pub use read::Reader;
pub use summary::{CheckOutcome, ReadSummary, ToleratedUse};
pub use view::{DescribedField, RecordView, describe};
pub use write::{Row, WriteError, Writer, WrittenSummary};

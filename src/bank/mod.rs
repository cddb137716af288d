//! Messages in a bank's files: applications for registration, debits, and their results; the proof that a result is
//! complete; what result codes mean.
//!
//! The only room that knows both a layout and a message. A layout is bound once, at load ([`Format::bind`]): what its
//! message needs and it lacks is a fault of the layout. Must not: name a bank's code (they stand in `formats/`), do
//! I/O other than through the readers and writers handed in, log, or know the ledger.

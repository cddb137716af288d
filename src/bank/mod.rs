//! tmp

pub mod codes;

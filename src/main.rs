//! sunap
fn main() {}

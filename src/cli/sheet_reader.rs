//! `sunap sheet-reader`: the child process that reads workbooks. Hidden: the daemon calls it.
//!
//! Must not: be of use to a person; it only limits itself and hands over to `sheet::child`.

use super::screen::tell;
use super::{Exit, Screen};
use crate::sheet::child;

/// Does the verb.
pub(super) fn run(screen: &mut Screen) -> Exit {
    match child::run(std::io::stdin().lock(), screen.bytes()) {
        Ok(()) => Exit::Done,
        Err(why) => {
            tell(why);
            Exit::Data
        }
    }
}

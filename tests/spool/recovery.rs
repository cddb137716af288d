//! The recovery table: every state × place, as `tests/spool/recovery.table` says. Adding a case is adding a line;
//! `SUNAP_PRINT_TABLE=1 cargo test --test spool recovery -- --nocapture` prints what the code says.

use std::collections::BTreeSet;
use sunap::spool::recovery::{
    Boot, IncomingPlace, IncomingState, OutgoingPlace, OutgoingState, Peer, incoming, outgoing,
};

/// What the code says, one line per state and place: `out | state | place | answer`. Where boot or peer matter, the
/// answer is given for each.
fn said() -> Vec<String> {
    let mut lines = Vec::new();
    for &state in OutgoingState::ALL {
        for &place in OutgoingPlace::ALL {
            let answer = |boot, peer| outgoing(state, place, boot, peer).to_string();
            let mut answers = Vec::new();
            for &boot in Boot::ALL {
                for &peer in Peer::ALL {
                    answers.push((boot, peer, answer(boot, peer)));
                }
            }
            let different: BTreeSet<&String> = answers.iter().map(|(_, _, answer)| answer).collect();
            if let (Some(answer), 1) = (different.first(), different.len()) {
                lines.push(format!(
                    "out | {state:<9} | {place:<11} | any   | any                | {}",
                    answer
                ));
            } else {
                for (boot, peer, answer) in &answers {
                    lines.push(format!("out | {state:<9} | {place:<11} | {boot:<5} | {peer:<18} | {answer}"));
                }
            }
        }
    }
    let states = std::iter::once(None).chain(IncomingState::ALL.iter().copied().map(Some));
    for state in states {
        for &place in IncomingPlace::ALL {
            let word = state.map_or("-", IncomingState::word);
            lines.push(format!("in  | {word:<9} | {place:<11} | {}", incoming(state, place)));
        }
    }
    lines
}

#[test]
fn the_table_is_what_the_code_does() {
    let said = said();
    if std::env::var_os("SUNAP_PRINT_TABLE").is_some() {
        println!("{}", said.join("\n"));
    }
    let table = include_str!("recovery.table");
    let lines: Vec<&str> =
        table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
    for (line, said) in lines.iter().zip(&said) {
        assert_eq!(line, said);
    }
    assert_eq!(lines.len(), said.len());
}

#[test]
fn a_file_that_may_have_been_seen_is_never_made_or_published_again() {
    for &state in OutgoingState::ALL {
        for &place in OutgoingPlace::ALL {
            for &boot in Boot::ALL {
                let step = outgoing(state, place, boot, Peer::MayTakeTwice).to_string();
                let visible = matches!(step.as_str(), "publish" | "stage-again");
                let safe = state == OutgoingState::Built
                    || (state, place, boot) == (OutgoingState::Staged, OutgoingPlace::Stage, Boot::Same);
                assert!(!visible || safe, "{state} {place} {boot}: {step}");
            }
        }
    }
}

//! The state machines, held to their tables in `tests/machine/`: every state × every happening has a row, and the
//! row's answer is the machine's. Adding a state or a happening without its rows fails here. Below the tables,
//! properties of random sequences, and that lines never move in a way that their file did not.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at what it does not expect"
)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use sunap::domain::Won;
use sunap::machine::{Refusal, application, cancellation, charge, collection, file, mandate};

/// The rows of a table: trimmed cells; comments and the heading left out.
fn rows(name: &str) -> Vec<Vec<String>> {
    let path = format!("{}/tests/machine/{name}.table", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).skip(1);
    lines.map(|l| l.split('|').map(|cell| cell.trim().to_string()).collect()).collect()
}

fn answer<T: std::fmt::Display>(stepped: Result<T, Refusal>) -> String {
    match stepped {
        Ok(state) => state.to_string(),
        Err(refusal) => refusal.name.to_string(),
    }
}

/// Compares a table with a machine; every pair must be there, once, and nothing else.
fn hold<S, H>(name: &str, states: &[S], happenings: &[H], step: impl Fn(S, H) -> Result<S, Refusal>)
where
    S: Copy + std::fmt::Display,
    H: Copy + std::fmt::Display,
{
    let mut table = BTreeMap::new();
    for row in rows(name) {
        let pair = (row[0].clone(), row[1].clone());
        assert!(table.insert(pair, row[2].clone()).is_none(), "{name}: twice: {row:?}");
    }
    for &state in states {
        for &happening in happenings {
            let pair = (state.to_string(), happening.to_string());
            let expected = table.remove(&pair).unwrap_or_else(|| panic!("{name}: no row for {pair:?}"));
            assert_eq!(answer(step(state, happening)), expected, "{name}: {pair:?}");
        }
    }
    assert!(table.is_empty(), "{name}: rows of unknown words: {table:?}");
}

#[test]
fn mandate_table() {
    hold("mandate", mandate::State::ALL, mandate::Happening::ALL, mandate::step);
}

#[test]
fn application_table() {
    hold("application", application::State::ALL, application::Happening::ALL, application::step);
}

#[test]
fn cancellation_table() {
    hold("cancellation", cancellation::State::ALL, cancellation::Happening::ALL, cancellation::step);
}

#[test]
fn collection_table() {
    hold("collection", collection::State::ALL, collection::Happening::ALL, collection::step);
}

#[test]
fn file_tables() {
    hold("file_out", file::Out::ALL, file::OutHappening::ALL, file::step_out);
    hold("file_in", file::In::ALL, file::InHappening::ALL, file::step_in);
}

fn balance(text: &str) -> charge::Balance {
    let (paid, amount) = text.split_once('/').unwrap();
    charge::Balance { amount: amount.parse().unwrap(), paid: paid.parse().unwrap() }
}

fn charge_happening(text: &str) -> charge::Happening {
    let (word, won) = text.split_once(' ').unwrap_or((text, "0"));
    let won: Won = won.parse().unwrap();
    match word {
        "collected" => charge::Happening::Collected(won),
        "returned" => charge::Happening::Returned(won),
        "amount-changed" => charge::Happening::AmountChanged(won),
        "corrected" => charge::Happening::Corrected(won),
        "written-off" => charge::Happening::WrittenOff,
        "cancelled" => charge::Happening::Cancelled,
        other => panic!("unknown happening {other}"),
    }
}

#[test]
fn charge_table() {
    let mut seen = std::collections::BTreeSet::new();
    for row in rows("charge") {
        let (word, money) = row[0].split_once(' ').unwrap();
        let state = charge::State::from_word(word).unwrap();
        let happening = charge_happening(&row[2]);
        seen.insert((state, row[1].clone(), row[2].split(' ').next().unwrap().to_string()));
        let stepped = charge::step(state, balance(money), row[1] == "yes", happening);
        let found = answer(stepped.map(|(s, b)| format!("{s} {}/{}", b.paid.get(), b.amount.get())));
        assert_eq!(found, row[3], "{row:?}");
    }
    let pairs = charge::State::ALL.len() * 2 * 6;
    assert_eq!(seen.len(), pairs, "a state × in flight × happening is missing in charge.table");
}

#[test]
fn words_are_unique_and_read_back() {
    macro_rules! held {
        ($($set:ty),+) => { $(
            for word in <$set>::ALL { assert_eq!(<$set>::from_word(word.word()), Some(*word)); }
            assert_eq!(<$set>::from_word("no such word"), None);
        )+ };
    }
    held!(mandate::State, mandate::Happening, mandate::EndReason, mandate::Effect, cancellation::State);
    held!(cancellation::Answer, cancellation::Happening, collection::State, collection::Happening);
    held!(charge::State, file::Out, file::OutHappening, file::In, file::InHappening);
}

/// What is true of all lines of a file stands once, at the file. So whatever a file does, its lines must be allowed to
/// do: the line's state before and after are the same, or one happening leads from one to the other. The one
/// exception is a published file taken back from the outbox by an order: nobody has it, its lines wait again.
#[test]
fn lines_can_follow_every_step_of_their_file() {
    for &state in file::Out::ALL {
        for &happening in file::OutHappening::ALL {
            let Ok(next) = file::step_out(state, happening) else { continue };
            let (from, to) = (collection::of_file(state), collection::of_file(next));
            let follows = |h: &collection::Happening| collection::step(from, *h) == Ok(to);
            let taken_back = (state, happening) == (file::Out::Published, file::OutHappening::Held);
            assert!(
                from == to || taken_back || collection::Happening::ALL.iter().any(follows),
                "{state} {happening}: lines cannot go from {from} to {to}"
            );
        }
    }
}

#[test]
fn a_code_acts_only_on_the_registration_that_was_debited() {
    for &state in mandate::State::ALL {
        for &effect in mandate::Effect::ALL {
            match effect.on(state) {
                Some((happening, _)) => assert!(mandate::step(state, happening).is_ok(), "{state} {effect}"),
                None => assert!(effect == mandate::Effect::None || !matches!(state, mandate::State::Active)),
            }
        }
    }
    assert_eq!(mandate::Effect::EndAccountClosed.on(mandate::State::Queued), None);
}

fn charge_happenings() -> impl Strategy<Value = (bool, charge::Happening)> {
    let won = prop_oneof![9 => -5_i64..2_000, 1 => Just(i64::MAX)].prop_map(Won::new);
    let one = prop_oneof![
        4 => won.clone().prop_map(charge::Happening::Collected),
        3 => won.clone().prop_map(charge::Happening::Returned),
        2 => won.clone().prop_map(charge::Happening::AmountChanged),
        1 => won.prop_map(charge::Happening::Corrected),
        1 => Just(charge::Happening::WrittenOff),
        1 => Just(charge::Happening::Cancelled),
    ];
    (any::<bool>(), one)
}

proptest! {
    /// I3: what came less what went back is what is paid, whatever happens, and the state tells the balance.
    #[test]
    fn charge_balance_holds(amount in 1_i64..5_000, happenings in prop::collection::vec(charge_happenings(), 0..40)) {
        let mut state = charge::State::Open;
        let mut balance = charge::Balance { amount: Won::new(amount), paid: Won::ZERO };
        let mut net = 0_i64;
        for (in_flight, happening) in happenings {
            let Ok((next_state, next)) = charge::step(state, balance, in_flight, happening) else { continue };
            match happening {
                charge::Happening::Collected(won) => net += won.get(),
                charge::Happening::Returned(won) => net -= won.get(),
                charge::Happening::AmountChanged(won) | charge::Happening::Corrected(won) => prop_assert_eq!(next.amount, won),
                charge::Happening::WrittenOff | charge::Happening::Cancelled => prop_assert_eq!(next, balance),
            }
            let ended = |s| matches!(s, charge::State::WrittenOff | charge::State::Cancelled);
            prop_assert!(!ended(state) || ended(next_state) || next_state == charge::State::Overpaid);
            (state, balance) = (next_state, next);
            prop_assert_eq!(balance.paid.get(), net);
            prop_assert!(balance.amount.is_positive() && balance.paid >= Won::ZERO);
            let open = balance.open().unwrap();
            prop_assert_eq!(balance.paid.checked_add(open), Some(balance.amount));
            prop_assert!(ended(state) || state == balance.state());
        }
    }

    /// An ended mandate comes back only by a new application, and it never debits without the bank's acceptance.
    #[test]
    fn mandate_never_revives_by_itself(happenings in prop::collection::vec(prop::sample::select(mandate::Happening::ALL), 0..60)) {
        let mut state = mandate::State::Draft;
        for happening in happenings {
            let Ok(next) = mandate::step(state, happening) else { continue };
            if state == mandate::State::Ended {
                let told = [mandate::Happening::Applied, mandate::Happening::Restored];
                prop_assert!(told.contains(&happening));
            }
            if next == mandate::State::Active && state != next {
                use mandate::Happening as H;
                prop_assert!(matches!(happening, H::Accepted | H::NotRequired | H::Resumed | H::CancelRefused | H::RegisteredAtBank | H::MovedAtBank | H::Changed | H::ChangeRefused | H::Restored));
            }
            state = next;
        }
    }

    /// Final states of a collection never change, except that money is taken back; and money is never taken twice.
    #[test]
    fn collection_ends_once(happenings in prop::collection::vec(prop::sample::select(collection::Happening::ALL), 0..60)) {
        use collection::State as S;
        let (mut state, mut succeeded) = (S::Requested, 0);
        for happening in happenings {
            let Ok(next) = collection::step(state, happening) else { continue };
            prop_assert!(state.is_live() || next == S::Reversed, "{} {} {}", state, happening, next);
            succeeded += u32::from(matches!(next, S::Succeeded | S::Partial));
            state = next;
        }
        prop_assert!(succeeded <= 1);
    }

    /// A file that is over stays over, and one that was refused or missed was never answered.
    #[test]
    fn out_file_ends_once(happenings in prop::collection::vec(prop::sample::select(file::OutHappening::ALL), 0..60)) {
        let mut state = file::Out::Planned;
        for happening in happenings {
            let Ok(next) = file::step_out(state, happening) else { continue };
            prop_assert!(state.is_open(), "{} {} {}", state, happening, next);
            state = next;
        }
    }
}

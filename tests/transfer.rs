//! The TCP file protocol between two stations, with somebody on the line who cuts, drops, repeats and changes messages.
//! After each accident both sides start anew (as after `kill -9`: nothing is in memory) and the files must have
//! arrived once, byte for byte, with everything put away. Time is paused: no test waits.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the tests put files into folders as the daemon would")]
#![expect(clippy::string_slice, reason = "messages are ASCII, their fields stand at fixed places")]

mod line;

use line::{Accident, Sides, codes, meet};
use std::fs;
use sunap::transfer::{Broken, Direction, Message, Name, Wire};

const BOTH: [Direction; 2] = [Direction::ToCentre, Direction::ToMember];

#[tokio::test(start_paused = true)]
async fn files_go_both_ways_in_order_whole_and_once() {
    for variant in ["direct", "bank"] {
        for direction in BOTH {
            for sender_calls in [true, false] {
                let sides = Sides::new(variant, direction);
                let seen = meet(&sides, sender_calls, Accident::None).await;
                assert!(seen.sender.is_ok() && seen.receiver.is_ok(), "{seen:?}");
                sides.arrived_once();
                let again = meet(&sides, sender_calls, Accident::None).await;
                assert_eq!(again.sender.unwrap(), Vec::<String>::new());
                sides.arrived_once();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_messages_come_in_the_order_of_the_facts() {
    let sides = Sides::new("direct", Direction::ToCentre);
    let seen = meet(&sides, true, Accident::None).await;
    let mut wanted = vec!["0600", "0610"];
    for pieces in [&[3, 3, 1][..], &[2]] {
        wanted.extend(["0630", "0640"]);
        for count in pieces {
            wanted.extend(vec!["0320"; *count]);
            wanted.extend(["0620", "0300"]);
        }
        wanted.extend(["0600", "0610"]);
    }
    wanted.extend(["0600", "0610"]);
    assert_eq!(codes(&seen.messages), wanted);
    let controls: Vec<&str> =
        seen.messages.iter().filter(|m| &m[15..19] == "0600").map(|m| &m[42..45]).collect();
    assert_eq!(controls, ["001", "002", "003", "004"]);
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_every_message_and_within_every_part_of_it() {
    for direction in BOTH {
        for sender_calls in [true, false] {
            let messages =
                meet(&Sides::new("direct", direction), sender_calls, Accident::None).await.messages.len();
            for at in 0..messages {
                // Before the message; within length, header, body; before its last byte; after it.
                for part in [Some(0), Some(2), Some(4), Some(20), Some(40), Some(usize::MAX), None] {
                    let sides = Sides::new("direct", direction);
                    let first = meet(&sides, sender_calls, Accident::Cut { at, part }).await;
                    // Only where the cut comes after the last message may nobody have noticed.
                    assert!(
                        first.sender.is_err() || first.receiver.is_err() || at + 1 == messages,
                        "{at} {part:?}"
                    );
                    sides.claim();
                    let second = meet(&sides, sender_calls, Accident::None).await;
                    assert!(second.sender.is_ok() && second.receiver.is_ok(), "{at} {part:?} {second:?}");
                    sides.arrived_once();
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_every_message_of_every_session_until_it_is_through() {
    // The second session is cut one message later than the first, and so on: each gets a little farther.
    let sides = Sides::new("direct", Direction::ToCentre);
    let mut through = false;
    for at in 2..60 {
        let seen = meet(&sides, true, Accident::Cut { at, part: None }).await;
        sides.claim();
        if seen.sender.is_ok() && seen.receiver.is_ok() {
            through = true;
            break;
        }
    }
    assert!(through);
    sides.arrived_once();
}

#[tokio::test(start_paused = true)]
async fn a_resumed_file_does_not_send_again_what_is_safe() {
    let sides = Sides::new("direct", Direction::ToCentre);
    // 0600 0610 0630 0640, three DATA, 0620 0300: the first block is safe.
    meet(&sides, true, Accident::Cut { at: 9, part: Some(0) }).await;
    let seen = meet(&sides, true, Accident::None).await;
    let resumed = seen.messages.iter().find(|m| &m[15..19] == "0640").unwrap();
    let block = 3 * 33 * 120;
    assert_eq!(&resumed[40..52], format!("{block:012}"), "{resumed}");
    let first_data = seen.messages.iter().find(|m| &m[15..19] == "0320").unwrap();
    assert_eq!(&first_data[32..39], "0002001", "{first_data}");
    sides.arrived_once();
}

#[tokio::test(start_paused = true)]
async fn lost_and_repeated_pieces_are_repaired_in_the_same_session() {
    for direction in BOTH {
        let all = meet(&Sides::new("direct", direction), true, Accident::None).await.messages;
        for (at, code) in codes(&all).into_iter().enumerate().filter(|(_, code)| *code == "0320") {
            for accident in [Accident::Drop { at }, Accident::Twice { at }] {
                let sides = Sides::new("direct", direction);
                let seen = meet(&sides, true, accident).await;
                assert!(seen.sender.is_ok() && seen.receiver.is_ok(), "{code} {accident:?} {seen:?}");
                let repaired = codes(&seen.messages).contains(&"0310");
                assert_eq!(repaired, matches!(accident, Accident::Drop { .. }), "{accident:?}");
                sides.arrived_once();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_message_lost_or_repeated_ends_well() {
    for direction in BOTH {
        let messages = meet(&Sides::new("direct", direction), true, Accident::None).await.messages.len();
        for at in 0..messages {
            for accident in [Accident::Drop { at }, Accident::Twice { at }] {
                let sides = Sides::new("direct", direction);
                meet(&sides, true, accident).await;
                sides.claim();
                let second = meet(&sides, true, Accident::None).await;
                assert!(second.sender.is_ok() && second.receiver.is_ok(), "{accident:?} {second:?}");
                sides.arrived_once();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_changed_byte_around_the_data_ends_well() {
    for direction in [Direction::ToCentre] {
        let all = meet(&Sides::new("direct", direction), true, Accident::None).await.messages;
        for (at, message) in all.iter().enumerate() {
            // One DATA message of a block is as another: the first of each is changed.
            if at > 0 && codes(&all)[at] == "0320" && codes(&all)[at - 1] == "0320" {
                continue;
            }
            // A DATA message's own bytes have no check in this protocol: up to byte 43 is the header and the body.
            let around = if &message[15..19] == "0320" { 43 } else { message.len() };
            for byte in (0..around.min(60)).chain(around.saturating_sub(1)..around) {
                let sides = Sides::new("direct", direction);
                meet(&sides, true, Accident::Change { at, byte }).await;
                sides.claim();
                for _ in 0..2 {
                    meet(&sides, true, Accident::None).await;
                    sides.claim();
                }
                // The name or the size of a file may arrive changed (no check either): then what came is not
                // delivered under the right name or not at all, and it is never delivered twice or torn.
                sides.nothing_torn();
                if !["0630", "0640"].contains(&&message[15..19]) {
                    sides.arrived_once();
                }
            }
        }
    }
}

fn person(result: &Result<Vec<String>, Broken>) -> &str {
    match result {
        Err(Broken::Person { code, .. } | Broken::Later { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_names_and_passwords_are_turned_away() {
    let sides =
        Sides::new("direct", Direction::ToCentre).with(|member, _| member.member.name = "OTHER".into());
    assert_eq!(person(&meet(&sides, true, Accident::None).await.sender), "310");
    let sides = Sides::new("direct", Direction::ToCentre).with_password("WRONG1");
    let seen = meet(&sides, true, Accident::None).await;
    assert_eq!(person(&seen.sender), "320");
    assert!(seen.messages.iter().all(|m| !m.contains("WRONG1")) && !format!("{seen:?}").contains("WRONG1"));
    sides.nothing_moved();
}

#[tokio::test(start_paused = true)]
async fn refused_files_go_to_sent_with_their_receipt_and_the_others_go_on() {
    // The centre knows only the second job.
    let sides = Sides::new("direct", Direction::ToCentre).with(|_, centre| {
        centre.job.remove(0);
    });
    let seen = meet(&sides, true, Accident::None).await;
    assert!(seen.sender.is_ok(), "{seen:?}");
    let receipt = fs::read_to_string(sides.from().join("sent/EB131123.receipt")).unwrap();
    assert!(receipt.contains("result = \"refused\"\ncode = \"631\""), "{receipt}");
    let receipt = fs::read_to_string(sides.from().join("sent/EB211124.receipt")).unwrap();
    assert!(receipt.contains("result = \"accepted\"\ncode = \"000\""), "{receipt}");
    assert!(!sides.to().join("inbox/EB131123").exists() && sides.to().join("inbox/EB211124").exists());
}

/// Each code of formats/transfer/kftc.toml, as the answer to the offer of a file (facts/kftc.md 7.2).
#[tokio::test(start_paused = true)]
async fn every_answer_to_an_offer_does_what_the_table_says() {
    let all = meet(&Sides::new("direct", Direction::ToCentre), true, Accident::None).await.messages;
    let at = codes(&all).iter().position(|code| *code == "0640").unwrap();
    for text in ["090", "310", "320", "630", "631", "632", "633", "634", "800"] {
        let sides = Sides::new("direct", Direction::ToCentre);
        let seen = meet(&sides, true, Accident::Say { at, from: 29, text }).await;
        let receipt = fs::read_to_string(sides.from().join("sent/EB131123.receipt"));
        if ["631", "632"].contains(&text) {
            // This file is refused, and the other side has not a byte of it.
            assert!(receipt.unwrap().contains(&format!("result = \"refused\"\ncode = \"{text}\"")), "{text}");
            assert!(!sides.to().join("inbox/EB131123").exists(), "{text}");
            continue;
        }
        // The session ends with the code; a file that somebody says to have is not believed to be ours.
        assert_eq!(person(&seen.sender), text);
        assert!(receipt.is_err(), "{text}");
        if text == "090" {
            // Their system was in trouble: the next session goes on by itself.
            sides.claim();
            for _ in 0..2 {
                meet(&sides, true, Accident::None).await;
                sides.claim();
            }
            sides.arrived_once();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_too_long_for_the_other_side_need_a_person() {
    // The centre's records are longer than its messages.
    let sides = Sides::new("direct", Direction::ToCentre).with(|_, centre| centre.job[0].record_bytes = 5000);
    assert_eq!(person(&meet(&sides, true, Accident::None).await.sender), "633");
    sides.nothing_moved();
}

#[tokio::test(start_paused = true)]
async fn a_file_above_the_limit_is_refused_before_a_byte_of_it_comes() {
    let sides = Sides::new("direct", Direction::ToCentre).with_longest(1000);
    let seen = meet(&sides, true, Accident::None).await;
    assert_eq!(person(&seen.sender), "800");
    assert!(!codes(&seen.messages).contains(&"0320"));
    sides.nothing_moved();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_the_other_side_has_from_elsewhere_is_not_taken_for_sent() {
    for (bytes, code) in [("same length", "630"), ("another length", "634")] {
        let sides = Sides::new("direct", Direction::ToCentre);
        meet(&sides, true, Accident::None).await;
        sides.claim();
        let length = fs::metadata(sides.from().join("sent/EB131123")).unwrap().len();
        let length = if bytes == "same length" { length } else { length - 120 };
        fs::write(sides.from().join("outbox/EB131123"), vec![b'x'; usize::try_from(length).unwrap()])
            .unwrap();
        fs::write(sides.from().join("outbox/EB131123.ok"), "").unwrap();
        assert_eq!(person(&meet(&sides, true, Accident::None).await.sender), code, "{bytes}");
        assert!(sides.from().join("outbox/EB131123").exists());
        // A person lets it come again.
        assert!(sides.receiver_store().forget("EB131123").unwrap());
        assert!(meet(&sides, true, Accident::None).await.sender.is_ok());
        assert!(sides.from().join("sent/EB131123.2.receipt").exists());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_still_in_use_in_the_inbox_waits() {
    let sides = Sides::new("direct", Direction::ToMember);
    let name = sides.files()[0].0.clone();
    fs::write(sides.to().join("inbox").join(&name), "last year's").unwrap();
    assert!(meet(&sides, true, Accident::None).await.sender.is_ok());
    assert_eq!(fs::read(sides.to().join("inbox").join(&name)).unwrap(), b"last year's");
    fs::remove_file(sides.to().join("inbox").join(&name)).unwrap();
    drop(sides.receiver_store());
    sides.arrived_once();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_complete_or_not_ours_stays_in_the_outbox() {
    let sides = Sides::new("direct", Direction::ToCentre);
    for name in
        ["EB131124", "README", "README.ok", "EB22112", "EB22112.ok", ".EB131125", "EB991123", "EB991123.ok"]
    {
        fs::write(sides.from().join("outbox").join(name), "x").unwrap();
    }
    meet(&sides, true, Accident::None).await.sender.unwrap();
    for name in ["EB131124", "README", "README.ok", "EB22112", ".EB131125", "EB991123"] {
        assert!(sides.from().join("outbox").join(name).exists(), "{name}");
    }
    assert!(!sides.from().join("outbox/EB131123").exists());
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_left_between_two_steps_is_finished_at_the_start() {
    // After the other side's word: journal kept; moved; marker removed; receipt written.
    for step in 0..4 {
        let sides = Sides::new("direct", Direction::ToCentre);
        let (outbox, sent) = (sides.from().join("outbox"), sides.from().join("sent"));
        let sha = sunap::spool::Sha256::of(&sides.files()[0].1).to_string();
        let journal = format!(
            "sha256 = \"{sha}\"\n[confirmed]\nsent_as = \"EB131123\"\nresult = \"accepted\"\ncode = \"000\"\nwhy = \"w\"\nat = \"2026-11-23 10:00:00\"\n"
        );
        drop(sides.sender_store());
        fs::write(sides.sender_own().join("out/EB131123.toml"), journal).unwrap();
        if step > 0 {
            fs::rename(outbox.join("EB131123"), sent.join("EB131123")).unwrap();
        }
        if step > 1 {
            fs::remove_file(outbox.join("EB131123.ok")).unwrap();
        }
        if step > 2 {
            fs::write(sent.join("EB131123.receipt"), "result = \"accepted\"\n").unwrap();
        }
        drop(sides.sender_store());
        assert!(!outbox.join("EB131123").exists() && !outbox.join("EB131123.ok").exists(), "{step}");
        assert!(sent.join("EB131123").exists() && sent.join("EB131123.receipt").exists(), "{step}");
        assert!(!sides.sender_own().join("out/EB131123.toml").exists(), "{step}");
    }
    // On the way in: declared whole, not renamed; renamed, not noted.
    for renamed in [false, true] {
        let sides = Sides::new("direct", Direction::ToMember);
        drop(sides.receiver_store());
        let inbox = sides.to().join("inbox");
        let journal = "phase = \"whole\"\nbytes = 3\nkept = 3\nday = \"2026-11-23\"\nsha256 = \"\"\n";
        fs::write(sides.receiver_own().join("in/EB141123.toml"), journal).unwrap();
        fs::write(inbox.join(if renamed { "EB141123" } else { ".transfer-EB141123.part" }), "abc").unwrap();
        if renamed {
            // The daemon claimed it meanwhile.
            fs::remove_file(inbox.join("EB141123")).unwrap();
        }
        drop(sides.receiver_store());
        assert_eq!(inbox.join("EB141123").exists(), !renamed);
        let text = fs::read_to_string(sides.receiver_own().join("in/EB141123.toml")).unwrap();
        assert!(text.contains("delivered"), "{text}");
    }
}

#[test]
fn golden_messages_of_both_headers() {
    let text = include_str!("../formats/transfer/kftc.toml");
    for (variant, org, wanted) in [
        ("direct", "99900012", "0039FTE999000120620RCEB211124000".to_string() + "0002027"),
        ("bank", "012", "0030FTE0120620RCEB211124000".to_string() + "0002027"),
    ] {
        // The length counts the bytes after itself.
        let wanted = format!("{:04}{}", wanted.len() - 4, &wanted[4..]);
        let wire = Wire::from_toml("kftc.toml", text, variant).unwrap();
        let message = Message::new(Name::MissingCheck)
            .with("business", "FTE")
            .with("institution", org)
            .with("direction", "R")
            .with("flag", "C")
            .with("file", "EB211124")
            .with_number("block", 2)
            .with_number("sequence", 27);
        let bytes = wire.print(&message).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), wanted);
        let read = wire.parse(&bytes[4..]).unwrap();
        assert_eq!((read.number("block"), read.get("file")), (2, "EB211124"));
        // facts/kftc.md 7.2: 33 records of 120 bytes or 27 of 150 in a message.
        assert_eq!(wire.data_bytes(120, 4096), Some(33 * 120));
        assert_eq!(wire.data_bytes(150, 4096), Some(27 * 150));
        assert_eq!(wire.data_bytes(5000, 4096), None);
        for wrong in ["", "012", "0x12", "9999", "0003"] {
            assert!(wire.length(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}

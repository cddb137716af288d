//! Orders read back as they were printed, and half orders do nothing.

use super::*;
use proptest::prelude::*;

fn targets(verb: Verb) -> Vec<Target> {
    if verb.about() == About::Desk {
        return crate::intake::order_desk::tests::targets(verb);
    }
    if verb.about() == About::Print {
        return crate::intake::order_print::tests::targets(verb);
    }
    if verb == Verb::NoticeAcknowledge {
        return vec![Target::Notice {
            creditor: "00000012".parse().unwrap(),
            notice: "2026-01-holidays".into(),
        }];
    }
    if verb == Verb::QuestionAnswer {
        return vec![Target::Question { id: 3, text: "예, 됩니다.".into() }];
    }
    if verb.about() == About::People {
        return vec![Target::Message(MessageTarget {
            creditor: "00000012".parse().unwrap(),
            payer_no: "가-1".parse().unwrap(),
            text: "\"내일\" 출금됩니다, 확인해 주십시오".into(),
        })];
    }
    if verb.about() == About::Payout {
        return vec![Target::PayoutId(3)];
    }
    if verb.about() == About::Application {
        return vec![Target::ApplicationId(4)];
    }
    if verb.about() == About::Mandate {
        return vec![
            Target::MandateId(7),
            Target::Mandate {
                creditor: "00000012".parse().unwrap(),
                payer_no: "가-\"1\"".parse().unwrap(),
                item: "FEE".parse().unwrap(),
            },
        ];
    }
    let name = |owner: Option<&str>| Target::FileName {
        owner: owner.map(|o| o.parse().unwrap()),
        name: "EB210105".into(),
    };
    vec![Target::FileId(1), name(None), name(Some("channel/main")), name(Some("creditor/00000012"))]
}

fn order(verb: Verb, target: Target) -> Order {
    let at = "2026-01-05 13:00:00".parse().unwrap();
    Order { verb, target, reason: "계좌 확인 중".into(), by: "kim".into(), at }
}

#[test]
fn every_order_reads_back() {
    for verb in Verb::ALL {
        for target in targets(verb) {
            let order = order(verb, target);
            assert_eq!(Order::parse("o.toml", order.print().as_bytes()), Ok(order.clone()));
            let answer: toml::Table = order.answer(&Outcome::Done("held".into())).parse().unwrap();
            assert_eq!(answer["result"].as_str(), Some("done"));
        }
    }
}

fn name_of(text: &str) -> String {
    match Order::parse("o.toml", text.as_bytes()) {
        Ok(order) => order.verb.word().into(),
        Err(faults) => {
            faults.kept().iter().map(|f| format!("{}@{}", f.name, f.place)).collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn half_orders_do_nothing() {
    let rest = "reason = \"x\"\nby = \"kim\"\nat = \"2026-01-05\"\n";
    for (head, expected) in [
        ("verb = \"file.hold\"\nid = 1\n", "file.hold"),
        ("verb = \"file.hold\"\nid = 0\n", "order-target@o.toml:1:8"),
        ("verb = \"file.hold\"\n", "order-target@o.toml:1:8"),
        ("verb = \"file.hold\"\nowner = \"channel/main\"\n", "order-target@o.toml:1:8"),
        ("verb = \"file.hold\"\nowner = \"main\"\nname = \"a\"\n", "order-value@o.toml:2:9"),
        ("verb = \"file.hold\"\npayer_no = \"1\"\nid = 1\n", "order-target@o.toml:1:8"),
        ("verb = \"mandate.suspend\"\npayer_no = \"1\"\n", "order-target@o.toml:1:8"),
        ("verb = \"mandate.suspend\"\nname = \"a\"\n", "order-target@o.toml:1:8"),
        ("verb = \"mandate.suspend\"\nid = 3\n", "mandate.suspend"),
        ("verb = \"file.hold\"\nid = 1\nid = 2\n", "order-syntax@o.toml:3:1"),
        ("verb = \"cash.cancel\"\nid = 1\n", "order-target@o.toml:1:8"),
        (
            "verb = \"cash.cancel\"\nid = 1\ncreditor = \"00000012\"\nmonth = \"2026-01\"\n",
            "order-target@o.toml:1:8",
        ),
        ("verb = \"write-off.charge\"\nid = 1\n", "order-target@o.toml:1:8"),
        ("verb = \"mandate.suspend\"\nid = 3\nmonth = \"2026-01\"\n", "order-target@o.toml:3:9"),
    ] {
        assert_eq!(name_of(&format!("{head}{rest}")), expected, "{head}");
    }
    assert!(name_of("verb = \"file.hold\"\nid = 1\n").starts_with("order-syntax"));
    assert_eq!(Order::parse("o.toml", b"verb = \"\xFF").unwrap_err().kept()[0].name, "order-syntax");
}

proptest! {
    #[test]
    fn any_words_read_back(reason in "[^\\p{C}]{1,60}", name in "[^\\p{C}/]{1,60}") {
        let target = Target::FileName { owner: None, name };
        let mut order = order(Verb::FileReject, target);
        order.reason = reason;
        match Order::parse("o.toml", order.print().as_bytes()) {
            Ok(read) => prop_assert_eq!(read, order),
            Err(faults) => prop_assert!(faults.kept().iter().all(|f| f.name == "order-value"), "{}", faults),
        }
    }

    #[test]
    fn any_bytes_are_told_and_never_break(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Order::parse("o.toml", &bytes);
        for name in ["mandates.csv", "cancel.tsv", "request.csv", "x"] {
            let _ = crate::intake::read_list(name, &bytes);
        }
    }
}

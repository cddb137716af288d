//! Tables of what a debit takes: request, retry, the last look, shares.

use super::super::request::{
    Ask, Asked, CandidateFacts, CreditorFacts, DateFacts, Leave, Standing, leave, propose,
};
use super::super::retry::{self, RetryFacts, RetryRules};
use super::super::{DebitLimits, Name, Proposal, Refused, Window, emission, share};
use super::{date, month, word};
use crate::domain::{Allocation, CandidateCharge, ContractDay, Won};
use crate::machine::charge;
use crate::machine::collection;
use crate::machine::mandate::State;

/// What a change of the good case is answered with.
type Case<T> = (&'static str, fn(&mut T));

fn owed(charge_id: i64, of: &str, open: i64, attempts: u32) -> CandidateCharge {
    let debit_date = month(of).day_clamped(5);
    CandidateCharge {
        charge_id,
        month: month(of),
        open: Won::new(open),
        debit_date,
        attempts,
        last_code: "0021".into(),
    }
}

fn candidate(charges: &[CandidateCharge]) -> CandidateFacts<'_> {
    CandidateFacts {
        state: State::Active,
        active_on: Some(date("2026-01-03")),
        limits: DebitLimits {
            mandate: Won::new(100_000),
            contract: Won::new(300_000),
            minimum: Won::new(140),
        },
        bank_in_service: true,
        has_live: false,
        charges,
    }
}

fn on(day: &str) -> DateFacts {
    DateFacts { debit_date: date(day), gate: date("2026-03-03"), day_allowed: true, window: Window::Open }
}

const CREDITOR: CreditorFacts = CreditorFacts { in_service: true, arrears: true, month_left: None };

fn proposed(result: Result<Proposal, Refused>) -> String {
    match result {
        Ok(p) => {
            let parts = p.allocations.iter().map(|a| format!("{}:{}", a.charge_id, a.won.get()));
            assert_eq!(Won::sum(p.allocations.iter().map(|a| a.won)), Some(p.amount));
            parts.collect::<Vec<_>>().join(" ")
        }
        Err(refused) => refused.name.word().to_string(),
    }
}

#[test]
fn requests_take_the_oldest_first_up_to_the_limit() {
    let auto = Ask { month: month("2026-03"), listed: None, arrears: None, unanswered: None };
    let listed = |amount: Option<i64>| {
        let asked = Asked { standing: Standing::At(charge::State::Open), amount: amount.map(Won::new) };
        Ask { month: month("2026-03"), listed: Some(asked), arrears: None, unanswered: None }
    };
    let charges =
        [owed(1, "2026-01", 40_000, 1), owed(2, "2026-02", 40_000, 1), owed(3, "2026-03", 50_000, 0)];
    let all = candidate(&charges);
    let run = |c: &CandidateFacts<'_>, creditor: &CreditorFacts, ask: &Ask| {
        proposed(propose(c, &on("2026-03-05"), creditor, ask))
    };
    assert_eq!(run(&all, &CREDITOR, &auto), "1:40000 2:40000 3:20000");
    let alone = CreditorFacts { arrears: false, ..CREDITOR };
    assert_eq!(run(&all, &alone, &auto), "3:50000");
    assert_eq!(run(&all, &CREDITOR, &listed(None)), "1:40000 2:40000 3:20000");
    assert_eq!(run(&all, &CREDITOR, &listed(Some(60_000))), "1:40000 2:20000");
    assert_eq!(run(&all, &alone, &listed(Some(50_001))), "AMOUNT_OVER_OPEN");
    assert_eq!(run(&all, &CREDITOR, &listed(Some(100_001))), "AMOUNT_OVER_LIMIT");
    assert_eq!(run(&all, &CREDITOR, &listed(Some(0))), "AMOUNT_ZERO");
    assert_eq!(run(&all, &CREDITOR, &listed(Some(139))), "AMOUNT_UNDER_MINIMUM");
    let january = Ask { month: month("2026-01"), ..auto };
    assert_eq!(run(&all, &CREDITOR, &january), "1:40000", "later months never join");
    assert_eq!(run(&candidate(&[]), &CREDITOR, &auto), "NOTHING_OWED");
    assert_eq!(run(&candidate(&[owed(1, "2026-03", 100, 0)]), &CREDITOR, &auto), "AMOUNT_UNDER_MINIMUM");
    let huge = [owed(1, "2026-01", i64::MAX, 0), owed(2, "2026-02", i64::MAX, 0)];
    assert_eq!(
        run(&candidate(&huge), &CREDITOR, &auto),
        "1:100000",
        "a sum past i64 does not break the limit"
    );
    let mut low = all;
    low.limits.contract = Won::new(70_000);
    assert_eq!(run(&low, &CREDITOR, &auto), "1:40000 2:30000");
    assert_eq!(run(&low, &CREDITOR, &listed(Some(80_000))), "LIMIT_OVER_CONTRACT");
    let left = |won| CreditorFacts { month_left: Some(Won::new(won)), ..CREDITOR };
    assert_eq!(run(&all, &left(99_999), &auto), "MONTH_LIMIT");
    assert_eq!(run(&all, &left(100_000), &auto), "1:40000 2:40000 3:20000");
    let failed = [owed(3, "2026-03", 50_000, 1)];
    assert_eq!(run(&candidate(&failed), &CREDITOR, &listed(None)), "RETRY_INSTEAD");
}

#[test]
fn requests_are_refused_in_a_fixed_order() {
    let charges = [owed(1, "2026-03", 50_000, 0)];
    let auto = Ask { month: month("2026-03"), listed: None, arrears: None, unanswered: None };
    let good = (candidate(&charges), on("2026-03-05"), CREDITOR, auto);
    type Facts<'a> = (CandidateFacts<'a>, DateFacts, CreditorFacts, Ask);
    // Applied one upon the other: each is met before all that were added earlier.
    let table: &[Case<Facts<'_>>] = &[
        ("1:50000", |_| ()),
        ("MONTH_LIMIT", |f| f.2.month_left = Some(Won::ZERO)),
        ("AMOUNT_OVER_LIMIT", |f| {
            let asked =
                Asked { standing: Standing::At(charge::State::Open), amount: Some(Won::new(100_001)) };
            f.3.listed = Some(asked);
        }),
        ("NOTHING_OWED", |f| f.0.charges = &[]),
        ("COLLECTION_IN_FLIGHT", |f| f.0.has_live = true),
        ("CHARGE_PAID", |f| {
            f.3.listed = Some(Asked { standing: Standing::At(charge::State::Paid), amount: None })
        }),
        ("CHARGE_ENDED", |f| {
            f.3.listed = Some(Asked { standing: Standing::At(charge::State::WrittenOff), amount: None })
        }),
        ("CHARGE_UNKNOWN", |f| f.3.listed = Some(Asked { standing: Standing::Unknown, amount: None })),
        ("LATE_FOR_WINDOW", |f| f.1.window = Window::Closed { next: Some(date("2026-03-15")) }),
        ("DAY_NOT_ALLOWED", |f| f.1.day_allowed = false),
        ("ACTIVE_TOO_LATE", |f| f.0.active_on = Some(date("2026-03-04"))),
        ("ACTIVE_TOO_LATE", |f| f.0.active_on = None),
        ("BANK_NOT_IN_SERVICE", |f| f.0.bank_in_service = false),
        ("MANDATE_SUSPENDED", |f| f.0.state = State::Suspended),
        ("MANDATE_ENDED", |f| f.0.state = State::Ended),
        ("CHANGE_IN_FLIGHT", |f| f.0.state = State::Changing),
        ("CANCEL_IN_FLIGHT", |f| f.0.state = State::Cancelling),
        ("MANDATE_NOT_ACTIVE", |f| f.0.state = State::Sent),
        ("CREDITOR_CLOSED", |f| f.2.in_service = false),
    ];
    let mut facts = good;
    for (expected, change) in table {
        change(&mut facts);
        assert_eq!(&proposed(propose(&facts.0, &facts.1, &facts.2, &facts.3)), expected);
    }
    let mut late = good;
    late.1.window = Window::Closed { next: Some(date("2026-03-15")) };
    let refused = propose(&late.0, &late.1, &late.2, &late.3).unwrap_err();
    assert_eq!(
        refused.sentence(),
        "이 이체일의 의뢰 마감이 지났습니다, 다음 가능 이체일 2026-03-15 (LATE_FOR_WINDOW)"
    );
    late.0.active_on = Some(late.1.gate);
    late.1.window = Window::Open;
    assert_eq!(
        proposed(propose(&late.0, &late.1, &late.2, &late.3)),
        "1:50000",
        "active on the gate's day is in time"
    );
}

#[test]
fn a_request_is_taken_back_only_before_the_cut_off() {
    use collection::State as S;
    for &state in S::ALL {
        let expected = match state {
            S::Requested => Ok(Leave::Withdraw),
            S::Batched | S::Sent | S::Acknowledged => Err(Name::CollectionInFlight),
            _ => Ok(Leave::Unchanged),
        };
        assert_eq!(leave(Some(state)).map_err(|r| r.name), expected, "{state}");
    }
    assert_eq!(leave(None), Ok(Leave::Unchanged));
}

#[test]
fn retries() {
    type Facts<'a> = (CandidateFacts<'a>, DateFacts, RetryFacts<'a>, CandidateCharge);
    let run = |change: fn(&mut Facts<'static>)| {
        let failed = owed(7, "2026-03", 50_000, 1);
        let rules = RetryRules { same_month: true, window_months: None, last_regular_day: Some(25), max: 3 };
        let facts = RetryFacts {
            rules,
            due_day: ContractDay::new(5).unwrap(),
            standing: Standing::At(charge::State::Open),
            charge: None,
            retryable: true,
            on_regular_day: false,
            no_retry: false,
            automatic: true,
            amount: None,
        };
        let mut all = (candidate(&[]), on("2026-03-10"), facts, failed);
        change(&mut all);
        let (candidate, date, facts, charge) = all;
        let facts = RetryFacts { charge: (facts.standing != Standing::InFlight).then_some(&charge), ..facts };
        proposed(retry::propose(&candidate, &date, &CREDITOR, &facts))
    };
    let table: &[Case<Facts<'static>>] = &[
        ("7:50000", |_| ()),
        ("7:30000", |f| f.2.amount = Some(Won::new(30_000))),
        ("7:20000", |f| f.0.limits.mandate = Won::new(20_000)),
        ("NOT_SAME_MONTH", |f| f.1.debit_date = date("2026-04-10")),
        ("7:50000", |f| {
            f.1.debit_date = date("2026-04-10");
            f.2.rules.same_month = false;
        }),
        ("7:50000", |f| f.2.due_day = ContractDay::new(24).unwrap()),
        ("REGULAR_DAY_25", |f| f.2.due_day = ContractDay::new(25).unwrap()),
        ("REGULAR_DAY_25", |f| f.2.due_day = ContractDay::LAST),
        ("7:50000", |f| (f.2.due_day, f.2.rules.last_regular_day) = (ContractDay::LAST, None)),
        ("CODE_NOT_RETRYABLE", |f| f.2.retryable = false),
        ("7:50000", |f| f.3.attempts = 3),
        ("MAX_ATTEMPTS", |f| f.3.attempts = 4),
        ("MAX_ATTEMPTS", |f| f.2.rules.max = 0),
        ("NOTHING_FAILED", |f| f.3.attempts = 0),
        ("OPTED_OUT", |f| f.2.no_retry = true),
        ("7:50000", |f| (f.2.no_retry, f.2.automatic) = (true, false)),
        ("MANDATE_ENDED", |f| f.0.state = State::Ended),
        ("MANDATE_SUSPENDED", |f| f.0.state = State::Suspended),
        ("COLLECTION_IN_FLIGHT", |f| f.2.standing = Standing::InFlight),
        ("COLLECTION_IN_FLIGHT", |f| f.0.has_live = true),
        ("CHARGE_PAID", |f| f.2.standing = Standing::At(charge::State::Overpaid)),
        ("CHARGE_UNKNOWN", |f| f.2.standing = Standing::Unknown),
        ("DAY_NOT_ALLOWED", |f| f.1.day_allowed = false),
        ("DAY_NOT_ALLOWED", |f| f.1.debit_date = date("2026-03-05")),
        ("LATE_FOR_WINDOW", |f| f.1.window = Window::Closed { next: None }),
        ("AMOUNT_OVER_OPEN", |f| f.2.amount = Some(Won::new(50_001))),
        ("AMOUNT_UNDER_MINIMUM", |f| f.3.open = Won::new(100)),
        // Another agent's rule: within six months of the charge's, also of the 25th.
        ("7:50000", |f| six_months(f, "2026-09-10")),
        ("RETRY_WINDOW_OVER", |f| six_months(f, "2026-10-12")),
    ];
    for (i, (expected, change)) in table.iter().enumerate() {
        assert_eq!(&run(*change), expected, "case {i}");
    }
}

fn six_months(f: &mut (CandidateFacts<'_>, DateFacts, RetryFacts<'_>, CandidateCharge), on: &str) {
    f.2.rules = RetryRules { same_month: false, window_months: Some(6), last_regular_day: None, ..f.2.rules };
    f.2.due_day = ContractDay::new(25).unwrap();
    f.1.debit_date = date(on);
}

#[test]
fn a_contract_day_in_january_that_rolls_into_february_stays_januarys() {
    let mut charge = owed(1, "2026-01", 50_000, 1);
    charge.debit_date = date("2026-02-02");
    let rules = RetryRules { same_month: true, window_months: None, last_regular_day: None, max: 1 };
    let facts = RetryFacts {
        rules,
        due_day: ContractDay::LAST,
        standing: Standing::At(charge::State::Open),
        charge: Some(&charge),
        retryable: true,
        on_regular_day: false,
        no_retry: false,
        automatic: false,
        amount: None,
    };
    let answer = retry::propose(&candidate(&[]), &on("2026-02-10"), &CREDITOR, &facts);
    assert_eq!(proposed(answer), "NOT_SAME_MONTH");
}

#[test]
fn the_last_look_before_a_line_goes() {
    use emission::{LineFacts, check};
    let good = LineFacts {
        mandate: State::Active,
        active_on: Some(date("2026-01-03")),
        gate: date("2026-03-03"),
        creditor_in_service: true,
        bank_in_service: true,
        limits: DebitLimits {
            mandate: Won::new(100_000),
            contract: Won::new(300_000),
            minimum: Won::new(140),
        },
        amount: Won::new(50_000),
        open: Some(Won::new(50_000)),
    };
    let table: &[Case<LineFacts>] = &[
        ("()", |_| ()),
        ("MANDATE_ENDED", |l| l.mandate = State::Ended),
        ("CHANGE_IN_FLIGHT", |l| l.mandate = State::Changing),
        ("CANCEL_IN_FLIGHT", |l| l.mandate = State::Cancelling),
        ("MANDATE_NOT_ACTIVE", |l| l.mandate = State::Draft),
        ("AMOUNT_OVER_LIMIT", |l| l.limits.mandate = Won::new(49_999)),
        ("LIMIT_OVER_CONTRACT", |l| l.limits.contract = Won::new(49_999)),
        ("AMOUNT_UNDER_MINIMUM", |l| l.limits.minimum = Won::new(50_001)),
        ("AMOUNT_ZERO", |l| l.amount = Won::ZERO),
        ("AMOUNT_OVER_OPEN", |l| l.open = Some(Won::new(49_999))),
        ("NOTHING_OWED", |l| l.open = Some(Won::ZERO)),
        ("AMOUNT_ALTERED", |l| l.open = None),
        ("ACTIVE_TOO_LATE", |l| l.active_on = Some(date("2026-03-04"))),
        ("CREDITOR_CLOSED", |l| l.creditor_in_service = false),
        ("BANK_NOT_IN_SERVICE", |l| l.bank_in_service = false),
    ];
    for (expected, change) in table {
        let mut line = good;
        change(&mut line);
        assert_eq!(&word(check(&line)), expected);
    }
}

#[test]
fn shares_fill_the_oldest_first_and_add_up() {
    use share::share;
    let allocations = [(1, 40_000), (2, 40_000), (3, 20_000)]
        .map(|(charge_id, won)| Allocation { charge_id, won: Won::new(won) });
    for (collected, expected) in [
        (0, [0, 0, 0]),
        (39_999, [39_999, 0, 0]),
        (60_000, [40_000, 20_000, 0]),
        (100_000, [40_000, 40_000, 20_000]),
    ] {
        let shares = share(&allocations, Won::new(collected)).unwrap();
        assert_eq!(shares.iter().map(|s| s.won.get()).collect::<Vec<_>>(), expected);
        assert_eq!(Won::sum(shares.iter().map(|s| s.won)), Some(Won::new(collected)));
    }
    assert_eq!(share(&allocations, Won::new(100_001)).unwrap_err().name, "MORE_THAN_REQUESTED");
    assert_eq!(share(&allocations, Won::new(-1)).unwrap_err().name, "COLLECTED_NEGATIVE");
}

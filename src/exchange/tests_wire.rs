//! Stub
use super::play::ServicePlan;
use super::rules::Service;
use crate::bank::Format;
use crate::domain::Won;
use std::sync::Arc;

pub(super) const SHORT_DAYS: [(&str, &str, &str); 2] =
    [("EB210106", "2026-01-06", "2026-01-05 14:00"), ("EB210107", "2026-01-07", "2026-01-06 14:00")];

#[derive(Debug, Clone)]
pub(super) struct Row {
    n: u32,
    won: u64,
}
impl Row {
    pub(super) fn new(n: u32, won: u64) -> Self {
        Self { n, won }
    }
}

pub(super) fn plans() -> Vec<ServicePlan> {
    let plan = |service, request, result, deadline: &str, due: &str, least| ServicePlan {
        service,
        request: Arc::new(Format(request)),
        result: Arc::new(Format(result)),
        deadline: deadline.parse().unwrap(),
        result_due: due.parse().unwrap(),
        least: Won::new(least),
        needs_registration: true,
    };
    vec![
        plan(Service::Registration, "EB13", "EB14", "X 17:00", "X+1BD 11:00", 0),
        plan(Service::Collection, "EB21", "EB22", "D-1BD 17:00", "D+1BD 11:00", 140),
    ]
}
pub(super) fn eb13(date: &str, rows: &[Row]) -> Vec<u8> {
    let mut s = format!("H 9912345678 EB13{}{} {date}\n", &date[5..7], &date[8..]);
    for (i, r) in rows.iter().enumerate() {
        s += &format!("R {} register 004 1100000000{:03} 10000001{:012} 0\n", i + 1, r.n, r.n);
    }
    (s + "T\n").into_bytes()
}
pub(super) fn eb21(date: &str, rows: &[Row]) -> Vec<u8> {
    let mut s = format!("H 9912345678 EB21{}{} {date}\n", &date[5..7], &date[8..]);
    for (i, r) in rows.iter().enumerate() {
        s += &format!("R {} collection 004 1100000000{:03} 10000001{:012} {}\n", i + 1, r.n, r.n, r.won);
    }
    (s + "T\n").into_bytes()
}
pub(super) fn lines_of(bytes: &[u8]) -> Vec<(u32, String)> {
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .lines()
        .filter(|l| l.starts_with('R'))
        .map(|l| {
            let p: Vec<&str> = l.split(' ').collect();
            (p[1].parse().unwrap(), p[4].to_string())
        })
        .collect()
}

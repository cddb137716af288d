//! Which records follow which: `order` of a layout, compiled to an automaton over record kinds.
//!
//! The grammar is small: names, `?`, `*`, `+`, parentheses, `|`, and one after the other. It is turned into positions
//! (Glushkov) and these into states (subset construction), so that reading costs one table look-up per record.

use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of, space0};
use nom::combinator::{all_consuming, map, opt};
use nom::multi::{many1, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};
use std::collections::{BTreeMap, BTreeSet};

/// What `order` says, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// A record by name.
    Record(String),
    /// One after the other.
    Sequence(Vec<Self>),
    /// One of these.
    Choice(Vec<Self>),
    /// None or one.
    Maybe(Box<Self>),
    /// Any number; `true`: at least one.
    Many(Box<Self>, bool),
    /// What stood in parentheses: a group.
    Group(Box<Self>),
}

impl Order {
    /// Reads the items of `order`, joined by blanks. The error is the text at which reading stopped.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        all_consuming(terminated(choice, space0)).parse(text).map(|(_, order)| order).map_err(|error| {
            match error {
                nom::Err::Error(e) | nom::Err::Failure(e) => e.input.to_string(),
                nom::Err::Incomplete(_) => String::new(),
            }
        })
    }

    /// Calls `each` with every record name and the record that begins its innermost group, where that is one record.
    pub(crate) fn names<'a>(
        &'a self,
        opener: Option<&'a str>,
        each: &mut impl FnMut(&'a str, Option<&'a str>),
    ) {
        match self {
            Self::Record(name) => each(name, opener),
            Self::Sequence(parts) | Self::Choice(parts) => parts.iter().for_each(|p| p.names(opener, each)),
            Self::Maybe(inner) | Self::Many(inner, _) => inner.names(opener, each),
            Self::Group(inner) => inner.names(inner.begins_with().or(opener), each),
        }
    }

    /// The record with which a group begins, where it also ends with one: `(batch_header … batch_trailer)`. `None` for
    /// mere alternatives such as `(a|b)*` and for a record with what hangs on it, such as `(entry addenda*)+`.
    fn begins_with(&self) -> Option<&str> {
        match self {
            Self::Sequence(parts) => match parts.as_slice() {
                [Self::Record(name), .., Self::Record(_)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

fn choice(input: &str) -> IResult<&str, Order> {
    map(separated_list1(preceded(space0, char('|')), sequence), |mut parts| {
        if parts.len() == 1 { parts.remove(0) } else { Order::Choice(parts) }
    })
    .parse(input)
}

fn sequence(input: &str) -> IResult<&str, Order> {
    map(many1(preceded(space0, repeated)), |mut parts| {
        if parts.len() == 1 { parts.remove(0) } else { Order::Sequence(parts) }
    })
    .parse(input)
}

fn repeated(input: &str) -> IResult<&str, Order> {
    map((atom, opt(one_of("?*+"))), |(atom, times)| match times {
        Some('?') => Order::Maybe(Box::new(atom)),
        Some(sign) => Order::Many(Box::new(atom), sign == '+'),
        None => atom,
    })
    .parse(input)
}

fn atom(input: &str) -> IResult<&str, Order> {
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let group = delimited(char('('), choice, preceded(space0, char(')')));
    alt((
        map(name, |name: &str| Order::Record(name.to_string())),
        map(group, |inner| Order::Group(Box::new(inner))),
    ))
    .parse(input)
}

/// Positions of an [`Order`]: what may come first, last, and after each.
struct Positions {
    records: Vec<usize>,
    follow: Vec<BTreeSet<usize>>,
}

struct Ends {
    nullable: bool,
    first: BTreeSet<usize>,
    last: BTreeSet<usize>,
}

impl Positions {
    fn link(&mut self, from: &BTreeSet<usize>, to: &BTreeSet<usize>) {
        for position in from {
            if let Some(follow) = self.follow.get_mut(*position) {
                follow.extend(to);
            }
        }
    }

    fn walk(&mut self, order: &Order, index: &impl Fn(&str) -> Option<usize>) -> Ends {
        match order {
            Order::Record(name) => {
                let position = self.records.len();
                self.records.push(index(name).unwrap_or(usize::MAX));
                self.follow.push(BTreeSet::new());
                Ends { nullable: false, first: [position].into(), last: [position].into() }
            }
            Order::Sequence(parts) => {
                let mut all = Ends { nullable: true, first: BTreeSet::new(), last: BTreeSet::new() };
                for part in parts {
                    let part = self.walk(part, index);
                    self.link(&all.last, &part.first);
                    if all.nullable {
                        all.first.extend(&part.first);
                    }
                    if !part.nullable {
                        all.last.clear();
                    }
                    all.last.extend(&part.last);
                    all.nullable &= part.nullable;
                }
                all
            }
            Order::Choice(parts) => {
                let mut all = Ends { nullable: false, first: BTreeSet::new(), last: BTreeSet::new() };
                for part in parts {
                    let part = self.walk(part, index);
                    all.nullable |= part.nullable;
                    all.first.extend(part.first);
                    all.last.extend(part.last);
                }
                all
            }
            Order::Maybe(inner) => Ends { nullable: true, ..self.walk(inner, index) },
            Order::Many(inner, at_least_one) => {
                let inner = self.walk(inner, index);
                self.link(&inner.last, &inner.first);
                Ends { nullable: inner.nullable || !at_least_one, ..inner }
            }
            Order::Group(inner) => self.walk(inner, index),
        }
    }
}

/// The compiled order: states, and for each state and record kind the next state.
#[derive(Debug, Clone)]
pub(crate) struct Automaton {
    kinds: usize,
    next: Vec<Option<u16>>,
    accepting: Vec<bool>,
    /// For each record kind some state that one is in after it: where to go on after a record out of order.
    after: Vec<u16>,
}

impl Automaton {
    /// Compiles an order over `kinds` record kinds; `index` gives the number of a record's name.
    pub(crate) fn new(order: &Order, kinds: usize, index: impl Fn(&str) -> Option<usize>) -> Self {
        let mut positions = Positions { records: Vec::new(), follow: Vec::new() };
        let ends = positions.walk(order, &index);
        let start: BTreeSet<usize> = [usize::MAX].into();
        let mut numbers: BTreeMap<BTreeSet<usize>, u16> = [(start.clone(), 0)].into();
        let mut states = vec![start];
        let mut automaton = Self { kinds, next: Vec::new(), accepting: Vec::new(), after: vec![0; kinds] };
        let mut at = 0;
        while let Some(state) = states.get(at).cloned() {
            let mut reached: BTreeSet<usize> = BTreeSet::new();
            let mut accepting = false;
            for position in &state {
                match positions.follow.get(*position) {
                    Some(follow) => reached.extend(follow),
                    None => reached.extend(&ends.first),
                }
                accepting |= ends.last.contains(position) || (*position == usize::MAX && ends.nullable);
            }
            automaton.accepting.push(accepting);
            for kind in 0..kinds {
                let to: BTreeSet<usize> =
                    reached.iter().copied().filter(|p| positions.records.get(*p) == Some(&kind)).collect();
                if to.is_empty() {
                    automaton.next.push(None);
                    continue;
                }
                let fresh = u16::try_from(states.len()).unwrap_or(u16::MAX);
                let number = *numbers.entry(to.clone()).or_insert_with(|| {
                    states.push(to);
                    fresh
                });
                automaton.next.push(Some(number));
                if let Some(after) = automaton.after.get_mut(kind).filter(|after| **after == 0) {
                    *after = number;
                }
            }
            at += 1;
        }
        automaton
    }

    /// The state after a record of this kind, `None` where it may not come now.
    pub(crate) fn step(&self, state: u16, kind: usize) -> Option<u16> {
        self.next.get(usize::from(state) * self.kinds + kind).copied().flatten()
    }

    /// Whether the file may end here.
    pub(crate) fn may_end(&self, state: u16) -> bool {
        self.accepting.get(usize::from(state)).copied().unwrap_or(false)
    }

    /// The kinds that may come now.
    pub(crate) fn expected(&self, state: u16) -> impl Iterator<Item = usize> {
        (0..self.kinds).filter(move |kind| self.step(state, *kind).is_some())
    }

    /// A state after a record of this kind, to go on from when it came out of order.
    pub(crate) fn resume_after(&self, kind: usize) -> u16 {
        self.after.get(kind).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(order: &str, records: &str) -> bool {
        let names = ["h", "b", "d", "a", "e", "t"];
        let index = |name: &str| names.iter().position(|n| *n == name);
        let automaton = Automaton::new(&Order::parse(order).unwrap(), names.len(), index);
        let mut state = 0;
        for record in records.split_whitespace() {
            match automaton.step(state, index(record).unwrap()) {
                Some(next) => state = next,
                None => return false,
            }
        }
        automaton.may_end(state)
    }

    #[test]
    fn table_of_orders() {
        for (order, records, good) in [
            ("h d* t", "h t", true),
            ("h d* t", "h d d t", true),
            ("h d* t", "h d", false),
            ("h d* t", "d t", false),
            ("h d* t", "h t t", false),
            ("h d? t", "h d d t", false),
            ("h d+ t", "h t", false),
            ("h (d|a)* t", "h a d d a t", true),
            ("h (b (d a*)* e)+ t", "h b d a a d e b e t", true),
            ("h (b (d a*)* e)+ t", "h t", false),
            ("h (b (d a*)* e)+ t", "h b a e t", false),
            ("h (b (d a?)+ e)* t", "h t", true),
            ("h (b (d a?)+ e)* t", "h b d e b d a e t", true),
            ("(h d* t)+", "h t h d t", true),
            ("( h | b ) d", "b d", true),
        ] {
            assert_eq!(accepts(order, records), good, "{order} / {records}");
        }
    }

    #[test]
    fn says_where_reading_stopped() {
        for (order, stop) in [("h d** t", "* t"), ("h (d t", "(d t"), ("h | ", "|"), ("h-d", "-d"), ("", "")]
        {
            assert_eq!(Order::parse(order).unwrap_err().trim(), stop, "{order}");
        }
    }

    #[test]
    fn a_group_begins_and_ends_with_one_record() {
        let order = Order::parse("h (b (d a*)* e)+ (x|y)* t").unwrap();
        let mut seen = Vec::new();
        order.names(None, &mut |name, opener| seen.push(format!("{name}<{}", opener.unwrap_or("-"))));
        assert_eq!(seen.join(" "), "h<- b<b d<b a<b e<b x<- y<- t<-");
    }
}

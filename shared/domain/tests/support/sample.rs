//! The sample program and short ways to write values, for tests and benchmarks only.
//!
//! Integration tests and benchmarks read this file too, so it names the crate from outside.
#![allow(dead_code, reason = "no single reader needs all of it")]

use std::fmt::Debug;
use std::str::FromStr;

use scrip_domain::amount::{Minor, Points};
use scrip_domain::entry::{Decision, Entry, Line};
use scrip_domain::posting::Posting;
use scrip_domain::program::{Document, Program};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

/// The program of API.md.
pub(crate) const SAMPLE: &str = include_str!("../../programs/sample.json");

pub(crate) fn document() -> Document {
    serde_json::from_str(SAMPLE).unwrap()
}

pub(crate) fn program() -> Program {
    program_with(|_| {})
}

/// The sample program with a change.
pub(crate) fn program_with(change: impl FnOnce(&mut Document)) -> Program {
    let mut document = document();
    change(&mut document);
    Program::from_document(&document).unwrap()
}

/// A program of nothing but these parts, in UTC.
pub(crate) fn program_of(currency: &str, parts: serde_json::Value) -> Program {
    let mut document = serde_json::json!({"currency": currency, "time_zone": "UTC"});
    let parts: serde_json::Map<String, serde_json::Value> = serde_json::from_value(parts).unwrap();
    document.as_object_mut().unwrap().extend(parts);
    Program::from_document(&serde_json::from_value(document).unwrap()).unwrap()
}

/// Anything that has a text: an id, a handle, a country.
#[track_caller]
pub(crate) fn named<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

#[track_caller]
pub(crate) fn at(text: &str) -> Instant {
    named(text)
}

pub(crate) fn points(count: u64) -> Points {
    Points::try_from(count).unwrap()
}

pub(crate) fn minor(count: u64) -> Minor {
    Minor::try_from(count).unwrap()
}

/// The line that a decision appends.
#[track_caller]
pub(crate) fn appended<T: Debug>(decision: Decision<T>) -> Line {
    match decision {
        Decision::Append(line) => line,
        Decision::Unchanged(stands) => panic!("nothing was appended: {stands:?}"),
    }
}

/// A line as it stands in a log.
pub(crate) fn entry(line: Line, number: u64, recorded_at: Instant) -> Entry {
    Entry { account: named("alice"), number, recorded_at, by: "till".to_owned(), program: 1, line }
}

/// Postings as `reward issued +59 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z`.
pub(crate) fn postings(line: &Line) -> Vec<String> {
    line.postings.iter().map(posting).collect()
}

fn posting(posting: &Posting) -> String {
    let Posting { points, reason, amount, accrue_at, expires_at, .. } = posting;
    let word = reason.as_str();
    let change = amount.get();
    let term = term(*accrue_at, *expires_at);
    format!("{points} {word} {change:+}{term}")
}

/// Lots as `59/100 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z`: what remains of what
/// was put in.
pub(crate) fn lots(wallet: &Wallet, points: &str) -> Vec<String> {
    let holding = wallet.points.get(&named(points));
    let lots = holding.into_iter().flat_map(|holding| &holding.lots);
    let shown = lots.map(|lot| {
        let term = term(lot.accrue_at, lot.expires_at);
        format!("{}/{}{term}", lot.remaining, lot.issued)
    });
    shown.collect()
}

fn term(accrue_at: Option<Instant>, expires_at: Option<Instant>) -> String {
    let from = accrue_at.map(|accrue_at| format!(" from {accrue_at}"));
    let until = expires_at.map(|expires_at| format!(" until {expires_at}"));
    from.unwrap_or_default() + &until.unwrap_or_default()
}

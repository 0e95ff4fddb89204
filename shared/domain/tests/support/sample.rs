//! The sample program and short ways to write values, for tests and benchmarks only.
//!
//! Integration tests and benchmarks read this file too, so it names the crate from outside.
#![allow(dead_code, reason = "no single reader needs all of it")]

use std::fmt::Debug;
use std::str::FromStr;

use scrip_domain::account::AccountId;
use scrip_domain::amount::{Minor, Points, Units};
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Decision, Entry, Line};
use scrip_domain::issue::{self, Issue, Value};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::program::{Document, Program};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Lot, Wallet};

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

pub(crate) fn units(count: u64) -> Units {
    Units::try_from(count).unwrap()
}

pub(crate) fn points_asset(points: &str) -> Asset {
    Asset::Points(named(points))
}

/// Puts lots of points into a draft until its wallet has so many lots.
pub(crate) fn fill_with_lots(draft: &mut Draft, count: usize) {
    for place in draft.wallet().lot_count()..count {
        let expires_at = at("2099-01-01T00:00:00Z").plus_seconds(place as u64);
        let (points_of, reason) = (named("survey"), PostingReason::Issued);
        draft.issue(&points_of, points(1), reason, None, expires_at).unwrap();
    }
}

/// The line that a decision appends.
#[track_caller]
pub(crate) fn appended<T: Debug>(decision: Decision<T>) -> Line {
    match decision {
        Decision::Append(line) => line,
        other => panic!("not one line was appended: {other:?}"),
    }
}

/// `wallet` with these issued at `now`, in minor units or uses: `reward birthday r1 2500` or
/// `credit store c1 500 until 2026-12-31T00:00:00Z`. Without an expiry it is the definition's.
#[track_caller]
pub(crate) fn granted(wallet: &Wallet, program: &Program, all: &[&str], now: &str) -> Wallet {
    all.iter().fold(wallet.clone(), |wallet, text| {
        let decided = issue::decide(&wallet, program, &issue(text), at(now));
        appended(decided.unwrap()).wallet
    })
}

/// The request of a text that [`granted`] reads.
#[track_caller]
pub(crate) fn issue(text: &str) -> Issue {
    let words: Vec<&str> = text.split(' ').collect();
    let [kind, definition, id, amount, until @ ..] = words.as_slice() else { panic!("{text}") };
    let amount: u64 = amount.parse().unwrap();
    let value = match *kind {
        "benefit" => Value::Benefit(named(definition), Some(units(amount))),
        "reward" => Value::Reward(named(definition), minor(amount), None),
        "credit" => Value::Credit(named(definition), minor(amount), None),
        _ => panic!("{text}"),
    };
    let expires_at = match until {
        ["until", expires_at] => Some(at(expires_at)),
        [] => None,
        _ => panic!("{text}"),
    };
    Issue { id: named(id), value, reason: None, expires_at }
}

/// A line as it stands in a log.
pub(crate) fn entry(line: Line, number: u64, recorded_at: Instant) -> Entry {
    Entry {
        account: AccountId::Member(named("alice")),
        number,
        recorded_at,
        by: "till".to_owned(),
        program: 1,
        line,
    }
}

/// Postings as `reward issued +59 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z`, those of
/// other assets than points as `credit:store:AUD c1 issued +500`.
pub(crate) fn postings(line: &Line) -> Vec<String> {
    line.postings.iter().map(posting).collect()
}

fn posting(posting: &Posting) -> String {
    let Posting { asset, id, reason, amount, accrue_at, expires_at, .. } = posting;
    let value = match (asset, id) {
        (Asset::Points(points), None) => points.to_string(),
        (_, None) => asset.to_string(),
        (_, Some(id)) => format!("{asset} {id}"),
    };
    let word = reason.as_str();
    let change = amount.get();
    let term = term(*accrue_at, *expires_at);
    format!("{value} {word} {change:+}{term}")
}

/// Lots of points as `59/100 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z`: what remains
/// of what was put in. A grace lot ends in ` grace`.
pub(crate) fn lots(wallet: &Wallet, points: &str) -> Vec<String> {
    let holding = wallet.points(&named(points));
    holding.into_iter().flat_map(|holding| &holding.lots).map(lot).collect()
}

/// Lots of a kind as `credit:store:AUD c1 200/500 until 2027-12-31T13:00:00Z`, and whether they
/// are grace, extended or voided.
pub(crate) fn lots_of(wallet: &Wallet, kind: Kind) -> Vec<String> {
    wallet.lots_of(kind).map(|(asset, each)| format!("{asset} {}", lot(each))).collect()
}

/// All lots of rewards, benefits and credits, in the order of the hierarchy.
pub(crate) fn identity_lots(wallet: &Wallet) -> Vec<String> {
    let [benefit, reward, credit] = Kind::ALL;
    [benefit, reward, credit].into_iter().flat_map(|kind| lots_of(wallet, kind)).collect()
}

fn lot(lot: &Lot) -> String {
    let Lot { remaining, issued, accrue_at, expires_at, is_grace, identity } = lot;
    let id = identity.as_ref().map(|identity| format!("{} ", identity.id)).unwrap_or_default();
    let term = term(*accrue_at, *expires_at);
    let is = |is: bool, word| if is { word } else { "" };
    let grace = is(*is_grace, " grace");
    let extended = is(identity.as_ref().is_some_and(|identity| identity.is_extended), " extended");
    let voided = is(identity.as_ref().is_some_and(|identity| identity.is_voided), " voided");
    format!("{id}{remaining}/{issued}{term}{grace}{extended}{voided}")
}

fn term(accrue_at: Option<Instant>, expires_at: Option<Instant>) -> String {
    let from = accrue_at.map(|accrue_at| format!(" from {accrue_at}"));
    let until = expires_at.map(|expires_at| format!(" until {expires_at}"));
    from.unwrap_or_default() + &until.unwrap_or_default()
}

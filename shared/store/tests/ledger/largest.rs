//! The largest line that there can be: DynamoDB takes no item over 400 KB, and an account whose
//! next line does not fit could never be written again.

use scrip_domain::account::AccountId;
use scrip_domain::award::{self, Award};
use scrip_domain::entry::{Decision, Entry, Line};
use scrip_domain::issue::{self, Issue, Value};
use scrip_domain::program::{Document, Program};
use scrip_domain::purchase::LineKind;
use scrip_domain::redeem::refund::{self, Refund};
use scrip_domain::redeem::{
    self, Basket, BasketLine, DISCOUNTS_MAX, History, MoneyUse, PointsUse, Redemption, Settlement,
    Uses, Wanted,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{HOLDS_MAX, IDENTITIES_MAX, LOTS_MAX, Wallet};
use serde_json::json;

use crate::support::{Bench, at, cents, points};

/// DynamoDB's limit, in bytes.
const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Lines of a basket.
const LINES_MAX: usize = 200;

/// An id or handle of the longest kind.
fn long(start: &str, number: usize, chars: usize) -> String {
    format!("{start}{number:0width$}", width = chars - start.len())
}

/// Long handles and long texts everywhere.
fn program() -> Program {
    let points = long("p", 0, 64);
    let credits: Vec<_> =
        (0..9).map(|number| json!({"handle": long("c", number, 64), "kind": "store"})).collect();
    let document: Document = serde_json::from_value(json!({
        "currency": "AUD", "time_zone": "UTC",
        "points": [{"handle": points, "name": "P", "kind": "action", "value": {"points": 1, "money": "1000000.00"}}],
        "rewards": [{"handle": long("r", 0, 64)}], "credits": credits,
    }))
    .unwrap();
    Program::from_document(&document).unwrap()
}

fn appended<T: std::fmt::Debug, E: std::fmt::Debug>(decided: Result<Decision<T>, E>) -> Line {
    match decided.unwrap() {
        Decision::Append(line) => line,
        other => panic!("{other:?}"),
    }
}

fn entry(line: Line, number: u64, recorded_at: Instant) -> Entry {
    let account = AccountId::Member("alice".parse().unwrap());
    Entry { account, number, recorded_at, by: "test".to_owned(), program: 1, line }
}

/// A wallet with as many lots, ids and holds as there may be.
fn fullest(program: &Program, now: Instant) -> Wallet {
    let mut wallet = Wallet::default();
    let expires_at = |number: usize| at("2027-01-01T00:00:00.001Z").plus_seconds(number as u64);
    let identities = IDENTITIES_MAX - HOLDS_MAX;
    for number in 0..identities {
        let amount = cents(100_000_000_000_001);
        let value = if number < DISCOUNTS_MAX - 1 {
            Value::Reward(long("r", 0, 64).parse().unwrap(), amount, None)
        } else {
            Value::Credit(long("c", number % 9, 64).parse().unwrap(), amount, None)
        };
        let id = long("id", number, 128).parse().unwrap();
        let issue = Issue { id, value, reason: None, expires_at: expires_at(number) };
        wallet = appended(issue::decide(&wallet, program, &issue, now)).wallet;
    }
    for number in identities..LOTS_MAX {
        let award = Award {
            award: "a".parse().unwrap(),
            points: long("p", 0, 64).parse().unwrap(),
            amount: points(1_001),
            reason: "x".parse().unwrap(),
            issued_at: None,
            accrue_at: None,
            expires_at: expires_at(number),
        };
        wallet = appended(award::decide(&wallet, program, &award, now)).wallet;
    }
    // Each hold has a part of the last credit, and one lot of points and a half.
    for number in 0..HOLDS_MAX {
        let last = long("id", identities - 1, 128).parse().unwrap();
        let uses = Uses {
            points: vec![PointsUse {
                points: long("p", 0, 64).parse().unwrap(),
                amount: Wanted::Exactly(points(1_502)),
            }],
            credits: MoneyUse::Each(vec![(last, Wanted::Exactly(cents(1)))]),
            ..Uses::default()
        };
        let line = BasketLine {
            id: "1".parse().unwrap(),
            kind: LineKind::Product,
            category: None,
            amount: cents(1_000_000_000_000),
        };
        let basket = Basket { currency: program.currency, lines: vec![line], uses };
        let request = Redemption {
            redemption: long("hold", number, 128).parse().unwrap(),
            basket,
            settlement: Settlement::Held(Some("P7D".parse().unwrap())),
            expected_due: None,
        };
        wallet = appended(redeem::decide(&wallet, program, &request, now)).wallet;
    }
    wallet
}

#[tokio::test]
async fn largest_line_fits_in_an_item() {
    let bench = Bench::new().await;
    let (program, now) = (program(), bench.now());
    let wallet = fullest(&program, now);
    assert_eq!((wallet.lot_count(), wallet.identity_count()), (LOTS_MAX, IDENTITIES_MAX));

    // A basket of as many lines, discounts and tenders as there may be, with large amounts.
    let line = |number: usize| BasketLine {
        id: long("line", number, 128).parse().unwrap(),
        kind: LineKind::Product,
        category: None,
        amount: cents(40_000_000_000_003),
    };
    let uses = Uses {
        rewards: MoneyUse::All(Wanted::Max),
        points: vec![PointsUse { points: long("p", 0, 64).parse().unwrap(), amount: Wanted::Max }],
        credits: MoneyUse::All(Wanted::Max),
        ..Uses::default()
    };
    let lines: Vec<BasketLine> = (0..LINES_MAX).map(line).collect();
    let basket = Basket { currency: program.currency, lines, uses };
    let command = Redemption {
        redemption: long("redemption", 0, 128).parse().unwrap(),
        basket,
        settlement: Settlement::AtOnce,
        expected_due: None,
    };
    let spent = appended(redeem::decide(&wallet, &program, &command, now));
    let refund_of = |spent: &Line, number: u64, when| {
        let history = History::of(&entry(spent.clone(), number, now)).unwrap();
        let lines = (0..LINES_MAX)
            .map(|place| (long("line", place, 128).parse().unwrap(), cents(19_999_999_999_999)));
        let refund = Refund {
            refund: long("refund", 0, 128).parse().unwrap(),
            part: refund::Part::Lines(lines.collect()),
        };
        let when = (number + 1, when);
        appended(refund::decide(&spent.wallet, &program, Some(&history), &refund, when))
    };
    let refunded = refund_of(&spent, 1, now);
    // Everything is held, lapsed, expired and given back in one line.
    let late = at("2030-01-01T00:00:00Z");
    let expired = refund_of(&spent, 1, late);
    let mut largest = 0;
    for (name, line, when) in
        [("spent", spent, now), ("refunded", refunded, now), ("expired", expired, late)]
    {
        let bytes = Box::pin(bench.write(name, line, when)).await;
        largest = largest.max(bytes);
    }
    assert!(largest < ITEM_BYTES_MAX * 9 / 10, "{largest} bytes");
    assert!(ITEM_BYTES_MAX / 4 < largest, "{largest} bytes is not the largest line");
}

//! Changes that make something wrong of something right.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Values that have been trouble somewhere.
const TEXTS: &[&str] = &[
    "",
    " ",
    "#",
    "a/b",
    "\u{0}",
    "é",
    "\u{feff}",
    "𝟙",
    "null",
    "0",
    "-0",
    "-1",
    "00",
    "0.00",
    "0.001",
    "0.01",
    "-0.01",
    "1e9",
    "1E-400",
    "NaN",
    "90071992547409.91",
    "90071992547409.92",
    "79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "100.00",
    "1.00",
    "500.00",
    "0001-01-01T00:00:00Z",
    "0000-12-31T23:59:59.999Z",
    "1969-12-31T23:59:59.999Z",
    "2026-11-21T03:04:05Z",
    "2026-11-21T03:09:05.001Z",
    "2028-02-29T23:59:60Z",
    "2024-02-29T12:00:00+14:00",
    "9999-12-31T23:59:59.999Z",
    "+262142-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "P0D",
    "P1D",
    "P1M",
    "P12M",
    "P4294967295Y",
    "P99999999D",
    "PT0S",
    "PT59S",
    "PT1M",
    "PT604800S",
    "PT18446744073709551616S",
    "-P1D",
    "P1DT1H",
    "AUD",
    "JPY",
    "KWD",
    "XXX",
    "XAU",
    "Australia/Melbourne",
    "Pacific/Apia",
    "Africa/Monrovia",
    "reward",
    "tier",
    "survey",
    "birthday",
    "points-reward",
    "ten-percent",
    "free-hem",
    "store",
    "welcome",
    "gift",
    "standard",
    "promotional",
    "gift_card",
    "gift:gift:AUD:never",
    "product",
    "shipping",
    "action",
    "down",
    "half_up",
    "month",
    "day",
    "debt",
    "clamp",
    "reject",
    "silver",
    "member",
    "alice",
    "1",
    "1000234",
    "basket-77",
    "order.completed",
    "order.returned",
    "award.granted",
    "credit.issued",
    "6000000000000007",
    "482913",
];

/// Amounts at the ends of what a count holds, and money of two digits at the same.
const STRETCHED: &[(i64, &str)] = &[
    (9_007_199_254_740_991, "90071992547409.91"),
    (9_007_199_254_740_990, "90071992547409.90"),
    (-9_007_199_254_740_991, "45035996273704.96"),
    (i64::MAX, "79228162514264337593543950335"),
    (1, "0.01"),
    (0, "0.00"),
    (-1, "0.0000001"),
];

/// How deep something is put into lists: deeper than a reader may follow.
const DEPTH: usize = 200;

/// One change of a JSON document, at one of its places.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Something else is there.
    Put(Index, Value),
    /// Of the amounts, one is among the greatest or the smallest.
    Stretch(Index, usize),
    /// What is somewhere else is there, too.
    Copy(Index, Index),
    /// Nothing is there.
    Remove(Index),
    /// The first of a list is there again and again.
    Repeat(Index, usize),
    /// A member more.
    Add(Index, &'static str, Value),
    /// It is put into lists.
    Bury(Index),
    /// Of the text, some bytes are missing.
    Cut(Index, usize),
    /// Into the text, some bytes come.
    Insert(Index, String),
}

/// One to four changes.
pub(crate) fn some() -> impl Strategy<Value = Vec<Change>> {
    vec(change(), 1..=4)
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        8 => (place(), value()).prop_map(|(at, value)| Change::Put(at, value)),
        5 => (place(), 0..STRETCHED.len()).prop_map(|(at, which)| Change::Stretch(at, which)),
        3 => (place(), place()).prop_map(|(from, to)| Change::Copy(from, to)),
        2 => place().prop_map(Change::Remove),
        2 => (place(), select(vec![1_usize, 2, 10, 60, 250]))
            .prop_map(|(at, times)| Change::Repeat(at, times)),
        1 => (place(), select(TEXTS), value()).prop_map(|(at, name, it)| Change::Add(at, name, it)),
        1 => place().prop_map(Change::Bury),
        1 => (place(), 1_usize..6).prop_map(|(at, bytes)| Change::Cut(at, bytes)),
        1 => (place(), ".{1,3}").prop_map(|(at, text)| Change::Insert(at, text)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let special: &[i64] = &[
        0,
        1,
        2,
        -1,
        12,
        13,
        100,
        499,
        500,
        1000,
        60_000,
        9_007_199_254_740_991,
        9_007_199_254_740_992,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
    ];
    prop_oneof![
        6 => select(TEXTS).prop_map(|text| json!(text)),
        1 => ".{0,40}".prop_map(|text| json!(text)),
        1 => (1_usize..600).prop_map(|length| json!("x".repeat(length))),
        4 => select(special).prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => select(vec![json!(u64::MAX), json!(1.5), json!(1e308), json!(-0.0), json!(1.0)]),
        2 => select(vec![json!(null), json!(true), json!(false), json!([]), json!({})]),
        2 => (0_u64..1_000_000).prop_map(|cents| json!(format!("{}.{:02}", cents / 100, cents % 100))),
    ]
}

/// The document after the changes, as a text that may be no document any more.
pub(crate) fn changed(document: &Value, changes: &[Change]) -> String {
    let mut document = document.clone();
    for change in changes {
        apply(&mut document, change);
    }
    let mut text = document.to_string();
    for change in changes {
        match change {
            Change::Cut(at, bytes) => {
                text = chars_without(&text, at, *bytes);
            }
            Change::Insert(at, more) => {
                let mut chars: Vec<char> = text.chars().collect();
                let at = at.index(chars.len() + 1);
                chars.splice(at..at, more.chars());
                text = chars.into_iter().collect();
            }
            _ => {}
        }
    }
    text
}

/// The document after those changes that leave it one.
pub(crate) fn changed_document(document: &Value, changes: &[Change]) -> Value {
    let mut document = document.clone();
    for change in changes {
        apply(&mut document, change);
    }
    document
}

fn chars_without(text: &str, at: &Index, count: usize) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return String::new();
    }
    let from = at.index(chars.len());
    chars.drain(from..(from + count).min(chars.len()));
    chars.into_iter().collect()
}

fn apply(document: &mut Value, change: &Change) {
    let all = places(document);
    let at = |place: &Index| all[place.index(all.len())].clone();
    match change {
        Change::Put(place, value) => set(document, &at(place), value.clone()),
        Change::Stretch(place, which) => {
            let is_amount = |at: &&String| document.pointer(at).is_some_and(is_amount);
            let amounts: Vec<&String> = all.iter().filter(is_amount).collect();
            if amounts.is_empty() {
                return;
            }
            let at = amounts[place.index(amounts.len())].clone();
            let (number, money) = STRETCHED[*which];
            let is_number = document.pointer(&at).is_some_and(Value::is_number);
            set(document, &at, if is_number { json!(number) } else { json!(money) });
        }
        Change::Copy(from, to) => {
            let value = document.pointer(&at(from)).cloned().unwrap_or_default();
            set(document, &at(to), value);
        }
        Change::Remove(place) => remove(document, &at(place)),
        Change::Repeat(place, times) => {
            if let Some(Value::Array(items)) = document.pointer_mut(&at(place)) {
                let Some(first) = items.first().cloned() else { return };
                items.extend((0..*times).map(|number| renumbered(&first, number)));
            }
        }
        Change::Add(place, name, value) => {
            if let Some(Value::Object(members)) = document.pointer_mut(&at(place)) {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        Change::Bury(place) => {
            let found = document.pointer(&at(place)).cloned().unwrap_or_default();
            let buried = (0..DEPTH).fold(found, |inner, _| Value::Array(vec![inner]));
            set(document, &at(place), buried);
        }
        Change::Cut(..) | Change::Insert(..) => {}
    }
}

/// The same under an id of its own, where it has one.
fn renumbered(item: &Value, number: usize) -> Value {
    let mut item = item.clone();
    if item.get("id").is_some_and(Value::is_string) {
        item["id"] = json!(format!("again-{number}"));
    }
    item
}

/// Whether it is a number, or money or a rate written as a text.
fn is_amount(value: &Value) -> bool {
    let is_decimal = |text: &str| text.parse::<rust_decimal::Decimal>().is_ok();
    value.is_number() || value.as_str().is_some_and(is_decimal)
}

/// Every place in a document, the whole of it first.
fn places(document: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        // What is buried deeper is not changed again.
        if DEPTH / 2 < path.len() {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(member, &format!("{path}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}/{place}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(document, "", &mut found);
    found
}

fn set(document: &mut Value, place: &str, value: Value) {
    if let Some(found) = document.pointer_mut(place) {
        *found = value;
    }
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = name.parse::<usize>() {
                items.remove(index);
            }
        }
        _ => {}
    }
}

//! The stored form, held against a file that must never change: lines written today are read for
//! ever.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::account::AccountId;
use scrip_domain::adjustment::{self, Adjustment};
use scrip_domain::amount::{Change, Minor, Points};
use scrip_domain::asset::Kind;
use scrip_domain::award::{self, Award};
use scrip_domain::conversion::{self, Conversion};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Decision, Entry};
use scrip_domain::facts::{self, Facts};
use scrip_domain::issue::extension::{self, Extension};
use scrip_domain::issue::void::{self, Void};
use scrip_domain::issue::{self, Issue, Value as Issued};
use scrip_domain::program::{Document, Program};
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::capture::{self, Part};
use scrip_domain::redeem::refund::{self, Refund};
use scrip_domain::redeem::{
    self, Basket, BasketLine, History, MoneyUse, PointsUse, Redemption, Settlement, Uses, Wanted,
    release,
};
use scrip_domain::tier::{self, Assign};
use scrip_domain::time::{Instant, Period};
use scrip_domain::transfer::{self, Transfer};
use scrip_domain::wallet::Wallet;
use serde_json::{Value, json};

use super::{Item, decode, encode};
use crate::canonical::{self, Hash};
use crate::hour::Hour;
use crate::operation::Fingerprint;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/document/");

mod card;
mod returns;

/// A member's log with every kind of line and every optional part of one.
struct Log {
    program: Program,
    now: Instant,
    entries: Vec<Entry>,
}

impl Log {
    fn new() -> Self {
        let sample = include_str!("../../../domain/programs/sample.json");
        let document: Document = serde_json::from_str(sample).unwrap();
        let program = Program::from_document(&document).unwrap();
        Self { program, now: "2026-11-21T03:04:05.678Z".parse().unwrap(), entries: Vec::new() }
    }

    fn wallet(&self) -> Wallet {
        self.entries.last().map(|entry| entry.line.wallet.clone()).unwrap_or_default()
    }

    fn advance(&mut self, period: &str) {
        let period: Period = period.parse().unwrap();
        self.now = period.after(self.now, &self.program.zone).unwrap();
    }

    fn append<T>(&mut self, decision: Decision<T>) {
        let Decision::Append(line) = decision else { panic!("nothing to append") };
        self.entries.push(Entry {
            account: AccountId::Member("alice".parse().unwrap()),
            number: self.entries.len() as u64 + 1,
            recorded_at: self.now,
            by: "arn:aws:iam::123456789012:role/pos-backend".to_owned(),
            program: 1,
            line,
        });
    }

    fn purchase(&mut self, order: &str) {
        let line = |id: &str, kind, category: Option<&str>, net| PurchaseLine {
            id: id.parse().unwrap(),
            category: category.map(|category| category.parse().unwrap()),
            kind,
            net: Minor::try_from(net).unwrap(),
        };
        let purchase = Purchase {
            order: order.parse().unwrap(),
            currency: self.program.currency,
            transacted_at: self.now,
            location: Some("outlet-01".parse().unwrap()),
            country: Some("AU".parse().unwrap()),
            lines: vec![
                line("1", LineKind::Product, Some("apparel"), 59_995),
                line("2", LineKind::GiftCard, None, 5_000),
                line("3", LineKind::Shipping, None, 995),
            ],
            paid_by_promotional_credit: Minor::try_from(1_000).unwrap(),
            redemption: None,
        };
        let decided = purchase::decide(&self.wallet(), &self.program, &purchase, None, self.now);
        self.append(decided.unwrap());
    }

    fn award(&mut self, award: &str, count: u64, expires_at: Option<&str>) {
        let award = Award {
            award: award.parse().unwrap(),
            points: "survey".parse().unwrap(),
            amount: Points::try_from(count).unwrap(),
            reason: "spring survey".parse().unwrap(),
            issued_at: None,
            accrue_at: None,
            expires_at: expires_at.map(|expires_at| expires_at.parse().unwrap()),
        };
        let decided = award::decide(&self.wallet(), &self.program, &award, self.now);
        self.append(decided.unwrap());
    }

    fn redeem(&mut self, redemption: &str, count: u64, settlement: Settlement) -> History {
        let points = vec![PointsUse {
            points: "survey".parse().unwrap(),
            amount: Wanted::Exactly(Points::try_from(count).unwrap()),
        }];
        self.spend(redemption, Uses { points, ..Uses::default() }, settlement)
    }

    fn spend(&mut self, redemption: &str, uses: Uses, settlement: Settlement) -> History {
        let line = |id: &str, kind, amount| BasketLine {
            id: id.parse().unwrap(),
            kind,
            category: None,
            amount: minor(amount),
        };
        let lines = vec![
            line("1", LineKind::Product, 6_000),
            line("2", LineKind::Product, 4_000),
            line("3", LineKind::GiftCard, 1_000),
        ];
        let redemption = Redemption {
            redemption: redemption.parse().unwrap(),
            basket: Basket { currency: self.program.currency, lines, uses },
            settlement,
            expected_due: None,
        };
        let decided = redeem::decide(&self.wallet(), &self.program, &redemption, self.now);
        self.append(decided.unwrap());
        History::of(self.entries.last().unwrap()).unwrap()
    }

    fn issue(&mut self, id: &str, value: Issued, expires_at: Option<&str>) {
        let issue = Issue {
            id: id.parse().unwrap(),
            value,
            reason: Some("return R-88".parse().unwrap()),
            expires_at: expires_at.map(|expires_at| expires_at.parse().unwrap()),
        };
        let decided = issue::decide(&self.wallet(), &self.program, &issue, self.now);
        self.append(decided.unwrap());
    }

    fn refund(&mut self, history: &History, id: &str, part: refund::Part) -> History {
        let refund = Refund { refund: id.parse().unwrap(), part };
        let when = (self.entries.len() as u64 + 1, self.now);
        let history = Some(history);
        let decided = refund::decide(&self.wallet(), &self.program, history, &refund, when);
        self.append(decided.unwrap());
        History::of(self.entries.last().unwrap()).unwrap()
    }

    /// Every kind of value issued, extended, voided, held, spent in part and given back.
    fn hierarchy(&mut self) {
        let handle = |text: &str| text.parse().unwrap();
        let jpy = Currency::parse("JPY").unwrap();
        self.issue("ten", Issued::Benefit(handle("ten-percent"), None), None);
        self.issue("birthday-2026", Issued::Reward(handle("birthday"), minor(2_500), None), None);
        let soon = Some("2026-12-24T12:00:00Z");
        self.issue("hi", Issued::Credit(handle("welcome"), minor(2_000), None), soon);
        self.issue("R-88", Issued::Credit(handle("store"), minor(900), None), None);
        self.issue("yen", Issued::Credit(handle("store"), minor(900), Some(jpy)), None);
        let extension = Extension {
            kind: Kind::Reward,
            id: lot_id("birthday-2026"),
            extension: "longer".parse().unwrap(),
            expires_at: "2027-01-31T00:00:00Z".parse().unwrap(),
            reason: "was ill".parse().unwrap(),
        };
        let (wallet, program, now) = (self.wallet(), self.program.clone(), self.now);
        let decided = extension::decide(&wallet, &program, &extension, None, now);
        self.append(decided.unwrap());
        let uses = Uses {
            benefits: vec![lot_id("ten")],
            rewards: MoneyUse::All(Wanted::Max),
            points: Vec::new(),
            credits: MoneyUse::All(Wanted::Max),
            gift_cards: Vec::new(),
        };
        let history = self.spend("all", uses, Settlement::Held(None));
        let lines = [("1", 6_000), ("2", 2_000), ("3", 1_000)];
        let lines = lines.map(|(id, amount)| (id.parse().unwrap(), minor(amount)));
        let part = Part::Lines(lines.to_vec());
        let decided = capture::decide(&self.wallet(), Some(&history), &part, self.now);
        self.append(decided.unwrap());
        let history = History::of(self.entries.last().unwrap()).unwrap();
        let line = ("1".parse().unwrap(), minor(1_001));
        let history = self.refund(&history, "one", refund::Part::Lines(vec![line]));
        let void = Void { kind: Kind::Credit, id: lot_id("hi"), reason: reason("fraud") };
        let decided = void::decide(&self.wallet(), &void, None, self.now);
        self.append(decided.unwrap());
        self.advance("P40D");
        self.refund(&history, "two", refund::Part::Amount(minor(700)));
        self.transfers();
    }

    fn transfers(&mut self) {
        self.award("for-others", 1_000, None);
        let conversion = Conversion {
            conversion: "c".parse().unwrap(),
            points: "reward".parse().unwrap(),
            amount: Points::try_from(500).unwrap(),
            reward: None,
        };
        let when = (self.entries.len() as u64 + 1, self.now);
        let decided = conversion::decide(&self.wallet(), &self.program, &conversion, when);
        self.append(decided.unwrap());
        let transfer = Transfer {
            transfer: "t".parse().unwrap(),
            points: "survey".parse().unwrap(),
            amount: Points::try_from(400).unwrap(),
            to: "airline".parse().unwrap(),
            reference: "FF-1".parse().unwrap(),
        };
        let decided = transfer::decide(&self.wallet(), &self.program, &transfer, self.now);
        self.append(decided.unwrap());
        let refund = transfer::refund::Refund {
            refund: "back".parse().unwrap(),
            amount: Points::try_from(150).unwrap(),
        };
        let newest = self.entries.last().cloned();
        let when = (self.entries.len() as u64 + 1, self.now);
        let (wallet, program) = (self.wallet(), self.program.clone());
        let decided = transfer::refund::decide(&wallet, &program, &refund, newest.as_ref(), when);
        self.append(decided.unwrap());
    }
}

fn minor(count: u64) -> Minor {
    Minor::try_from(count).unwrap()
}

fn lot_id(text: &str) -> scrip_domain::id::LotId {
    text.parse().unwrap()
}

fn reason(text: &str) -> scrip_domain::id::Reason {
    text.parse().unwrap()
}

fn log() -> Log {
    let mut log = Log::new();
    let facts = Facts {
        birth_month: Some(11.try_into().unwrap()),
        time_zone: Some("Pacific/Kiritimati".to_owned().try_into().unwrap()),
        joined_on: Some("2026-01-31".parse().unwrap()),
        country: Some("AU".parse().unwrap()),
    };
    log.append(facts::decide(&log.wallet(), &facts, log.now).unwrap());
    log.purchase("1000234");
    log.award("a.b:c@d-1", 200, Some("2026-12-01T00:00:00Z"));
    log.award("forever", 300, None);
    let adjustment = Adjustment {
        adjustment: "case-81".parse().unwrap(),
        points: "survey".parse().unwrap(),
        amount: Change::try_from(-50).unwrap(),
        reason: "goodwill reversal".parse().unwrap(),
        actor: "jo".parse().unwrap(),
    };
    let decided = adjustment::decide(&log.wallet(), &log.program, &adjustment, log.now);
    log.append(decided.unwrap());
    let assign = Assign {
        assignment: "match-3".parse().unwrap(),
        level: "member".parse().unwrap(),
        reason: "status match".parse().unwrap(),
        actor: "jo".parse().unwrap(),
    };
    let decided = tier::decide(&log.wallet(), &log.program, &assign, log.now);
    log.append(decided.unwrap());
    log.redeem("now", 10, Settlement::AtOnce);
    let history = log.redeem("part", 100, Settlement::Held(None));
    let part = Part::Lines(vec![("1".parse().unwrap(), Minor::try_from(3_000).unwrap())]);
    let decided = capture::decide(&log.wallet(), Some(&history), &part, log.now);
    log.append(decided.unwrap());
    let history = log.redeem("back", 20, Settlement::Held(None));
    let decided = release::decide(&log.wallet(), Some(&history), log.now);
    log.append(decided.unwrap());
    log.redeem("lapsing", 150, Settlement::Held(Some("P7D".parse().unwrap())));
    // A hold lapses, and a lot expires in its own instant.
    log.advance("P30D");
    log.award("later", 100, None);
    log.hierarchy();
    log
}

fn armed(number: u64) -> Option<Hour> {
    number.is_multiple_of(2).then(|| "2026-12-01T00".parse().unwrap())
}

fn fingerprint(number: u64) -> Fingerprint {
    Fingerprint::of(&number).unwrap()
}

fn encode_all(entries: &[Entry]) -> Vec<Item> {
    let mut previous: Hash = [0; 32];
    let mut items = Vec::new();
    for entry in entries {
        let number = entry.number;
        let (item, hash) = encode(entry, &fingerprint(number), armed(number), &previous).unwrap();
        previous = hash;
        items.push(item);
    }
    items
}

/// An attribute as the AWS CLI writes it.
fn to_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(blob) => json!({"B": blob.as_ref()}),
        AttributeValue::Bool(flag) => json!({"BOOL": flag}),
        AttributeValue::L(list) => json!({"L": list.iter().map(to_json).collect::<Vec<_>>()}),
        AttributeValue::M(map) => json!({"M": item_to_json(map)}),
        other => panic!("never written: {other:?}"),
    }
}

fn item_to_json(item: &Item) -> BTreeMap<&String, Value> {
    item.iter().map(|(name, value)| (name, to_json(value))).collect()
}

fn from_json(value: &Value) -> AttributeValue {
    let (kind, content) = value.as_object().unwrap().iter().next().unwrap();
    let text = || content.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(Blob::new(
            serde_json::from_value::<Vec<u8>>(content.clone()).unwrap(),
        )),
        "BOOL" => AttributeValue::Bool(content.as_bool().unwrap()),
        "L" => AttributeValue::L(content.as_array().unwrap().iter().map(from_json).collect()),
        "M" => AttributeValue::M(item_from_json(content)),
        other => panic!("unknown kind {other}"),
    }
}

fn item_from_json(value: &Value) -> Item {
    let members = value.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), from_json(value))).collect()
}

/// Every log, with the file that its lines are held against.
fn logs() -> Vec<(&'static str, Vec<Entry>)> {
    let [card, bob] = card::logs();
    vec![
        ("format-1.json", log().entries),
        ("format-1-gift-card.json", card),
        ("format-1-claimant.json", bob),
        ("format-1-returns.json", returns::log()),
    ]
}

fn golden(file: &str) -> Vec<Item> {
    let text = std::fs::read_to_string(Path::new(GOLDEN).join(file)).unwrap();
    let items: Vec<Value> = serde_json::from_str(&text).unwrap();
    items.iter().map(item_from_json).collect()
}

/// `SCRIP_WRITE_GOLDEN=1` writes the files: only a new format gets new ones.
#[test]
fn lines_are_written_as_they_always_were() {
    for (file, entries) in logs() {
        let items = encode_all(&entries);
        if std::env::var_os("SCRIP_WRITE_GOLDEN").is_some() {
            let json = items.iter().map(|item| serde_json::to_string(&item_to_json(item)).unwrap());
            let lines = json.collect::<Vec<_>>().join(",\n");
            std::fs::write(Path::new(GOLDEN).join(file), format!("[\n{lines}\n]\n")).unwrap();
        }
        let golden = golden(file);
        for (item, golden) in items.iter().zip(&golden) {
            assert_eq!(item, golden);
        }
        assert_eq!(items.len(), golden.len());
    }
}

#[test]
fn lines_written_before_are_read_as_they_were_meant() {
    for (file, entries) in logs() {
        for (item, entry) in golden(file).into_iter().zip(entries) {
            let recorded = decode(&entry.account, item).unwrap();
            assert_eq!(recorded.entry, entry);
            assert_eq!(recorded.armed, armed(entry.number));
            assert_eq!(recorded.fingerprint, fingerprint(entry.number));
        }
    }
}

#[test]
fn chain_of_hashes_holds_and_breaks_with_any_attribute() {
    for (file, _) in logs() {
        check_chain(file);
    }
}

fn check_chain(file: &str) {
    let mut previous: Hash = [0; 32];
    for item in golden(file) {
        let hash = canonical::read_hash(item.get("hash")).unwrap();
        assert_eq!(canonical::hash(&previous, &item), hash);
        for name in item.keys().filter(|name| *name != "hash") {
            let mut without = item.clone();
            without.remove(name);
            assert_ne!(canonical::hash(&previous, &without), hash, "{name}");
            let mut changed = item.clone();
            changed.insert(name.clone(), AttributeValue::S("forged".to_owned()));
            assert_ne!(canonical::hash(&previous, &changed), hash, "{name}");
        }
        let mut added = item.clone();
        added.insert("more".to_owned(), AttributeValue::Bool(true));
        assert_ne!(canonical::hash(&previous, &added), hash);
        assert_ne!(canonical::hash(&hash, &item), hash, "the line before counts");
        previous = hash;
    }
}

#[test]
fn hash_covers_what_is_named_hash_below_the_line() {
    let lot = |left: &str| {
        AttributeValue::M([("left".to_owned(), AttributeValue::N(left.to_owned()))].into())
    };
    let item = |left: &str| -> Item {
        let holding = AttributeValue::M([("hash".to_owned(), lot(left))].into());
        [("points".to_owned(), holding)].into()
    };
    assert_ne!(canonical::hash(&[0; 32], &item("1")), canonical::hash(&[0; 32], &item("2")));
}

//! What was planted in a sound ledger is found, for what it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_cli::verify::{Options, Report, audit};
use scrip_local::TABLE;
use scrip_store::{Found, account_of_key};

use super::history;
use crate::crash::World;

pub(super) type Item = HashMap<String, AttributeValue>;
pub(super) type Key = (String, String);

/// A ledger that is tampered with, and mended again.
pub(super) struct Tampered {
    pub(super) world: World,
    pub(super) sound: BTreeMap<Key, Item>,
    /// What was not found as it was expected.
    unfound: Mutex<Vec<String>>,
    count: AtomicUsize,
}

pub(super) fn key(item: &Item) -> Key {
    (item["pk"].as_s().unwrap().clone(), item["sk"].as_s().unwrap().clone())
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// What is at a path of names and places.
pub(super) fn at<'a>(item: &'a mut Item, path: &str) -> &'a mut AttributeValue {
    let mut names = path.split('/');
    let mut found = item.get_mut(names.next().unwrap()).unwrap();
    for name in names {
        found = match found {
            AttributeValue::M(map) => map.get_mut(name).unwrap_or_else(|| panic!("{path}")),
            AttributeValue::L(list) => &mut list[name.parse::<usize>().unwrap()],
            other => panic!("{path}: {other:?}"),
        };
    }
    found
}

/// Adds to a number.
fn add(item: &mut Item, path: &str, more: i64) {
    let there = at(item, path);
    let count: i64 = there.as_n().unwrap().parse().unwrap();
    *there = number(count + more);
}

fn list<'a>(item: &'a mut Item, path: &str) -> &'a mut Vec<AttributeValue> {
    match at(item, path) {
        AttributeValue::L(list) => list,
        other => panic!("{path}: {other:?}"),
    }
}

pub(super) fn map<'a>(item: &'a mut Item, path: &str) -> &'a mut Item {
    match at(item, path) {
        AttributeValue::M(map) => map,
        other => panic!("{path}: {other:?}"),
    }
}

impl Tampered {
    pub(super) async fn of(world: World) -> Self {
        let items = world.items().await;
        let sound = items.into_iter().map(|item| (key(&item), item)).collect();
        Self { world, sound, unfound: Mutex::default(), count: AtomicUsize::new(0) }
    }

    /// The partition of the card that was sold first.
    pub(super) fn card(&self) -> String {
        let keys =
            self.sound.keys().filter(|(pk, sk)| pk.starts_with("CARD#") && sk == "E#000000000005");
        keys.map(|(pk, _)| pk.clone()).next().unwrap()
    }

    /// The partition of the card that reverted.
    fn reverted(&self) -> String {
        let ended = |item: &&Item| item.get("kind") == Some(&text("gift_card_revert"));
        key(self.sound.values().find(ended).unwrap()).0
    }

    /// The line of an operation.
    pub(super) fn line(&self, account: &str, operation: &str) -> Item {
        let is_it =
            |item: &&Item| item["pk"] == text(account) && item.get("op") == Some(&text(operation));
        self.sound.values().find(is_it).unwrap_or_else(|| panic!("{operation}")).clone()
    }

    pub(super) fn lines(&self, account: &str) -> Vec<Item> {
        let own = self.sound.iter().filter(|((pk, sk), _)| pk == account && sk.starts_with("E#"));
        own.map(|(_, item)| item.clone()).collect()
    }

    pub(super) fn newest(&self, account: &str) -> Item {
        self.lines(account).pop().unwrap()
    }

    pub(super) async fn put(&self, item: Item) {
        let client = self.world.embedded.client();
        client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    pub(super) async fn delete(&self, (pk, sk): &Key) {
        let client = self.world.embedded.client();
        let delete = client.delete_item().table_name(TABLE).key("pk", text(pk)).key("sk", text(sk));
        delete.send().await.unwrap();
    }

    /// Makes the chain of a log whole again, as somebody would who knows how.
    pub(super) async fn forge(&self, account: &str) {
        let (id, ledger) = (account_of_key(account).unwrap(), self.world.app(None).ledger);
        let items = self.world.items().await;
        let mut items: BTreeMap<Key, Item> =
            items.into_iter().map(|item| (key(&item), item)).collect();
        let (mut previous, mut next) = ([0; 32], None);
        loop {
            let page = ledger.log(&id, 1, next.take()).await.unwrap();
            for found in page.found {
                let Found::Line(line) = found else { panic!("{found:?}") };
                let hash = line.hash_after(&previous);
                let place = (account.to_owned(), format!("E#{:012}", line.number));
                let mut item = items.remove(&place).unwrap();
                item.insert("hash".to_owned(), AttributeValue::B(Blob::new(hash.to_vec())));
                self.put(item).await;
                previous = hash;
            }
            next = page.next;
            if next.is_none() {
                return;
            }
        }
    }

    pub(super) async fn audit(&self) -> Report {
        self.audit_of(Options { segments: 1, ..Options::default() }).await
    }

    pub(super) async fn audit_of(&self, options: Options) -> Report {
        Box::pin(audit(&self.world.app(None).ledger, &options, None)).await.unwrap()
    }

    pub(super) async fn mend(&self) {
        let items = self.world.items().await;
        let now: BTreeMap<Key, Item> = items.into_iter().map(|item| (key(&item), item)).collect();
        for place in now.keys().filter(|place| !self.sound.contains_key(*place)) {
            self.delete(place).await;
        }
        for (place, item) in &self.sound {
            if now.get(place) != Some(item) {
                self.put(item.clone()).await;
            }
        }
    }

    /// How many faults were planted, all of which were found.
    pub(super) fn planted(&self) -> usize {
        let unfound = self.unfound.lock().unwrap();
        assert!(unfound.is_empty(), "{}", unfound.join("\n"));
        self.count.load(Ordering::SeqCst)
    }

    /// That the audit finds just these kinds of faults, and mends the ledger.
    pub(super) async fn finds(&self, what: &str, expected: &[&str]) {
        let report = self.audit().await;
        let found: BTreeSet<&str> =
            report.violations.iter().map(|violation| violation.fault.kind()).collect();
        let told: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
        if Vec::from_iter(found) != expected {
            let not_so = format!("{what}: not {expected:?}: {told:#?}");
            self.unfound.lock().unwrap().push(not_so);
        }
        self.count.fetch_add(usize::from(!expected.is_empty()), Ordering::SeqCst);
        self.mend().await;
    }

    /// A line changed, and the chain left as it was.
    async fn changed(&self, what: &str, line: Item, change: impl Fn(&mut Item), expected: &[&str]) {
        let mut item = line;
        change(&mut item);
        self.put(item).await;
        self.finds(what, expected).await;
    }

    /// A line changed, and every hash from there on made again.
    pub(super) async fn forged(
        &self,
        what: &str,
        line: Item,
        change: impl Fn(&mut Item),
        expected: &[&str],
    ) {
        let (account, mut item) = (key(&line).0, line);
        change(&mut item);
        self.put(item).await;
        self.forge(&account).await;
        self.finds(what, expected).await;
    }
}

pub(super) const BOB: &str = "MEMBER#bob";
pub(super) const EVE: &str = "MEMBER#eve";
pub(super) const ANN: &str = "MEMBER#ann";
/// The first amount that a line posts.
const POSTED: &str = "postings/0/moved/0/n";

#[tokio::test]
async fn audit_finds_nothing_in_a_sound_ledger_and_whatever_was_planted_in_one_that_is_not() {
    let ledger = Tampered::of(history::rich().await).await;
    ledger.finds("nothing planted", &[]).await;
    assert_eq!(ledger.audit().await.accounts, 6);
    amounts(&ledger).await;
    chains(&ledger).await;
    markers(&ledger).await;
    states(&ledger).await;
    pairs(&ledger).await;
    items(&ledger).await;
    ledger.finds("everything mended", &[]).await;
    assert!(55 <= ledger.planted(), "{}", ledger.planted());
}

async fn amounts(ledger: &Tampered) {
    let award = || ledger.line(BOB, "AWARD#a1#");
    let more = |item: &mut Item| add(item, POSTED, 100);
    ledger.changed("amount", award(), more, &["hash_differs", "replay.state", "sum_differs"]).await;
    ledger.forged("amount, forged", award(), more, &["replay.state", "sum_differs"]).await;
    let reversed = |item: &mut Item| *at(item, POSTED) = number(-500);
    let wrong_way = ["replay.posting", "replay.state", "sum_differs"];
    ledger.forged("sign", award(), reversed, &wrong_way).await;
    let reason = |item: &mut Item| *at(item, "postings/0/reason") = text("reinstated");
    ledger.forged("reason", award(), reason, &["replay.posting", "replay.state"]).await;
    let twice = |item: &mut Item| {
        let posting = list(item, "postings")[0].clone();
        list(item, "postings").push(posting);
    };
    ledger.forged("posting too many", award(), twice, &["replay.state", "sum_differs"]).await;
    let none = |item: &mut Item| drop(item.remove("postings"));
    let lost = ["replay.detail", "replay.state", "sum_differs"];
    ledger.forged("posting missing", ledger.line(BOB, "ADJUSTMENT#j1#"), none, &lost).await;
    let expired = |item: &&Item| {
        item.get("kind") == Some(&text("settlement")) && item.contains_key("postings")
    };
    let settled = ledger.lines(BOB).iter().find(expired).unwrap().clone();
    ledger.forged("expiry twice", settled.clone(), twice, &["replay.posting", "sum_differs"]).await;
    let lost = ["replay.state", "sum_differs"];
    ledger.forged("expiry missing", settled.clone(), none, &lost).await;
    let early = |item: &mut Item| {
        map(item, "postings/0").insert("at".to_owned(), number(1_795_230_245_000));
    };
    ledger.forged("expiry too early", settled, early, &["replay.posting", "replay.state"]).await;
    let says = |item: &mut Item| add(item, "detail/n", 1);
    ledger
        .forged("what it says", ledger.line(BOB, "ADJUSTMENT#j2#"), says, &["replay.detail"])
        .await;
}

async fn chains(ledger: &Tampered) {
    let award = || ledger.line(BOB, "AWARD#a1#");
    ledger.delete(&key(&award())).await;
    ledger.finds("missing line", &["lines_missing"]).await;
    ledger.delete(&key(&ledger.lines(BOB)[0])).await;
    ledger.finds("missing first line", &["lines_missing"]).await;
    let (mut one, mut other) = (award(), ledger.line(BOB, "ADJUSTMENT#j1#"));
    (*at(&mut one, "sk"), *at(&mut other, "sk")) = (other["sk"].clone(), one["sk"].clone());
    ledger.put(one.clone()).await;
    ledger.put(other.clone()).await;
    ledger.forge(BOB).await;
    ledger.finds("swapped pair, forged", &["replay.state"]).await;
    ledger.put(one).await;
    ledger.put(other).await;
    ledger.finds("swapped pair", &["hash_differs", "replay.state"]).await;
    let hash = |item: &mut Item| *at(item, "hash") = AttributeValue::B(Blob::new([7; 32]));
    ledger.changed("hash", award(), hash, &["hash_differs"]).await;
    let by = |item: &mut Item| *at(item, "by") = text("nobody");
    ledger.changed("who asked", award(), by, &["hash_differs"]).await;
    let operation = |item: &mut Item| *at(item, "op") = text("AWARD#other#");
    ledger.changed("operation", award(), operation, &["hash_differs"]).await;
    let again = |item: &mut Item| *at(item, "op") = text("AWARD#a1#");
    let second = ledger.line(BOB, "AWARD#a2#");
    ledger.forged("operation twice", second, again, &["operation_twice"]).await;
    let earlier = |item: &mut Item| *at(item, "at") = text("2026-11-20T00:00:00Z");
    let adjusted = ledger.line(BOB, "ADJUSTMENT#j2#");
    ledger.forged("recorded earlier", adjusted, earlier, &["recorded_earlier"]).await;
    let format = |item: &mut Item| *at(item, "format") = number(2);
    ledger.changed("format", award(), format, &["hash_differs", "newer_format"]).await;
    let kind = |item: &mut Item| *at(item, "kind") = text("conjuring");
    ledger.changed("kind", award(), kind, &["hash_differs", "unreadable"]).await;
    let unnamed = |item: &mut Item| drop(item.remove("op"));
    ledger.forged("no operation", award(), unnamed, &["unreadable"]).await;
}

async fn markers(ledger: &Tampered) {
    let key_of = |pk: &str, sk: &str| (pk.to_owned(), sk.to_owned());
    ledger.delete(&key_of("ORDER#o", "ORDER")).await;
    ledger.finds("lost order marker", &["marker_missing"]).await;
    let marker = ledger.sound[&key_of("ORDER#o", "ORDER")].clone();
    let eves = |item: &mut Item| *at(item, "account") = text(EVE);
    ledger.changed("order marker", marker, eves, &["marker_of_another"]).await;
    let other = |item: &mut Item| *at(item, "op") = text("ORDER#other#");
    let renamed = ["marker_missing", "replay.state"];
    ledger.forged("order", ledger.line(BOB, "ORDER#o#"), other, &renamed).await;
    ledger.delete(&key_of("DIRECT#d", "DIRECT")).await;
    ledger.finds("lost marker of a redemption", &["marker_missing"]).await;
    let due = |(pk, sk): &&Key| pk.starts_with("DUE#") && sk.ends_with(BOB);
    let due: Vec<Key> = ledger.sound.keys().filter(due).cloned().collect();
    assert!(!due.is_empty());
    for marker in &due {
        ledger.delete(marker).await;
    }
    ledger.finds("lost due marker", &["due_marker_missing"]).await;
    for marker in &due {
        let mut item = ledger.sound[marker].clone();
        let (start, shard) = marker.0.rsplit_once('#').unwrap();
        let shard = (shard.parse::<u8>().unwrap() + 1) % 64;
        *at(&mut item, "pk") = text(&format!("{start}#{shard:02}"));
        ledger.delete(marker).await;
        ledger.put(item).await;
    }
    let moved = ["due_marker_misplaced", "due_marker_missing"];
    ledger.finds("due marker in another shard", &moved).await;
    for marker in &due {
        let mut item = ledger.sound[marker].clone();
        *at(&mut item, "sk") = text(&format!("2029-01-01T00#{BOB}"));
        ledger.delete(marker).await;
        ledger.put(item).await;
    }
    ledger.finds("due marker that is too late", &["due_marker_missing"]).await;
    let unarmed = |item: &mut Item| drop(item.remove("armed"));
    ledger.forged("not armed", ledger.newest(BOB), unarmed, &["armed_late"]).await;
}

async fn states(ledger: &Tampered) {
    let newest = || ledger.newest(BOB);
    let lot = "state/assets/points:survey/lots/0/left";
    let larger = |item: &mut Item| add(item, lot, 1);
    ledger.forged("lot", newest(), larger, &["replay.state", "sum_differs"]).await;
    ledger.forged("lot, before", ledger.line(BOB, "AWARD#a2#"), larger, &["replay.state"]).await;
    let issued = |item: &mut Item| add(item, "state/assets/points:survey/lots/0/of", 1);
    ledger.forged("what was put in", newest(), issued, &["replay.state"]).await;
    let expiry = |item: &mut Item| {
        map(item, "state/assets/credit:welcome:AUD/lots/0").remove("to");
    };
    ledger
        .forged("expiry", ledger.line(BOB, "REDEMPTION#h2#CAPTURE#"), expiry, &["replay.state"])
        .await;
    let held = |item: &mut Item| add(item, "state/holds/0/draws/0/lots/0/n", 1_000);
    let above = ["replay.hold", "replay.state", "sum_differs"];
    ledger.forged("hold above its lot", newest(), held, &above).await;
    let longer = |item: &mut Item| add(item, "state/holds/0/to", 1);
    ledger.forged("hold that lapses later", newest(), longer, &["replay.state"]).await;
    let unheld = |item: &mut Item| drop(map(item, "state").remove("holds"));
    ledger.forged("hold left out", newest(), unheld, &["unreadable"]).await;
    let lapse = |item: &&Item| item.contains_key("lapsed");
    let lapsed = ledger.lines(BOB).iter().find(lapse).unwrap().clone();
    let unlapsed = |item: &mut Item| drop(item.remove("lapsed"));
    ledger.forged("lapse that is not told", lapsed, unlapsed, &["replay.hold"]).await;
    let owes = |item: &&Item| format!("{:?}", item["state"]).contains("\"debt\"");
    let owing = ledger.lines(BOB).iter().find(owes).unwrap().clone();
    let forget = |item: &mut Item| drop(map(item, "state/assets/points:reward").remove("debt"));
    ledger.forged("debt not shown", owing, forget, &["replay.state"]).await;
    let level = |item: &mut Item| *at(item, "state/tier/level") = text("gold");
    ledger.forged("level", ledger.line(EVE, "TIER#t#"), level, &["replay.state"]).await;
    let kept = |item: &mut Item| drop(map(item, "state/tier/reached").remove("returned"));
    let back = ledger.line(BOB, "ORDER#o#RETURN#r1#");
    ledger.forged("level that a return spared", back, kept, &["replay.level"]).await;
    let reviewed = |item: &&Item| item.contains_key("reviews");
    let judged = ledger.lines(EVE).iter().find(reviewed).unwrap().clone();
    let unjudged = |item: &mut Item| drop(item.remove("reviews"));
    ledger.forged("level not judged", judged, unjudged, &["replay.level", "replay.state"]).await;
    let review = |item: &mut Item| add(item, "state/tier/review", 40 * 86_400_000);
    ledger.forged("anniversary", ledger.line(EVE, "TIER#t#"), review, &["replay.state"]).await;
    let facts = |item: &mut Item| drop(map(item, "state").remove("facts"));
    ledger.forged("facts", ledger.line(BOB, "AWARD#a2#"), facts, &["replay.state"]).await;
    let alive = |item: &mut Item| drop(map(item, "state/card").remove("end"));
    let ended = ledger.newest(&ledger.reverted());
    ledger.forged("card that did not end", ended, alive, &["replay.state"]).await;
}

async fn pairs(ledger: &Tampered) {
    ledger.delete(&key(&ledger.newest(ANN))).await;
    ledger.finds("card given into no wallet", &["counterpart_missing"]).await;
    ledger.delete(&key(&ledger.newest(&ledger.reverted()))).await;
    let unswept = ["counterpart_missing", "due_marker_missing"];
    ledger.finds("wallet credited without a card", &unswept).await;
    let credit = |item: &mut Item| {
        add(item, POSTED, 100);
        let assets = map(item, "state/assets").values_mut();
        for asset in assets {
            let AttributeValue::M(asset) = asset else { panic!() };
            add(asset, "lots/0/left", 100);
            add(asset, "lots/0/of", 100);
        }
    };
    ledger
        .forged(
            "more credit than the card had",
            ledger.newest(ANN),
            credit,
            &["counterpart_differs"],
        )
        .await;
    let part = ledger.line(&ledger.card(), "MEMBER#bob#REDEMPTION#b#CAPTURE#");
    let says = |item: &mut Item| add(item, "detail/n", -1);
    let both = ["counterpart_differs", "replay.detail", "replay.state"];
    ledger.forged("part of a card", part, says, &both).await;
    ledger.delete(&(ANN.to_owned(), "CARD#c".to_owned())).await;
    ledger.finds("purchaser's item of a card", &["card_not_kept"]).await;
    let refund = ledger.line(BOB, "REDEMPTION#b#REFUND#r2#");
    let less = |item: &mut Item| add(item, "detail/cards/0/n", -1);
    ledger.forged("refund to a claimant", refund, less, &["counterpart_differs"]).await;
}

async fn items(ledger: &Tampered) {
    let line = || ledger.line(BOB, "AWARD#a1#");
    for (pk, sk) in [
        (BOB, "X#1"),
        (BOB, "E#1"),
        ("MEMBERS#bob", "E#000000000001"),
        ("CARD#6", "E#000000000001"),
        ("DUE#other#01", "2029-01-01T00#MEMBER#bob"),
    ] {
        let mut item = line();
        (*at(&mut item, "pk"), *at(&mut item, "sk")) = (text(pk), text(sk));
        ledger.put(item).await;
        if (pk, sk) == (BOB, "E#1") {
            let account = account_of_key(BOB);
            let own = ledger.audit_of(Options { account, ..Options::default() }).await;
            assert_eq!(own.violations.len(), 1, "{:?}", own.violations);
        }
        ledger.finds(&format!("{pk} / {sk}"), &["unknown_item"]).await;
    }
}

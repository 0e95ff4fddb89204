//! What a line says of another log: of the credit that a gift card becomes, all of it; of a line that
//! cannot be read, nothing.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::history;
use super::planted::{ANN, BOB, EVE, Item, Tampered, at, key, map, number, text};
use crate::crash::{Step, World};

/// Everything in an item, names included, with one text instead of another, and one number.
fn replaced(value: &AttributeValue, texts: (&str, &str), numbers: (&str, &str)) -> AttributeValue {
    let each = |value: &AttributeValue| replaced(value, texts, numbers);
    match value {
        AttributeValue::S(it) => AttributeValue::S(it.replace(texts.0, texts.1)),
        AttributeValue::N(it) if it == numbers.0 => AttributeValue::N(numbers.1.to_owned()),
        AttributeValue::L(list) => AttributeValue::L(list.iter().map(each).collect()),
        AttributeValue::M(map) => {
            let each = |(name, value): (&String, _)| (name.replace(texts.0, texts.1), each(value));
            AttributeValue::M(map.iter().map(each).collect())
        }
        other => other.clone(),
    }
}

impl Tampered {
    /// Forges every line of a log from end to end, and finds just so many differences with others.
    async fn forged_whole(
        &self,
        account: &str,
        texts: (&str, &str),
        numbers: (&str, &str),
        differences: usize,
    ) {
        for line in self.lines(account) {
            let forged = replaced(&AttributeValue::M(line), texts, numbers);
            let AttributeValue::M(item) = forged else { panic!("{forged:?}") };
            self.put(item).await;
        }
        self.forge(account).await;
        let report = self.audit().await;
        let told: Vec<String> = report.violations.iter().map(ToString::to_string).collect();
        let count = told.iter().filter(|told| told.contains("[counterpart_differs]")).count();
        assert_eq!((count, told.len()), (differences, differences), "{texts:?}: {told:#?}");
        self.mend().await;
    }
}

const GIFT: &str = "gift:AUD";
const NOTHING: (&str, &str) = ("", "no number");

#[tokio::test]
async fn audit_finds_credit_that_is_not_the_one_which_its_card_becomes() {
    let ledger = Tampered::of(history::rich().await).await;
    let lot = "state/assets/credit:gift:AUD/lots/0";
    let (posted, ends) = ("postings/0/moved/0", 1_893_456_000_000);
    let differs = ["counterpart_differs"];
    let later = |item: &mut Item| {
        for place in [posted, lot] {
            *at(item, &format!("{place}/to")) = number(ends + 86_400_000);
            *at(item, &format!("{place}/id")) = text("gift:gift:AUD:2030-01-02T00:00:00Z");
        }
    };
    ledger.forged("later expiry", ledger.newest(ANN), later, &differs).await;
    let never = |item: &mut Item| {
        for place in [posted, lot] {
            map(item, place).remove("to").unwrap();
            *at(item, &format!("{place}/id")) = text("gift:gift:AUD:never");
        }
    };
    ledger.forged("no expiry", ledger.newest(ANN), never, &differs).await;
    assert_eq!(ledger.planted(), 2);
    // Of the card that reverted, here and there.
    ledger.forged_whole(ANN, (GIFT, "gift:NZD"), NOTHING, 2).await;
    ledger.forged_whole(ANN, ("credit:gift:", "credit:store:"), NOTHING, 2).await;
    // Of the claim and of two refunds.
    ledger.forged_whole(EVE, (GIFT, "gift:NZD"), NOTHING, 6).await;
}

async fn done(world: &World, step: Step) -> Value {
    let (status, body) = world.run(&world.app(None), &step).await;
    assert!((200..300).contains(&status), "{body}");
    body
}

async fn refund(world: &World, ids: &'static str, amount: &str) {
    let route = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
    done(world, Step::Redeem(route, ids, json!({"amount": amount}))).await;
}

/// Bob pays with two cards, of which one expires; eve claims what is left of both.
async fn claimed() -> World {
    let world = World::new().await;
    let route = "PUT /v1/members/{member}/gift-cards/{card}";
    let body = json!({"gift_card": "standard", "amount": "25.00",
        "expires_at": "2026-12-21T00:00:00Z"});
    let sold = done(&world, Step::Card(route, "ann f", body)).await;
    let (first, pin) = (&sold["number"], &sold["pin"]);
    let cards = json!([{"number": first, "pin": pin, "amount": "20.00"},
        {"number": "$number", "pin": "$pin", "amount": "20.00"}]);
    let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "40.00"}],
        "use": {"gift_cards": cards}});
    let route = "PUT /v1/members/{member}/redemptions/{redemption}";
    done(&world, Step::Redeem(route, "bob b", body)).await;
    let claims =
        [json!({"number": first, "pin": pin}), json!({"number": "$number", "pin": "$pin"})];
    for body in claims {
        done(&world, Step::Card("POST /v1/members/{member}/claims", "eve", body)).await;
    }
    world
}

#[tokio::test]
async fn audit_knows_until_when_credit_lives_that_a_refund_brings() {
    let world = claimed().await;
    refund(&world, "bob b r1", "5.00").await;
    done(&world, Step::Advance("P60D")).await;
    // 15.00 of the card that has expired, for a grace, and 5.00 of the other, for ever.
    refund(&world, "bob b r2", "20.00").await;
    let ledger = Tampered::of(world).await;
    assert_eq!(ledger.audit().await.violations, []);
    let texts = ("2026-12-21T00:00:00Z", "2026-12-22T00:00:00Z");
    // Of the claim and of the refund before the expiry.
    ledger.forged_whole(EVE, texts, ("1797811200000", "1797897600000"), 4).await;
    // Of two claims and two refunds.
    ledger.forged_whole(EVE, (GIFT, "gift:NZD"), NOTHING, 8).await;
}

#[tokio::test]
async fn audit_expects_nothing_of_a_line_in_another_log_that_it_cannot_read() {
    let ledger = Tampered::of(history::rich().await).await;
    let card = ledger.card();
    let lines = [
        ("release", ledger.line(BOB, "REDEMPTION#c#RELEASE#")),
        ("refund, of the card", ledger.line(&card, "MEMBER#bob#REDEMPTION#b#REFUND#r1#")),
        ("claim, of the card", ledger.line(&card, "MEMBER#eve#CLAIM#")),
        ("newest of a card", ledger.newest(&card)),
        ("refund to a claimant", ledger.line(BOB, "REDEMPTION#b#REFUND#r2#")),
        ("credit of a claimant", ledger.line(EVE, "MEMBER#bob#REDEMPTION#b#REFUND#r2#")),
    ];
    for (what, line) in &lines {
        let newer = |item: &mut Item| *at(item, "format") = number(2);
        ledger.forged(what, line.clone(), newer, &["newer_format"]).await;
        let strange = |item: &mut Item| *at(item, "kind") = text("conjuring");
        ledger.forged(what, line.clone(), strange, &["unreadable"]).await;
        // It is there all the same: without it something is missing.
        ledger.delete(&key(line)).await;
        let report = ledger.audit().await;
        let mut kinds = report.violations.iter().map(|violation| violation.fault.kind());
        assert!(kinds.any(|kind| kind == "counterpart_missing"), "{what}: {report:?}");
        ledger.mend().await;
    }
    assert_eq!(ledger.planted(), 2 * lines.len());
}

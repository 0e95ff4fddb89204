//! A rich history: every kind of line there is, on several members and gift cards.

use serde_json::{Value, json};

use crate::crash::{Step, World, claim, direct, purchase, store_credit};
use crate::support::START;

/// Every kind of line, with time between them.
pub(super) async fn rich() -> World {
    let world = World::new().await;
    for step in before_the_claim().into_iter().chain(after_the_claim()).chain(later()) {
        let (status, body) = world.run(&world.app(None), &step).await;
        assert!((200..300).contains(&status), "{body}");
    }
    world
}

fn earn(route: &'static str, ids: &'static str, body: Value) -> Step {
    Step::Earn(route, ids, body)
}

fn redeem(route: &'static str, ids: &'static str, body: Value) -> Step {
    Step::Redeem(route, ids, body)
}

fn award(ids: &'static str, points: &str, amount: u64, expires_at: Option<&str>) -> Step {
    let mut body = json!({"points": points, "amount": amount, "reason": "r"});
    if let Some(expires_at) = expires_at {
        body["expires_at"] = json!(expires_at);
    }
    earn("PUT /v1/members/{member}/awards/{award}", ids, body)
}

fn adjust(ids: &'static str, amount: i64) -> Step {
    let body = json!({"points": "survey", "amount": amount, "reason": "r", "actor": "jo"});
    earn("PUT /v1/members/{member}/adjustments/{adjustment}", ids, body)
}

fn returned(ids: &'static str, net: &str) -> Step {
    let body = json!({"returned_at": START, "lines": [{"id": "1", "net": net}]});
    earn("PUT /v1/members/{member}/purchases/{order}/returns/{return}", ids, body)
}

fn basket(ids: &'static str, amount: &str, uses: &Value, hold: bool) -> Step {
    let body = json!({"currency": "AUD", "hold": hold, "use": uses,
        "lines": [{"id": "1", "amount": amount}, {"id": "2", "amount": "4.99"}]});
    redeem("PUT /v1/members/{member}/redemptions/{redemption}", ids, body)
}

fn capture(ids: &'static str, body: Value) -> Step {
    redeem("POST /v1/members/{member}/redemptions/{redemption}/capture", ids, body)
}

fn release(ids: &'static str) -> Step {
    redeem("POST /v1/members/{member}/redemptions/{redemption}/release", ids, json!({}))
}

fn refund(ids: &'static str, body: Value) -> Step {
    redeem("PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}", ids, body)
}

fn direct_refund(ids: &'static str) -> Step {
    let body = json!({"number": "$number", "amount": "5.00"});
    Step::Card("PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}", ids, body)
}

fn issue(what: &'static str, ids: &'static str, body: Value) -> Step {
    Step::Credit(what, ids, body)
}

fn before_the_claim() -> Vec<Step> {
    let card = json!({"gift_cards": [{"number": "$number", "pin": "$pin", "amount": "max"}]});
    let points = json!({"points": {"definition": "survey", "amount": 200}, "credits": "max",
        "rewards": "max", "benefits": ["ten"]});
    let some = json!({"points": {"definition": "survey", "amount": 30}});
    let reason = json!({"reason": "r"});
    vec![
        earn("PUT /v1/members/{member}", "bob", json!({"birth_month": 11, "country": "AU"})),
        purchase(),
        award("bob a1", "survey", 500, None),
        adjust("bob j1", 100),
        adjust("bob j2", -50),
        award("bob a2", "survey", 70, Some("2026-11-22T00:00:00Z")),
        store_credit(),
        issue(
            "PUT /v1/members/{member}/credits/{credit}",
            "bob w",
            json!({"credit": "welcome", "amount": "20.00", "reason": "r"}),
        ),
        issue(
            "PUT /v1/members/{member}/rewards/{reward}",
            "bob birthday",
            json!({"reward": "birthday", "amount": "25.00"}),
        ),
        issue(
            "PUT /v1/members/{member}/rewards/{reward}/extensions/{extension}",
            "bob birthday x",
            json!({"expires_at": "2027-06-30T14:00:00Z", "reason": "r"}),
        ),
        issue(
            "PUT /v1/members/{member}/benefits/{benefit}",
            "bob ten",
            json!({"benefit": "ten-percent", "uses": 2}),
        ),
        issue(
            "PUT /v1/members/{member}/benefits/{benefit}",
            "bob hem",
            json!({"benefit": "free-hem"}),
        ),
        issue("POST /v1/members/{member}/benefits/{benefit}/void", "bob hem", reason),
        basket("bob b", "25.01", &card, true),
        capture("bob b", json!({"amount": "20.00"})),
        refund("bob b r1", json!({"amount": "5.00"})),
        basket("bob p", "60.00", &points, false),
        refund("bob p r1", json!({"lines": [{"id": "1", "amount": "20.00"}]})),
        basket("bob h", "9.00", &some, true),
        release("bob h"),
        basket("bob h2", "9.00", &some, true),
        capture("bob h2", json!({})),
        basket("bob c", "1.00", &card, true),
        release("bob c"),
        basket("bob l", "9.00", &some, true),
        direct(false),
        direct_refund("d r1"),
        claim("eve"),
        earn(
            "PUT /v1/members/{member}/tier-assignments/{assignment}",
            "eve t",
            json!({"level": "silver", "reason": "r", "actor": "jo"}),
        ),
    ]
}

fn after_the_claim() -> Vec<Step> {
    vec![
        refund("bob b r2", json!({"amount": "5.00"})),
        direct_refund("d r2"),
        returned("bob o r1", "100.00"),
        returned("bob o r2", "50.00"),
        Step::Advance("P1D"),
        Step::Expire,
        refund("bob p r2", json!({"lines": [{"id": "1", "amount": "10.00"}]})),
        Step::Advance("P14D"),
        redeem(
            "PUT /v1/members/{member}/conversions/{conversion}",
            "bob v",
            json!({"points": "reward", "amount": 500, "reward": "points-reward"}),
        ),
        redeem(
            "PUT /v1/members/{member}/transfers/{transfer}",
            "bob t",
            json!({"points": "reward", "amount": 300, "to": "airline", "reference": "F"}),
        ),
        redeem(
            "PUT /v1/members/{member}/transfers/{transfer}/refunds/{refund}",
            "bob t r",
            json!({"amount": 100}),
        ),
        returned("bob o r3", "400.00"),
        award("bob a3", "reward", 120, None),
    ]
}

fn later() -> Vec<Step> {
    let some = json!({"points": {"definition": "survey", "amount": 40}});
    vec![
        Step::Card(
            "PUT /v1/members/{member}/gift-cards/{card}",
            "ann d",
            json!({"gift_card": "standard", "amount": "25.00", "expires_at": "2030-01-01T00:00:00Z"}),
        ),
        Step::Card(
            "PUT /v1/members/{member}/gift-cards/{card}",
            "ann e",
            json!({"gift_card": "standard", "amount": "30.00"}),
        ),
        Step::Card(
            "POST /v1/members/{member}/gift-cards/{card}/void",
            "ann e",
            json!({"reason": "charged back"}),
        ),
        Step::Advance("P100D"),
        Step::Expire,
        Step::Revert,
        Step::Advance("P300D"),
        Step::Expire,
        award("bob a4", "survey", 50, Some("2028-11-22T00:00:00Z")),
        basket("bob last", "9.00", &some, true),
    ]
}

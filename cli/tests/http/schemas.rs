//! `docs/schemas` says what the code takes and sends: neither more nor less.

use std::collections::BTreeSet;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::queue::message;
use crate::support::{START, Stack, basket, held, order};

fn schema(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// One of each type, with every member that there may be.
fn messages() -> Vec<Value> {
    let named = json!({"member": "alice", "order": "1"});
    let line = json!({"id": "1", "sku": "SHIRT", "category": "apparel", "kind": "product",
        "quantity": 1, "net": "59.95"});
    let purchase = json!({"currency": "AUD", "transacted_at": START, "location": "mel-01",
        "country": "AU", "lines": [line], "paid_by_promotional_credit": "1.00"});
    let back = json!({"member": "alice", "order": "1", "return": "r", "returned_at": START,
        "lines": [{"id": "1", "net": "0.01"}]});
    let credit = json!({"member": "alice", "id": "c", "credit": "store", "amount": "1.00",
        "currency": "AUD", "reason": "r", "expires_at": "2027-01-01T00:00:00Z"});
    let award = json!({"member": "alice", "award": "a", "points": "survey", "amount": 5,
        "reason": "r", "issued_at": START, "accrue_at": START,
        "expires_at": "2027-01-01T00:00:00Z"});
    vec![
        message("order.completed", &named, &purchase),
        message("order.returned", &back, &json!({})),
        message("credit.issued", &credit, &json!({})),
        message("award.granted", &award, &json!({})),
    ]
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, value)| (format!("{at}/{n}"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (at, value) in below {
        places.push(at.clone());
        self::places(value, &at, places);
    }
}

fn remove(value: &mut Value, at: &str) {
    let (parent, name) = at.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => drop(members.remove(name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        other => panic!("{other} has no members"),
    }
}

/// The message with each of its members left out, or something else in its place.
fn variants(message: &Value) -> Vec<Value> {
    let mut all = vec![message.clone()];
    let mut found = Vec::new();
    places(message, "", &mut found);
    let long = "x".repeat(300);
    let others = [
        json!(null),
        json!(true),
        json!(5),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("."),
        json!(".."),
        json!("a/b"),
        json!("not one"),
        json!("\u{7}"),
        json!("-1.00"),
        json!("1e3"),
        json!("+1.00"),
        json!(".5"),
        json!("5."),
        json!(long),
        json!([]),
        json!({}),
        json!([1]),
        json!({"x": 1}),
        json!("2026-11-21"),
        json!("2026-02-30T00:00:00Z"),
        json!(9_007_199_254_740_992_u64),
    ];
    for at in found {
        let mut without = message.clone();
        remove(&mut without, &at);
        all.push(without);
        for other in &others {
            let mut changed = message.clone();
            *changed.pointer_mut(&at).unwrap() = other.clone();
            all.push(changed);
        }
    }
    for parent in ["", "/lines/0"] {
        let mut more = message.clone();
        if let Some(Value::Object(members)) = more.pointer_mut(parent) {
            members.insert("unknown".to_owned(), json!(1));
            all.push(more);
        }
    }
    all
}

#[tokio::test]
async fn message_is_taken_when_its_schema_says_so() {
    let stack = Stack::new().await;
    let first =
        message("order.completed", &json!({"member": "alice", "order": "1"}), &order("59.95"));
    stack.post("/_local/queue", &json!({"messages": [first]})).await.is(200);
    let mut counts = [0, 0];
    for message in messages() {
        let name = message["type"].as_str().unwrap().to_owned();
        let validator = validator(&schema(&name));
        assert!(validator.is_valid(&message), "{message}");
        let mut variants = variants(&message);
        // An id that was used is told before the amounts are read, which are in the order's
        // currency.
        for (number, variant) in variants.iter_mut().enumerate() {
            if variant["return"] == json!("r") {
                variant["return"] = json!(format!("r{number}"));
            }
        }
        let reply = stack.post("/_local/queue", &json!({"messages": variants})).await.ok();
        let malformed: Vec<&Value> = reply["dead"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dead| dead["reason"]["code"] == json!("invalid_request"))
            // What only the order knows.
            .filter(|dead| {
                dead["reason"]["detail"] != json!("`lines[0].id` is no line of the order")
            })
            .map(|dead| &dead["message"])
            .collect();
        for variant in &variants {
            let taken = !malformed.contains(&variant);
            assert_eq!(validator.is_valid(variant), taken, "{variant}");
            counts[usize::from(taken)] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn examples_of_the_schemas_are_valid() {
    for name in ["order.completed", "order.returned", "credit.issued", "award.granted"] {
        let schema = schema(name);
        let examples = schema["examples"].as_array().unwrap();
        assert!(!examples.is_empty() && examples.iter().all(|it| validator(&schema).is_valid(it)));
    }
}

/// Does a little of everything.
async fn live(stack: &Stack) {
    let member = "/v1/members/alice";
    let put = async |path: &str, body: Value| {
        stack.put(&format!("{member}/{path}"), &body).await.is(201);
    };
    let post =
        async |path: &str, body: Value| stack.post(&format!("{member}/{path}"), &body).await.ok();
    stack.put(member, &json!({"country": "AU"})).await.is(201);
    put("purchases/1", order("600.00")).await;
    put(
        "purchases/1/returns/1",
        json!({"returned_at": START, "lines": [{"id": "1", "net": "200.00"}]}),
    )
    .await;
    put("awards/a", json!({"points": "survey", "amount": 1000, "reason": "r"})).await;
    put("awards/soon", json!({"points": "survey", "amount": 7, "reason": "r", "expires_at": "2026-11-22T00:00:00Z"})).await;
    put("adjustments/x", json!({"points": "survey", "amount": -5, "reason": "r", "actor": "jo"}))
        .await;
    put("tier-assignments/t", json!({"level": "silver", "reason": "r", "actor": "jo"})).await;
    put("rewards/birthday-1", json!({"reward": "birthday", "amount": "10.00"})).await;
    put(
        "rewards/birthday-1/extensions/e",
        json!({"expires_at": "2027-01-01T00:00:00Z", "reason": "r"}),
    )
    .await;
    put("benefits/hem", json!({"benefit": "free-hem"})).await;
    put("credits/s", json!({"credit": "store", "amount": "30.00", "reason": "r"})).await;
    put("credits/v", json!({"credit": "store", "amount": "1.00", "reason": "r"})).await;
    post("credits/v/void", json!({"reason": "r"})).await;
    let all = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "100.00"}],
        "use": {"benefits": ["hem"], "rewards": "max", "credits": "max"}});
    put("redemptions/all", all).await;
    put("redemptions/all/refunds/1", json!({"lines": [{"id": "1", "amount": "100.00"}]})).await;
    put("redemptions/lapses", held(&json!(100))).await;
    put("redemptions/released", held(&json!(100))).await;
    post("redemptions/released/release", json!({})).await;
    put("redemptions/now", basket(&json!(100))).await;
    put(
        "transfers/t",
        json!({"points": "survey", "amount": 100, "to": "airline", "reference": "FF-1"}),
    )
    .await;
    put("transfers/t/refunds/1", json!({"amount": 40})).await;
    let buy = json!({"gift_card": "standard", "amount": "50.00"});
    put("gift-cards/voided", buy.clone()).await;
    post("gift-cards/voided/void", json!({"reason": "r"})).await;
    put("gift-cards/cancelled", buy.clone()).await;
    post("gift-cards/cancelled/cancel", json!({"reason": "r"})).await;
    put("gift-cards/reverted", buy.clone()).await;
    let card = stack.put(&format!("{member}/gift-cards/claimed"), &buy).await.ok();
    let (number, pin) = (&card["number"], &card["pin"]);
    let spend = json!({"number": number, "pin": pin, "amount": "20.00", "currency": "AUD"});
    stack.put("/v1/gift-card-redemptions/d", &spend).await.is(201);
    let refund = json!({"number": number, "amount": "5.00"});
    stack.put("/v1/gift-card-redemptions/d/refunds/1", &refund).await.is(201);
    stack.post("/v1/members/bob/claims", &json!({"number": number, "pin": pin})).await.is(201);
    stack.advance("P15D").await;
    put("awards/soon-2", json!({"points": "survey", "amount": 1, "reason": "r"})).await;
    let mut points = basket(&json!(300));
    points["use"]["points"]["definition"] = json!("reward");
    put("redemptions/spent", points).await;
    put(
        "purchases/1/returns/2",
        json!({"returned_at": START, "lines": [{"id": "1", "net": "400.00"}]}),
    )
    .await;
    put("purchases/2", order("700.00")).await;
    stack.advance("P400D").await;
    for job in ["expire", "revert"] {
        stack.post(&format!("/_local/sweeps/{job}"), &json!({})).await.is(200);
    }
}

#[tokio::test]
async fn every_event_is_as_its_schema_says() {
    let stack = Stack::new().await;
    live(&stack).await;
    let reply = stack.get("/_local/events").await.ok();
    let schema = schema("event");
    let validator = validator(&schema);
    let mut seen = BTreeSet::new();
    for event in reply["events"].as_array().unwrap() {
        if let Err(error) = validator.validate(event) {
            panic!("{error}: {event}");
        }
        seen.insert(event["detail-type"].as_str().unwrap().to_owned());
        let detail = &event["detail"];
        let id =
            format!("{}/{}/{}", detail["account"].as_str().unwrap(), detail["entry"], detail["n"]);
        assert_eq!(detail["id"], json!(id));
        assert!(detail["n"].as_u64() < detail["of"].as_u64());
    }
    for name in [
        "points.issued",
        "points.redeemed",
        "points.expired",
        "points.reversed",
        "points.adjusted",
        "points.debt_incurred",
        "points.debt_repaid",
        "points.transferred_out",
        "points.transferred_in",
        "reward.issued",
        "reward.redeemed",
        "reward.reinstated",
        "reward.expired",
        "benefit.issued",
        "benefit.redeemed",
        "benefit.reinstated",
        "credit.issued",
        "credit.redeemed",
        "credit.voided",
        "credit.reinstated",
        "credit.transferred_in",
        "gift_card.issued",
        "gift_card.redeemed",
        "gift_card.reinstated",
        "gift_card.claimed",
        "gift_card.reverted",
        "gift_card.cancelled",
        "gift_card.voided",
        "redemption.held",
        "redemption.captured",
        "redemption.released",
        "redemption.refunded",
        "redemption.lapsed",
        "tier.changed",
        "entry.recorded",
    ] {
        assert!(seen.contains(name), "{name} was not seen among {seen:?}");
    }
}

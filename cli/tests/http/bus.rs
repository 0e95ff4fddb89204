//! What `publish` tells of what was done on a local stack.

use serde_json::{Value, json};

use crate::support::{START, Stack, held, order};

async fn events(stack: &Stack, after: u64) -> Vec<Value> {
    let reply = stack.get(&format!("/_local/events?after={after}")).await.ok();
    reply["events"].as_array().unwrap().clone()
}

/// `points.issued alice/1/0`
fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| {
        let (kind, id) = (&event["detail-type"], &event["detail"]["id"]);
        format!("{} {}", kind.as_str().unwrap(), id.as_str().unwrap())
    };
    events.iter().map(name).collect()
}

#[tokio::test]
async fn purchase_is_told_group_by_group_with_the_balances_after_it() {
    let stack = Stack::new().await;
    stack.put("/v1/members/alice/purchases/1000234", &order("600.00")).await.is(201);
    let found = events(&stack, 0).await;
    assert_eq!(
        names(&found),
        ["points.issued alice/1/0", "points.issued alice/1/1", "tier.changed alice/1/2"]
    );
    assert_eq!(
        found[0],
        json!({
            "version": "0", "id": "1", "detail-type": "points.issued", "source": "scrip",
            "account": "000000000000", "time": START, "region": "local", "resources": [],
            "detail": {
                "id": "alice/1/0", "account": "alice", "entry": 1, "n": 0, "of": 3,
                "kind": "purchase", "operation": "purchases/1000234", "recorded_at": START,
                "program": 1,
                "postings": [{"points": "reward", "amount": 600, "reason": "issued", "at": START,
                    "accrue_at": "2026-12-05T03:04:05Z", "expires_at": "2027-12-31T13:00:00Z"}],
                "balances": [{"points": "reward", "available": 0, "pending": 600, "held": 0, "debt": 0}],
            },
        })
    );
    assert_eq!(
        found[2]["detail"]["tier"],
        json!({"before": "member", "after": "silver", "at": START})
    );
    // Only what is later, and nothing for what was done before.
    stack.put("/v1/members/alice/purchases/1000234", &order("600.00")).await.is(200);
    assert_eq!(events(&stack, 3).await, [json!(null); 0]);
    let wrong = stack.get("/_local/events?after=x").await;
    wrong.refused(400, "invalid_request");
    assert_eq!(wrong.body["field"], json!("after"));
    stack.give("alice", "a", 5).await;
    assert_eq!(names(&events(&stack, 3).await), ["points.issued alice/2/0"]);
}

#[tokio::test]
async fn every_line_has_an_event_so_that_gaps_show() {
    let stack = Stack::new().await;
    stack.put("/v1/members/alice", &json!({"country": "AU"})).await.is(201);
    stack.put("/v1/members/alice/purchases/1", &order("0.10")).await.is(201);
    stack.give("alice", "a", 500).await;
    stack.put("/v1/members/alice/redemptions/r", &held(&json!(500))).await.is(201);
    stack.post("/v1/members/alice/redemptions/r/capture", &json!({})).await.is(200);
    let refund = json!({"amount": "95.00"});
    stack.put("/v1/members/alice/redemptions/r/refunds/1", &refund).await.is(201);
    let found = events(&stack, 0).await;
    assert_eq!(
        names(&found),
        [
            "entry.recorded alice/1/0",
            "entry.recorded alice/2/0",
            "points.issued alice/3/0",
            "redemption.held alice/4/0",
            "points.redeemed alice/5/0",
            "redemption.captured alice/5/1",
            "redemption.refunded alice/6/0",
        ]
    );
    assert_eq!(
        found[5]["detail"]["redemption"],
        json!({"redemption": "r", "currency": "AUD", "subtotal": "100.00", "net": "95.00", "due": "95.00"})
    );
    assert_eq!(found[6]["detail"]["redemption"]["external"], json!("95.00"));
}

#[tokio::test]
async fn gift_card_is_told_by_its_purchasers_name_for_it_and_never_by_its_number() {
    let stack = Stack::new().await;
    let body = json!({"gift_card": "standard", "amount": "50.00"});
    let card = stack.put("/v1/members/ann/gift-cards/c1", &body).await.ok();
    let (number, pin) = (card["number"].as_str().unwrap(), card["pin"].as_str().unwrap());
    let spend = json!({"number": number, "pin": pin, "amount": "20.00", "currency": "AUD"});
    stack.put("/v1/gift-card-redemptions/d1", &spend).await.is(201);
    let basket = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "5.00"}],
        "use": {"gift_cards": [{"number": number, "pin": pin, "amount": "max"}]}});
    stack.put("/v1/members/bob/redemptions/b", &basket).await.is(201);
    stack.post("/v1/members/bob/claims", &json!({"number": number, "pin": pin})).await.is(201);
    let found = events(&stack, 0).await;
    let mut told = names(&found);
    // The lines of one transaction come in any order.
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "credit.transferred_in bob/2/0",
            "gift_card.claimed ann/c1/4/0",
            "gift_card.issued ann/c1/1/0",
            "gift_card.redeemed ann/c1/2/0",
            "gift_card.redeemed ann/c1/3/0",
            "redemption.captured ann/c1/2/1",
            "redemption.captured bob/1/0",
        ]
    );
    let text = json!(found).to_string();
    assert!(!text.contains(number) && !text.contains(pin), "{text}");
    let captured = found.iter().find(|event| event["detail"]["id"] == json!("bob/1/0")).unwrap();
    assert_eq!(
        captured["detail"]["redemption"]["gift_cards"],
        json!([{"source": "gift_card", "number_last4": &number[12..], "amount": "5.00"}])
    );
}

/// What ends a gift card on which nothing is left moves nothing, and is told all the same.
#[tokio::test]
async fn spent_gift_card_that_is_voided_is_told() {
    let stack = Stack::new().await;
    let body = json!({"gift_card": "standard", "amount": "50.00"});
    let card = stack.put("/v1/members/ann/gift-cards/c1", &body).await.ok();
    let spend =
        json!({"number": card["number"], "pin": card["pin"], "amount": "50.00", "currency": "AUD"});
    stack.put("/v1/gift-card-redemptions/d1", &spend).await.is(201);
    stack.post("/v1/members/ann/gift-cards/c1/void", &json!({"reason": "r"})).await.is(200);
    let found = events(&stack, 0).await;
    let last = found.last().unwrap();
    assert_eq!(last["detail-type"], json!("gift_card.voided"));
    assert_eq!((&last["detail"]["postings"], &last["detail"]["of"]), (&json!(null), &json!(1)));
}

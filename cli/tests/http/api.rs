//! The contract at the border, to the letter.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{START, Stack, basket, held, order};

#[tokio::test]
async fn purchase_answers_what_it_earned() {
    let stack = Stack::new().await;
    let body = json!({"currency": "AUD", "transacted_at": START, "location": "mel-01", "country": "AU",
        "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "kind": "product", "quantity": 1, "net": "59.95"},
                  {"id": "2", "sku": "GC-50", "kind": "gift_card", "quantity": 1, "net": "50.00"}]});
    let reply = stack.put("/v1/members/alice/purchases/1000234", &body).await;
    reply.is(201);
    assert_eq!(
        reply.body,
        json!({
            "order": "1000234", "member": "alice", "entry": 1, "eligible": "59.95",
            "earned": [{"points": "reward", "amount": 59, "accrue_at": "2026-12-05T03:04:05Z", "expires_at": "2027-12-31T13:00:00Z"},
                       {"points": "tier", "amount": 59}],
            "tier": {"level": "member", "changed": false},
        })
    );
    let silver = stack.put("/v1/members/alice/purchases/1000235", &order("441.00")).await.ok();
    assert_eq!(silver["tier"], json!({"level": "silver", "changed": true}));
}

#[tokio::test]
async fn wallet_shows_what_is_held_and_pending_and_the_way_to_the_next_level() {
    let stack = Stack::new().await;
    stack.put("/v1/members/alice/purchases/1", &order("640.50")).await.is(201);
    stack.give("alice", "a", 200).await;
    stack.put("/v1/members/alice/redemptions/r", &held(&json!(50))).await.is(201);
    let facts = json!({"birth_month": 11, "time_zone": "Australia/Melbourne", "joined_on": "2026-01-31", "country": "AU"});
    stack.put("/v1/members/alice", &facts).await.is(201);
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(
        wallet,
        json!({
            "member": "alice", "at": START, "entry": 4, "facts": facts,
            "points": [
                {"definition": "reward", "kind": "reward", "available": 0, "pending": 640, "held": 0, "debt": 0, "worth": "0.00", "expiring": []},
                {"definition": "survey", "kind": "action", "available": 150, "pending": 0, "held": 50, "debt": 0, "worth": "1.50", "expiring": []},
            ],
            "rewards": [], "rewards_total": [], "benefits": [], "credits": [], "credits_total": [],
            "tier": {"level": "silver", "window_points": 640, "anniversary": "2027-11-21"},
        })
    );
    stack.advance("P14D").await;
    stack.post("/v1/members/alice/redemptions/r/release", &json!({})).await.is(200);
    let reward = stack.get("/v1/members/alice").await.ok()["points"][0].clone();
    assert_eq!(reward["available"], json!(640));
    assert_eq!(reward["expiring"], json!([{"amount": 640, "at": "2027-12-31T13:00:00Z"}]));
}

#[tokio::test]
async fn wallet_as_of_an_instant_is_what_it_was_then() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 10).await;
    stack.advance("P1D").await;
    stack.give("alice", "b", 5).await;
    let available = async |at: &str| {
        let reply = stack.get(&format!("/v1/members/alice?at={at}")).await;
        (reply.status, reply.body["points"][1]["available"].clone(), reply.body["entry"].clone())
    };
    assert_eq!(available("2026-11-21T03:04:04.999Z").await.0, 404);
    assert_eq!(available("2026-11-21T03:04:05Z").await, (200, json!(10), json!(1)));
    assert_eq!(available("2026-11-22T03:04:04.999Z").await, (200, json!(10), json!(1)));
    assert_eq!(available("2026-11-22T14:04:05%2B11:00").await, (200, json!(15), json!(2)));
}

#[tokio::test]
async fn facts_are_created_once_replaced_and_not_written_twice() {
    let stack = Stack::new().await;
    let path = "/v1/members/alice";
    let first = stack.put(path, &json!({"birth_month": 2})).await;
    assert_eq!((first.status, first.body), (201, json!({"member": "alice", "birth_month": 2})));
    let same = stack.put(path, &json!({"birth_month": 2})).await;
    assert_eq!((same.status, same.replayed), (200, true));
    assert_eq!(stack.entry_count("alice").await, 1);
    let other = stack.put(path, &json!({"country": "NZ"})).await;
    assert_eq!((other.status, other.replayed), (200, false));
    assert_eq!(stack.get(path).await.ok()["facts"], json!({"country": "NZ"}));
    assert_eq!(stack.entry_count("alice").await, 2);
    stack.put(path, &json!({})).await.is(200);
    assert_eq!(stack.get(path).await.ok()["facts"], json!({}));
}

#[tokio::test]
async fn quote_is_the_plan_that_the_redemption_carries_out() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 500).await;
    let body = json!({"currency": "AUD",
        "lines": [{"id": "1", "sku": "SHIRT", "kind": "product", "category": "apparel", "quantity": 1, "amount": "100.00"},
                  {"id": "2", "sku": "GC", "kind": "gift_card", "quantity": 1, "amount": "50.00"}],
        "use": {"points": [{"definition": "reward", "amount": "max"}, {"definition": "survey", "amount": "max"}]}});
    let quote = stack.post("/v1/members/alice/quotes", &body).await;
    quote.is(200);
    assert_eq!(
        quote.body,
        json!({
            "currency": "AUD", "subtotal": "150.00",
            "discounts": [{"source": "points", "definition": "survey", "points": 500, "amount": "5.00"}],
            "net": "145.00", "tenders": [], "due": "145.00",
            "lines": [{"id": "1", "amount": "100.00", "discount": "5.00", "net": "95.00"},
                      {"id": "2", "amount": "50.00", "discount": "0.00", "net": "50.00"}],
            "lots": [{"source": "points", "id": "survey", "points": 500}],
        })
    );
    let mut redemption = body.clone();
    redemption["hold"] = json!(true);
    redemption["hold_for"] = json!("PT1H");
    redemption["expected_due"] = json!("145.00");
    let reply = stack.put("/v1/members/alice/redemptions/basket-77", &redemption).await;
    reply.is(201);
    let mut expected = quote.body.clone();
    expected["redemption"] = json!("basket-77");
    expected["status"] = json!("held");
    expected["hold_expires_at"] = json!("2026-11-21T04:04:05Z");
    expected["entry"] = json!(2);
    assert_eq!(reply.body, expected);
    assert_eq!(stack.get("/v1/members/alice/redemptions/basket-77").await.ok(), expected);
    let held = stack.get("/v1/members/alice/redemptions?status=held").await.ok();
    assert_eq!(held, json!({"redemptions": [expected.clone()]}));

    // The value is gone: the same quote now leaves more to pay.
    let changed = stack.put("/v1/members/alice/redemptions/basket-78", &redemption).await;
    changed.refused(409, "plan_changed");
    assert_eq!(changed.body["due"], json!("150.00"));

    let captured = stack.post("/v1/members/alice/redemptions/basket-77/capture", &json!({})).await;
    captured.is(200);
    expected["status"] = json!("captured");
    expected["entry"] = json!(3);
    expected.as_object_mut().unwrap().remove("hold_expires_at");
    assert_eq!(captured.body, expected);
    assert_eq!(stack.get("/v1/members/alice/redemptions/basket-77").await.ok(), expected);
    // A repeated PUT still answers as it did first.
    let again = stack.put("/v1/members/alice/redemptions/basket-77", &redemption).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, reply.body));
}

#[tokio::test]
async fn capture_of_lines_gives_the_rest_back() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 1000).await;
    let body = json!({"currency": "AUD", "hold": true,
        "lines": [{"id": "1", "amount": "60.00"}, {"id": "2", "amount": "30.00"}, {"id": "3", "amount": "10.00"}],
        "use": {"points": {"definition": "survey", "amount": 1000}}});
    stack.put("/v1/members/alice/redemptions/r", &body).await.is(201);
    let part = json!({"lines": [{"id": "1", "amount": "30.00"}, {"id": "3", "amount": "10.00"}]});
    let captured = stack.post("/v1/members/alice/redemptions/r/capture", &part).await.ok();
    assert_eq!(
        captured,
        json!({
            "redemption": "r", "status": "captured", "entry": 3,
            "currency": "AUD", "subtotal": "40.00",
            "discounts": [{"source": "points", "definition": "survey", "points": 400, "amount": "4.00"}],
            "net": "36.00", "tenders": [], "due": "36.00",
            "lines": [{"id": "1", "amount": "30.00", "discount": "3.00", "net": "27.00"},
                      {"id": "3", "amount": "10.00", "discount": "1.00", "net": "9.00"}],
            "lots": [{"source": "points", "id": "survey", "points": 400}],
        })
    );
    assert_eq!(stack.points("alice", "survey").await, [600, 0, 0, 0]);
    let again = stack.post("/v1/members/alice/redemptions/r/capture", &part).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, captured));
    let full = stack.post("/v1/members/alice/redemptions/r/capture", &json!({})).await;
    full.refused(409, "operation_conflict");
    let unknown = json!({"lines": [{"id": "9", "amount": "1.00"}]});
    stack.put("/v1/members/alice/redemptions/s", &held(&json!(1))).await.is(201);
    let refused = stack.post("/v1/members/alice/redemptions/s/capture", &unknown).await;
    refused.refused(400, "invalid_request");
    assert_eq!(refused.body["field"], json!("lines[0].id"));
}

#[tokio::test]
async fn rules_of_redemption_are_refused_by_name() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 500).await;
    let rule = async |mut body: Value, uses: Value, rule: &str| {
        body["use"] = json!({"points": uses});
        let reply = stack.post("/v1/members/alice/quotes", &body).await;
        reply.refused(422, "rule_refused");
        assert_eq!(reply.body["rule"], json!(rule), "{}", reply.body);
    };
    let small = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "1.00"}]});
    let euro = json!({"currency": "EUR", "lines": [{"id": "1", "amount": "1.00"}]});
    rule(small.clone(), json!({"definition": "nope", "amount": 1}), "unknown_points").await;
    rule(small.clone(), json!({"definition": "tier", "amount": 1}), "not_redeemable").await;
    rule(small.clone(), json!({"definition": "survey", "amount": 101}), "more_than_due").await;
    rule(euro.clone(), json!({"definition": "survey", "amount": 1}), "currency").await;
    // "max" in another currency takes nothing.
    let mut max = euro;
    max["use"] = json!({"points": {"definition": "survey", "amount": "max"}});
    assert_eq!(stack.post("/v1/members/alice/quotes", &max).await.ok()["due"], json!("1.00"));
    let short = stack.post("/v1/members/alice/quotes", &basket(&json!(501))).await;
    short.refused(409, "insufficient_value");
    assert_eq!(short.body["available"], json!(500));
    assert_eq!(short.body["retryable"], json!(false));
    let twice =
        json!([{"definition": "survey", "amount": 1}, {"definition": "survey", "amount": 1}]);
    let mut body = small;
    body["use"] = json!({"points": twice});
    let refused = stack.post("/v1/members/alice/quotes", &body).await;
    assert_eq!(refused.body["field"], json!("use.points[1].definition"));
}

#[tokio::test]
async fn hold_lasts_one_minute_to_seven_days() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 500).await;
    for (period, status) in
        [("PT59S", 400), ("PT1M", 201), ("P7D", 201), ("PT168H1S", 400), ("P1M", 400)]
    {
        let mut body = held(&json!(1));
        body["hold_for"] = json!(period);
        let reply = stack.put(&format!("/v1/members/alice/redemptions/{period}"), &body).await;
        reply.is(status);
        if status == 400 {
            assert_eq!(reply.body["field"], json!("hold_for"));
        }
    }
    let mut unheld = basket(&json!(1));
    unheld["hold_for"] = json!("PT5M");
    let reply = stack.put("/v1/members/alice/redemptions/x", &unheld).await;
    assert_eq!((reply.status, &reply.body["field"]), (400, &json!("hold_for")));
}

#[tokio::test]
async fn statement_explains_every_line_newest_first() {
    let stack = Stack::new().await;
    stack.put("/v1/members/alice/purchases/1000234", &order("59.95")).await.is(201);
    stack.give("alice", "a", 200).await;
    let adjustment =
        json!({"points": "survey", "amount": -50, "reason": "goodwill reversal", "actor": "jo"});
    stack.put("/v1/members/alice/adjustments/j", &adjustment).await.is(201);
    stack.put("/v1/members/alice/redemptions/basket-77", &basket(&json!(100))).await.is(201);
    let page = stack.get("/v1/members/alice/entries?limit=3").await.ok();
    let summaries: Vec<&str> = page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["summary"].as_str().unwrap())
        .collect();
    assert_eq!(
        summaries,
        [
            "100 survey points (1.00 off) spent on basket-77",
            "Adjusted by -50 survey points by jo: goodwill reversal",
            "Awarded 200 survey points for test",
        ]
    );
    let cursor = page["cursor"].as_str().unwrap();
    let rest = stack.get(&format!("/v1/members/alice/entries?cursor={cursor}")).await.ok();
    assert!(rest["cursor"].is_null());
    let purchase = &rest["entries"][0];
    assert_eq!(*purchase, stack.get("/v1/members/alice/entries/1").await.ok());
    assert_eq!(
        purchase["summary"],
        json!("Purchase 1000234 earned 59 reward points from 2026-12-05, 59 tier points")
    );
    assert_eq!(purchase["kind"], json!("purchase"));
    assert_eq!(purchase["operation"], json!("purchases/1000234"));
    assert_eq!(purchase["by"], json!("local"));
    assert_eq!(purchase["hash"].as_str().unwrap().len(), 64);
    // The postings of all lines sum to what is left.
    let all = stack.get("/v1/members/alice/entries").await.ok();
    let postings = all["entries"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|entry| entry["postings"].as_array().unwrap());
    let survey: i64 = postings
        .filter(|posting| posting["points"] == json!("survey"))
        .map(|posting| posting["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(survey, 50);
}

#[tokio::test]
async fn program_is_versioned_and_refused_with_every_fault() {
    let stack = Stack::new().await;
    let first = stack.get("/v1/program").await;
    assert_eq!((first.status, first.etag.as_deref()), (200, Some("\"1\"")));
    let mut document = first.body.clone();
    document.as_object_mut().unwrap().remove("version");
    let set = async |document: &Value, header: &[(&str, &str)]| {
        stack.send_with(Method::PUT, "/v1/program", Some(document.to_string()), header).await
    };
    // The same again is the same version, whatever the caller has seen.
    let same = set(&document, &[("if-match", "\"1\"")]).await;
    assert_eq!((same.status, same.replayed, &same.body), (200, true, &first.body));

    let mut faulty = document.clone();
    faulty["rates"][0]["points"] = json!("nope");
    faulty["rates"][1]["earns"] = json!("-1");
    faulty["tiers"]["levels"][1]["attain"] = json!(0);
    faulty["points"].as_array_mut().unwrap().pop();
    let refused = set(&faulty, &[("if-match", "\"1\"")]).await;
    refused.refused(400, "invalid_request");
    let fields: Vec<&str> = refused.body["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    for field in ["rates[0].points", "rates[1].earns", "tiers.levels[1].attain", "points"] {
        assert!(fields.contains(&field), "{field} among {fields:?}");
    }

    let mut double = document.clone();
    double["rates"][0]["earns"] = json!("2");
    set(&double, &[]).await.refused(400, "invalid_request");
    set(&double, &[("if-match", "\"2\"")]).await.refused(412, "version_conflict");
    set(&double, &[("if-none-match", "*")]).await.refused(412, "version_conflict");
    let second = set(&double, &[("if-match", "\"1\"")]).await;
    assert_eq!((second.status, second.etag.as_deref()), (201, Some("\"2\"")));
    let again = set(&double, &[("if-match", "\"1\"")]).await;
    assert_eq!((again.status, again.body), (200, second.body));
    set(&document, &[("if-match", "\"1\"")]).await.refused(412, "version_conflict");

    // It is used at once here, and the old one stays readable.
    let purchase = stack.put("/v1/members/alice/purchases/1", &order("10.00")).await.ok();
    assert_eq!(purchase["earned"][0]["amount"], json!(20));
    assert_eq!(stack.get("/v1/program/versions/1").await.ok(), first.body);
}

//! Rewards, benefits and credits from issue to statement, over HTTP.

use serde_json::{Value, json};

use crate::support::{START, Stack, order};

/// What the example of the contract takes for granted.
async fn alice_of_the_contract() -> Stack {
    let stack = Stack::new().await;
    stack.give("alice", "survey", 500).await;
    for (path, body) in [
        ("benefits/ten-percent-1", json!({"benefit": "ten-percent"})),
        ("rewards/birthday-2026", json!({"reward": "birthday", "amount": "25.00"})),
        ("credits/hello", json!({"credit": "welcome", "amount": "20.00", "reason": "first visit"})),
        ("credits/R-88", json!({"credit": "store", "amount": "30.00", "reason": "return R-88"})),
    ] {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
    }
    stack
}

fn basket_of_the_contract() -> Value {
    json!({"currency": "AUD",
        "lines": [{"id": "1", "sku": "SHIRT", "kind": "product", "category": "apparel", "quantity": 1, "amount": "100.00"}],
        "use": {"benefits": ["ten-percent-1"], "rewards": "max", "points": {"definition": "survey", "amount": "max"},
                "credits": "max"}})
}

#[tokio::test]
async fn issuing_answers_what_was_issued_and_the_same_again() {
    let stack = Stack::new().await;
    for (path, body, answer) in [
        (
            "credits/R-88",
            json!({"credit": "store", "amount": "150.00", "reason": "return R-88"}),
            json!({"member": "alice", "entry": 1, "id": "R-88", "credit": "store", "amount": "150.00",
                   "currency": "AUD", "reason": "return R-88"}),
        ),
        (
            "credits/yen",
            json!({"credit": "welcome", "amount": "2500", "currency": "JPY", "reason": "x"}),
            // The end of the sixtieth day in Melbourne.
            json!({"member": "alice", "entry": 2, "id": "yen", "credit": "welcome", "amount": "2500",
                   "currency": "JPY", "expires_at": "2027-01-20T13:00:00Z", "reason": "x"}),
        ),
        (
            "rewards/birthday-2026",
            json!({"reward": "birthday", "amount": "10.00", "expires_at": "2026-11-30T00:00:00Z"}),
            json!({"member": "alice", "entry": 3, "id": "birthday-2026", "reward": "birthday", "amount": "10.00",
                   "currency": "AUD", "expires_at": "2026-11-30T00:00:00Z"}),
        ),
        (
            "benefits/hem",
            json!({"benefit": "free-hem", "uses": 3}),
            json!({"member": "alice", "entry": 4, "id": "hem", "benefit": "free-hem", "uses": 3}),
        ),
    ] {
        let path = format!("/v1/members/alice/{path}");
        let first = stack.put(&path, &body).await;
        assert_eq!((first.status, &first.body), (201, &answer));
        let again = stack.put(&path, &body).await;
        assert_eq!((again.status, again.replayed, &again.body), (200, true, &answer));
        let mut other = body;
        other["expires_at"] = json!("2026-12-31T00:00:00Z");
        stack.put(&path, &other).await.refused(409, "operation_conflict");
    }
    assert_eq!(stack.entry_count("alice").await, 4);
}

#[tokio::test]
async fn issuing_is_refused_against_a_rule() {
    let stack = Stack::new().await;
    let credit = |credit: &str| json!({"credit": credit, "amount": "1.00", "reason": "x"});
    for (path, body, status, member, value) in [
        ("credits/a", credit("nope"), 422, "rule", "unknown_credit"),
        ("credits/a", credit("gift"), 422, "rule", "gift_card_credit"),
        ("rewards/a", json!({"reward": "nope", "amount": "1.00"}), 422, "rule", "unknown_reward"),
        ("benefits/a", json!({"benefit": "nope"}), 422, "rule", "unknown_benefit"),
        ("benefits/a", json!({"benefit": "free-hem", "uses": 0}), 400, "field", "uses"),
        ("credits/gift:a", credit("store"), 400, "field", "credit"),
        (
            "rewards/entry:1",
            json!({"reward": "birthday", "amount": "1.00"}),
            400,
            "field",
            "reward",
        ),
        ("rewards/a", json!({"reward": "birthday", "amount": "0.00"}), 400, "field", "amount"),
        (
            "rewards/a",
            json!({"reward": "birthday", "amount": "1.00", "currency": "JPY"}),
            400,
            "field",
            "amount",
        ),
        (
            "rewards/a",
            json!({"reward": "birthday", "amount": "1.00", "expires_at": START}),
            400,
            "field",
            "expires_at",
        ),
    ] {
        let reply = stack.put(&format!("/v1/members/alice/{path}"), &body).await;
        assert_eq!((reply.status, &reply.body[member]), (status, &json!(value)), "{}", reply.body);
    }
    stack.get("/v1/members/alice").await.refused(404, "not_found");
}

#[tokio::test]
async fn basket_of_the_contract_goes_down_the_hierarchy() {
    let stack = alice_of_the_contract().await;
    let quote = stack.post("/v1/members/alice/quotes", &basket_of_the_contract()).await.ok();
    assert_eq!(
        quote,
        json!({
            "currency": "AUD", "subtotal": "100.00",
            "discounts": [{"source": "benefit", "id": "ten-percent-1", "amount": "10.00"},
                          {"source": "reward", "id": "birthday-2026", "amount": "25.00"},
                          {"source": "points", "definition": "survey", "points": 500, "amount": "5.00"}],
            "net": "60.00",
            "tenders": [{"source": "credit", "id": "hello", "kind": "promotional", "amount": "20.00"},
                        {"source": "credit", "id": "R-88", "kind": "store", "amount": "30.00"}],
            "due": "10.00",
            "lines": [{"id": "1", "amount": "100.00", "discount": "40.00", "net": "60.00"}],
            "lots": [{"source": "benefit", "id": "ten-percent-1", "uses": 1, "expires_at": "2027-02-19T13:00:00Z"},
                     {"source": "reward", "id": "birthday-2026", "amount": "25.00", "expires_at": "2026-12-21T13:00:00Z"},
                     {"source": "points", "id": "survey", "points": 500},
                     {"source": "credit", "id": "hello", "amount": "20.00", "expires_at": "2027-01-20T13:00:00Z"},
                     {"source": "credit", "id": "R-88", "amount": "30.00"}],
        })
    );
    assert_eq!(stack.entry_count("alice").await, 5, "a quote writes nothing");

    let mut redemption = basket_of_the_contract();
    redemption["hold"] = json!(true);
    redemption["expected_due"] = json!("10.00");
    let held = stack.put("/v1/members/alice/redemptions/basket-77", &redemption).await.ok();
    let mut expected = quote;
    expected["redemption"] = json!("basket-77");
    expected["status"] = json!("held");
    expected["hold_expires_at"] = json!("2026-11-21T03:14:05Z");
    expected["entry"] = json!(6);
    assert_eq!(held, expected);
}

#[tokio::test]
async fn wallet_shows_what_is_available_and_held_of_each() {
    let stack = alice_of_the_contract().await;
    let usd = json!({"credit": "store", "amount": "7.00", "currency": "USD", "reason": "x"});
    stack.put("/v1/members/alice/credits/usd", &usd).await.is(201);
    let mut held = basket_of_the_contract();
    held["hold"] = json!(true);
    held["use"]["rewards"] = json!("20.00");
    held["use"]["credits"] = json!([{"id": "R-88", "amount": "12.50"}]);
    stack.put("/v1/members/alice/redemptions/basket-77", &held).await.is(201);
    let wallet = stack.get("/v1/members/alice").await.ok();
    for (member, shown) in [
        (
            "rewards",
            json!([{"id": "birthday-2026", "reward": "birthday", "currency": "AUD", "available": "5.00", "held": "20.00",
                    "accrue_at": "2026-11-21T03:04:05Z", "expires_at": "2026-12-21T13:00:00Z"}]),
        ),
        ("rewards_total", json!([{"currency": "AUD", "amount": "5.00"}])),
        (
            "benefits",
            json!([{"id": "ten-percent-1", "benefit": "ten-percent", "uses": 0, "held": 1, "expires_at": "2027-02-19T13:00:00Z"}]),
        ),
        (
            "credits",
            json!([{"id": "hello", "credit": "welcome", "kind": "promotional", "currency": "AUD", "available": "20.00", "held": "0.00",
                    "expires_at": "2027-01-20T13:00:00Z"},
                   {"id": "R-88", "credit": "store", "kind": "store", "currency": "AUD", "available": "17.50", "held": "12.50"},
                   {"id": "usd", "credit": "store", "kind": "store", "currency": "USD", "available": "7.00", "held": "0.00"}]),
        ),
        (
            "credits_total",
            json!([{"currency": "AUD", "amount": "37.50"}, {"currency": "USD", "amount": "7.00"}]),
        ),
    ] {
        assert_eq!(wallet[member], shown, "{member}");
    }
    // As of the past and of the future, without anything being written.
    let at = async |at: &str| stack.get(&format!("/v1/members/alice?at={at}")).await.ok();
    let lapsed = at("2026-11-21T03:14:05Z").await;
    assert_eq!(lapsed["rewards_total"], json!([{"currency": "AUD", "amount": "25.00"}]));
    let last = at("2026-12-21T12:59:59.999Z").await;
    assert_eq!(last["rewards"][0]["available"], json!("25.00"));
    assert_eq!(at("2026-12-21T13:00:00Z").await["rewards"], json!([]));
}

#[tokio::test]
async fn value_in_another_currency_is_not_applied_and_the_plan_says_so() {
    let stack = Stack::new().await;
    let usd = json!({"credit": "store", "amount": "50.00", "currency": "USD", "reason": "x"});
    stack.put("/v1/members/alice/credits/usd", &usd).await.is(201);
    let usd = json!({"reward": "points-reward", "amount": "5.00", "currency": "USD"});
    stack.put("/v1/members/alice/rewards/us", &usd).await.is(201);
    let basket = |currency: &str, uses: Value| json!({"currency": currency, "lines": [{"id": "1", "amount": "20.00"}], "use": uses});
    let all = json!({"rewards": "max", "credits": "max"});
    let plan = stack.post("/v1/members/alice/quotes", &basket("AUD", all.clone())).await.ok();
    assert_eq!(plan["due"], json!("20.00"));
    assert_eq!(
        plan["not_applied"],
        json!([{"source": "reward", "id": "us", "reason": "currency"}, {"source": "credit", "id": "usd", "reason": "currency"}])
    );
    let plan = stack.post("/v1/members/alice/quotes", &basket("USD", all.clone())).await.ok();
    assert_eq!((&plan["due"], &plan["not_applied"]), (&json!("0.00"), &Value::Null));
    let named = json!({"credits": [{"id": "usd", "amount": "1.00"}]});
    let refused = stack.post("/v1/members/alice/quotes", &basket("AUD", named)).await;
    refused.refused(422, "rule_refused");
    assert_eq!((&refused.body["rule"], &refused.body["id"]), (&json!("currency"), &json!("usd")));
    // The redemption says it too, for ever.
    let path = "/v1/members/alice/redemptions/r";
    let spent = stack.put(path, &basket("AUD", all.clone())).await.ok();
    assert_eq!(spent["not_applied"].as_array().map(Vec::len), Some(2));
    assert_eq!(stack.put(path, &basket("AUD", all)).await.ok(), spent);
}

#[tokio::test]
async fn refusals_of_value_say_what_there_is() {
    let stack = alice_of_the_contract().await;
    let quote = async |amount: &str, uses: Value| {
        let body =
            json!({"currency": "AUD", "lines": [{"id": "1", "amount": amount}], "use": uses});
        stack.post("/v1/members/alice/quotes", &body).await
    };
    for (amount, uses, status, code, member, value) in [
        (
            "100.00",
            json!({"credits": "50.01"}),
            409,
            "insufficient_value",
            "available",
            json!("50.00"),
        ),
        (
            "100.00",
            json!({"rewards": [{"id": "birthday-2026", "amount": "25.01"}]}),
            409,
            "insufficient_value",
            "available",
            json!("25.00"),
        ),
        (
            "100.00",
            json!({"credits": [{"id": "lost", "amount": "0.01"}]}),
            409,
            "insufficient_value",
            "available",
            json!("0.00"),
        ),
        ("100.00", json!({"benefits": ["lost"]}), 409, "insufficient_value", "available", json!(0)),
        ("19.99", json!({"rewards": "1.00"}), 422, "rule_refused", "rule", json!("minimum_spend")),
        ("20.00", json!({"rewards": "10.01"}), 422, "rule_refused", "most", json!("10.00")),
        ("9.99", json!({"credits": "10.00"}), 422, "rule_refused", "rule", json!("more_than_due")),
        ("9.99", json!({"credits": "10.00"}), 422, "rule_refused", "due", json!("9.99")),
        (
            "0.00",
            json!({"benefits": ["ten-percent-1"]}),
            422,
            "rule_refused",
            "rule",
            json!("takes_nothing_off"),
        ),
        (
            "1.00",
            json!({"benefits": ["ten-percent-1", "ten-percent-1"]}),
            400,
            "invalid_request",
            "field",
            json!("use.benefits[1]"),
        ),
        ("1.00", json!({"vouchers": []}), 400, "invalid_request", "field", json!("use.vouchers")),
    ] {
        let reply = quote(amount, uses.clone()).await;
        reply.refused(status, code);
        assert_eq!(reply.body[member], value, "{uses}: {}", reply.body);
    }
    // "max" takes what it may, possibly nothing.
    let little = quote("19.99", json!({"rewards": "max"})).await.ok();
    assert_eq!(little["due"], json!("19.99"));
    assert_eq!(
        little["not_applied"],
        json!([{"source": "reward", "id": "birthday-2026", "reason": "minimum_spend"}])
    );
}

#[tokio::test]
async fn extension_puts_an_expiry_off_and_void_ends_it() {
    let stack = alice_of_the_contract().await;
    let extend = async |path: &str, expires_at: &str| {
        let body = json!({"expires_at": expires_at, "reason": "was ill"});
        stack.put(&format!("/v1/members/alice/{path}"), &body).await
    };
    let reply = extend("rewards/birthday-2026/extensions/x", "2027-01-31T00:00:00Z").await;
    assert_eq!(
        (reply.status, reply.body),
        (
            201,
            json!({"member": "alice", "entry": 6, "id": "birthday-2026", "reward": "birthday", "extension": "x", "expired_at": "2026-12-21T13:00:00Z",
                   "expires_at": "2027-01-31T00:00:00Z", "reason": "was ill"})
        )
    );
    assert!(extend("rewards/birthday-2026/extensions/x", "2027-01-31T00:00:00Z").await.replayed);
    for (path, expires_at, status, member, value) in [
        (
            "rewards/birthday-2026/extensions/y",
            "2027-02-28T00:00:00Z",
            422,
            "rule",
            "extended_before",
        ),
        ("credits/R-88/extensions/y", "2027-02-28T00:00:00Z", 422, "rule", "never_expires"),
        ("credits/hello/extensions/y", "2027-01-20T13:00:00Z", 400, "field", "expires_at"),
        ("credits/lost/extensions/y", "2027-01-20T13:00:00Z", 404, "code", "not_found"),
    ] {
        let reply = extend(path, expires_at).await;
        assert_eq!((reply.status, &reply.body[member]), (status, &json!(value)), "{}", reply.body);
    }
    // Twelve of thirty are held: what is left is voided now, what is held when it comes back.
    let held = json!({"currency": "AUD", "hold": true, "lines": [{"id": "1", "amount": "12.00"}],
        "use": {"credits": [{"id": "R-88", "amount": "12.00"}]}});
    stack.put("/v1/members/alice/redemptions/r", &held).await.is(201);
    let path = "/v1/members/alice/credits/R-88/void";
    let voided = stack.post(path, &json!({"reason": "return withdrawn"})).await;
    let answer = json!({"member": "alice", "entry": 8, "id": "R-88", "credit": "store", "amount": "18.00", "currency": "AUD", "reason": "return withdrawn"});
    assert_eq!((voided.status, voided.replayed, voided.body), (200, false, answer.clone()));
    let again = stack.post(path, &json!({"reason": "said again"})).await;
    assert_eq!((again.status, again.replayed, again.body), (200, true, answer));
    stack.post("/v1/members/alice/redemptions/r/release", &json!({})).await.is(200);
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(wallet["credits"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        stack.get("/v1/members/alice/entries/9").await.ok()["summary"],
        json!("Hold for r released; 12.00 of store credit voided")
    );
    let reply = extend("credits/R-88/extensions/z", "2028-01-01T00:00:00Z").await;
    assert_eq!(reply.body["rule"], json!("nothing_left"));
    stack
        .post("/v1/members/alice/credits/lost/void", &json!({"reason": "x"}))
        .await
        .refused(404, "not_found");
    // Nothing is left of what has expired, and nothing is written.
    stack.advance("P1Y").await;
    let expired = stack.post("/v1/members/alice/credits/hello/void", &json!({"reason": "x"})).await;
    assert_eq!((expired.status, &expired.body["amount"]), (200, &json!("0.00")));
    assert_eq!(stack.entry_count("alice").await, 9);
}

#[tokio::test]
async fn points_become_a_reward_or_go_to_another_programme_and_come_back() {
    let stack = Stack::new().await;
    let award = json!({"points": "reward", "amount": 1750, "reason": "x", "accrue_at": START});
    stack.put("/v1/members/alice/awards/a", &award).await.is(201);
    let put = async |path: &str, body: Value| {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await
    };
    let converted = put("conversions/c", json!({"points": "reward", "amount": 1000})).await;
    assert_eq!(
        (converted.status, converted.body),
        (
            201,
            json!({"conversion": "c", "member": "alice", "entry": 2, "id": "entry:2", "reward": "points-reward", "amount": "10.00",
                   "currency": "AUD", "expires_at": "2027-02-19T13:00:00Z", "converted": {"definition": "reward", "points": 1000}})
        )
    );
    assert!(put("conversions/c", json!({"points": "reward", "amount": 1000})).await.replayed);
    for (path, body, status, member, value) in [
        (
            "conversions/d",
            json!({"points": "reward", "amount": 499}),
            422,
            "rule",
            json!("points_multiple"),
        ),
        (
            "conversions/d",
            json!({"points": "reward", "amount": 1000}),
            409,
            "available",
            json!(750),
        ),
        (
            "conversions/d",
            json!({"points": "survey", "amount": 500}),
            422,
            "rule",
            json!("no_conversion"),
        ),
        (
            "conversions/d",
            json!({"points": "lost", "amount": 500}),
            422,
            "rule",
            json!("unknown_points"),
        ),
        ("conversions/d", json!({"points": "reward", "amount": 0}), 400, "field", json!("amount")),
        (
            "transfers/t",
            json!({"points": "tier", "amount": 1, "to": "airline", "reference": "FF-1"}),
            422,
            "rule",
            json!("tier_points"),
        ),
        (
            "transfers/t",
            json!({"points": "reward", "amount": 751, "to": "airline", "reference": "FF-1"}),
            409,
            "available",
            json!(750),
        ),
        ("transfers/t/refunds/f", json!({"amount": 1}), 404, "code", json!("not_found")),
    ] {
        let reply = put(path, body).await;
        assert_eq!((reply.status, &reply.body[member]), (status, &value), "{}", reply.body);
    }
    let transfer = json!({"points": "reward", "amount": 700, "to": "airline", "reference": "FF-1"});
    let sent = put("transfers/t", transfer).await.ok();
    assert_eq!(
        sent,
        json!({"transfer": "t", "member": "alice", "entry": 3, "points": "reward", "amount": 700, "to": "airline", "reference": "FF-1"})
    );
    assert_eq!(stack.points("alice", "reward").await, [50, 0, 0, 0]);
    let back = put("transfers/t/refunds/f", json!({"amount": 300})).await.ok();
    assert_eq!(
        back,
        json!({"transfer": "t", "refund": "f", "member": "alice", "entry": 4, "points": "reward", "amount": 300,
               "restored": [{"source": "points", "id": "reward", "points": 300, "expires_at": "2027-11-30T13:00:00Z"}]})
    );
    let more = put("transfers/t/refunds/g", json!({"amount": 401})).await;
    more.refused(409, "refund_exceeds_redemption");
    assert_eq!(more.body["left"], json!(400));
    put("transfers/t/refunds/g", json!({"amount": 400})).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [750, 0, 0, 0]);
}

#[tokio::test]
async fn statement_explains_value_to_a_person() {
    let stack = alice_of_the_contract().await;
    stack.put("/v1/members/alice/redemptions/basket-77", &basket_of_the_contract()).await.is(201);
    let only = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "20.00"}], "use": {"credits": "max"}});
    let hello = json!({"credit": "welcome", "amount": "20.00", "reason": "second visit"});
    stack.put("/v1/members/bob/credits/hello", &hello).await.is(201);
    stack.put("/v1/members/bob/redemptions/basket-78", &only).await.is(201);
    let summary = async |path: &str| {
        let entry = stack.get(&format!("/v1/members/{path}")).await.ok();
        entry["summary"].as_str().unwrap().to_owned()
    };
    assert_eq!(summary("bob/entries/2").await, "20.00 of welcome credit spent on basket-78");
    assert_eq!(
        summary("bob/entries/1").await,
        "20.00 of welcome credit issued until 2027-01-20: second visit"
    );
    assert_eq!(
        summary("alice/entries/6").await,
        "1 use of benefit ten-percent-1 (10.00 off), 25.00 of birthday reward, 500 survey points (5.00 off), \
         20.00 of welcome credit, 30.00 of store credit spent on basket-77"
    );
    let entry = stack.get("/v1/members/alice/entries/6").await.ok();
    assert_eq!(entry["operation"], json!("redemptions/basket-77"));
    let at = "2026-11-21T03:04:05Z";
    assert_eq!(
        entry["postings"],
        json!([
            {"benefit": "ten-percent", "id": "ten-percent-1", "amount": -1, "reason": "redeemed", "at": at, "expires_at": "2027-02-19T13:00:00Z"},
            {"reward": "birthday", "id": "birthday-2026", "amount": "-25.00", "currency": "AUD", "reason": "redeemed", "at": at, "expires_at": "2026-12-21T13:00:00Z"},
            {"points": "survey", "amount": -500, "reason": "redeemed", "at": at},
            {"credit": "welcome", "id": "hello", "amount": "-20.00", "currency": "AUD", "reason": "redeemed", "at": at, "expires_at": "2027-01-20T13:00:00Z"},
            {"credit": "store", "id": "R-88", "amount": "-30.00", "currency": "AUD", "reason": "redeemed", "at": at},
        ])
    );
    let half = json!({"lines": [{"id": "1", "amount": "50.00"}]});
    stack.put("/v1/members/alice/redemptions/basket-77/refunds/R-91", &half).await.is(201);
    assert_eq!(
        summary("alice/entries/7").await,
        "250 survey points, 12.50 of birthday reward, 10.00 of store credit, 20.00 of welcome credit given back by refund R-91 of basket-77"
    );
}

/// What promotional credit paid earns nothing; other tender is the member's own money.
#[tokio::test]
async fn purchase_earns_on_what_promotional_credit_did_not_pay() {
    let stack = alice_of_the_contract().await;
    stack.put("/v1/members/alice/redemptions/basket-77", &basket_of_the_contract()).await.is(201);
    let mut purchase = order("60.00");
    purchase["redemption"] = json!("basket-77");
    let earned = stack.put("/v1/members/alice/purchases/1000234", &purchase).await.ok();
    assert_eq!(earned["eligible"], json!("40.00"));
    assert_eq!(earned["earned"][0]["amount"], json!(40));
    // A hold has paid nothing yet.
    let held = json!({"currency": "AUD", "hold": true, "lines": [{"id": "1", "amount": "20.00"}]});
    stack.put("/v1/members/alice/redemptions/held", &held).await.is(201);
    purchase["redemption"] = json!("held");
    let early = stack.put("/v1/members/alice/purchases/1000235", &purchase).await;
    early.refused(409, "redemption_still_held");
    assert_eq!(early.body["retryable"], json!(true));
    purchase["paid_by_promotional_credit"] = json!("1.00");
    let both = stack.put("/v1/members/alice/purchases/1000235", &purchase).await;
    assert_eq!(both.body["field"], json!("paid_by_promotional_credit"));
    purchase["redemption"] = Value::Null;
    let said = stack.put("/v1/members/alice/purchases/1000235", &purchase).await.ok();
    assert_eq!(said["eligible"], json!("59.00"));
}

#[tokio::test]
async fn capture_by_amount_leaves_discounts_and_releases_tender_last_spent_first() {
    let stack = alice_of_the_contract().await;
    let mut held = basket_of_the_contract();
    held["hold"] = json!(true);
    stack.put("/v1/members/alice/redemptions/basket-77", &held).await.is(201);
    let path = "/v1/members/alice/redemptions/basket-77/capture";
    let above = stack.post(path, &json!({"amount": "50.01"})).await;
    above.refused(409, "capture_exceeds_hold");
    assert_eq!(above.body["held"], json!("50.00"));
    let captured = stack.post(path, &json!({"amount": "27.50"})).await.ok();
    assert_eq!(captured["net"], json!("60.00"));
    assert_eq!(captured["due"], json!("32.50"));
    assert_eq!(
        captured["tenders"],
        json!([{"source": "credit", "id": "hello", "kind": "promotional", "amount": "20.00"},
               {"source": "credit", "id": "R-88", "kind": "store", "amount": "7.50"}])
    );
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(wallet["credits_total"], json!([{"currency": "AUD", "amount": "22.50"}]));
    assert_eq!(wallet["rewards"], json!([]));
}

//! What must never go wrong. Each of these is a bug that other systems of this kind shipped.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Stack, basket, held, order};

/// Scenario 1: double spend by concurrent checkout.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_1_fifty_redemptions_of_the_whole_balance_at_once_spend_it_once() {
    let stack = Arc::new(Stack::new().await);
    stack.give("alice", "a", 1000).await;
    let tills = (0..50).map(|till| {
        let stack = Arc::clone(&stack);
        tokio::spawn(async move {
            let path = format!("/v1/members/alice/redemptions/till-{till}");
            loop {
                let reply = stack.put(&path, &basket(&json!(1000))).await;
                if reply.status != 503 {
                    return reply;
                }
                assert_eq!(reply.body["code"], json!("contended"));
            }
        })
    });
    let mut succeeded = 0;
    for till in tills.collect::<Vec<_>>() {
        let reply = till.await.unwrap();
        if reply.status == 201 {
            succeeded += 1;
        } else {
            reply.refused(409, "insufficient_value");
            assert_eq!(reply.body["available"], json!(0));
        }
    }
    assert_eq!(succeeded, 1);
    assert_eq!(stack.points("alice", "survey").await, [0, 0, 0, 0]);
    assert_eq!(stack.entry_count("alice").await, 2);
}

/// Scenario 2: holds ignored, or resolved illegally.
#[tokio::test]
async fn scenario_2_holds_set_value_aside_and_end_once() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 5000).await;
    for number in 1..=5 {
        let path = format!("/v1/members/alice/redemptions/h{number}");
        stack.put(&path, &held(&json!(1000))).await.is(201);
    }
    let sixth = stack.put("/v1/members/alice/redemptions/h6", &held(&json!(1))).await;
    sixth.refused(409, "insufficient_value");
    assert_eq!(stack.points("alice", "survey").await, [0, 0, 5000, 0]);

    let action = async |id: &str, action: &str| {
        let path = format!("/v1/members/alice/redemptions/{id}/{action}");
        stack.post(&path, &json!({})).await
    };
    action("h1", "capture").await.is(200);
    action("h2", "release").await.is(200);
    assert_eq!(stack.points("alice", "survey").await, [1000, 0, 3000, 0]);
    let after = stack.entry_count("alice").await;

    // The same again is harmless and says the same.
    for (id, name, status) in [("h1", "capture", "captured"), ("h2", "release", "released")] {
        let again = action(id, name).await;
        again.is(200);
        assert!(again.replayed);
        assert_eq!(again.body["status"], json!(status));
    }
    // Every illegal pair is refused and moves nothing.
    action("h1", "release").await.refused(409, "hold_not_active");
    action("h2", "capture").await.refused(409, "hold_not_active");
    let more = json!({"lines": [{"id": "1", "amount": "100.01"}]});
    let above = stack.post("/v1/members/alice/redemptions/h3/capture", &more).await;
    above.refused(409, "capture_exceeds_hold");
    let tender = json!({"amount": "0.01"});
    let above = stack.post("/v1/members/alice/redemptions/h3/capture", &tender).await;
    above.refused(409, "capture_exceeds_hold");
    let other = stack.post("/v1/members/alice/redemptions/h1/capture", &tender).await;
    other.refused(409, "operation_conflict");
    action("nothing", "capture").await.refused(404, "not_found");
    action("nothing", "release").await.refused(404, "not_found");

    // Held to the last millisecond, lapsed at the first.
    stack.advance("PT9M59S").await;
    assert_eq!(stack.points("alice", "survey").await, [1000, 0, 3000, 0]);
    stack.advance("PT1S").await;
    assert_eq!(stack.points("alice", "survey").await, [4000, 0, 0, 0]);
    action("h4", "capture").await.refused(409, "hold_not_active");
    let lapsed = action("h4", "release").await;
    lapsed.is(200);
    assert_eq!(lapsed.body["status"], json!("lapsed"));
    assert_eq!(stack.entry_count("alice").await, after, "no refusal wrote anything");
    let status = async |id: &str| {
        let redemption = stack.get(&format!("/v1/members/alice/redemptions/{id}")).await.ok();
        redemption["status"].as_str().unwrap().to_owned()
    };
    let ends = [status("h1").await, status("h2").await, status("h3").await];
    assert_eq!(ends, ["captured", "released", "lapsed"]);
}

/// Scenario 3, as far as there are no refunds: what is not 2xx changes nothing, and what is
/// repeated does not do it twice.
#[tokio::test]
async fn scenario_3_repeating_in_any_order_never_moves_a_balance() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 500).await;
    let first = stack.put("/v1/members/alice/redemptions/r", &basket(&json!(200))).await;
    first.is(201);
    for _ in 0..3 {
        let again = stack.put("/v1/members/alice/redemptions/r", &basket(&json!(200))).await;
        assert_eq!((again.status, again.replayed), (200, true));
        assert_eq!(again.body, first.body);
        let other = stack.put("/v1/members/alice/redemptions/r", &basket(&json!(201))).await;
        other.refused(409, "operation_conflict");
        assert_eq!(stack.points("alice", "survey").await, [300, 0, 0, 0]);
    }
}

/// Scenario 6: duplicate and weakly keyed ingestion.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_6_one_order_is_one_entry_whenever_and_however_often_it_is_sent() {
    let stack = Arc::new(Stack::new().await);
    let path = "/v1/members/alice/purchases/1000234";
    let callers = (0..20).map(|_| {
        let stack = Arc::clone(&stack);
        tokio::spawn(async move { stack.put(path, &order("59.95")).await })
    });
    let mut bodies = Vec::new();
    let mut created = 0;
    for caller in callers.collect::<Vec<_>>() {
        let reply = caller.await.unwrap();
        created += u32::from(reply.status == 201);
        assert!(reply.status == 201 || (reply.status == 200 && reply.replayed), "{reply:?}");
        bodies.push(reply.body);
    }
    assert_eq!(created, 1);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    for period in ["PT11M", "P30D"] {
        stack.advance(period).await;
        let again = stack.put(path, &order("59.95")).await;
        assert_eq!((again.status, again.replayed, &again.body), (200, true, &bodies[0]));
    }
    assert_eq!(stack.entry_count("alice").await, 1);
    // The same purchase under another id is another purchase.
    stack.put("/v1/members/alice/purchases/1000235", &order("59.95")).await.is(201);
    assert_eq!(stack.entry_count("alice").await, 2);
    // The same receipt for another member is refused.
    let other = stack.put("/v1/members/bob/purchases/1000234", &order("59.95")).await;
    other.refused(409, "order_belongs_to_another_member");
    // A request that says the same in other words is the same request.
    let body = r#"{"lines": [{"net": "59.95", "kind": "product", "id": "1"}], "transacted_at": "2026-11-21T14:04:05+11:00", "currency": "AUD"}"#;
    let same = stack.send(reqwest::Method::PUT, path, Some(body.to_owned())).await;
    assert_eq!((same.status, same.replayed), (200, true), "{}", same.body);
    stack.put(path, &order("59.96")).await.refused(409, "operation_conflict");
}

/// Scenario 7: expiry collapse.
#[tokio::test]
async fn scenario_7_spending_before_expiry_leaves_only_the_rest_to_expire() {
    let stack = Stack::new().await;
    let expiring = json!({"points": "survey", "amount": 100, "reason": "a", "expires_at": "2026-12-01T00:00:00Z"});
    stack.put("/v1/members/alice/awards/a", &expiring).await.is(201);
    stack.put("/v1/members/alice/redemptions/r", &basket(&json!(80))).await.is(201);
    stack.give("alice", "b", 50).await;
    assert_eq!(stack.points("alice", "survey").await, [70, 0, 0, 0]);
    stack.advance("P30D").await;
    for _ in 0..2 {
        assert_eq!(stack.points("alice", "survey").await, [50, 0, 0, 0]);
    }
    // Whoever writes next writes the expiry down, with its own instant.
    stack.give("alice", "c", 1).await;
    assert_eq!(stack.points("alice", "survey").await, [51, 0, 0, 0]);
    let entry = stack.get("/v1/members/alice/entries/4").await.ok();
    assert_eq!(
        entry["postings"][0],
        json!({
            "points": "survey", "amount": -20, "reason": "expired",
            "at": "2026-12-01T00:00:00Z", "expires_at": "2026-12-01T00:00:00Z",
        })
    );
    stack.advance("P30D").await;
    assert_eq!(stack.points("alice", "survey").await, [51, 0, 0, 0]);
}

/// Scenario 9: rounding and units.
#[tokio::test]
async fn scenario_9_parts_sum_to_the_whole_and_the_largest_count_survives() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 9_007_199_254_740_991).await;
    assert_eq!(stack.points("alice", "survey").await, [9_007_199_254_740_991, 0, 0, 0]);
    let more = json!({"points": "survey", "amount": 1, "reason": "one too many"});
    let refused = stack.put("/v1/members/alice/awards/b", &more).await;
    refused.refused(409, "limit_reached");
    assert_eq!(refused.body["limit"], json!(9_007_199_254_740_991_u64));

    // One cent over three lines, and ten over three.
    for (points, discounts) in [(1, ["0.01", "0.00", "0.00"]), (10, ["0.04", "0.03", "0.03"])] {
        let lines: Vec<_> = (1..=3)
            .map(|id| json!({"id": id.to_string(), "quantity": 1, "amount": "1.00"}))
            .collect();
        let body = json!({"currency": "AUD", "lines": lines, "use": {"points": {"definition": "survey", "amount": points}}});
        let plan = stack.post("/v1/members/alice/quotes", &body).await.ok();
        let spread: Vec<_> =
            plan["lines"].as_array().unwrap().iter().map(|line| line["discount"].clone()).collect();
        assert_eq!(spread, discounts);
    }
}

/// Scenario 9, in currencies of no decimals and of three.
#[tokio::test]
async fn scenario_9_currencies_without_and_with_three_decimals_are_exact() {
    for (currency, money, net, subtotal, off, due, earned) in [
        ("JPY", "1", "2599", "1000", "500", "500", 25),
        ("KWD", "0.001", "25.999", "1.000", "0.500", "0.500", 259),
    ] {
        // The sample program cannot change its currency, so this ledger gets a program of its own.
        let per = if currency == "JPY" { "100" } else { "0.100" };
        let document = json!({
            "currency": currency, "time_zone": "UTC",
            "points": [{"handle": "p", "name": "Points", "kind": "reward", "value": {"points": 1, "money": money}}],
            "rates": [{"handle": "base", "points": "p", "per": per, "earns": "1"}],
        });
        let own = Stack::with_program(&document).await;
        let order = json!({"currency": currency, "transacted_at": "2026-11-21T03:04:05Z",
            "lines": [{"id": "1", "net": net}]});
        let purchase = own.put("/v1/members/alice/purchases/1", &order).await.ok();
        assert_eq!(purchase["earned"][0]["amount"], json!(earned), "{currency}");
        assert_eq!(purchase["eligible"], json!(net));
        own.put(
            "/v1/members/alice/awards/a",
            &json!({"points": "p", "amount": 1000, "reason": "x"}),
        )
        .await
        .is(201);
        let body = json!({"currency": currency, "lines": [{"id": "1", "amount": subtotal}],
            "use": {"points": {"definition": "p", "amount": 500}}});
        let plan = own.put("/v1/members/alice/redemptions/r", &body).await.ok();
        assert_eq!(plan["discounts"][0]["amount"], json!(off));
        assert_eq!(plan["due"], json!(due));
        let wrong = json!({"currency": currency, "lines": [{"id": "1", "amount": "1.00"}]});
        own.post("/v1/members/alice/quotes", &wrong).await.refused(400, "invalid_request");
    }
}

/// 200 purchases of one member at once, each repeated while contended: all applied.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_purchases_of_one_member_at_once_are_all_applied() {
    let stack = Arc::new(Stack::new().await);
    let tills = (0..200).map(|number| {
        let stack = Arc::clone(&stack);
        tokio::spawn(async move {
            let path = format!("/v1/members/alice/purchases/o{number}");
            loop {
                let reply = stack.put(&path, &order("10.00")).await;
                if reply.status == 201 || reply.status == 200 {
                    return;
                }
                reply.refused(503, "contended");
            }
        })
    });
    for till in tills.collect::<Vec<_>>() {
        till.await.unwrap();
    }
    assert_eq!(stack.entry_count("alice").await, 200);
    assert_eq!(stack.points("alice", "reward").await, [0, 2000, 0, 0]);
}

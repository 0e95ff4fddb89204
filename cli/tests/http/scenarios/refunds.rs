//! Scenarios 3 and 4: refunds that are not idempotent, missing or wrong.

use serde_json::{Value, json};

use crate::support::{Reply, Stack, basket};

/// Scenario 3, of redemptions: what is not 2xx changes nothing, and what is
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

/// 100.00 paid by a benefit of 10.00, a reward of 25.00, 500 points, 20.00 of promotional and 30.00
/// of store credit; 10.00 is due.
async fn spent() -> Stack {
    let stack = Stack::new().await;
    stack.give("alice", "survey", 500).await;
    for (path, body) in [
        ("benefits/ten", json!({"benefit": "ten-percent"})),
        ("rewards/birthday", json!({"reward": "birthday", "amount": "25.00"})),
        ("credits/hello", json!({"credit": "welcome", "amount": "20.00", "reason": "x"})),
        ("credits/R-88", json!({"credit": "store", "amount": "30.00", "reason": "x"})),
    ] {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
    }
    let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "100.00"}],
        "use": {"benefits": ["ten"], "rewards": "max", "points": {"definition": "survey", "amount": "max"}, "credits": "max"}});
    stack.put("/v1/members/alice/redemptions/basket-77", &body).await.is(201);
    stack
}

async fn refund(stack: &Stack, id: &str, body: &Value) -> Reply {
    stack.put(&format!("/v1/members/alice/redemptions/basket-77/refunds/{id}"), body).await
}

fn line(amount: &str) -> Value {
    json!({"lines": [{"id": "1", "amount": amount}]})
}

/// Everything alice has, without when and by which line.
async fn balance(stack: &Stack) -> Value {
    let mut wallet = stack.get("/v1/members/alice").await.ok();
    for member in ["at", "entry"] {
        wallet.as_object_mut().unwrap().remove(member);
    }
    wallet
}

/// Scenario 3: the same refund again moves nothing; another id is another refund; what is refused
/// changes nothing.
#[tokio::test]
async fn scenario_3_refund_is_given_once_whatever_is_sent_again() {
    let stack = spent().await;
    let half = line("50.00");
    let first = refund(&stack, "R-1", &half).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.body["external"], json!("0.00"));
    assert_eq!(
        first.body["restored"],
        json!([{"source": "reward", "id": "birthday", "amount": "12.50", "expires_at": "2026-12-21T13:00:00Z"},
               {"source": "points", "id": "survey", "points": 250},
               {"source": "credit", "id": "hello", "amount": "20.00", "expires_at": "2027-01-20T13:00:00Z"},
               {"source": "credit", "id": "R-88", "amount": "10.00"}])
    );
    let after = balance(&stack).await;
    for _ in 0..3 {
        let again = refund(&stack, "R-1", &half).await;
        assert_eq!((again.status, again.replayed, &again.body), (200, true, &first.body));
        assert_eq!(balance(&stack).await, after);
    }
    for (id, body, status, code) in [
        ("R-1", line("49.99"), 409, "operation_conflict"),
        ("R-1", json!({"amount": "1.00"}), 409, "operation_conflict"),
        ("R-2", line("50.01"), 409, "refund_exceeds_redemption"),
        ("R-2", json!({"amount": "30.01"}), 409, "refund_exceeds_redemption"),
        ("R-2", line("0.00"), 400, "invalid_request"),
        ("R-2", json!({"lines": [{"id": "2", "amount": "1.00"}]}), 400, "invalid_request"),
        ("R-2", json!({}), 400, "invalid_request"),
        (
            "R-2",
            json!({"amount": "1.00", "lines": [{"id": "1", "amount": "1.00"}]}),
            400,
            "invalid_request",
        ),
    ] {
        refund(&stack, id, &body).await.refused(status, code);
        assert_eq!(balance(&stack).await, after, "{id} {body}");
    }
    let path = "/v1/members/alice/redemptions/basket-78/refunds/R-1";
    stack.put(path, &half).await.refused(404, "not_found");
    // The other half: to the last cent, point and use.
    let rest = refund(&stack, "R-2", &half).await.ok();
    assert_eq!(rest["external"], json!("10.00"));
    let whole = balance(&stack).await;
    assert_eq!(whole["rewards_total"], json!([{"currency": "AUD", "amount": "25.00"}]));
    assert_eq!(whole["credits_total"], json!([{"currency": "AUD", "amount": "50.00"}]));
    assert_eq!(whole["benefits"][0]["uses"], json!(1));
    assert_eq!(stack.points("alice", "survey").await, [500, 0, 0, 0]);
    for (id, status) in [("R-1", 200), ("R-2", 200), ("R-3", 409)] {
        refund(&stack, id, &half).await.is(status);
        assert_eq!(balance(&stack).await, whole);
    }
    let now = stack.get("/v1/members/alice/redemptions/basket-77").await.ok();
    assert_eq!(
        (&now["status"], &now["refunded"]),
        (&json!("captured"), &json!({"amount": "60.00", "external": "10.00"}))
    );
}

/// Scenario 3: only what is captured is refunded.
#[tokio::test]
async fn scenario_3_refund_of_what_was_not_captured_moves_nothing() {
    let stack = Stack::new().await;
    let credit = json!({"credit": "store", "amount": "50.00", "reason": "x"});
    stack.put("/v1/members/alice/credits/c", &credit).await.is(201);
    let held = json!({"currency": "AUD", "hold": true, "lines": [{"id": "1", "amount": "10.00"}], "use": {"credits": "max"}});
    stack.put("/v1/members/alice/redemptions/basket-77", &held).await.is(201);
    let before = balance(&stack).await;
    for status in ["held", "released"] {
        let refused = refund(&stack, "R-1", &line("1.00")).await;
        refused.refused(409, "redemption_not_captured");
        assert_eq!(refused.body["redemption_status"], json!(status));
        if status == "held" {
            assert_eq!(balance(&stack).await, before);
            stack.post("/v1/members/alice/redemptions/basket-77/release", &json!({})).await.is(200);
        }
    }
}

/// Scenario 3: many refunds at once never give back more than was captured.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_3_refunds_at_once_share_what_is_left() {
    let stack = std::sync::Arc::new(spent().await);
    let tills = (0..20).map(|till| {
        let stack = std::sync::Arc::clone(&stack);
        tokio::spawn(async move {
            loop {
                let reply = refund(&stack, &format!("till-{till}"), &line("15.00")).await;
                if reply.body["retryable"] != json!(true) {
                    return reply;
                }
            }
        })
    });
    let mut given = 0;
    for till in tills.collect::<Vec<_>>() {
        let reply = till.await.unwrap();
        if reply.status == 201 {
            given += 1;
        } else {
            reply.refused(409, "refund_exceeds_redemption");
            assert_eq!(reply.body["left"], json!("10.00"));
        }
    }
    assert_eq!(given, 6);
    // Of the 60.00 that the net price was, 54.00 went back before, 50.00 of them to tender.
    assert_eq!(refund(&stack, "last", &line("10.00")).await.ok()["external"], json!("6.00"));
    let whole = balance(&stack).await;
    assert_eq!(whole["credits_total"], json!([{"currency": "AUD", "amount": "50.00"}]));
}

/// Scenario 4: partial refunds sum to exactly what was captured, and the next is refused.
#[tokio::test]
async fn scenario_4_partial_refunds_sum_to_what_was_captured() {
    for parts in [
        vec![line("33.33"), line("33.33"), line("33.34")],
        vec![line("0.01"), line("99.98"), line("0.01")],
        vec![line("7.77"), line("50.00"), line("42.23")],
        (0..10).map(|_| line("10.00")).collect(),
    ] {
        let stack = spent().await;
        let mut external = 0;
        for (place, part) in parts.iter().enumerate() {
            let reply = refund(&stack, &format!("R-{place}"), part).await.ok();
            external += cents(&reply["external"]);
        }
        assert_eq!(external, 1000);
        refund(&stack, "more", &line("0.01")).await.refused(409, "refund_exceeds_redemption");
        refund(&stack, "more", &json!({"amount": "0.01"}))
            .await
            .refused(409, "refund_exceeds_redemption");
        let whole = balance(&stack).await;
        assert_eq!(whole["rewards_total"], json!([{"currency": "AUD", "amount": "25.00"}]));
        assert_eq!(whole["credits_total"], json!([{"currency": "AUD", "amount": "50.00"}]));
        assert_eq!(stack.points("alice", "survey").await, [500, 0, 0, 0]);
    }
    // By amount: the net price to the last cent, tender first, and no discount.
    let stack = spent().await;
    for (id, amount, external) in
        [("a", "19.99", "0.00"), ("b", "30.00", "0.00"), ("c", "10.01", "10.00")]
    {
        let reply = refund(&stack, id, &json!({"amount": amount})).await.ok();
        assert_eq!(reply["external"], json!(external));
    }
    refund(&stack, "d", &json!({"amount": "0.01"})).await.refused(409, "refund_exceeds_redemption");
    refund(&stack, "d", &line("1.00")).await.refused(409, "refund_exceeds_redemption");
    assert_eq!(balance(&stack).await["rewards"], json!([]));
}

fn cents(money: &Value) -> u64 {
    money.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Scenario 4: across two lots of one definition and two credits, after one of them has expired.
#[tokio::test]
async fn scenario_4_refund_across_two_lots_after_one_of_them_has_expired() {
    let stack = Stack::new().await;
    for (id, expires_at) in [("a", "2026-12-01T00:00:00Z"), ("b", "2027-12-01T00:00:00Z")] {
        let award =
            json!({"points": "survey", "amount": 100, "reason": "x", "expires_at": expires_at});
        stack.put(&format!("/v1/members/alice/awards/{id}"), &award).await.is(201);
        let credit = json!({"credit": "welcome", "amount": "10.00", "reason": "x", "expires_at": expires_at});
        stack.put(&format!("/v1/members/alice/credits/{id}"), &credit).await.is(201);
        let credit =
            json!({"credit": "store", "amount": "1.00", "reason": "x", "expires_at": expires_at});
        stack.put(&format!("/v1/members/alice/credits/s-{id}"), &credit).await.is(201);
    }
    let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "24.00"}],
        "use": {"points": {"definition": "survey", "amount": "max"}, "credits": "max"}});
    let plan = stack.put("/v1/members/alice/redemptions/basket-77", &body).await.ok();
    assert_eq!(plan["due"], json!("0.00"));
    stack.advance("P20D").await;
    let half = refund(&stack, "R-1", &line("12.00")).await.ok();
    // The first of each paid first, has expired, and has a grace of 14 days to the end of the day.
    let grace = "2026-12-25T13:00:00Z";
    assert_eq!(
        half["restored"],
        json!([{"source": "points", "id": "survey", "points": 100, "expires_at": grace},
               {"source": "credit", "id": "entry:8:2", "amount": "10.00", "expires_at": grace},
               {"source": "credit", "id": "b", "amount": "1.00", "expires_at": "2027-12-01T00:00:00Z"}])
    );
    let rest = refund(&stack, "R-2", &line("12.00")).await.ok();
    assert_eq!(
        rest["restored"],
        json!([{"source": "points", "id": "survey", "points": 100, "expires_at": "2027-12-01T00:00:00Z"},
               {"source": "credit", "id": "b", "amount": "9.00", "expires_at": "2027-12-01T00:00:00Z"},
               {"source": "credit", "id": "entry:9:3", "amount": "1.00", "expires_at": grace},
               {"source": "credit", "id": "s-b", "amount": "1.00", "expires_at": "2027-12-01T00:00:00Z"}])
    );
    refund(&stack, "R-3", &line("0.01")).await.refused(409, "refund_exceeds_redemption");
    assert_eq!(stack.points("alice", "survey").await, [200, 0, 0, 0]);
    let whole = balance(&stack).await;
    assert_eq!(whole["credits_total"], json!([{"currency": "AUD", "amount": "22.00"}]));
    // A grace lot gets no second grace; store credit is never forfeited.
    let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "12.00"}],
        "use": {"points": {"definition": "survey", "amount": 100},
                "credits": [{"id": "entry:8:2", "amount": "10.00"}, {"id": "entry:9:3", "amount": "1.00"}]}});
    stack.put("/v1/members/alice/redemptions/again", &body).await.is(201);
    stack.advance("P20D").await;
    let path = "/v1/members/alice/redemptions/again/refunds/R-4";
    let reply = stack.put(path, &line("12.00")).await.ok();
    assert_eq!(
        reply["restored"],
        json!([{"source": "credit", "id": "entry:11:3", "amount": "1.00", "expires_at": "2027-01-14T13:00:00Z"}])
    );
    assert_eq!(
        reply["forfeited"],
        json!([{"source": "points", "id": "survey", "points": 100, "expires_at": grace},
               {"source": "credit", "id": "entry:8:2", "amount": "10.00", "expires_at": grace}])
    );
    assert_eq!(stack.points("alice", "survey").await, [100, 0, 0, 0]);
    let last = balance(&stack).await;
    assert_eq!(last["credits_total"], json!([{"currency": "AUD", "amount": "12.00"}]));
}

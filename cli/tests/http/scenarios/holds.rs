//! Scenario 2: holds ignored, or resolved illegally.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Reply, Stack, held};

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

/// A hold of 10.00 of store credit and 5.00 of a reward, on 15.00.
fn hold_of_credit() -> Value {
    json!({"currency": "AUD", "hold": true, "lines": [{"id": "1", "amount": "15.00"}, {"id": "2", "amount": "5.00"}],
        "use": {"rewards": [{"id": "r", "amount": "5.00"}], "credits": [{"id": "c", "amount": "10.00"}]}})
}

async fn alice_with_credit() -> Stack {
    let stack = Stack::new().await;
    for (path, body) in [
        ("credits/c", json!({"credit": "store", "amount": "50.00", "reason": "x"})),
        ("rewards/r", json!({"reward": "points-reward", "amount": "25.00"})),
    ] {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
    }
    stack
}

/// Rewards and credits that are available and held, as money.
async fn value(stack: &Stack) -> [Value; 4] {
    let wallet = stack.get("/v1/members/alice").await.ok();
    let of = |list: &str, member: &str| wallet[list][0][member].clone();
    [
        of("rewards", "available"),
        of("rewards", "held"),
        of("credits", "available"),
        of("credits", "held"),
    ]
}

/// Scenario 2, over the whole plan: what a hold set aside of every kind goes or comes back once.
#[tokio::test]
async fn scenario_2_holds_of_rewards_and_credits_end_once() {
    let stack = alice_with_credit().await;
    let put = async |id: &str| {
        stack.put(&format!("/v1/members/alice/redemptions/{id}"), &hold_of_credit()).await
    };
    for id in ["h1", "h2", "h3", "h4", "h5"] {
        put(id).await.is(201);
    }
    put("h6").await.refused(409, "insufficient_value");
    assert_eq!(value(&stack).await, ["0.00", "25.00", "0.00", "50.00"]);
    let act = async |id: &str, action: &str, body: Value| -> Reply {
        stack.post(&format!("/v1/members/alice/redemptions/{id}/{action}"), &body).await
    };
    act("h1", "capture", json!({})).await.is(200);
    act("h2", "release", json!({})).await.is(200);
    // 5.00 of the lines: a quarter. The reward and the credit follow.
    let lines = json!({"lines": [{"id": "2", "amount": "5.00"}]});
    let part = act("h3", "capture", lines.clone()).await.ok();
    assert_eq!((&part["net"], &part["due"]), (&json!("3.75"), &json!("0.00")));
    let after = value(&stack).await;
    assert_eq!(after, ["8.75", "10.00", "16.25", "20.00"]);
    let entries = stack.entry_count("alice").await;
    for (id, action, body, code) in [
        ("h1", "release", json!({}), "hold_not_active"),
        ("h2", "capture", json!({}), "hold_not_active"),
        ("h2", "capture", lines.clone(), "hold_not_active"),
        ("h1", "capture", lines.clone(), "operation_conflict"),
        ("h3", "capture", json!({}), "operation_conflict"),
        ("h4", "capture", json!({"amount": "10.01"}), "capture_exceeds_hold"),
        (
            "h4",
            "capture",
            json!({"lines": [{"id": "2", "amount": "5.01"}]}),
            "capture_exceeds_hold",
        ),
    ] {
        act(id, action, body).await.refused(409, code);
        assert_eq!(value(&stack).await, after, "{id} {action}");
    }
    stack.advance("PT10M").await;
    assert_eq!(value(&stack).await, ["18.75", "0.00", "36.25", "0.00"]);
    act("h4", "capture", json!({})).await.refused(409, "hold_not_active");
    assert_eq!(act("h5", "release", json!({})).await.ok()["status"], json!("lapsed"));
    assert_eq!(stack.entry_count("alice").await, entries, "no refusal wrote anything");
}

/// Scenario 2: capture races lapse, and exactly one wins.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_2_capture_races_lapse_and_exactly_one_wins() {
    let stack = Arc::new(alice_with_credit().await);
    let (mut captured, mut lapsed) = (0_u32, 0_u32);
    for round in 0..5 {
        let path = format!("/v1/members/alice/redemptions/h{round}");
        stack.put(&path, &hold_of_credit()).await.is(201);
        stack.advance("PT9M59S").await;
        let clock = Arc::clone(&stack);
        let tick = tokio::spawn(async move { clock.advance("PT1S").await });
        let till = Arc::clone(&stack);
        let capture = format!("{path}/capture");
        let reply = tokio::spawn(async move { till.post(&capture, &json!({})).await });
        tick.await.unwrap();
        let reply = reply.await.unwrap();
        if reply.status == 200 {
            captured += 1;
        } else {
            reply.refused(409, "hold_not_active");
            lapsed += 1;
        }
        let rewards = format!("{}.00", 25 - 5 * captured);
        let credits = format!("{}.00", 50 - 10 * captured);
        if captured < 5 {
            assert_eq!(value(&stack).await, [rewards.as_str(), "0.00", &credits, "0.00"]);
        }
    }
    assert_eq!(captured + lapsed, 5);
}

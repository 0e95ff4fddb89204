//! Awards, adjustments, assignments and the edges of purchases, over HTTP.

use serde_json::{Value, json};

use crate::support::{START, Stack, held, order};

#[tokio::test]
async fn award_comes_with_its_own_term_or_the_definitions() {
    let stack = Stack::new().await;
    let path = |id: &str| format!("/v1/members/alice/awards/{id}");
    let plain = json!({"points": "reward", "amount": 50, "reason": "sorry"});
    let reply = stack.put(&path("a"), &plain).await;
    reply.is(201);
    assert_eq!(
        reply.body,
        json!({
            "award": "a", "member": "alice", "entry": 1, "points": "reward", "amount": 50, "reason": "sorry",
            "accrue_at": "2026-12-05T03:04:05Z", "expires_at": "2027-12-31T13:00:00Z",
        })
    );
    let own = json!({"points": "reward", "amount": 5, "reason": "x", "accrue_at": START, "expires_at": "2026-11-21T03:04:06Z"});
    stack.put(&path("b"), &own).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [5, 50, 0, 0]);
    stack.advance("PT1S").await;
    assert_eq!(stack.points("alice", "reward").await, [0, 50, 0, 0]);
    // What has expired already comes and goes in one line.
    let old = json!({"points": "reward", "amount": 7, "reason": "x", "accrue_at": "2020-01-01T00:00:00Z", "expires_at": "2021-01-01T00:00:00Z"});
    stack.put(&path("c"), &old).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [0, 50, 0, 0]);
}

#[tokio::test]
async fn rules_of_earning_are_refused_by_name() {
    let stack = Stack::new().await;
    let check = async |path: &str, body: Value, status: u16, name: &str, value: &str| {
        let reply = stack.put(&format!("/v1/members/alice/{path}"), &body).await;
        reply.is(status);
        assert_eq!(reply.body[name], json!(value), "{}", reply.body);
    };
    let award = |points: &str| json!({"points": points, "amount": 1, "reason": "x"});
    check("awards/a", award("nope"), 422, "rule", "unknown_points").await;
    let mut ahead = award("survey");
    ahead["issued_at"] = json!("2026-11-21T03:09:05.001Z");
    check("awards/a", ahead, 422, "rule", "issued_at_ahead").await;
    let mut short = award("reward");
    short["expires_at"] = json!("2026-12-05T03:04:05Z");
    check("awards/a", short, 400, "field", "expires_at").await;
    let mut tier = award("tier");
    tier["accrue_at"] = json!(START);
    check("awards/a", tier, 422, "rule", "tier_points_accrue_at_once").await;
    let mut purchase = order("1.00");
    purchase["transacted_at"] = json!("2026-11-21T03:09:05.001Z");
    check("purchases/p", purchase.clone(), 422, "rule", "transacted_at_ahead").await;
    purchase["transacted_at"] = json!("2026-11-21T03:09:05Z");
    stack.put("/v1/members/bob/purchases/p", &purchase).await.is(201);
    let mut euro = order("1.00");
    euro["currency"] = json!("EUR");
    check("purchases/p2", euro, 422, "rule", "currency").await;
    let mut promotional = order("1.00");
    promotional["paid_by_promotional_credit"] = json!("1.01");
    check("purchases/p2", promotional, 400, "field", "paid_by_promotional_credit").await;
    let level = json!({"level": "platinum", "reason": "x", "actor": "jo"});
    check("tier-assignments/t", level, 422, "rule", "unknown_level").await;
    let taken = json!({"points": "survey", "amount": -1, "reason": "x", "actor": "jo"});
    check("adjustments/j", taken, 409, "code", "insufficient_value").await;
    assert_eq!(stack.get("/v1/members/alice").await.status, 404, "nothing was written");
}

#[tokio::test]
async fn purchase_names_only_a_captured_redemption() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 100).await;
    stack.put("/v1/members/alice/redemptions/r", &held(&json!(10))).await.is(201);
    stack.put("/v1/members/alice/redemptions/s", &held(&json!(10))).await.is(201);
    let mut body = order("99.90");
    let mut purchase = async |redemption: &str| {
        body["redemption"] = json!(redemption);
        stack.put("/v1/members/alice/purchases/p", &body).await
    };
    let held = purchase("r").await;
    held.refused(409, "redemption_still_held");
    assert_eq!(held.body["retryable"], json!(true));
    purchase("nope").await.refused(404, "not_found");
    stack.post("/v1/members/alice/redemptions/s/release", &json!({})).await.is(200);
    purchase("s").await.refused(422, "rule_refused");
    stack.post("/v1/members/alice/redemptions/r/capture", &json!({})).await.is(200);
    purchase("r").await.is(201);
}

#[tokio::test]
async fn level_given_by_hand_is_had_at_once() {
    let stack = Stack::new().await;
    let body = json!({"level": "silver", "reason": "status match", "actor": "jo"});
    let reply = stack.put("/v1/members/alice/tier-assignments/t", &body).await;
    reply.is(201);
    assert_eq!(
        reply.body,
        json!({
            "assignment": "t", "member": "alice", "entry": 1, "level": "silver", "reason": "status match", "actor": "jo",
        })
    );
    let tier = stack.get("/v1/members/alice").await.ok()["tier"].clone();
    assert_eq!(tier, json!({"level": "silver", "window_points": 0, "anniversary": "2027-11-21"}));
}

#[tokio::test]
async fn adjustment_adds_and_takes() {
    let stack = Stack::new().await;
    let body = |amount: i64| json!({"points": "reward", "amount": amount, "reason": "case 81", "actor": "jo"});
    let added = stack.put("/v1/members/alice/adjustments/j1", &body(50)).await;
    added.is(201);
    assert_eq!(added.body["expires_at"], json!("2027-11-30T13:00:00Z"));
    let taken = stack.put("/v1/members/alice/adjustments/j2", &body(-20)).await;
    assert_eq!(
        taken.body,
        json!({
            "adjustment": "j2", "member": "alice", "entry": 2, "points": "reward", "amount": -20, "reason": "case 81", "actor": "jo",
        })
    );
    assert_eq!(stack.points("alice", "reward").await, [30, 0, 0, 0]);
    let beyond = stack.put("/v1/members/alice/adjustments/j3", &body(-31)).await;
    beyond.refused(409, "insufficient_value");
    assert_eq!(beyond.body["available"], json!(30));
}

/// A member born in February, shopping on a leap day by their own clock.
#[tokio::test]
async fn birthday_month_is_that_of_the_members_own_zone() {
    let stack = Stack::new().await;
    let facts = json!({"birth_month": 2, "time_zone": "Pacific/Kiritimati"});
    stack.put("/v1/members/alice", &facts).await.is(201);
    for (instant, earned) in [
        // 31 January 2024, 23:59:59 and 1 February, 00:00:00 at UTC+14.
        ("2024-01-31T09:59:59Z", 10),
        ("2024-01-31T10:00:00Z", 20),
        ("2024-02-29T09:59:59Z", 20),
        ("2024-02-29T10:00:00Z", 10),
    ] {
        let mut body = order("10.00");
        body["transacted_at"] = json!(instant);
        let path = format!("/v1/members/alice/purchases/{}", instant.replace(':', "-"));
        let purchase = stack.put(&path, &body).await.ok();
        assert_eq!(purchase["earned"][0]["amount"], json!(earned), "{instant}");
    }
}

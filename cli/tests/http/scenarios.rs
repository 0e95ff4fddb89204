//! What must never go wrong. Each of these is a bug that other systems of this kind shipped.

mod cards;
mod dropped;
mod holds;
mod refunds;
mod returns;
mod stale;
mod sweeps;
mod units;

use std::sync::Arc;

use serde_json::json;

use crate::support::{Stack, basket, order};

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

/// 200 purchases of one member at once, each repeated while it is told to be: all applied.
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
                assert_eq!((reply.status, &reply.body["retryable"]), (503, &json!(true)));
            }
        })
    });
    for till in tills.collect::<Vec<_>>() {
        till.await.unwrap();
    }
    assert_eq!(stack.entry_count("alice").await, 200);
    assert_eq!(stack.points("alice", "reward").await, [0, 2000, 0, 0]);
}

//! Scenario 5: points farming through returns.

use serde_json::{Value, json};

use crate::queue::{completed, returned};
use crate::support::{START, Stack, basket, held, order};

const ORDER: &str = "/v1/members/alice/purchases/1000234";

/// A return of so much of line 1.
fn back(net: &str) -> Value {
    json!({"returned_at": START, "lines": [{"id": "1", "net": net}]})
}

#[tokio::test]
async fn scenario_5_points_that_were_spent_and_returned_are_owed() {
    let stack = Stack::new().await;
    stack.put(ORDER, &order("59.95")).await.is(201);
    stack.advance("P15D").await;
    let mut spend = basket(&json!(50));
    spend["use"]["points"]["definition"] = json!("reward");
    stack.put("/v1/members/alice/redemptions/r", &spend).await.is(201);
    let reply = stack.put(&format!("{ORDER}/returns/R-88"), &back("59.95")).await;
    reply.is(201);
    assert_eq!(
        reply.body,
        json!({
            "return": "R-88", "order": "1000234", "member": "alice", "entry": 3,
            "clawed_back": [
                {"points": "reward", "amount": 59, "debt": 50,
                 "from": [{"amount": 9, "expires_at": "2027-12-31T13:00:00Z"}]},
                {"points": "tier", "amount": 59,
                 "from": [{"amount": 59, "expires_at": "2027-11-30T13:00:00Z"}]},
            ],
        })
    );
    assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 50]);
    // The same again is the same, and another is refused, for nothing is left of the order.
    let again = stack.put(&format!("{ORDER}/returns/R-88"), &back("59.95")).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &reply.body));
    let more = stack.put(&format!("{ORDER}/returns/R-89"), &back("0.01")).await;
    more.refused(409, "return_exceeds_order");
    assert_eq!((&more.body["field"], &more.body["left"]), (&json!("lines[0].net"), &json!("0.00")));
    let other = stack.put(&format!("{ORDER}/returns/R-88"), &back("59.94")).await;
    other.refused(409, "operation_conflict");
    // The next points repay it.
    stack.put("/v1/members/alice/purchases/2", &order("60.00")).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [10, 0, 0, 0]);
    let entry = stack.get("/v1/members/alice/entries/3").await.ok();
    assert_eq!(entry["operation"], json!("purchases/1000234/returns/R-88"));
    assert_eq!(
        entry["summary"],
        json!(
            "Return R-88 of 1000234 takes back 59 reward points, 59 tier points; 50 reward points are owed"
        )
    );
}

/// Held points are not spent: what is owed for them is repaid when they come back.
#[tokio::test]
async fn scenario_5_points_that_were_held_and_returned_are_owed_until_they_come_back() {
    for released in [true, false] {
        let stack = Stack::new().await;
        stack.put(ORDER, &order("59.95")).await.is(201);
        stack.advance("P15D").await;
        let mut hold = held(&json!(50));
        hold["use"]["points"]["definition"] = json!("reward");
        stack.put("/v1/members/alice/redemptions/r", &hold).await.is(201);
        stack.put(&format!("{ORDER}/returns/R-88"), &back("59.95")).await.is(201);
        assert_eq!(stack.points("alice", "reward").await, [0, 0, 50, 50]);
        if released {
            stack.post("/v1/members/alice/redemptions/r/release", &json!({})).await.is(200);
        } else {
            stack.advance("PT10M").await;
            assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
            stack.give("alice", "a", 1).await;
        }
        assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
        let entry = stack.get("/v1/members/alice/entries/4").await.ok();
        let repaid = &entry["postings"][0];
        assert_eq!((&repaid["reason"], &repaid["amount"]), (&json!("debt_repaid"), &json!(-50)));
        let summary = entry["summary"].as_str().unwrap();
        assert!(summary.contains("50 reward points repaid what was owed"), "{summary}");
    }
}

#[tokio::test]
async fn scenario_5_partial_returns_in_any_split_leave_the_same_points() {
    let stack = Stack::new().await;
    for (member, split) in [
        ("a", vec!["59.95"]),
        ("b", vec!["0.01", "59.94"]),
        ("c", vec!["19.99", "19.99", "19.97"]),
        ("d", vec!["0.96", "0.99", "29.00", "29.00"]),
    ] {
        let path = format!("/v1/members/{member}/purchases/o-{member}");
        stack.put(&path, &order("59.95")).await.is(201);
        let mut points = 0;
        for (number, part) in split.iter().enumerate() {
            let reply = stack.put(&format!("{path}/returns/{number}"), &back(part)).await;
            reply.is(201);
            let taken = &reply.body["clawed_back"][0];
            points += if taken.is_null() { 0 } else { taken["amount"].as_u64().unwrap() };
        }
        assert_eq!(points, 59, "{split:?}");
        assert_eq!(stack.points(member, "reward").await, [0, 0, 0, 0], "{split:?}");
    }
}

#[tokio::test]
async fn scenario_5_level_that_an_order_reached_goes_back_with_it() {
    let stack = Stack::new().await;
    stack.put(ORDER, &order("500.00")).await.is(201);
    let tier = stack.get("/v1/members/alice").await.ok()["tier"].clone();
    assert_eq!(tier["level"], json!("silver"));
    let reply = stack.put(&format!("{ORDER}/returns/1"), &back("0.01")).await.ok();
    assert_eq!(reply["tier"], json!({"level": "member", "changed": true}));
    let tier = stack.get("/v1/members/alice").await.ok()["tier"].clone();
    assert_eq!((&tier["level"], &tier["window_points"]), (&json!("member"), &json!(499)));
    let entry = stack.get("/v1/members/alice/entries/2").await.ok();
    let summary = entry["summary"].as_str().unwrap();
    assert!(summary.ends_with("; no longer silver but member"), "{summary}");
}

/// A thousand orders, each returned in another split of one to four parts, some of them after their
/// points have accrued.
#[tokio::test]
async fn scenario_5_thousand_cycles_of_buying_and_returning_net_zero() {
    let stack = Stack::new().await;
    let money = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    let mut waiting = Vec::new();
    let mut count = 0;
    for tens in 0..10 {
        let mut messages = std::mem::take(&mut waiting);
        for cycle in tens * 100..tens * 100 + 100 {
            let (order, cents) = (format!("o{cycle}"), 1 + cycle * 37 % 4001);
            messages.push(completed("alice", &order, &money(cents)));
            let mut left = cents;
            for part in 0..=cycle % 4 {
                let back = if part == cycle % 4 { left } else { left * (part + 1) / 5 };
                left -= back;
                let message = returned(&order, &part.to_string(), &money(back));
                if part < 2 { messages.push(message) } else { waiting.push(message) }
            }
        }
        let sent = messages.len();
        let reply = stack.post("/_local/queue", &json!({"messages": messages})).await.ok();
        assert_eq!(reply, json!({"applied": sent, "dead": []}));
        count += sent;
        stack.advance("P15D").await;
    }
    stack.post("/_local/queue", &json!({"messages": waiting})).await.is(200);
    assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(wallet["tier"]["level"], json!("member"));
    assert_eq!(wallet["tier"]["window_points"], json!(0));
    let entries = usize::try_from(stack.entry_count("alice").await).unwrap();
    assert_eq!(entries, count + waiting.len());
}

/// Eight parts at once, of which five fit, while the order itself is sent again.
#[tokio::test]
async fn returns_at_once_take_no_more_than_the_order() {
    let stack = Stack::new().await;
    stack.put(ORDER, &order("59.95")).await.is(201);
    let mut running = tokio::task::JoinSet::new();
    let stack = std::sync::Arc::new(stack);
    for number in 0..8 {
        let stack = std::sync::Arc::clone(&stack);
        running.spawn(async move {
            let again = stack.put(ORDER, &order("59.95")).await;
            assert_eq!((again.status, again.replayed), (200, true));
            let path = format!("{ORDER}/returns/{number}");
            loop {
                let reply = stack.put(&path, &back("10.00")).await;
                if reply.status != 503 {
                    break reply;
                }
            }
        });
    }
    let mut taken = 0;
    while let Some(reply) = running.join_next().await {
        let reply = reply.unwrap();
        if reply.status == 201 {
            taken += 1;
        } else {
            reply.refused(409, "return_exceeds_order");
        }
    }
    assert_eq!(taken, 5);
    assert_eq!(stack.points("alice", "reward").await, [0, 9, 0, 0]);
    assert_eq!(stack.entry_count("alice").await, 6);
}

/// How many points each return takes of an order that was put to this stack.
async fn check_taken(stack: &Stack, bought: &Value, parts: &[(Value, u64)]) {
    stack.put(ORDER, bought).await.is(201);
    for (number, (lines, points)) in parts.iter().enumerate() {
        let body = json!({"returned_at": START, "lines": lines});
        let reply = stack.put(&format!("{ORDER}/returns/{number}"), &body).await.ok();
        let taken = reply["clawed_back"].as_array().unwrap().iter();
        let mut taken = taken.filter(|taken| taken["points"] == json!("reward"));
        let taken = taken.next().map_or(0, |taken| taken["amount"].as_u64().unwrap());
        assert_eq!(taken, *points, "{lines}");
    }
}

#[tokio::test]
async fn gift_cards_and_lines_of_nothing_go_back_without_points() {
    let stack = Stack::new().await;
    let mut bought = order("100.00");
    bought["lines"] = json!([{"id": "1", "net": "100.00"},
        {"id": "2", "kind": "gift_card", "net": "50.00"}, {"id": "3", "net": "0.00"}]);
    let parts = [
        (json!([{"id": "2", "net": "50.00"}]), 0),
        (json!([{"id": "3", "net": "0.00"}]), 0),
        (json!([{"id": "1", "net": "0.01"}, {"id": "3", "net": "0.00"}]), 1),
        (json!([{"id": "1", "net": "99.99"}]), 99),
    ];
    check_taken(&stack, &bought, &parts).await;
    assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn amounts_are_in_the_digits_of_the_orders_currency() {
    for (currency, net, parts) in [
        ("JPY", "5995", [("995", 9), ("1", 1), ("4999", 49)]),
        ("KWD", "59.950", [("0.949", 0), ("0.002", 1), ("58.999", 58)]),
    ] {
        let per = if currency == "JPY" { "100" } else { "1.000" };
        let program = json!({
            "currency": currency, "time_zone": "UTC",
            "points": [{"handle": "reward", "name": "R", "kind": "reward", "accrue_after": "P14D"}],
            "rates": [{"handle": "base", "points": "reward", "per": per, "earns": "1"}],
        });
        let stack = Stack::with_program(&program).await;
        let mut bought = order(net);
        bought["currency"] = json!(currency);
        let parts = parts.map(|(net, points)| (json!([{"id": "1", "net": net}]), points));
        check_taken(&stack, &bought, &parts).await;
        assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
    }
}

/// A return is decided by the rates of its purchase, whatever the program says since.
#[tokio::test]
async fn rates_of_a_later_program_change_nothing_for_a_return() {
    let stack = Stack::new().await;
    stack.put(ORDER, &order("59.95")).await.is(201);
    let mut program: Value = serde_json::from_str(scrip_local::SAMPLE_PROGRAM).unwrap();
    program["rates"][0]["earns"] = json!("3");
    let version = [("if-match", "\"1\"")];
    let (method, body) = (reqwest::Method::PUT, Some(program.to_string()));
    stack.send_with(method, "/v1/program", body, &version).await.is(201);
    stack.put("/v1/members/alice/purchases/2", &order("10.00")).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [0, 59 + 30, 0, 0]);
    stack.put(&format!("{ORDER}/returns/1"), &back("29.95")).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [0, 30 + 30, 0, 0]);
    stack.put(&format!("{ORDER}/returns/2"), &back("30.00")).await.is(201);
    assert_eq!(stack.points("alice", "reward").await, [0, 30, 0, 0]);
}

/// A return takes points back by what was paid, and leaves the redemption to its refund.
#[tokio::test]
async fn return_of_what_a_redemption_paid_refunds_nothing_by_itself() {
    let stack = Stack::new().await;
    let credit = json!({"credit": "welcome", "amount": "20.00", "reason": "r"});
    stack.put("/v1/members/alice/credits/w", &credit).await.is(201);
    let redeem = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "60.00"}],
        "use": {"credits": "max"}});
    stack.put("/v1/members/alice/redemptions/r", &redeem).await.is(201);
    let before = stack.get("/v1/members/alice/redemptions/r").await.ok();
    let mut bought = order("60.00");
    bought["redemption"] = json!("r");
    let half = || json!([{"id": "1", "net": "30.00"}]);
    check_taken(&stack, &bought, &[(half(), 20), (half(), 20)]).await;
    assert_eq!(stack.get("/v1/members/alice/redemptions/r").await.ok(), before);
    assert_eq!(stack.get("/v1/members/alice").await.ok()["credits_total"], json!([]));
    let all = json!({"lines": [{"id": "1", "amount": "60.00"}]});
    let refund = stack.put("/v1/members/alice/redemptions/r/refunds/1", &all).await.ok();
    assert_eq!(refund["external"], json!("40.00"));
    assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
}

/// What expired was written down by some line long ago, or by one of that very instant.
#[tokio::test]
async fn return_after_its_points_expired_unspent_owes_nothing() {
    for written_at in ["2027-12-31T13:00:00Z", "2028-01-05T00:00:00Z"] {
        let stack = Stack::new().await;
        stack.put(ORDER, &order("59.95")).await.is(201);
        stack.give("alice", "before", 1).await;
        stack.post("/_local/clock", &json!({"now": written_at})).await.is(200);
        for award in ["a", "b", "c"] {
            stack.give("alice", award, 1).await;
            stack.advance("P1D").await;
        }
        let reply = stack.put(&format!("{ORDER}/returns/1"), &back("59.95")).await.ok();
        assert_eq!(
            reply["clawed_back"],
            json!([
                {"points": "reward", "amount": 59, "from": [], "excused": 59},
                {"points": "tier", "amount": 59, "from": [], "excused": 59},
            ])
        );
        assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
    }
}

/// A return that comes before its order may be sent again; one of somebody else's order never
/// succeeds.
#[tokio::test]
async fn return_before_its_order_waits_and_of_another_members_order_is_refused() {
    let stack = Stack::new().await;
    let early = stack.put(&format!("{ORDER}/returns/1"), &back("10.00")).await;
    early.refused(409, "order_unknown");
    assert_eq!(early.body["retryable"], json!(true));
    assert_eq!(stack.entry_count("alice").await, 0);
    stack.put(ORDER, &order("59.95")).await.is(201);
    stack.put(&format!("{ORDER}/returns/1"), &back("10.00")).await.is(201);
    let other = stack.put("/v1/members/bob/purchases/1000234/returns/1", &back("10.00")).await;
    other.refused(409, "order_belongs_to_another_member");
    assert_eq!(other.body["retryable"], json!(false));
    stack
        .put("/v1/members/bob/purchases/2/returns/1", &back("1.00"))
        .await
        .refused(409, "order_unknown");
}

#[tokio::test]
async fn malformed_return_names_its_field_and_changes_nothing() {
    let stack = Stack::new().await;
    stack.put(ORDER, &order("59.95")).await.is(201);
    for (body, field) in [
        (json!({"lines": [{"id": "1", "net": "1.00"}]}), "returned_at"),
        (json!({"returned_at": START}), "lines"),
        (json!({"returned_at": START, "lines": []}), "lines"),
        (json!({"returned_at": START, "lines": [{"id": "1", "net": 1}]}), "lines[0].net"),
        (json!({"returned_at": START, "lines": [{"id": "1", "net": "1.000"}]}), "lines[0].net"),
        (json!({"returned_at": START, "lines": [{"id": "1", "net": "-1.00"}]}), "lines[0].net"),
        (json!({"returned_at": START, "lines": [{"id": "2", "net": "1.00"}]}), "lines[0].id"),
        (
            json!({"returned_at": START,
                   "lines": [{"id": "1", "net": "1.00"}, {"id": "1", "net": "1.00"}]}),
            "lines[1].id",
        ),
        (
            json!({"returned_at": START, "lines": [{"id": "1", "net": "1.00", "x": 1}]}),
            "lines[0].x",
        ),
    ] {
        let reply = stack.put(&format!("{ORDER}/returns/1"), &body).await;
        reply.refused(400, "invalid_request");
        assert_eq!(reply.body["field"], json!(field), "{}", reply.body);
    }
    let ahead =
        json!({"returned_at": "2026-11-21T03:09:06Z", "lines": [{"id": "1", "net": "1.00"}]});
    let reply = stack.put(&format!("{ORDER}/returns/1"), &ahead).await;
    reply.refused(422, "rule_refused");
    assert_eq!(reply.body["rule"], json!("returned_at_ahead"));
    assert_eq!(stack.entry_count("alice").await, 1);
}

//! Scenario 9: rounding and units.

use serde_json::{Value, json};

use crate::support::Stack;

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

/// Scenario 9, down the whole hierarchy and back: parts always sum to the whole.
#[tokio::test]
async fn scenario_9_parts_sum_to_the_whole_in_every_currency_there_and_back() {
    for (currency, prices, reward, credit, returned) in [
        ("AUD", ["9.99", "0.01", "20.05"], "3.33", "5.01", "7.77"),
        ("JPY", ["999", "1", "2005"], "333", "501", "777"),
        ("KWD", ["9.999", "0.001", "20.005"], "3.333", "5.001", "7.777"),
    ] {
        let document = json!({
            "currency": currency, "time_zone": "UTC",
            "rewards": [{"handle": "r"}], "credits": [{"handle": "s", "kind": "store"}],
            "benefits": [{"handle": "b", "percent_off": "12.5"}],
        });
        let stack = Stack::with_program(&document).await;
        for (path, body) in [
            ("benefits/b", json!({"benefit": "b"})),
            ("rewards/r", json!({"reward": "r", "amount": reward})),
            ("credits/s", json!({"credit": "s", "amount": credit, "reason": "x"})),
        ] {
            stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
        }
        let lines: Vec<Value> = prices
            .iter()
            .enumerate()
            .map(|(id, amount)| json!({"id": id.to_string(), "amount": amount}))
            .collect();
        let body = json!({"currency": currency, "lines": lines,
            "use": {"benefits": ["b"], "rewards": "max", "credits": "max"}});
        let plan = stack.put("/v1/members/alice/redemptions/r", &body).await.ok();
        let sum = |list: &str, member: &str| -> u64 {
            plan[list].as_array().unwrap().iter().map(|each| minor(&each[member])).sum()
        };
        assert_eq!(sum("lines", "amount"), minor(&plan["subtotal"]));
        assert_eq!(sum("lines", "discount"), sum("discounts", "amount"));
        assert_eq!(sum("lines", "net"), minor(&plan["net"]));
        assert_eq!(sum("tenders", "amount") + minor(&plan["due"]), minor(&plan["net"]));
        assert_eq!(minor(&plan["subtotal"]), sum("discounts", "amount") + minor(&plan["net"]));

        // Back in two uneven parts of one line, then the rest: to the last unit.
        let mut external = 0;
        let (whole, part) = (minor(&json!(prices[2])), minor(&json!(returned)));
        let rest = format(currency, whole - part);
        for (id, line, amount) in [
            ("a", "2", returned),
            ("b", "2", rest.as_str()),
            ("c", "0", prices[0]),
            ("d", "1", prices[1]),
        ] {
            let path = format!("/v1/members/alice/redemptions/r/refunds/{id}");
            let body = json!({"lines": [{"id": line, "amount": amount}]});
            external += minor(&stack.put(&path, &body).await.ok()["external"]);
        }
        assert_eq!(external, minor(&plan["due"]), "{currency}");
        let wallet = stack.get("/v1/members/alice").await.ok();
        assert_eq!(wallet["rewards_total"], json!([{"currency": currency, "amount": reward}]));
        assert_eq!(wallet["credits_total"], json!([{"currency": currency, "amount": credit}]));
        assert_eq!(wallet["benefits"][0]["uses"], json!(1));
    }
}

/// Minor units: the digits without the point.
fn minor(money: &Value) -> u64 {
    money.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn format(currency: &str, minor: u64) -> String {
    match currency {
        "JPY" => minor.to_string(),
        "KWD" => format!("{}.{:03}", minor / 1000, minor % 1000),
        _ => format!("{}.{:02}", minor / 100, minor % 100),
    }
}

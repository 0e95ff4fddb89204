//! Scenario 10: stale plans and clocks.

use scrip_domain::time::Instant;
use serde_json::{Value, json};

use crate::support::Stack;

fn all() -> Value {
    json!({"currency": "AUD", "lines": [{"id": "1", "amount": "60.00"}],
        "use": {"benefits": ["ten"], "rewards": "max", "points": {"definition": "survey", "amount": "max"}, "credits": "max"}})
}

async fn alice() -> Stack {
    let stack = Stack::new().await;
    stack.give("alice", "survey", 500).await;
    for (path, body) in [
        ("benefits/ten", json!({"benefit": "ten-percent", "uses": 9})),
        (
            "rewards/r",
            json!({"reward": "points-reward", "amount": "9.00", "expires_at": "2026-11-22T00:00:00Z"}),
        ),
        ("credits/c", json!({"credit": "store", "amount": "7.00", "reason": "x"})),
    ] {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
    }
    stack
}

/// Scenario 10: value of any kind that changed between quote and redemption is told.
#[tokio::test]
async fn scenario_10_plan_that_changed_since_its_quote_is_refused() {
    type Change = (&'static str, &'static str, Value, &'static str);
    let cases: [Change; 5] = [
        (
            "PUT",
            "/v1/members/alice/adjustments/j",
            json!({"points": "survey", "amount": -1, "reason": "x", "actor": "jo"}),
            "33.01",
        ),
        ("POST", "/v1/members/alice/credits/c/void", json!({"reason": "x"}), "40.00"),
        ("POST", "/v1/members/alice/rewards/r/void", json!({"reason": "x"}), "42.00"),
        (
            "PUT",
            "/v1/members/alice/credits/d",
            json!({"credit": "welcome", "amount": "1.00", "reason": "x"}),
            "32.00",
        ),
        ("POST", "/_local/clock", json!({"now": "2026-11-22T00:00:00Z"}), "42.00"),
    ];
    for (method, path, body, due) in cases {
        let stack = alice().await;
        let quote = stack.post("/v1/members/alice/quotes", &all()).await.ok();
        assert_eq!(quote["due"], json!("33.00"));
        let reply = match method {
            "PUT" => stack.put(path, &body).await,
            _ => stack.post(path, &body).await,
        };
        assert!(reply.status < 300, "{}", reply.body);
        let mut redemption = all();
        redemption["expected_due"] = quote["due"].clone();
        let entries = stack.entry_count("alice").await;
        let changed = stack.put("/v1/members/alice/redemptions/r", &redemption).await;
        changed.refused(409, "plan_changed");
        assert_eq!(changed.body["due"], json!(due), "{path}");
        assert_eq!(stack.entry_count("alice").await, entries);
        redemption["expected_due"] = json!(due);
        stack.put("/v1/members/alice/redemptions/r", &redemption).await.is(201);
    }
}

/// Scenario 10: the last second of an expiry day, wherever the program's zone is.
#[tokio::test]
async fn scenario_10_value_can_be_spent_until_the_last_second_of_its_day_in_any_zone() {
    // Issued at START for a period of days; the end of the last day in the zone, in UTC.
    for (zone, days, end) in [
        ("Etc/GMT+12", "P1D", "2026-11-22T12:00:00Z"),
        ("Pacific/Kiritimati", "P1D", "2026-11-22T10:00:00Z"),
        // Days of 25 and of 23 hours: clocks go back in April and forward in October.
        ("Australia/Melbourne", "P134D", "2027-04-04T14:00:00Z"),
        ("Australia/Melbourne", "P316D", "2027-10-03T13:00:00Z"),
        ("Europe/Dublin", "P127D", "2027-03-28T23:00:00Z"),
    ] {
        let document = json!({
            "currency": "AUD", "time_zone": zone,
            "points": [{"handle": "p", "name": "P", "kind": "action", "expires": {"after": days},
                        "value": {"points": 1, "money": "0.01"}}],
            "rewards": [{"handle": "r", "expires_after": days}],
            "credits": [{"handle": "c", "kind": "promotional", "expires_after": days}],
            "benefits": [{"handle": "b", "amount_off": "1.00", "expires_after": days, "uses": 9}],
        });
        let stack = Stack::with_program(&document).await;
        for (path, body) in [
            ("awards/a", json!({"points": "p", "amount": 100, "reason": "x"})),
            ("rewards/r", json!({"reward": "r", "amount": "1.00"})),
            ("credits/c", json!({"credit": "c", "amount": "1.00", "reason": "x"})),
            ("benefits/b", json!({"benefit": "b"})),
        ] {
            let issued = stack.put(&format!("/v1/members/alice/{path}"), &body).await.ok();
            assert_eq!(issued["expires_at"], json!(end), "{zone} {path}");
        }
        let uses = json!({"benefits": ["b"], "rewards": "max", "points": {"definition": "p", "amount": "max"}, "credits": "max"});
        let quote = async |uses: &Value| {
            let body =
                json!({"currency": "AUD", "lines": [{"id": "1", "amount": "4.00"}], "use": uses});
            stack.post("/v1/members/alice/quotes", &body).await
        };
        let end_at: Instant = end.parse().unwrap();
        let last = Instant::from_millis(end_at.millis() - 1000).unwrap();
        stack.post("/_local/clock", &json!({"now": last})).await.is(200);
        assert_eq!(quote(&uses).await.ok()["due"], json!("0.00"), "{zone} at {last}");
        stack.advance("PT1S").await;
        quote(&uses).await.refused(409, "insufficient_value");
        let without = json!({"rewards": "max", "points": {"definition": "p", "amount": "max"}, "credits": "max"});
        assert_eq!(quote(&without).await.ok()["due"], json!("4.00"), "{zone} at {end}");
        // A sweep writes down the same instant, whenever it runs.
        stack.advance("P1D").await;
        assert_eq!(stack.post("/_local/sweeps/expire", &json!({})).await.ok()["posted"], json!(1));
        let newest = stack.get("/v1/members/alice/entries?limit=1").await.ok();
        let postings = newest["entries"][0]["postings"].as_array().unwrap().clone();
        assert_eq!(postings.len(), 4);
        assert!(postings.iter().all(|posting| posting["at"] == json!(end)), "{postings:?}");
    }
}

/// Scenario 10: a read as of the past with nothing there is 404, never zero.
#[tokio::test]
async fn scenario_10_wallet_that_was_not_there_yet_is_not_found() {
    let stack = alice().await;
    for (at, status) in [("2026-11-21T03:04:04.999Z", 404), ("2026-11-21T03:04:05Z", 200)] {
        stack.get(&format!("/v1/members/alice?at={at}")).await.is(status);
    }
    stack.get("/v1/members/nobody?at=2027-01-01T00:00:00Z").await.refused(404, "not_found");
}

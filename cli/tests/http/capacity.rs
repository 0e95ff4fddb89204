//! What gift cards and sweeps cost, as DynamoDB says. These are promises to whoever pays: raise one
//! only with a reason in the commit.

use serde_json::{Value, json};

use scrip_ingest::{Ingest, Quarantine};

use crate::crash::{
    Step, World, about_direct, basket, claim, direct, give_back, purchase, store_credit,
};
use crate::queue::{completed, returned};

/// Runs steps, and says what the last of them cost, in read and write units.
async fn cost(steps: &[Step]) -> (String, String) {
    let world = World::new().await;
    let app = world.app(None);
    // The program is in the cache of a function that has answered before.
    app.program().await.unwrap();
    for step in steps {
        let (status, body) = world.run(&app, step).await;
        assert!((200..300).contains(&status), "{body}");
    }
    let usage = *world.cost.lock().unwrap();
    (usage.read_units(), usage.write_units())
}

#[expect(clippy::print_stdout, reason = "the table of the README")]
async fn check(what: &str, steps: &[Step], (read, write): (&str, &str)) {
    let found = cost(steps).await;
    println!("| {what} | {} | {} |", found.0, found.1);
    assert_eq!((found.0.as_str(), found.1.as_str()), (read, write), "{what}");
}

fn redeem(route: &'static str, body: Value) -> Step {
    Step::Redeem(route, "bob b r", body)
}

/// Of the 8 write units of a claim 6 are its transaction, and 2 count the attempt and forget it; a
/// revert is 6 and its marker. The embedded database counts what a transaction writes to the table
/// twice and what it writes to the index once; were that doubled, too, each transaction would be 8.
#[tokio::test]
async fn operations_on_gift_cards_cost_what_is_promised() {
    let body = json!({"gift_card": "standard", "amount": "25.00"});
    let issue = Step::Card("PUT /v1/members/{member}/gift-cards/{card}", "ann n", body);
    let reason = json!({"reason": "r"});
    let cancel =
        Step::Card("POST /v1/members/{member}/gift-cards/{card}/cancel", "ann c", reason.clone());
    let void = Step::Card("POST /v1/members/{member}/gift-cards/{card}/void", "ann c", reason);
    let presented = json!({"number": "$number", "pin": "$pin"});
    let balance = Step::Card("POST /v1/gift-cards/balance", "", presented);
    let capture = "POST /v1/gift-card-redemptions/{redemption}/capture";
    let refund = "PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}";
    check("issue of a card", &[issue], ISSUE).await;
    check("balance of a card", &[balance], BALANCE).await;
    check("claim", &[claim("bob")], CLAIM).await;
    check("cancel", &[cancel], CANCEL).await;
    check("void of a card", &[void], VOID).await;
    check("card spent by itself", &[direct(false)], SPEND).await;
    check("the same, captured", &[direct(true), about_direct(capture, true)], CAPTURE).await;
    check("the same, refunded", &[direct(false), about_direct(refund, true)], REFUND).await;
    check("redemption with a card", &[store_credit(), basket(false)], BASKET).await;
    let capture = redeem("POST /v1/members/{member}/redemptions/{redemption}/capture", json!({}));
    check("its capture", &[store_credit(), basket(true), capture], BASKET_CAPTURE).await;
    let route = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
    let refund = redeem(route, json!({"amount": "15.00"}));
    check("its refund", &[store_credit(), basket(false), refund], BASKET_REFUND).await;
    check("sweep that reverts one card", &[Step::Advance("P100D"), Step::Revert], REVERT).await;
}

const ISSUE: (&str, &str) = ("1", "4");
const BALANCE: (&str, &str) = ("1", "2");
const CLAIM: (&str, &str) = ("3", "8");
const CANCEL: (&str, &str) = ("3", "6");
const VOID: (&str, &str) = ("3", "2");
const SPEND: (&str, &str) = ("3", "5");
const CAPTURE: (&str, &str) = ("2", "2");
const REFUND: (&str, &str) = ("2", "2");
const BASKET: (&str, &str) = ("4", "8");
const BASKET_CAPTURE: (&str, &str) = ("3", "6");
const BASKET_REFUND: (&str, &str) = ("3", "6");
const REVERT: (&str, &str) = ("35", "7");

/// A member who has shopped before, as `GET /_local/capacity` counts it. A return is half a unit
/// more when its order is not the newest line; after three years its level is judged first, by the
/// program of each anniversary.
#[tokio::test]
async fn returns_cost_what_is_promised() {
    let back = give_back("100.00");
    check("return", &[purchase(), back.clone()], ("2", "2")).await;
    check("return, later", &[purchase(), store_credit(), back.clone()], ("2.5", "2")).await;
    let late = [purchase(), Step::Advance("P3Y"), back];
    check("return after the points expired", &late, ("4", "2")).await;
}

/// A message costs what the same request does over HTTP, and a unit to find whose order it is.
#[tokio::test]
async fn messages_cost_what_is_promised() {
    let mut other = completed("bob", "2", "10.00");
    other["transacted_at"] = json!("2026-11-21T03:04:05Z");
    let mut known = returned("o", "r", "100.00");
    known["member"] = json!("bob");
    for (message, units) in
        [(other, ("2", "3")), (known, ("2", "2")), (returned("o", "r", "100.00"), ("3", "2"))]
    {
        let world = World::new().await;
        let app = world.app(None);
        app.program().await.unwrap();
        world.run(&app, &purchase()).await;
        let ingest = Ingest { app, quarantine: Quarantine::memory() };
        let event = json!({"Records": [{"messageId": "1", "body": message.to_string()}]});
        let event = serde_json::from_value(event).unwrap();
        let report = Box::pin(ingest.handle(event, None)).await;
        assert_eq!(report.applied, 1, "{report:?}");
        let found = (report.usage.read_units(), report.usage.write_units());
        assert_eq!((found.0.as_str(), found.1.as_str()), units, "{message}");
    }
}

/// A run with nothing to do is a look at 64 shards, however long ago the last one was.
#[tokio::test]
async fn idle_sweep_costs_the_same_after_any_gap() {
    for gap in ["PT1H", "P7D", "P120M"] {
        for job in [Step::Expire, Step::Revert] {
            let world = World::new().await;
            let app = world.app(None);
            world.run(&app, &claim("bob")).await;
            world.run(&app, &Step::Advance(gap)).await;
            // The card's own marker is taken once.
            world.run(&app, &Step::Revert).await;
            world.run(&app, &Step::Advance(gap)).await;
            world.run(&app, &job).await;
            let usage = *world.cost.lock().unwrap();
            // One of them reads the program's version.
            assert!(usage.read_halves <= 2 * 64, "{} after {gap}", usage.read_units());
            assert_eq!(usage.write_halves, 0);
        }
    }
}

/// Twenty accounts are due; with two thousand others that are not, it costs the same.
#[tokio::test]
async fn sweep_costs_what_is_due_and_not_what_there_is() {
    let mut costs = Vec::new();
    for others in [0, 2_000] {
        let world = World::new().await;
        let app = world.app(None);
        let route = "PUT /v1/members/{member}/credits/{credit}";
        let credit = |expires_at: &str| json!({"credit": "store", "amount": "10.00", "reason": "r", "expires_at": expires_at});
        for number in 0..20 {
            let ids: &'static str = format!("due-{number} s").leak();
            let (status, _) =
                world.run(&app, &Step::Credit(route, ids, credit("2026-11-22T00:00:00Z"))).await;
            assert_eq!(status, 201);
        }
        for number in 0..others {
            let ids: &'static str = format!("not-{number} s").leak();
            let (status, _) =
                world.run(&app, &Step::Credit(route, ids, credit("2027-11-22T00:00:00Z"))).await;
            assert_eq!(status, 201);
        }
        world.run(&app, &Step::Advance("P1D")).await;
        let (_, report) = world.run(&app, &Step::Expire).await;
        assert_eq!((&report["visited"], &report["posted"]), (&json!(20), &json!(20)));
        let usage = *world.cost.lock().unwrap();
        costs.push((usage.read_halves, usage.write_halves));
    }
    let [alone, crowded] = [costs[0], costs[1]].map(|(read, write)| read + write);
    assert!(crowded * 100 <= alone * 105, "{costs:?}");
    // Read, append and delete: 1 read unit and 2 write units an account, and the look at the shards.
    assert_eq!(costs[0], (2 * (1 + 20) + 64, 2 * 2 * 20));
}

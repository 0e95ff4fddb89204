//! Scenarios 7 (expiry) and 8 (sweeps).

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_local::TABLE;
use serde_json::{Value, json};

use crate::support::{Stack, basket, held};

async fn award(stack: &Stack, member: &str, award: &str, amount: u64, expires_at: &str) {
    let body =
        json!({"points": "survey", "amount": amount, "reason": "test", "expires_at": expires_at});
    stack.put(&format!("/v1/members/{member}/awards/{award}"), &body).await.is(201);
}

pub(crate) async fn sweep(stack: &Stack, job: &str) -> Value {
    stack.post(&format!("/_local/sweeps/{job}"), &json!({})).await.ok()
}

async fn tell(stack: &Stack, now: &str) {
    stack.post("/_local/clock", &json!({"now": now})).await.is(200);
}

/// Every due marker there is, as `job hour account`.
async fn markers(stack: &Stack) -> Vec<String> {
    let items = stack
        .local
        .embedded()
        .unwrap()
        .client()
        .clone()
        .scan()
        .table_name(TABLE)
        .send()
        .await
        .unwrap();
    let mut markers: Vec<String> = items
        .items()
        .iter()
        .filter_map(|item| {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            let partition = text("pk");
            let job = partition.strip_prefix("DUE#")?.split('#').next()?.to_owned();
            Some(format!("{job} {}", text("sk").replacen('#', " ", 1)))
        })
        .collect();
    markers.sort();
    markers
}

/// Scenario 7: earn 100 that expire, spend 80, earn 50, expire: 50. Twice changes nothing.
#[tokio::test]
async fn scenario_7_expiry_takes_what_is_left_of_the_lot_that_expires() {
    let stack = Stack::new().await;
    award(&stack, "alice", "a", 100, "2026-11-22T00:00:00Z").await;
    stack.put("/v1/members/alice/redemptions/r", &basket(&json!(80))).await.is(201);
    award(&stack, "alice", "b", 50, "2026-12-22T00:00:00Z").await;
    // 00:00 is in an hour that may be swept from 01:15 on.
    tell(&stack, "2026-11-22T01:14:59.999Z").await;
    assert_eq!(stack.points("alice", "survey").await[0], 50);
    let early = sweep(&stack, "expire").await;
    assert_eq!(
        (&early["visited"], &early["finished_through"]),
        (&json!(0), &json!("2026-11-22T00:00:00Z"))
    );
    tell(&stack, "2026-11-22T01:15:00Z").await;
    let swept = sweep(&stack, "expire").await;
    let expected = json!({"visited": 1, "posted": 1, "failed": 0, "left": 0, "finished_through": "2026-11-22T01:00:00Z"});
    assert_eq!(swept, expected);
    assert_eq!(stack.points("alice", "survey").await[0], 50);
    let entries = stack.get("/v1/members/alice/entries").await.ok();
    let newest = &entries["entries"][0];
    assert_eq!((&newest["kind"], &newest["by"]), (&json!("settlement"), &json!("expire")));
    assert_eq!(newest["postings"][0]["amount"], json!(-20));
    assert_eq!(newest["postings"][0]["at"], json!("2026-11-22T00:00:00Z"));
    assert_eq!(sweep(&stack, "expire").await["visited"], json!(0));
    assert_eq!(stack.entry_count("alice").await, 4);
    assert_eq!(markers(&stack).await, ["expire 2026-12-22T00 MEMBER#alice"]);
}

/// Scenario 8: a first page of accounts that cannot be processed does not keep the rest waiting.
#[tokio::test]
async fn scenario_8_accounts_that_cannot_be_decided_are_set_aside_and_block_nobody() {
    let stack = Stack::new().await;
    for number in 0..130 {
        award(&stack, &format!("m{number}"), "a", 10, "2026-11-22T00:00:00Z").await;
    }
    let client = stack.local.embedded().unwrap().client().clone();
    let key = |number: usize| {
        [
            ("pk".to_owned(), AttributeValue::S(format!("MEMBER#m{number}"))),
            ("sk".to_owned(), AttributeValue::S("E#000000000001".to_owned())),
        ]
    };
    let set = async |number: usize, name: &str, value: AttributeValue| {
        client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(key(number).into()))
            .update_expression("SET #n = :v")
            .expression_attribute_names("#n", name)
            .expression_attribute_values(":v", value)
            .send()
            .await
            .unwrap();
    };
    let state =
        client.get_item().table_name(TABLE).set_key(Some(key(0).into())).send().await.unwrap();
    let whole = state.item().unwrap()["state"].clone();
    // A hundred are damaged, ten were written by a newer release.
    for number in 0..100 {
        set(number, "state", AttributeValue::S("rubbish".to_owned())).await;
    }
    for number in 100..110 {
        set(number, "format", AttributeValue::N("2".to_owned())).await;
    }
    tell(&stack, "2026-11-22T02:00:00Z").await;
    let swept = sweep(&stack, "expire").await;
    assert_eq!((&swept["visited"], &swept["posted"]), (&json!(130), &json!(20)));
    assert_eq!((&swept["failed"], &swept["left"]), (&json!(100), &json!(10)));
    // Those of the newer release wait, the damaged ones do not come again.
    let again = sweep(&stack, "expire").await;
    assert_eq!((&again["visited"], &again["left"]), (&json!(10), &json!(10)));
    assert_eq!(markers(&stack).await.len(), 10);
    let aside = client
        .scan()
        .table_name(TABLE)
        .filter_expression("begins_with(pk, :f)")
        .expression_attribute_values(":f", AttributeValue::S("FAILED#expire#".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(aside.count(), 100);
    assert!(aside.items()[0]["error"].as_s().unwrap().contains("cannot be read"));
    // Mended, they are settled by a retry; the others stay aside.
    for number in 0..60 {
        set(number, "state", whole.clone()).await;
    }
    let clock = "2026-11-22T02:00:00Z".parse().unwrap();
    let app = scrip_edge::App::new(scrip_store::Ledger::new(
        client.clone(),
        TABLE,
        Arc::new(move || clock),
    ));
    let options = scrip_edge::SweepOptions::default();
    let report = scrip_edge::retry_set_aside::<scrip_expire::Expire>(&app, options).await.unwrap();
    assert_eq!((report.visited, report.posted, report.failed), (100, 60, 40));
    let aside = client
        .scan()
        .table_name(TABLE)
        .filter_expression("begins_with(pk, :f)")
        .expression_attribute_values(":f", AttributeValue::S("FAILED#expire#".to_owned()))
        .send()
        .await
        .unwrap();
    assert_eq!(aside.count(), 40);
    assert_eq!(aside.items()[0]["tries"], AttributeValue::N("2".to_owned()));
}

/// Scenario 8: a lot does not expire under a live hold; a sweep gives the hold back and takes it.
#[tokio::test]
async fn scenario_8_lot_that_expires_under_a_hold_is_taken_when_the_hold_ends() {
    let stack = Stack::new().await;
    award(&stack, "alice", "a", 500, "2026-11-22T00:00:00Z").await;
    let mut body = held(&json!(300));
    body["hold_for"] = json!("P3D");
    stack.put("/v1/members/alice/redemptions/r", &body).await.is(201);
    tell(&stack, "2026-11-22T02:00:00Z").await;
    assert_eq!(sweep(&stack, "expire").await["posted"], json!(1));
    assert_eq!(stack.points("alice", "survey").await, [0, 0, 300, 0]);
    assert_eq!(markers(&stack).await, ["expire 2026-11-24T03 MEMBER#alice"]);
    tell(&stack, "2026-11-24T05:00:00Z").await;
    assert_eq!(sweep(&stack, "expire").await["posted"], json!(1));
    let newest = stack.get("/v1/members/alice/entries?limit=1").await.ok();
    let newest = &newest["entries"][0];
    assert_eq!(newest["lapsed"], json!(["r"]));
    assert_eq!(newest["postings"][0]["amount"], json!(-300));
    assert_eq!(markers(&stack).await, Vec::<String>::new());
}

/// Scenario 8: two sweeps at once, and with callers between them, settle everybody once.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_8_sweeps_at_once_settle_everybody_once() {
    let stack = Arc::new(Stack::new().await);
    for number in 0..60 {
        award(&stack, &format!("m{number}"), "a", 10, "2026-11-22T00:00:00Z").await;
        award(&stack, &format!("m{number}"), "b", 5, "2026-12-22T00:00:00Z").await;
    }
    tell(&stack, "2026-11-22T02:00:00Z").await;
    let sweeps = (0..3).map(|_| {
        let stack = Arc::clone(&stack);
        tokio::spawn(async move { sweep(&stack, "expire").await })
    });
    let callers = (0..60).map(|number| {
        let stack = Arc::clone(&stack);
        tokio::spawn(async move {
            stack.give(&format!("m{number}"), "c", 1).await;
            json!(null)
        })
    });
    let all: Vec<_> = sweeps.chain(callers).collect();
    for task in all {
        task.await.unwrap();
    }
    for number in 0..60 {
        let entries = stack.get(&format!("/v1/members/m{number}/entries")).await.ok();
        let postings = entries["entries"].as_array().unwrap().iter();
        let postings = postings.flat_map(|entry| entry["postings"].as_array().unwrap());
        let expired = postings.filter(|posting| posting["reason"] == json!("expired"));
        assert_eq!(expired.map(|posting| posting["amount"].as_i64().unwrap()).sum::<i64>(), -10);
    }
    let markers = markers(&stack).await;
    assert_eq!(markers.len(), 60);
    assert!(markers.iter().all(|marker| marker.starts_with("expire 2026-12-22T00")), "{markers:?}");
}

/// A silver level is judged at its anniversary by the program that was newest then, whoever comes by
/// and whenever, and a sweep writes it down.
#[tokio::test]
async fn level_is_judged_at_its_anniversary_whether_or_not_a_sweep_has_run() {
    let stack = Stack::new().await;
    for member in ["alice", "bob"] {
        let body = json!({"level": "silver", "reason": "status match", "actor": "jo"});
        stack.put(&format!("/v1/members/{member}/tier-assignments/t"), &body).await.is(201);
    }
    let tier = json!({"points": "tier", "amount": 400, "reason": "test", "expires_at": "2028-01-01T00:00:00Z"});
    stack.put("/v1/members/alice/awards/t", &tier).await.is(201);
    let level = async |member: &str, at: &str| {
        stack.get(&format!("/v1/members/{member}?at={at}")).await.ok()["tier"]["level"].clone()
    };
    // The start of the day in Melbourne.
    for (at, alice, bob) in [
        ("2027-11-20T12:59:59.999Z", "silver", "silver"),
        ("2027-11-20T13:00:00Z", "silver", "member"),
    ] {
        assert_eq!((level("alice", at).await, level("bob", at).await), (json!(alice), json!(bob)));
    }
    tell(&stack, "2027-11-20T15:00:00Z").await;
    let swept = sweep(&stack, "expire").await;
    assert_eq!((&swept["posted"], &swept["failed"]), (&json!(2), &json!(0)));
    // A stricter program afterwards changes nothing of it.
    let mut program = stack.get("/v1/program").await.ok();
    program.as_object_mut().unwrap().remove("version");
    program["tiers"]["levels"][1]["maintain"] = json!(500);
    stack
        .send_with(
            reqwest::Method::PUT,
            "/v1/program",
            Some(program.to_string()),
            &[("if-match", "\"1\"")],
        )
        .await
        .is(201);
    let summary = async |member: &str| {
        stack.get(&format!("/v1/members/{member}/entries?limit=1")).await.ok()["entries"][0]["summary"].clone()
    };
    assert_eq!(summary("alice").await, json!("Brought up to date; level silver kept"));
    assert_eq!(
        summary("bob").await,
        json!("Brought up to date; level silver not kept: the lowest level")
    );
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(
        (&wallet["tier"]["level"], &wallet["tier"]["anniversary"]),
        (&json!("silver"), &json!("2028-11-21"))
    );
}

/// Scenario 8: more is due than one run can do. It ends before its deadline, and the next goes on.
#[tokio::test]
async fn scenario_8_run_that_ends_early_is_gone_on_with_by_the_next() {
    let stack = Stack::new().await;
    for number in 0..200 {
        award(&stack, &format!("m{number}"), "a", 10, "2026-11-22T00:00:00Z").await;
    }
    let client = stack.local.embedded().unwrap().client().clone();
    let clock = "2026-11-22T02:00:00Z".parse().unwrap();
    let ledger = scrip_store::Ledger::new(client, TABLE, Arc::new(move || clock));
    let app = scrip_edge::App::new(ledger);
    let run = async |stop_at| {
        let options = scrip_edge::SweepOptions { stop_at, ..Default::default() };
        scrip_edge::sweep::<scrip_expire::Expire>(&app, options).await.unwrap().0
    };
    let none = run(Some(std::time::Instant::now())).await;
    assert_eq!((none.visited, none.is_cut_short, none.finished_through), (0, true, None));
    let soon = std::time::Instant::now() + std::time::Duration::from_millis(100);
    let some = run(Some(soon)).await;
    assert!(0 < some.posted && some.posted < 200 && some.is_cut_short, "{some:?}");
    let rest = run(None).await;
    assert_eq!((some.posted + rest.posted, rest.is_cut_short), (200, false));
}

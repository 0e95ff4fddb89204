//! The order queue of a local stack.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use scrip_edge::App;
use scrip_ingest::{Ingest, Quarantine, Report};
use serde_json::{Value, json};

use crate::crash::{Kill, World};
use crate::support::{START, Stack, order};

/// `{"type", "version": 1, …}` with the members of a body.
pub(crate) fn message(kind: &str, named: &Value, body: &Value) -> Value {
    let mut message = json!({"type": kind, "version": 1});
    for part in [named, body] {
        let members = part.as_object().unwrap().clone();
        message.as_object_mut().unwrap().extend(members);
    }
    message
}

pub(crate) fn completed(member: &str, id: &str, net: &str) -> Value {
    message("order.completed", &json!({"member": member, "order": id}), &order(net))
}

pub(crate) fn returned(order: &str, id: &str, net: &str) -> Value {
    let body = json!({"returned_at": START, "lines": [{"id": "1", "net": net}]});
    message("order.returned", &json!({"order": order, "return": id}), &body)
}

#[track_caller]
fn codes(reply: &Value) -> Vec<&str> {
    let dead = reply["dead"].as_array().unwrap();
    dead.iter().map(|dead| dead["reason"]["code"].as_str().unwrap()).collect()
}

async fn send(stack: &Stack, messages: &[Value]) -> Value {
    stack.post("/_local/queue", &json!({"messages": messages})).await.ok()
}

#[tokio::test]
async fn messages_of_every_type_are_applied_as_over_http() {
    let stack = Stack::new().await;
    let credit = json!({"credit": "store", "amount": "12.00", "reason": "R-88"});
    let award = json!({"points": "survey", "amount": 50, "reason": "spring survey"});
    let messages = [
        completed("alice", "1000234", "59.95"),
        returned("1000234", "R-88", "9.95"),
        message("credit.issued", &json!({"member": "alice", "id": "c-1"}), &credit),
        message("award.granted", &json!({"member": "alice", "award": "a-1"}), &award),
    ];
    let reply = send(&stack, &messages).await;
    assert_eq!(reply, json!({"applied": 4, "dead": []}));
    let wallet = stack.get("/v1/members/alice").await.ok();
    assert_eq!(stack.points("alice", "reward").await, [0, 50, 0, 0]);
    assert_eq!(stack.points("alice", "survey").await, [50, 0, 0, 0]);
    assert_eq!(wallet["credits_total"], json!([{"currency": "AUD", "amount": "12.00"}]));
    let entry = stack.get("/v1/members/alice/entries/1").await.ok();
    assert_eq!(entry["by"], json!("local"));
    // What was sent by one way is known by the other.
    let again = stack.put("/v1/members/alice/purchases/1000234", &order("59.95")).await;
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!(send(&stack, &messages).await, json!({"applied": 4, "dead": []}));
    assert_eq!(stack.entry_count("alice").await, 4);
}

/// Scenario 6: duplicate and weakly keyed ingestion.
#[tokio::test]
async fn scenario_6_one_message_however_often_and_whenever_it_comes_is_one_entry() {
    let stack = Stack::new().await;
    let twice = [completed("alice", "1", "10.00"), completed("alice", "1", "10.00")];
    assert_eq!(send(&stack, &twice).await["applied"], json!(2));
    let (one, two) = tokio::join!(send(&stack, &twice), send(&stack, &twice));
    assert_eq!((&one["applied"], &two["applied"]), (&json!(2), &json!(2)));
    for period in ["PT11M", "P30D"] {
        stack.advance(period).await;
        assert_eq!(send(&stack, &twice).await, json!({"applied": 2, "dead": []}));
    }
    assert_eq!(stack.entry_count("alice").await, 1);
    send(&stack, &[completed("alice", "2", "10.00")]).await;
    assert_eq!(stack.entry_count("alice").await, 2);
}

#[tokio::test]
async fn one_receipt_feeds_one_member_over_both_paths_at_once() {
    let stack = Stack::new().await;
    for number in 0..20 {
        let id = format!("o{number}");
        let path = format!("/v1/members/bob/purchases/{id}");
        let messages = [completed("alice", &id, "10.00")];
        let body = order("10.00");
        let (queued, put) = tokio::join!(send(&stack, &messages), stack.put(&path, &body));
        let by_queue = queued["applied"] == json!(1);
        let by_http = put.status == 201;
        // Each may have been told that the other is at it.
        assert!(!(by_queue && by_http), "{queued} {put:?}");
        if !by_http {
            assert!(
                ["order_belongs_to_another_member", "contended"]
                    .contains(&put.body["code"].as_str().unwrap())
            );
        }
        if !by_queue {
            let code = codes(&queued)[0];
            assert!(["order_belongs_to_another_member", "contended"].contains(&code));
        }
        stack.advance("PT16M").await;
        let settled = [send(&stack, &messages).await["applied"] == json!(1), {
            let again = stack.put(&path, &body).await.status;
            again == 200 || again == 201
        }];
        assert_eq!(settled.iter().filter(|is| **is).count(), 1, "{settled:?}");
    }
    let (alice, bob) = (stack.entry_count("alice").await, stack.entry_count("bob").await);
    assert_eq!(alice + bob, 20);
}

#[tokio::test]
async fn refused_message_is_dead_with_its_reason_and_blocks_nothing() {
    let stack = Stack::new().await;
    let mut euros = completed("alice", "2", "10.00");
    euros["currency"] = json!("EUR");
    let mut number = completed("alice", "3", "10.00");
    number["lines"][0]["net"] = json!(10);
    let messages = [
        json!("rubbish"),
        euros.clone(),
        number,
        json!({"type": "order.lost", "version": 1}),
        returned("1", "r", "10.01"),
        completed("alice", "1", "10.00"),
    ];
    let mut reply = send(&stack, &messages).await;
    assert_eq!(reply["applied"], json!(1));
    let others = [completed("bob", "1", "10.00"), completed("alice", "1", "10.01")];
    let later = send(&stack, &others).await;
    assert_eq!(later["applied"], json!(0));
    reply["dead"].as_array_mut().unwrap().extend(later["dead"].as_array().unwrap().clone());
    let mut found = codes(&reply);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "invalid_request",
            "invalid_request",
            "invalid_request",
            "operation_conflict",
            "order_belongs_to_another_member",
            "return_exceeds_order",
            "rule_refused",
        ]
    );
    let dead = reply["dead"].as_array().unwrap();
    let of =
        |message: &Value| &dead.iter().find(|dead| dead["message"] == *message).unwrap()["reason"];
    assert_eq!(of(&json!("rubbish"))["detail"], json!("`body` must be one JSON object"));
    assert_eq!(of(&euros)["rule"], json!("currency"));
    assert_eq!(of(&messages[2])["field"], json!("lines[0].net"));
    assert_eq!(of(&messages[3])["field"], json!("type"));
    assert_eq!(stack.get("/_local/dead-letters").await.ok()["dead"], reply["dead"]);
    assert_eq!(stack.entry_count("alice").await, 1);
}

#[tokio::test]
async fn return_waits_for_its_order_and_dies_when_that_never_comes() {
    let stack = Stack::new().await;
    // More than one batch before the order.
    let mut messages: Vec<Value> = vec![returned("1", "r", "10.00"), returned("none", "r", "1.00")];
    messages.extend((0..25).map(|number| completed("bob", &format!("b{number}"), "1.00")));
    messages.push(completed("alice", "1", "10.00"));
    let reply = send(&stack, &messages).await;
    assert_eq!(reply["applied"], json!(27));
    assert_eq!(codes(&reply), ["order_unknown"]);
    assert_eq!(stack.entry_count("alice").await, 2);
    assert_eq!(stack.points("alice", "reward").await, [0, 0, 0, 0]);
}

/// A return without a member in one batch with an order that two members claim.
#[tokio::test]
async fn return_finds_its_order_though_somebody_else_claims_it_in_the_same_batch() {
    let stack = Stack::new().await;
    for number in 0..10 {
        let order = format!("o{number}");
        let messages = [
            completed("alice", &order, "10.00"),
            returned(&order, "r", "10.00"),
            completed("bob", &order, "10.00"),
        ];
        let reply = send(&stack, &messages).await;
        assert_eq!(reply["applied"], json!(2), "{reply}");
        let code = codes(&reply)[0];
        assert!(["order_belongs_to_another_member", "contended"].contains(&code), "{reply}");
    }
    let (alice, bob) = (stack.entry_count("alice").await, stack.entry_count("bob").await);
    assert_eq!(alice + bob, 20);
}

/// A batch applies the messages of a member in the order in which they happened.
#[tokio::test]
async fn messages_of_a_member_are_applied_in_the_order_in_which_they_happened() {
    let stack = Stack::new().await;
    let at = |message: Value, field: &str, at: &str| {
        let mut message = message;
        message[field] = json!(at);
        message
    };
    let award = json!({"points": "survey", "amount": 50, "reason": "r"});
    let messages = [
        message("award.granted", &json!({"member": "alice", "award": "now"}), &award),
        at(returned("1", "r", "10.00"), "returned_at", "2026-11-20T00:00:00Z"),
        at(completed("alice", "2", "10.00"), "transacted_at", "2026-11-19T00:00:00Z"),
        at(completed("alice", "1", "10.00"), "transacted_at", "2026-11-20T00:00:00Z"),
        at(completed("alice", "3", "10.00"), "transacted_at", "2026-11-18T00:00:00Z"),
    ];
    assert_eq!(send(&stack, &messages).await, json!({"applied": 5, "dead": []}));
    let entries = stack.get("/v1/members/alice/entries").await.ok();
    let operations: Vec<&str> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["operation"].as_str().unwrap())
        .collect();
    let expected =
        ["awards/now", "purchases/1/returns/r", "purchases/1", "purchases/2", "purchases/3"];
    assert_eq!(operations, expected);
}

/// A batch of messages, whose ids are their numbers.
fn batch(messages: &[Value]) -> SqsEvent {
    let records = messages.iter().enumerate().map(
        |(number, message)| json!({"messageId": number.to_string(), "body": message.to_string()}),
    );
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
}

async fn handle(app: App, messages: &[Value], stop_at: Option<Stopwatch>) -> Report {
    let ingest = Ingest { app, quarantine: Quarantine::memory() };
    Box::pin(ingest.handle(batch(messages), stop_at)).await
}

#[track_caller]
fn given_back(report: &Report) -> Vec<&str> {
    let mut ids: Vec<&str> = report.given_back.iter().map(|(id, _)| id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// When the store does not answer, the later messages of that member wait, so that they stay in
/// their order.
#[tokio::test]
async fn messages_after_one_that_the_store_did_not_answer_wait_with_it() {
    let world = World::new().await;
    let healthy = world.app(None);
    let messages = [completed("alice", "1", "10.00"), completed("alice", "2", "10.00")];
    let app = world.app(Some(&Kill::after(0)));
    app.program().await.unwrap();
    let report = handle(app, &messages, None).await;
    assert_eq!((report.applied, given_back(&report)), (0, vec!["0", "1"]));
    let why = report.given_back.iter().find(|(id, _)| id == "1").map(|(_, why)| why.to_string());
    assert_eq!(why.as_deref(), Some("an earlier message of the member waits"));
    let report = handle(healthy, &messages, None).await;
    assert_eq!((report.applied, report.given_back.len()), (2, 0));
}

#[tokio::test]
async fn nothing_is_begun_when_the_time_of_a_batch_is_over() {
    let world = World::new().await;
    let messages = [
        completed("alice", "1", "10.00"),
        completed("bob", "2", "10.00"),
        returned("none", "r", "1.00"),
        json!("rubbish"),
    ];
    let app = world.app(None);
    app.program().await.unwrap();
    let report = handle(app, &messages, Some(Stopwatch::now())).await;
    assert_eq!((report.applied, report.quarantined), (0, 0));
    assert_eq!(given_back(&report), ["0", "1", "2", "3"]);
    assert_eq!(report.usage, scrip_store::Usage::default());
    assert!(!world.books().await.contains_key("MEMBER#alice"));
}

/// What is refused waits for the quarantine, and nothing else waits for that.
#[tokio::test]
async fn quarantine_that_does_not_answer_holds_up_nobody() {
    let world = World::new().await;
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(300));
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(&url)
        .timeout_config(timeouts.build());
    let client = aws_sdk_sqs::Client::from_conf(config.build());
    let quarantine = Quarantine::Queue { client, url: url.into() };
    let ingest = Ingest { app: world.app(None), quarantine };
    let mut messages = vec![json!("rubbish"); 50];
    for number in 0..50 {
        let mut euros = completed("alice", &format!("e{number}"), "10.00");
        euros["currency"] = json!("EUR");
        messages.push(euros);
    }
    messages.push(completed("alice", "1", "10.00"));
    let stop_at = Stopwatch::now() + Duration::from_secs(2);
    let report = Box::pin(ingest.handle(batch(&messages), Some(stop_at))).await;
    assert!(Stopwatch::now() < stop_at + Duration::from_secs(2));
    assert_eq!((report.applied, report.quarantined, report.given_back.len()), (1, 0, 100));
}

/// Before there is a program nothing can be decided, and no message is at fault.
#[tokio::test]
async fn everything_waits_for_the_first_program() {
    let embedded = scrip_local::Embedded::memory().await.unwrap();
    let start = START.parse().unwrap();
    let app = App::new(embedded.ledger(Arc::new(move || start)));
    let messages = [json!("rubbish"), completed("alice", "1", "10.00")];
    let report = handle(app, &messages, None).await;
    assert_eq!((report.quarantined, given_back(&report)), (0, vec!["0", "1"]));
}

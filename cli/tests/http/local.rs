//! What only a local stack has.

use scrip_cli::local::{Local, LocalError, Options, Storage};
use serde_json::json;

use crate::support::{START, Stack, order};

#[tokio::test]
async fn clock_moves_when_told_and_never_backwards() {
    let stack = Stack::new().await;
    let health = stack.get("/_local/health").await.ok();
    assert_eq!(health, json!({"status": "ready", "now": START}));
    let told = stack.post("/_local/clock", &json!({"advance": "P1M"})).await.ok();
    assert_eq!(told, json!({"now": "2026-12-21T03:04:05Z"}));
    let told = stack.post("/_local/clock", &json!({"now": "2027-01-01T00:00:00Z"})).await.ok();
    assert_eq!(told, json!({"now": "2027-01-01T00:00:00Z"}));
    for (body, field) in [
        (json!({"now": "2026-12-31T23:59:59Z"}), "now"),
        (json!({"advance": "-P1D"}), "advance"),
        (json!({"advance": "P1D", "now": "2027-02-01T00:00:00Z"}), "now"),
        (json!({}), "now"),
        (json!({"later": 1}), "later"),
    ] {
        let refused = stack.post("/_local/clock", &body).await;
        refused.refused(400, "invalid_request");
        assert_eq!(refused.body["field"], json!(field));
    }
    assert_eq!(stack.get("/_local/health").await.ok()["now"], json!("2027-01-01T00:00:00Z"));
}

#[tokio::test]
async fn capacity_counts_by_function_and_kind() {
    let stack = Stack::new().await;
    stack.put("/v1/members/alice/purchases/1", &order("10.00")).await.is(201);
    stack.put("/v1/members/alice/purchases/2", &order("10.00")).await.is(201);
    stack.put("/v1/members/alice/purchases/2", &order("10.00")).await.is(200);
    stack.get("/v1/members/alice").await.is(200);
    let used = stack.get("/_local/capacity").await.ok();
    assert_eq!(used["earn"]["purchase"]["operations"], json!(2));
    // The first reads the program and arms a marker; both stamp the order and write line and index.
    assert_eq!(used["earn"]["purchase"]["write_units"], json!(7));
    assert_eq!(
        used["earn"]["replayed"],
        json!({"operations": 1, "read_units": 2, "write_units": 0})
    );
    assert_eq!(used["wallet"]["read"], json!({"operations": 1, "read_units": 1, "write_units": 0}));
}

#[tokio::test]
async fn ledger_in_a_file_is_there_again_with_its_clock() {
    let folder = tempfile::tempdir().unwrap();
    let options = |clock: Option<&str>| Options {
        port: 0,
        storage: Storage::File(folder.path().join("scrip.db")),
        clock: clock.map(|clock| clock.parse().unwrap()),
    };
    let client = reqwest::Client::new();
    let first = Local::start(&options(Some(START))).await.unwrap();
    let body = order("59.95").to_string();
    let path = "/v1/members/alice/purchases/1";
    let reply =
        client.put(format!("{}{path}", first.url())).body(body.clone()).send().await.unwrap();
    assert_eq!(reply.status(), 201);
    let answer = reply.text().await.unwrap();
    let clock = format!("{}/_local/clock", first.url());
    client.post(clock).body(r#"{"advance": "P1D"}"#).send().await.unwrap();
    first.stop().await.unwrap();

    let backwards = Local::start(&options(Some(START))).await;
    assert!(matches!(backwards, Err(LocalError::ClockBackwards { .. })));
    let second = Local::start(&options(None)).await.unwrap();
    let health = client.get(format!("{}/_local/health", second.url())).send().await.unwrap();
    assert!(health.text().await.unwrap().contains("2026-11-22T03:04:05Z"));
    let reply = client.put(format!("{}{path}", second.url())).body(body).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["idempotency-replayed"], "true");
    assert_eq!(reply.text().await.unwrap(), answer);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn port_that_is_taken_is_a_clear_error() {
    let stack = Stack::new().await;
    let port = stack.local.url().rsplit(':').next().unwrap().parse().unwrap();
    let options = Options { port, storage: Storage::Memory, clock: None };
    let refused = Local::start(&options).await.err().unwrap();
    assert!(refused.to_string().starts_with(&format!("port {port} of 127.0.0.1 cannot be used")));
}

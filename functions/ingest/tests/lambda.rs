//! The real binary under Lambda's Runtime API, on loopback.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that panics has failed")]

use scrip_local::{check_binary_needs_a_table, invoke_with_services};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_ingest");
const ORDERS: &[u8] = include_bytes!("../../../events/ingest/01-orders.json");
const RUBBISH: &[u8] = include_bytes!("../../../events/ingest/02-rubbish.json");
const VARIABLES: [(&str, &str); 2] = [
    ("AWS_ENDPOINT_URL_SQS", "$services"),
    ("SCRIP_QUARANTINE_URL", "http://127.0.0.1/123456789012/scrip-quarantine"),
];

fn id(number: u32) -> String {
    format!("059f36b4-87a3-44ab-83d2-66197574{number:04}")
}

#[tokio::test]
async fn binary_applies_a_batch_of_sqs_and_logs_it_once() {
    let asked = invoke_with_services(BINARY, ORDERS, &VARIABLES, json!({})).await;
    assert_eq!(asked.invoked.answer, json!({"batchItemFailures": []}));
    assert_eq!(asked.requests, [json!(null); 0]);
    let log = asked.invoked.measured("applied");
    let counts = ["applied", "replayed", "quarantined", "given_back"].map(|name| &log[name]);
    assert_eq!(counts, [&json!(4), &json!(0), &json!(0), &json!(0)]);
    assert!(!asked.invoked.log.contains("alice"), "{}", asked.invoked.log);
}

#[tokio::test]
async fn binary_gives_back_what_may_come_later_and_quarantines_the_rest_with_its_reason() {
    let sent = json!({"MessageId": "1"});
    let asked = invoke_with_services(BINARY, RUBBISH, &VARIABLES, sent).await;
    assert_eq!(
        asked.invoked.answer,
        json!({"batchItemFailures": [{"itemIdentifier": id(2)}]}),
        "the return of an order that is not known yet"
    );
    let mut quarantined = asked.requests;
    quarantined.sort_by_key(|request| request["MessageAttributes"]["message_id"].to_string());
    assert_eq!(quarantined.len(), 2);
    for (request, number, code) in
        [(&quarantined[0], 1, "invalid_request"), (&quarantined[1], 3, "rule_refused")]
    {
        let attribute =
            |name: &str| request["MessageAttributes"][name]["StringValue"].as_str().unwrap();
        assert_eq!(attribute("code"), code);
        assert_eq!(attribute("message_id"), id(number));
        let problem: Value = serde_json::from_str(attribute("problem")).unwrap();
        assert_eq!(problem["code"], json!(code));
        let url = json!("http://127.0.0.1/123456789012/scrip-quarantine");
        assert_eq!(request["QueueUrl"], url);
    }
    assert_eq!(quarantined[0]["MessageBody"], json!("rubbish"));
}

/// What the quarantine does not take stays in its queue.
#[tokio::test]
async fn binary_drops_nothing_that_the_quarantine_does_not_take() {
    let gone = VARIABLES.map(|(name, value)| match name {
        "AWS_ENDPOINT_URL_SQS" => (name, "http://127.0.0.1:1"),
        _ => (name, value),
    });
    let asked = invoke_with_services(BINARY, RUBBISH, &gone, json!({})).await;
    let failures = asked.invoked.answer["batchItemFailures"].as_array().unwrap().clone();
    let mut ids: Vec<&str> =
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [id(1), id(2), id(3)]);
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    check_binary_needs_a_table(BINARY).await;
}

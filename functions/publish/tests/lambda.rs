//! The real binary under Lambda's Runtime API, on loopback.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that panics has failed")]

use scrip_local::{check_binary_needs_a_table, invoke_with_services};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_publish");
const LINES: &[u8] = include_bytes!("../../../events/publish/01-lines.json");
const VARIABLES: [(&str, &str); 2] =
    [("AWS_ENDPOINT_URL_EVENTBRIDGE", "$services"), ("SCRIP_BUS", "scrip")];

/// What EventBridge answers for so many events, of which one may fail.
fn results(count: usize, failed: Option<usize>) -> Value {
    let result = |place| {
        if failed == Some(place) {
            json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "slower"})
        } else {
            json!({"EventId": format!("e{place}")})
        }
    };
    let entries: Vec<Value> = (0..count).map(result).collect();
    json!({"FailedEntryCount": u32::from(failed.is_some()), "Entries": entries})
}

fn put(requests: &[Value]) -> Vec<(String, String)> {
    let entries = requests.iter().flat_map(|request| request["Entries"].as_array().unwrap());
    let named = entries.map(|entry| {
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!((&entry["Source"], &entry["EventBusName"]), (&json!("scrip"), &json!("scrip")));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&entry["DetailType"]), text(&detail["id"]))
    });
    named.collect()
}

#[tokio::test]
async fn binary_puts_the_lines_of_a_stream_on_the_bus() {
    let asked = invoke_with_services(BINARY, LINES, &VARIABLES, results(5, None)).await;
    assert_eq!(asked.invoked.answer, json!({"batchItemFailures": []}));
    let named = [
        ("points.issued", "alice/1/0"),
        ("points.issued", "alice/1/1"),
        ("tier.changed", "alice/1/2"),
        ("points.reversed", "alice/3/0"),
        ("points.reversed", "alice/3/1"),
    ];
    let named = named.map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    assert_eq!(put(&asked.requests), named);
}

#[tokio::test]
async fn binary_names_the_record_of_the_first_event_that_the_bus_did_not_take() {
    for (failed, sequence_number) in [(0, "1"), (2, "1"), (3, "3"), (4, "3")] {
        let results = results(5, Some(failed));
        let asked = invoke_with_services(BINARY, LINES, &VARIABLES, results).await;
        assert_eq!(
            asked.invoked.answer,
            json!({"batchItemFailures": [{"itemIdentifier": sequence_number}]})
        );
    }
}

#[tokio::test]
async fn binary_without_a_bus_says_so() {
    check_binary_needs_a_table(BINARY).await;
}

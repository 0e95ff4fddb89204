//! What a function calls: a way to the store that counts, and a stand-in for every other service.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The header that names what is called.
const TARGET: &str = "x-amz-target";
/// The bytes of the probe's put, and of an answer that holds its item, beside the item's body.
const BESIDE_THE_BODY: usize = 230;
/// Writes of one turn.
const WRITES_MAX: u64 = 10;
/// The ring of keys in the stand-in for Secrets Manager.
const RING: &str = r#"{"current": "1", "1": "0123456789abcdef0123456789abcdef"}"#;

/// What was called, in its order. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Call>>>);

/// One call.
pub(crate) struct Call {
    target: String,
    sent_bytes: usize,
    answered_bytes: usize,
}

/// What the probe is to do, to make as many calls as a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    /// Reads under way at once.
    pub(crate) at_once: usize,
    /// Of an item that is written, or else of one that is found.
    pub(crate) bytes: usize,
}

impl Recorder {
    /// What was called since the last time.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn record(&self, headers: &HeaderMap, sent: &Bytes, answered_bytes: usize) {
        let call =
            Call { target: target(headers).to_owned(), sent_bytes: sent.len(), answered_bytes };
        self.0.lock().unwrap().push(call);
    }
}

impl Plan {
    /// As many calls as these.
    pub(crate) fn of(calls: &[Call], at_once: usize) -> Self {
        let (mut reads, mut writes, mut written, mut found) = (0, 0, 0, 0);
        for call in calls {
            let (_, operation) = call.target.split_once('.').unwrap();
            match operation {
                "Query" | "GetItem" | "GetSecretValue" => {
                    reads += 1;
                    found = found.max(call.answered_bytes);
                }
                "PutItem" | "PutEvents" => {
                    writes += 1;
                    written += call.sent_bytes;
                }
                other => panic!("the probe has nothing like {other}"),
            }
        }
        let bytes = written.checked_div(writes).unwrap_or(found);
        Self { reads, writes, at_once, bytes: bytes.saturating_sub(BESIDE_THE_BODY) }
    }

    /// The probe's event: a turn in this partition.
    pub(crate) fn event(&self, partition: &str, turn: u64) -> Value {
        let Self { reads, writes, at_once, bytes } = self;
        let number = turn * WRITES_MAX;
        json!({
            "partition": partition, "number": number, "reads": reads, "writes": writes,
            "at_once": at_once, "bytes": bytes,
        })
    }
}

/// A way to the store at this URL that records what goes through. Returns its own URL.
pub(crate) async fn way_to(store: String, recorder: Recorder) -> String {
    let client = reqwest::Client::new();
    let pass = move |mut headers: HeaderMap, body: Bytes| async move {
        headers.remove(HOST);
        headers.remove(CONTENT_LENGTH);
        let request = client.post(store).headers(headers.clone()).body(body.clone());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let told = answer.bytes().await.unwrap();
        recorder.record(&headers, &body, told.len());
        (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], told)
    };
    served(Router::new().fallback(pass)).await
}

/// A stand-in for every service but the store. Returns its URL.
pub(crate) async fn services(recorder: Recorder) -> String {
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        let told = reply(target(&headers), &body).to_string();
        recorder.record(&headers, &body, told.len());
        ([(CONTENT_TYPE, "application/x-amz-json-1.1")], told)
    };
    served(Router::new().fallback(answer)).await
}

fn reply(target: &str, body: &Bytes) -> Value {
    match target {
        "AWSEvents.PutEvents" => {
            let request: Value = serde_json::from_slice(body).unwrap();
            let count = request["Entries"].as_array().unwrap().len();
            json!({"FailedEntryCount": 0, "Entries": vec![json!({"EventId": "1"}); count]})
        }
        "secretsmanager.GetSecretValue" => json!({"SecretString": RING}),
        // The probe's put.
        _ => json!({}),
    }
}

fn target(headers: &HeaderMap) -> &str {
    headers.get(TARGET).unwrap().to_str().unwrap()
}

async fn served(router: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &str, sent_bytes: usize, answered_bytes: usize) -> Call {
        Call { target: format!("DynamoDB_20120810.{target}"), sent_bytes, answered_bytes }
    }

    #[test]
    fn plan_has_as_many_calls_and_bytes_as_were_made() {
        let (query, put) = (call("Query", 300, 900), call("PutItem", 1_030, 60));
        let plan = |reads, writes, bytes| Plan { reads, writes, at_once: 1, bytes };
        assert_eq!(Plan::of(&[query, call("GetItem", 90, 400), put], 1), plan(2, 1, 800));
        assert_eq!(Plan::of(&[call("Query", 300, 900)], 1), plan(1, 0, 670));
        assert_eq!(Plan::of(&[], 1), plan(0, 0, 0));
    }

    #[test]
    #[should_panic(expected = "DeleteItem")]
    fn plan_is_not_made_of_calls_that_the_probe_has_not() {
        let _ = Plan::of(&[call("DeleteItem", 90, 10)], 1);
    }
}

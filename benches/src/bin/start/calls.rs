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
    sent: Value,
    told: Value,
}

/// What the probe is to do, to make as many calls as a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    /// Reads under way at once.
    pub(crate) at_once: usize,
}

impl Recorder {
    /// What was called since the last time.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn record(&self, headers: &HeaderMap, sent: &Bytes, told: &[u8]) {
        let [sent, told] = [sent, told].map(|body| serde_json::from_slice(body).unwrap());
        self.0.lock().unwrap().push(Call { target: target(headers).to_owned(), sent, told });
    }
}

impl Call {
    fn operation(&self) -> &str {
        self.target.split_once('.').unwrap().1
    }

    fn is_write(&self) -> bool {
        match self.operation() {
            "Query" | "GetItem" | "GetSecretValue" => false,
            "PutItem" | "PutEvents" => true,
            other => panic!("the probe has nothing like {other}"),
        }
    }
}

impl Plan {
    /// As many calls as these.
    pub(crate) fn of(calls: &[Call], at_once: usize) -> Self {
        let writes = calls.iter().filter(|call| call.is_write()).count();
        Self { reads: calls.len() - writes, writes, at_once }
    }

    /// The probe's event: a turn in this partition.
    pub(crate) fn event(&self, partition: &str, turn: u64) -> Value {
        let Self { reads, writes, at_once } = self;
        let number = turn * WRITES_MAX;
        json!({
            "partition": partition, "number": number, "reads": reads, "writes": writes,
            "at_once": at_once,
        })
    }
}

/// The items that calls put, or else those that they found, as DynamoDB writes items.
pub(crate) fn items(calls: &[Call]) -> Vec<Value> {
    let put = calls.iter().filter(|call| call.is_write()).map(|call| match call.operation() {
        "PutItem" => call.sent["Item"].clone(),
        _ => json!({"body": {"S": call.sent.to_string()}}),
    });
    let put: Vec<Value> = put.collect();
    if put.is_empty() {
        let found = calls.iter().filter_map(|call| call.told["Items"].as_array()).flatten();
        return found.cloned().collect();
    }
    put
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
        recorder.record(&headers, &body, &told);
        (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], told)
    };
    served(Router::new().fallback(pass)).await
}

/// A stand-in for every service but the store. Returns its URL.
pub(crate) async fn services(recorder: Recorder) -> String {
    let answer = move |headers: HeaderMap, body: Bytes| async move {
        let told = reply(target(&headers), &body).to_string();
        recorder.record(&headers, &body, told.as_bytes());
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

    fn call(target: &str, sent: Value, told: Value) -> Call {
        Call { target: format!("DynamoDB_20120810.{target}"), sent, told }
    }

    #[test]
    fn probe_makes_as_many_calls_with_the_items_that_were_put_or_else_found() {
        let item = |text: &str| json!({"body": {"S": text}});
        let query = || call("Query", json!({}), json!({"Items": [item("found")]}));
        let put = call("PutItem", json!({"Item": item("put")}), json!({}));
        let calls = [query(), call("GetSecretValue", json!({}), json!({})), put];
        assert_eq!(Plan::of(&calls, 1), Plan { reads: 2, writes: 1, at_once: 1 });
        assert_eq!(items(&calls), [item("put")]);
        assert_eq!(items(&[query()]), [item("found")]);
        assert_eq!(Plan::of(&[], 1), Plan { reads: 0, writes: 0, at_once: 1 });
    }

    #[test]
    #[should_panic(expected = "DeleteItem")]
    fn plan_is_not_made_of_calls_that_the_probe_has_not() {
        let _ = Plan::of(&[call("DeleteItem", json!({}), json!({}))], 1);
    }
}

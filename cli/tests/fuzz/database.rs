//! The database in memory: counts the lines that functions put, and is changed behind them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use scrip_local::{Direct, TABLE};
use serde_json::{Value, json};

/// The database, as an HTTP client of the SDK. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    direct: Direct,
    lines: Arc<AtomicU64>,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self { direct: Direct::memory().unwrap(), lines: Arc::default() }
    }

    /// How many lines functions have put, in any log; a version of the program counts as one.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Every item of the table.
    pub(crate) fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut asked = json!({"TableName": TABLE});
        loop {
            let mut page = self.call("Scan", &asked).unwrap();
            items.append(page["Items"].as_array_mut().unwrap());
            match page.get("LastEvaluatedKey") {
                Some(last) => asked["ExclusiveStartKey"] = last.clone(),
                None => return items,
            }
        }
    }

    /// Puts an item, and returns it as it is stored; `None` when DynamoDB refuses it.
    pub(crate) fn put(&self, item: &Value) -> Option<Value> {
        self.call("PutItem", &json!({"TableName": TABLE, "Item": item}))?;
        let found = self.call("GetItem", &json!({"TableName": TABLE, "Key": keys(item)}));
        Some(found.unwrap()["Item"].clone())
    }

    /// Makes these the items of the table, and no others.
    pub(crate) fn restore(&self, items: &[Value]) {
        let found = self.items();
        for item in found.iter().filter(|item| !items.contains(item)) {
            self.call("DeleteItem", &json!({"TableName": TABLE, "Key": keys(item)})).unwrap();
        }
        for item in items.iter().filter(|item| !found.contains(item)) {
            self.call("PutItem", &json!({"TableName": TABLE, "Item": item})).unwrap();
        }
    }

    fn call(&self, operation: &str, body: &Value) -> Option<Value> {
        let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
        request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
        let answer = self.direct.answer(&request).unwrap();
        let bytes = answer.body().bytes().unwrap().to_vec();
        answer.status().is_success().then(|| serde_json::from_slice(&bytes).unwrap())
    }
}

impl HttpConnector for Database {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.direct.answer(&request);
        if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            let lines = lines_put(request.body().bytes().unwrap());
            self.lines.fetch_add(lines, Ordering::Relaxed);
        }
        HttpConnectorFuture::ready(answer)
    }
}

impl HttpClient for Database {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// How many lines are among what a call puts, alone or in a transaction.
fn lines_put(body: &[u8]) -> u64 {
    let body: Value = serde_json::from_slice(body).unwrap();
    let together = body["TransactItems"].as_array().into_iter().flatten();
    let items = together.map(|each| &each["Put"]["Item"]).chain([&body["Item"]]);
    let is_line = |item: &&Value| {
        let sort = item["sk"]["S"].as_str().unwrap_or_default();
        sort.starts_with("E#") || sort.starts_with("P#")
    };
    items.filter(is_line).count() as u64
}

fn keys(item: &Value) -> Value {
    json!({"pk": item["pk"], "sk": item["sk"]})
}

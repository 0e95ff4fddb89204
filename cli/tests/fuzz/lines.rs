//! Items of the table that somebody has changed: read as damaged, and never gone on with.

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_smithy_types::body::SdkBody;
use proptest::prop_assert;
use scrip_cli::verify::{Options, audit};
use scrip_local::TABLE;
use serde_json::{Value, json};

use crate::change::changed_document;
use crate::check;
use crate::system::System;

/// What DynamoDB answers to a call.
fn call(system: &System, operation: &str, body: &Value) -> Option<Value> {
    let mut request = HttpRequest::new(SdkBody::from(body.to_string()));
    request.headers_mut().insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    let answer = system.database.answer(&request).unwrap();
    let bytes = answer.body().bytes().unwrap().to_vec();
    answer.status().is_success().then(|| serde_json::from_slice(&bytes).unwrap())
}

/// Every item of the table is changed in turn; whoever reads it answers, and the auditor, too.
#[test]
fn changed_items_are_reported_and_nothing_panics() {
    let system = System::new();
    let items = call(&system, "Scan", &json!({"TableName": TABLE})).unwrap()["Items"].clone();
    let items = items.as_array().unwrap();
    check(150, |which, changes| {
        let item = &items[which % items.len()];
        let mut broken = changed_document(item, &changes);
        if !broken.is_object() {
            return Ok(());
        }
        broken["pk"] = item["pk"].clone();
        broken["sk"] = item["sk"].clone();
        // What is no item DynamoDB refuses.
        if call(&system, "PutItem", &json!({"TableName": TABLE, "Item": broken})).is_none() {
            return Ok(());
        }
        for (function, sample) in &system.samples {
            let reply = system.send(function, sample);
            let is_told =
                (200..500).contains(&reply.status) || reply.body["code"] == json!("unavailable");
            prop_assert!(is_told, "{broken}: {sample}: {} {}", reply.status, reply.body);
        }
        let options = Options { segments: 1, ..Options::default() };
        let report = Box::pin(audit(&system.app.ledger, &options, None));
        prop_assert!(system.runtime.block_on(report).is_ok(), "{broken}");
        call(&system, "PutItem", &json!({"TableName": TABLE, "Item": item})).unwrap();
        Ok(())
    });
}

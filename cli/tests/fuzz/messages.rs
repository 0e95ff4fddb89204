//! Messages of the order queue, and records of the table's stream.

use proptest::prop_assert;
use scrip_edge::Telemetry;
use scrip_ingest::{Ingest, Quarantine};
use scrip_publish::{Bus, Publish};
use serde_json::{Value, json};

use crate::change::{changed, changed_document};
use crate::check;
use crate::system::{System, samples};

/// A message is applied, set aside with its reason, or goes back to its queue: never dropped.
#[test]
fn changed_messages_are_applied_set_aside_or_given_back() {
    let system = System::new();
    let batches = samples("ingest");
    let records: Vec<&Value> =
        batches.iter().flat_map(|batch| batch["Records"].as_array().unwrap()).collect();
    let mut number = 0_u64;
    check(1_000, |which, changes| {
        let record = records[which % records.len()];
        let body = record["body"].as_str().unwrap();
        let Ok(mut message) = serde_json::from_str::<Value>(body) else { return Ok(()) };
        number += 1;
        for name in ["order", "return", "id", "award"] {
            if message[name].is_string() && message["type"] != json!("order.returned") {
                message[name] = json!(format!("fresh-{number}"));
            }
        }
        let mut record = record.clone();
        record["body"] = json!(changed(&message, &changes));
        let event = serde_json::from_value(json!({"Records": [record]})).unwrap();
        let ingest = Ingest { app: system.app.clone(), quarantine: Quarantine::memory() };
        let report = system.runtime.block_on(Box::pin(ingest.handle(event, None)));
        let given_back = report.given_back.len();
        let told = report.applied + report.replayed + report.quarantined + given_back;
        prop_assert!(told == 1, "{record}: {report:?}");
        prop_assert!(ingest.quarantine.messages().len() == report.quarantined, "{record}");
        for (_, problem) in &report.given_back {
            prop_assert!(problem.code.as_str() == "order_unknown", "{record}: {problem:?}");
        }
        Ok(())
    });
}

/// A line is published or reported as failed: never passed over.
#[test]
fn changed_records_of_the_stream_are_published_or_reported() {
    let system = System::new();
    let batch = samples("publish").remove(0);
    let is_line = |record: &&Value| {
        let key = record["dynamodb"]["Keys"]["sk"]["S"].as_str();
        key.is_some_and(|key| key.starts_with("E#"))
    };
    let lines: Vec<&Value> = batch["Records"].as_array().unwrap().iter().filter(is_line).collect();
    check(1_000, |which, changes| {
        let mut record = lines[which % lines.len()].clone();
        let image = &record["dynamodb"]["NewImage"];
        let mut changed = changed_document(image, &changes);
        if !changed.is_object() {
            return Ok(());
        }
        // The key of an item is in its image, whoever wrote it.
        for key in ["pk", "sk"] {
            changed[key] = image[key].clone();
        }
        record["dynamodb"]["NewImage"] = changed;
        // What is no item at all Lambda never hands on.
        let Ok(event) = serde_json::from_value(json!({"Records": [record]})) else { return Ok(()) };
        let bus = Bus::memory();
        let publish = Publish { bus: bus.clone(), telemetry: Telemetry::Log };
        let failed = system.runtime.block_on(publish.handle(event));
        prop_assert!(failed.is_some() == bus.events().is_empty(), "{record}: {failed:?}");
        Ok(())
    });
}

//! Messages of the order queue, and records of the table's stream.

use proptest::prop_assert;
use proptest::test_runner::TestCaseError;
use scrip_edge::Telemetry;
use scrip_ingest::{Ingest, Quarantine, Report};
use scrip_publish::{Bus, Publish};
use serde_json::{Value, json};

use crate::change::{changed, changed_document};
use crate::check;
use crate::system::{System, samples};

/// A message is applied, set aside with its reason, or goes back to its queue: never dropped.
#[test]
fn changed_messages_are_applied_set_aside_or_given_back() {
    let system = System::new();
    let records = messages();
    check(1_000, |which, changes| {
        let record = &records[which % records.len()];
        let record = renamed(&system, record, |message| changed(message, &changes));
        for (_, problem) in ingest(&system, &[record])?.given_back {
            prop_assert!(problem.code.as_str() == "order_unknown", "{problem:?}");
        }
        Ok(())
    });
}

/// The samples' records of the queue that bring a document.
pub(crate) fn messages() -> Vec<Value> {
    let batches = samples("ingest").into_iter();
    let records = batches.flat_map(|batch| batch["Records"].as_array().unwrap().clone());
    records.filter(|record| record["body"].as_str().unwrap().starts_with('{')).collect()
}

/// The record with its message under an operation's id that was never used, and changed.
pub(crate) fn renamed(system: &System, record: &Value, change: impl Fn(&Value) -> String) -> Value {
    let mut record = record.clone();
    let mut message: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
    // A return keeps its order.
    let mut names = ["return", "order", "id", "award"].into_iter();
    let name = names.find(|name| message[*name].is_string()).unwrap();
    message[name] = json!(system.fresh_id());
    record["body"] = json!(change(&message));
    record
}

/// Lets the function take a batch. Each of its messages is told of, and has its line only when it
/// is told to be applied.
pub(crate) fn ingest(system: &System, records: &[Value]) -> Result<Report, TestCaseError> {
    let event = serde_json::from_value(json!({"Records": records})).unwrap();
    let ingest = Ingest { app: system.app.clone(), quarantine: Quarantine::memory() };
    let before = system.database.lines();
    let report = system.runtime.block_on(Box::pin(ingest.handle(event, None)));
    let Report { applied, replayed, quarantined, given_back, .. } = &report;
    let told = applied + replayed + quarantined + given_back.len();
    prop_assert!(told == records.len(), "{records:?}: {report:?}");
    prop_assert!(ingest.quarantine.messages().len() == *quarantined, "{records:?}");
    let written = system.database.lines() - before;
    prop_assert!(written == *applied as u64, "{written} lines of {records:?}: {report:?}");
    Ok(report)
}

/// A line is published or reported as failed: never passed over.
#[test]
fn changed_records_of_the_stream_are_published_or_reported() {
    let system = System::new();
    let batch = samples("publish").remove(0);
    let images = batch["Records"].as_array().unwrap().iter();
    let images = images.map(|record| &record["dynamodb"]["NewImage"]);
    let lines: Vec<&Value> = images.filter(|image| is_line(image)).collect();
    check(1_000, |which, changes| {
        let image = lines[which % lines.len()];
        let mut changed = changed_document(image, &changes);
        if !changed.is_object() {
            return Ok(());
        }
        // The key of an item is in its image, whoever wrote it.
        for key in ["pk", "sk"] {
            changed[key] = image[key].clone();
        }
        is_published(&system, &changed).map(|_| ())
    });
}

/// Whether an item is a line of an account's log.
pub(crate) fn is_line(item: &Value) -> bool {
    item["sk"]["S"].as_str().is_some_and(|key| key.starts_with("E#"))
}

/// Lets the function publish a line: either its events are on the bus, or it is reported.
pub(crate) fn is_published(system: &System, line: &Value) -> Result<bool, TestCaseError> {
    let mut batch = samples("publish").remove(0);
    let mut record = batch["Records"][0].take();
    record["dynamodb"]["NewImage"] = line.clone();
    // What is no item at all Lambda never hands on.
    let Ok(event) = serde_json::from_value(json!({"Records": [record]})) else { return Ok(false) };
    let bus = Bus::memory();
    let publish = Publish { bus: bus.clone(), telemetry: Telemetry::Log };
    let failed = system.runtime.block_on(publish.handle(event));
    prop_assert!(failed.is_some() == bus.events().is_empty(), "{line}: {failed:?}");
    Ok(failed.is_none())
}

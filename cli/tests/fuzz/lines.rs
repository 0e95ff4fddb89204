//! Items of the table that somebody has changed: told as damaged, and never gone on with.

use proptest::prop_assert;
use proptest::test_runner::TestCaseError;
use scrip_cli::verify::{Options, audit};
use scrip_domain::time::Instant;
use scrip_edge::{Sweep, SweepOptions, sweep};
use scrip_expire::Expire;
use scrip_revert::Revert;
use serde_json::{Value, json};

use crate::change::changed_document;
use crate::check;
use crate::messages::{ingest, is_line, is_published, messages, renamed};
use crate::system::System;

/// An item of the table is changed, every other time the newest line of a log. The auditor tells it,
/// whoever else meets it answers or says why not, and nothing follows a line that cannot be read.
#[test]
fn changed_items_are_reported_and_nothing_follows_an_unreadable_line() {
    let system = System::new();
    let items = system.database.items();
    let all: Vec<&Value> = items.iter().collect();
    let is_newest = |item: &&Value| is_line(item) && !items.iter().any(|it| follows(it, item));
    let newest: Vec<&Value> = items.iter().filter(is_newest).collect();
    let mut unreadable = 0_u32;
    check(80, |which, changes| {
        let choice = if which % 2 == 0 { &newest } else { &all };
        let item = choice[which / 2 % choice.len()];
        let mut broken = changed_document(item, &changes);
        if !broken.is_object() {
            return Ok(());
        }
        broken["pk"] = item["pk"].clone();
        broken["sk"] = item["sk"].clone();
        system.database.restore(&items);
        system.app.forget_program();
        // What is no item DynamoDB refuses.
        let Some(broken) = system.database.put(&broken) else { return Ok(()) };
        let options = Options { segments: 1, ..Options::default() };
        let report = Box::pin(audit(&system.app.ledger, &options, None));
        let report = system.runtime.block_on(report).unwrap();
        let is_told = !report.is_clean();
        prop_assert!(is_told == (meaning(&broken) != meaning(item)), "{broken}: {report:?}");
        let is_unreadable = is_line(item) && !is_published(&system, &broken)?;
        let unsettled = meet(&system, &broken)?;
        let after = system.database.items();
        if is_unreadable && newest.contains(&item) {
            unreadable += 1;
            let next = after.iter().find(|other| follows(other, item));
            prop_assert!(next.is_none(), "{broken} is followed by {next:?}");
            // A sweep leaves the account due, or sets it aside, and says so.
            let is_due = |items: &[Value]| items.iter().any(|other| leads_to(other, item));
            prop_assert!(is_due(&items) == is_due(&after), "{broken} is forgotten");
            prop_assert!(!is_due(&items) || 0 < unsettled, "{broken} is not told");
        }
        Ok(())
    });
    assert!(0 < unreadable, "some are the newest of their logs");
}

/// What an auditor reads of an item, and others rely on. A marker says whose an operation is, and
/// when that was stamped is of no matter once its line is there; an item of a purchaser leads to a
/// card. Due markers say all in their keys, PIN attempts are not of the ledger, and programs are
/// not audited.
fn meaning(item: &Value) -> Value {
    match item["sk"]["S"].as_str().unwrap() {
        _ if is_line(item) => item.clone(),
        "ORDER" | "DIRECT" => {
            let since = item["since"]["S"].as_str().map(str::parse::<Instant>);
            json!([item["account"], since.is_some_and(|since| since.is_ok())])
        }
        sort if sort.starts_with("CARD#") => json!([item["number"], item["key"], item["digits"]]),
        _ => Value::Null,
    }
}

/// Whether an item is a later line of the same log.
fn follows(item: &Value, line: &Value) -> bool {
    let is_later = line["sk"]["S"].as_str() < item["sk"]["S"].as_str();
    is_line(item) && item["pk"] == line["pk"] && is_later
}

/// Whether an item makes a sweep look at the account of a line, or tells that one could not.
fn leads_to(item: &Value, line: &Value) -> bool {
    let [partition, sort, account] =
        [&item["pk"], &item["sk"], &line["pk"]].map(|key| key["S"].as_str().unwrap());
    (partition.starts_with("DUE#") || partition.starts_with("FAILED#")) && sort.ends_with(account)
}

/// Lets everything meet a broken item: requests, those of the samples and new ones, messages, and
/// at last the jobs. Returns how many accounts these could not settle.
fn meet(system: &System, broken: &Value) -> Result<u64, TestCaseError> {
    for (function, sample) in &system.samples {
        let renamed = system.renamed(sample);
        let again = (renamed != *sample).then_some(renamed);
        for event in [Some(sample.clone()), again].into_iter().flatten() {
            let reply = system.send(function, &event);
            let is_told =
                (200..500).contains(&reply.status) || reply.body["code"] == json!("unavailable");
            prop_assert!(is_told, "{broken}: {event}: {} {}", reply.status, reply.body);
        }
    }
    let fresh = |record: &Value| renamed(system, record, Value::to_string);
    let batch: Vec<Value> = messages().iter().map(fresh).collect();
    ingest(system, &batch)?;
    Ok(run::<Expire>(system, broken)? + run::<Revert>(system, broken)?)
}

/// Runs a job, which only without a program cannot begin.
fn run<S: Sweep + 'static>(system: &System, broken: &Value) -> Result<u64, TestCaseError> {
    let swept = Box::pin(sweep::<S>(&system.later, SweepOptions::default()));
    let swept = system.runtime.block_on(swept);
    let is_program = broken["pk"]["S"] == json!("PROGRAM");
    prop_assert!(swept.is_ok() || is_program, "{broken}: {swept:?}");
    Ok(swept.map_or(0, |(report, _)| report.failed + report.left))
}

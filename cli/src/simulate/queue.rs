//! The order queue: messages at least once, in batches, again until they are taken or dead.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use scrip_ingest::{Ingest, Quarantine};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::simulate::ask::Ask;
use crate::simulate::caller::{asked, invoked};
use crate::simulate::dice::Dice;
use crate::simulate::kind::Kind;
use crate::simulate::plan::Step;
use crate::simulate::request::as_number;
use crate::simulate::run::Run;
use crate::simulate::world::Function;

/// Messages of a batch.
const BATCH_MAX: u64 = 6;
/// Deliveries of a message before it is dead, as the template sets it.
const TRIES_MAX: u64 = 5;
/// Until a message that was not taken comes again at the latest, in milliseconds.
const AGAIN_MS_MAX: u64 = 30_000;

/// Delivers a batch until all of it is taken, refused or dead; sometimes twice at once.
pub(crate) async fn deliver(run: &Arc<Run>, step: &Step) {
    let mut dice = Dice::of(&[run.world.seed, as_number(step.index), 6]);
    let kinds = [Kind::Purchase, Kind::Purchase, Kind::Return, Kind::Award, Kind::Credit];
    let count = dice.between(1, BATCH_MAX);
    let mut messages: Vec<Ask> = Vec::new();
    for place in 0..count {
        let (kind, is_of_next) = (dice.pick(&kinds).copied(), dice.percent(20));
        let next = step.member.saturating_add(1).checked_rem(run.members).unwrap_or(0);
        let member = if is_of_next { next } else { step.member };
        let step = Step { member, ..step.clone() };
        messages.extend(kind.and_then(|kind| asked(run, &step, place, kind, false)));
    }
    let is_twice = dice.percent(10);
    {
        let mut journal = run.journal();
        for ask in &messages {
            journal.begin(ask, true);
        }
    }
    if is_twice {
        tokio::join!(tries(run, step, &messages, 0), tries(run, step, &messages, 100));
    } else {
        tries(run, step, &messages, 0).await;
    }
    let mut journal = run.journal();
    for ask in &messages {
        journal.end(ask);
    }
}

async fn tries(run: &Arc<Run>, step: &Step, messages: &[Ask], first: u64) {
    let mut waiting: BTreeSet<usize> = (0..messages.len()).collect();
    for attempt in first..first.saturating_add(TRIES_MAX) {
        let back = batch(run, step, messages, &waiting, attempt).await;
        waiting = back;
        if waiting.is_empty() {
            return;
        }
        let mut dice = Dice::of(&[run.world.seed, as_number(step.index), attempt, 7]);
        sleep(Duration::from_millis(dice.between(100, AGAIN_MS_MAX))).await;
    }
}

/// Delivers a batch once; those that come again.
async fn batch(
    run: &Arc<Run>,
    step: &Step,
    messages: &[Ask],
    waiting: &BTreeSet<usize>,
    attempt: u64,
) -> BTreeSet<usize> {
    let purpose = [run.world.seed, as_number(step.index), attempt];
    let (app, invocation) = run.world.invoke(Function::Ingest, purpose);
    let quarantine = Quarantine::memory();
    let ingest = Ingest { app, quarantine: quarantine.clone() };
    let Ok(event) = event(messages, waiting) else { return BTreeSet::new() };
    let report =
        invoked(run, invocation, async move { Box::pin(ingest.handle(event, None)).await });
    let report = report.await;
    let given_back: BTreeSet<usize> = match &report {
        None => waiting.clone(),
        Some(report) => report.given_back.iter().filter_map(|(id, _)| id.parse().ok()).collect(),
    };
    let refused = quarantine.messages();
    let seconds = run.world.time.elapsed_ms() / 1_000;
    let mut journal = run.journal();
    for place in waiting {
        let Some(ask) = messages.get(*place) else { continue };
        let id = place.to_string();
        let refusal = refused.iter().find(|refused| refused.message_id == id);
        let code = refusal.and_then(|it| it.problem.get("code")?.as_str());
        let outcome = match (code, given_back.contains(place)) {
            (Some(code), _) => code,
            (None, true) => "given back",
            (None, false) => "taken",
        };
        let (index, resource) = (step.index, ask.resource());
        let line = format!("{seconds:>9} s  #{index} queue {resource} ({attempt}) {outcome}");
        journal.history.push(line);
        if let Some(code) = code.filter(|code| !ask.kind.refusals().contains(code)) {
            journal.violate(Some(index), format!("{resource}: quarantined for {code}"));
        }
        let known = ask.operation().and_then(|name| journal.operations.get_mut(&name));
        let Some(known) = known else { continue };
        known.is_unknown |= outcome == "given back";
        known.is_taken |= outcome == "taken";
    }
    given_back
}

fn event(messages: &[Ask], waiting: &BTreeSet<usize>) -> Result<SqsEvent, serde_json::Error> {
    let records = waiting.iter().filter_map(|place| {
        let body = message(messages.get(*place)?)?;
        Some(json!({
            "messageId": place.to_string(),
            "body": body.to_string(),
            "attributes": {"SenderId": "local"},
            "eventSource": "aws:sqs",
        }))
    });
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()}))
}

/// The message that asks for the same as a request over HTTP.
fn message(ask: &Ask) -> Option<Value> {
    let kind = match ask.kind {
        Kind::Purchase => "order.completed",
        Kind::Return => "order.returned",
        Kind::Award => "award.granted",
        Kind::Credit => "credit.issued",
        _ => return None,
    };
    let mut message = ask.body.clone();
    let members = message.as_object_mut()?;
    members.insert("type".to_owned(), kind.into());
    members.insert("version".to_owned(), 1.into());
    for (name, id) in &ask.path {
        if *name == "member" && is_left_to_its_order(ask) {
            continue;
        }
        // A credit is handed on under the one name that a message has for it.
        let name = if (*name, ask.kind) == ("credit", Kind::Credit) { "id" } else { *name };
        members.insert(name.to_owned(), id.as_str().into());
    }
    Some(message)
}

/// Whether a return leaves it to its order to say whose it is: half of them, but of those that others
/// may have made under the ids of the first member.
fn is_left_to_its_order(ask: &Ask) -> bool {
    let own = format!("o{}-", ask.member);
    let is_own = ask.path.iter().any(|(name, id)| *name == "order" && id.starts_with(&own));
    ask.kind == Kind::Return && ask.step.is_multiple_of(2) && 0 < ask.member && is_own
}

//! The order queue of a local stack: messages in memory, delivered to `ingest` as SQS would.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::sqs::SqsEvent;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use scrip_edge::{Object, Problem, parse_body};
use scrip_ingest::{Ingest, Quarantine};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::gateway::problem;
use crate::local::Stack;

/// Messages of a batch, as the template sets it.
const BATCH: usize = 10;
/// Deliveries of a message before it is dead, as the template sets it.
const TRIES_MAX: u32 = 5;
/// Messages taken in one request.
const MESSAGES_MAX: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    messages: Vec<Value>,
}

/// A message that was not applied, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Dead {
    message: Value,
    /// The problem that HTTP would have answered.
    reason: Value,
}

/// Every message that died since the start, the oldest first.
#[derive(Default)]
pub(crate) struct DeadLetters(Mutex<Vec<Dead>>);

struct Waiting {
    /// Its place in the request, which is its id, too.
    place: usize,
    tries: u32,
}

/// `POST /_local/queue`
pub(crate) async fn post(State(stack): State<Arc<Stack>>, body: Bytes) -> Response {
    match deliver_all(&stack, &body).await {
        Ok(answer) => Json(answer).into_response(),
        Err(refusal) => problem(&refusal),
    }
}

/// `GET /_local/dead-letters`
pub(crate) async fn dead_letters(State(stack): State<Arc<Stack>>) -> Response {
    let dead = stack.dead_letters.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Json(json!({"dead": dead})).into_response()
}

/// Delivers in batches until each message is applied or dead. What a batch gives back goes to the
/// end of the queue.
async fn deliver_all(stack: &Stack, body: &[u8]) -> Result<Value, Problem> {
    let Object(Body { messages }) = parse_body(body)?;
    if MESSAGES_MAX < messages.len() {
        return Err(Problem::invalid("messages", format!("must be at most {MESSAGES_MAX}")));
    }
    let mut queue: VecDeque<Waiting> =
        (0..messages.len()).map(|place| Waiting { place, tries: 0 }).collect();
    let (mut applied, mut dead) = (0_usize, Vec::new());
    while !queue.is_empty() {
        let batch: Vec<Waiting> = queue.drain(..BATCH.min(queue.len())).collect();
        let quarantine = Quarantine::memory();
        let ingest = Ingest { app: stack.app.clone(), quarantine: quarantine.clone() };
        let event = event(&batch, &messages)?;
        let report = Box::pin(ingest.handle(event, None)).await;
        stack.capacity.add("ingest", "batch", report.usage);
        applied = applied.saturating_add(report.applied).saturating_add(report.replayed);
        for refused in quarantine.messages() {
            dead.extend(letter(&messages, &refused.message_id, refused.problem));
        }
        for waiting in batch {
            let id = waiting.place.to_string();
            let given_back = report.given_back.iter().find(|(given_back, _)| *given_back == id);
            let Some((_, reason)) = given_back else { continue };
            let tries = waiting.tries.saturating_add(1);
            if tries < TRIES_MAX {
                queue.push_back(Waiting { tries, ..waiting });
            } else {
                dead.extend(letter(&messages, &id, reason.to_json()));
            }
        }
    }
    let mut letters = stack.dead_letters.0.lock().unwrap_or_else(PoisonError::into_inner);
    letters.extend(dead.iter().cloned());
    Ok(json!({"applied": applied, "dead": dead}))
}

fn letter(messages: &[Value], id: &str, reason: Value) -> Option<Dead> {
    let message = messages.get(id.parse::<usize>().ok()?)?.clone();
    Some(Dead { message, reason })
}

/// The event that SQS would send. A message that is a text is the body itself: what is not JSON can
/// be sent, too.
fn event(batch: &[Waiting], messages: &[Value]) -> Result<SqsEvent, Problem> {
    let records = batch.iter().filter_map(|waiting| {
        let body = match messages.get(waiting.place)? {
            Value::String(text) => text.clone(),
            message => message.to_string(),
        };
        Some(json!({
            "messageId": waiting.place.to_string(),
            "body": body,
            "attributes": {"SenderId": "local"},
            "eventSource": "aws:sqs",
        }))
    });
    let event = json!({"Records": records.collect::<Vec<_>>()});
    serde_json::from_value(event).map_err(|error| Problem::invalid("messages", error))
}

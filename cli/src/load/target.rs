//! Where messages are sent.

use std::time::Duration;

use aws_sdk_sqs::Client as SqsClient;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde_json::{Value, json};

use super::{Line, Refused, reason};

/// Messages of one request to SQS.
const BATCH: usize = 10;
/// The bodies of one request to SQS, in bytes: half of what it takes, which leaves room for the rest.
const BATCH_BYTES: usize = 512 * 1024;
/// How often a message is sent that SQS did not take.
const TRIES_MAX: u32 = 5;
/// The pause before it is sent again.
const PAUSE: Duration = Duration::from_millis(500);

/// Where messages are sent.
#[derive(Debug)]
pub enum Target {
    /// The queue of a local stack that answers there.
    Local(String),
    /// A queue of SQS.
    Sqs {
        /// A client of SQS.
        client: SqsClient,
        /// The URL of the queue.
        url: String,
    },
}

/// What became of messages.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) taken: usize,
    pub(super) refused: Vec<Refused>,
    /// Those that may be taken later.
    pub(super) waiting: Vec<Line>,
}

impl Target {
    /// Where it is.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::Local(url) | Self::Sqs { url, .. } => url,
        }
    }

    /// Sends messages. A queue of SQS takes what it is sent; what `ingest` makes of it is told by
    /// its quarantine. A local stack says at once.
    pub(super) async fn send(&self, lines: &[Line]) -> Result<Outcome, String> {
        match self {
            Self::Local(url) => local(url, lines).await,
            Self::Sqs { client, url } => {
                for batch in batches(lines) {
                    send_batch(client, url, batch).await?;
                }
                Ok(Outcome { taken: lines.len(), ..Outcome::default() })
            }
        }
    }
}

async fn local(url: &str, lines: &[Line]) -> Result<Outcome, String> {
    let messages: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(&line.text).unwrap_or_default()).collect();
    let failed = |error: reqwest::Error| format!("the stack at {url} does not answer: {error}");
    let sent = reqwest::Client::new()
        .post(format!("{url}/_local/queue"))
        .json(&json!({"messages": messages}))
        .send()
        .await
        .map_err(failed)?;
    let answer: Value = sent.json().await.map_err(failed)?;
    let Some(dead) = answer.get("dead").and_then(Value::as_array) else {
        return Err(format!("the stack at {url} refused: {}", reason(&answer)));
    };
    let mut outcome = Outcome::default();
    let mut left: Vec<(&Line, &Value)> = lines.iter().zip(&messages).collect();
    for letter in dead {
        let message = letter.get("message").unwrap_or(&Value::Null);
        let why = letter.get("reason").unwrap_or(&Value::Null);
        let Some(place) = left.iter().position(|(_, sent)| *sent == message) else { continue };
        let (line, _) = left.swap_remove(place);
        if why.get("retryable").and_then(Value::as_bool) == Some(true) {
            outcome.waiting.push(line.clone());
        } else {
            outcome.refused.push(Refused { line: line.number, reason: reason(why) });
        }
    }
    outcome.taken = left.len();
    Ok(outcome)
}

/// As many messages at a time as SQS takes.
fn batches(lines: &[Line]) -> Vec<&[Line]> {
    let (mut batches, mut rest) = (Vec::new(), lines);
    while !rest.is_empty() {
        let mut bytes = 0_usize;
        let fits = rest.iter().take(BATCH).take_while(|line| {
            bytes = bytes.saturating_add(line.text.len());
            bytes <= BATCH_BYTES
        });
        let (batch, left) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = left;
    }
    batches
}

async fn send_batch(client: &SqsClient, url: &str, lines: &[Line]) -> Result<(), String> {
    let mut left: Vec<&Line> = lines.iter().collect();
    let mut why = String::new();
    for _ in 0..TRIES_MAX {
        let mut request = client.send_message_batch().queue_url(url);
        for line in &left {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(line.number.to_string())
                .message_body(&line.text)
                .set_message_group_id(member(&line.text))
                .build();
            request = request.entries(entry.map_err(|error| error.to_string())?);
        }
        let sent = request.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        left.retain(|line| {
            sent.failed().iter().any(|failed| failed.id() == line.number.to_string())
        });
        if left.is_empty() {
            return Ok(());
        }
        why = sent.failed().first().map(|failed| failed.code().to_owned()).unwrap_or_default();
        tokio::time::sleep(PAUSE).await;
    }
    let line = left.first().map_or(0, |line| line.number);
    Err(format!("SQS did not take line {line} and those after it: {why}"))
}

/// The group that keeps one member from holding up the others.
fn member(text: &str) -> Option<String> {
    let message: Value = serde_json::from_str(text).ok()?;
    message.get("member")?.as_str().map(str::to_owned)
}

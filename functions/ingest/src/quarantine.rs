//! Where messages go that can never be applied: each with its reason, none of them lost.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, DisplayErrorContext};
use aws_sdk_sqs::types::MessageAttributeValue;
use scrip_edge::Problem;
use serde_json::Value;
use thiserror::Error;

/// A quarantine. Clones are the same one.
#[derive(Clone)]
pub enum Quarantine {
    /// A queue of SQS. The body of a message is that of the refused one, so that it can be sent
    /// again as it is; its attributes `code`, `problem` and `message_id` say why and which.
    Queue {
        /// A client of SQS.
        client: Client,
        /// The URL of the queue.
        url: Arc<str>,
    },
    /// A list in memory, for a local stack and tests.
    Memory(Arc<Mutex<Vec<Quarantined>>>),
}

/// A message in a quarantine in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The id that the queue gave it.
    pub message_id: String,
    /// Its body.
    pub body: String,
    /// Why it was refused: a problem as HTTP answers it.
    pub problem: Value,
}

/// The quarantine did not take a message. It stays in its queue.
#[derive(Debug, Error)]
#[error("SQS did not take a message: {0}")]
pub struct NotTaken(String);

impl From<BuildError> for NotTaken {
    fn from(error: BuildError) -> Self {
        Self(error.to_string())
    }
}

impl Quarantine {
    /// One in memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// What is in it; of a queue of SQS nothing is known.
    pub fn messages(&self) -> Vec<Quarantined> {
        match self {
            Self::Queue { .. } => Vec::new(),
            Self::Memory(list) => list.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Puts a message in.
    ///
    /// # Errors
    /// [`NotTaken`]: whether it is in is then unknown, and putting it again may double it.
    pub(crate) async fn put(
        &self,
        message_id: &str,
        body: &str,
        problem: &Problem,
    ) -> Result<(), NotTaken> {
        match self {
            Self::Queue { client, url } => {
                let send = client
                    .send_message()
                    .queue_url(&**url)
                    .message_body(body)
                    .message_attributes("code", text(problem.code.as_str())?)
                    .message_attributes("message_id", text(message_id)?)
                    .message_attributes("problem", text(&problem.to_json().to_string())?);
                let failed = |error| NotTaken(DisplayErrorContext(error).to_string());
                Box::pin(send.send()).await.map(drop).map_err(failed)
            }
            Self::Memory(list) => {
                let (message_id, body) = (message_id.to_owned(), body.to_owned());
                let quarantined = Quarantined { message_id, body, problem: problem.to_json() };
                list.lock().unwrap_or_else(PoisonError::into_inner).push(quarantined);
                Ok(())
            }
        }
    }
}

/// An attribute. SQS takes not every character, and a problem quotes what a message said.
fn text(value: &str) -> Result<MessageAttributeValue, BuildError> {
    let printable = |each: char| if matches!(each, ' '..='~') { each } else { '?' };
    let value: String = value.chars().map(printable).collect();
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}

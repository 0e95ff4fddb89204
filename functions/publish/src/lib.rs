//! What the log says, told to the rest of the company: the table's stream to EventBridge (API.md,
//! "Events out").
//!
//! Every line that was written becomes its events, at least once. A batch is put in the order of
//! the stream and ends at the first record that fails: that one and those after it come again.
//! Markers, versions of the program and other items of the table are no events.

mod bus;
mod event;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_eventbridge::Client;
use lambda_runtime::{LambdaEvent, service_fn};
use scrip_edge::{StartError, aws, start_logging};
use thiserror::Error;

pub use bus::{Bus, NotTaken};
pub use event::{EVENT_BYTES_MAX, Event, SOURCE, events};

/// The variable with the name of the bus, or its ARN.
const BUS: &str = "SCRIP_BUS";

/// The function `publish`.
#[derive(Clone)]
pub struct Publish {
    /// Where events go.
    pub bus: Bus,
}

/// Why a record could not be published.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] scrip_store::StoreError),
    #[error("the events of a line cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
}

/// Runs the function under Lambda until it is stopped.
///
/// # Errors
/// When it cannot start, or the Runtime API fails.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    start_logging();
    let name = std::env::var(BUS).map_err(|_| StartError::Variable(BUS))?;
    let client = Client::new(&aws().await);
    let publish = Publish { bus: Bus::EventBridge { client, name: name.into() } };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<StreamEvent>| {
        let publish = publish.clone();
        async move {
            let failed = Box::pin(publish.handle(event.payload)).await;
            let mut response = DynamoDbEventResponse::default();
            response.batch_item_failures = failed.into_iter().map(batch_item_failure).collect();
            Ok::<_, lambda_runtime::Error>(response)
        }
    }))
    .await
}

fn batch_item_failure(sequence_number: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    failure
}

impl Publish {
    /// Publishes the lines among these records. Returns the sequence number of the first record
    /// that failed: everything before it is published.
    pub async fn handle(&self, event: StreamEvent) -> Option<String> {
        let (mut all, mut owners, mut failure) = (Vec::new(), Vec::new(), None);
        for (place, record) in event.records.iter().enumerate() {
            match events_of(record) {
                Ok(events) => {
                    owners.extend(std::iter::repeat_n(place, events.len()));
                    all.extend(events);
                }
                Err(error) => {
                    failure = Some((place, error));
                    break;
                }
            }
        }
        if let Err(error) = self.bus.put(&all).await {
            let place = owners.get(error.place).copied().unwrap_or_default();
            failure = Some((place, error.into()));
        }
        let (records, events) = (event.records.len(), all.len());
        let Some((place, error)) = failure else {
            tracing::info!(function = "publish", records, events, "published");
            return None;
        };
        let record = event.records.get(place)?;
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        tracing::error!(function = "publish", records, sequence_number, %error, "not published");
        Some(sequence_number)
    }
}

/// The events of a record: none unless it is a new line.
fn events_of(record: &EventRecord) -> Result<Vec<Event>, Failure> {
    let image = record.change.new_image.clone();
    let line = scrip_store::line_of_item(image.into())?;
    Ok(line.map(|line| events(&line.entry)).transpose()?.unwrap_or_default())
}

//! What the log says, told to the rest of the company: the table's stream to EventBridge (API.md,
//! "Events out").
//!
//! Every line that was written becomes its events, at least once. A batch is put in the order of
//! the stream and ends at the first record that fails: that one and those after it come again.
//! Markers, versions of the program and other items of the table are no events.

mod bus;
mod event;

use std::collections::BTreeMap;
use std::time::Instant as Stopwatch;

use aws_lambda_events::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_eventbridge::Client;
use lambda_runtime::{LambdaEvent, service_fn};
use scrip_domain::entry::Entry;
use scrip_edge::{Measurement, StartError, Telemetry, Unit, aws, start_logging};
use scrip_store::Recorded;
use thiserror::Error;

pub use bus::{Bus, NotTaken};
pub use event::{EVENT_BYTES_MAX, Event, SOURCE, events};

/// The name of the function.
const NAME: &str = "publish";
/// The variable with the name of the bus, or its ARN.
const BUS: &str = "SCRIP_BUS";

/// The function `publish`.
#[derive(Clone)]
pub struct Publish {
    /// Where events go.
    pub bus: Bus,
    /// Where what it did is told.
    pub telemetry: Telemetry,
}

/// How much came (positive) or went (negative), by asset and reason, in units of the asset.
type Moved = BTreeMap<(String, &'static str), i64>;

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
    let bus = Bus::EventBridge { client, name: name.into() };
    let publish = Publish { bus, telemetry: Telemetry::from_environment() };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<StreamEvent>| {
        let publish = publish.clone();
        Box::pin(async move {
            let failed = publish.handle(event.payload).await;
            let mut response = DynamoDbEventResponse::default();
            response.batch_item_failures = failed.into_iter().map(batch_item_failure).collect();
            Ok::<_, lambda_runtime::Error>(response)
        })
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
    pub async fn handle(&self, mut event: StreamEvent) -> Option<String> {
        let started = Stopwatch::now();
        let (mut all, mut owners, mut failure) = (Vec::new(), Vec::new(), None);
        let mut lines = Vec::new();
        for (place, record) in event.records.iter_mut().enumerate() {
            match line_and_events_of(record) {
                Ok(Some((line, events))) => {
                    owners.extend(std::iter::repeat_n(place, events.len()));
                    all.extend(events);
                    lines.push((place, line));
                }
                Ok(None) => {}
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
        let records = event.records.len();
        let failed_from = failure.as_ref().map_or(records, |(place, _)| *place);
        lines.retain(|(place, _)| *place < failed_from);
        let published = owners.iter().filter(|owner| **owner < failed_from).count();
        let batch = Measurement::of(NAME)
            .with("records", records)
            .with("events", published)
            .counted(&["function"], &[("records", Unit::Count), ("events", Unit::Count)])
            .with_latency(started);
        let moved = moved(lines.iter().map(|(_, line)| &line.entry));
        let moved = moved.into_iter().map(|((asset, reason), value)| {
            Measurement::of(NAME)
                .with("asset", asset)
                .with("reason", reason)
                .with("value", value)
                .counted(&["asset", "reason"], &[("value", Unit::None)])
        });
        self.telemetry.tell(std::iter::once(batch).chain(moved));
        let (place, error) = failure?;
        let record = event.records.get(place)?;
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        tracing::error!(function = NAME, records, sequence_number, %error, "not published");
        Some(sequence_number)
    }
}

/// The line that a record brings, which is taken from it, and its events; `None` for any other item.
fn line_and_events_of(record: &mut EventRecord) -> Result<Option<(Recorded, Vec<Event>)>, Failure> {
    let image = std::mem::take(&mut record.change.new_image);
    let Some(line) = scrip_store::line_of_item(image.into())? else { return Ok(None) };
    let events = events(&line.entry)?;
    Ok(Some((line, events)))
}

/// What moved in these lines. An asset is written `points:<definition>`, `benefit:<definition>`, or
/// with its currency, such as `credit:store:AUD`: as few as a program has, whatever the number of
/// members.
fn moved<'a>(lines: impl Iterator<Item = &'a Entry>) -> Moved {
    let mut moved = Moved::new();
    for posting in lines.flat_map(|entry| &entry.line.postings) {
        let (source, definition) = (posting.asset.source(), posting.asset.definition());
        let currency = posting.asset.currency().map(|currency| format!(":{currency}"));
        let asset = format!("{source}:{definition}{}", currency.unwrap_or_default());
        let value = moved.entry((asset, posting.reason.as_str())).or_default();
        *value = value.saturating_add(posting.amount.get());
    }
    moved
}

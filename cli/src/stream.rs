//! The events of a local stack: the table's stream, read when somebody asks, published by the code
//! of `publish` on a bus in memory.

use std::collections::VecDeque;
use std::sync::Arc;

use aws_lambda_events::dynamodb::Event as StreamEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodbstreams::Client as StreamsClient;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use scrip_domain::time::Instant;
use scrip_edge::Problem;
use scrip_local::TABLE;
use scrip_publish::{Bus, Publish, SOURCE};
use scrip_store::StoreError;
use serde::Deserialize;
use serde_dynamo::Item;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::gateway::problem;
use crate::local::Stack;

/// Events that are kept for whoever asks; older ones are forgotten.
const EVENTS_MAX: usize = 100_000;

/// The stream of a table from the start of the stack on, and what was published of it.
pub(crate) struct Stream {
    client: StreamsClient,
    tables: Client,
    state: Mutex<Reading>,
}

#[derive(Default)]
struct Reading {
    /// By shard, in the order in which they were found, where to read on; `None` at the end of one.
    shards: Vec<(String, Option<String>)>,
    /// With their numbers, from 1.
    published: VecDeque<(u64, Value)>,
    count: u64,
}

#[derive(Deserialize)]
pub(crate) struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /_local/events?after=`
pub(crate) async fn get(
    State(stack): State<Arc<Stack>>,
    Query(After { after }): Query<After>,
) -> Response {
    let events = match stack.stream.read_on().await {
        Ok(()) => stack.stream.after(after).await,
        Err(error) => return problem(&Problem::from(error)),
    };
    Json(json!({"events": events})).into_response()
}

fn unavailable(call: &'static str, detail: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable { call, detail: detail.to_string() }
}

impl Stream {
    /// The stream of the table that `tables` and `client` find, from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn start(tables: Client, client: StreamsClient) -> Result<Self, StoreError> {
        let stream = Self { client, tables, state: Mutex::default() };
        let mut state = stream.state.lock().await;
        stream.find_shards(&mut state, ShardIteratorType::Latest).await?;
        drop(state);
        Ok(stream)
    }

    async fn after(&self, after: u64) -> Vec<Value> {
        let state = self.state.lock().await;
        let later = state.published.iter().filter(|(number, _)| after < *number);
        later.map(|(_, event)| event.clone()).collect()
    }

    /// Publishes what has been written since the last time.
    async fn read_on(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        self.find_shards(&mut state, ShardIteratorType::TrimHorizon).await?;
        for place in 0..state.shards.len() {
            loop {
                let iterator = state.shards.get(place).and_then(|(_, iterator)| iterator.clone());
                let Some(iterator) = iterator else { break };
                let read = self.client.get_records().shard_iterator(iterator).send().await;
                let read =
                    read.map_err(|error| unavailable("GetRecords", DisplayErrorContext(error)))?;
                let records = read.records.unwrap_or_default();
                publish(&mut state, &records).await?;
                if let Some((_, iterator)) = state.shards.get_mut(place) {
                    *iterator = read.next_shard_iterator;
                }
                if records.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Adds the shards that were not known, to be read from `kind` on.
    async fn find_shards(
        &self,
        state: &mut Reading,
        kind: ShardIteratorType,
    ) -> Result<(), StoreError> {
        let table = self.tables.describe_table().table_name(TABLE).send().await;
        let table =
            table.map_err(|error| unavailable("DescribeTable", DisplayErrorContext(error)))?;
        // A table that somebody else made may have no stream: then there are no events.
        let Some(arn) = table.table.and_then(|table| table.latest_stream_arn) else {
            return Ok(());
        };
        let described = self.client.describe_stream().stream_arn(&arn).send().await;
        let described =
            described.map_err(|error| unavailable("DescribeStream", DisplayErrorContext(error)))?;
        let shards = described.stream_description.and_then(|stream| stream.shards);
        for shard in shards.unwrap_or_default().into_iter().filter_map(|shard| shard.shard_id) {
            if state.shards.iter().any(|(known, _)| *known == shard) {
                continue;
            }
            let iterator = self
                .client
                .get_shard_iterator()
                .stream_arn(&arn)
                .shard_id(&shard)
                .shard_iterator_type(kind.clone())
                .send()
                .await
                .map_err(|error| unavailable("GetShardIterator", DisplayErrorContext(error)))?;
            state.shards.push((shard, iterator.shard_iterator));
        }
        Ok(())
    }
}

async fn publish(state: &mut Reading, records: &[Record]) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    let bus = Bus::memory();
    let event = event(records)?;
    if let Some(failed) = (Publish { bus: bus.clone() }).handle(event).await {
        return Err(unavailable("PutEvents", format!("record {failed} was not published")));
    }
    for event in bus.events() {
        state.count = state.count.saturating_add(1);
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let delivered = delivered(state.count, &event.detail_type, event.time, &detail);
        state.published.push_back((state.count, delivered));
    }
    while EVENTS_MAX < state.published.len() {
        state.published.pop_front();
    }
    Ok(())
}

/// An event as EventBridge delivers it. Its `id` here is its number, from 1; there it is drawn, and
/// another each time that the same event comes.
fn delivered(number: u64, detail_type: &str, time: Instant, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": number.to_string(),
        "detail-type": detail_type,
        "source": SOURCE,
        "account": "000000000000",
        "time": time,
        "region": "local",
        "resources": [],
        "detail": detail,
    })
}

/// The event that the stream would send to the function.
fn event(records: &[Record]) -> Result<StreamEvent, StoreError> {
    let records = records.iter().map(|record| {
        let change = record.dynamodb.as_ref();
        let image = change.and_then(|change| change.new_image.clone());
        let image = image.map(Item::from);
        json!({
            "awsRegion": "local",
            "eventID": record.event_id.clone().unwrap_or_default(),
            "eventName": record.event_name.as_ref().map_or("", |name| name.as_str()),
            "dynamodb": {
                "NewImage": image,
                "SequenceNumber": change.and_then(|change| change.sequence_number.clone()),
                "SizeBytes": 0,
            },
        })
    });
    let event = json!({"Records": records.collect::<Vec<_>>()});
    serde_json::from_value(event).map_err(|error| unavailable("GetRecords", error))
}

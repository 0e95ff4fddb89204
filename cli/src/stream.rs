//! The events of a local stack: what its functions wrote, published by the code of `publish` on a
//! bus in memory when somebody asks.
//!
//! What was written is seen where it leaves the functions, so it works on any DynamoDB. In AWS the
//! table's stream brings it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::dynamodb::Event as StreamEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use scrip_domain::time::Instant;
use scrip_edge::{Problem, Telemetry};
use scrip_publish::{Bus, Publish, SOURCE};
use scrip_store::StoreError;
use serde::Serialize;
use serde_dynamo::Item;
use serde_json::{Value, json};

use crate::gateway::problem;
use crate::local::Stack;

/// Events that are kept for whoever asks; older ones are forgotten.
const EVENTS_MAX: usize = 100_000;
/// Items that wait for somebody to ask for their events; older ones are forgotten.
const WRITTEN_MAX: usize = 100_000;
/// Records published at once, as many as a stream gives a function.
const BATCH: usize = 100;

type Image = HashMap<String, AttributeValue>;

/// What was written since the start, and what was published of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    written: Arc<Mutex<VecDeque<Image>>>,
    published: Arc<tokio::sync::Mutex<Published>>,
}

#[derive(Debug, Default)]
struct Published {
    /// With their numbers, from 1.
    events: VecDeque<(u64, Value)>,
    count: u64,
}

/// `GET /_local/events?after=`
pub(crate) async fn get(
    State(stack): State<Arc<Stack>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let after = query.get("after").map_or(Ok(0), |after| after.parse());
    let events = match after {
        Ok(after) => stack.stream.after(after).await.map_err(Problem::from),
        Err(_) => Err(Problem::invalid("after", "must be the `id` of an event")),
    };
    match events {
        Ok(events) => Json(json!({"events": events})).into_response(),
        Err(refusal) => problem(&refusal),
    }
}

impl Stream {
    /// A stream, and the client of which it sees what is written.
    pub(crate) fn of(client: &Client) -> (Self, Client) {
        let stream = Self::default();
        let config = client.config().to_builder().interceptor(stream.clone());
        (stream, Client::from_conf(config.build()))
    }

    /// Publishes what has been written since the last time, and returns the events after one.
    async fn after(&self, after: u64) -> Result<Vec<Value>, StoreError> {
        let mut published = self.published.lock().await;
        loop {
            let images: Vec<Image> = {
                let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
                let count = BATCH.min(written.len());
                written.drain(..count).collect()
            };
            if images.is_empty() {
                let later = published.events.iter().filter(|(number, _)| after < *number);
                return Ok(later.map(|(_, event)| event.clone()).collect());
            }
            published.publish(images).await?;
        }
    }
}

impl Published {
    async fn publish(&mut self, images: Vec<Image>) -> Result<(), StoreError> {
        let unavailable = |detail: String| StoreError::Unavailable { call: "PutEvents", detail };
        let bus = Bus::memory();
        let event = event(images.into_iter().map(Item::from))
            .map_err(|error| unavailable(error.to_string()))?;
        if let Some(failed) =
            (Publish { bus: bus.clone(), telemetry: Telemetry::Log }).handle(event).await
        {
            return Err(unavailable(format!("record {failed} was not published")));
        }
        for event in bus.events() {
            self.count = self.count.saturating_add(1);
            let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
            let delivered = delivered(self.count, &event.detail_type, event.time, &detail);
            self.events.push_back((self.count, delivered));
        }
        while EVENTS_MAX < self.events.len() {
            self.events.pop_front();
        }
        Ok(())
    }
}

/// What a call is about to write.
#[derive(Debug)]
struct Writing(Vec<Image>);

impl Storable for Writing {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let put = context.input().downcast_ref::<PutItemInput>();
        let transaction = context.input().downcast_ref::<TransactWriteItemsInput>();
        let puts = transaction.into_iter().flat_map(TransactWriteItemsInput::transact_items);
        let puts = puts.filter_map(|item| item.put()).map(Put::item).cloned();
        let images = put.and_then(PutItemInput::item).cloned().into_iter().chain(puts);
        bag.interceptor_state().store_put(Writing(images.collect()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let (Some(Ok(_)), Some(Writing(images))) =
            (context.output_or_error(), bag.load::<Writing>())
        {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.extend(images.iter().cloned());
            let forgotten = written.len().saturating_sub(WRITTEN_MAX);
            written.drain(..forgotten);
        }
        Ok(())
    }
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

/// The event that the table's stream sends to the function: its images as they are stored.
pub(crate) fn event<T: Serialize>(
    images: impl IntoIterator<Item = T>,
) -> Result<StreamEvent, serde_json::Error> {
    let records = images.into_iter().zip(1_u64..).map(|(image, number)| {
        json!({
            "awsRegion": "local",
            "eventID": number.to_string(),
            "eventName": "INSERT",
            "dynamodb": {
                "NewImage": image,
                "SequenceNumber": number.to_string(),
                "SizeBytes": 0,
            },
        })
    });
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()}))
}

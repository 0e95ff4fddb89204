//! Where events go.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use thiserror::Error;

use crate::event::{EVENT_BYTES_MAX, Event, SOURCE};

/// Events of one request, as EventBridge takes them.
const EVENTS_MAX: usize = 10;

/// A bus. Clones are the same one.
#[derive(Clone)]
pub enum Bus {
    /// A bus of EventBridge.
    EventBridge {
        /// A client of EventBridge.
        client: Client,
        /// The name of the bus, or its ARN.
        name: Arc<str>,
    },
    /// A list in memory, for a local stack and tests.
    Memory(Arc<Mutex<Vec<Event>>>),
}

/// The bus did not take an event. Those before it are on the bus; those after it may be.
#[derive(Debug, Error)]
#[error("the bus did not take an event: {detail}")]
pub struct NotTaken {
    /// The place of the first event that was not taken, from 0.
    pub(crate) place: usize,
    detail: String,
}

impl Bus {
    /// One in memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// What is on it; of a bus of EventBridge nothing is known.
    pub fn events(&self) -> Vec<Event> {
        match self {
            Self::EventBridge { .. } => Vec::new(),
            Self::Memory(list) => list.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Puts events on the bus, in their order, in as few requests as they fit into.
    ///
    /// # Errors
    /// [`NotTaken`] with the first that is not on the bus, as far as is known.
    pub(crate) async fn put(&self, events: &[Event]) -> Result<(), NotTaken> {
        match self {
            Self::EventBridge { client, name } => {
                let mut before = 0_usize;
                for request in requests(events) {
                    send(client, name, request, before).await?;
                    before = before.saturating_add(request.len());
                }
            }
            Self::Memory(list) => {
                let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                list.extend(events.iter().cloned());
            }
        }
        Ok(())
    }
}

/// The events of each request: at most [`EVENTS_MAX`], and [`EVENT_BYTES_MAX`] in all. One that is
/// larger than that goes alone.
fn requests(events: &[Event]) -> Vec<&[Event]> {
    let (mut requests, mut rest) = (Vec::new(), events);
    while !rest.is_empty() {
        let mut bytes = 0_usize;
        let fits = rest.iter().take(EVENTS_MAX).take_while(|event| {
            bytes = bytes.saturating_add(event.bytes());
            bytes <= EVENT_BYTES_MAX
        });
        let (request, left) = rest.split_at(fits.count().max(1));
        requests.push(request);
        rest = left;
    }
    requests
}

async fn send(client: &Client, bus: &str, events: &[Event], before: usize) -> Result<(), NotTaken> {
    let entries = events.iter().map(|event| {
        PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(&event.detail_type)
            .time(DateTime::from_millis(event.time.millis()))
            .detail(&event.detail)
            .build()
    });
    let put = client.put_events().set_entries(Some(entries.collect())).send();
    let put = Box::pin(put).await;
    let failed = |error| NotTaken { place: before, detail: DisplayErrorContext(error).to_string() };
    let put = put.map_err(failed)?;
    let results = put.entries.unwrap_or_default();
    let not_taken = results.iter().position(|result| result.error_code.is_some());
    match not_taken {
        None if results.len() == events.len() => Ok(()),
        place => {
            let place = place.unwrap_or(results.len());
            let result = results.get(place).and_then(|result| result.error_code.clone());
            let detail = result.unwrap_or_else(|| "it was not answered for".to_owned());
            Err(NotTaken { place: before.saturating_add(place), detail })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kilobytes: &[usize], lengths: &[usize]) {
        let event = |kilobytes: &usize| {
            let detail_type = "t".to_owned();
            let without = Event {
                detail_type,
                time: "2026-11-21T03:04:05Z".parse().unwrap(),
                detail: String::new(),
            };
            let detail = "x".repeat(kilobytes * 1024 - without.bytes());
            Event { detail, ..without }
        };
        let events: Vec<Event> = kilobytes.iter().map(event).collect();
        let found: Vec<usize> = requests(&events).iter().map(|request| request.len()).collect();
        assert_eq!(found, lengths, "{kilobytes:?}");
    }

    #[test]
    fn requests_hold_ten_events_and_252_kilobytes() {
        check(&[], &[]);
        check(&[1; 10], &[10]);
        check(&[1; 11], &[10, 1]);
        check(&[126, 126], &[2]);
        check(&[126, 127], &[1, 1]);
        check(&[1, 252, 1, 251], &[1, 1, 2]);
        check(&[300, 1], &[1, 1]);
    }
}

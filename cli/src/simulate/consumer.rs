//! Whoever listens to the events: the table's stream goes through `publish`, some of it twice, and
//! what is heard must tell the whole log.

use std::collections::BTreeMap;
use std::sync::Arc;

use scrip_edge::Telemetry;
use scrip_publish::{Bus, Publish};
use serde_json::Value;

use crate::simulate::dice::Dice;
use crate::simulate::run::Run;
use crate::simulate::shown::{Moved, moved};
use crate::stream::event;

/// Records of a batch.
const BATCH: usize = 50;

/// What was heard.
#[derive(Debug, Default)]
pub(crate) struct Consumer {
    /// Of the items written, how many were given to `publish`.
    place: usize,
    /// The detail of each event, by account, line and number of the event.
    heard: BTreeMap<(String, u64, u64), Value>,
}

impl Consumer {
    /// What is missing of the lines heard of so far: each account's are numbered from 1 without a
    /// gap, and each line has all its events.
    pub(crate) fn gap(&self) -> Option<String> {
        let mut next: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for ((account, entry, n), detail) in &self.heard {
            let expected = next.get(account.as_str()).copied().unwrap_or((1, 0));
            if expected != (*entry, *n) {
                return Some(format!("of {account} event {expected:?} is missing"));
            }
            let of = detail.get("of").and_then(Value::as_u64).unwrap_or(0);
            let following = if n.saturating_add(1) < of {
                (*entry, n.saturating_add(1))
            } else {
                (entry.saturating_add(1), 0)
            };
            next.insert(account, following);
        }
        None
    }

    /// How many lines of an account were heard of.
    pub(crate) fn lines(&self, account: &str) -> u64 {
        let first = (account.to_owned(), 0, 0);
        let last = (account.to_owned(), u64::MAX, u64::MAX);
        self.heard.range(first..=last).next_back().map_or(0, |((_, entry, _), _)| *entry)
    }

    /// What the events of a line tell of its postings, sorted.
    pub(crate) fn postings(&self, account: &str, entry: u64) -> Vec<Moved> {
        let (first, last) = ((account.to_owned(), entry, 0), (account.to_owned(), entry, u64::MAX));
        let events = self.heard.range(first..=last).map(|(_, detail)| detail);
        let mut moved: Vec<Moved> = events.flat_map(moved).collect();
        moved.sort();
        moved
    }

    fn hear(&mut self, detail: &Value) -> Option<String> {
        let number = |name: &str| detail.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
        let account = detail.get("account").and_then(Value::as_str).unwrap_or_default();
        let key = (account.to_owned(), number("entry"), number("n"));
        let before = self.heard.entry(key).or_insert_with(|| detail.clone());
        (*before != *detail).then(|| format!("the event {before} came again as {detail}"))
    }
}

/// Publishes what was written since the last time, or so much of it as a batch has; sometimes the
/// stream does not remember that it was.
pub(crate) async fn consume(run: &Arc<Run>, step: Option<usize>, dice: &mut Dice) -> bool {
    let place = run.consumer().place;
    let mut images = run.world.network.written_from(place);
    images.truncate(BATCH);
    if images.is_empty() {
        return false;
    }
    let count = images.len();
    let bus = Bus::memory();
    let publish = Publish { bus: bus.clone(), telemetry: Telemetry::Log };
    let failed = match event(images) {
        Ok(event) => publish.handle(event).await,
        Err(error) => Some(error.to_string()),
    };
    if let Some(failed) = failed {
        run.journal().violate(step, format!("record {failed} of the stream was not published"));
    }
    for event in bus.events() {
        let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
        let fault = run.consumer().hear(&detail);
        if let Some(fault) = fault {
            run.journal().violate(step, fault);
        }
    }
    if !dice.percent(20) {
        run.consumer().place = place.saturating_add(count);
    }
    true
}

//! What a function says of each thing that it did: one line, which is log and metrics alike.
//!
//! Under Lambda the line is in CloudWatch's embedded metric format, so that CloudWatch makes metrics
//! of some of its members and keeps the others for whoever searches the log. One line costs half of
//! what a log line and a metric beside it would. Members that grow with what is stored, such as ids,
//! are neither logged nor made dimensions: every combination of dimensions is a metric to pay for.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use scrip_store::Usage;
use serde_json::{Map, Value, json};

/// The variable with the namespace of the metrics, such as `scrip/production`.
const NAMESPACE: &str = "SCRIP_METRICS";

/// Where measurements go. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Telemetry {
    /// To the log of the process, at the level `info`: a local stack, tests.
    #[default]
    Log,
    /// To standard output in the embedded metric format, which Lambda brings to CloudWatch.
    CloudWatch {
        /// The namespace of the metrics.
        namespace: Arc<str>,
    },
}

impl Telemetry {
    /// To CloudWatch, where `SCRIP_METRICS` names a namespace, and otherwise to the log.
    pub fn from_environment() -> Self {
        std::env::var(NAMESPACE)
            .map_or(Self::Log, |namespace| Self::CloudWatch { namespace: namespace.into() })
    }

    /// Tells measurements. What cannot be told is lost: no operation fails for its log.
    pub fn tell(&self, measurements: impl IntoIterator<Item = Measurement>) {
        match self {
            Self::Log => {
                for Measurement { members, .. } in measurements {
                    let measurement = Value::Object(members);
                    tracing::info!(%measurement);
                }
            }
            Self::CloudWatch { namespace } => {
                let now = now_ms();
                let mut lines = Vec::new();
                for measurement in measurements {
                    let document = measurement.into_document(namespace, now);
                    if serde_json::to_writer(&mut lines, &document).is_ok() {
                        lines.push(b'\n');
                    }
                }
                // In one write: standard output would make one of each kilobyte.
                let _ = std::io::stdout().write_all(&lines);
            }
        }
    }
}

/// One thing that a function did: members of text and number, some of which are metrics.
#[derive(Debug, Clone)]
pub struct Measurement {
    members: Map<String, Value>,
    /// Metrics by their dimensions.
    metrics: BTreeMap<&'static [&'static str], Vec<(&'static str, Unit)>>,
}

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Units of `DynamoDB`, points, minor units of money.
    None,
    /// Microseconds.
    Microseconds,
    /// Seconds.
    Seconds,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::None => "None",
            Self::Microseconds => "Microseconds",
            Self::Seconds => "Seconds",
        }
    }
}

impl Measurement {
    /// Something that this function did.
    pub fn of(function: &'static str) -> Self {
        let members = Map::from_iter([("function".to_owned(), function.into())]);
        Self { members, metrics: BTreeMap::new() }
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds what it consumed and how often it lost a race, as metrics of the function.
    #[must_use]
    pub fn with_usage(self, usage: Usage) -> Self {
        let halves = |units: &str| serde_json::from_str(units).unwrap_or(Value::Null);
        self.with("read_units", halves(&usage.read_units()))
            .with("write_units", halves(&usage.write_units()))
            .with("races_lost", usage.races_lost)
            .counted(
                &["function"],
                &[
                    ("read_units", Unit::None),
                    ("write_units", Unit::None),
                    ("races_lost", Unit::Count),
                ],
            )
    }

    /// Adds how many operations of a kind had an outcome, as a metric of the two.
    #[must_use]
    pub fn with_operations(self, kind: &str, outcome: &str, count: u64) -> Self {
        self.with("kind", kind)
            .with("outcome", outcome)
            .with("operations", count)
            .counted(&["kind", "outcome"], &[("operations", Unit::Count)])
    }

    /// Adds how long it took since `started`, as a metric of the function.
    #[must_use]
    pub fn with_latency(self, started: Stopwatch) -> Self {
        let latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.with("latency_us", latency_us)
            .counted(&["function"], &[("latency_us", Unit::Microseconds)])
    }

    /// Makes metrics of members that are numbers, by the members that are their dimensions.
    #[must_use]
    pub fn counted(
        mut self,
        dimensions: &'static [&'static str],
        metrics: &[(&'static str, Unit)],
    ) -> Self {
        self.metrics.entry(dimensions).or_default().extend(metrics);
        self
    }

    /// The line as CloudWatch reads it; `at_ms` is the present, in milliseconds of Unix time.
    fn into_document(self, namespace: &str, at_ms: i64) -> Value {
        let metric = |(name, unit): (&str, Unit)| json!({"Name": name, "Unit": unit.as_str()});
        let directives = self.metrics.into_iter().map(|(dimensions, metrics)| {
            let metrics: Vec<Value> = metrics.into_iter().map(metric).collect();
            json!({"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics})
        });
        let directives: Vec<Value> = directives.collect();
        let mut members = self.members;
        let metadata = json!({"Timestamp": at_ms, "CloudWatchMetrics": directives});
        members.insert("_aws".into(), metadata);
        Value::Object(members)
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge is where the clock is read")]
fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurement_is_one_document_of_the_embedded_metric_format() {
        let usage = Usage { read_halves: 5, write_halves: 4, races_lost: 1 };
        let document = Measurement::of("earn")
            .with_operations("purchase", "written", 1)
            .counted(&["function"], &[("operations", Unit::Count)])
            .with_usage(usage)
            .into_document("scrip/test", 1_795_230_245_000);
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_230_245_000_i64,
                "CloudWatchMetrics": [
                    {"Namespace": "scrip/test", "Dimensions": [["function"]],
                     "Metrics": [{"Name": "operations", "Unit": "Count"},
                                 {"Name": "read_units", "Unit": "None"},
                                 {"Name": "write_units", "Unit": "None"},
                                 {"Name": "races_lost", "Unit": "Count"}]},
                    {"Namespace": "scrip/test", "Dimensions": [["kind", "outcome"]],
                     "Metrics": [{"Name": "operations", "Unit": "Count"}]},
                ],
            },
            "function": "earn", "kind": "purchase", "outcome": "written", "operations": 1,
            "read_units": 2.5, "write_units": 2, "races_lost": 1,
        });
        assert_eq!(document, expected);
    }
}

//! Counts what operations cost, by function and kind.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use scrip_store::Usage;
use serde_json::{Value, json};

/// Units used since the start.
#[derive(Default)]
pub(crate) struct Capacity {
    counts: Mutex<BTreeMap<(&'static str, &'static str), Count>>,
}

#[derive(Default)]
struct Count {
    operations: u64,
    usage: Usage,
}

impl Capacity {
    pub(crate) fn add(&self, function: &'static str, kind: &'static str, usage: Usage) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((function, kind)).or_default();
        count.operations = count.operations.saturating_add(1);
        count.usage = count.usage.and(usage);
    }

    /// `{"earn": {"purchase": {"operations": 2, "read_units": 4, "write_units": 6}}}`
    pub(crate) fn to_json(&self) -> Value {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut functions: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
        for ((function, kind), count) in counts.iter() {
            let kinds = functions.entry(function).or_default();
            kinds.insert(
                kind,
                json!({
                    "operations": count.operations,
                    "read_units": number(&count.usage.read_units()),
                    "write_units": number(&count.usage.write_units()),
                }),
            );
        }
        json!(functions)
    }
}

/// A decimal as a JSON number.
fn number(decimal: &str) -> Value {
    serde_json::from_str(decimal).unwrap_or(Value::Null)
}

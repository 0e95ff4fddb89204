//! What an audit found, for a person and for a machine.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use scrip_store::Usage;
use serde_json::{Value, json};

use super::{Report, Violation};

impl Report {
    /// In words: one sentence, and a row for everything that is wrong.
    pub fn describe(&self) -> String {
        let Self { accounts, lines, violations, unlisted } = self;
        let read = format!("{accounts} accounts, {lines} lines");
        if self.is_clean() {
            return format!("{read}: nothing is wrong");
        }
        let listed = u64::try_from(violations.len()).unwrap_or(u64::MAX);
        let count = listed.saturating_add(*unlisted);
        let mut rows = vec![format!("{read}: {count} violations")];
        rows.extend(violations.iter().map(ToString::to_string));
        if 0 < *unlisted {
            rows.push(format!("and {unlisted} more"));
        }
        rows.join("\n")
    }

    /// As one JSON object: `clean`, `accounts`, `lines`, `violations` with `account`, `line`,
    /// `kind` and `detail` each, `unlisted` (how many more there are), and `read_units`.
    pub fn to_json(&self, usage: Usage) -> Value {
        let violations: Vec<Value> = self.violations.iter().map(Violation::to_json).collect();
        json!({
            "clean": self.is_clean(),
            "accounts": self.accounts,
            "lines": self.lines,
            "violations": violations,
            "unlisted": self.unlisted,
            "read_units": usage.read_units(),
        })
    }
}

/// A bar that counts lines. How many there are is not known before they are read.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    // The template is a constant, which a test shows.
    let style = ProgressStyle::with_template(TEMPLATE);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

const TEMPLATE: &str = "{spinner} {pos} lines, {per_sec}, {elapsed}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_of_the_bar_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}

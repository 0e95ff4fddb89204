//! Reading a document's texts while its faults are collected.

use std::fmt::Display;
use std::str::FromStr;

use crate::amount::{Minor, Points};
use crate::currency::Currency;
use crate::id::Handle;
use crate::program::Document;
use crate::rate::Rate;
use crate::time::Period;

/// One thing in a document that does not make sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, such as `rates[1].points`.
    pub field: String,
    /// What is wrong, for a person to read.
    pub detail: String,
}

impl Fault {
    pub(in crate::program) fn new(field: impl Into<String>, detail: impl Display) -> Self {
        Self { field: field.into(), detail: detail.to_string() }
    }
}

/// Collects faults while the rest of the document is still read. A value that could not be read
/// is replaced by a stand-in that never leaves the checks: with any fault there is no program.
pub(super) struct Checker<'a> {
    pub(super) document: &'a Document,
    pub(super) faults: Vec<Fault>,
}
impl Checker<'_> {
    pub(super) fn each<D, T>(
        &mut self,
        section: &str,
        all: &[D],
        mut read: impl FnMut(&mut Self, &str, &D) -> Option<T>,
    ) -> Vec<T> {
        let numbered = all.iter().enumerate();
        numbered
            .filter_map(|(index, each)| read(self, &format!("{section}[{index}]"), each))
            .collect()
    }

    pub(super) fn unique<'d>(&mut self, section: &str, handles: impl Iterator<Item = &'d String>) {
        let mut seen = std::collections::BTreeSet::new();
        for (index, handle) in handles.enumerate() {
            if !seen.insert(handle) {
                self.fault(
                    format!("{section}[{index}].handle"),
                    format!("`{handle}` is there twice"),
                );
            }
        }
    }

    pub(super) fn handle(&mut self, field: &str, text: &str) -> Option<Handle> {
        self.read(&format!("{field}.handle"), text.parse())
    }

    pub(super) fn money(&mut self, field: &str, text: &str, currency: Currency) -> Option<Minor> {
        self.read(field, currency.parse_amount(text))
    }

    pub(super) fn count(&mut self, field: &str, count: u64) -> Option<Points> {
        self.read(field, Points::try_from(count))
    }

    /// `value`, unless the amount it stands on is nothing.
    pub(super) fn positive<T>(
        &mut self,
        field: &str,
        value: Option<T>,
        amount: Option<Minor>,
    ) -> Option<T> {
        if amount.is_some_and(Minor::is_zero) {
            self.fault(field, "must be more than nothing");
            return None;
        }
        value
    }

    /// A decimal above zero and up to `most`.
    pub(super) fn fraction(
        &mut self,
        field: &str,
        text: &str,
        most: &Rate,
        most_text: &str,
    ) -> Option<Rate> {
        let rate = self.read(field, Rate::parse(text))?;
        if rate == Rate::zero() || *most < rate {
            self.fault(field, format!("must be more than 0 and at most {most_text}"));
            return None;
        }
        Some(rate)
    }

    /// A period longer than nothing. `Some(None)` when it is not given, `None` when it is wrong.
    #[expect(clippy::option_option, reason = "absent is a valid answer, wrong is none")]
    pub(super) fn period(&mut self, field: &str, text: Option<&String>) -> Option<Option<Period>> {
        let period: Option<Option<Period>> = self.optional(field, text);
        if period.flatten().is_some_and(Period::is_zero) {
            self.fault(field, "must be longer than nothing");
            return None;
        }
        period
    }

    #[expect(clippy::option_option, reason = "absent is a valid answer, wrong is none")]
    pub(super) fn optional<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        text: Option<&String>,
    ) -> Option<Option<T>> {
        match text {
            None => Some(None),
            Some(text) => self.read(field, text.parse()).map(Some),
        }
    }

    pub(super) fn texts<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        all: &[String],
    ) -> Vec<T> {
        self.each(field, all, |checker, field, text| checker.read(field, text.parse()))
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        field: &str,
        text: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<String> =
                choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.fault(field, format!("must be one of {}", names.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    pub(super) fn read<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.fault(field, error)).ok()
    }

    pub(super) fn fault(&mut self, field: impl Into<String>, detail: impl Display) {
        self.faults.push(Fault::new(field, detail));
    }
}

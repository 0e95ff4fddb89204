//! Answers that are not refusals.

use std::convert::Infallible;

use http::StatusCode;
use scrip_domain::entry::Entry;
use scrip_store::Outcome;
use serde::Serialize;

/// The header that marks an answer given before.
pub(crate) const REPLAYED: &str = "idempotency-replayed";

/// The kind of an answer to a question.
pub(crate) const READ: &str = "read";

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Result<String, serde_json::Error>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) kind: &'static str,
    pub(crate) is_replay: bool,
}

impl Answer {
    /// What it is an answer of: the kind of a line, `program` for a version of it, or `read`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What came of it: `written`, `replayed` or `read`.
    pub fn outcome(&self) -> &'static str {
        match (self.is_replay, self.kind) {
            (true, _) => "replayed",
            (false, READ) => READ,
            (false, _) => "written",
        }
    }

    /// `200` to a question.
    pub fn read(body: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, body, READ)
    }

    /// What a line says: `201` when it was appended by this request, `200` and marked as replayed
    /// when by an earlier one. The body is a function of the line alone, so it is the same for
    /// ever.
    pub fn created_or_replayed<B: Serialize>(entry: &Entry, replayed: bool, body: &B) -> Self {
        if replayed {
            Self::replayed(body, entry.line.detail.kind())
        } else {
            Self::new(StatusCode::CREATED, body, entry.line.detail.kind())
        }
    }

    /// What an action came to: always `200`, marked as replayed when it was done before.
    pub fn done<B: Serialize>(entry: &Entry, replayed: bool, body: &B) -> Self {
        if replayed {
            Self::replayed(body, entry.line.detail.kind())
        } else {
            Self::new(StatusCode::OK, body, entry.line.detail.kind())
        }
    }

    /// `200` for what was as asked already; `kind` is that of the line which made it so.
    pub fn replayed(body: &impl Serialize, kind: &'static str) -> Self {
        Self::new(StatusCode::OK, body, kind).replay()
    }

    /// Marks it as an answer to what was done before.
    #[must_use]
    pub fn replay(self) -> Self {
        Self { is_replay: true, ..self }.header(REPLAYED, "true".into())
    }

    /// Any other answer; `kind` is what it is counted as.
    pub fn new(status: StatusCode, body: &impl Serialize, kind: &'static str) -> Self {
        let body = serde_json::to_string(body);
        Self { status, body, headers: Vec::new(), kind, is_replay: false }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The line that an operation came to which always has one, and whether it is a replay.
pub fn line_of(outcome: Outcome<Infallible>) -> (Entry, bool) {
    match outcome {
        Outcome::Appended(entry) => (entry, false),
        Outcome::Replayed(entry) => (entry, true),
        Outcome::Unchanged { answer, .. } => match answer {},
    }
}

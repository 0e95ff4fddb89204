//! How far a file has been sent, remembered beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::target::{Outcome, Target};
use super::{Line, LoadError, Refused, at};

/// What is remembered. It counts only for the same messages to the same target: places in others
/// are places of something else.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// SHA-256 of the target and the messages.
    of: String,
    /// Messages from the start of the file.
    sent: usize,
    /// The lines of those among them that wait for something later in the file.
    waiting: Vec<u64>,
    /// Those that were not taken.
    refused: Vec<Refused>,
}

/// How far a file has been sent.
pub(super) struct Progress {
    path: PathBuf,
    place: Place,
}

impl Progress {
    /// That of a file: nothing, when it was never sent there, has changed since, or is to be sent
    /// again.
    pub(super) fn of(file: &Path, target: &Target, lines: &[Line], restart: bool) -> Self {
        let of = digest(target, lines);
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".progress");
        let path = file.with_file_name(name);
        let remembered = std::fs::read_to_string(&path).ok();
        let place: Option<Place> = remembered.and_then(|text| serde_json::from_str(&text).ok());
        let place = place.filter(|place| place.of == of && !restart);
        Self { path, place: place.unwrap_or(Place { of, ..Place::default() }) }
    }

    /// How many messages have been sent.
    pub(super) fn sent(&self) -> usize {
        self.place.sent
    }

    /// Which lines wait for something later in the file.
    pub(super) fn waiting(&self) -> &[u64] {
        &self.place.waiting
    }

    /// What was not taken.
    pub(super) fn refused(&self) -> &[Refused] {
        &self.place.refused
    }

    /// Remembers what became of so many more.
    pub(super) fn advance(&mut self, more: usize, outcome: &Outcome) -> Result<(), LoadError> {
        self.place.sent = self.place.sent.saturating_add(more);
        self.place.waiting.extend(outcome.waiting.iter().map(|line| line.number));
        self.place.refused.extend(outcome.refused.iter().cloned());
        // Numbers and texts can always be written.
        let text = serde_json::to_string(&self.place).unwrap_or_default();
        std::fs::write(&self.path, text).map_err(|error| at(&self.path, &error))
    }

    /// Forgets it: the file was sent to its end.
    pub(super) fn finish(self) -> Result<(), LoadError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(at(&self.path, &error))
            }
            _ => Ok(()),
        }
    }
}

fn digest(target: &Target, lines: &[Line]) -> String {
    let mut digest = Sha256::new();
    digest.update(target.url());
    for line in lines {
        // No text of one line has such an end in it.
        digest.update(format!("\n{} ", line.number));
        digest.update(&line.text);
    }
    hex::encode(digest.finalize())
}

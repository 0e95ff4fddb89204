//! `scrip load`: a file of orders into the order queue, or into a local stack.
//!
//! Every message names what it asks for, so sending a file again, or twice, changes nothing: what
//! was sent before a stop is only skipped to save time.

mod progress;
mod table;
mod target;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use scrip_ingest::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

pub use table::{Columns, NotAColumn};
pub use target::Target;

use progress::Progress;

/// Messages sent before the place in the file is remembered.
const CHUNK: usize = 100;

/// What to load.
#[derive(Debug)]
pub struct Load {
    /// A file of messages, one a line, or a table of order lines when its name ends in `.csv`.
    pub file: PathBuf,
    /// How the columns of a table are read.
    pub columns: Columns,
    /// Send everything again, whatever was sent before.
    pub restart: bool,
}

/// A message of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line of the file that it is on, or begins on, from 1.
    number: u64,
    text: String,
}

/// A line that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What a file came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Messages sent and taken.
    pub sent: usize,
    /// Messages that an earlier run had sent.
    pub skipped: usize,
    /// In the order of the file.
    pub refused: Vec<Refused>,
}

/// Why a file was not loaded to its end. What was sent is not sent again by the next run.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file, or the one beside it that remembers how far it was sent.
    #[error("{path}: {detail}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        detail: String,
    },
    /// A table without a column that is needed, or not a table at all.
    #[error("{0}")]
    Table(String),
    /// Nobody took the messages.
    #[error("{0}")]
    Target(String),
}

/// Sends a file.
///
/// # Errors
/// [`LoadError`].
pub async fn run(load: &Load, target: &Target) -> Result<Report, LoadError> {
    let (lines, mut refused) = if load.file.extension().is_some_and(|it| it == "csv") {
        table::read(&load.file, &load.columns)?
    } else {
        messages(&load.file)?
    };
    let mut progress = Progress::of(&load.file, target, &lines, load.restart);
    let skipped = progress.sent().min(lines.len());
    let bar = ProgressBar::new(lines.len() as u64).with_position(skipped as u64);
    bar.set_style(style());
    bar.enable_steady_tick(Duration::from_millis(100));
    refused.extend(progress.refused().iter().cloned());
    let before = lines.get(..skipped).unwrap_or_default().iter();
    let mut waiting: Vec<Line> =
        before.filter(|line| progress.waiting().contains(&line.number)).cloned().collect();
    let mut sent = 0_usize;
    for chunk in lines.get(skipped..).unwrap_or_default().chunks(CHUNK) {
        let outcome = target.send(chunk).await.map_err(LoadError::Target)?;
        progress.advance(chunk.len(), &outcome)?;
        sent = sent.saturating_add(outcome.taken);
        refused.extend(outcome.refused);
        waiting.extend(outcome.waiting);
        bar.inc(chunk.len() as u64);
    }
    // What waited for something later in the file has it now.
    for chunk in waiting.chunks(CHUNK) {
        let outcome = target.send(chunk).await.map_err(LoadError::Target)?;
        sent = sent.saturating_add(outcome.taken);
        refused.extend(outcome.refused);
        refused.extend(outcome.waiting.into_iter().map(|line| Refused {
            line: line.number,
            reason: "what it is about has not come".to_owned(),
        }));
    }
    bar.finish_and_clear();
    progress.finish()?;
    refused.sort_by_key(|refused| refused.line);
    Ok(Report { sent, skipped, refused })
}

/// The messages of a file with one on each line, checked as `ingest` will. Empty lines are nothing.
fn messages(file: &Path) -> Result<(Vec<Line>, Vec<Refused>), LoadError> {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    for (line, bytes) in (1..).zip(BufReader::new(open(file)?).split(b'\n')) {
        let Ok(text) = String::from_utf8(bytes.map_err(|error| at(file, &error))?) else {
            refused.push(Refused { line, reason: "is not UTF-8".to_owned() });
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        match Message::read(&text) {
            Ok(_) => lines.push(Line { number: line, text }),
            Err(problem) => refused.push(Refused { line, reason: reason(&problem.to_json()) }),
        }
    }
    Ok((lines, refused))
}

/// `invalid_request: …`
fn reason(problem: &Value) -> String {
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}: {}", text("code"), text("detail"))
}

fn open(path: &Path) -> Result<File, LoadError> {
    File::open(path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::File { path: path.display().to_string(), detail: error.to_string() }
}

/// What a file came to, in a sentence, and a line for every one that was refused.
pub fn describe(report: &Report) -> String {
    let Report { sent, skipped, refused } = report;
    let lines = refused.iter().map(|it| format!("line {}: {}\n", it.line, it.reason));
    let before = (0 < *skipped).then(|| format!(", {skipped} had been sent before"));
    let before = before.unwrap_or_default();
    format!("{}{sent} messages sent{before}, {} refused", lines.collect::<String>(), refused.len())
}

fn style() -> ProgressStyle {
    // The template is a constant, which a test shows.
    let style = ProgressStyle::with_template(TEMPLATE);
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

const TEMPLATE: &str = "[{elapsed}] {bar:40} {pos}/{len} messages, {per_sec}, {eta} left";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_of_the_bar_is_one() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}

//! `scrip verify`: every line of every account, read a second time.
//!
//! | step | what it reads | what bounds the memory |
//! |---|---|---|
//! | 1. every item, segment by segment, in the order of their keys | a scan | one page a segment |
//! | 2. the lines of one account, one after another | nothing more | the state of one line, and 24 bytes a line of that one account to know its operations by |
//! | 3. a log in which something is wrong, once more and consistently | a query | the same |
//! | 4. the markers and the lines in other logs that a line must have | a get each | 100 of them |
//! | 5. the due marker of each account | a get each | nothing |
//!
//! The table may be in use. Lines are never changed and a log has no line without those before it,
//! so whatever part of a log is seen is sound by itself; what a line needs in other places was there
//! before it, or came with it, though it may be seen a moment later. What seems wrong is read again
//! consistently before it is reported: what is between two logs after a pause, and a due marker only
//! counts as lost when the account's newest line is still the same afterwards.

mod counterpart;
mod fault;
mod log;
mod remote;
mod report;
mod table;

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::time::Instant;
use scrip_store::{Ledger, StoreError};
use tokio::task::JoinSet;

pub use fault::{Fault, Violation};
pub use report::bar;

use remote::Remote;

/// Parts of the table that are read at once when nothing else is said: as many calls are under way,
/// which one connection each carries easily.
pub const SEGMENTS_DEFAULT: u16 = 8;
/// The most violations that a report lists; of the rest it says how many there are. Whoever reads
/// more than these has lost the table, not some lines of it.
pub const VIOLATIONS_MAX: usize = 10_000;

/// What is verified.
#[derive(Debug, Clone)]
pub struct Options {
    /// One account, read by query; `None`: the whole table.
    pub account: Option<AccountId>,
    /// Only lines that were recorded at this instant or later, the first of them against the one
    /// before, which is taken as it stands. Of earlier ones it is known that they are there, in
    /// their order, with their hashes and operations; of one account alone, nothing. The marker
    /// of what is due is looked for all the same.
    pub since: Option<Instant>,
    /// How many parts of the table are read at once; at least 1.
    pub segments: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { account: None, since: None, segments: SEGMENTS_DEFAULT }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Accounts with a line.
    pub accounts: u64,
    /// Lines of them.
    pub lines: u64,
    /// What is wrong, in the order of accounts and lines; the first [`VIOLATIONS_MAX`].
    pub violations: Vec<Violation>,
    /// How many more there are.
    pub unlisted: u64,
}

/// Told how many more lines have been read.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// Verifies a ledger, which may be in use meanwhile. Writes nothing.
///
/// # Errors
/// [`StoreError`] when the ledger could not be read to its end; then nothing is known. An item
/// that does not parse is no error but a violation.
pub async fn audit(
    ledger: &Ledger,
    options: &Options,
    progress: Option<Progress>,
) -> Result<Report, StoreError> {
    let progress = progress.unwrap_or_else(|| Arc::new(|_| {}));
    let mut report = match &options.account {
        Some(account) => {
            let mut remote = Remote::new(ledger.clone());
            let since = options.since;
            // Boxed: the futures of the SDK are deep.
            Box::pin(table::account(ledger, account, since, &mut remote, &progress)).await?
        }
        None => whole(ledger, options, &progress).await?,
    };
    report.violations.sort_by(|one, other| one.place().cmp(&other.place()));
    Ok(report)
}

async fn whole(
    ledger: &Ledger,
    options: &Options,
    progress: &Progress,
) -> Result<Report, StoreError> {
    let segments = options.segments.max(1);
    let mut tasks = JoinSet::new();
    for segment in 0..segments {
        let (ledger, progress, since) = (ledger.clone(), Arc::clone(progress), options.since);
        tasks.spawn(
            async move { table::segment(&ledger, (segment, segments), since, &progress).await },
        );
    }
    let mut report = Report::default();
    while let Some(ended) = tasks.join_next().await {
        // A task that panics is a fault of this program, which the runtime has told already.
        let ended = ended
            .map_err(|error| StoreError::Unavailable { call: "Scan", detail: error.to_string() })?;
        report.add(ended?);
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, other: Self) {
        self.accounts = self.accounts.saturating_add(other.accounts);
        self.lines = self.lines.saturating_add(other.lines);
        self.unlisted = self.unlisted.saturating_add(other.unlisted);
        self.report(other.violations);
    }

    fn report(&mut self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            if self.violations.len() < VIOLATIONS_MAX {
                self.violations.push(violation);
            } else {
                self.unlisted = self.unlisted.saturating_add(1);
            }
        }
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

//! Sweeps: what is due of accounts that nobody else came by is written down, shard by shard
//! (DESIGN 5.17).
//!
//! Nothing depends on when a sweep runs except the timing of postings. It may be run twice, at once,
//! and be killed anywhere: an account is settled by the same decision as by anybody who comes by,
//! and its marker goes last.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use lambda_runtime::{LambdaEvent, service_fn};
use scrip_domain::account::AccountId;
use scrip_domain::entry::Decision;
use scrip_domain::limit::LimitReached;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Job;
use scrip_store::{
    ApplyError, DueMarker, Fingerprint, Hour, Ledger, Outcome, Request, SHARDS, Situation,
    StoreError, Usage,
};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::app::App;
use crate::serve::{start_logging, stop_at};
use crate::telemetry::{Measurement, Unit};

/// Shards that are worked through at once: as many calls are under way, which one connection each
/// carries easily.
const SHARDS_AT_ONCE: usize = 16;
/// Markers read in one call: they and the accounts under way are all that a sweep keeps in memory.
const PAGE: u32 = 100;
/// A run ends this long before Lambda would end it, so that nothing under way is cut off.
const BEFORE_DEADLINE: Duration = Duration::from_secs(30);

/// A job that is run on a schedule.
pub trait Sweep {
    /// Which.
    const JOB: Job;

    /// What is due of an account, if anything is.
    ///
    /// # Errors
    /// [`LimitReached`] when it cannot be written down.
    fn decide(situation: &Situation<'_>) -> Result<Decision<()>, LimitReached>;
}

/// How a sweep is run.
#[derive(Default)]
pub struct SweepOptions {
    /// When to begin no further account.
    pub stop_at: Option<Stopwatch>,
    /// Only what was due before the hour of this instant.
    pub until: Option<Instant>,
    /// Told after every account.
    pub watch: Option<Arc<dyn Fn() + Send + Sync>>,
    /// Count what is due, and change nothing.
    pub dry_run: bool,
}

/// What a sweep came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Accounts looked at.
    pub visited: u64,
    /// Of these, how many had something to write down.
    pub posted: u64,
    /// How many could not be decided and were set aside with their error.
    pub failed: u64,
    /// How many are left for the next run: the store did not answer, others were faster, or a newer
    /// release wrote their newest line.
    pub left: u64,
    /// Whether it ended before everything was looked at; the next run goes on.
    pub is_cut_short: bool,
    /// How many seconds ago the earliest hour began of which something is left; 0 when nothing is.
    pub due_age_s: u64,
    /// Everything that was due before this instant has been looked at, when it was not cut short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_through: Option<Instant>,
}

struct Counts {
    visited: AtomicU64,
    posted: AtomicU64,
    failed: AtomicU64,
    left: AtomicU64,
    cut_short: AtomicU64,
    /// When the earliest hour began of which something is left, in milliseconds.
    left_from_ms: AtomicI64,
}

/// What came of one account.
enum Outlook {
    Posted,
    NothingDue,
    Left,
    Failed(String),
}

/// What the tasks of a run share.
struct Run {
    ledger: Ledger,
    program: u64,
    before: Hour,
    options: SweepOptions,
    counts: Counts,
}

/// Runs a job under Lambda until it is stopped. What the schedule sends is of no matter.
///
/// # Errors
/// When it cannot start, or the Runtime API fails.
pub async fn run_sweep<S: Sweep + 'static>() -> Result<(), lambda_runtime::Error> {
    start_logging();
    let app = App::from_environment().await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let app = app.clone();
        Box::pin(async move {
            let stop_at = stop_at(&event.context, BEFORE_DEADLINE);
            let options = SweepOptions { stop_at, ..SweepOptions::default() };
            Ok::<_, lambda_runtime::Error>(sweep::<S>(&app, options).await?.0)
        })
    }))
    .await
}

/// Looks at every account of a job whose hour ended at least 15 minutes ago, and logs what it came
/// to. Accounts are streamed: memory does not grow with what is due.
///
/// # Errors
/// [`StoreError`] when the markers of a shard could not be read. What was done stays done.
pub async fn sweep<S: Sweep + 'static>(
    app: &App,
    options: SweepOptions,
) -> Result<(SweepReport, Usage), StoreError> {
    let (app, started) = (app.for_request(), Stopwatch::now());
    let run = Arc::new(Run::new(&app, options).await?);
    let gate = Arc::new(Semaphore::new(SHARDS_AT_ONCE));
    let mut shards = JoinSet::new();
    for shard in 0..SHARDS {
        let (run, gate) = (Arc::clone(&run), Arc::clone(&gate));
        shards.spawn(async move {
            // It is never closed.
            let _turn = gate.acquire_owned().await;
            run.sweep_shard::<S>(shard).await
        });
    }
    let failed = first_failure(shards).await;
    let report = run.report();
    tell::<S>(&app, &report, started);
    failed.map_or(Ok((report, app.ledger.usage())), Err)
}

/// Tries every account again that a job has set aside.
///
/// # Errors
/// [`StoreError`], as for [`sweep`].
pub async fn retry_set_aside<S: Sweep + 'static>(
    app: &App,
    options: SweepOptions,
) -> Result<SweepReport, StoreError> {
    let (app, started) = (app.for_request(), Stopwatch::now());
    let run = Run::new(&app, options).await?;
    for shard in 0..SHARDS {
        run.retry_shard::<S>(shard).await?;
    }
    let report = run.report();
    tell::<S>(&app, &report, started);
    Ok(report)
}

async fn first_failure(mut shards: JoinSet<Result<(), StoreError>>) -> Option<StoreError> {
    let mut failed = None;
    while let Some(ended) = shards.join_next().await {
        if let Ok(Err(error)) = ended {
            failed.get_or_insert(error);
        }
    }
    failed
}

fn tell<S: Sweep>(app: &App, report: &SweepReport, started: Stopwatch) {
    let measurement = Measurement::of(S::JOB.as_str())
        .with("visited", report.visited)
        .with("failed", report.failed)
        .with("left", report.left)
        .with("is_cut_short", report.is_cut_short)
        .with("due_age_s", report.due_age_s)
        .counted(
            &["function"],
            &[
                ("visited", Unit::Count),
                ("failed", Unit::Count),
                ("left", Unit::Count),
                ("due_age_s", Unit::Seconds),
            ],
        )
        .with_operations("settlement", "written", report.posted)
        .with_usage(app.ledger.usage())
        .with_latency(started);
    app.telemetry.tell([measurement]);
    if 0 < report.failed {
        tracing::error!(job = S::JOB.as_str(), failed = report.failed, "accounts were set aside");
    }
}

impl Run {
    async fn new(app: &App, options: SweepOptions) -> Result<Self, StoreError> {
        let program = app.ledger.newest_program().await?;
        let unswept = Ledger::unswept(app.ledger.now());
        let before = options.until.map_or(unswept, |until| Hour::of(until).min(unswept));
        let ledger = app.ledger.clone();
        let program = program.map_or(0, |program| program.version);
        let none = AtomicU64::default;
        let counts = Counts {
            visited: none(),
            posted: none(),
            failed: none(),
            left: none(),
            cut_short: none(),
            left_from_ms: i64::MAX.into(),
        };
        Ok(Self { ledger, program, before, options, counts })
    }

    async fn sweep_shard<S: Sweep>(&self, shard: u8) -> Result<(), StoreError> {
        let mut after: Option<DueMarker> = None;
        loop {
            let (ledger, before) = (&self.ledger, self.before);
            let page = ledger.due_markers(S::JOB, shard, before, after.as_ref(), PAGE).await?;
            let is_last = u32::try_from(page.len()).is_ok_and(|count| count < PAGE);
            for marker in &page {
                if self.is_over() {
                    self.leave(marker);
                    return Ok(());
                }
                self.visit::<S>(marker).await;
            }
            match page.into_iter().next_back() {
                Some(last) if !is_last => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    async fn retry_shard<S: Sweep>(&self, shard: u8) -> Result<(), StoreError> {
        let mut after: Option<AccountId> = None;
        loop {
            let ledger = &self.ledger;
            let page = ledger.accounts_set_aside(S::JOB, shard, after.as_ref(), PAGE).await?;
            for aside in &page {
                if self.is_over() {
                    return Ok(());
                }
                let outlook = self.settle::<S>(&aside.account).await;
                let done = match &outlook {
                    Outlook::Posted | Outlook::NothingDue => ledger.take_back(S::JOB, aside).await,
                    Outlook::Failed(error) => {
                        let tries = aside.tries.saturating_add(1);
                        ledger.set_aside(S::JOB, &aside.account, error, tries).await
                    }
                    Outlook::Left => Ok(()),
                };
                self.count(&done.map_or(Outlook::Left, |()| outlook));
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last.account),
                None => return Ok(()),
            }
        }
    }

    /// Whether no further account is to be begun.
    fn is_over(&self) -> bool {
        let is_over = self.options.stop_at.is_some_and(|stop_at| stop_at <= Stopwatch::now());
        if is_over {
            self.counts.cut_short.store(1, Ordering::Relaxed);
        }
        is_over
    }

    async fn visit<S: Sweep>(&self, marker: &DueMarker) {
        if self.options.dry_run {
            self.count(&Outlook::NothingDue);
            return;
        }
        let outlook = self.settle::<S>(&marker.account).await;
        let done = match &outlook {
            Outlook::Posted | Outlook::NothingDue => {
                self.ledger.delete_marker(S::JOB, marker).await
            }
            Outlook::Failed(error) => self.give_up::<S>(marker, error).await,
            Outlook::Left => Ok(()),
        };
        // A marker that stays is looked at again: that is all it can do.
        let outlook = done.map_or(Outlook::Left, |()| outlook);
        if matches!(outlook, Outlook::Left) {
            self.leave(marker);
        }
        self.count(&outlook);
    }

    /// Remembers that a marker stays due.
    fn leave(&self, marker: &DueMarker) {
        let from_ms = marker.hour.start().millis();
        self.counts.left_from_ms.fetch_min(from_ms, Ordering::Relaxed);
    }

    async fn give_up<S: Sweep>(&self, marker: &DueMarker, error: &str) -> Result<(), StoreError> {
        let account = &marker.account;
        tracing::error!(job = S::JOB.as_str(), %account, error, "set aside");
        self.ledger.set_aside(S::JOB, account, error, 1).await?;
        self.ledger.delete_marker(S::JOB, marker).await
    }

    /// Writes down what is due of an account, and makes sure that what is due next has its marker.
    async fn settle<S: Sweep>(&self, account: &AccountId) -> Outlook {
        let Ok(fingerprint) = Fingerprint::of(&S::JOB.as_str()) else {
            return Outlook::Left;
        };
        let request = Request {
            account: account.clone(),
            operation: None,
            fingerprint,
            by: S::JOB.as_str().to_owned(),
            program: self.program,
            about: None,
        };
        // Boxed: the futures of the SDK are deep.
        match self.ledger.apply(&request, S::decide).await {
            Ok(Outcome::Appended(_) | Outcome::Replayed(_)) => Outlook::Posted,
            Ok(Outcome::Unchanged { wallet, .. }) => {
                match self.ledger.rearm(account, &wallet).await {
                    Ok(()) => Outlook::NothingDue,
                    Err(_) => Outlook::Left,
                }
            }
            Err(error) => outlook_of(&error),
        }
    }

    fn count(&self, outlook: &Outlook) {
        let Counts { visited, posted, failed, left, .. } = &self.counts;
        visited.fetch_add(1, Ordering::Relaxed);
        match outlook {
            Outlook::Posted => posted.fetch_add(1, Ordering::Relaxed),
            Outlook::NothingDue => 0,
            Outlook::Left => left.fetch_add(1, Ordering::Relaxed),
            Outlook::Failed(_) => failed.fetch_add(1, Ordering::Relaxed),
        };
        if let Some(watch) = &self.options.watch {
            watch();
        }
    }

    fn report(&self) -> SweepReport {
        let Counts { visited, posted, failed, left, cut_short, left_from_ms } = &self.counts;
        let left_ms =
            self.ledger.now().millis().saturating_sub(left_from_ms.load(Ordering::Relaxed));
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let is_cut_short = 0 < read(cut_short);
        SweepReport {
            visited: read(visited),
            posted: read(posted),
            failed: read(failed),
            left: read(left),
            is_cut_short,
            // Nothing left is as if it were left from the end of time.
            due_age_s: u64::try_from(left_ms / 1000).unwrap_or(0),
            finished_through: (!is_cut_short).then(|| self.before.start()),
        }
    }
}

/// What fails in the same way however often it is tried is set aside; the rest is left to the next
/// run. A line of a newer release is no failure: that release will read it.
fn outlook_of(error: &ApplyError<LimitReached>) -> Outlook {
    match error {
        ApplyError::Refused(_)
        | ApplyError::OperationConflict
        | ApplyError::OrderBelongsToAnotherMember
        | ApplyError::Store(StoreError::Damaged { .. }) => Outlook::Failed(error.to_string()),
        ApplyError::Contended
        | ApplyError::Store(
            StoreError::Unavailable { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::ClockBehind { .. },
        ) => Outlook::Left,
    }
}

//! The table, segment by segment, and one account of it.

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::time::Instant;
use scrip_store::{Found, Ledger, Recorded, StoreError};

use super::log::Log;
use super::remote::Remote;
use super::{Fault, Progress, Report, Violation};

/// One part of the table.
pub(super) async fn segment(
    ledger: &Ledger,
    part: (u16, u16),
    since: Option<Instant>,
    progress: &Progress,
) -> Result<Report, StoreError> {
    let mut segment = Segment {
        ledger,
        since,
        progress: Arc::clone(progress),
        log: None,
        remote: Remote::new(ledger.clone()),
        report: Report::default(),
    };
    let mut next = None;
    loop {
        let page = ledger.scan(part, next.take()).await?;
        for found in page.found {
            Box::pin(segment.take(found)).await?;
        }
        segment.report.report(segment.remote.take());
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    segment.close_log().await?;
    segment.report.report(segment.remote.finish().await?);
    Ok(segment.report)
}

/// One account, by query; without a line there is nothing to report.
pub(super) async fn account(
    ledger: &Ledger,
    account: &AccountId,
    since: Option<Instant>,
    remote: &mut Remote,
    progress: &Progress,
) -> Result<Report, StoreError> {
    let Some(from) = start(ledger, account, since).await? else { return Ok(Report::default()) };
    let (mut report, newest) =
        read_log(ledger, account, (since, from), Some(&mut *remote), progress).await?;
    report.report(remote.finish().await?);
    if let Some(newest) = newest {
        report.report(remote.require_marker(newest).await?);
    }
    Ok(report)
}

/// The number from which the log of an account is read: that of the line before the first one since
/// an instant, or of the newest, when all are earlier. `None`: it has no line.
async fn start(
    ledger: &Ledger,
    account: &AccountId,
    since: Option<Instant>,
) -> Result<Option<u64>, StoreError> {
    let Some(since) = since else { return Ok(Some(1)) };
    let found = match ledger.first_number_from(account, since).await {
        Ok(Some(first)) => Ok(Some(first.saturating_sub(1).max(1))),
        Ok(None) => {
            let newest = ledger.newest_line(account).await;
            newest.map(|newest| newest.map(|newest| newest.entry.number))
        }
        Err(error) => Err(error),
    };
    match found {
        // The log says where.
        Err(StoreError::Damaged { .. } | StoreError::NewerFormat { .. }) => Ok(Some(1)),
        found => found,
    }
}

/// Reads a log by consistent queries. What is among its lines and none is of no account.
async fn read_log(
    ledger: &Ledger,
    account: &AccountId,
    (since, from): (Option<Instant>, u64),
    mut remote: Option<&mut Remote>,
    progress: &Progress,
) -> Result<(Report, Option<Arc<Recorded>>), StoreError> {
    let mut log = Log::new(account.clone(), since, from);
    let mut others = Vec::new();
    let mut next = None;
    loop {
        let page = ledger.log(account, from, next.take()).await?;
        for found in page.found {
            let line = match found {
                Found::Line(line) => line,
                Found::Unknown { partition, sort } => {
                    others.push(Fault::UnknownItem { partition, sort });
                    continue;
                }
                Found::Misplaced { .. } | Found::Other => continue,
            };
            progress(1);
            let read = log.push(line);
            if let (Some(read), Some(remote)) = (read, remote.as_deref_mut()) {
                remote.check(read).await?;
            }
        }
        next = page.next;
        if next.is_none() {
            let (mut report, newest) = log.finish();
            if remote.is_some() {
                // A scan finds them itself.
                let violation = |fault| Violation::new(None, None, fault);
                report.report(others.into_iter().map(violation));
            }
            return Ok((report, newest));
        }
    }
}

struct Segment<'a> {
    ledger: &'a Ledger,
    since: Option<Instant>,
    progress: Progress,
    log: Option<Log>,
    remote: Remote,
    report: Report,
}

impl Segment<'_> {
    async fn take(&mut self, found: Found) -> Result<(), StoreError> {
        let (account, fault) = match found {
            Found::Line(line) => {
                if self.log.as_ref().is_none_or(|log| log.account != line.account) {
                    self.close_log().await?;
                }
                let (account, since) = (line.account.clone(), self.since);
                let log = self.log.get_or_insert_with(|| Log::new(account, since, 1));
                (self.progress)(1);
                if let Some(read) = log.push(line) {
                    self.remote.check(read).await?;
                }
                return Ok(());
            }
            Found::Other => return Ok(()),
            Found::Misplaced { account, partition, .. } => {
                (Some(account), Fault::DueMarkerMisplaced { partition })
            }
            Found::Unknown { partition, sort } => (None, Fault::UnknownItem { partition, sort }),
        };
        self.report.report([Violation::new(account, None, fault)]);
        Ok(())
    }

    /// The account is done: its log is read again where something is wrong, and its marker is
    /// looked for.
    async fn close_log(&mut self) -> Result<(), StoreError> {
        let Some(log) = self.log.take() else { return Ok(()) };
        let account = log.account.clone();
        let (mut report, mut newest) = log.finish();
        if !report.is_clean() {
            let unseen: Progress = Arc::new(|_| {});
            let since = (self.since, 1);
            (report, newest) = read_log(self.ledger, &account, since, None, &unseen).await?;
        }
        self.report.add(report);
        if let Some(newest) = newest {
            let lost = self.remote.require_marker(newest).await?;
            self.report.report(lost);
        }
        Ok(())
    }
}

//! The table, segment by segment, and one account of it.

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::time::Instant;
use scrip_store::{Found, Ledger, StoreError};

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
    let mut report = Report::default();
    let first = match since {
        None => Some(1),
        Some(since) => ledger.first_number_from(account, since).await?,
    };
    let Some(first) = first else { return Ok(report) };
    // With the line before it.
    let from = first.saturating_sub(1).max(1);
    let log = read_log(ledger, account, (since, from), Some(&mut *remote), progress).await?;
    report.lines = log.lines;
    report.accounts = u64::from(0 < log.lines);
    let (violations, newest) = log.finish();
    report.report(violations);
    report.report(remote.finish().await?);
    if let Some(newest) = newest {
        report.report(remote.require_marker(newest).await?);
    }
    Ok(report)
}

/// Reads a log by consistent queries.
async fn read_log(
    ledger: &Ledger,
    account: &AccountId,
    (since, from): (Option<Instant>, u64),
    mut remote: Option<&mut Remote>,
    progress: &Progress,
) -> Result<Log, StoreError> {
    let mut log = Log::new(account.clone(), since, from);
    let mut next = from;
    loop {
        let lines = ledger.raw_lines(account, next).await?;
        let Some(last) = lines.last() else { return Ok(log) };
        next = last.number.saturating_add(1);
        progress(u64::try_from(lines.len()).unwrap_or(0));
        for line in lines {
            let read = log.push(line);
            if let (Some(read), Some(remote)) = (read, remote.as_deref_mut()) {
                remote.check(read).await?;
            }
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
            Found::Purchased(_) | Found::Other => return Ok(()),
            Found::Misplaced { account, partition, .. } => {
                (Some(account), Fault::DueMarkerMisplaced { partition })
            }
            Found::Unknown { partition, sort } => (None, Fault::UnknownItem { partition, sort }),
        };
        self.report.report([Violation { account, line: None, fault }]);
        Ok(())
    }

    /// The account is done: its log is read again where something is wrong, and its marker is
    /// looked for.
    async fn close_log(&mut self) -> Result<(), StoreError> {
        let Some(log) = self.log.take() else { return Ok(()) };
        self.report.accounts = self.report.accounts.saturating_add(1);
        self.report.lines = self.report.lines.saturating_add(log.lines);
        let account = log.account.clone();
        let (mut violations, mut newest) = log.finish();
        if !violations.is_empty() {
            let unseen: Progress = Arc::new(|_| {});
            let again = read_log(self.ledger, &account, (self.since, 1), None, &unseen).await?;
            (violations, newest) = again.finish();
        }
        self.report.report(violations);
        if let Some(newest) = newest {
            let lost = self.remote.require_marker(newest).await?;
            self.report.report(lost);
        }
        Ok(())
    }
}

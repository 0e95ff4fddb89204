//! What lines and accounts must have elsewhere in the table.

use std::sync::Arc;
use std::time::Duration;

use scrip_domain::account::AccountId;
use scrip_domain::entry::{Entry, Operation};
use scrip_domain::replay::due_at;
use scrip_domain::wallet::{Due, Job};
use scrip_store::{Hour, Ledger, Owner, Recorded, StoreError, operation_name};

use super::counterpart;
use super::log::Read;
use super::{Fault, Violation};

/// Markers that are asked for in one call: the most that DynamoDB takes.
const MARKERS_AT_ONCE: usize = 100;
/// How often the marker of an account is looked for whose newest line changes meanwhile. Whoever
/// writes so often arms it each time.
const LOOKS_MAX: u32 = 10;
/// Lines that seem to part from those in other logs and are kept for a second look, after one pause
/// for all of them.
const DOUBTED_MAX: usize = 100;
/// Before that look. DynamoDB writes a transaction whole, but not at one instant: for some
/// milliseconds one of its lines may be seen and another not.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks for what lines must have elsewhere.
pub(super) struct Remote {
    ledger: Ledger,
    /// Operations that belong to one account, with their lines, whose markers are still to be
    /// looked for.
    owned: Vec<(AccountId, u64, Operation)>,
    /// Lines that seemed to part from those in other logs.
    doubted: Vec<Read>,
    violations: Vec<Violation>,
}

impl Remote {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self { ledger, owned: Vec::new(), doubted: Vec::new(), violations: Vec::new() }
    }

    /// Checks a line against what it must have elsewhere.
    pub(super) async fn check(&mut self, read: Read) -> Result<(), StoreError> {
        self.owned.extend(owned(&read.recorded.entry));
        if MARKERS_AT_ONCE <= self.owned.len() {
            self.check_owners().await?;
        }
        if !self.compare(&read).await?.is_empty() {
            self.doubted.push(read);
            if DOUBTED_MAX <= self.doubted.len() {
                self.look_again().await?;
            }
        }
        Ok(())
    }

    /// What is wrong with what was checked so far, but for what is looked at again.
    pub(super) fn take(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }

    /// What is wrong with the rest that was checked.
    pub(super) async fn finish(&mut self) -> Result<Vec<Violation>, StoreError> {
        self.check_owners().await?;
        self.look_again().await?;
        Ok(self.take())
    }

    /// That something makes a sweep look at an account when it is due, by its newest line.
    pub(super) async fn require_marker(
        &self,
        mut newest: Arc<Recorded>,
    ) -> Result<Option<Violation>, StoreError> {
        let account = newest.entry.account.clone();
        for _ in 0..LOOKS_MAX {
            let wallet = &newest.entry.line.wallet;
            let Some(at) = due_at(wallet) else { return Ok(None) };
            // Of what the job is, the ledger's own word is good enough: a marker of either will do.
            let job = wallet.next_due().map_or(Job::Expire, |due| due.job);
            let due = Due { at, job };
            match self.ledger.is_armed(&account, newest.armed, due).await {
                Ok(true) => return Ok(None),
                // A marker that cannot be read is none.
                Ok(false) | Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
            // A sweep may just have written what was due down.
            match self.ledger.newest_line(&account).await {
                Err(error @ StoreError::Unavailable { .. }) => return Err(error),
                // It is reported with the log.
                Err(_) => return Ok(None),
                Ok(Some(again)) if again.entry.number != newest.entry.number => {
                    newest = Arc::new(again);
                }
                Ok(_) => {
                    let fault = Fault::DueMarkerMissing { due: Hour::of(due.at) };
                    return Ok(Some(Violation::of(&newest.entry, None, fault)));
                }
            }
        }
        Ok(None)
    }

    async fn compare(&self, read: &Read) -> Result<Vec<Fault>, StoreError> {
        // Boxed: the futures of the SDK are deep.
        Box::pin(counterpart::faults(&self.ledger, &read.recorded.entry, &read.held)).await
    }

    /// Compares the lines again that were doubted: what still parts is wrong.
    async fn look_again(&mut self) -> Result<(), StoreError> {
        if self.doubted.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
        for read in std::mem::take(&mut self.doubted) {
            let entry = &read.recorded.entry;
            let violation = |fault| Violation::of(entry, Some(entry.number), fault);
            let faults = self.compare(&read).await?;
            self.violations.extend(faults.into_iter().map(violation));
        }
        Ok(())
    }

    async fn check_owners(&mut self) -> Result<(), StoreError> {
        let asked = std::mem::take(&mut self.owned);
        let keys = asked.iter().map(|(account, _, operation)| (account.clone(), operation.clone()));
        let keys: Vec<(AccountId, Operation)> = keys.collect();
        let owners = self.ledger.owners(&keys).await?;
        for ((account, line, operation), owner) in asked.into_iter().zip(owners) {
            let operation = operation_name(&account, &operation);
            let fault = match owner {
                Owner::Anybody => continue,
                Owner::Account(other) if other == account => continue,
                Owner::Account(owner) => Fault::MarkerOfAnother { operation, owner },
                Owner::Nobody | Owner::Unreadable => Fault::MarkerMissing { operation },
            };
            self.violations.push(Violation::new(Some(account), Some(line), fault));
        }
        Ok(())
    }
}

/// The operation of a line, when it belongs to one account for ever.
fn owned(entry: &Entry) -> Option<(AccountId, u64, Operation)> {
    let operation = entry.line.detail.operation()?;
    let is_owned = matches!(
        (&entry.account, &operation),
        (_, Operation::Purchase(_)) | (AccountId::Card(_), Operation::Redemption(_))
    );
    is_owned.then(|| (entry.account.clone(), entry.number, operation))
}

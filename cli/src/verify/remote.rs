//! What lines and accounts must have elsewhere in the table.

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::entry::{Entry, Operation};
use scrip_store::{Hour, Ledger, Owner, Recorded, StoreError, operation_name};

use super::counterpart;
use super::log::Read;
use super::{Fault, Violation};

/// Markers that are asked for in one call: the most that DynamoDB takes.
const MARKERS_AT_ONCE: usize = 100;
/// How often the marker of an account is looked for whose newest line changes meanwhile. Whoever
/// writes so often arms it each time.
const LOOKS_MAX: u32 = 10;

/// Looks for what lines must have elsewhere.
pub(super) struct Remote {
    ledger: Ledger,
    /// Operations that belong to one account, with their lines, whose markers are still to be
    /// looked for.
    owned: Vec<(AccountId, u64, Operation)>,
    violations: Vec<Violation>,
}

impl Remote {
    pub(super) fn new(ledger: Ledger) -> Self {
        Self { ledger, owned: Vec::new(), violations: Vec::new() }
    }

    /// Checks a line against what it must have elsewhere.
    pub(super) async fn check(&mut self, read: Read) -> Result<(), StoreError> {
        let Read { recorded, held } = read;
        let entry = &recorded.entry;
        self.owned.extend(owned(entry));
        if MARKERS_AT_ONCE <= self.owned.len() {
            self.check_owners().await?;
        }
        // Boxed: the futures of the SDK are deep.
        let faults = Box::pin(counterpart::faults(&self.ledger, entry, &held)).await?;
        let (account, line) = (Some(entry.account.clone()), Some(entry.number));
        let violation = |fault| Violation { account: account.clone(), line, fault };
        self.violations.extend(faults.into_iter().map(violation));
        Ok(())
    }

    /// What is wrong with all that was checked.
    pub(super) async fn finish(&mut self) -> Result<Vec<Violation>, StoreError> {
        self.check_owners().await?;
        Ok(std::mem::take(&mut self.violations))
    }

    /// That something makes a sweep look at an account when it is due, by its newest line.
    pub(super) async fn require_marker(
        &self,
        mut newest: Arc<Recorded>,
    ) -> Result<Option<Violation>, StoreError> {
        let account = newest.entry.account.clone();
        for _ in 0..LOOKS_MAX {
            let Some(due) = newest.entry.line.wallet.next_due() else { return Ok(None) };
            if self.ledger.is_armed(&account, newest.armed, due).await? {
                return Ok(None);
            }
            // A sweep may just have written what was due down.
            let again = match self.ledger.newest_line(&account).await {
                Ok(again) => again,
                Err(StoreError::Unavailable { call, detail }) => {
                    return Err(StoreError::Unavailable { call, detail });
                }
                // It is reported with the log.
                Err(_) => None,
            };
            match again {
                Some(again) if again.entry.number != newest.entry.number => {
                    newest = Arc::new(again)
                }
                _ => {
                    let fault = Fault::DueMarkerMissing { due: Hour::of(due.at) };
                    return Ok(Some(Violation { account: Some(account), line: None, fault }));
                }
            }
        }
        Ok(None)
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
            let (account, line) = (Some(account), Some(line));
            self.violations.push(Violation { account, line, fault });
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

//! Markers: hints that are written before the line that needs them, never with it.
//!
//! A crash between the two leaves a marker that points at nothing to do, which is harmless; the
//! other way round an expiry could be lost, or one receipt could feed two members.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use scrip_domain::account::AccountId;
use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, OrderId};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Due, Job};
use sha2::{Digest, Sha256};

use crate::client::Boxed;
use crate::document::Item;
use crate::error::StoreError;
use crate::hour::Hour;
use crate::key;
use crate::ledger::Ledger;
use crate::read::Freshness;
use crate::table::{PARTITION, SORT};

/// Partitions that the markers of one job are spread over.
pub const SHARDS: u8 = 64;

/// How old the marker of another account must be before it may be taken over, in seconds: fifteen
/// times as long as a decision may be in flight.
const TAKEOVER_SECONDS: u64 = 15 * 60;

const ACCOUNT: &str = "account";
const SINCE: &str = "since";

/// What a writer does about the due marker of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arming {
    /// Put a marker for this hour before the line.
    pub(crate) put: Option<(Job, Hour)>,
    /// The line remembers this.
    pub(crate) armed: Option<Hour>,
}

/// Decides on the marker: only the earliest due hour needs one, and what an account remembers to
/// be armed for counts only while it is not in the past (a sweep may have deleted it).
///
/// Which job it was armed for is of no matter: whichever comes by arms what is due next.
pub(crate) fn arm(due: Option<Due>, armed: Option<Hour>, now: Instant) -> Arming {
    let armed = armed.filter(|armed| Hour::of(now) <= *armed);
    let Some((job, target)) = next_marker(due, now) else {
        return Arming { put: None, armed };
    };
    match armed {
        Some(armed) if armed <= target => Arming { put: None, armed: Some(armed) },
        _ => Arming { put: Some((job, target)), armed: Some(target) },
    }
}

/// The marker of what is due next: in its hour, or in the present one when that has passed.
pub(crate) fn next_marker(due: Option<Due>, now: Instant) -> Option<(Job, Hour)> {
    due.map(|due| (due.job, Hour::of(due.at).max(Hour::of(now))))
}

/// Whether an operation that belongs to one account for ever may be recorded in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Its marker names the account now.
    Ours,
    /// It was recorded in another.
    Theirs,
    /// Another may be about to record it.
    Contended,
}

enum Stamp {
    Put,
    Other { account: AccountId, since: Instant },
}

impl Ledger {
    /// Puts the marker that makes the sweep look at `account` after `hour`.
    pub(crate) async fn put_due(
        &self,
        job: Job,
        account: &str,
        hour: Hour,
    ) -> Result<(), StoreError> {
        let partition = key::due_partition(job.as_str(), shard(account));
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(partition))
            .item(SORT, AttributeValue::S(key::due(hour, account)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("PutItem", &error))?;
        self.meter.wrote(put.consumed_capacity());
        Ok(())
    }

    /// Stamps the marker of an operation for `account`, before its line is appended: of an order for
    /// its member, of a redemption without a member for its card. A younger stamp of the same
    /// account is left as it is. A marker that names another
    /// account may be taken over when it is old and that account's log does not have the operation:
    /// then nobody can be about to append it. An operation without a marker is always ours.
    pub(crate) async fn claim(
        &self,
        account: &AccountId,
        operation: &Operation,
        now: Instant,
    ) -> Result<Claim, StoreError> {
        let Some(marker) = key::marker(account, operation) else {
            return Ok(Claim::Ours);
        };
        // A stamp that was held up must not make a younger one look old: who decided then would lose
        // the order to a take-over while their line is on its way.
        let free = "attribute_not_exists(#pk) OR (#account = :account AND #since <= :now)";
        let (other, since) = match self.stamp(&marker, account, now, free, None).await? {
            Stamp::Other { account: other, since } if other != *account => (other, since),
            Stamp::Put | Stamp::Other { .. } => return Ok(Claim::Ours),
        };
        let name = key::operation(&other, operation);
        if self.find_operation(&other, &name).await?.is_some() {
            return Ok(Claim::Theirs);
        }
        if now.seconds_since(since) < TAKEOVER_SECONDS {
            return Ok(Claim::Contended);
        }
        let unchanged = "#account = :other AND #since = :old";
        match self.stamp(&marker, account, now, unchanged, Some((&other, since))).await? {
            Stamp::Put => Ok(Claim::Ours),
            Stamp::Other { .. } => Ok(Claim::Contended),
        }
    }

    /// The member whose order this is, or is about to be: as its marker says. `None` before anybody
    /// recorded it. One read unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_of_order(&self, order: &OrderId) -> Result<Option<MemberId>, StoreError> {
        let (partition, sort) = key::order_marker(order);
        let Some(item) = self.get(&partition, sort, Freshness::Consistent).await? else {
            return Ok(None);
        };
        let damaged = || StoreError::damaged(&partition, sort, "no member or instant");
        let Stamp::Other { account, .. } = read_stamp(&item).ok_or_else(damaged)? else {
            return Err(damaged());
        };
        account.member().cloned().map(Some).ok_or_else(damaged)
    }

    /// Whether an order was recorded for another member than this one. Two read units.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_order_of_another(
        &self,
        member: &MemberId,
        order: &OrderId,
    ) -> Result<bool, StoreError> {
        let Some(other) = self.member_of_order(order).await?.filter(|other| other != member) else {
            return Ok(false);
        };
        let other = AccountId::Member(other);
        let name = key::operation(&other, &Operation::Purchase(order.clone()));
        Ok(self.find_operation(&other, &name).await?.is_some())
    }

    async fn stamp(
        &self,
        (partition, sort): &(String, &'static str),
        account: &AccountId,
        now: Instant,
        condition: &str,
        old: Option<(&AccountId, Instant)>,
    ) -> Result<Stamp, StoreError> {
        let text = |account: &AccountId| AttributeValue::S(key::account(account));
        let mut put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(partition.clone()))
            .item(SORT, AttributeValue::S((*sort).to_owned()))
            .item(ACCOUNT, text(account))
            .item(SINCE, AttributeValue::S(now.to_string()))
            .condition_expression(condition)
            .expression_attribute_names("#account", ACCOUNT)
            .expression_attribute_names("#since", SINCE)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        put = match old {
            None => put
                .expression_attribute_names("#pk", PARTITION)
                .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
                .expression_attribute_values(":account", text(account)),
            Some((other, since)) => put
                .expression_attribute_values(":other", text(other))
                .expression_attribute_values(":old", AttributeValue::S(since.to_string())),
        };
        let error = match put.send().boxed().await {
            Ok(put) => {
                self.meter.wrote(put.consumed_capacity());
                return Ok(Stamp::Put);
            }
            Err(error) => error,
        };
        let failed = failed_condition(&error);
        let failed = failed.ok_or_else(|| StoreError::from_sdk("PutItem", &error))?;
        read_stamp(&failed)
            .ok_or_else(|| StoreError::damaged(partition, sort, "no account or instant"))
    }
}

/// The item that a conditional put found instead.
pub(crate) fn failed_condition(error: &SdkError<PutItemError>) -> Option<Item> {
    match error.as_service_error()? {
        PutItemError::ConditionalCheckFailedException(failed) => {
            Some(failed.item.clone().unwrap_or_default())
        }
        _ => None,
    }
}

fn read_stamp(item: &Item) -> Option<Stamp> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let account = key::parse_account(text(ACCOUNT)?)?;
    Some(Stamp::Other { account, since: text(SINCE)?.parse().ok()? })
}

/// The account that a marker names.
pub(crate) fn read_owner(item: &Item) -> Option<AccountId> {
    read_stamp(item).and_then(|stamp| match stamp {
        Stamp::Other { account, .. } => Some(account),
        Stamp::Put => None,
    })
}

/// The shard that an account's markers are in, 0 to 63.
pub(crate) fn shard(account: &str) -> u8 {
    let digest = Sha256::digest(account.as_bytes());
    digest.first().map_or(0, |byte| byte % SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(due: Option<&str>, armed: Option<&str>, put: Option<&str>, remembered: Option<&str>) {
        let now = "2026-11-21T10:30:00Z".parse().unwrap();
        let hour = |text: &str| text.parse::<Hour>().unwrap();
        for job in Job::ALL {
            let due = due.map(|due| Due { at: due.parse().unwrap(), job });
            let put = put.map(|text| (job, hour(text)));
            let arming = arm(due, armed.map(hour), now);
            assert_eq!(arming, Arming { put, armed: remembered.map(hour) });
        }
    }

    #[test]
    fn marker_is_put_only_for_an_earlier_hour_or_after_a_passed_one() {
        let (ten, eleven, noon) =
            (Some("2026-11-21T10"), Some("2026-11-21T11"), Some("2026-11-21T12"));
        let nine = Some("2026-11-21T09");
        // Nothing due.
        check(None, None, None, None);
        check(None, eleven, None, eleven);
        check(None, nine, None, None);
        // Due, and not armed.
        check(Some("2026-11-21T11:59:59Z"), None, eleven, eleven);
        // Armed for the same hour or earlier.
        check(Some("2026-11-21T11:00:00Z"), eleven, None, eleven);
        check(Some("2026-11-21T12:00:00Z"), eleven, None, eleven);
        check(Some("2026-11-21T12:00:00Z"), ten, None, ten);
        // Armed for later.
        check(Some("2026-11-21T11:00:00Z"), noon, eleven, eleven);
        // Armed for an hour that has passed: its marker may be gone.
        check(Some("2026-11-21T12:00:00Z"), nine, noon, noon);
        // Due in an hour that has passed: the present one.
        check(Some("2026-11-21T09:10:00Z"), None, ten, ten);
    }
}

//! Markers: hints that are written before the line that needs them, never with it.
//!
//! A crash between the two leaves a marker that points at nothing to do, which is harmless; the
//! other way round an expiry could be lost, or one receipt could feed two members.

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use scrip_domain::id::{MemberId, OrderId};
use scrip_domain::time::Instant;
use sha2::{Digest, Sha256};

use crate::document::Item;
use crate::error::StoreError;
use crate::hour::Hour;
use crate::key;
use crate::ledger::Ledger;
use crate::table::{PARTITION, SORT};
use scrip_domain::entry::Operation;

/// Partitions that the markers of one job are spread over.
pub const SHARDS: u8 = 64;

/// How old the marker of another member must be before it may be taken over, in seconds: fifteen
/// times as long as a decision may be in flight.
const TAKEOVER_SECONDS: u64 = 15 * 60;

const MEMBER: &str = "member";
const SINCE: &str = "since";

/// What looks at an account when something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Expiry of value and lapse of holds.
    Expire,
}

impl Job {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "expire",
        }
    }
}

/// What a writer does about the due marker of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arming {
    /// Put a marker for this hour before the line.
    pub(crate) put: Option<Hour>,
    /// The line remembers this.
    pub(crate) armed: Option<Hour>,
}

/// Decides on the marker: only the earliest due hour needs one, and what an account remembers to
/// be armed for counts only while it is not in the past (a sweep may have deleted it).
pub(crate) fn arm(due: Option<Instant>, armed: Option<Hour>, now: Instant) -> Arming {
    let present = Hour::of(now);
    let armed = armed.filter(|armed| present <= *armed);
    let Some(due) = due else {
        return Arming { put: None, armed };
    };
    let target = Hour::of(due).max(present);
    match armed {
        Some(armed) if armed <= target => Arming { put: None, armed: Some(armed) },
        _ => Arming { put: Some(target), armed: Some(target) },
    }
}

/// Whether an order may be recorded for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Its marker names the member now.
    Ours,
    /// It was recorded for somebody else.
    Theirs,
    /// Somebody else may be about to record it.
    Contended,
}

enum Stamp {
    Put,
    Other { member: MemberId, since: Instant },
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
            .await
            .map_err(|error| StoreError::from_sdk("PutItem", &error))?;
        self.meter.wrote(put.consumed_capacity());
        Ok(())
    }

    /// Stamps the marker of an order for `member`, before its purchase is appended. A marker that
    /// names another member may be taken over when it is old and that member's log does not have
    /// the purchase: then nobody can be about to append it.
    pub(crate) async fn claim_order(
        &self,
        order: &OrderId,
        member: &MemberId,
        now: Instant,
    ) -> Result<Claim, StoreError> {
        let free = "attribute_not_exists(#pk) OR #member = :member";
        let Stamp::Other { member: other, since } =
            self.stamp(order, member, now, free, None).await?
        else {
            return Ok(Claim::Ours);
        };
        let purchase = key::operation(&Operation::Purchase(order.clone()));
        if self.find_operation(&other, &purchase).await?.is_some() {
            return Ok(Claim::Theirs);
        }
        if now.seconds_since(since) < TAKEOVER_SECONDS {
            return Ok(Claim::Contended);
        }
        let unchanged = "#member = :other AND #since = :old";
        match self.stamp(order, member, now, unchanged, Some((&other, since))).await? {
            Stamp::Put => Ok(Claim::Ours),
            Stamp::Other { .. } => Ok(Claim::Contended),
        }
    }

    async fn stamp(
        &self,
        order: &OrderId,
        member: &MemberId,
        now: Instant,
        condition: &str,
        old: Option<(&MemberId, Instant)>,
    ) -> Result<Stamp, StoreError> {
        let partition = key::order(order);
        let mut put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(partition.clone()))
            .item(SORT, AttributeValue::S(key::ORDER.to_owned()))
            .item(MEMBER, AttributeValue::S(member.to_string()))
            .item(SINCE, AttributeValue::S(now.to_string()))
            .condition_expression(condition)
            .expression_attribute_names("#member", MEMBER)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        put = match old {
            None => put
                .expression_attribute_names("#pk", PARTITION)
                .expression_attribute_values(":member", AttributeValue::S(member.to_string())),
            Some((other, since)) => put
                .expression_attribute_names("#since", SINCE)
                .expression_attribute_values(":other", AttributeValue::S(other.to_string()))
                .expression_attribute_values(":old", AttributeValue::S(since.to_string())),
        };
        let error = match put.send().await {
            Ok(put) => {
                self.meter.wrote(put.consumed_capacity());
                return Ok(Stamp::Put);
            }
            Err(error) => error,
        };
        let failed = error.as_service_error().and_then(|error| match error {
            aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) => {
                Some(failed.item.clone().unwrap_or_default())
            }
            _ => None,
        });
        let failed = failed.ok_or_else(|| StoreError::from_sdk("PutItem", &error))?;
        read_stamp(&failed)
            .ok_or_else(|| StoreError::damaged(&partition, key::ORDER, "no member or instant"))
    }
}

fn read_stamp(item: &Item) -> Option<Stamp> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    Some(Stamp::Other { member: text(MEMBER)?.parse().ok()?, since: text(SINCE)?.parse().ok()? })
}

/// The shard that an account's markers are in, 0 to 63.
fn shard(account: &str) -> u8 {
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
        let arming = arm(due.map(|due| due.parse().unwrap()), armed.map(hour), now);
        assert_eq!(arming, Arming { put: put.map(hour), armed: remembered.map(hour) });
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

//! What a sweep works through: due markers, hour by hour and shard by shard, and the accounts that
//! it had to set aside.
//!
//! | step | why in this place |
//! |---|---|
//! | read the markers of all hours that ended a while ago | nobody can be about to append what they were put for |
//! | settle the account, or put the marker for what is due next | before the marker that pointed here is gone |
//! | delete the marker | last: until then a run that was killed is done again |
//!
//! There is no cursor to lose: an idle run is one query a shard, however long ago the last one was.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use scrip_domain::account::AccountId;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Job, Wallet};

use crate::client::Boxed;
use crate::error::StoreError;
use crate::hour::Hour;
use crate::key;
use crate::ledger::Ledger;
use crate::marker::{next_marker, shard};
use crate::read::Freshness;
use crate::table::{PARTITION, SORT};

/// How long after its end an hour is swept, in minutes: fifteen times as long as a decision may be
/// in flight.
const MARGIN_MINUTES: i64 = 15;

const ERROR: &str = "error";
const TRIES: &str = "tries";
/// The attribute that tells one setting aside from another.
const DRAWN: &str = "drawn";

/// A hint that an account has something due in an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueMarker {
    /// The account.
    pub account: AccountId,
    /// The hour.
    pub hour: Hour,
}

/// An account that a sweep could not decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The account.
    pub account: AccountId,
    /// Why, the last time.
    pub error: String,
    /// How often it was tried.
    pub tries: u32,
    /// Drawn at random when it was set aside, which may happen to an account again and again.
    pub(crate) drawn: u64,
}

impl Ledger {
    /// The first hour that may not be swept yet at an instant: all before it ended at least 15
    /// minutes ago.
    pub fn unswept(now: Instant) -> Hour {
        let before =
            now.millis().checked_sub(MARGIN_MINUTES * 60 * 1000).and_then(Instant::from_millis);
        Hour::of(before.unwrap_or(now))
    }

    /// Up to `limit` markers of one shard of a job, for hours before `before`, in the order of their
    /// hours and from the one after `after` on. Half a read unit for every 4 KB, some 60 markers,
    /// and at least that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_markers(
        &self,
        job: Job,
        shard: u8,
        before: Hour,
        after: Option<&DueMarker>,
        limit: u32,
    ) -> Result<Vec<DueMarker>, StoreError> {
        let partition = key::due_partition(job.as_str(), shard);
        let query = self
            // Nothing that may be swept is so new that it could be missed.
            .query(partition.clone(), Freshness::Eventual)
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":before", AttributeValue::S(before.to_string()))
            .limit(limit.cast_signed());
        let query = match after {
            None => query.key_condition_expression("#pk = :pk AND #sk < :before"),
            Some(after) => query
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :after AND :before")
                .expression_attribute_values(":after", AttributeValue::S(sort_key(after) + " ")),
        };
        let items = self.all_items(query, usize::try_from(limit).unwrap_or(0)).await?;
        let markers = items.into_iter().map(|item| {
            let sort = item.get(SORT).and_then(|sort| sort.as_s().ok());
            let sort = sort.map(String::as_str).unwrap_or_default();
            let marker = key::due_account(sort);
            let marker = marker.map(|(hour, account)| DueMarker { account, hour });
            marker.ok_or_else(|| StoreError::damaged(&partition, sort, "no hour or account"))
        });
        markers.collect()
    }

    /// Puts the marker for what is due next of an account that had nothing to write; `wallet` is
    /// its state carried to the present. At most one write unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rearm(&self, account: &AccountId, wallet: &Wallet) -> Result<(), StoreError> {
        match next_marker(wallet.next_due(), self.now()) {
            Some((job, hour)) => self.put_due(job, &key::account(account), hour).await,
            None => Ok(()),
        }
    }

    /// Deletes a marker whose account was settled or re-armed. One write unit.
    ///
    /// # Errors
    /// [`StoreError`]; then the account is looked at once more.
    pub async fn delete_marker(&self, job: Job, marker: &DueMarker) -> Result<(), StoreError> {
        let shard = shard(&key::account(&marker.account));
        let partition = key::due_partition(job.as_str(), shard);
        self.delete(self.deletion(partition, sort_key(marker))).await
    }

    /// Sets an account aside that a sweep cannot decide, before its marker is deleted. `tries` is
    /// how often it was tried, this time counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_aside(
        &self,
        job: Job,
        account: &AccountId,
        error: &str,
        tries: u32,
    ) -> Result<(), StoreError> {
        let account = key::account(account);
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(
                PARTITION,
                AttributeValue::S(key::set_aside_partition(job.as_str(), shard(&account))),
            )
            .item(SORT, AttributeValue::S(account))
            .item(ERROR, AttributeValue::S(error.to_owned()))
            .item(TRIES, AttributeValue::N(tries.to_string()))
            .item(DRAWN, AttributeValue::N(fastrand::u64(..).to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("PutItem", &error))?;
        self.meter.wrote(put.consumed_capacity());
        Ok(())
    }

    /// Up to `limit` accounts of one shard that a job has set aside, from the one after `after` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts_set_aside(
        &self,
        job: Job,
        shard: u8,
        after: Option<&AccountId>,
        limit: u32,
    ) -> Result<Vec<SetAside>, StoreError> {
        let partition = key::set_aside_partition(job.as_str(), shard);
        let after = after.map_or_else(|| " ".to_owned(), key::account);
        let query = self
            .query(partition.clone(), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND #sk > :after")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":after", AttributeValue::S(after))
            .limit(limit.cast_signed());
        let items = self.all_items(query, usize::try_from(limit).unwrap_or(0)).await?;
        let aside = items.into_iter().map(|item| {
            let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
            let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok());
            let tries = number(TRIES).and_then(|tries| tries.parse().ok());
            let drawn = number(DRAWN).and_then(|drawn| drawn.parse().ok());
            let sort = text(SORT).map(String::as_str).unwrap_or_default();
            let account = key::parse_account(sort);
            let read = |account| {
                let error = text(ERROR)?.clone();
                Some(SetAside { account, error, tries: tries?, drawn: drawn? })
            };
            let damaged = || StoreError::damaged(&partition, sort, "no account, error or numbers");
            account.and_then(read).ok_or_else(damaged)
        });
        aside.collect()
    }

    /// Forgets that an account was set aside: it was decided, and re-armed, after all. When it was
    /// set aside again since it was found, by a sweep that has deleted another marker, it stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_back(&self, job: Job, aside: &SetAside) -> Result<(), StoreError> {
        let account = key::account(&aside.account);
        let partition = key::set_aside_partition(job.as_str(), shard(&account));
        let delete = self
            .deletion(partition, account)
            .condition_expression("#drawn = :drawn")
            .expression_attribute_names("#drawn", DRAWN)
            .expression_attribute_values(":drawn", AttributeValue::N(aside.drawn.to_string()));
        self.delete(delete).await
    }

    fn deletion(&self, partition: String, sort: String) -> DeleteItemFluentBuilder {
        let key = HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(partition)),
            (SORT.to_owned(), AttributeValue::S(sort)),
        ]);
        self.client.delete_item().table_name(&*self.table).set_key(Some(key))
    }

    /// What is not there, or no longer what it was, is not deleted.
    async fn delete(&self, delete: DeleteItemFluentBuilder) -> Result<(), StoreError> {
        let delete =
            delete.return_consumed_capacity(ReturnConsumedCapacity::Total).send().boxed().await;
        match delete {
            Ok(deleted) => self.meter.wrote(deleted.consumed_capacity()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => {}
                _ => return Err(StoreError::from_sdk("DeleteItem", &error)),
            },
        }
        Ok(())
    }
}

fn sort_key(marker: &DueMarker) -> String {
    key::due(marker.hour, &key::account(&marker.account))
}

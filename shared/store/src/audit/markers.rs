//! The markers that lines must have.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use scrip_domain::account::AccountId;
use scrip_domain::entry::Operation;
use scrip_domain::id::RedemptionId;
use scrip_domain::wallet::{Due, Job};

use crate::client::{Boxed, page_config};
use crate::document::Item;
use crate::due::DueMarker;
use crate::error::StoreError;
use crate::hour::Hour;
use crate::key;
use crate::ledger::Ledger;
use crate::marker::{read_owner, shard};
use crate::read::Freshness;
use crate::table::{PARTITION, SORT};

/// The most keys that DynamoDB takes in one call.
const KEYS_MAX: usize = 100;
/// Times that what one call left over is asked for again, before it is looked at one by one.
const ROUNDS_MAX: u32 = 5;
/// Markers read in one call, when all that may cover an account are looked through.
const MARKERS_PER_CALL: u32 = 1_000;

/// Whose an operation is, that belongs to one account for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// This account's, its marker says.
    Account(AccountId),
    /// Its marker cannot be read.
    Unreadable,
    /// It has no marker.
    Nobody,
    /// It needs none.
    Anybody,
}

fn owner(item: &Item) -> Owner {
    read_owner(item).map_or(Owner::Unreadable, Owner::Account)
}

impl Ledger {
    /// Whose each of these operations is, by its marker. Half a read unit each; what is not as it
    /// must be is looked at again consistently.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owners(
        &self,
        operations: &[(AccountId, Operation)],
    ) -> Result<Vec<Owner>, StoreError> {
        let keys = operations.iter().map(|(account, operation)| key::marker(account, operation));
        let keys: Vec<_> = keys.collect();
        let wanted = keys.iter().flatten().map(|(partition, sort)| (partition.clone(), *sort));
        let wanted: Vec<(String, &str)> = wanted.collect();
        let mut found: HashMap<String, Item> = HashMap::new();
        for some in wanted.chunks(KEYS_MAX) {
            found.extend(self.get_all(some).await?);
        }
        let mut owners = Vec::with_capacity(keys.len());
        for (key, (account, _)) in keys.into_iter().zip(operations) {
            let Some((partition, sort)) = key else {
                owners.push(Owner::Anybody);
                continue;
            };
            let seen = found.get(&partition).map(owner);
            if seen.as_ref() == Some(&Owner::Account(account.clone())) {
                owners.extend(seen);
                continue;
            }
            let item = self.get(&partition, sort, Freshness::Consistent).await?;
            owners.push(item.map_or(Owner::Nobody, |item| owner(&item)));
        }
        Ok(owners)
    }

    /// The gift card that a redemption without a member spent, as its marker says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn card_of_redemption(&self, redemption: &RedemptionId) -> Result<Owner, StoreError> {
        let (partition, sort) = key::direct_marker(redemption);
        let item = self.get(&partition, sort, Freshness::Consistent).await?;
        Ok(item.map_or(Owner::Nobody, |item| owner(&item)))
    }

    async fn get_all(&self, keys: &[(String, &str)]) -> Result<HashMap<String, Item>, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::damaged("markers", "keys", error);
        let mut wanted = KeysAndAttributes::builder();
        for (partition, sort) in keys {
            wanted = wanted.keys(HashMap::from([
                (PARTITION.to_owned(), AttributeValue::S(partition.clone())),
                (SORT.to_owned(), AttributeValue::S((*sort).to_owned())),
            ]));
        }
        let wanted = wanted.build().map_err(|error| failed(&error))?;
        let mut left = Some(HashMap::from([(self.table.to_string(), wanted)]));
        let mut found = HashMap::new();
        for _ in 0..ROUNDS_MAX {
            let Some(asked) = left.take().filter(|left| !left.is_empty()) else { break };
            let batch = self
                .client
                .batch_get_item()
                .set_request_items(Some(asked))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .config_override(page_config())
                .send()
                .boxed()
                .await
                .map_err(|error| StoreError::from_sdk("BatchGetItem", &error))?;
            self.meter.read(batch.consumed_capacity());
            for item in batch.responses.unwrap_or_default().into_values().flatten() {
                let partition = item.get(PARTITION).and_then(|value| value.as_s().ok()).cloned();
                found.extend(partition.map(|partition| (partition, item)));
            }
            left = batch.unprocessed_keys;
        }
        Ok(found)
    }

    /// Whether a sweep will look at an account in time: there is a marker of it for the hour in
    /// which something is due, or an earlier one, or, when that hour has passed, up to the present
    /// one; or a sweep has set it aside. `armed` is the hour that the newest line remembers: of a
    /// sound account the marker is there, for half a unit.
    ///
    /// They are looked for in the order in which a sweep writes them, so that one which is under
    /// way is not taken for a fault: whoever asks reads the newest line again when this says
    /// `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_armed(
        &self,
        account: &AccountId,
        armed: Option<Hour>,
        due: Due,
    ) -> Result<bool, StoreError> {
        let hour = Hour::of(due.at);
        let likely = armed.unwrap_or(hour);
        if self.has_marker(due.job, account, likely, Freshness::Eventual).await? {
            return Ok(true);
        }
        for hour in [likely, hour] {
            for job in Job::ALL {
                if self.has_marker(job, account, hour, Freshness::Consistent).await? {
                    return Ok(true);
                }
            }
        }
        let key = key::account(account);
        for job in Job::ALL {
            let partition = key::set_aside_partition(job.as_str(), shard(&key));
            if self.get(&partition, &key, Freshness::Consistent).await?.is_some() {
                return Ok(true);
            }
        }
        self.has_any_marker(account, hour.max(Hour::of(self.now()))).await
    }

    async fn has_marker(
        &self,
        job: Job,
        account: &AccountId,
        hour: Hour,
        freshness: Freshness,
    ) -> Result<bool, StoreError> {
        let key = key::account(account);
        let partition = key::due_partition(job.as_str(), shard(&key));
        Ok(self.get(&partition, &key::due(hour, &key), freshness).await?.is_some())
    }

    /// Whether there is a marker of an account for an hour up to `last`: looks through all markers
    /// of its shard until then.
    async fn has_any_marker(&self, account: &AccountId, last: Hour) -> Result<bool, StoreError> {
        let shard = shard(&key::account(account));
        for job in Job::ALL {
            let mut after: Option<DueMarker> = None;
            loop {
                let page = self
                    .due_markers(job, shard, last.next(), after.as_ref(), MARKERS_PER_CALL)
                    .await?;
                if page.iter().any(|marker| marker.account == *account) {
                    return Ok(true);
                }
                let is_last = u32::try_from(page.len()).is_ok_and(|count| count < MARKERS_PER_CALL);
                match page.into_iter().next_back() {
                    Some(marker) if !is_last => after = Some(marker),
                    _ => break,
                }
            }
        }
        Ok(false)
    }
}

//! Versions of the program: append-only, like everything else.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::program::Document;
use scrip_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::client::Boxed;
use crate::document::Item;
use crate::error::StoreError;
use crate::key;
use crate::ledger::Ledger;
use crate::read::Freshness;
use crate::table::{PARTITION, SORT};

/// A version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramVersion {
    /// From 1, without gaps.
    pub version: u64,
    /// When it became the newest.
    #[serde(rename = "at")]
    pub set_at: Instant,
    /// The authenticated caller who set it.
    pub by: String,
    /// What it says.
    pub document: Document,
}

impl Ledger {
    /// The newest version; `None` before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_program(&self) -> Result<Option<ProgramVersion>, StoreError> {
        let query = self
            .query(key::PROGRAM.to_owned(), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :versions)")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":versions", AttributeValue::S(key::VERSION.to_owned()))
            .scan_index_forward(false)
            .limit(1);
        self.all_items(query, 1).await?.pop().map(decode).transpose()
    }

    /// One version; `None` when there is none of this number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn program(&self, version: u64) -> Result<Option<ProgramVersion>, StoreError> {
        let item = self.get(key::PROGRAM, &key::version(version), Freshness::Consistent).await?;
        item.map(decode).transpose()
    }

    /// The version that was newest at an instant, or the first for instants before it; `None`
    /// when there is none at all. Walks back from the newest: a program has few versions, and few
    /// of them are young.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn program_as_of(&self, at: Instant) -> Result<Option<ProgramVersion>, StoreError> {
        let mut found = self.newest_program().await?;
        while let Some(version) = found.as_ref().filter(|it| at < it.set_at && it.version > 1) {
            found = self.program(version.version.saturating_sub(1)).await?;
        }
        Ok(found)
    }

    /// Appends a version after `after`, the newest that the caller has seen (0: none). `None` when
    /// another one was faster.
    ///
    /// # Errors
    /// [`StoreError`]; then the version may or may not be there.
    pub async fn set_program(
        &self,
        document: Document,
        after: u64,
        by: &str,
    ) -> Result<Option<ProgramVersion>, StoreError> {
        let set_at = self.now();
        let version = ProgramVersion { version: after + 1, set_at, by: by.to_owned(), document };
        let sort = key::version(version.version);
        let damaged = |error| StoreError::damaged(key::PROGRAM, &sort, error);
        let mut item: Item =
            to_item(version.clone()).map_err(|error: serde_dynamo::Error| damaged(error))?;
        item.insert(PARTITION.to_owned(), AttributeValue::S(key::PROGRAM.to_owned()));
        item.insert(SORT.to_owned(), AttributeValue::S(sort));
        match self.put_new(item).await {
            Ok(()) => Ok(Some(version)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::from_sdk("PutItem", &error)),
        }
    }

    /// The instant that a local stack's clock was told last; `None` when it never was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn local_clock(&self) -> Result<Option<Instant>, StoreError> {
        let (partition, sort) = key::LOCAL_CLOCK;
        let item = self.get(partition, sort, Freshness::Consistent).await?;
        let text = item.and_then(|item| item.get("now").and_then(|now| now.as_s().ok().cloned()));
        let now = text.map(|text| text.parse()).transpose();
        now.map_err(|error| StoreError::damaged(partition, sort, error))
    }

    /// Remembers what a local stack's clock was told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_local_clock(&self, now: Instant) -> Result<(), StoreError> {
        let (partition, sort) = key::LOCAL_CLOCK;
        self.client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(partition.to_owned()))
            .item(SORT, AttributeValue::S(sort.to_owned()))
            .item("now", AttributeValue::S(now.to_string()))
            .send()
            .boxed()
            .await
            .map(|_| ())
            .map_err(|error| StoreError::from_sdk("PutItem", &error))
    }
}

fn decode(mut item: Item) -> Result<ProgramVersion, StoreError> {
    item.remove(PARTITION);
    let sort = item.remove(SORT).and_then(|sort| sort.as_s().ok().cloned()).unwrap_or_default();
    from_item(item)
        .map_err(|error: serde_dynamo::Error| StoreError::damaged(key::PROGRAM, &sort, error))
}

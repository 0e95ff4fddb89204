//! Raw reading for an audit: every item of the table, segment by segment; one log from a number on;
//! the markers that lines must have.
//!
//! A line is handed out as it is stored, before it is parsed, so that its hash can be made of its
//! own bytes and one that does not parse can be named. Nothing here writes.

mod markers;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use scrip_domain::account::AccountId;
use scrip_domain::entry::Operation;
use scrip_domain::time::Instant;

use crate::canonical::{self, HASH, Hash};
use crate::client::{Boxed, page_config};
use crate::document::{Item, decode};
use crate::error::StoreError;
use crate::key::{self, Place};
use crate::ledger::{Ledger, Recorded};
use crate::marker::shard;
use crate::read::Freshness;
use crate::table::{OPERATION, PARTITION, SORT};

pub use markers::Owner;

/// The most items asked for in one call: of ordinary lines some 300 KB, so that a page is on its way
/// in well under a second.
const ITEMS_PER_CALL: i32 = 250;

/// Where a scan or a log goes on.
#[derive(Debug, Clone)]
pub struct Bookmark(Item);

/// Some items of a segment, or of a log.
#[derive(Debug)]
pub struct ScanPage {
    /// What was found. The lines of one account come one after another, in the order of their
    /// numbers, for a partition is never in two segments.
    pub found: Vec<Found>,
    /// Where the next page begins; `None` at the end of the segment.
    pub next: Option<Bookmark>,
}

/// What an item of the table is.
#[derive(Debug)]
pub enum Found {
    /// A line of an account's log.
    Line(RawLine),
    /// A due marker, or an account that a sweep set aside, where no sweep looks for it.
    Misplaced {
        /// The account.
        account: AccountId,
        /// The partition.
        partition: String,
        /// The sort key.
        sort: String,
    },
    /// An item that is in its place and has nothing to check.
    Other,
    /// An item that has no place in the table.
    Unknown {
        /// The partition.
        partition: String,
        /// The sort key.
        sort: String,
    },
}

/// A line as it is stored.
#[derive(Debug, Clone)]
pub struct RawLine {
    /// Whose log.
    pub account: AccountId,
    /// Its number, as its key says.
    pub number: u64,
    item: Item,
}

/// The account that has this key in the table, `MEMBER#<id>` or `CARD#<number>`.
pub fn account_of_key(text: &str) -> Option<AccountId> {
    key::parse_account(text)
}

/// The name of an operation in an account's log.
pub fn operation_name(account: &AccountId, operation: &Operation) -> String {
    key::operation(account, operation)
}

impl RawLine {
    /// The hash that is printed in it.
    pub fn hash(&self) -> Option<Hash> {
        canonical::read_hash(self.item.get(HASH))
    }

    /// The hash of its bytes, when it follows a line with the hash `previous`.
    pub fn hash_after(&self, previous: &Hash) -> Hash {
        canonical::hash(previous, &self.item)
    }

    /// The name of its operation, by which the index finds it.
    pub fn operation(&self) -> Option<&str> {
        self.item.get(OPERATION).and_then(|name| name.as_s().ok()).map(String::as_str)
    }

    /// The instant at which it was recorded, when that can be read.
    pub fn recorded_at(&self) -> Option<Instant> {
        self.item.get("at")?.as_s().ok()?.parse().ok()
    }

    /// What it says.
    ///
    /// # Errors
    /// [`StoreError`], as for any line that is read.
    pub fn read(&self) -> Result<Recorded, StoreError> {
        decode(&self.account, self.item.clone())
    }
}

impl Ledger {
    /// Items of one of `segments` parts of the table, from `after` on. Half a read unit for every
    /// 4 KB: what was written within the last second may be missing, but never a line before one
    /// that is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scan(
        &self,
        (segment, segments): (u16, u16),
        after: Option<Bookmark>,
    ) -> Result<ScanPage, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&*self.table)
            .segment(segment.into())
            .total_segments(segments.into())
            .limit(ITEMS_PER_CALL)
            .set_exclusive_start_key(after.map(|Bookmark(key)| key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .config_override(page_config())
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("Scan", &error))?;
        self.meter.read(page.consumed_capacity());
        let found = page.items.unwrap_or_default().into_iter().map(classify).collect();
        Ok(ScanPage { found, next: page.last_evaluated_key.map(Bookmark) })
    }

    /// Lines of one log from a number on, in the order of their numbers, and whatever else is among
    /// them. One read unit for every 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log(
        &self,
        account: &AccountId,
        from: u64,
        after: Option<Bookmark>,
    ) -> Result<ScanPage, StoreError> {
        let page = self
            .query(key::account(account), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":first", AttributeValue::S(key::entry(from)))
            // Every sort key of a line is below.
            .expression_attribute_values(":last", AttributeValue::S(format!("{}~", key::ENTRY)))
            .limit(ITEMS_PER_CALL)
            .set_exclusive_start_key(after.map(|Bookmark(key)| key))
            .customize()
            .config_override(page_config())
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("Query", &error))?;
        self.meter.read(page.consumed_capacity());
        let found = page.items.unwrap_or_default().into_iter().map(classify).collect();
        Ok(ScanPage { found, next: page.last_evaluated_key.map(Bookmark) })
    }

    /// The number of the first line that was recorded at an instant or later; `None` when there is
    /// none. About log₂ of the length of the log reads of half a unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_number_from(
        &self,
        account: &AccountId,
        at: Instant,
    ) -> Result<Option<u64>, StoreError> {
        let Some(newest) = self.newest(account).await? else { return Ok(None) };
        let first = self.first_line_from(&newest, at).await?;
        Ok(first.map(|line| line.entry.number))
    }

    /// The newest line of an account, not carried to any instant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_line(&self, account: &AccountId) -> Result<Option<Recorded>, StoreError> {
        self.newest(account).await
    }

    /// The line of an operation in a log; `None` when it was not applied there. A read unit and a
    /// half.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn applied(
        &self,
        account: &AccountId,
        operation: &Operation,
    ) -> Result<Option<Recorded>, StoreError> {
        let name = key::operation(account, operation);
        match self.find_operation(account, &name).await? {
            Some(number) => self.existing_line(account, number).await.map(Some),
            None => Ok(None),
        }
    }
}

fn classify(item: Item) -> Found {
    let text = |name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok());
        value.cloned().unwrap_or_default()
    };
    let (partition, sort) = (text(PARTITION), text(SORT));
    match key::place(&partition, &sort) {
        Some(Place::Line(account, number)) => Found::Line(RawLine { account, number, item }),
        Some(Place::Due { shard: there, account }) if there != shard(&key::account(&account)) => {
            Found::Misplaced { account, partition, sort }
        }
        Some(Place::Due { .. } | Place::Aside) => Found::Other,
        None => Found::Unknown { partition, sort },
    }
}

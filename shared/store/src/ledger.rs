//! The handle on the table.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use scrip_domain::entry::Entry;
use scrip_domain::time::Instant;

use crate::canonical::Hash;
use crate::client::{Boxed, line_config};
use crate::document::Item;
use crate::hour::Hour;
use crate::operation::Fingerprint;
use crate::table::PARTITION;
use crate::usage::{Meter, Usage};

/// Reads the time. The system's clock in a function, a clock that is told in tests.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A ledger in one DynamoDB table. Cheap to clone; clones share the client and the meter.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) client: Client,
    pub(crate) table: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) meter: Meter,
}

/// A line as it was read, with what the store keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The line.
    pub entry: Entry,
    /// SHA-256 over the hash of the line before and the bytes of this one.
    pub hash: Hash,
    /// Of the request that asked for it.
    pub fingerprint: Fingerprint,
    /// The hour of the earliest due marker of the account, when it was written.
    pub armed: Option<Hour>,
}

impl Ledger {
    /// The ledger in `table`.
    pub fn new(client: Client, table: &str, clock: Clock) -> Self {
        Self { client, table: table.into(), clock, meter: Meter::default() }
    }

    /// The same ledger with a meter of its own, for one request.
    #[must_use]
    pub fn metered(&self) -> Self {
        Self { meter: Meter::default(), ..self.clone() }
    }

    /// What the calls of this handle consumed so far.
    pub fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// The clock's present.
    pub fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Puts an item, unless there is one of its key, which the error then shows: that costs nothing
    /// more. It is sent once.
    pub(crate) async fn put_new(&self, item: Item) -> Result<(), SdkError<PutItemError>> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PARTITION)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .config_override(line_config())
            .send()
            .boxed()
            .await?;
        self.meter.wrote(put.consumed_capacity());
        Ok(())
    }
}

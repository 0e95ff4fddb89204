//! PIN attempts: how often a card's number was presented since its last right PIN.
//!
//! An attempt is counted before its PIN is compared, so that guesses sent at once are no more than
//! guesses sent one after another. The number is the one presented: whether there is such a card
//! makes no difference. The count is never part of the ledger (DESIGN 5.15).

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use scrip_domain::id::CardNumber;
use scrip_domain::time::Instant;

use crate::client::Boxed;
use crate::document::Item;
use crate::error::StoreError;
use crate::key;
use crate::ledger::Ledger;
use crate::table::{PARTITION, SORT};

/// How long attempts count after the last of them, in milliseconds: one hour.
const COUNTED_MILLIS: i64 = 60 * 60 * 1000;
/// How long after its last attempt DynamoDB may collect the item, in seconds: the hour for which
/// it counts, and the five minutes that clocks may be apart.
const KEPT_SECONDS: i64 = 65 * 60;
/// How often a call tries to start a count or to raise it. One of the two fails together with the
/// other only when the count changed between them: by the last attempt that is allowed, which the
/// next try sees, or by a right PIN, which nobody has five times within milliseconds.
const TRIES_MAX: u32 = 5;

const COUNT: &str = "attempts";
/// When the last attempt was counted, in milliseconds since 1970: conditions compare it, and
/// texts with and without milliseconds do not sort by time.
const COUNTED_AT: &str = "at";
/// When DynamoDB may collect the item, in seconds since 1970.
const COLLECTED_AT: &str = "ttl";

/// Whether a PIN may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The attempt is counted, and its PIN may be compared.
    Counted,
    /// There were too many. Nothing was counted, and no PIN may be compared.
    Locked {
        /// How long until the count starts again, in seconds, rounded up; at least 1.
        retry_after_seconds: u64,
    },
}

/// A count within its hour.
#[derive(Debug, Clone, Copy)]
struct Seen {
    count: u32,
    counted_at: Instant,
}

impl Ledger {
    /// Counts an attempt at a number, before its PIN is compared.
    ///
    /// Of any number of calls at once, exactly `attempts_max` (at least 1) are counted. Each that
    /// is counted renews the instant from which an hour runs; at the end of the hour the count
    /// starts again. An instant ahead of the clock is within the hour and is not taken back.
    ///
    /// The first attempt is one write unit; a further one is two, of which the meter sees one,
    /// for DynamoDB does not say what a failed condition cost.
    ///
    /// # Errors
    /// [`StoreError`]: the attempt may be counted, and no PIN may be compared. An attempt whose
    /// answer was lost may be counted twice, but never is left out.
    pub async fn count_attempt(
        &self,
        number: &CardNumber,
        attempts_max: u32,
    ) -> Result<Attempt, StoreError> {
        let now = self.now();
        for _ in 0..TRIES_MAX {
            let Some(seen) = self.start_count(number, now).await? else {
                return Ok(Attempt::Counted);
            };
            if attempts_max <= seen.count {
                return Ok(Attempt::Locked { retry_after_seconds: seen.seconds_left(now) });
            }
            if self.raise_count(number, attempts_max, seen, now).await? {
                return Ok(Attempt::Counted);
            }
        }
        let detail = format!("the PIN attempts changed during each of {TRIES_MAX} tries");
        Err(StoreError::Unavailable { call: "UpdateItem", detail })
    }

    /// Forgets the attempts at a number: its PIN was right. One write unit.
    ///
    /// # Errors
    /// [`StoreError`]: the attempts may still count.
    pub async fn clear_attempts(&self, number: &CardNumber) -> Result<(), StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .key(PARTITION, AttributeValue::S(key::attempts(number)))
            .key(SORT, AttributeValue::S(key::ATTEMPTS.to_owned()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("DeleteItem", &error))?;
        self.meter.wrote(delete.consumed_capacity());
        Ok(())
    }

    /// Counts the first attempt, unless there is a count within its hour: then that one.
    async fn start_count(
        &self,
        number: &CardNumber,
        now: Instant,
    ) -> Result<Option<Seen>, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(key::attempts(number)))
            .item(SORT, AttributeValue::S(key::ATTEMPTS.to_owned()))
            .item(COUNT, AttributeValue::N("1".to_owned()))
            .item(COUNTED_AT, counted_at(now))
            .item(COLLECTED_AT, collected_at(now))
            .condition_expression("attribute_not_exists(#pk) OR #at <= :hour_ago")
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_names("#at", COUNTED_AT)
            .expression_attribute_values(":hour_ago", hour_before(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await;
        let error = match put {
            Ok(put) => {
                self.meter.wrote(put.consumed_capacity());
                return Ok(None);
            }
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(StoreError::from_sdk("PutItem", &error));
        };
        let seen = failed.item.as_ref().and_then(read_count);
        seen.map(Some).ok_or_else(|| {
            let account = format!("CARD#…{}", number.last4());
            StoreError::damaged(&account, key::ATTEMPTS, "no count or instant")
        })
    }

    /// Counts one more attempt. `false`, and nothing is counted, when there is no count within its
    /// hour or it has reached `attempts_max`.
    async fn raise_count(
        &self,
        number: &CardNumber,
        attempts_max: u32,
        seen: Seen,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let at = now.max(seen.counted_at);
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .key(PARTITION, AttributeValue::S(key::attempts(number)))
            .key(SORT, AttributeValue::S(key::ATTEMPTS.to_owned()))
            .update_expression("SET #count = #count + :one, #at = :at, #ttl = :ttl")
            .condition_expression("#count < :max AND :hour_ago < #at")
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_names("#at", COUNTED_AT)
            .expression_attribute_names("#ttl", COLLECTED_AT)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":max", AttributeValue::N(attempts_max.to_string()))
            .expression_attribute_values(":at", counted_at(at))
            .expression_attribute_values(":ttl", collected_at(at))
            .expression_attribute_values(":hour_ago", hour_before(now))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await;
        match update {
            Ok(update) => {
                self.meter.wrote(update.consumed_capacity());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::from_sdk("UpdateItem", &error)),
        }
    }
}

impl Seen {
    /// How long until it counts no more, in seconds, rounded up.
    fn seconds_left(self, now: Instant) -> u64 {
        let millis = self.counted_at.millis() + COUNTED_MILLIS - now.millis();
        // Within its hour some of it is left.
        u64::try_from(millis).unwrap_or(0).div_ceil(1000)
    }
}

fn counted_at(at: Instant) -> AttributeValue {
    AttributeValue::N(at.millis().to_string())
}

fn collected_at(at: Instant) -> AttributeValue {
    let seconds = at.millis().div_euclid(1000) + KEPT_SECONDS;
    AttributeValue::N(seconds.to_string())
}

/// The latest instant of an attempt that counts no more.
fn hour_before(now: Instant) -> AttributeValue {
    let millis = now.millis() - COUNTED_MILLIS;
    AttributeValue::N(millis.to_string())
}

fn read_count(item: &Item) -> Option<Seen> {
    let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok());
    let count = number(COUNT)?.parse().ok()?;
    let counted_at = Instant::from_millis(number(COUNTED_AT)?.parse().ok()?)?;
    Some(Seen { count, counted_at })
}

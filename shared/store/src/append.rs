//! The one write that counts: a line, put where there is none.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};

use crate::client::{Boxed, transaction_config};
use crate::document::Item;
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::operation::ApplyError;
use crate::table::PARTITION;

/// Why one try did not end it.
pub(crate) enum Setback<R: std::error::Error + 'static> {
    /// Somebody else wrote the next line: this one, where the store has shown it.
    Raced(Option<Item>),
    /// Nothing was heard of a write, or the store did not answer.
    Unheard(Unheard),
    /// There is no point in trying again.
    Final(ApplyError<R>),
}

/// A call of which nothing was heard.
pub(crate) struct Unheard {
    pub(crate) error: StoreError,
    /// The number of the line that was sent, and may arrive until there is one. `None`: nothing was.
    pub(crate) line: Option<u64>,
}

impl Unheard {
    /// Whether nobody can say what becomes of it, when the newest line has this number.
    pub(crate) fn is_open(&self, newest: u64) -> bool {
        self.line.is_none_or(|line| newest < line)
    }
}

impl<R: std::error::Error + 'static> From<StoreError> for Setback<R> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Unheard(Unheard { error, line: None }),
            StoreError::Damaged { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::ClockBehind { .. } => Self::Final(error.into()),
        }
    }
}

impl<R: std::error::Error + 'static> Setback<R> {
    /// The same, of a write whose line in the log of the account that is asked has this number.
    pub(crate) fn of_line(self, number: u64) -> Self {
        match self {
            Self::Unheard(unheard) => Self::Unheard(Unheard { line: Some(number), ..unheard }),
            setback => setback,
        }
    }
}

impl Ledger {
    /// Appends a line to its account's log.
    pub(crate) async fn append<R: std::error::Error + 'static>(
        &self,
        item: Item,
    ) -> Result<(), Setback<R>> {
        self.put_new(item).await.map_err(|error| setback_of_put(&error))
    }

    /// Appends one line to each of several logs, or none to any.
    pub(crate) async fn append_all<R: std::error::Error + 'static>(
        &self,
        items: Vec<Item>,
    ) -> Result<(), Setback<R>> {
        let mut transaction = self
            .client
            .transact_write_items()
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for item in items {
            let put = Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PARTITION)
                .build()
                .map_err(|error| StoreError::damaged("transaction", "put", error))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let written = transaction
            .customize()
            .config_override(transaction_config())
            .send()
            .boxed()
            .await
            .map_err(|error| setback_of_transaction(&error))?;
        self.meter.wrote(written.consumed_capacity());
        Ok(())
    }
}

fn setback_of_put<R: std::error::Error + 'static>(error: &SdkError<PutItemError>) -> Setback<R> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            Setback::Raced(failed.item().cloned())
        }
        Some(PutItemError::TransactionConflictException(_)) => Setback::Raced(None),
        _ => StoreError::from_sdk("PutItem", error).into(),
    }
}

/// A transaction that was cancelled wrote nothing. One in progress, or unanswered, may have.
fn setback_of_transaction<R: std::error::Error + 'static>(
    error: &SdkError<TransactWriteItemsError>,
) -> Setback<R> {
    if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    {
        let raced = ["ConditionalCheckFailed", "TransactionConflict"];
        let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
        if codes.any(|code| raced.contains(&code)) {
            return Setback::Raced(None);
        }
    }
    StoreError::from_sdk("TransactWriteItems", error).into()
}

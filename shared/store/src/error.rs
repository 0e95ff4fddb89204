//! Why the store could not answer.

use std::error::Error;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// The store could not answer; nothing that was acknowledged is lost.
#[derive(Debug, Error)]
pub enum StoreError {
    /// DynamoDB did not answer, or refused for a reason that passes.
    #[error("DynamoDB did not answer a {call}: {detail}")]
    Unavailable {
        /// Which call.
        call: &'static str,
        /// What the SDK says.
        detail: String,
    },
    /// An item is not what this code writes. It is left as it is.
    #[error("the item {account} / {item} cannot be read: {detail}")]
    Damaged {
        /// The partition: an account, or what else is kept.
        account: String,
        /// The item in it: the number of an entry, or another sort key.
        item: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A line was written by a newer release. Nothing is appended after it.
    #[error("entry {entry} of {account} has format {format}, newer than this release reads")]
    NewerFormat {
        /// Whose log.
        account: String,
        /// The line's number.
        entry: u64,
        /// Its format.
        format: u32,
    },
    /// The newest line of an account is from the future: a clock is wrong.
    #[error("the newest entry of {account} is {seconds} s ahead of the clock")]
    ClockBehind {
        /// Whose log.
        account: String,
        /// How far.
        seconds: u64,
    },
}

impl StoreError {
    pub(crate) fn damaged(account: &str, item: &str, detail: impl std::fmt::Display) -> Self {
        Self::Damaged { account: account.into(), item: item.into(), detail: detail.to_string() }
    }

    pub(crate) fn from_sdk<E, R>(call: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
        R: std::fmt::Debug,
    {
        Self::Unavailable { call, detail: DisplayErrorContext(error).to_string() }
    }
}

//! What is asked of an account, and what came of it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::account::{AccountId, Accounts};
use scrip_domain::entry::{Entry, Operation};
use scrip_domain::posting::Posting;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::error::StoreError;

/// Tells one request from another under the same operation: 16 bytes of SHA-256 of the request's
/// canonical JSON. Secrets and the server's time are never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of a request whose members serialise in a fixed order.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which the border's plain types always can.
    pub fn of(request: &impl Serialize) -> Result<Self, serde_json::Error> {
        let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(request)?).into();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, digit)| *byte = digit);
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn read(value: &AttributeValue) -> Option<Self> {
        value.as_b().ok()?.as_ref().try_into().ok().map(Self)
    }
}

/// An operation that is asked of an account.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose log.
    pub account: AccountId,
    /// Its name there; `None` for what is idempotent by state.
    pub operation: Option<Operation>,
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// The authenticated caller.
    pub by: String,
    /// The version of the program that decides.
    pub program: u64,
    /// What the decision needs the newest line of: of this operation and of the actions on what
    /// it made, such as the captures and refunds of a redemption.
    ///
    /// An action on it, whose name begins with its name, is given the newest line there is. Another
    /// operation may at first be given an older one, at half the cost, and is decided again before
    /// it is refused: it may append only what the wallet bears out.
    pub about: Option<Operation>,
}

/// What a decision is given.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The account that is asked.
    pub account: &'a AccountId,
    /// As its newest line left it, levels judged.
    pub wallet: &'a Wallet,
    /// The newest line of what the request is about.
    pub about: Option<&'a Entry>,
    /// The number that the line will have.
    pub number: u64,
    /// The one instant of this operation: the later of the clock and the newest line of every
    /// account in it.
    pub now: Instant,
    /// The other accounts that the decision has asked for so far.
    pub others: &'a BTreeMap<AccountId, Wallet>,
    /// What the first line from each instant on posted, of the instants that the decision has
    /// asked for so far; nothing where there is no such line yet.
    pub settled: &'a BTreeMap<Instant, Vec<Posting>>,
}

impl<'a> From<&Situation<'a>> for Accounts<'a> {
    fn from(situation: &Situation<'a>) -> Self {
        Self::new(situation.account, situation.wallet, situation.others)
    }
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// Its line was appended, and with it one in each of the other accounts that it changes.
    Appended(Entry),
    /// It was applied before, by this line.
    Replayed(Entry),
    /// There was nothing to write.
    Unchanged {
        /// How things stand.
        answer: T,
        /// The wallet, carried to the instant of the decision.
        wallet: Wallet,
    },
}

/// Why an operation was not applied.
#[derive(Debug, Error)]
pub enum ApplyError<R: std::error::Error + 'static> {
    /// Against a rule; nothing was written.
    #[error(transparent)]
    Refused(R),
    /// The name was used for a different request; nothing was written.
    #[error("the operation was already applied with a different request")]
    OperationConflict,
    /// The order was recorded for another member; nothing was written.
    #[error("the order belongs to another member")]
    OrderBelongsToAnotherMember,
    /// Others were faster too often; nothing was written.
    #[error("the account is contended")]
    Contended,
    /// The store did not answer: the line may or may not be there, and sending the same operation
    /// again finds out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

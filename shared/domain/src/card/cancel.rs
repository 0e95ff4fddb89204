//! Cancel: a purchaser takes an untouched card back.

use std::convert::Infallible;

use thiserror::Error;

use crate::account::{AccountId, Accounts, Drafts, Missing};
use crate::entry::{Decision, Detail};
use crate::id::{CardNumber, Reason};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::time::Instant;

use super::{Arrival, CardCredited, CardEnded, End, NotGiven, Origin, receive, to_give};

/// A request to take a card back into the wallet that is asked, its purchaser's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// The card.
    pub number: CardNumber,
    /// Why.
    pub reason: Reason,
}

/// Why a card is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Of the card.
    #[error(transparent)]
    Card(#[from] NotGiven),
    /// Something of it was spent: the rest can be claimed or spent.
    #[error("something of the gift card was spent already")]
    SpentFrom,
    /// More credit than a count can hold.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Moves the value of a card into the wallet that is asked, as it would revert, and ends the card.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    cancel: &Cancel,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let account = AccountId::Card(cancel.number.clone());
    let mut drafts = Drafts::open(accounts.into(), now);
    let draft = match drafts.of(&account) {
        Ok(draft) => draft,
        Err(Missing(missing)) => return Ok(Decision::Needs(missing)),
    };
    let card = to_give(draft)?;
    if card.is_spent_from {
        return Err(Refusal::SpentFrom);
    }
    let amount = draft.end_card(End::Cancelled);
    let origin = Origin::Returned(PostingReason::TransferredIn);
    receive(&mut drafts.own, &card, amount, card.expires_at, origin)?;
    let purchaser = card.key.purchaser.clone();
    let reason = Some(cancel.reason.clone());
    let ended = CardEnded { purchaser, end: End::Cancelled, amount: amount.into(), reason };
    let credited = CardCredited { arrival: Arrival::Cancelled(card.key) };
    Ok(drafts.close(Detail::CardCredit(credited), [(account, Detail::CardEnd(ended))]))
}

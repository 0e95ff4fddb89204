//! Void: the retailer takes a card back whose sale was refunded or charged back. Nobody gets it.

use std::convert::Infallible;

use thiserror::Error;

use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::Reason;
use crate::time::Instant;
use crate::wallet::Wallet;

use super::{CardEnded, CardStatus, End, status};

/// Why a card is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such card.
    #[error("there is no such gift card")]
    Unknown,
    /// Its value is somebody's already.
    #[error("the gift card is {}", .0.as_str())]
    NotActive(CardStatus),
}

/// Takes back what remains of a card, never what a redemption holds: that can still be captured.
/// What is released or refunded to the card later is voided as it comes.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    reason: &Reason,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let mut draft = Draft::open(wallet, now);
    let card = draft.wallet().card.clone().ok_or(Refusal::Unknown)?;
    match status(draft.wallet(), &card, now) {
        CardStatus::Active | CardStatus::Spent | CardStatus::Expired => {}
        status => return Err(Refusal::NotActive(status)),
    }
    let amount = draft.end_card(End::Voided);
    let ended = CardEnded {
        purchaser: card.key.purchaser,
        end: End::Voided,
        amount: amount.into(),
        reason: Some(reason.clone()),
    };
    Ok(Decision::Append(draft.close(Detail::CardEnd(ended))))
}

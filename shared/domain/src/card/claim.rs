//! Claim: a card becomes a credit of whoever presents its number and PIN.

use std::convert::Infallible;

use thiserror::Error;

use crate::account::{AccountId, Accounts, Drafts, Missing};
use crate::entry::{Decision, Detail};
use crate::id::{CardNumber, MemberId};
use crate::limit::LimitReached;
use crate::time::Instant;

use super::{Arrival, CardCredited, CardEnded, End, NotGiven, Origin, receive, to_give};

/// A request to claim a card into the wallet that is asked. Its PIN was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose wallet.
    pub member: MemberId,
    /// The card.
    pub number: CardNumber,
}

/// Why a card does not become a credit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Of the card.
    #[error(transparent)]
    Card(#[from] NotGiven),
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Moves what is left of a card into the wallet that is asked, as a credit with the card's own
/// expiry, and ends the card.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    claim: &Claim,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let account = AccountId::Card(claim.number.clone());
    let mut drafts = Drafts::open(accounts.into(), now);
    let draft = match drafts.of(&account) {
        Ok(draft) => draft,
        Err(Missing(missing)) => return Ok(Decision::Needs(missing)),
    };
    let card = to_give(draft)?;
    let end = End::Claimed(claim.member.clone());
    let amount = draft.end_card(end.clone());
    receive(&mut drafts.own, &card, amount, card.expires_at, Origin::Claimed)?;
    let purchaser = card.key.purchaser.clone();
    let ended = CardEnded { purchaser, end, amount: amount.into(), reason: None };
    let credited = CardCredited { arrival: Arrival::Claimed(card.key) };
    Ok(drafts.close(Detail::CardCredit(credited), [(account, Detail::CardEnd(ended))]))
}

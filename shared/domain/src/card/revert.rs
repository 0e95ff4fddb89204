//! Revert: what nobody claimed or spent goes back to its purchaser.
//!
//! The marker that leads here may be the only one of the account, and lead to a card that was spent
//! from since and has expired. What time did to it is written down then, or nobody would.

use crate::account::{AccountId, Accounts, Drafts, Missing};
use crate::entry::{Decision, Detail};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::settlement;
use crate::time::Instant;

use super::{Arrival, CardCredited, CardEnded, End, Origin, receive};

/// Writes down that the card that is asked has reverted, when it has: its value becomes a credit
/// of its purchaser with the card's own expiry. Otherwise what else time did to it, if anything, as
/// [`settlement::decide`] does.
///
/// # Errors
/// [`LimitReached`] when the purchaser would have more credit than a count can hold. Nothing is
/// changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    now: Instant,
) -> Result<Decision<()>, LimitReached> {
    let accounts = accounts.into();
    let mut drafts = Drafts::open(accounts, now);
    let is_due = drafts.own.wallet().reverts_at().is_some_and(|reverts_at| reverts_at <= now);
    let Some(card) = drafts.own.wallet().card.clone().filter(|_| is_due) else {
        return Ok(settlement::decide(accounts.wallet(), now));
    };
    let purchaser = AccountId::Member(card.key.purchaser.clone());
    if let Err(Missing(missing)) = drafts.of(&purchaser) {
        return Ok(Decision::Needs(missing));
    }
    let amount = drafts.own.end_card(End::Reverted);
    if let Ok(draft) = drafts.of(&purchaser) {
        let origin = Origin::Returned(PostingReason::TransferredIn);
        receive(draft, &card, amount, card.expires_at, origin)?;
    }
    let ended = CardEnded {
        purchaser: card.key.purchaser.clone(),
        end: End::Reverted,
        amount: amount.into(),
        reason: None,
    };
    let credited = CardCredited { arrival: Arrival::Reverted(card.key) };
    Ok(drafts.close(Detail::CardEnd(ended), [(purchaser, Detail::CardCredit(credited))]))
}

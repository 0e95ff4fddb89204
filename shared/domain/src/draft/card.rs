//! What becomes of the value on a gift card besides being spent (DESIGN 5.12 to 5.14).

use super::Draft;
use crate::amount::{Change, Units};
use crate::card::{Card, End};
use crate::limit::LimitReached;
use crate::posting::{Posting, PostingReason};
use crate::time::Instant;
use crate::wallet::{Draw, Identity, Lot};

impl Draft {
    pub(crate) fn set_card(&mut self, card: Card) {
        self.wallet.card = Some(card);
    }

    /// The first spend of a card keeps it from its purchaser for good.
    pub(super) fn mark_spent_from(&mut self, draw: &Draw) {
        if let Some(card) = self.wallet.card.as_mut().filter(|card| card.asset == draw.asset) {
            (card.is_spent_from, card.revert_at) = (true, None);
        }
    }

    /// Ends a card for good: what is left goes to where the end says. What a redemption holds stays
    /// with it. Returns how much went.
    pub(crate) fn end_card(&mut self, end: End) -> Units {
        let reason = match end {
            End::Claimed(_) | End::Reverted | End::Cancelled => PostingReason::TransferredOut,
            End::Voided => PostingReason::Voided,
        };
        let Some(card) = &mut self.wallet.card else {
            return Units::ZERO;
        };
        let asset = card.asset.clone();
        card.end = Some(end);
        let left = self.wallet.available(&asset);
        let holding = self.wallet.assets.get_mut(&asset);
        for lot in holding.into_iter().flat_map(|holding| &mut holding.lots) {
            if lot.remaining.is_zero() {
                continue;
            }
            self.postings.push(Posting {
                asset: asset.clone(),
                id: lot.id().cloned(),
                reason,
                amount: Change::minus(lot.remaining),
                at: self.now,
                accrue_at: None,
                expires_at: lot.expires_at,
                lot_issued: None,
            });
            lot.remaining = Units::ZERO;
        }
        self.tidy();
        left
    }

    /// Gives back to a card what was spent of it. One that has expired since lives on until `until`;
    /// of one that is void it is voided as it comes.
    ///
    /// # Errors
    /// [`LimitReached`] when there would be more than a count can hold. Nothing is given back then.
    pub(crate) fn refill_card(
        &mut self,
        amount: Units,
        until: Option<Instant>,
    ) -> Result<(), LimitReached> {
        let Some(card) = &mut self.wallet.card else {
            return Ok(());
        };
        let has_expired = card.expires_at.is_some_and(|expires_at| expires_at <= self.now);
        if has_expired {
            card.expires_at = until;
        }
        let (asset, id, expires_at) = (card.asset.clone(), card.lot(), card.expires_at);
        if has_expired {
            self.set_expiry(&asset, &id, expires_at);
        }
        let is_there = self.wallet.holding(&asset).is_some_and(|value| !value.lots.is_empty());
        let identity = Identity { id, issued_at: self.now, is_extended: false, is_voided: false };
        let lot = Lot {
            identity: Some(identity),
            // What comes back to its lot was put in before.
            issued: if is_there { Units::ZERO } else { amount },
            remaining: amount,
            accrue_at: None,
            expires_at,
            is_grace: has_expired,
        };
        self.bring_in(&asset, lot, PostingReason::Reinstated, (None, expires_at)).map(drop)
    }
}

//! Settling: what becomes due with time (DESIGN 3, "Settling").

use super::Draft;
use crate::amount::{Change, Units};
use crate::card::End;
use crate::posting::{Posting, PostingReason};
use crate::time::Instant;
use crate::wallet::{Hold, Holding, Lot};

impl Draft {
    /// Carries the state to `now`. Each round handles the earliest instant at which something is
    /// due and leaves nothing due at it, so the rounds end.
    pub(super) fn carry(&mut self) {
        while let Some(due) = self.wallet.next_settlement().filter(|due| *due <= self.now) {
            // What has accrued is merged first, as a line in between would have done.
            self.accrue(due);
            self.lapse(due);
            self.end_lots(due);
        }
        self.accrue(self.now);
        self.tidy();
    }

    /// Restores order after a movement: what came in already expired goes out again, now.
    pub(super) fn settle(&mut self) {
        self.accrue(self.now);
        self.end_lots(self.now);
        self.tidy();
    }

    fn lapse(&mut self, at: Instant) {
        let due = |hold: &mut Hold| hold.lapses_at <= at;
        let ended: Vec<Hold> = self.wallet.holds.extract_if(.., due).collect();
        for hold in ended {
            self.restore(&hold.draws, at);
            self.lapsed.push(hold.redemption);
        }
    }

    /// Merges what has accrued. Accrual moves nothing and posts nothing.
    fn accrue(&mut self, at: Instant) {
        let due = |lot: &mut Lot| lot.accrue_at.is_some_and(|accrue_at| accrue_at <= at);
        for holding in self.wallet.assets.values_mut() {
            let accrued: Vec<Lot> = holding.lots.extract_if(.., due).collect();
            for lot in accrued {
                holding.put(Lot { accrue_at: None, ..lot });
            }
        }
    }

    /// Takes what is left out of lots that are voided or have expired.
    fn end_lots(&mut self, at: Instant) {
        // What goes back to a purchaser does not expire on the way there.
        let is_kept = self.wallet.reverts_at().is_some();
        let card = self.wallet.card.as_ref();
        let is_void = card.is_some_and(|card| card.end == Some(End::Voided));
        let postings = &mut self.postings;
        for (asset, holding) in &mut self.wallet.assets {
            for lot in holding.lots.iter_mut().filter(|lot| !lot.remaining.is_zero()) {
                let reason = match lot.expires_at {
                    _ if lot.is_voided() || is_void => PostingReason::Voided,
                    Some(expires_at) if expires_at <= at && !is_kept => PostingReason::Expired,
                    _ => continue,
                };
                // No order put in what a lot in its grace has, so no return asks for its share.
                let is_counted = lot.identity.is_none() && !lot.is_grace;
                postings.push(Posting {
                    asset: asset.clone(),
                    id: lot.id().cloned(),
                    reason,
                    amount: Change::minus(lot.remaining),
                    at,
                    accrue_at: None,
                    expires_at: lot.expires_at,
                    lot_issued: is_counted.then_some(lot.issued),
                });
                lot.remaining = Units::ZERO;
            }
        }
    }

    /// Drops lots that nothing can come back to, and assets with nothing.
    pub(super) fn tidy(&mut self) {
        let Self { wallet, now, .. } = self;
        // What goes back to a purchaser is there until it goes.
        let is_waiting = wallet.reverts_at().is_some();
        let mut assets = std::mem::take(&mut wallet.assets);
        assets.retain(|asset, holding| {
            holding
                .lots
                .retain(|lot| is_waiting || lot.is_kept(*now) || wallet.is_set_aside(asset, lot));
            *holding != Holding::default()
        });
        wallet.assets = assets;
    }
}

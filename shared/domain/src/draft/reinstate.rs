//! Reinstating: what a refund gives back to the lots it came from (DESIGN 5.12).

use super::{Draft, made_anew};
use crate::amount::Units;
use crate::asset::Asset;
use crate::id::LotId;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::time::Instant;
use crate::wallet::{Drawn, Lot};

/// What becomes of value that comes back after its expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grace {
    /// Until when it lives in a new lot; `None`: there is no grace.
    pub(crate) until: Option<Instant>,
    /// Whether it is never forfeited, and so has as many graces as it needs; without any grace
    /// it then never expires.
    pub(crate) is_never_forfeited: bool,
}

impl Draft {
    /// Gives back what was drawn from a lot: into the lot, or as it was when it is
    /// gone because it was spent. Of a lot that has expired or was voided it is a new lot, named
    /// `fresh`; after an expiry it lives as `grace` says, or comes and goes in this line.
    ///
    /// Never refused for the number of lots.
    ///
    /// # Errors
    /// [`LimitReached`] when there would be more of the asset than a count can hold. Nothing is
    /// given back then.
    pub(crate) fn reinstate(
        &mut self,
        asset: &Asset,
        drawn: &Drawn,
        reason: PostingReason,
        (grace, fresh): (Grace, &LotId),
    ) -> Result<(), LimitReached> {
        let there = self.wallet.holding(asset);
        let found = there.and_then(|holding| holding.lots.iter().find(|lot| lot.gave(drawn)));
        let expires_at = found.map_or(drawn.expires_at, |lot| lot.expires_at);
        let has_expired = expires_at.is_some_and(|expires_at| expires_at <= self.now);
        let was_voided = found.is_some_and(Lot::is_voided);
        let own = Lot { expires_at, ..made_anew(drawn, self.now) };
        let is_there = found.is_some();
        let lot = if has_expired {
            self.after_expiry(own, grace, fresh)
        } else if was_voided {
            self.renamed(own, fresh)
        } else if is_there && own.identity.is_none() {
            // Points that come back to their lot were put in before, and returns will ask how many
            // were (DESIGN 5.4).
            Lot { issued: Units::ZERO, ..own }
        } else {
            own
        };
        let term = (None, lot.expires_at);
        self.bring_in(asset, lot, reason, term).map(drop)
    }

    fn after_expiry(&self, own: Lot, grace: Grace, fresh: &LotId) -> Lot {
        let is_entitled = grace.is_never_forfeited || !own.is_grace;
        match grace.until.filter(|_| is_entitled) {
            Some(until) => {
                let expires_at = Some(until);
                Lot { expires_at, is_grace: true, ..self.renamed(own, fresh) }
            }
            None if grace.is_never_forfeited => {
                Lot { expires_at: None, ..self.renamed(own, fresh) }
            }
            // Forfeited: past its expiry it goes as it comes.
            None => own,
        }
    }

    /// The same under a new id. Points need none.
    fn renamed(&self, lot: Lot, fresh: &LotId) -> Lot {
        if lot.identity.is_none() {
            return lot;
        }
        let Lot { remaining, expires_at, is_grace, .. } = lot;
        Lot { is_grace, ..self.new_lot(fresh.clone(), remaining, expires_at) }
    }
}

//! Reinstating: what a refund gives back to the lots it came from (DESIGN 5.12).

use super::{Draft, made_anew};
use crate::amount::Units;
use crate::asset::Asset;
use crate::id::LotId;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::time::Instant;
use crate::wallet::{Drawn, Identity, Lot};

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
    /// `fresh`, or goes to one that an earlier refund made alike; after an expiry it lives as
    /// `grace` says, or comes and goes in this line.
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
        let mut own = Lot { expires_at, ..made_anew(drawn, self.now) };
        let was_extended =
            found.and_then(|lot| lot.identity.as_ref()).is_some_and(|it| it.is_extended);
        if let Some(identity) = &mut own.identity {
            identity.is_extended = was_extended;
        }
        let is_there = found.is_some();
        let lot = if has_expired {
            self.after_expiry(asset, own, grace, fresh)
        } else if was_voided {
            self.renamed(asset, own, fresh)
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

    fn after_expiry(&self, asset: &Asset, own: Lot, grace: Grace, fresh: &LotId) -> Lot {
        let is_entitled = grace.is_never_forfeited || !own.is_grace;
        match grace.until.filter(|_| is_entitled) {
            Some(until) => {
                let lot = Lot { expires_at: Some(until), is_grace: true, ..own };
                self.renamed(asset, lot, fresh)
            }
            None if grace.is_never_forfeited => {
                self.renamed(asset, Lot { expires_at: None, ..own }, fresh)
            }
            // Forfeited: past its expiry it goes as it comes.
            None => own,
        }
    }

    /// The same under a new id: that of the lot which an earlier refund made with the same expiry,
    /// so that many small refunds do not make many lots, or else `fresh`. Points need none.
    fn renamed(&self, asset: &Asset, lot: Lot, fresh: &LotId) -> Lot {
        let Some(identity) = lot.identity else {
            return lot;
        };
        let is_like = |other: &&Lot| {
            other.id().is_some_and(LotId::is_of_entry)
                && !other.is_voided()
                && (other.expires_at, other.is_grace) == (lot.expires_at, lot.is_grace)
        };
        let lots = self.wallet.holding(asset).into_iter().flat_map(|holding| &holding.lots);
        let like = lots.filter(|other| other.is_accrued()).find(is_like);
        let id = like.and_then(Lot::id).unwrap_or(fresh).clone();
        Lot { identity: Some(Identity { id, ..identity }), ..lot }
    }
}

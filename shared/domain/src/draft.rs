//! The line being written: a wallet carried to the present, and the postings made to it since.
//!
//! Every decision opens a draft, moves value in it and closes it. This is the only place where
//! value moves, so each movement is posted exactly once.

mod card;
mod carry;
mod claw_back;
mod identity;
mod reinstate;

use crate::amount::{Change, Points, Units};
use crate::asset::Asset;
use crate::entry::{Detail, Line};
use crate::facts::Facts;
use crate::id::{Handle, LotId, MemberId, RedemptionId};
use crate::limit::LimitReached;
use crate::posting::{Posting, PostingReason};
use crate::tier::{LevelChange, Review};
use crate::time::Instant;
use crate::wallet::{
    Draw, Drawn, HOLDS_MAX, Hold, Holding, IDENTITIES_MAX, Identity, LOTS_MAX, Lot, Standing,
    Wallet,
};

pub use claw_back::{ClawedBack, OwnLot};
pub(crate) use reinstate::Grace;

/// A wallet at one instant, and what moved to bring it there.
#[derive(Debug, Clone)]
pub struct Draft {
    wallet: Wallet,
    now: Instant,
    postings: Vec<Posting>,
    lapsed: Vec<RedemptionId>,
    reviews: Vec<Review>,
    level: Option<LevelChange>,
}

/// More was wanted than is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insufficient {
    /// What is available, in units of the asset.
    pub available: Units,
}

impl Draft {
    /// Carries `wallet` to `now`, event by event in time order: at one instant holds lapse first,
    /// then lots expire. What an earlier instant already decided is left as it is.
    pub fn open(wallet: &Wallet, now: Instant) -> Self {
        let mut wallet = wallet.clone();
        let reviews = std::mem::take(&mut wallet.reviewed);
        let (postings, lapsed) = (Vec::new(), Vec::new());
        let mut draft = Self { wallet, now, postings, lapsed, reviews, level: None };
        draft.carry();
        draft
    }

    /// Whether time or anything else has moved it since the line that it was opened from.
    pub(crate) fn has_moved(&self) -> bool {
        !self.postings.is_empty() || !self.lapsed.is_empty() || !self.reviews.is_empty()
    }

    /// The state as it stands in this draft.
    pub fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// The one instant of this operation.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The finished line.
    pub fn close(self, detail: Detail) -> Line {
        let Self { wallet, postings, lapsed, reviews, level, .. } = self;
        Line { detail, postings, lapsed, reviews, level, wallet }
    }

    /// The state alone, for a reader.
    pub fn into_wallet(self) -> Wallet {
        self.wallet
    }

    pub(crate) fn set_facts(&mut self, facts: Facts) {
        self.wallet.facts = Some(facts);
    }

    /// Gives the wallet this level, and says so when that is a change.
    pub(crate) fn set_standing(&mut self, standing: Option<Standing>, change: LevelChange) {
        self.wallet.standing = standing;
        self.level = (change.before != change.after).then_some(change);
    }

    /// What has moved so far.
    pub(crate) fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// Puts points in, repaying debt first. Points that are already past `expires_at` come and
    /// go in the same line. Returns how many repaid debt.
    ///
    /// # Errors
    /// [`LimitReached`] when the definition would have more than a count can hold, or the wallet
    /// more than [`LOTS_MAX`] lots. Nothing is issued then.
    pub fn issue(
        &mut self,
        points: &Handle,
        amount: Points,
        reason: PostingReason,
        accrue_at: Option<Instant>,
        expires_at: Option<Instant>,
    ) -> Result<Points, LimitReached> {
        let amount = Units::from(amount);
        let term = (accrue_at, expires_at);
        let lot = Lot {
            identity: None,
            issued: amount,
            remaining: amount,
            accrue_at,
            expires_at,
            is_grace: false,
        };
        let asset = Asset::Points(points.clone());
        self.require_room_for(&asset, &lot)?;
        self.bring_in(&asset, lot, reason, term)
    }

    /// Puts a reward, benefit or credit in, under an id of its own. It can be spent at once.
    ///
    /// # Errors
    /// [`LimitReached`], as for [`Self::issue`], also for more than [`IDENTITIES_MAX`]. Nothing is
    /// issued then.
    pub(crate) fn grant(
        &mut self,
        asset: &Asset,
        id: LotId,
        amount: Units,
        reason: PostingReason,
        expires_at: Option<Instant>,
    ) -> Result<(), LimitReached> {
        let lot = self.granted(id, amount, expires_at);
        self.require_room_for(asset, &lot)?;
        self.bring_in(asset, lot, reason, (None, expires_at)).map(drop)
    }

    /// The same for value that comes back, which is never refused for the number of lots.
    ///
    /// # Errors
    /// [`LimitReached`] when there would be more of the asset than a count can hold. Nothing is put
    /// in then.
    pub(crate) fn give(
        &mut self,
        asset: &Asset,
        id: LotId,
        amount: Units,
        reason: PostingReason,
        expires_at: Option<Instant>,
    ) -> Result<(), LimitReached> {
        let lot = self.granted(id, amount, expires_at);
        self.bring_in(asset, lot, reason, (None, expires_at)).map(drop)
    }

    fn granted(&self, id: LotId, amount: Units, expires_at: Option<Instant>) -> Lot {
        let issued_at = self.now;
        let identity = Identity { id, issued_at, is_extended: false, is_voided: false };
        Lot {
            identity: Some(identity),
            issued: amount,
            remaining: amount,
            accrue_at: None,
            expires_at,
            is_grace: false,
        }
    }

    fn require_room_for(&self, asset: &Asset, lot: &Lot) -> Result<(), LimitReached> {
        let there = self.wallet.holding(asset);
        let repaid = there.is_some_and(|holding| lot.remaining <= holding.debt.into());
        let merges = there.is_some_and(|holding| holding.merges(lot));
        if repaid || merges {
            return Ok(());
        }
        if LOTS_MAX <= self.wallet.lot_count() {
            return Err(LimitReached::LOTS);
        }
        if lot.identity.is_some() && IDENTITIES_MAX <= self.wallet.identity_count() {
            return Err(LimitReached::IDENTITIES);
        }
        Ok(())
    }

    /// Brings value in and posts it, with the term that it came with. Debt is repaid first.
    fn bring_in(
        &mut self,
        asset: &Asset,
        lot: Lot,
        reason: PostingReason,
        (accrue_at, expires_at): (Option<Instant>, Option<Instant>),
    ) -> Result<Points, LimitReached> {
        let amount = lot.remaining;
        let there = self.wallet.holding(asset);
        let remaining = there.map_or(Units::ZERO, Holding::remaining);
        let owed = there.map_or(Points::ZERO, |holding| holding.debt);
        let total = [remaining, self.wallet.held(asset), owed.into(), amount];
        Units::checked_sum(total).ok_or(LimitReached::AMOUNT)?;
        let (repaid, kept) = amount.take_up_to(owed.into());
        let holding = self.wallet.assets.entry(asset.clone()).or_default();
        (_, holding.debt) = owed.take_up_to(repaid.into());
        let id = lot.id().cloned();
        if !kept.is_zero() {
            let issued = kept.min(lot.issued);
            holding.put(Lot { issued, remaining: kept, ..lot });
        }
        let moved = |reason, amount| Posting {
            asset: asset.clone(),
            id: id.clone(),
            reason,
            amount,
            at: self.now,
            accrue_at,
            expires_at,
            lot_issued: None,
        };
        self.postings.push(moved(reason, Change::plus(amount)));
        if !repaid.is_zero() {
            self.postings.push(moved(PostingReason::DebtRepaid, Change::minus(repaid)));
        }
        self.settle();
        Ok(repaid.into())
    }

    /// Draws available points, soonest expiry first, and sets them aside: the caller spends them
    /// or makes a hold of them.
    ///
    /// # Errors
    /// [`Insufficient`] with what is available. Nothing is drawn then.
    pub(crate) fn draw(&mut self, points: &Handle, wanted: Points) -> Result<Draw, Insufficient> {
        let asset = Asset::Points(points.clone());
        let wanted = Units::from(wanted);
        let available = self.wallet.available(&asset);
        if available < wanted {
            return Err(Insufficient { available });
        }
        let mut unpaid = wanted;
        let mut drawn = Vec::new();
        let lots = self.wallet.assets.get_mut(&asset).map(|holding| &mut holding.lots);
        for lot in lots.into_iter().flatten().filter(|lot| lot.is_accrued()) {
            let (taken, rest) = unpaid.take_up_to(lot.remaining);
            if taken.is_zero() {
                continue;
            }
            (_, lot.remaining) = lot.remaining.take_up_to(taken);
            drawn.push(lot.drawn(taken));
            unpaid = rest;
        }
        Ok(Draw { asset, lots: drawn })
    }

    /// Draws from one reward, benefit or credit, and sets it aside.
    ///
    /// # Errors
    /// [`Insufficient`] with what is available of it. Nothing is drawn then.
    pub(crate) fn draw_from(
        &mut self,
        asset: &Asset,
        id: &LotId,
        wanted: Units,
    ) -> Result<Draw, Insufficient> {
        let holding = self.wallet.assets.get_mut(asset);
        let lots = holding.into_iter().flat_map(|holding| &mut holding.lots);
        let mut lots = lots.filter(|lot| lot.id() == Some(id) && lot.is_accrued());
        let lot = lots.next().ok_or(Insufficient { available: Units::ZERO })?;
        let short = Insufficient { available: lot.remaining };
        lot.remaining = lot.remaining.checked_sub(wanted).ok_or(short)?;
        Ok(Draw { asset: asset.clone(), lots: vec![lot.drawn(wanted)] })
    }

    /// Posts that drawn value is gone.
    pub(crate) fn spend(&mut self, draw: &Draw, reason: PostingReason) {
        self.mark_spent_from(draw);
        self.postings.extend(Posting::of_draw(draw, reason, self.now));
        self.tidy();
    }

    /// Keeps drawn value for a redemption.
    ///
    /// # Errors
    /// [`LimitReached`] when there are [`HOLDS_MAX`] holds already, or the hold would have parts of
    /// rewards, benefits and credits that make these more than [`IDENTITIES_MAX`].
    pub(crate) fn keep(&mut self, hold: Hold) -> Result<(), LimitReached> {
        if HOLDS_MAX <= self.wallet.holds.len() {
            return Err(LimitReached::HOLDS);
        }
        let before = self.wallet.identity_count();
        self.wallet.holds.push(hold);
        // What came back may have made them more already.
        if before.max(IDENTITIES_MAX) < self.wallet.identity_count() {
            self.wallet.holds.pop();
            return Err(LimitReached::IDENTITIES);
        }
        Ok(())
    }

    /// Ends the hold for a redemption of the account's own, or on a gift card of a member's, and
    /// returns what it held, for the caller to spend or [`Self::put_back`].
    pub(crate) fn end_hold(
        &mut self,
        member: Option<&MemberId>,
        redemption: &RedemptionId,
    ) -> Option<Hold> {
        let mut holds = self.wallet.holds.iter();
        let place = holds.position(|hold| hold.is_for(member, redemption))?;
        Some(self.wallet.holds.remove(place))
    }

    /// Puts drawn value back into its lots. What is past its expiry expires now, what is of a
    /// voided lot is voided now.
    pub(crate) fn put_back(&mut self, draws: &[Draw]) {
        self.restore(draws, self.now);
        self.settle();
    }

    /// Spends a part of what a hold that ended had, and puts the rest back. A card that is spent from
    /// does not wait for its purchaser any more, so that the rest may be past its expiry.
    pub(crate) fn capture(&mut self, spent: &[&Draw], rest: &[Draw]) {
        for draw in spent {
            self.mark_spent_from(draw);
        }
        self.put_back(rest);
        for draw in spent {
            self.spend(draw, PostingReason::Redeemed);
        }
    }

    /// Returns drawn value to the lots it came from, at this instant. It never went, so only what
    /// repays debt is posted: a return that came meanwhile took these points for spent.
    fn restore(&mut self, draws: &[Draw], at: Instant) {
        for draw in draws {
            for drawn in &draw.lots {
                let holding = self.wallet.assets.entry(draw.asset.clone()).or_default();
                let (repaid, kept) = drawn.amount.take_up_to(holding.debt.into());
                (_, holding.debt) = holding.debt.take_up_to(repaid.into());
                if !repaid.is_zero() {
                    self.postings.push(Posting {
                        asset: draw.asset.clone(),
                        id: None,
                        reason: PostingReason::DebtRepaid,
                        amount: Change::minus(repaid),
                        at,
                        accrue_at: None,
                        expires_at: drawn.expires_at,
                        lot_issued: None,
                    });
                }
                if kept.is_zero() {
                    continue;
                }
                let kept = Drawn { amount: kept, ..drawn.clone() };
                match holding.lots.iter_mut().find(|lot| lot.gave(&kept)) {
                    Some(lot) => lot.put_back(kept.amount),
                    // A lot is kept while a hold may give back to it, so this is a damaged
                    // wallet: lose nothing.
                    None => holding.put(made_anew(&kept, self.now)),
                }
            }
        }
    }
}

/// The lot that value was drawn from, with nothing else in it.
fn made_anew(drawn: &Drawn, now: Instant) -> Lot {
    let identity = drawn.id.clone().map(|id| Identity {
        id,
        issued_at: drawn.issued_at.unwrap_or(now),
        is_extended: false,
        is_voided: false,
    });
    Lot {
        identity,
        issued: drawn.amount,
        remaining: drawn.amount,
        accrue_at: None,
        expires_at: drawn.expires_at,
        is_grace: drawn.is_grace,
    }
}

#[cfg(test)]
mod tests;

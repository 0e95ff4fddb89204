//! The line being written: a wallet carried to the present, and the postings made to it since.
//!
//! Every decision opens a draft, moves value in it and closes it. This is the only place where
//! value moves, so each movement is posted exactly once.

use crate::amount::{Change, Points};
use crate::entry::{Detail, Line};
use crate::facts::Facts;
use crate::id::{Handle, RedemptionId};
use crate::limit::LimitReached;
use crate::posting::{Posting, PostingReason};
use crate::program::ClawbackPolicy;
use crate::time::Instant;
use crate::wallet::{HOLDS_MAX, Hold, Holding, LOTS_MAX, Lot, Pin, Standing, Wallet, sum};

/// A wallet at one instant, and what moved to bring it there.
#[derive(Debug, Clone)]
pub struct Draft {
    wallet: Wallet,
    now: Instant,
    postings: Vec<Posting>,
    lapsed: Vec<RedemptionId>,
}

/// More was wanted than is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insufficient {
    /// What is available.
    pub available: Points,
}

impl Draft {
    /// Carries `wallet` to `now`, event by event in time order: at one instant holds lapse first,
    /// then lots expire. What an earlier instant already decided is left as it is.
    pub fn open(wallet: &Wallet, now: Instant) -> Self {
        let mut draft =
            Self { wallet: wallet.clone(), now, postings: Vec::new(), lapsed: Vec::new() };
        draft.carry();
        draft
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
        let Self { wallet, postings, lapsed, .. } = self;
        Line { detail, postings, lapsed, wallet }
    }

    /// The state alone, for a reader.
    pub fn into_wallet(self) -> Wallet {
        self.wallet
    }

    pub(crate) fn set_facts(&mut self, facts: Facts) {
        self.wallet.facts = Some(facts);
    }

    pub(crate) fn set_standing(&mut self, standing: Option<Standing>) {
        self.wallet.standing = standing;
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
        let there = self.wallet.points.get(points);
        let remaining = there.map_or(Points::ZERO, Holding::remaining);
        let owed = there.map_or(Points::ZERO, |holding| holding.debt);
        let total = [remaining, self.wallet.held(points), owed, amount];
        Points::checked_sum(total).ok_or(LimitReached::AMOUNT)?;
        let (repaid, kept) = amount.take_up_to(owed);
        let lot = Lot {
            issued: kept,
            remaining: kept,
            accrue_at: accrue_at.filter(|accrue_at| self.now < *accrue_at),
            expires_at,
        };
        let merges = kept.is_zero() || there.is_some_and(|holding| holding.merges(&lot));
        if !merges && LOTS_MAX <= self.wallet.lot_count() {
            return Err(LimitReached::LOTS);
        }
        let holding = self.wallet.points.entry(points.clone()).or_default();
        (_, holding.debt) = owed.take_up_to(repaid);
        if !kept.is_zero() {
            holding.put(lot);
        }
        self.post(points, reason, Change::plus(amount), accrue_at, expires_at);
        if !repaid.is_zero() {
            self.post(
                points,
                PostingReason::DebtRepaid,
                Change::minus(repaid),
                accrue_at,
                expires_at,
            );
        }
        self.settle();
        Ok(repaid)
    }

    /// Draws available points, soonest expiry first, and sets them aside: the caller spends them
    /// or makes a hold of them.
    ///
    /// # Errors
    /// [`Insufficient`] with what is available. Nothing is drawn then.
    pub(crate) fn draw(
        &mut self,
        points: &Handle,
        wanted: Points,
    ) -> Result<Vec<Pin>, Insufficient> {
        let available = self.wallet.available(points);
        if available < wanted {
            return Err(Insufficient { available });
        }
        let mut unpaid = wanted;
        let mut pins = Vec::new();
        let lots = self.wallet.points.get_mut(points).map(|holding| &mut holding.lots);
        for lot in lots.into_iter().flatten().filter(|lot| lot.is_accrued()) {
            let (taken, rest) = unpaid.take_up_to(lot.remaining);
            if taken.is_zero() {
                continue;
            }
            let (_, left) = lot.remaining.take_up_to(taken);
            lot.remaining = left;
            pins.push(Pin { points: points.clone(), expires_at: lot.expires_at, amount: taken });
            unpaid = rest;
        }
        Ok(pins)
    }

    /// Posts that drawn points are gone.
    pub(crate) fn spend(&mut self, pins: &[Pin], reason: PostingReason) {
        for pin in pins {
            self.post(&pin.points, reason, Change::minus(pin.amount), None, pin.expires_at);
        }
    }

    /// Keeps drawn points for a redemption.
    ///
    /// # Errors
    /// [`LimitReached`] when there are [`HOLDS_MAX`] holds already.
    pub(crate) fn keep(&mut self, hold: Hold) -> Result<(), LimitReached> {
        if self.wallet.holds.len() >= HOLDS_MAX {
            return Err(LimitReached::HOLDS);
        }
        self.wallet.holds.push(hold);
        Ok(())
    }

    /// Ends a hold and returns what it held, for the caller to spend or [`Self::put_back`].
    pub(crate) fn end_hold(&mut self, redemption: &RedemptionId) -> Option<Hold> {
        let place = self.wallet.holds.iter().position(|hold| hold.redemption == *redemption)?;
        Some(self.wallet.holds.remove(place))
    }

    /// Puts drawn points back into their lots. Those past their expiry expire now.
    pub(crate) fn put_back(&mut self, pins: &[Pin]) {
        self.restore(pins);
        self.settle();
    }

    /// Takes points back (DESIGN 5.4): from the lot they came in with, pending or available; then
    /// from other available points, soonest expiry first; then from other pending ones; what is
    /// left then follows the definition's policy.
    ///
    /// # Errors
    /// [`Insufficient`] under [`ClawbackPolicy::Reject`] with what could be taken. Nothing is
    /// taken then.
    pub fn claw_back(
        &mut self,
        points: &Handle,
        amount: Points,
        policy: ClawbackPolicy,
        accrue_at: Option<Instant>,
        expires_at: Option<Instant>,
    ) -> Result<(), Insufficient> {
        let there = self.wallet.points.get(points);
        let there = there.map_or(Points::ZERO, Holding::remaining);
        if policy == ClawbackPolicy::Reject && there < amount {
            return Err(Insufficient { available: there });
        }
        let holding = self.wallet.points.entry(points.clone()).or_default();
        let accrue = accrue_at.filter(|accrue_at| self.now < *accrue_at);
        let mut order: Vec<&mut Lot> = holding.lots.iter_mut().collect();
        order.sort_by_key(|lot| {
            let own = lot.accrue_at == accrue && lot.expires_at == expires_at;
            (!own, !lot.is_accrued())
        });
        let mut owed = amount;
        let mut taken_from = Vec::new();
        for lot in order {
            let (taken, rest) = owed.take_up_to(lot.remaining);
            if !taken.is_zero() {
                let (_, left) = lot.remaining.take_up_to(taken);
                lot.remaining = left;
                taken_from.push((taken, lot.accrue_at, lot.expires_at));
            }
            owed = rest;
        }
        if policy == ClawbackPolicy::Debt && !owed.is_zero() {
            holding.debt = sum([holding.debt, owed].into_iter());
        }
        for (taken, accrue_at, expires_at) in taken_from {
            self.post(points, PostingReason::Reversed, Change::minus(taken), accrue_at, expires_at);
        }
        if policy == ClawbackPolicy::Debt && !owed.is_zero() {
            // The whole is taken back, and what could not be is booked as owed: the two sum to
            // what the lots lost.
            self.post(points, PostingReason::Reversed, Change::minus(owed), None, None);
            self.post(points, PostingReason::DebtIncurred, Change::plus(owed), None, None);
        }
        self.settle();
        Ok(())
    }

    fn post(
        &mut self,
        points: &Handle,
        reason: PostingReason,
        amount: Change,
        accrue_at: Option<Instant>,
        expires_at: Option<Instant>,
    ) {
        self.postings.push(Posting {
            points: points.clone(),
            reason,
            amount,
            at: self.now,
            accrue_at,
            expires_at,
            lot_issued: None,
        });
    }

    /// Carries the state to `now`. Each round handles the earliest instant at which something is
    /// due and leaves nothing due at it, so the rounds end.
    fn carry(&mut self) {
        while let Some(due) = self.wallet.next_due().filter(|due| *due <= self.now) {
            self.lapse(due);
            self.accrue(due);
            self.expire(due);
        }
        self.accrue(self.now);
        self.tidy();
    }

    /// Restores order after a movement: what came in already expired goes out again, now.
    fn settle(&mut self) {
        self.accrue(self.now);
        self.expire(self.now);
        self.tidy();
    }

    fn lapse(&mut self, at: Instant) {
        let due = |hold: &mut Hold| hold.lapses_at <= at;
        let ended: Vec<Hold> = self.wallet.holds.extract_if(.., due).collect();
        for hold in ended {
            self.restore(&hold.pins);
            self.lapsed.push(hold.redemption);
        }
    }

    fn restore(&mut self, pins: &[Pin]) {
        for pin in pins {
            let holding = self.wallet.points.entry(pin.points.clone()).or_default();
            match holding.accrued_lot(pin.expires_at) {
                Some(lot) => lot.remaining = sum([lot.remaining, pin.amount].into_iter()),
                // A lot is kept while it is pinned, so this is a damaged wallet: lose nothing.
                None => holding.put(Lot {
                    issued: pin.amount,
                    remaining: pin.amount,
                    accrue_at: None,
                    expires_at: pin.expires_at,
                }),
            }
        }
    }

    /// Merges what has accrued. Accrual moves nothing and posts nothing.
    fn accrue(&mut self, at: Instant) {
        let due = |lot: &Lot| lot.accrue_at.is_some_and(|accrue_at| accrue_at <= at);
        for holding in self.wallet.points.values_mut() {
            let accrued: Vec<Lot> = holding.lots.extract_if(.., |lot| due(lot)).collect();
            for lot in accrued {
                holding.put(Lot { accrue_at: None, ..lot });
            }
        }
    }

    fn expire(&mut self, at: Instant) {
        let postings = &mut self.postings;
        for (points, holding) in &mut self.wallet.points {
            let due = |lot: &&mut Lot| lot.expires_at.is_some_and(|expires_at| expires_at <= at);
            for lot in holding.lots.iter_mut().filter(due) {
                if !lot.remaining.is_zero() {
                    postings.push(Posting {
                        points: points.clone(),
                        reason: PostingReason::Expired,
                        amount: Change::minus(lot.remaining),
                        at,
                        accrue_at: None,
                        expires_at: lot.expires_at,
                        lot_issued: Some(lot.issued),
                    });
                }
                lot.remaining = Points::ZERO;
            }
        }
    }

    /// Drops expired lots that no hold may still come back to, and definitions with nothing.
    fn tidy(&mut self) {
        let Self { wallet, now, .. } = self;
        let mut points = std::mem::take(&mut wallet.points);
        points.retain(|handle, holding| {
            holding.lots.retain(|lot| {
                lot.expires_at.is_none_or(|expires_at| *now < expires_at)
                    || wallet.is_pinned(handle, lot)
            });
            *holding != Holding::default()
        });
        wallet.points = points;
    }
}

#[cfg(test)]
mod tests;

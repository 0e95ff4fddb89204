//! Taking back what a return does not keep (DESIGN 5.4).

use super::{Draft, Insufficient};
use crate::amount::{Change, Points, Units};
use crate::asset::Asset;
use crate::id::Handle;
use crate::posting::{Posting, PostingReason};
use crate::program::ClawbackPolicy;
use crate::time::Instant;
use crate::wallet::{Holding, Lot, sum};

/// Where points that are taken back had come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnLot {
    /// How many of them went into the lot. The lot then was never given them.
    pub count: Points,
    /// Its accrual, when it had one.
    pub accrue_at: Option<Instant>,
    /// Its expiry.
    pub expires_at: Option<Instant>,
}

/// What was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClawedBack {
    /// How many of [`OwnLot::count`] the lot was never given after all; none where it is gone.
    pub own: Points,
    /// How many the policy forgives.
    pub forgiven: Points,
}

impl Draft {
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
        from: OwnLot,
    ) -> Result<ClawedBack, Insufficient> {
        let asset = Asset::Points(points.clone());
        let mut owed = Units::from(amount);
        let there = self.wallet.holding(&asset).map_or(Units::ZERO, Holding::remaining);
        if policy == ClawbackPolicy::Reject && there < owed {
            return Err(Insufficient { available: there });
        }
        let holding = self.wallet.assets.entry(asset.clone()).or_default();
        let accrue = from.accrue_at.filter(|accrue_at| self.now < *accrue_at);
        let is_own = |lot: &Lot| {
            !lot.is_grace && lot.accrue_at == accrue && lot.expires_at == from.expires_at
        };
        let mut order: Vec<&mut Lot> = holding.lots.iter_mut().collect();
        order.sort_by_key(|lot| (!is_own(lot), !lot.is_accrued()));
        let mut taken_from = Vec::new();
        for lot in order {
            let (taken, rest) = owed.take_up_to(lot.remaining);
            if !taken.is_zero() {
                (_, lot.remaining) = lot.remaining.take_up_to(taken);
                taken_from.push((taken, lot.accrue_at, lot.expires_at));
            }
            owed = rest;
        }
        // Also those that were spent: what is taken instead of them makes them another's.
        let own = Units::from(amount).min(from.count.into());
        let own_lot = holding.lots.iter_mut().find(|lot| is_own(lot));
        let own = own_lot.map_or(Units::ZERO, |lot| {
            (_, lot.issued) = lot.issued.take_up_to(own);
            own
        });
        let becomes_debt = policy == ClawbackPolicy::Debt && !owed.is_zero();
        if becomes_debt {
            holding.debt = sum([holding.debt.into(), owed].into_iter()).into();
        }
        let moved = |reason, amount, accrue_at, expires_at| Posting {
            asset: asset.clone(),
            id: None,
            reason,
            amount,
            at: self.now,
            accrue_at,
            expires_at,
            lot_issued: None,
        };
        for (taken, accrue_at, expires_at) in taken_from {
            let taken = Change::minus(taken);
            self.postings.push(moved(PostingReason::Reversed, taken, accrue_at, expires_at));
        }
        if becomes_debt {
            // The whole is taken back, and what could not be is booked as owed: the two sum to
            // what the lots lost.
            let (back, debt) = (Change::minus(owed), Change::plus(owed));
            self.postings.push(moved(PostingReason::Reversed, back, None, None));
            self.postings.push(moved(PostingReason::DebtIncurred, debt, None, None));
        }
        self.settle();
        let is_forgiven = policy == ClawbackPolicy::Clamp;
        let forgiven = if is_forgiven { owed.into() } else { Points::ZERO };
        Ok(ClawedBack { own: own.into(), forgiven })
    }
}

//! What a member holds at one instant: the state that every line of the passbook prints.
//!
//! | value | spendable | becomes |
//! |---|---|---|
//! | pending lot | from `accrue_at` | an accrued lot, merged with the one of the same expiry |
//! | accrued lot | until `expires_at` | redeemed, pinned by a hold, or expired |
//! | pinned by a hold | no | redeemed by the capture, or back in its lot |
//!
//! A wallet is bounded: lots of one definition merge when they expire together, so there is one
//! for every purchase still inside its delay and one for every expiry ahead, at most [`LOTS_MAX`].

use std::collections::BTreeMap;

use crate::amount::Points;
use crate::facts::Facts;
use crate::id::{Handle, RedemptionId};
use crate::time::Instant;

/// The most lots that issuing may bring a wallet to. A lot takes about 45 bytes and a posting 25,
/// so a line that moves them all stays near 150 KB of DynamoDB's 400 KB: releases, refunds and
/// expiries, which are never refused, have the rest.
pub const LOTS_MAX: usize = 2_000;
/// The most holds a wallet may have at once. A till holds one; more than a few is a till that
/// never captures.
pub const HOLDS_MAX: usize = 100;

/// Everything a member holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wallet {
    /// What the retailer told about the member; `None`: nothing yet.
    pub facts: Option<Facts>,
    /// The level attained; `None`: the lowest, or no tiers.
    pub standing: Option<Standing>,
    /// By definition. A definition of which nothing is held or owed is left out.
    pub points: BTreeMap<Handle, Holding>,
    /// In the order in which they were made.
    pub holds: Vec<Hold>,
}

/// A level above the lowest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its handle.
    pub level: Handle,
    /// When it was attained, assigned or last kept.
    pub since: Instant,
}

/// The points of one definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// Points taken back after they were spent. Whatever comes in repays it first.
    pub debt: Points,
    /// Soonest expiry first, never-expiring last; of one expiry the accrued lot, then the pending
    /// ones by `accrue_at`. No two have the same expiry and accrual.
    pub lots: Vec<Lot>,
}

/// Points that accrue and expire together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// How many were ever put in.
    pub issued: Points,
    /// How many are neither spent nor pinned by a hold. A lot with none left stays until it
    /// expires, so that a refund or return finds it.
    pub remaining: Points,
    /// From when they can be spent; `None`: already.
    pub accrue_at: Option<Instant>,
    /// From when they can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
}

/// Value set aside for a redemption until it is captured, released or lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The redemption it is for.
    pub redemption: RedemptionId,
    /// From when it no longer holds.
    pub lapses_at: Instant,
    /// What it holds, in the order it was drawn.
    pub pins: Vec<Pin>,
}

/// Points drawn from one accrued lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The definition.
    pub points: Handle,
    /// The expiry of the lot, which names it: a definition has one accrued lot per expiry.
    pub expires_at: Option<Instant>,
    /// How many.
    pub amount: Points,
}

/// A sum of points that is beyond what a count can hold. Issuing refuses to get there, so only a
/// damaged wallet has one.
pub(crate) fn sum(parts: impl Iterator<Item = Points>) -> Points {
    Points::checked_sum(parts).unwrap_or(Points::MAX)
}

impl Lot {
    /// Where it stands among the lots of its definition.
    pub(crate) fn order(&self) -> (bool, Option<Instant>, Option<Instant>) {
        (self.expires_at.is_none(), self.expires_at, self.accrue_at)
    }

    /// Whether it could be spent, were there any left.
    pub fn is_accrued(&self) -> bool {
        self.accrue_at.is_none()
    }
}

impl Holding {
    /// How many can be spent now. The wallet must have been carried to the present.
    pub fn available(&self) -> Points {
        sum(self.lots.iter().filter(|lot| lot.is_accrued()).map(|lot| lot.remaining))
    }

    /// How many have not accrued yet.
    pub fn pending(&self) -> Points {
        sum(self.lots.iter().filter(|lot| !lot.is_accrued()).map(|lot| lot.remaining))
    }

    /// Available and pending.
    pub fn remaining(&self) -> Points {
        sum(self.lots.iter().map(|lot| lot.remaining))
    }

    pub(crate) fn accrued_lot(&mut self, expires_at: Option<Instant>) -> Option<&mut Lot> {
        self.lots.iter_mut().find(|lot| lot.is_accrued() && lot.expires_at == expires_at)
    }

    /// Whether there is a lot that accrues and expires with `lot`.
    pub(crate) fn merges(&self, lot: &Lot) -> bool {
        let place = self.lots.binary_search_by_key(&lot.order(), Lot::order);
        place.is_ok()
    }

    /// Adds `lot`, merged with the one that accrues and expires with it.
    pub(crate) fn put(&mut self, lot: Lot) {
        match self.lots.binary_search_by_key(&lot.order(), Lot::order) {
            Ok(found) => {
                if let Some(same) = self.lots.get_mut(found) {
                    same.issued = sum([same.issued, lot.issued].into_iter());
                    same.remaining = sum([same.remaining, lot.remaining].into_iter());
                }
            }
            Err(place) => self.lots.insert(place, lot),
        }
    }
}

impl Wallet {
    /// The points of a definition that can be spent now. The wallet must have been carried to the
    /// present.
    pub fn available(&self, points: &Handle) -> Points {
        self.points.get(points).map_or(Points::ZERO, Holding::available)
    }

    /// The points of a definition that holds have set aside.
    pub fn held(&self, points: &Handle) -> Points {
        let pins = self.holds.iter().flat_map(|hold| &hold.pins);
        sum(pins.filter(|pin| pin.points == *points).map(|pin| pin.amount))
    }

    /// The hold for a redemption, while it holds.
    pub fn hold(&self, redemption: &RedemptionId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.redemption == *redemption)
    }

    /// How many lots there are, of all definitions.
    pub fn lot_count(&self) -> usize {
        self.points.values().map(|holding| holding.lots.len()).sum()
    }

    /// The earliest instant at which a hold lapses or a lot with something left expires. `None`
    /// when nothing ever will.
    pub fn next_due(&self) -> Option<Instant> {
        let lots = self.points.values().flat_map(|holding| &holding.lots);
        let expiries = lots.filter(|lot| !lot.remaining.is_zero()).filter_map(|lot| lot.expires_at);
        expiries.chain(self.holds.iter().map(|hold| hold.lapses_at)).min()
    }

    pub(crate) fn is_pinned(&self, points: &Handle, lot: &Lot) -> bool {
        lot.is_accrued()
            && self
                .holds
                .iter()
                .flat_map(|hold| &hold.pins)
                .any(|pin| pin.points == *points && pin.expires_at == lot.expires_at)
    }
}

//! What a member holds at one instant: the state that every line of the passbook prints.
//!
//! | value | spendable | becomes |
//! |---|---|---|
//! | pending lot | from `accrue_at` | an accrued lot; of points, merged with the one of the same expiry |
//! | accrued lot | until `expires_at` | redeemed, set aside by a hold, expired or voided |
//! | set aside by a hold | no | redeemed by the capture, or back in its lot |
//!
//! A wallet is bounded: lots of points merge when they expire together, so there is one for every
//! purchase still inside its delay and one for every expiry ahead. Rewards, benefits and credits
//! keep their identity until they are spent. There are at most [`LOTS_MAX`], and
//! [`IDENTITIES_MAX`] of them with an identity.

use std::collections::BTreeMap;

use crate::amount::{Points, Units};
use crate::asset::{Asset, Kind};
use crate::card::Card;
use crate::facts::Facts;
use crate::id::{Handle, LotId, MemberId, OrderId, RedemptionId};
use crate::tier::Review;
use crate::time::Instant;

/// The most lots that issuing may bring a wallet to. Lots of points take about 45 bytes, and 25 more
/// in a posting or a hold: this many stay below 100 KB of DynamoDB's 400 KB. Releases, refunds and
/// expiries, which are never refused, have the rest.
pub const LOTS_MAX: usize = 1_000;
/// The most of these that may be rewards, benefits and credits, what holds have set aside of them
/// counted again. With the longest id one takes about 250 bytes: together some 60 KB.
pub const IDENTITIES_MAX: usize = 250;
/// The most holds a wallet may have at once. A till holds one; more than a few is a till that
/// never captures.
pub const HOLDS_MAX: usize = 100;

/// What time does to accounts, each done by a scheduled job when nobody else comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// Value expires, holds lapse, levels are judged.
    Expire,
    /// Gift cards go back to their purchasers.
    Revert,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 2] = [Self::Expire, Self::Revert];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Revert => "revert",
        }
    }
}

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Instant,
    /// For whom.
    pub job: Job,
}

/// Everything a member holds, or what is on a gift card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wallet {
    /// What the retailer told about the member; `None`: nothing yet.
    pub facts: Option<Facts>,
    /// The level attained; `None`: the lowest, or no tiers.
    pub standing: Option<Standing>,
    /// What the account of a gift card says of the card.
    pub card: Option<Card>,
    /// How levels were judged since the newest line; the next one writes it down.
    pub reviewed: Vec<Review>,
    /// By asset. An asset of which nothing is held or owed is left out.
    pub assets: BTreeMap<Asset, Holding>,
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
    /// Its anniversary, when it is judged next; `None`: outside the calendar.
    pub review_at: Option<Instant>,
    /// The order that reached it; `None`: no return takes it away, for it was given by hand, came
    /// with an award, or was kept at an anniversary.
    pub reached: Option<Reached>,
}

/// How an order reached a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The order.
    pub order: OrderId,
    /// Whether some of it has come back. The level then stands only as long as the window supports
    /// it.
    pub is_returned: bool,
    /// The level before; `None`: the lowest.
    pub before: Option<Box<Standing>>,
}

/// The lots of one asset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// Points taken back after they were spent. Whatever comes in repays it first.
    pub debt: Points,
    /// Soonest expiry first, never-expiring last; of one expiry the accrued ones, then the pending
    /// ones by `accrue_at`; of those the oldest first.
    pub lots: Vec<Lot>,
}

/// Value that accrues and expires together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Of a reward, benefit or credit. Points have none: those of one definition that have
    /// accrued, expire together and are equally entitled to a grace period are one lot.
    pub identity: Option<Identity>,
    /// How much was ever put in.
    pub issued: Units,
    /// How much is neither spent nor set aside by a hold. Points with none left stay until their
    /// expiry.
    pub remaining: Units,
    /// From when it can be spent; `None`: already.
    pub accrue_at: Option<Instant>,
    /// From when it can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
    /// Whether it came back by a refund after its expiry: it has no second grace.
    pub is_grace: bool,
}

/// What a reward, benefit or credit is besides an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Unique among the member's of its kind.
    pub id: LotId,
    /// When it was issued. Of equal expiries the older is spent first.
    pub issued_at: Instant,
    /// Whether its expiry was put off.
    pub is_extended: bool,
    /// Whether what remained was taken back. What a hold gives back to it is, too.
    pub is_voided: bool,
}

/// Value set aside for a redemption until it is captured, released or lapses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whose redemption it is for, when it holds from a gift card; `None`: the account's own.
    pub member: Option<MemberId>,
    /// The redemption it is for.
    pub redemption: RedemptionId,
    /// From when it no longer holds.
    pub lapses_at: Instant,
    /// What it holds, in the order it was drawn.
    pub draws: Vec<Draw>,
}

/// Value drawn from lots of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// The asset.
    pub asset: Asset,
    /// What was drawn from each lot, in the order it was drawn.
    pub lots: Vec<Drawn>,
}

/// Value drawn from one accrued lot, with what is needed to give it back when the lot is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The lot; points are named by what follows instead.
    pub id: Option<LotId>,
    /// When what has an id was issued.
    pub issued_at: Option<Instant>,
    /// The expiry of the lot.
    pub expires_at: Option<Instant>,
    /// Whether it was a grace lot.
    pub is_grace: bool,
    /// How much.
    pub amount: Units,
}

/// A sum that is beyond what a count can hold. Issuing refuses to get there, so only a damaged
/// wallet has one.
pub(crate) fn sum(parts: impl Iterator<Item = Units>) -> Units {
    Units::checked_sum(parts).unwrap_or(Units::MAX)
}

impl Lot {
    /// Where it stands among the lots of its asset.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        let never = self.expires_at.is_none();
        (never, self.expires_at, self.accrue_at, self.is_grace, self.issued_at())
    }

    /// Its id, if it has an identity.
    pub fn id(&self) -> Option<&LotId> {
        self.identity.as_ref().map(|identity| &identity.id)
    }

    /// When it was issued, if it has an identity.
    pub fn issued_at(&self) -> Option<Instant> {
        self.identity.as_ref().map(|identity| identity.issued_at)
    }

    /// Whether it could be spent, were there any left.
    pub fn is_accrued(&self) -> bool {
        self.accrue_at.is_none()
    }

    /// Whether what remained was taken back.
    pub fn is_voided(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_voided)
    }

    /// Whether value drawn from `drawn` came from this lot.
    pub(crate) fn gave(&self, drawn: &Drawn) -> bool {
        match (self.id(), &drawn.id) {
            (Some(id), Some(other)) => id == other,
            (None, None) => {
                let term = (self.expires_at, self.is_grace);
                self.is_accrued() && term == (drawn.expires_at, drawn.is_grace)
            }
            _ => false,
        }
    }

    /// What was drawn, as so much of this lot.
    pub(crate) fn drawn(&self, amount: Units) -> Drawn {
        let Self { expires_at, is_grace, .. } = *self;
        let issued_at = self.issued_at();
        Drawn { id: self.id().cloned(), issued_at, expires_at, is_grace, amount }
    }

    /// Puts value back that had come in with this lot. Of what returns have taken from elsewhere in
    /// the meantime it may be more than is left of what was put in: then that much was.
    pub(crate) fn put_back(&mut self, amount: Units) {
        self.remaining = sum([self.remaining, amount].into_iter());
        self.issued = self.issued.max(self.remaining);
    }

    /// Whether both are one lot.
    fn is_same(&self, other: &Self) -> bool {
        match (self.id(), other.id()) {
            (Some(id), Some(other)) => id == other,
            (None, None) => {
                let term = |lot: &Self| (lot.accrue_at, lot.expires_at, lot.is_grace);
                term(self) == term(other)
            }
            _ => false,
        }
    }

    /// Whether it has to stay in a wallet at `now`. Until its expiry, points do, for a refund or
    /// return to find, unless all that ever came in was returned; what has an identity does while
    /// something is left. Spent it goes, or a wallet would fill with what is gone, and a refund
    /// makes it anew from what the redemption knows of it: so one that was voided or extended since
    /// stays.
    pub(crate) fn is_kept(&self, now: Instant) -> bool {
        let is_live = self.expires_at.is_none_or(|expires_at| now < expires_at);
        let is_wanted = match &self.identity {
            None => !self.issued.is_zero() || !self.remaining.is_zero(),
            Some(identity) => {
                !self.remaining.is_zero() || identity.is_voided || identity.is_extended
            }
        };
        is_live && is_wanted
    }
}

impl Hold {
    /// Whether it is for this redemption of a member, or of the account's own.
    pub(crate) fn is_for(&self, member: Option<&MemberId>, redemption: &RedemptionId) -> bool {
        self.member.as_ref() == member && self.redemption == *redemption
    }
}

impl Holding {
    /// How much can be spent now. The wallet must have been carried to the present.
    pub fn available(&self) -> Units {
        sum(self.lots.iter().filter(|lot| lot.is_accrued()).map(|lot| lot.remaining))
    }

    /// How much has not accrued yet.
    pub fn pending(&self) -> Units {
        sum(self.lots.iter().filter(|lot| !lot.is_accrued()).map(|lot| lot.remaining))
    }

    /// Available and pending.
    pub fn remaining(&self) -> Units {
        sum(self.lots.iter().map(|lot| lot.remaining))
    }

    /// Whether there is a lot that `lot` would be one with.
    pub(crate) fn merges(&self, lot: &Lot) -> bool {
        self.lots.iter().any(|each| each.is_same(lot))
    }

    /// Adds `lot`, merged with the one that it is one with.
    pub(crate) fn put(&mut self, lot: Lot) {
        if let Some(same) = self.lots.iter_mut().find(|each| each.is_same(&lot)) {
            same.issued = sum([same.issued, lot.issued].into_iter());
            same.put_back(lot.remaining);
            return;
        }
        let place = self.lots.partition_point(|each| each.order() <= lot.order());
        self.lots.insert(place, lot);
    }
}

impl Draw {
    /// How much of the asset.
    pub fn amount(&self) -> Units {
        sum(self.lots.iter().map(|drawn| drawn.amount))
    }

    /// Splits it into the first `amount` that was drawn and the rest.
    #[must_use]
    pub(crate) fn split(&self, amount: Units) -> (Self, Self) {
        let mut room = amount;
        let empty = || Self { asset: self.asset.clone(), lots: Vec::new() };
        let (mut first, mut rest) = (empty(), empty());
        for drawn in &self.lots {
            let (taken, left) = drawn.amount.take_up_to(room);
            (_, room) = room.take_up_to(taken);
            for (part, amount) in [(&mut first, taken), (&mut rest, left)] {
                if !amount.is_zero() {
                    part.lots.push(Drawn { amount, ..drawn.clone() });
                }
            }
        }
        (first, rest)
    }

    /// What of it was drawn from the first `from` on and before `to`.
    #[must_use]
    pub(crate) fn between(&self, from: Units, to: Units) -> Self {
        self.split(to).0.split(from).1
    }
}

impl Wallet {
    /// What is held of an asset.
    pub fn holding(&self, asset: &Asset) -> Option<&Holding> {
        self.assets.get(asset)
    }

    /// How much of an asset can be spent now. The wallet must have been carried to the present.
    pub fn available(&self, asset: &Asset) -> Units {
        self.holding(asset).map_or(Units::ZERO, Holding::available)
    }

    /// The points of a definition; `None` when there are none, nor debt.
    pub fn points(&self, definition: &Handle) -> Option<&Holding> {
        self.holding(&Asset::Points(definition.clone()))
    }

    /// How much of an asset holds have set aside.
    pub fn held(&self, asset: &Asset) -> Units {
        sum(self.set_aside(asset).map(|drawn| drawn.amount))
    }

    /// How much of a reward, benefit or credit holds have set aside.
    pub fn held_of(&self, asset: &Asset, id: &LotId) -> Units {
        let own = self.set_aside(asset).filter(|drawn| drawn.id.as_ref() == Some(id));
        sum(own.map(|drawn| drawn.amount))
    }

    fn set_aside(&self, asset: &Asset) -> impl Iterator<Item = &Drawn> {
        let draws = self.holds.iter().flat_map(|hold| &hold.draws);
        draws.filter(move |draw| draw.asset == *asset).flat_map(|draw| &draw.lots)
    }

    /// The lots of a kind, asset by asset.
    pub fn lots_of(&self, kind: Kind) -> impl Iterator<Item = (&Asset, &Lot)> {
        let of_kind = self.assets.iter().filter(move |(asset, _)| asset.kind() == Some(kind));
        of_kind.flat_map(|(asset, holding)| holding.lots.iter().map(move |lot| (asset, lot)))
    }

    /// The reward, benefit or credit with this id.
    pub fn lot(&self, kind: Kind, id: &LotId) -> Option<(&Asset, &Lot)> {
        self.lots_of(kind).find(|(_, lot)| lot.id() == Some(id))
    }

    /// The hold for a redemption of the account's own, while it holds.
    pub fn hold(&self, redemption: &RedemptionId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.is_for(None, redemption))
    }

    /// How many lots there are, of all assets.
    pub fn lot_count(&self) -> usize {
        self.assets.values().map(|holding| holding.lots.len()).sum()
    }

    /// How many rewards, benefits and credits there are, and parts of them that holds have set
    /// aside.
    pub fn identity_count(&self) -> usize {
        let lots = self.assets.values().flat_map(|holding| &holding.lots);
        let held = self.holds.iter().flat_map(|hold| &hold.draws).flat_map(|draw| &draw.lots);
        let held = held.filter(|drawn| drawn.id.is_some()).count();
        lots.filter(|lot| lot.identity.is_some()).count().saturating_add(held)
    }

    /// The earliest instant at which a hold lapses or a lot with something left expires. `None`
    /// when nothing ever will.
    pub(crate) fn next_settlement(&self) -> Option<Instant> {
        let is_kept_for_purchaser = self.reverts_at().is_some();
        let lots = self.assets.values().flat_map(|holding| &holding.lots);
        let left = lots.filter(|lot| !lot.remaining.is_zero() && !is_kept_for_purchaser);
        let expiries = left.filter_map(|lot| lot.expires_at);
        expiries.chain(self.holds.iter().map(|hold| hold.lapses_at)).min()
    }

    /// From when what is on a gift card goes back to its purchaser. `None` when it never will: for
    /// as long as a redemption holds some, and when it expires first.
    pub fn reverts_at(&self) -> Option<Instant> {
        let card = self.card.as_ref().filter(|card| card.end.is_none())?;
        let revert_at = card.revert_at.filter(|_| self.holds.is_empty())?;
        let is_left = self.holding(&card.asset).is_some_and(|value| !value.remaining().is_zero());
        let is_first = card.expires_at.is_none_or(|expires_at| revert_at < expires_at);
        (is_left && is_first).then_some(revert_at)
    }

    /// What is due next, and who sees to it: the earliest of what time does to the account. At one
    /// instant what settles it comes first. `None` when nothing ever will be.
    pub fn next_due(&self) -> Option<Due> {
        let reviews = self.standing.as_ref().and_then(|standing| standing.review_at);
        let settles = [self.next_settlement(), reviews].into_iter().flatten().min();
        let due = |job| move |at| Due { at, job };
        let dues = [settles.map(due(Job::Expire)), self.reverts_at().map(due(Job::Revert))];
        dues.into_iter().flatten().min_by_key(|due| due.at)
    }

    /// Whether a hold may still give back to a lot.
    pub(crate) fn is_set_aside(&self, asset: &Asset, lot: &Lot) -> bool {
        self.set_aside(asset).any(|drawn| lot.gave(drawn))
    }
}

#[cfg(test)]
mod tests;

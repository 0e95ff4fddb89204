//! The lots and debts of an account while a line is read.

mod slot;

use std::collections::BTreeMap;

use super::Misposted;
use super::posting::Ending;
use crate::amount::{Points, Units};
use crate::asset::Asset;
use crate::card::Card;
use crate::entry::Detail;
use crate::posting::{Posting, PostingReason};
use crate::returns::Returned;
use crate::time::Instant;
use crate::wallet::{Drawn, Hold, Holding, Identity, Lot, Wallet};

use slot::{Slot, both, gave, has_term, less, stays};
pub(super) use slot::{is_same, order};

/// Lots by asset. What was ever put in is known within bounds: the lot has the upper one.
pub(super) struct Lots {
    now: Instant,
    assets: BTreeMap<Asset, Vec<Slot>>,
    debts: BTreeMap<Asset, Points>,
    /// Points that a refund gave back: to lots of this expiry, in their grace or not.
    loose: BTreeMap<(Asset, Option<Instant>), Units>,
}

/// What a posting puts in.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) posting: &'a Posting,
    /// How much, after debt was repaid.
    pub(super) kept: Units,
    /// Whether a refund may have made the lot anew.
    pub(super) is_anew: bool,
}

impl Lots {
    /// Those of a state.
    pub(super) fn of(before: &Wallet, now: Instant) -> Self {
        let mut lots =
            Self { now, assets: BTreeMap::new(), debts: BTreeMap::new(), loose: BTreeMap::new() };
        for (asset, holding) in &before.assets {
            lots.debts.insert(asset.clone(), holding.debt);
            for lot in &holding.lots {
                let slot =
                    Slot { least: lot.issued, lot: lot.clone(), is_anew: false, since: None };
                lots.merge(asset, slot);
            }
        }
        lots
    }

    /// What has accrued by an instant merges.
    pub(super) fn accrue(&mut self, at: Instant) {
        let is_due = |slot: &mut Slot| slot.lot.accrue_at.is_some_and(|due| due <= at);
        let assets = self.assets.iter_mut();
        let accrued: Vec<(Asset, Vec<Slot>)> = assets
            .map(|(asset, slots)| (asset.clone(), slots.extract_if(.., is_due).collect()))
            .collect();
        for (asset, slots) in accrued {
            for mut slot in slots {
                slot.lot.accrue_at = None;
                self.merge(&asset, slot);
            }
        }
    }

    fn merge(&mut self, asset: &Asset, slot: Slot) {
        let slots = self.assets.entry(asset.clone()).or_default();
        match slots.iter_mut().find(|each| is_same(&each.lot, &slot.lot)) {
            Some(there) => {
                there.lot.issued = both(there.lot.issued, slot.lot.issued);
                there.least = both(there.least, slot.least);
                there.put_back(slot.lot.remaining, slot.since);
            }
            None => slots.push(slot),
        }
    }

    /// The lots that a posting may be of: by id, or points by their term.
    fn named<'a>(&'a mut self, posting: &'a Posting) -> impl Iterator<Item = &'a mut Slot> {
        let slots = self.assets.get_mut(&posting.asset).into_iter().flatten();
        slots.filter(|slot| match (&slot.lot.identity, &posting.id) {
            (Some(identity), Some(id)) => identity.id == *id,
            (None, None) => has_term(slot, posting),
            _ => false,
        })
    }

    /// Takes out of a lot: where two differ in their grace alone, out of the one that is said, or
    /// else that without one first.
    pub(super) fn take(&mut self, posting: &Posting, grace: Option<bool>) -> Result<(), Misposted> {
        let amount = posting.amount.magnitude();
        let mut slots: Vec<&mut Slot> = self.named(posting).collect();
        slots.sort_by_key(|slot| slot.lot.is_grace);
        let fits = |slot: &&mut Slot| {
            let is_enough = amount <= slot.lot.remaining;
            is_enough && grace.is_none_or(|it| it == slot.lot.is_grace) && has_term(slot, posting)
        };
        let slot = slots.into_iter().find(fits).ok_or(Misposted::NotThere)?;
        slot.lot.remaining = less(slot.lot.remaining, amount);
        Ok(())
    }

    /// Whether a posting ends what a refund gave back: all of that.
    pub(super) fn is_loose(&self, posting: &Posting) -> bool {
        let amount = self.loose.get(&(posting.asset.clone(), posting.expires_at));
        posting.id.is_none() && amount == Some(&posting.amount.magnitude())
    }

    /// Ends a lot: all that is left goes.
    pub(super) fn end(&mut self, posting: &Posting, ending: Ending) -> Result<(), Misposted> {
        if self.is_loose(posting) {
            return self.end_loose(posting);
        }
        let amount = posting.amount.magnitude();
        let now = self.now;
        // Of points in their grace it is not said how many there were.
        let is_as_said = |Lot { identity, is_grace, .. }: &Lot| {
            identity.is_some() || *is_grace == posting.lot_issued.is_none()
        };
        let fits = |slot: &&mut Slot| {
            amount == slot.lot.remaining && has_term(slot, posting) && is_as_said(&slot.lot)
        };
        let slot = self.named(posting).find(fits).ok_or(Misposted::NotThere)?;
        slot.lot.remaining = Units::ZERO;
        let due = match ending {
            Ending::Expiry => slot.lot.expires_at.max(slot.since),
            Ending::Voided => slot.since,
            Ending::Voiding => Some(now),
        };
        if due != Some(posting.at) {
            return Err(Misposted::Instant);
        }
        let bounds = slot.least..=slot.lot.issued;
        let is_said = posting.lot_issued.is_none_or(|issued| bounds.contains(&issued));
        if is_said { Ok(()) } else { Err(Misposted::LotIssued) }
    }

    /// What is left.
    pub(super) fn left(&self) -> impl Iterator<Item = &Lot> {
        let lots = self.assets.values().flatten().map(|slot| &slot.lot);
        lots.filter(|lot| !lot.remaining.is_zero())
    }

    /// Whether something is left that is past its expiry or void.
    pub(super) fn is_overdue(&self) -> bool {
        self.left().any(|Lot { identity, expires_at, .. }| {
            let is_voided = identity.as_ref().is_some_and(|it| it.is_voided);
            is_voided || expires_at.is_some_and(|expires_at| expires_at <= self.now)
        })
    }

    /// Ends points that came back past their expiry, without a grace. A lot of which a hold still has
    /// part was put in so much more.
    fn end_loose(&mut self, posting: &Posting) -> Result<(), Misposted> {
        if posting.at != self.now {
            return Err(Misposted::Instant);
        }
        if posting.accrue_at.is_some() {
            return Err(Misposted::NotThere);
        }
        self.loose.remove(&(posting.asset.clone(), posting.expires_at));
        let amount = posting.amount.magnitude();
        let mut bounds = Vec::new();
        for slot in self.named(posting) {
            slot.lot.issued = both(slot.lot.issued, amount);
            bounds.push((slot.least, slot.lot.issued));
        }
        if bounds.is_empty() {
            bounds.push((amount, amount));
        }
        let is_said = posting.lot_issued.is_none_or(|issued| {
            bounds.iter().any(|(least, most)| *least <= issued && issued <= *most)
        });
        if is_said { Ok(()) } else { Err(Misposted::LotIssued) }
    }

    /// Whether the lot that a posting is of was voided before.
    pub(super) fn is_voided(&self, posting: &Posting) -> bool {
        let slots = self.assets.get(&posting.asset).into_iter().flatten();
        let mut identities = slots.filter_map(|slot| slot.lot.identity.as_ref());
        identities.any(|it| it.is_voided && Some(&it.id) == posting.id.as_ref())
    }

    /// Changes the debt.
    pub(super) fn owe(&mut self, posting: &Posting) -> Result<(), Misposted> {
        let debt = self.debts.entry(posting.asset.clone()).or_default();
        let amount = Points::from(posting.amount.magnitude());
        *debt = if posting.amount.is_negative() {
            debt.checked_sub(amount).ok_or(Misposted::NoDebt)?
        } else {
            debt.checked_add(amount).ok_or(Misposted::TooMuch)?
        };
        Ok(())
    }

    /// Repays debt out of what comes back: how much it took, and what is kept.
    pub(super) fn repay(&mut self, asset: &Asset, amount: Units) -> (Units, Units) {
        let Some(debt) = self.debts.get_mut(asset) else { return (Units::ZERO, amount) };
        let (repaid, kept) = amount.take_up_to((*debt).into());
        (_, *debt) = debt.take_up_to(repaid.into());
        (repaid, kept)
    }

    /// Puts in what is kept of a posting. A lot that had ended by then is gone, and what comes in
    /// under its name is a new one; of one that a refund made anew, the line does not say what it was.
    pub(super) fn put(&mut self, comes: &Incoming<'_>, holds: &[Hold]) -> Result<(), Misposted> {
        let (Incoming { posting, kept, is_anew }, now) = (*comes, self.now);
        if let Some(slots) = self.assets.get_mut(&posting.asset) {
            let parts = parts(holds, &posting.asset);
            let is_held = |lot: &Lot| parts.iter().any(|drawn| gave(lot, drawn));
            slots.retain(|slot| stays(&slot.lot, now) || is_held(&slot.lot));
        }
        let comes_back =
            matches!(posting.reason, PostingReason::Reinstated | PostingReason::TransferredIn);
        if comes_back && posting.accrue_at.is_some() {
            return Err(Misposted::NotThere);
        }
        if kept.is_zero() {
            return Ok(());
        }
        if comes_back && posting.id.is_none() {
            let loose = self.loose.entry((posting.asset.clone(), posting.expires_at));
            let sum = loose.or_default();
            *sum = sum.checked_add(kept).ok_or(Misposted::TooMuch)?;
            return Ok(());
        }
        let on_card = matches!(posting.asset, Asset::GiftCard(..));
        let mut slots = self.named(posting).filter(|slot| !slot.lot.is_grace || is_anew);
        if let Some(slot) = slots.next() {
            let remaining = slot.lot.remaining.checked_add(kept);
            remaining.ok_or(Misposted::TooMuch)?;
            if on_card {
                // One that has expired lives on as the posting says.
                slot.lot.expires_at = posting.expires_at;
            } else if slot.lot.expires_at != posting.expires_at {
                return Err(Misposted::NotThere);
            }
            // What comes back to a card was put in before.
            if !(is_anew && on_card) {
                slot.lot.issued = both(slot.lot.issued, kept);
                slot.least = both(slot.least, kept);
            }
            slot.put_back(kept, Some(now));
            return Ok(());
        }
        drop(slots);
        let identity = posting.id.clone().map(|id| Identity {
            id,
            issued_at: self.now,
            is_extended: false,
            is_voided: false,
        });
        let lot = Lot {
            identity,
            issued: kept,
            remaining: kept,
            accrue_at: posting.accrue_at,
            expires_at: posting.expires_at,
            is_grace: false,
        };
        let slots = self.assets.entry(posting.asset.clone()).or_default();
        slots.push(Slot { lot, least: kept, is_anew, since: Some(now) });
        Ok(())
    }

    /// Moves drawn value out of its lot; `false` when there is not so much, or it has expired.
    pub(super) fn draw(&mut self, asset: &Asset, drawn: &Drawn) -> bool {
        let now = self.now;
        let slot = self.source(asset, drawn).filter(|slot| {
            let issued_at = slot.lot.identity.as_ref().map(|identity| identity.issued_at);
            let is_live = slot.lot.expires_at.is_none_or(|expires_at| now < expires_at);
            is_live
                && drawn.amount <= slot.lot.remaining
                && (slot.lot.expires_at, slot.lot.is_grace, issued_at)
                    == (drawn.expires_at, drawn.is_grace, drawn.issued_at)
        });
        slot.map(|slot| slot.lot.remaining = less(slot.lot.remaining, drawn.amount)).is_some()
    }

    /// Moves drawn value back into its lot at an instant; `false` when there is no such lot.
    pub(super) fn put_back(&mut self, asset: &Asset, drawn: &Drawn, at: Instant) -> bool {
        self.source(asset, drawn).map(|slot| slot.put_back(drawn.amount, Some(at))).is_some()
    }

    /// What a gift card has is one lot: so much of it.
    pub(super) fn drawn_of(&self, asset: &Asset, amount: Units) -> Option<Drawn> {
        let lot = &self.assets.get(asset)?.first()?.lot;
        let identity = lot.identity.as_ref()?;
        Some(Drawn {
            id: Some(identity.id.clone()),
            issued_at: Some(identity.issued_at),
            expires_at: lot.expires_at,
            is_grace: lot.is_grace,
            amount,
        })
    }

    fn source(&mut self, asset: &Asset, drawn: &Drawn) -> Option<&mut Slot> {
        let mut slots = self.assets.get_mut(asset)?.iter_mut();
        slots.find(|slot| gave(&slot.lot, drawn))
    }

    /// What the line does to lots besides moving value.
    pub(super) fn mark(&mut self, detail: &Detail, card: Option<&Card>, holds: &mut [Hold]) {
        match detail {
            Detail::Extension(extended) => {
                let slots = self.assets.get_mut(&extended.asset).into_iter().flatten();
                for slot in slots {
                    let Some(identity) = &mut slot.lot.identity else { continue };
                    if identity.id == extended.id {
                        identity.is_extended = true;
                        slot.lot.expires_at = Some(extended.expires_at);
                    }
                }
            }
            Detail::Void(voided) => {
                let slots = self.assets.get_mut(&voided.asset).into_iter().flatten();
                for slot in slots {
                    let Some(identity) = &mut slot.lot.identity else { continue };
                    identity.is_voided |= identity.id == voided.id;
                }
            }
            Detail::Return(returned) => self.take_back(returned),
            _ => {}
        }
        if let Some(card) = card {
            // A refund may let an expired card live on.
            for slot in self.assets.get_mut(&card.asset).into_iter().flatten() {
                slot.lot.expires_at = card.expires_at;
            }
        }
        self.follow(holds);
    }

    /// The lot that the points of an order came in with was never given what came back, wherever
    /// that was taken. It is at most what the order put in: where nothing of that is left, the line
    /// does not say how much it was.
    fn take_back(&mut self, returned: &Returned) {
        for taken in &returned.taken {
            let amount = less(taken.amount.into(), taken.excused.into());
            let earned = returned.earned.iter().find(|earned| earned.points == taken.points);
            let Some(earned) = earned else { continue };
            let accrue_at = earned.accrue_at.filter(|accrue_at| self.now < *accrue_at);
            let slots = self.assets.get_mut(&Asset::Points(taken.points.clone()));
            let slot = slots.into_iter().flatten().find(|slot| {
                let lot = &slot.lot;
                (lot.accrue_at, lot.expires_at, lot.is_grace)
                    == (accrue_at, earned.expires_at, false)
            });
            let Some(slot) = slot else { continue };
            slot.least = less(slot.least, amount);
            if !earned.into_lot.is_zero() {
                slot.lot.issued = less(slot.lot.issued, amount);
            }
        }
    }

    /// What holds have of a lot with an identity has its expiry.
    fn follow(&self, holds: &mut [Hold]) {
        for draw in holds.iter_mut().flat_map(|hold| &mut hold.draws) {
            let slots = self.assets.get(&draw.asset).map_or(&[][..], Vec::as_slice);
            for drawn in draw.lots.iter_mut().filter(|drawn| drawn.id.is_some()) {
                if let Some(slot) = slots.iter().find(|slot| gave(&slot.lot, drawn)) {
                    drawn.expires_at = slot.lot.expires_at;
                }
            }
        }
    }

    /// The state that the lots end in; of what the line does not say, as it is printed.
    pub(super) fn close(mut self, printed: &Wallet, holds: &[Hold]) -> BTreeMap<Asset, Holding> {
        self.settle_loose(printed);
        let mut closed = BTreeMap::new();
        for (asset, slots) in self.assets {
            let there = printed.assets.get(&asset).map_or(&[][..], |holding| &holding.lots);
            let lots = slots.into_iter().map(|slot| slot.completed(there, self.now));
            let parts = parts(holds, &asset);
            let is_held = |lot: &Lot| parts.iter().any(|drawn| gave(lot, drawn));
            let stays = |lot: &Lot| stays(lot, self.now) || is_held(lot);
            let mut lots: Vec<Lot> = lots.filter(stays).collect();
            lots.sort_by_key(order);
            let debt = self.debts.get(&asset).copied().unwrap_or_default();
            closed.insert(asset.clone(), Holding { debt, lots });
        }
        for (asset, debt) in self.debts {
            closed.entry(asset).or_insert(Holding { debt, lots: Vec::new() });
        }
        closed.retain(|_, holding| *holding != Holding::default());
        closed
    }

    /// Gives what came back to the lots that are printed with more than they have.
    fn settle_loose(&mut self, printed: &Wallet) {
        for ((asset, expires_at), mut left) in std::mem::take(&mut self.loose) {
            let there = printed.assets.get(&asset).map_or(&[][..], |holding| &holding.lots);
            let is_own = |lot: &&Lot| {
                (&lot.identity, lot.accrue_at, lot.expires_at) == (&None, None, expires_at)
            };
            for lot in there.iter().filter(is_own) {
                let slots = self.assets.entry(asset.clone()).or_default();
                let place = slots.iter().position(|slot| is_same(&slot.lot, lot));
                let has = place.and_then(|place| slots.get(place));
                let has = has.map_or(Units::ZERO, |slot| slot.lot.remaining);
                let (given, rest) = left.take_up_to(less(lot.remaining, has));
                left = rest;
                self.give_back(&asset, lot, given);
            }
            let lot = Lot {
                identity: None,
                issued: left,
                remaining: left,
                accrue_at: None,
                expires_at,
                is_grace: false,
            };
            self.give_back(&asset, &lot, left);
        }
    }

    fn give_back(&mut self, asset: &Asset, lot: &Lot, amount: Units) {
        if !amount.is_zero() {
            let lot = Lot { issued: amount, remaining: amount, ..lot.clone() };
            self.merge(asset, Slot { lot, least: Units::ZERO, is_anew: false, since: None });
        }
    }
}

/// What holds have of an asset.
fn parts<'a>(holds: &'a [Hold], asset: &Asset) -> Vec<&'a Drawn> {
    let draws = holds.iter().flat_map(|hold| &hold.draws).filter(|draw| draw.asset == *asset);
    draws.flat_map(|draw| &draw.lots).collect()
}

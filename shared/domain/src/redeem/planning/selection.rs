//! Which rewards or credits a basket uses, in the order in which they are spent.

use super::Planner;
use crate::amount::{Minor, Units};
use crate::asset::{Asset, Kind};
use crate::currency::Currency;
use crate::draft::Insufficient;
use crate::id::LotId;
use crate::limit::LimitReached;
use crate::redeem::PlanRefusal;
use crate::redeem::basket::{MoneyUse, Wanted};
use crate::redeem::plan::{PassedOver, TENDERS_MAX, Why, less, sum};
use crate::wallet::{Draw, Lot};

/// A reward or credit in the currency of the basket, of which something is available.
pub(super) struct Candidate {
    pub(super) asset: Asset,
    id: LotId,
    available: Minor,
    wanted: Wanted<Minor>,
}

/// The most that one may be used for, and what keeps it from more.
pub(super) struct Room {
    pub(super) most: Minor,
    pub(super) why: Why,
}

/// How candidates are used up: one by one, with what is still wanted of all of them together.
pub(super) struct Spending {
    kind: Kind,
    currency: Currency,
    /// `None`: as much as possible.
    budget: Option<Minor>,
    available: Minor,
    /// What kept them from being used further: that nothing was left to pay, or else the first
    /// rule.
    kept_by: Option<Why>,
}

impl Planner<'_, '_> {
    /// The candidates of a kind, soonest expiry first, never-expiring last, then the oldest. What
    /// was asked for as far as possible and cannot be used is passed over.
    pub(super) fn candidates(
        &mut self,
        kind: Kind,
        uses: &MoneyUse,
    ) -> Result<(Vec<Candidate>, Spending), PlanRefusal> {
        let (mut selected, mut unusable) = (Vec::new(), Vec::new());
        let lots = self.drafts.own.wallet().lots_of(kind).filter(|(_, lot)| is_usable(lot));
        for (asset, lot) in lots {
            let Some((id, wanted)) = lot.id().and_then(|id| Some((id, uses.wanted(id)?))) else {
                continue;
            };
            if asset.currency() == Some(self.basket.currency) {
                selected.push((lot, asset.clone(), id.clone(), wanted));
            } else if wanted.is_something() {
                let (id, currency) = (id.clone(), asset.currency());
                return Err(PlanRefusal::LotInOtherCurrency { kind, id, currency });
            } else if wanted == Wanted::Max && uses.takes_any() {
                unusable.push(PassedOver { kind, id: id.clone(), why: Why::Currency });
            }
        }
        unusable.extend(self.not_available(kind, uses)?);
        selected
            .sort_by_key(|(lot, ..)| (lot.expires_at.is_none(), lot.expires_at, lot.issued_at()));
        let candidates = selected.into_iter().map(|(lot, asset, id, wanted)| {
            let available = lot.remaining.into();
            Candidate { asset, id, available, wanted }
        });
        let candidates: Vec<Candidate> = candidates.collect();
        for passed in unusable {
            self.note(passed);
        }
        let spending = Spending {
            kind,
            currency: self.basket.currency,
            budget: uses.budget(),
            available: sum(candidates.iter().map(|candidate| candidate.available)),
            kept_by: None,
        };
        Ok((candidates, spending))
    }

    /// Those that are named as far as possible, and of which nothing is available.
    fn not_available(&self, kind: Kind, uses: &MoneyUse) -> Result<Vec<PassedOver>, PlanRefusal> {
        let mut passed = Vec::new();
        for (id, wanted) in uses.named() {
            let id = id.clone();
            if self.drafts.own.wallet().lot(kind, &id).is_some_and(|(_, lot)| is_usable(lot)) {
                continue;
            }
            if wanted.is_something() {
                let (available, currency) = (Units::ZERO, Some(self.basket.currency));
                return Err(PlanRefusal::InsufficientLot { kind, id, available, currency });
            }
            if *wanted == Wanted::Max {
                passed.push(PassedOver { kind, id, why: Why::NotAvailable });
            }
        }
        Ok(passed)
    }

    /// That no more than `most` is left of what something may be used for.
    pub(super) fn room_of(&self, most: Minor) -> Room {
        let for_other_lines = most.is_zero() && !self.plan.due().is_zero();
        Room { most, why: if for_other_lines { Why::NothingEligible } else { Why::NothingDue } }
    }

    /// Draws of a candidate what is wanted of it and there is room for. `None` when that is
    /// nothing: it is passed over then, unless nothing was wanted or nothing is left to pay.
    pub(super) fn draw(
        &mut self,
        candidate: &Candidate,
        spending: &mut Spending,
        room: &Room,
    ) -> Result<Option<(Minor, Draw)>, PlanRefusal> {
        let wanted = spending.wanted(candidate);
        let amount = spending.take(candidate, room)?;
        let Candidate { asset, id, .. } = candidate;
        let (kind, id) = (spending.kind, id.clone());
        if amount.is_zero() {
            if !wanted.is_zero() && room.why != Why::NothingDue {
                self.note(PassedOver { kind, id, why: room.why });
            }
            return Ok(None);
        }
        match self.drafts.own.draw_from(asset, &id, amount.into()) {
            Ok(draw) => Ok(Some((amount, draw))),
            Err(Insufficient { available }) => {
                let currency = asset.currency();
                Err(PlanRefusal::InsufficientLot { kind, id, available, currency })
            }
        }
    }

    fn note(&mut self, passed: PassedOver) {
        if self.plan.passed_over.len() < TENDERS_MAX {
            self.plan.passed_over.push(passed);
        }
    }
}

/// What has an identity has accrued when it is issued.
fn is_usable(lot: &Lot) -> bool {
    !lot.remaining.is_zero()
}

impl Spending {
    /// How much of a candidate is still wanted.
    fn wanted(&self, candidate: &Candidate) -> Minor {
        match candidate.wanted {
            Wanted::Exactly(amount) => amount,
            Wanted::Max => self.budget.unwrap_or(Minor::MAX).min(candidate.available),
        }
    }

    /// How much to take of a candidate.
    fn take(&mut self, candidate: &Candidate, room: &Room) -> Result<Minor, PlanRefusal> {
        let wanted = self.wanted(candidate);
        if candidate.wanted == Wanted::Max {
            let taken = wanted.min(room.most);
            if let Some(budget) = &mut self.budget {
                (_, *budget) = budget.take_up_to(taken);
            }
            if taken < wanted && (self.kept_by.is_none() || room.why == Why::NothingDue) {
                self.kept_by = Some(room.why);
            }
            return Ok(taken);
        }
        if candidate.available < wanted {
            let (kind, id) = (self.kind, candidate.id.clone());
            let (available, currency) = (candidate.available.into(), Some(self.currency));
            return Err(PlanRefusal::InsufficientLot { kind, id, available, currency });
        }
        if room.most < wanted { Err(self.against(room.why, room.most)) } else { Ok(wanted) }
    }

    /// Refuses when less was taken than exactly so much.
    pub(super) fn finish(self, wanted: &MoneyUse) -> Result<(), PlanRefusal> {
        let (MoneyUse::All(Wanted::Exactly(wanted)), Some(missing)) = (wanted, self.budget) else {
            return Ok(());
        };
        if missing.is_zero() {
            return Ok(());
        }
        match self.kept_by {
            Some(why) if *wanted <= self.available => {
                Err(self.against(why, less(*wanted, missing)))
            }
            _ => {
                let Self { kind, available, currency, .. } = self;
                Err(PlanRefusal::InsufficientMoney { kind, available, currency })
            }
        }
    }

    /// No more than `most` can be used.
    fn against(&self, why: Why, most: Minor) -> PlanRefusal {
        match why {
            Why::NothingDue => PlanRefusal::MoreThanDue { due: most },
            Why::Limit if self.kind == Kind::Credit => LimitReached::TENDERS.into(),
            Why::Limit => LimitReached::DISCOUNTS.into(),
            why => PlanRefusal::AgainstRule { kind: self.kind, why, most },
        }
    }
}

impl MoneyUse {
    /// How much of one to use; `None`: it is not to be used.
    fn wanted(&self, id: &LotId) -> Option<Wanted<Minor>> {
        match self {
            Self::Nothing => None,
            Self::All(_) => Some(Wanted::Max),
            Self::Each(list) => list.iter().find(|(each, _)| each == id).map(|(_, wanted)| *wanted),
        }
    }

    /// Whether whatever cannot be used is worth a word: not where exactly so much of all is found.
    fn takes_any(&self) -> bool {
        !matches!(self, Self::All(Wanted::Exactly(_)))
    }

    fn named(&self) -> &[(LotId, Wanted<Minor>)] {
        match self {
            Self::Each(list) => list,
            Self::Nothing | Self::All(_) => &[],
        }
    }

    fn budget(&self) -> Option<Minor> {
        match self {
            Self::All(Wanted::Exactly(amount)) => Some(*amount),
            _ => None,
        }
    }
}

impl Wanted<Minor> {
    /// Whether it is refused where there is nothing.
    fn is_something(self) -> bool {
        matches!(self, Self::Exactly(amount) if !amount.is_zero())
    }
}

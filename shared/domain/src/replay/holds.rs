//! The holds of an account while a line is read.

use super::{Misfit, Misheld, Reading};
use crate::amount::{Change, Minor, Units};
use crate::asset::Asset;
use crate::card::CardStep;
use crate::entry::Detail;
use crate::id::{MemberId, RedemptionId};
use crate::posting::Posting;
use crate::redeem::Opened;
use crate::time::Instant;
use crate::wallet::{Draw, Drawn, Hold};

/// What a hold gave back and debt took.
pub(super) struct Repaid {
    redemption: RedemptionId,
    asset: Asset,
    amount: Units,
    at: Instant,
    expires_at: Option<Instant>,
}

impl Reading<'_> {
    /// A line ends every hold that has lapsed by its instant, and no other, in the order they lapse.
    pub(super) fn require_lapses(&mut self) {
        let now = self.entry.recorded_at;
        let mut due: Vec<&Hold> = self.holds.iter().filter(|hold| hold.lapses_at <= now).collect();
        due.sort_by_key(|hold| hold.lapses_at);
        let mut due: Vec<RedemptionId> =
            due.into_iter().map(|hold| hold.redemption.clone()).collect();
        let mut said = self.entry.line.lapsed.clone();
        if due == said {
            return;
        }
        let both: Vec<RedemptionId> = said.extract_if(.., |id| due.contains(id)).collect();
        due.retain(|id| !both.contains(id));
        // Where only the order is wrong, all of them are.
        let wrong: Vec<RedemptionId> = due.into_iter().chain(said).collect();
        let wrong = if wrong.is_empty() { both } else { wrong };
        self.misfits
            .extend(wrong.into_iter().map(|redemption| misheld(redemption, Misheld::Lapse)));
    }

    /// What lapsed by an instant goes back to its lots, the first that lapsed first.
    pub(super) fn lapse(&mut self, at: Instant) {
        let due = |holds: &[Hold]| holds.iter().map(|hold| hold.lapses_at).min();
        while let Some(lapses_at) = due(&self.holds).filter(|lapses_at| *lapses_at <= at) {
            self.lots.accrue(lapses_at);
            let lapsed = self.holds.extract_if(.., |hold| hold.lapses_at == lapses_at);
            for hold in lapsed.collect::<Vec<_>>() {
                self.give_back(&hold, lapses_at);
            }
        }
    }

    /// What a hold that the line releases had goes back, and of one that it captures what it leaves.
    pub(super) fn end_hold(&mut self) {
        let (member, redemption) = match &self.entry.line.detail {
            Detail::Capture(captured) => (None, &captured.redemption),
            Detail::Release(released) => (None, &released.redemption),
            Detail::CardPart(part) => match part.step {
                CardStep::Captured | CardStep::Released => (Some(&part.member), &part.redemption),
                CardStep::Spent | CardStep::Held(_) | CardStep::Refunded(_) => return,
            },
            _ => return,
        };
        let Some(mut hold) = self.end(member, redemption) else {
            return self.misfits.push(misheld(redemption.clone(), Misheld::Unknown));
        };
        if let Detail::CardPart(part) = &self.entry.line.detail {
            let released = (part.step == CardStep::Released).then_some(part.amount);
            self.misfits.extend(released.and_then(|says| not_held(&hold, says)));
        }
        for draw in self.captured() {
            for drawn in &draw.lots {
                if !spend(&mut hold, &draw.asset, drawn) {
                    self.misfits.push(misheld(redemption.clone(), Misheld::NotThere));
                }
            }
        }
        self.give_back(&hold, self.entry.recorded_at);
    }

    /// What a capture spends of the hold that it ends.
    fn captured(&self) -> Vec<Draw> {
        match &self.entry.line.detail {
            Detail::Capture(captured) => captured.plan.draws().cloned().collect(),
            Detail::CardPart(part) if part.step == CardStep::Captured => {
                self.of_card(part.amount.into()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// A hold that the line makes.
    pub(super) fn set_aside(&mut self) {
        let (member, redemption, lapses_at, draws) = match &self.entry.line.detail {
            Detail::Redemption(Opened { redemption, plan, lapses_at: Some(lapses_at) }) => {
                (None, redemption, *lapses_at, plan.draws().cloned().collect::<Vec<_>>())
            }
            Detail::CardPart(part) => {
                let CardStep::Held(lapses_at) = part.step else { return };
                let draws = self.of_card(part.amount.into());
                let member = Some(part.member.clone());
                (member, &part.redemption, lapses_at, draws.into_iter().collect())
            }
            _ => return,
        };
        let redemption = redemption.clone();
        self.draw_all(&redemption, &draws);
        self.holds.push(Hold { member, redemption, lapses_at, draws });
    }

    fn draw_all(&mut self, redemption: &RedemptionId, draws: &[Draw]) {
        let mut why = None;
        for draw in draws {
            for drawn in &draw.lots {
                if drawn.amount.is_zero() {
                    why = Some(Misheld::Empty);
                } else if !self.lots.draw(&draw.asset, drawn) {
                    why = Some(Misheld::NotThere);
                }
            }
        }
        self.misfits.extend(why.map(|why| misheld(redemption.clone(), why)));
    }

    fn of_card(&self, amount: Units) -> Option<Draw> {
        let asset = self.entry.line.wallet.card.as_ref()?.asset.clone();
        let drawn = self.lots.drawn_of(&asset, amount)?;
        Some(Draw { asset, lots: vec![drawn] })
    }

    fn end(&mut self, member: Option<&MemberId>, redemption: &RedemptionId) -> Option<Hold> {
        // One that has lapsed by the instant of the line is no longer there.
        let is_it = |hold: &Hold| hold.member.as_ref() == member && hold.redemption == *redemption;
        let place = self.holds.iter().position(is_it)?;
        Some(self.holds.remove(place))
    }

    /// What a hold has left goes back at an instant. Debt is for points that were spent, and these
    /// were not: they repay it first.
    fn give_back(&mut self, hold: &Hold, at: Instant) {
        for draw in &hold.draws {
            for drawn in &draw.lots {
                let (asset, expires_at) = (draw.asset.clone(), drawn.expires_at);
                let (amount, kept) = self.lots.repay(&asset, drawn.amount);
                let kept = Drawn { amount: kept, ..drawn.clone() };
                if !kept.amount.is_zero() && !self.lots.put_back(&asset, &kept, at) {
                    self.misfits.push(misheld(hold.redemption.clone(), Misheld::NotThere));
                }
                if !amount.is_zero() {
                    let redemption = hold.redemption.clone();
                    self.repaid.push_back(Repaid { redemption, asset, amount, at, expires_at });
                }
            }
        }
    }

    /// Whether a repayment is the next that a hold made.
    pub(super) fn is_by_hold(&mut self, posting: &Posting) -> bool {
        let is_it = |repaid: &mut Repaid| {
            (&posting.asset, posting.amount) == (&repaid.asset, Change::minus(repaid.amount))
                && (posting.at, posting.accrue_at, posting.expires_at)
                    == (repaid.at, None, repaid.expires_at)
        };
        self.repaid.pop_front_if(is_it).is_some()
    }

    /// A line says all that its holds repaid.
    pub(super) fn require_repaid(&mut self) {
        let unsaid = self.repaid.drain(..);
        let unsaid = unsaid.map(|repaid| misheld(repaid.redemption, Misheld::Unrepaid));
        self.misfits.extend(unsaid);
    }
}

/// Takes what is spent out of what is held; `false` when there is not so much.
fn spend(hold: &mut Hold, asset: &Asset, spent: &Drawn) -> bool {
    let of_asset = hold.draws.iter_mut().filter(|draw| draw.asset == *asset);
    let mut left = spent.amount;
    for drawn in of_asset.flat_map(|draw| &mut draw.lots) {
        // The same lot of points has the same expiry; what has an id may have been extended.
        let same_expiry = drawn.id.is_some() || drawn.expires_at == spent.expires_at;
        let is_it = same_expiry
            && (&drawn.id, drawn.issued_at, drawn.is_grace)
                == (&spent.id, spent.issued_at, spent.is_grace);
        if is_it {
            let (taken, rest) = left.take_up_to(drawn.amount);
            (_, drawn.amount) = drawn.amount.take_up_to(taken);
            left = rest;
        }
    }
    left.is_zero()
}

/// That what is released of a card is not what was held of it.
fn not_held(hold: &Hold, says: Minor) -> Option<Misfit> {
    let amounts = hold.draws.iter().flat_map(|draw| &draw.lots).map(|drawn| drawn.amount);
    let total = Units::checked_sum(amounts).unwrap_or(Units::MAX);
    let (posted, word) = (total.to_string(), says.to_string());
    (total != says.into()).then_some(Misfit::Detail { member: "amount", posted, says: word })
}

fn misheld(redemption: RedemptionId, why: Misheld) -> Misfit {
    Misfit::Hold { redemption, why }
}

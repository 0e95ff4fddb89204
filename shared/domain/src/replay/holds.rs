//! The holds of an account while a line is read.

use super::{Misfit, Misheld, Reading};
use crate::amount::{Minor, Units};
use crate::card::CardStep;
use crate::entry::Detail;
use crate::id::{MemberId, RedemptionId};
use crate::redeem::Opened;
use crate::time::Instant;
use crate::wallet::{Draw, Hold};

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

    /// What lapsed by an instant goes back to its lots.
    pub(super) fn lapse(&mut self, at: Instant) {
        let lapsed: Vec<Hold> = self.holds.extract_if(.., |hold| hold.lapses_at <= at).collect();
        for hold in &lapsed {
            self.give_back(hold);
        }
    }

    /// A hold that the line captures or releases goes back first; a capture then posts what goes.
    pub(super) fn take_holds_back(&mut self) {
        let (member, redemption) = match &self.entry.line.detail {
            Detail::Capture(captured) => (None, &captured.redemption),
            Detail::Release(released) => (None, &released.redemption),
            Detail::CardPart(part) => match part.step {
                CardStep::Captured | CardStep::Released => (Some(&part.member), &part.redemption),
                CardStep::Spent | CardStep::Held(_) | CardStep::Refunded(_) => return,
            },
            _ => return,
        };
        match self.end(member, redemption) {
            Some(hold) => {
                if let Detail::CardPart(part) = &self.entry.line.detail {
                    let released = (part.step == CardStep::Released).then_some(part.amount);
                    self.misfits.extend(released.and_then(|says| not_held(&hold, says)));
                }
                self.give_back(&hold);
                self.take_captured();
            }
            None => self.misfits.push(misheld(redemption.clone(), Misheld::Unknown)),
        }
    }

    /// What a capture spends goes out again at once, so that what falls due then is the rest.
    fn take_captured(&mut self) {
        let (redemption, draws) = match &self.entry.line.detail {
            Detail::Capture(captured) => {
                (&captured.redemption, captured.plan.draws().cloned().collect::<Vec<_>>())
            }
            Detail::CardPart(part) if part.step == CardStep::Captured => {
                let draw = self.of_card(part.amount.into());
                (&part.redemption, draw.into_iter().collect())
            }
            _ => return,
        };
        let redemption = redemption.clone();
        self.draw_all(&redemption, &draws);
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
        // One that has lapsed by the instant of the line is not there to be captured.
        let now = self.entry.recorded_at;
        let is_it = |hold: &Hold| {
            hold.member.as_ref() == member && hold.redemption == *redemption && now < hold.lapses_at
        };
        let place = self.holds.iter().position(is_it)?;
        Some(self.holds.remove(place))
    }

    fn give_back(&mut self, hold: &Hold) {
        for draw in &hold.draws {
            for drawn in &draw.lots {
                if !self.lots.put_back(&draw.asset, drawn) {
                    self.misfits.push(misheld(hold.redemption.clone(), Misheld::NotThere));
                }
            }
        }
    }
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

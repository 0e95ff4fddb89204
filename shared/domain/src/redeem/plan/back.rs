//! What of a plan goes back: with a capture of some lines what the rest had, with a refund what
//! was returned (DESIGN 5.11, 5.12).
//!
//! The discounts of a line go back in proportion, each rounded down; the rest is money. Counted from
//! the start, so that any split ends exactly where the whole would, and never more than there is:
//! where several roundings would make the money exceed the line's net price, the earliest
//! discounts take the difference.

use crate::allocation::returned;
use crate::amount::{Minor, Units};
use crate::asset::Asset;

use super::{Plan, PlanLine, less, sum};

/// What of a plan has gone back so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// One for every line of the plan.
    pub lines: Vec<LineBack>,
}

/// What of a line has gone back so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineBack {
    /// How much of its price before discounts.
    pub amount: Minor,
    /// How much of that were its shares of the discounts, in their order. The rest is money.
    pub shares: Vec<Minor>,
}

impl LineBack {
    /// What of it is money.
    pub fn money(&self) -> Minor {
        less(self.amount, sum(self.shares.iter().copied()))
    }

    /// Its share of the discount at this place.
    pub(super) fn share(&self, place: usize) -> Minor {
        self.shares.get(place).copied().unwrap_or(Minor::ZERO)
    }

    /// Adds `more` of the line, no more than is left of it.
    fn add(&mut self, line: &PlanLine, more: Minor) {
        let money_left = less(line.net(), self.money());
        self.amount = sum([self.amount, more].into_iter());
        let mut rest = more;
        for (back, share) in self.shares.iter_mut().zip(&line.shares) {
            // Never more than the share itself.
            let target = returned(share.get(), self.amount, line.amount);
            let target = Minor::try_from(target).unwrap_or(*share);
            move_up_to(less(target, *back), &mut rest, back);
        }
        let (_, mut excess) = rest.take_up_to(money_left);
        for (back, share) in self.shares.iter_mut().zip(&line.shares) {
            move_up_to(less(*share, *back), &mut excess, back);
        }
    }
}

/// Moves up to `room` from one amount to the other.
fn move_up_to(room: Minor, from: &mut Minor, to: &mut Minor) {
    let (moved, rest) = from.take_up_to(room);
    *from = rest;
    *to = sum([*to, moved].into_iter());
}

impl Back {
    /// Nothing of a plan.
    pub(in crate::redeem) fn nothing(plan: &Plan) -> Self {
        let none = |line: &PlanLine| LineBack {
            amount: Minor::ZERO,
            shares: vec![Minor::ZERO; line.shares.len()],
        };
        Self { lines: plan.lines.iter().map(none).collect() }
    }

    /// Adds `more` of the line at `place`.
    ///
    /// # Errors
    /// What is left of the line, when that is less. Nothing is added then.
    pub(in crate::redeem) fn add(
        &mut self,
        plan: &Plan,
        place: usize,
        more: Minor,
    ) -> Result<(), Minor> {
        let (Some(line), Some(back)) = (plan.lines.get(place), self.lines.get_mut(place)) else {
            return Err(Minor::ZERO);
        };
        let left = less(line.amount, back.amount);
        if left < more {
            return Err(left);
        }
        back.add(line, more);
        Ok(())
    }

    /// What of it is money.
    pub fn money(&self) -> Minor {
        sum(self.lines.iter().map(LineBack::money))
    }

    /// How much of the discount at this place.
    pub(super) fn share(&self, place: usize) -> Minor {
        sum(self.lines.iter().map(|line| line.share(place)))
    }

    /// How much of the value behind the discount at this place: the money of a reward, points in
    /// proportion and rounded down, the use of a benefit when all its lines are back.
    pub(in crate::redeem) fn units(&self, plan: &Plan, place: usize) -> Units {
        let Some(discount) = plan.discounts.get(place) else {
            return Units::ZERO;
        };
        let whole = discount.draw.amount();
        match discount.draw.asset {
            Asset::Reward(..) | Asset::Credit(..) | Asset::GiftCard(..) => self.share(place).into(),
            Asset::Points(_) => {
                let units = returned(whole.get(), self.share(place), discount.amount);
                // Never more than the whole.
                Units::try_from(units).unwrap_or(whole)
            }
            Asset::Benefit(_) if self.has_all_lines_of(plan, place) => whole,
            Asset::Benefit(_) => Units::ZERO,
        }
    }

    /// Whether all lines that a discount took something off are wholly back. The lines of one that
    /// took nothing off, such as a service, are all that it could have, or else all there are.
    fn has_all_lines_of(&self, plan: &Plan, place: usize) -> bool {
        let has_share = |line: &PlanLine| !line.share(place).is_zero();
        let is_open = |line: &PlanLine| !line.amount.is_zero() && !line.is_gift_card;
        let is_its: &dyn Fn(&PlanLine) -> bool = if plan.lines.iter().any(has_share) {
            &has_share
        } else if plan.lines.iter().any(is_open) {
            &is_open
        } else {
            &|line| !line.amount.is_zero()
        };
        let lines = plan.lines.iter().zip(&self.lines);
        let mut its = lines.filter(|(line, _)| is_its(line)).peekable();
        its.peek().is_some() && its.all(|(line, back)| back.amount == line.amount)
    }
}

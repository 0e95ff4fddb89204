//! Planning: from a basket and a wallet to a [`Plan`], step by step down the hierarchy.
//!
//! What a step takes is drawn out of the wallet in the draft at once, so that nothing is used
//! twice. A quote throws the draft away.

mod benefits;
mod cards;
mod credits;
mod points;
mod rewards;
mod selection;

use crate::account::Drafts;
use crate::allocation::spread_minor;
use crate::amount::Minor;
use crate::limit::LimitReached;
use crate::program::Program;
use crate::purchase::LineKind;
use crate::wallet::Draw;

use super::PlanRefusal;
use super::basket::{Basket, BasketLine};
use super::plan::{DISCOUNTS_MAX, Discount, Plan, PlanLine, sum};

/// A plan in the making.
struct Planner<'a, 'b> {
    drafts: &'a mut Drafts<'b>,
    program: &'a Program,
    basket: &'a Basket,
    plan: Plan,
}

/// Plans a basket against the wallet and cards in `drafts`, drawing what the plan uses. Total: any basket and
/// wallet gives a plan or a refusal.
///
/// # Errors
/// [`PlanRefusal`].
pub(super) fn plan(
    drafts: &mut Drafts<'_>,
    program: &Program,
    basket: &Basket,
) -> Result<Plan, PlanRefusal> {
    let amounts = basket.lines.iter().map(|line| line.amount);
    Minor::checked_sum(amounts).ok_or(PlanRefusal::LimitReached(LimitReached::AMOUNT))?;
    let bare = |line: &BasketLine| PlanLine {
        id: line.id.clone(),
        is_gift_card: line.kind == LineKind::GiftCard,
        amount: line.amount,
        shares: Vec::new(),
    };
    let plan = Plan {
        currency: basket.currency,
        lines: basket.lines.iter().map(bare).collect(),
        discounts: Vec::new(),
        tenders: Vec::new(),
        passed_over: Vec::new(),
    };
    let mut planner = Planner { drafts, program, basket, plan };
    planner.use_benefits()?;
    planner.use_rewards()?;
    planner.use_points()?;
    planner.use_credits()?;
    planner.use_gift_cards()?;
    Ok(planner.plan)
}

impl Planner<'_, '_> {
    /// What is left to pay of each line that a discount may touch, nothing of the others: gift
    /// cards, and those that `is_excluded`.
    fn open(&self, is_excluded: impl Fn(&BasketLine) -> bool) -> Vec<Minor> {
        let lines = self.basket.lines.iter().zip(&self.plan.lines);
        let open = lines.map(|(line, planned)| {
            let untouched = line.kind == LineKind::GiftCard || is_excluded(line);
            if untouched { Minor::ZERO } else { planned.net() }
        });
        open.collect()
    }

    /// Takes `amount` off the lines, in proportion to `open`, which comes to no less.
    ///
    /// # Errors
    /// [`PlanRefusal::LimitReached`] when there are [`DISCOUNTS_MAX`] discounts already.
    fn take_off(&mut self, amount: Minor, open: &[Minor], draw: Draw) -> Result<(), PlanRefusal> {
        if DISCOUNTS_MAX <= self.plan.discounts.len() {
            return Err(PlanRefusal::LimitReached(LimitReached::DISCOUNTS));
        }
        for (line, share) in self.plan.lines.iter_mut().zip(spread_minor(amount, open)) {
            line.shares.push(share);
        }
        self.plan.discounts.push(Discount { draw, amount });
        Ok(())
    }
}

/// What lines come to.
fn total(open: &[Minor]) -> Minor {
    sum(open.iter().copied())
}

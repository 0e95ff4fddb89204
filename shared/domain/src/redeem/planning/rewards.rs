//! Rewards: soonest expiry first, within the rules of their definitions (DESIGN 5.7).

use std::collections::BTreeMap;

use super::selection::Room;
use super::{Planner, total};
use crate::amount::Minor;
use crate::asset::{Asset, Kind};
use crate::id::Handle;
use crate::program::{Program, RewardDefinition};
use crate::rate::Rounding;
use crate::redeem::PlanRefusal;
use crate::redeem::basket::BasketLine;
use crate::redeem::plan::{DISCOUNTS_MAX, Why, less};

/// What limits all rewards of one definition together.
struct Bounds {
    /// What its lines came to after benefits and before any reward.
    base: Minor,
    /// How much more the definition's share allows; `None`: any.
    share_left: Option<Minor>,
}

impl Planner<'_, '_> {
    pub(super) fn use_rewards(&mut self) -> Result<(), PlanRefusal> {
        let uses = &self.basket.uses.rewards;
        let (candidates, mut spending) = self.candidates(Kind::Reward, uses)?;
        let program = self.program;
        let mut bounds: BTreeMap<&Handle, Bounds> = BTreeMap::new();
        for candidate in &candidates {
            let handle = candidate.asset.definition();
            let definition = reward(program, &candidate.asset)?;
            let bounds_of = self.bounds(definition);
            bounds.entry(handle).or_insert(bounds_of);
        }
        for candidate in &candidates {
            let definition = reward(program, &candidate.asset)?;
            let open = self.open(|line| excludes(definition, line));
            let Some(bounds) = bounds.get_mut(candidate.asset.definition()) else { continue };
            let room = self.room(definition, bounds, total(&open));
            let Some((amount, draw)) = self.draw(candidate, &mut spending, &room)? else {
                continue;
            };
            bounds.share_left = bounds.share_left.map(|left| less(left, amount));
            self.take_off(amount, &open, draw)?;
        }
        spending.finish(uses)
    }

    fn bounds(&self, definition: &RewardDefinition) -> Bounds {
        let base = total(&self.open(|line| excludes(definition, line)));
        let share = definition.maximum_share.as_ref();
        // A fraction of the price up to all of it, so within the range.
        let share_left = share.map(|share| share.of(base).round(Rounding::Down).unwrap_or(base));
        Bounds { base, share_left }
    }

    fn room(&self, definition: &RewardDefinition, bounds: &Bounds, open: Minor) -> Room {
        if bounds.base.is_zero() || self.plan.due().is_zero() {
            return self.room_of(Minor::ZERO);
        }
        if DISCOUNTS_MAX <= self.plan.discounts.len() {
            return Room { most: Minor::ZERO, why: Why::Limit };
        }
        // A minimum is money of the program's currency: in another nothing is known to reach it.
        let in_other = self.basket.currency != self.program.currency;
        if definition.minimum_spend.is_some_and(|minimum| in_other || bounds.base < minimum) {
            return Room { most: Minor::ZERO, why: Why::MinimumSpend };
        }
        match bounds.share_left {
            Some(left) if left < open => Room { most: left, why: Why::MaximumShare },
            _ => self.room_of(open),
        }
    }
}

fn reward<'a>(program: &'a Program, asset: &Asset) -> Result<&'a RewardDefinition, PlanRefusal> {
    let definition = program.reward(asset.definition());
    definition.ok_or_else(|| PlanRefusal::UnknownDefinition(asset.clone()))
}

fn excludes(definition: &RewardDefinition, line: &BasketLine) -> bool {
    let categories = &definition.excluded_categories;
    let category = line.category.as_ref();
    definition.excluded_kinds.contains(&line.kind)
        || category.is_some_and(|category| categories.contains(category))
}

//! Points as money off (DESIGN 5.5).

use super::{Planner, total};
use crate::amount::{Minor, Points};
use crate::asset::Asset;
use crate::id::Handle;
use crate::program::{PointsDefinition, PointsValue};
use crate::redeem::PlanRefusal;
use crate::redeem::basket::Wanted;
use crate::redeem::plan::DISCOUNTS_MAX;

impl Planner<'_, '_> {
    pub(super) fn use_points(&mut self) -> Result<(), PlanRefusal> {
        for wanted in &self.basket.uses.points {
            let unknown = || PlanRefusal::UnknownPoints(wanted.points.clone());
            let definition = self.program.points(&wanted.points).ok_or_else(unknown)?;
            if wanted.amount == Wanted::Max && DISCOUNTS_MAX <= self.plan.discounts.len() {
                continue;
            }
            let open = self.open(|_| false);
            let Some((count, amount)) = self.count(definition, wanted.amount, total(&open))? else {
                continue;
            };
            let draw = self.drafts.own.draw(&wanted.points, count);
            let draw =
                draw.map_err(|short| insufficient_points(&wanted.points, short.available.into()))?;
            self.take_off(amount, &open, draw)?;
        }
        Ok(())
    }

    /// How many points to take and what they take off; `None` for none at all.
    fn count(
        &self,
        definition: &PointsDefinition,
        wanted: Wanted<Points>,
        open: Minor,
    ) -> Result<Option<(Points, Minor)>, PlanRefusal> {
        let value = redeemable(definition)?;
        let asset = Asset::Points(definition.handle.clone());
        let available = self.drafts.own.wallet().available(&asset).into();
        let program = self.program.currency;
        let elsewhere = self.basket.currency != program;
        let count = match wanted {
            Wanted::Max if elsewhere => Points::ZERO,
            Wanted::Max => value.most(available, open),
            Wanted::Exactly(count) if elsewhere && !count.is_zero() => {
                return Err(PlanRefusal::OtherCurrency { program });
            }
            Wanted::Exactly(count) => exactly(definition, value, count, available, open)?,
        };
        // What is taken is worth no more than the basket.
        Ok(value.worth(count).filter(|worth| !worth.is_zero()).map(|worth| (count, worth)))
    }
}

fn redeemable(definition: &PointsDefinition) -> Result<PointsValue, PlanRefusal> {
    let value = definition.value;
    value.ok_or_else(|| PlanRefusal::NotRedeemable(definition.handle.clone()))
}

fn exactly(
    definition: &PointsDefinition,
    value: PointsValue,
    count: Points,
    available: Points,
    open: Minor,
) -> Result<Points, PlanRefusal> {
    if !value.divides(count) {
        return Err(PlanRefusal::NotAMultiple { step: value.step_points });
    }
    if available < count {
        return Err(insufficient_points(&definition.handle, available));
    }
    if value.worth(count).is_none_or(|worth| open < worth) {
        return Err(PlanRefusal::MoreThanDue { due: open });
    }
    Ok(count)
}

fn insufficient_points(points: &Handle, available: Points) -> PlanRefusal {
    PlanRefusal::InsufficientValue { points: points.clone(), available }
}

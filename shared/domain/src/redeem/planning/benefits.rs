//! Benefits: chosen explicitly, in the order given, each on what the one before left (DESIGN 5.8).

use super::{Planner, total};
use crate::amount::{Minor, Units};
use crate::asset::{Asset, Kind};
use crate::id::LotId;
use crate::program::BenefitEffect;
use crate::rate::Rounding;
use crate::redeem::PlanRefusal;

impl Planner<'_, '_> {
    /// Takes one use of each. A benefit that would take nothing off is refused rather than used
    /// up; a service is done for the member and takes nothing off.
    pub(super) fn use_benefits(&mut self) -> Result<(), PlanRefusal> {
        for id in &self.basket.uses.benefits {
            let asset = self.benefit(id)?;
            let open = self.open(|_| false);
            let amount = self.benefit_takes_off(&asset, id, total(&open))?;
            let use_once = Units::try_from(1).unwrap_or(Units::MAX);
            let draw = self.drafts.own.draw_from(&asset, id, use_once);
            let draw = draw.map_err(|_| no_use_of(id))?;
            self.take_off(amount, &open, draw)?;
        }
        Ok(())
    }

    fn benefit(&self, id: &LotId) -> Result<Asset, PlanRefusal> {
        let found = self.drafts.own.wallet().lot(Kind::Benefit, id);
        let usable = found.filter(|(_, lot)| !lot.remaining.is_zero());
        usable.map(|(asset, _)| asset.clone()).ok_or_else(|| no_use_of(id))
    }

    fn benefit_takes_off(
        &self,
        asset: &Asset,
        id: &LotId,
        open: Minor,
    ) -> Result<Minor, PlanRefusal> {
        let definition = self.program.benefit(asset.definition());
        let unknown = || PlanRefusal::UnknownDefinition(asset.clone());
        let amount = match &definition.ok_or_else(unknown)?.effect {
            BenefitEffect::Service => return Ok(Minor::ZERO),
            // A fraction of the price up to all of it, so within the range.
            BenefitEffect::PercentOff(part) => {
                part.of(open).round(Rounding::HalfUp).unwrap_or(open)
            }
            BenefitEffect::AmountOff(_) if self.basket.currency != self.program.currency => {
                return Err(PlanRefusal::OtherCurrency { program: self.program.currency });
            }
            BenefitEffect::AmountOff(amount) => open.min(*amount),
        };
        if amount.is_zero() {
            return Err(PlanRefusal::TakesNothingOff { id: id.clone() });
        }
        Ok(amount)
    }
}

fn no_use_of(id: &LotId) -> PlanRefusal {
    PlanRefusal::InsufficientLot {
        kind: Kind::Benefit,
        id: id.clone(),
        available: Units::ZERO,
        currency: None,
    }
}

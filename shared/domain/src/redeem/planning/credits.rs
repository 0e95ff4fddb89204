//! Credits: tender, which pays and lowers no price (DESIGN 5.9).

use super::Planner;
use super::selection::{Candidate, Room};
use crate::amount::Minor;
use crate::asset::Kind;
use crate::program::CreditKind;
use crate::redeem::PlanRefusal;
use crate::redeem::plan::{TENDERS_MAX, Tender, Why};

impl Planner<'_, '_> {
    /// Promotional credit first, then store, then gift card; within each as they were selected.
    pub(super) fn use_credits(&mut self) -> Result<(), PlanRefusal> {
        let uses = &self.basket.uses.credits;
        let (candidates, mut spending) = self.candidates(Kind::Credit, uses)?;
        let mut ranked = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            ranked.push((self.credit_kind(&candidate)?, candidate));
        }
        ranked.sort_by_key(|(kind, _)| *kind);
        for (kind, candidate) in ranked {
            let is_full = TENDERS_MAX <= self.plan.tenders.len();
            let room = if !is_full || self.plan.due().is_zero() {
                self.room_of(self.plan.room_for(kind))
            } else {
                Room { most: Minor::ZERO, why: Why::Limit }
            };
            if let Some((_, draw)) = self.draw(&candidate, &mut spending, &room)? {
                self.plan.tenders.push(Tender { kind, card: None, draw });
            }
        }
        spending.finish(uses)
    }

    fn credit_kind(&self, candidate: &Candidate) -> Result<CreditKind, PlanRefusal> {
        let definition = self.program.credit(candidate.asset.definition());
        let unknown = || PlanRefusal::UnknownDefinition(candidate.asset.clone());
        definition.map(|definition| definition.kind).ok_or_else(unknown)
    }
}

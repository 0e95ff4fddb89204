//! Gift cards by number: the last tender of the hierarchy (DESIGN 5.10).

use super::Planner;
use crate::account::AccountId;
use crate::card::spend::{self, NotSpendable};
use crate::limit::LimitReached;
use crate::program::CreditKind;
use crate::redeem::PlanRefusal;
use crate::redeem::basket::Wanted;
use crate::redeem::plan::{TENDERS_MAX, Tender};

impl Planner<'_, '_> {
    /// In the order they are given. One that was presented and cannot be spent at all is refused,
    /// however much of it was wanted: whoever holds it is standing at the till.
    pub(super) fn use_gift_cards(&mut self) -> Result<(), PlanRefusal> {
        let (currency, now) = (self.basket.currency, self.drafts.own.now());
        for (index, each) in self.basket.uses.gift_cards.iter().enumerate() {
            let refused = |why: NotSpendable| PlanRefusal::GiftCard { index, why };
            let account = AccountId::Card(each.number.clone());
            let card = self.drafts.of(&account).map_err(|_| refused(NotSpendable::Unknown))?;
            let available = spend::available(card, currency, now).map_err(refused)?;
            let due = self.plan.due();
            let amount = match each.amount {
                Wanted::Max => available.min(due),
                Wanted::Exactly(amount) if available < amount => {
                    return Err(refused(NotSpendable::Insufficient { available, currency }));
                }
                Wanted::Exactly(amount) if due < amount => {
                    return Err(PlanRefusal::MoreThanDue { due });
                }
                Wanted::Exactly(amount) => amount,
            };
            if amount.is_zero() {
                continue;
            }
            if TENDERS_MAX <= self.plan.tenders.len() {
                return Err(PlanRefusal::LimitReached(LimitReached::TENDERS));
            }
            let draw = spend::draw(card, currency, amount).map_err(refused)?;
            let card = Some(each.number.clone());
            self.plan.tenders.push(Tender { kind: CreditKind::GiftCard, card, draw });
        }
        Ok(())
    }
}

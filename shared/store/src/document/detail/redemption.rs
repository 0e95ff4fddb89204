//! Redemptions and what became of them, as they are stored.

use scrip_domain::amount::Minor;
use scrip_domain::entry::{Detail, Operation};
use scrip_domain::id::{CardNumber, RedemptionId};
use scrip_domain::redeem::{Captured, CardRefunded, Opened, Refunded, Released};
use scrip_domain::wallet::{Draw, Wallet};
use serde::{Deserialize, Serialize};

use super::super::plan::{PlanDocument, RefundsDocument};
use super::super::{Millis, instant, is_zero, millis};
use super::DetailDocument;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct OpenedDocument {
    plan: PlanDocument,
    /// When the hold lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct RefundDocument {
    plan: PlanDocument,
    back: RefundsDocument,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cards: Vec<CardRefundDocument>,
    #[serde(default, skip_serializing_if = "is_zero")]
    external: Minor,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardRefundDocument {
    card: CardNumber,
    n: Minor,
}

impl OpenedDocument {
    pub(super) fn from_opened(opened: &Opened, wallet: &Wallet) -> Self {
        Self {
            plan: PlanDocument::from_plan(&opened.plan, held(wallet, &opened.redemption)),
            to: millis(opened.lapses_at),
        }
    }
}

impl RefundDocument {
    pub(super) fn from_refunded(refunded: &Refunded) -> Self {
        let cards = refunded.cards.iter();
        let cards =
            cards.map(|card| CardRefundDocument { card: card.number.clone(), n: card.amount });
        Self {
            plan: PlanDocument::from_plan(&refunded.plan, &[]),
            back: RefundsDocument::from_refunds(&refunded.refunds),
            cards: cards.collect(),
            external: refunded.external,
        }
    }
}

impl DetailDocument {
    /// The detail of a line of a redemption.
    pub(super) fn into_redemption_detail(
        self,
        named: Operation,
        wallet: &Wallet,
    ) -> Result<Detail, String> {
        Ok(match (self, named) {
            (Self::Redemption(document), Operation::Redemption(redemption)) => {
                let plan = document.plan.into_plan(held(wallet, &redemption))?;
                let lapses_at = instant(document.to);
                Detail::Redemption(Opened { redemption, plan, lapses_at })
            }
            (Self::Capture(plan), Operation::Capture(redemption)) => {
                Detail::Capture(Captured { redemption, plan: plan.into_plan(&[])? })
            }
            (Self::Release(plan), Operation::Release(redemption)) => {
                Detail::Release(Released { redemption, plan: plan.into_plan(&[])? })
            }
            (Self::Refund(document), Operation::Refund(redemption, refund)) => {
                let plan = document.plan.into_plan(&[])?;
                let refunds = document.back.into_refunds(&plan)?;
                let cards = document.cards.into_iter();
                let cards =
                    cards.map(|it| CardRefunded { number: it.card, amount: it.n }).collect();
                let external = document.external;
                Detail::Refund(Refunded { redemption, refund, plan, refunds, cards, external })
            }
            (of_card, named) => return of_card.into_card_detail(named, wallet),
        })
    }
}

/// What a hold keeps for a redemption.
fn held<'a>(wallet: &'a Wallet, redemption: &RedemptionId) -> &'a [Draw] {
    wallet.hold(redemption).map_or(&[], |hold| hold.draws.as_slice())
}

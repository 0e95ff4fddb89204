//! A plan as it is answered.

use scrip_domain::amount::Points;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::{Handle, LineId, RedemptionId};
use scrip_domain::redeem::{History, Plan, PlanLine, Status};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct PlanAnswer {
    currency: Currency,
    subtotal: String,
    discounts: Vec<DiscountAnswer>,
    net: String,
    /// Credits and gift cards; points are a discount.
    tenders: [(); 0],
    due: String,
    lines: Vec<LineAnswer>,
}

#[derive(Serialize)]
struct DiscountAnswer {
    source: &'static str,
    definition: Handle,
    points: Points,
    amount: String,
}

#[derive(Serialize)]
struct LineAnswer {
    id: LineId,
    amount: String,
    discount: String,
    net: String,
}

/// A redemption: its plan and how it stands.
#[derive(Serialize)]
pub(crate) struct RedemptionAnswer {
    redemption: RedemptionId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_expires_at: Option<Instant>,
    entry: u64,
    #[serde(flatten)]
    plan: PlanAnswer,
}

impl PlanAnswer {
    pub(crate) fn of(plan: &Plan) -> Self {
        let money = |amount| plan.currency.format_amount(amount);
        let discounts = plan.discounts.iter().map(|discount| DiscountAnswer {
            source: "points",
            definition: discount.points.clone(),
            points: discount.count,
            amount: money(discount.amount),
        });
        let line = |line: &PlanLine| LineAnswer {
            id: line.id.clone(),
            amount: money(line.amount),
            discount: money(line.discount()),
            net: money(line.net()),
        };
        Self {
            currency: plan.currency,
            subtotal: money(plan.subtotal()),
            discounts: discounts.collect(),
            net: money(plan.net()),
            tenders: [],
            due: money(plan.due()),
            lines: plan.lines.iter().map(line).collect(),
        }
    }
}

impl RedemptionAnswer {
    /// What a line of a redemption says. A function of the line alone, so it is the same for ever.
    pub(crate) fn of_line(entry: &Entry) -> Option<Self> {
        let (redemption, plan, status, hold_expires_at) = match &entry.line.detail {
            Detail::Redemption(opened) => {
                let status = opened.lapses_at.map_or(Status::Captured, |_| Status::Held);
                (&opened.redemption, &opened.plan, status, opened.lapses_at)
            }
            Detail::Capture(captured) => {
                (&captured.redemption, &captured.plan, Status::Captured, None)
            }
            Detail::Release(released) => {
                (&released.redemption, &released.plan, Status::Released, None)
            }
            _ => return None,
        };
        Some(Self {
            redemption: redemption.clone(),
            status: status.as_str(),
            hold_expires_at,
            entry: entry.number,
            plan: PlanAnswer::of(plan),
        })
    }

    /// How a redemption stands in a wallet carried to the present.
    pub(crate) fn now(history: &History, wallet: &Wallet) -> Self {
        Self {
            redemption: history.redemption().clone(),
            status: history.status(wallet).as_str(),
            hold_expires_at: history.lapses_at(wallet),
            entry: history.entry(),
            plan: PlanAnswer::of(&history.plan(wallet)),
        }
    }
}

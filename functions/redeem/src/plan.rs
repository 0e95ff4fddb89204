//! A plan as it is answered.

use scrip_domain::amount::Units;
use scrip_domain::asset::Asset;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::{Handle, LineId, LotId, RedemptionId};
use scrip_domain::redeem::{Discount, History, Plan, PlanLine, Status, Tender};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Draw, Wallet};
use scrip_edge::LotAnswer;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct PlanAnswer {
    currency: Currency,
    subtotal: String,
    discounts: Vec<DiscountAnswer>,
    net: String,
    tenders: Vec<TenderAnswer>,
    due: String,
    lines: Vec<LineAnswer>,
    /// Everything that the plan takes, lot by lot, in the order it is taken.
    lots: Vec<LotAnswer>,
    /// What was to be used as far as possible, and could not be used at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_applied: Vec<NotAppliedAnswer>,
}

#[derive(Serialize)]
struct DiscountAnswer {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    /// Of points; the others are named by their id.
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Units>,
    amount: String,
}

#[derive(Serialize)]
struct TenderAnswer {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    /// Of a credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Of a gift card.
    #[serde(skip_serializing_if = "Option::is_none")]
    number_last4: Option<String>,
    amount: String,
}

#[derive(Serialize)]
struct NotAppliedAnswer {
    source: &'static str,
    id: LotId,
    reason: &'static str,
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
    /// What refunds have given back; left out before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<RefundedAnswer>,
}

/// Money that refunds have given back in all.
#[derive(Serialize)]
struct RefundedAnswer {
    /// Wherever to.
    amount: String,
    /// What of it the till paid back.
    external: String,
}

impl PlanAnswer {
    pub(crate) fn of(plan: &Plan) -> Self {
        let money = |amount| plan.currency.format_amount(amount);
        let line = |line: &PlanLine| LineAnswer {
            id: line.id.clone(),
            amount: money(line.amount),
            discount: money(line.discount()),
            net: money(line.net()),
        };
        let not_applied = plan.passed_over.iter().map(|passed| NotAppliedAnswer {
            source: passed.kind.as_str(),
            id: passed.id.clone(),
            reason: passed.why.as_str(),
        });
        Self {
            currency: plan.currency,
            subtotal: money(plan.subtotal()),
            discounts: plan.discounts.iter().map(|each| discount(each, plan.currency)).collect(),
            net: money(plan.net()),
            tenders: plan.tenders.iter().map(|each| tender(each, plan.currency)).collect(),
            due: money(plan.due()),
            lines: plan.lines.iter().map(line).collect(),
            lots: plan.draws().flat_map(lots).collect(),
            not_applied: not_applied.collect(),
        }
    }
}

fn discount(discount: &Discount, currency: Currency) -> DiscountAnswer {
    let asset = &discount.draw.asset;
    let is_points = matches!(asset, Asset::Points(_));
    DiscountAnswer {
        source: asset.source(),
        id: id(&discount.draw),
        definition: is_points.then(|| asset.definition().clone()),
        points: is_points.then(|| discount.draw.amount()),
        amount: currency.format_amount(discount.amount),
    }
}

fn tender(tender: &Tender, currency: Currency) -> TenderAnswer {
    TenderAnswer {
        source: tender.draw.asset.source(),
        id: tender.card.is_none().then(|| id(&tender.draw)).flatten(),
        kind: tender.card.is_none().then(|| tender.kind.as_str()),
        number_last4: tender.card.as_ref().map(|number| number.last4().to_owned()),
        amount: currency.format_amount(tender.amount()),
    }
}

/// What is not points is drawn from one lot.
fn id(draw: &Draw) -> Option<LotId> {
    draw.lots.first().and_then(|drawn| drawn.id.clone())
}

fn lots(draw: &Draw) -> impl Iterator<Item = LotAnswer> {
    draw.lots
        .iter()
        .map(|drawn| LotAnswer::new(&draw.asset, drawn.id.as_ref(), drawn.amount, drawn.expires_at))
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
            refunded: None,
        })
    }

    /// How a redemption stands in a wallet carried to the present.
    pub(crate) fn now(history: &History, wallet: &Wallet) -> Self {
        let (refunds, recorded) = (history.refunds(), history.recorded_plan());
        let refunded = refunds.is_any().then(|| RefundedAnswer {
            amount: recorded.currency.format_amount(refunds.money()),
            external: recorded.currency.format_amount(refunds.external(recorded)),
        });
        Self {
            redemption: history.redemption().clone(),
            status: history.status(wallet).as_str(),
            hold_expires_at: history.lapses_at(wallet),
            entry: history.entry(),
            plan: PlanAnswer::of(&history.plan(wallet)),
            refunded,
        }
    }
}

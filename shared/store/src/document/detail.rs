//! What a line was asked for, as it is stored. Ids are not repeated here: the operation's name
//! has them.

use std::collections::BTreeMap;

use scrip_domain::adjustment::Adjusted;
use scrip_domain::amount::{Change, Minor, Points};
use scrip_domain::award::Awarded;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Operation};
use scrip_domain::facts::Facts;
use scrip_domain::id::{Handle, LineId, Reason, RedemptionId};
use scrip_domain::purchase::{Purchased, PurchasedLine, TierOutcome};
use scrip_domain::rate::Rate;
use scrip_domain::redeem::{Captured, Opened, Plan, PlanLine, PointsDiscount, Released};
use scrip_domain::tier::Assigned;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::state::StandingDocument;
use super::{Item, Millis, instant, is_false, millis};
use crate::key;

/// One shape per kind; the kind itself is an attribute of the line.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum DetailDocument {
    Facts(FactsSetDocument),
    Purchase(PurchaseDocument),
    Award(AwardDocument),
    Adjustment(AdjustmentDocument),
    TierAssignment(AssignmentDocument),
    Redemption(OpenedDocument),
    Capture(PlanDocument),
    Release(PlanDocument),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsSetDocument {
    facts: Facts,
    #[serde(default, skip_serializing_if = "is_false")]
    first: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseDocument {
    at: Millis,
    currency: Currency,
    lines: Vec<PurchaseLineDocument>,
    /// The different sets of rates that lines have.
    rates: Vec<BTreeMap<Handle, Rate>>,
    eligible: Minor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<TierDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redemption: Option<RedemptionId>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PurchaseLineDocument {
    id: LineId,
    net: Minor,
    /// Paid by promotional credit.
    #[serde(default, skip_serializing_if = "is_nothing")]
    promotional: Minor,
    /// Which of the sets of rates.
    #[serde(default, skip_serializing_if = "is_first")]
    rates: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierDocument {
    level: Handle,
    #[serde(default, skip_serializing_if = "is_false")]
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwardDocument {
    reason: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustmentDocument {
    points: Handle,
    n: Change,
    reason: Reason,
    actor: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentDocument {
    level: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<StandingDocument>,
    reason: Reason,
    actor: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenedDocument {
    plan: PlanDocument,
    /// When the hold lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanDocument {
    currency: Currency,
    lines: Vec<PlanLineDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<DiscountDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanLineDocument {
    id: LineId,
    amount: Minor,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shares: Vec<Minor>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountDocument {
    points: Handle,
    n: Points,
    amount: Minor,
}

fn is_first(place: &usize) -> bool {
    *place == 0
}

fn is_nothing(amount: &Minor) -> bool {
    amount.is_zero()
}

impl DetailDocument {
    pub(super) fn from_detail(detail: &Detail) -> Self {
        match detail {
            Detail::Facts { facts, first } => {
                Self::Facts(FactsSetDocument { facts: *facts, first: *first })
            }
            Detail::Purchase(purchased) => Self::Purchase(encode_purchase(purchased)),
            Detail::Award(awarded) => Self::Award(AwardDocument { reason: awarded.reason.clone() }),
            Detail::Adjustment(adjusted) => Self::Adjustment(AdjustmentDocument {
                points: adjusted.points.clone(),
                n: adjusted.amount,
                reason: adjusted.reason.clone(),
                actor: adjusted.actor.clone(),
            }),
            Detail::TierAssignment(assigned) => Self::TierAssignment(AssignmentDocument {
                level: assigned.level.clone(),
                before: assigned.before.as_ref().map(StandingDocument::from_standing),
                reason: assigned.reason.clone(),
                actor: assigned.actor.clone(),
            }),
            Detail::Redemption(opened) => Self::Redemption(OpenedDocument {
                plan: encode_plan(&opened.plan),
                to: millis(opened.lapses_at),
            }),
            Detail::Capture(captured) => Self::Capture(encode_plan(&captured.plan)),
            Detail::Release(released) => Self::Release(encode_plan(&released.plan)),
        }
    }

    pub(super) fn read(kind: &str, item: Item) -> Result<Self, String> {
        Ok(match kind {
            "facts" => Self::Facts(parse(item)?),
            "purchase" => Self::Purchase(parse(item)?),
            "award" => Self::Award(parse(item)?),
            "adjustment" => Self::Adjustment(parse(item)?),
            "tier_assignment" => Self::TierAssignment(parse(item)?),
            "redemption" => Self::Redemption(parse(item)?),
            "capture" => Self::Capture(parse(item)?),
            "release" => Self::Release(parse(item)?),
            _ => return Err(format!("unknown kind `{kind}`")),
        })
    }

    /// The detail, with its id from the operation's name.
    pub(super) fn into_detail(self, operation: Option<&str>) -> Result<Detail, String> {
        let named = operation.and_then(key::parse_operation);
        Ok(match (self, named) {
            (Self::Facts(set), None) => Detail::Facts { facts: set.facts, first: set.first },
            (Self::Purchase(document), Some(Operation::Purchase(order))) => {
                Detail::Purchase(decode_purchase(document, order)?)
            }
            (Self::Award(document), Some(Operation::Award(award))) => {
                Detail::Award(Awarded { award, reason: document.reason })
            }
            (Self::Adjustment(document), Some(Operation::Adjustment(adjustment))) => {
                Detail::Adjustment(Adjusted {
                    adjustment,
                    points: document.points,
                    amount: document.n,
                    reason: document.reason,
                    actor: document.actor,
                })
            }
            (Self::TierAssignment(document), Some(Operation::TierAssignment(assignment))) => {
                Detail::TierAssignment(Assigned {
                    assignment,
                    level: document.level,
                    before: document.before.map(StandingDocument::into_standing),
                    reason: document.reason,
                    actor: document.actor,
                })
            }
            (Self::Redemption(document), Some(Operation::Redemption(redemption))) => {
                let lapses_at = instant(document.to);
                Detail::Redemption(Opened {
                    redemption,
                    plan: decode_plan(document.plan),
                    lapses_at,
                })
            }
            (Self::Capture(plan), Some(Operation::Capture(redemption))) => {
                Detail::Capture(Captured { redemption, plan: decode_plan(plan) })
            }
            (Self::Release(plan), Some(Operation::Release(redemption))) => {
                Detail::Release(Released { redemption, plan: decode_plan(plan) })
            }
            _ => return Err(format!("kind and operation do not fit: {operation:?}")),
        })
    }
}

fn parse<T: DeserializeOwned>(item: Item) -> Result<T, String> {
    from_item(item).map_err(|error: serde_dynamo::Error| format!("detail: {error}"))
}

fn encode_purchase(purchased: &Purchased) -> PurchaseDocument {
    let mut sets: Vec<BTreeMap<Handle, Rate>> = Vec::new();
    let mut lines = Vec::new();
    for line in &purchased.lines {
        let place = sets.iter().position(|set| *set == line.rates).unwrap_or_else(|| {
            sets.push(line.rates.clone());
            sets.len() - 1
        });
        let (id, net, promotional) = (line.id.clone(), line.net, line.promotional);
        lines.push(PurchaseLineDocument { id, net, promotional, rates: place });
    }
    PurchaseDocument {
        at: Millis(purchased.transacted_at),
        currency: purchased.currency,
        lines,
        rates: sets,
        eligible: purchased.eligible,
        tier: purchased
            .tier
            .as_ref()
            .map(|tier| TierDocument { level: tier.level.clone(), changed: tier.changed }),
        redemption: purchased.redemption.clone(),
    }
}

fn decode_purchase(
    document: PurchaseDocument,
    order: scrip_domain::id::OrderId,
) -> Result<Purchased, String> {
    let sets = document.rates;
    let lines = document.lines.into_iter().map(|line| {
        let rates = sets.get(line.rates).cloned();
        let rates = rates.ok_or_else(|| format!("line {} has no rates", line.id))?;
        Ok(PurchasedLine { id: line.id, net: line.net, promotional: line.promotional, rates })
    });
    Ok(Purchased {
        order,
        transacted_at: document.at.0,
        currency: document.currency,
        lines: lines.collect::<Result<_, String>>()?,
        eligible: document.eligible,
        tier: document.tier.map(|tier| TierOutcome { level: tier.level, changed: tier.changed }),
        redemption: document.redemption,
    })
}

fn encode_plan(plan: &Plan) -> PlanDocument {
    let lines = plan.lines.iter().map(|line| PlanLineDocument {
        id: line.id.clone(),
        amount: line.amount,
        shares: line.shares.clone(),
    });
    let discounts = plan.discounts.iter().map(|discount| DiscountDocument {
        points: discount.points.clone(),
        n: discount.count,
        amount: discount.amount,
    });
    PlanDocument { currency: plan.currency, lines: lines.collect(), discounts: discounts.collect() }
}

fn decode_plan(document: PlanDocument) -> Plan {
    let lines = document.lines.into_iter();
    let discounts = document.discounts.into_iter();
    Plan {
        currency: document.currency,
        lines: lines
            .map(|line| PlanLine { id: line.id, amount: line.amount, shares: line.shares })
            .collect(),
        discounts: discounts
            .map(|each| PointsDiscount { points: each.points, count: each.n, amount: each.amount })
            .collect(),
    }
}

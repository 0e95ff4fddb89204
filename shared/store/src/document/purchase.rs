//! A purchase, and a return of it, as they are stored.

use std::collections::BTreeMap;

use scrip_domain::amount::{Minor, Points};
use scrip_domain::currency::Currency;
use scrip_domain::id::{Handle, LineId, OrderId, RedemptionId, ReturnId};
use scrip_domain::purchase::{Purchased, PurchasedLine, TierOutcome};
use scrip_domain::rate::{Rate, Rounding};
use scrip_domain::returns::{Earned, Returned, Taken};
use serde::{Deserialize, Serialize};

use super::{Millis, instant, is_false, is_zero, millis};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PurchaseDocument {
    at: Millis,
    currency: Currency,
    lines: Vec<PurchaseLineDocument>,
    /// The different sets of rates that lines have.
    rates: Vec<BTreeMap<Handle, Rate>>,
    eligible: Minor,
    /// Of definitions that do not round down.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roundings: BTreeMap<Handle, Rounding>,
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
    #[serde(default, skip_serializing_if = "is_zero")]
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
pub(super) struct ReturnDocument {
    at: Millis,
    purchase: PurchaseDocument,
    /// Of each line.
    came_back: Vec<Minor>,
    earned: Vec<EarnedDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<TakenDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EarnedDocument {
    points: Handle,
    /// What went into a lot.
    #[serde(default, skip_serializing_if = "is_zero")]
    n: Points,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "is_false")]
    expired: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    excused: Points,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TakenDocument {
    points: Handle,
    n: Points,
    #[serde(default, skip_serializing_if = "is_zero")]
    excused: Points,
    #[serde(default, skip_serializing_if = "is_zero")]
    forgiven: Points,
}

impl ReturnDocument {
    pub(super) fn from_returned(returned: &Returned) -> Self {
        let earned = returned.earned.iter().map(|each| EarnedDocument {
            points: each.points.clone(),
            n: each.into_lot,
            from: millis(each.accrue_at),
            to: millis(each.expires_at),
            expired: each.is_expired,
            excused: each.excused,
        });
        let taken = returned.taken.iter().map(|each| TakenDocument {
            points: each.points.clone(),
            n: each.amount,
            excused: each.excused,
            forgiven: each.forgiven,
        });
        Self {
            at: Millis(returned.returned_at),
            purchase: PurchaseDocument::from_purchased(&returned.purchased),
            came_back: returned.came_back.clone(),
            earned: earned.collect(),
            taken: taken.collect(),
        }
    }

    pub(super) fn into_returned(self, order: OrderId, id: ReturnId) -> Result<Returned, String> {
        let purchased = self.purchase.into_purchased(order)?;
        if purchased.lines.len() != self.came_back.len() {
            return Err("what came back is not that of the lines".to_owned());
        }
        let earned = self.earned.into_iter().map(|each| Earned {
            points: each.points,
            into_lot: each.n,
            accrue_at: instant(each.from),
            expires_at: instant(each.to),
            is_expired: each.expired,
            excused: each.excused,
        });
        let taken = self.taken.into_iter().map(|each| Taken {
            points: each.points,
            amount: each.n,
            excused: each.excused,
            forgiven: each.forgiven,
        });
        Ok(Returned {
            id,
            returned_at: self.at.0,
            purchased,
            came_back: self.came_back,
            earned: earned.collect(),
            taken: taken.collect(),
        })
    }
}

fn is_first(place: &usize) -> bool {
    *place == 0
}

impl PurchaseDocument {
    pub(super) fn from_purchased(purchased: &Purchased) -> Self {
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
        Self {
            at: Millis(purchased.transacted_at),
            currency: purchased.currency,
            lines,
            rates: sets,
            eligible: purchased.eligible,
            roundings: purchased.roundings.clone(),
            tier: purchased
                .tier
                .as_ref()
                .map(|tier| TierDocument { level: tier.level.clone(), changed: tier.changed }),
            redemption: purchased.redemption.clone(),
        }
    }

    pub(super) fn into_purchased(self, order: OrderId) -> Result<Purchased, String> {
        let sets = self.rates;
        let lines = self.lines.into_iter().map(|line| {
            let rates = sets.get(line.rates).cloned();
            let rates = rates.ok_or_else(|| format!("line {} has no rates", line.id))?;
            Ok(PurchasedLine { id: line.id, net: line.net, promotional: line.promotional, rates })
        });
        Ok(Purchased {
            order,
            transacted_at: self.at.0,
            currency: self.currency,
            lines: lines.collect::<Result<_, String>>()?,
            eligible: self.eligible,
            roundings: self.roundings,
            tier: self.tier.map(|tier| TierOutcome { level: tier.level, changed: tier.changed }),
            redemption: self.redemption,
        })
    }
}

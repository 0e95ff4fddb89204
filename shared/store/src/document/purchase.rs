//! A purchase as it is stored.

use std::collections::BTreeMap;

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::id::{Handle, LineId, OrderId, RedemptionId};
use scrip_domain::purchase::{Purchased, PurchasedLine, TierOutcome};
use scrip_domain::rate::Rate;
use serde::{Deserialize, Serialize};

use super::{Millis, is_false, is_zero};

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
            tier: self.tier.map(|tier| TierOutcome { level: tier.level, changed: tier.changed }),
            redemption: self.redemption,
        })
    }
}

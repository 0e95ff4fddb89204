//! The state of an account as it is stored in every line.

use std::collections::BTreeMap;

use scrip_domain::amount::Points;
use scrip_domain::facts::Facts;
use scrip_domain::id::{Handle, RedemptionId};
use scrip_domain::wallet::{Hold, Holding, Lot, Pin, Standing, Wallet};
use serde::{Deserialize, Serialize};

use super::{Millis, instant, is_zero, millis};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facts: Option<Facts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<StandingDocument>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    points: BTreeMap<Handle, HoldingDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StandingDocument {
    level: Handle,
    since: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldingDocument {
    #[serde(default, skip_serializing_if = "is_zero")]
    debt: Points,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lots: Vec<LotDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotDocument {
    of: Points,
    left: Points,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldDocument {
    id: RedemptionId,
    to: Millis,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pins: Vec<PinsDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinsDocument {
    points: Handle,
    lots: Vec<PinDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinDocument {
    n: Points,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

impl StateDocument {
    pub(super) fn from_wallet(wallet: &Wallet) -> Self {
        let holdings = wallet.points.iter();
        Self {
            facts: wallet.facts,
            tier: wallet.standing.as_ref().map(StandingDocument::from_standing),
            points: holdings
                .map(|(handle, holding)| (handle.clone(), encode_holding(holding)))
                .collect(),
            holds: wallet.holds.iter().map(encode_hold).collect(),
        }
    }

    pub(super) fn into_wallet(self) -> Wallet {
        let holdings = self.points.into_iter();
        Wallet {
            facts: self.facts,
            standing: self.tier.map(StandingDocument::into_standing),
            points: holdings.map(|(handle, holding)| (handle, decode_holding(holding))).collect(),
            holds: self.holds.into_iter().map(decode_hold).collect(),
        }
    }
}

impl StandingDocument {
    pub(super) fn from_standing(standing: &Standing) -> Self {
        Self { level: standing.level.clone(), since: Millis(standing.since) }
    }

    pub(super) fn into_standing(self) -> Standing {
        Standing { level: self.level, since: self.since.0 }
    }
}

fn encode_holding(holding: &Holding) -> HoldingDocument {
    let lots = holding.lots.iter().map(|lot| LotDocument {
        of: lot.issued,
        left: lot.remaining,
        from: millis(lot.accrue_at),
        to: millis(lot.expires_at),
    });
    HoldingDocument { debt: holding.debt, lots: lots.collect() }
}

fn decode_holding(document: HoldingDocument) -> Holding {
    let lots = document.lots.into_iter().map(|lot| Lot {
        issued: lot.of,
        remaining: lot.left,
        accrue_at: instant(lot.from),
        expires_at: instant(lot.to),
    });
    Holding { debt: document.debt, lots: lots.collect() }
}

fn encode_hold(hold: &Hold) -> HoldDocument {
    let groups = hold.pins.chunk_by(|a, b| a.points == b.points);
    let pins = groups.filter_map(|group| {
        let pins =
            group.iter().map(|pin| PinDocument { n: pin.amount, to: millis(pin.expires_at) });
        Some(PinsDocument { points: group.first()?.points.clone(), lots: pins.collect() })
    });
    HoldDocument { id: hold.redemption.clone(), to: Millis(hold.lapses_at), pins: pins.collect() }
}

fn decode_hold(document: HoldDocument) -> Hold {
    let pins = document.pins.into_iter().flat_map(|group| {
        group.lots.into_iter().map(move |pin| Pin {
            points: group.points.clone(),
            expires_at: instant(pin.to),
            amount: pin.n,
        })
    });
    Hold { redemption: document.id, lapses_at: document.to.0, pins: pins.collect() }
}

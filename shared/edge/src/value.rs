//! Value as answers show it: money as a decimal string of its currency, points and uses as whole
//! numbers.

use scrip_domain::amount::{Change, Units};
use scrip_domain::asset::Asset;
use scrip_domain::id::LotId;
use scrip_domain::time::Instant;
use serde::Serialize;
use serde_json::{Value, json};

/// So many units of an asset.
pub fn units(asset: &Asset, amount: Units) -> Value {
    match asset.currency() {
        Some(currency) => json!(currency.format_amount(amount.into())),
        None => json!(amount),
    }
}

/// A change of so many units of an asset, with its sign.
pub fn change(asset: &Asset, amount: Change) -> Value {
    match asset.currency() {
        None => json!(amount),
        Some(currency) => {
            let sign = if amount.is_negative() { "-" } else { "" };
            json!(format!("{sign}{}", currency.format_amount(amount.magnitude().into())))
        }
    }
}

/// An amount of one lot.
#[derive(Debug, Serialize)]
pub struct LotAnswer {
    source: &'static str,
    /// Of points, which have no ids, the definition.
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

impl LotAnswer {
    /// So much of the lot of `asset` with this id, or of points with this expiry.
    pub fn new(
        asset: &Asset,
        id: Option<&LotId>,
        amount: Units,
        expires_at: Option<Instant>,
    ) -> Self {
        let is_points = matches!(asset, Asset::Points(_));
        let is_benefit = matches!(asset, Asset::Benefit(_));
        Self {
            source: asset.source(),
            id: id.map_or_else(|| asset.definition().to_string(), ToString::to_string),
            points: is_points.then_some(amount),
            uses: is_benefit.then_some(amount),
            amount: asset.currency().is_some().then(|| units(asset, amount)),
            expires_at,
        }
    }
}

//! Value as answers show it: money as a decimal string of its currency, points and uses as whole
//! numbers.

use scrip_domain::amount::{Change, Minor, Units};
use scrip_domain::asset::Asset;
use scrip_domain::currency::Currency;
use scrip_domain::id::{CardNumber, LotId};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Of a gift card, which has its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    number_last4: Option<String>,
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
            id: Some(id.map_or_else(|| asset.definition().to_string(), ToString::to_string)),
            number_last4: None,
            points: is_points.then_some(amount),
            uses: is_benefit.then_some(amount),
            amount: asset.currency().is_some().then(|| units(asset, amount)),
            expires_at,
        }
    }

    /// So much of a gift card.
    pub fn of_card(number: &CardNumber, currency: Currency, amount: Minor) -> Self {
        Self {
            source: "gift_card",
            id: None,
            number_last4: Some(number.last4().to_owned()),
            points: None,
            uses: None,
            amount: Some(json!(currency.format_amount(amount))),
            expires_at: None,
        }
    }
}

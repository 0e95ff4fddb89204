//! Lines of the passbook at the border: their postings, what they leave, and the path of what asked
//! for them.

use scrip_domain::amount::{Points, Units};
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::card::{CardKey, Spender};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{CardMove, Operation};
use scrip_domain::id::{Handle, LotId};
use scrip_domain::posting::Posting;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Holding, Wallet};
use serde::Serialize;
use serde_json::Value;

use crate::value::{change, units};

/// What value is denominated in: one of these is the definition.
#[derive(Debug, Serialize)]
struct AssetAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    benefit: Option<Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<Handle>,
    /// Of what is on a gift card, in the card's own log.
    #[serde(skip_serializing_if = "Option::is_none")]
    gift_card: Option<Handle>,
}

/// A movement of value, as statements and events show it.
#[derive(Debug, Serialize)]
pub struct PostingAnswer {
    #[serde(flatten)]
    asset: AssetAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    /// A decimal string of what is money, a whole number of points or uses.
    amount: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    reason: &'static str,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    accrue_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

/// What there is of an asset, as events show it: a decimal string of what is money, a whole number
/// of points or uses.
#[derive(Debug, Serialize)]
pub struct BalanceAnswer {
    #[serde(flatten)]
    asset: AssetAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    available: Value,
    /// Of points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Value>,
    held: Value,
    /// Of points.
    #[serde(skip_serializing_if = "Option::is_none")]
    debt: Option<Points>,
}

impl AssetAnswer {
    fn of(asset: &Asset) -> Self {
        let definition = || asset.definition().clone();
        let of = |kind| (asset.kind() == Some(kind)).then(definition);
        Self {
            points: matches!(asset, Asset::Points(_)).then(definition),
            reward: of(Kind::Reward),
            benefit: of(Kind::Benefit),
            credit: of(Kind::Credit),
            gift_card: matches!(asset, Asset::GiftCard(..)).then(definition),
        }
    }
}

impl BalanceAnswer {
    /// What a wallet has of an asset, all its lots together.
    pub fn of(wallet: &Wallet, asset: &Asset) -> Self {
        let is_points = matches!(asset, Asset::Points(_));
        let holding = wallet.holding(asset);
        let pending = holding.map_or(Units::ZERO, Holding::pending);
        Self {
            asset: AssetAnswer::of(asset),
            currency: asset.currency(),
            available: units(asset, wallet.available(asset)),
            pending: is_points.then(|| units(asset, pending)),
            held: units(asset, wallet.held(asset)),
            debt: is_points.then(|| holding.map_or(Points::ZERO, |holding| holding.debt)),
        }
    }
}

impl PostingAnswer {
    /// A posting of a line.
    pub fn of(posting: &Posting) -> Self {
        Self {
            asset: AssetAnswer::of(&posting.asset),
            id: posting.id.clone(),
            amount: change(&posting.asset, posting.amount),
            currency: posting.asset.currency(),
            reason: posting.reason.as_str(),
            at: posting.at,
            accrue_at: posting.accrue_at,
            expires_at: posting.expires_at,
        }
    }
}

/// The path of the resource that an operation made or acted on, below its member.
pub fn operation_path(operation: &Operation) -> String {
    match operation {
        Operation::Purchase(id) => format!("purchases/{id}"),
        Operation::Return(order, id) => format!("purchases/{order}/returns/{id}"),
        Operation::Award(id) => format!("awards/{id}"),
        Operation::Adjustment(id) => format!("adjustments/{id}"),
        Operation::TierAssignment(id) => format!("tier-assignments/{id}"),
        Operation::Redemption(id) => format!("redemptions/{id}"),
        Operation::Capture(id) => format!("redemptions/{id}/capture"),
        Operation::Release(id) => format!("redemptions/{id}/release"),
        Operation::Refund(id, refund) => format!("redemptions/{id}/refunds/{refund}"),
        Operation::Issue(kind, id) => format!("{kind}s/{id}"),
        Operation::Void(kind, id) => format!("{kind}s/{id}/void"),
        Operation::Extension(kind, id, extension) => {
            format!("{kind}s/{id}/extensions/{extension}")
        }
        Operation::Conversion(id) => format!("conversions/{id}"),
        Operation::Transfer(id) => format!("transfers/{id}"),
        Operation::TransferRefund(id, refund) => format!("transfers/{id}/refunds/{refund}"),
        Operation::CardCredit(CardKey { purchaser, card }, it) => match it {
            CardMove::Claim => format!("claims/{purchaser}/{card}"),
            CardMove::Revert => format!("gift-cards/{card}/revert"),
            CardMove::Cancel => format!("gift-cards/{card}/cancel"),
            CardMove::Void => format!("gift-cards/{card}/void"),
        },
        Operation::Of(Spender::Member(member), it) => {
            format!("members/{member}/{}", operation_path(it))
        }
        Operation::Of(Spender::Direct, it) => format!("gift-card-{}", operation_path(it)),
        // These stand in the log of a card, which has no statement.
        Operation::CardIssue(CardKey { card, .. }) => format!("gift-cards/{card}"),
        Operation::CardMove(..) => "gift-cards".to_owned(),
    }
}

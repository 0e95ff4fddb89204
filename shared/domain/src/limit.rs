//! Named maxima, as a refusal.

use thiserror::Error;

/// A named maximum would be exceeded; nothing is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{name} are limited to {limit}")]
pub struct LimitReached {
    /// What there would be too many of.
    pub name: &'static str,
    /// The most there may be.
    pub limit: u64,
}

impl LimitReached {
    /// Too many points of one definition, or more money than an amount can hold.
    pub(crate) const AMOUNT: Self =
        Self { name: "points or minor units in one sum", limit: crate::amount::AMOUNT_MAX };
    pub(crate) const LOTS: Self =
        Self { name: "lots of a wallet", limit: crate::wallet::LOTS_MAX as u64 };
    pub(crate) const IDENTITIES: Self = Self {
        name: "rewards, benefits and credits of a wallet, and held parts of them,",
        limit: crate::wallet::IDENTITIES_MAX as u64,
    };
    pub(crate) const HOLDS: Self =
        Self { name: "holds of a wallet", limit: crate::wallet::HOLDS_MAX as u64 };
    pub(crate) const DISCOUNTS: Self =
        Self { name: "discounts of a redemption", limit: crate::redeem::DISCOUNTS_MAX as u64 };
    pub(crate) const TENDERS: Self =
        Self { name: "tenders of a redemption", limit: crate::redeem::TENDERS_MAX as u64 };
}

//! Postings: the movements that a line of the passbook records.

use crate::amount::{Change, Units};
use crate::asset::Asset;
use crate::id::LotId;
use crate::time::Instant;
use crate::wallet::Draw;

/// One movement of one asset.
///
/// The amounts of all postings of an asset sum to what its lots and holds have; those of
/// `debt_incurred` and `debt_repaid` alone sum to its debt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The asset.
    pub asset: Asset,
    /// The reward, benefit or credit; `None` for points.
    pub id: Option<LotId>,
    /// Why.
    pub reason: PostingReason,
    /// How much came (positive) or went (negative), in units of the asset.
    pub amount: Change,
    /// When it took effect: the instant of the entry, or earlier for what had fallen due.
    pub at: Instant,
    /// When the value moved accrues or accrued. `None`: it had accrued before, or counts at once.
    pub accrue_at: Option<Instant>,
    /// The expiry of the lot it came into or went out of. `None`: it never expires, or no lot.
    pub expires_at: Option<Instant>,
    /// Of expired points, how many were ever put into their lot; `None` in a grace.
    pub lot_issued: Option<Units>,
}

impl Posting {
    /// Whether value came back past its expiry, without a grace: it goes again in the same line.
    pub fn is_forfeited(&self) -> bool {
        let has_expired = self.expires_at.is_some_and(|expires_at| expires_at <= self.at);
        has_expired && !self.amount.is_negative()
    }

    /// That drawn value is gone, lot by lot.
    pub(crate) fn of_draw(
        draw: &Draw,
        reason: PostingReason,
        at: Instant,
    ) -> impl Iterator<Item = Self> {
        draw.lots.iter().map(move |drawn| Self {
            asset: draw.asset.clone(),
            id: drawn.id.clone(),
            reason,
            amount: Change::minus(drawn.amount),
            at,
            accrue_at: None,
            expires_at: drawn.expires_at,
            lot_issued: None,
        })
    }
}

/// Why value moved (DESIGN 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostingReason {
    /// Came from a purchase, an award or the retailer.
    Issued,
    /// Spent.
    Redeemed,
    /// Not spent in time.
    Expired,
    /// Taken back by the retailer.
    Voided,
    /// Taken back after a return.
    Reversed,
    /// Given back by a refund.
    Reinstated,
    /// Points that became a reward.
    ConvertedOut,
    /// The reward that they became.
    ConvertedIn,
    /// Points that went to a third-party programme.
    TransferredOut,
    /// Points that came back from there.
    TransferredIn,
    /// Changed by hand.
    Adjusted,
    /// Taken back though already spent.
    DebtIncurred,
    /// Came in, and went into repaying what was taken back.
    DebtRepaid,
}

impl PostingReason {
    /// Every reason, in the order of the type.
    pub const ALL: [Self; 13] = [
        Self::Issued,
        Self::Redeemed,
        Self::Expired,
        Self::Voided,
        Self::Reversed,
        Self::Reinstated,
        Self::ConvertedOut,
        Self::ConvertedIn,
        Self::TransferredOut,
        Self::TransferredIn,
        Self::Adjusted,
        Self::DebtIncurred,
        Self::DebtRepaid,
    ];

    /// The word for it, at the border and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Redeemed => "redeemed",
            Self::Expired => "expired",
            Self::Voided => "voided",
            Self::Reversed => "reversed",
            Self::Reinstated => "reinstated",
            Self::ConvertedOut => "converted_out",
            Self::ConvertedIn => "converted_in",
            Self::TransferredOut => "transferred_out",
            Self::TransferredIn => "transferred_in",
            Self::Adjusted => "adjusted",
            Self::DebtIncurred => "debt_incurred",
            Self::DebtRepaid => "debt_repaid",
        }
    }

    /// The reason for which this is the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Units;
    use crate::sample::{at, points_asset, units};

    #[test]
    fn value_is_forfeited_that_comes_back_from_its_expiry_on() {
        let (before, expiry) = ("2026-11-21T11:59:59.999Z", "2026-11-21T12:00:00Z");
        let change: fn(Units) -> Change = Change::plus;
        for (change, expires, when, is_forfeited) in [
            (change, Some(expiry), expiry, true),
            (change, Some(expiry), before, false),
            (change, None, expiry, false),
            (Change::minus, Some(expiry), expiry, false),
        ] {
            let posting = Posting {
                asset: points_asset("p"),
                id: None,
                reason: PostingReason::Reinstated,
                amount: change(units(5)),
                at: at(when),
                accrue_at: None,
                expires_at: expires.map(at),
                lot_issued: None,
            };
            assert_eq!(posting.is_forfeited(), is_forfeited, "{posting:?}");
        }
    }

    #[test]
    fn reason_is_read_from_its_word() {
        for reason in PostingReason::ALL {
            assert_eq!(PostingReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(PostingReason::parse("lost"), None);
    }
}

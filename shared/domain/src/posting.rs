//! Postings: the movements that a line of the passbook records.

use crate::amount::{Change, Points};
use crate::id::Handle;
use crate::time::Instant;

/// One movement of points of one definition.
///
/// The amounts of all postings of a definition sum to what its lots and holds have; those of
/// `debt_incurred` and `debt_repaid` alone sum to its debt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The definition.
    pub points: Handle,
    /// Why.
    pub reason: PostingReason,
    /// How many points came (positive) or went (negative).
    pub amount: Change,
    /// When it took effect: the instant of the entry, or earlier for what had fallen due.
    pub at: Instant,
    /// When the points moved accrue or accrued. `None`: they had accrued before, or count at once.
    pub accrue_at: Option<Instant>,
    /// The expiry of the lot they came into or went out of. `None`: it never expires, or no lot.
    pub expires_at: Option<Instant>,
    /// Of an expired lot, how many points were ever put in.
    pub lot_issued: Option<Points>,
}

/// Why value moved (DESIGN 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostingReason {
    /// Came from a purchase or an award.
    Issued,
    /// Spent.
    Redeemed,
    /// Not spent in time.
    Expired,
    /// Taken back after a return.
    Reversed,
    /// Changed by hand.
    Adjusted,
    /// Taken back though already spent.
    DebtIncurred,
    /// Came in, and went into repaying what was taken back.
    DebtRepaid,
}

impl PostingReason {
    /// Every reason, in the order of the type.
    pub const ALL: [Self; 7] = [
        Self::Issued,
        Self::Redeemed,
        Self::Expired,
        Self::Reversed,
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
            Self::Reversed => "reversed",
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

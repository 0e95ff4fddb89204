//! Lines of the passbook.

use crate::adjustment::Adjusted;
use crate::award::Awarded;
use crate::facts::Facts;
use crate::id::{AdjustmentId, AssignmentId, AwardId, MemberId, OrderId, RedemptionId};
use crate::posting::Posting;
use crate::purchase::Purchased;
use crate::redeem::{Captured, Opened, Released};
use crate::tier::Assigned;
use crate::time::Instant;
use crate::wallet::Wallet;

/// What a decision came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<T> {
    /// This line is to be appended.
    Append(Line),
    /// There is nothing to write; this is how things stand.
    Unchanged(T),
}

/// A decided line, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was asked and decided.
    pub detail: Detail,
    /// What moved, in the order it moved: first what had fallen due, then what was asked.
    pub postings: Vec<Posting>,
    /// Holds that had lapsed and were ended by this line, in the order they lapsed.
    pub lapsed: Vec<RedemptionId>,
    /// The state after it.
    pub wallet: Wallet,
}

/// A line as it stands in an account's log. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose log.
    pub account: MemberId,
    /// Its number in the log, from 1 without gaps.
    pub number: u64,
    /// The instant at which it was decided; never before that of the line before.
    pub recorded_at: Instant,
    /// The authenticated caller who asked for it.
    pub by: String,
    /// The version of the program it was decided by.
    pub program: u64,
    /// What it says.
    pub line: Line,
}

/// What a line was asked for, with what is needed to answer the same again and to undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// The facts about the member were replaced.
    Facts {
        /// By these.
        facts: Facts,
        /// Whether there were none before.
        first: bool,
    },
    /// An order was completed.
    Purchase(Purchased),
    /// Points were given.
    Award(Awarded),
    /// Points were changed by hand.
    Adjustment(Adjusted),
    /// A level was given by hand.
    TierAssignment(Assigned),
    /// Value was spent, or set aside to be spent.
    Redemption(Opened),
    /// What was set aside was spent.
    Capture(Captured),
    /// What was set aside was given back.
    Release(Released),
}

/// The name under which a caller asked for a line: applied at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An order.
    Purchase(OrderId),
    /// An award.
    Award(AwardId),
    /// An adjustment.
    Adjustment(AdjustmentId),
    /// An assignment of a level.
    TierAssignment(AssignmentId),
    /// A redemption.
    Redemption(RedemptionId),
    /// The capture of a redemption.
    Capture(RedemptionId),
    /// The release of a redemption.
    Release(RedemptionId),
}

impl Detail {
    /// The operation it was asked under; `None` for facts, which name none.
    pub fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::Facts { .. } => return None,
            Self::Purchase(purchased) => Operation::Purchase(purchased.order.clone()),
            Self::Award(awarded) => Operation::Award(awarded.award.clone()),
            Self::Adjustment(adjusted) => Operation::Adjustment(adjusted.adjustment.clone()),
            Self::TierAssignment(assigned) => {
                Operation::TierAssignment(assigned.assignment.clone())
            }
            Self::Redemption(opened) => Operation::Redemption(opened.redemption.clone()),
            Self::Capture(captured) => Operation::Capture(captured.redemption.clone()),
            Self::Release(released) => Operation::Release(released.redemption.clone()),
        })
    }

    /// The word for its kind, at the border and in storage.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Facts { .. } => "facts",
            Self::Purchase(_) => "purchase",
            Self::Award(_) => "award",
            Self::Adjustment(_) => "adjustment",
            Self::TierAssignment(_) => "tier_assignment",
            Self::Redemption(_) => "redemption",
            Self::Capture(_) => "capture",
            Self::Release(_) => "release",
        }
    }
}

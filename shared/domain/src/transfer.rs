//! Transfers: points go to a third-party programme, and may come back (DESIGN 5.5).

pub mod refund;

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::Points;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{Handle, Label, RefundId, TransferId};
use crate::posting::PostingReason;
use crate::program::{PointsKind, Program};
use crate::time::Instant;
use crate::wallet::{Draw, Wallet};

/// A request to transfer points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The caller's id.
    pub transfer: TransferId,
    /// The definition.
    pub points: Handle,
    /// How many, more than 0.
    pub amount: Points,
    /// The programme.
    pub to: Label,
    /// The member's account or the booking there.
    pub reference: Label,
}

/// Points transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// The caller's id.
    pub transfer: TransferId,
    /// The programme.
    pub to: Label,
    /// The member's account or the booking there.
    pub reference: Label,
    /// The points, by the lots they came from.
    pub draw: Draw,
}

/// Points given back. Like every line of a transfer, it says how the transfer stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRefunded {
    /// The caller's id.
    pub refund: RefundId,
    /// How many.
    pub amount: Points,
    /// The transfer as it was made.
    pub transferred: Transferred,
    /// How many have been given back in all.
    pub refunded: Points,
}

/// Why points are not transferred.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no points `{0}`")]
    UnknownPoints(Handle),
    /// Tier points are progress, not value.
    #[error("tier points are not transferred")]
    TierPoints,
    /// More than is available.
    #[error("only {available} `{points}` points are available")]
    InsufficientValue {
        /// The definition.
        points: Handle,
        /// What could be taken.
        available: Points,
    },
}

/// Takes points out, soonest expiry first.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    transfer: &Transfer,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let Transfer { points, amount, .. } = transfer;
    let definition = program.points(points);
    let definition = definition.ok_or_else(|| Refusal::UnknownPoints(points.clone()))?;
    if definition.kind == PointsKind::Tier {
        return Err(Refusal::TierPoints);
    }
    let mut draft = Draft::open(wallet, now);
    let draw = draft.draw(points, *amount).map_err(|short| Refusal::InsufficientValue {
        points: points.clone(),
        available: short.available.into(),
    })?;
    draft.spend(&draw, PostingReason::TransferredOut);
    let transferred = Transferred {
        transfer: transfer.transfer.clone(),
        to: transfer.to.clone(),
        reference: transfer.reference.clone(),
        draw,
    };
    Ok(Decision::Append(draft.close(Detail::Transfer(transferred))))
}

#[cfg(test)]
mod tests;

//! Points that a third-party programme gives back.

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::Points;
use crate::draft::Draft;
use crate::entry::{Decision, Detail, Entry};
use crate::id::{LotId, RefundId};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::Program;
use crate::redeem::refund::grace;
use crate::time::Instant;
use crate::wallet::Wallet;

use super::{TransferRefunded, Transferred};

/// A request to give points back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The caller's id.
    pub refund: RefundId,
    /// How many, more than 0.
    pub amount: Points,
}

/// Why points are not given back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member has no such transfer.
    #[error("the member has no such transfer")]
    UnknownTransfer,
    /// More than is left of it.
    #[error("only {left} are left to give back")]
    ExceedsTransfer {
        /// What is left.
        left: Points,
    },
    /// The grace would end outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Gives points back to the lots they came from, first drawn first; debt is repaid first, and what
/// has expired meanwhile has a grace. `newest` is the newest line of the transfer.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    refund: &Refund,
    newest: Option<&Entry>,
    (number, now): (u64, Instant),
) -> Result<Decision<Infallible>, Refusal> {
    let (transferred, before) = newest.and_then(stands).ok_or(Refusal::UnknownTransfer)?;
    let draw = &transferred.draw;
    let whole = Points::from(draw.amount());
    let (_, left) = whole.take_up_to(before);
    if left < refund.amount {
        return Err(Refusal::ExceedsTransfer { left });
    }
    let refunded = before.checked_add(refund.amount).ok_or(LimitReached::AMOUNT)?;
    let mut draft = Draft::open(wallet, now);
    let grace = grace(program, &draw.asset, now).ok_or(Refusal::OutsideTheCalendar)?;
    // Points have no ids, so no new one is needed either.
    let fresh = LotId::of_entry(number, 1);
    for drawn in &draw.between(before.into(), refunded.into()).lots {
        draft.reinstate(&draw.asset, drawn, PostingReason::TransferredIn, (grace, &fresh))?;
    }
    let detail = TransferRefunded {
        refund: refund.refund.clone(),
        amount: refund.amount,
        transferred: transferred.clone(),
        refunded,
    };
    Ok(Decision::Append(draft.close(Detail::TransferRefund(detail))))
}

/// The transfer and how many points have been given back, as its newest line tells.
fn stands(newest: &Entry) -> Option<(&Transferred, Points)> {
    match &newest.line.detail {
        Detail::Transfer(transferred) => Some((transferred, Points::ZERO)),
        Detail::TransferRefund(refunded) => Some((&refunded.transferred, refunded.refunded)),
        _ => None,
    }
}

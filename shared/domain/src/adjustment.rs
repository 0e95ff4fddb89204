//! Adjustments: points changed by hand, with a reason and an actor (DESIGN 5.19).

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::{Change, Points};
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{AdjustmentId, Handle, Reason};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{PointsKind, Program};
use crate::tier;
use crate::time::Instant;
use crate::wallet::Wallet;

/// A request to change points by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// The caller's id.
    pub adjustment: AdjustmentId,
    /// The definition.
    pub points: Handle,
    /// More or fewer, not 0.
    pub amount: Change,
    /// Why.
    pub reason: Reason,
    /// Who decided it.
    pub actor: Reason,
}

/// Points changed by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// The caller's id.
    pub adjustment: AdjustmentId,
    /// The definition.
    pub points: Handle,
    /// More or fewer.
    pub amount: Change,
    /// Why.
    pub reason: Reason,
    /// Who decided it.
    pub actor: Reason,
}

/// Why points are not changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no points `{0}`")]
    UnknownPoints(Handle),
    /// Nothing new of it is issued.
    #[error("`{0}` is retired: nothing new of it is issued")]
    Retired(Handle),
    /// More is to be taken than can be spent.
    #[error("only {available} are available")]
    InsufficientValue {
        /// What could be taken.
        available: Points,
    },
    /// The expiry lies outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Changes points by hand. What is added can be spent at once, expires as the definition says,
/// and repays debt first; what is taken goes out of available points, soonest expiry first.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    adjustment: &Adjustment,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let unknown = || Refusal::UnknownPoints(adjustment.points.clone());
    let definition = program.points(&adjustment.points).ok_or_else(unknown)?;
    let points = &adjustment.points;
    let mut draft = Draft::open(wallet, now);
    if adjustment.amount.is_negative() {
        let wanted = adjustment.amount.magnitude().into();
        let draw = draft.draw(points, wanted);
        let draw =
            draw.map_err(|short| Refusal::InsufficientValue { available: short.available.into() })?;
        draft.spend(&draw, PostingReason::Adjusted);
    } else {
        if definition.retired {
            return Err(Refusal::Retired(points.clone()));
        }
        let outside = Refusal::OutsideTheCalendar;
        let expires_at = match definition.expires {
            Some(expiry) => Some(expiry.of(now, &program.zone).ok_or(outside)?),
            None => None,
        };
        let accrue_at = (definition.kind != PointsKind::Tier).then_some(now);
        let amount = adjustment.amount.magnitude().into();
        draft.issue(points, amount, PostingReason::Adjusted, accrue_at, expires_at)?;
        tier::reach(&mut draft, program, None);
    }
    let adjusted = Adjusted {
        adjustment: adjustment.adjustment.clone(),
        points: points.clone(),
        amount: adjustment.amount,
        reason: adjustment.reason.clone(),
        actor: adjustment.actor.clone(),
    };
    Ok(Decision::Append(draft.close(Detail::Adjustment(adjusted))))
}

#[cfg(test)]
mod tests;

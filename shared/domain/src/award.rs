//! Awards: points given for something other than spend (DESIGN 5.2).

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::Points;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{AwardId, Handle, Reason};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{PointsDefinition, PointsKind, Program};
use crate::tier;
use crate::time::Instant;
use crate::wallet::Wallet;

/// How far ahead of the clock a business event may be dated, in seconds: the clocks of tills
/// differ.
pub const AHEAD_SECONDS_MAX: u64 = 5 * 60;

/// A request to give points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// The caller's id.
    pub award: AwardId,
    /// The definition.
    pub points: Handle,
    /// How many, more than 0.
    pub amount: Points,
    /// Why.
    pub reason: Reason,
    /// When the business event happened; the present when not given.
    pub issued_at: Option<Instant>,
    /// From when the points can be spent; by the definition when not given.
    pub accrue_at: Option<Instant>,
    /// From when they no longer can; by the definition when not given.
    pub expires_at: Option<Instant>,
}

/// Points given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awarded {
    /// The caller's id.
    pub award: AwardId,
    /// Why.
    pub reason: Reason,
}

/// Why points are not given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no points `{0}`")]
    UnknownPoints(Handle),
    /// Nothing new of it is issued.
    #[error("`{0}` is retired: nothing new of it is issued")]
    Retired(Handle),
    /// Tier points have no delay.
    #[error("tier points count at once")]
    TierPointsAccrueAtOnce,
    /// The business event is more than [`AHEAD_SECONDS_MAX`] ahead.
    #[error("is more than 5 minutes ahead of the clock")]
    InTheFuture,
    /// They would expire before they can be spent.
    #[error("must be after the points accrue, at {accrue_at}")]
    ExpiresBeforeAccrual {
        /// From when they could be spent.
        accrue_at: Instant,
    },
    /// Accrual or expiry lies outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Gives points.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    award: &Award,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let unknown = || Refusal::UnknownPoints(award.points.clone());
    let definition = program.points(&award.points).ok_or_else(unknown)?;
    if definition.retired {
        return Err(Refusal::Retired(award.points.clone()));
    }
    let (accrue_at, expires_at) = term(program, definition, award, now)?;
    let mut draft = Draft::open(wallet, now);
    draft.issue(&award.points, award.amount, PostingReason::Issued, accrue_at, expires_at)?;
    tier::reach(&mut draft, program, None);
    let awarded = Awarded { award: award.award.clone(), reason: award.reason.clone() };
    Ok(Decision::Append(draft.close(Detail::Award(awarded))))
}

/// When awarded points accrue and expire. Tier points have no accrual.
fn term(
    program: &Program,
    definition: &PointsDefinition,
    award: &Award,
    now: Instant,
) -> Result<(Option<Instant>, Option<Instant>), Refusal> {
    let issued_at = award.issued_at.unwrap_or(now);
    if is_ahead(issued_at, now) {
        return Err(Refusal::InTheFuture);
    }
    let is_tier = definition.kind == PointsKind::Tier;
    if is_tier && award.accrue_at.is_some() {
        return Err(Refusal::TierPointsAccrueAtOnce);
    }
    let outside = Refusal::OutsideTheCalendar;
    let accrue_at = match award.accrue_at {
        Some(accrue_at) => accrue_at,
        None => definition.accrue_after.after(issued_at, &program.zone).ok_or(outside.clone())?,
    };
    let expires_at = match (award.expires_at, definition.expires) {
        (Some(expires_at), _) if expires_at <= accrue_at => {
            return Err(Refusal::ExpiresBeforeAccrual { accrue_at });
        }
        (Some(expires_at), _) => Some(expires_at),
        (None, Some(expiry)) => Some(expiry.of(accrue_at, &program.zone).ok_or(outside)?),
        (None, None) => None,
    };
    Ok(((!is_tier).then_some(accrue_at), expires_at))
}

/// Whether a business event is dated too far ahead of the clock to be believed.
pub(crate) fn is_ahead(at: Instant, now: Instant) -> bool {
    now.plus_seconds(AHEAD_SECONDS_MAX).is_some_and(|latest| latest < at)
}

#[cfg(test)]
mod tests;

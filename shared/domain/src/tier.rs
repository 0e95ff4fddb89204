//! Status levels (DESIGN 5.6).
//!
//! The window is the unexpired tier points: their expiry makes it roll. Reaching a level's
//! `attain` upgrades at once. A level is never lost by what expires or is taken away between
//! anniversaries.

use std::convert::Infallible;

use chrono::{Months, NaiveDate};
use thiserror::Error;

use crate::amount::Points;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{AssignmentId, Handle, Reason};
use crate::program::{Level, Program, Tiers};
use crate::time::Instant;
use crate::wallet::{Standing, Wallet};

/// A request to give a level by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assign {
    /// The caller's id.
    pub assignment: AssignmentId,
    /// The level to give.
    pub level: Handle,
    /// Why.
    pub reason: Reason,
    /// Who decided it.
    pub actor: Reason,
}

/// A level given by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// The caller's id.
    pub assignment: AssignmentId,
    /// The level given.
    pub level: Handle,
    /// The level before; `None`: the lowest.
    pub before: Option<Standing>,
    /// Why.
    pub reason: Reason,
    /// Who decided it.
    pub actor: Reason,
}

/// Why a level is not given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such level.
    #[error("the program has no level `{0}`")]
    UnknownLevel(Handle),
}

/// The points that count towards a level.
pub fn window(wallet: &Wallet, tiers: &Tiers) -> Points {
    wallet.points(&tiers.points).map_or(Points::ZERO, |holding| holding.available().into())
}

/// The level a member has: the one attained, or the lowest.
pub fn level<'a>(wallet: &Wallet, tiers: &'a Tiers) -> Option<&'a Level> {
    tiers.levels.get(rank(wallet, tiers))
}

/// The day on which a level above the lowest is next checked: twelve months after it was
/// attained, assigned or last kept, in the program's zone. The lowest has none.
pub fn anniversary(wallet: &Wallet, program: &Program) -> Option<NaiveDate> {
    let standing = wallet.standing.as_ref()?;
    program.zone.date(standing.since).checked_add_months(Months::new(12))
}

/// Gives a level by hand, from this instant on.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    assign: &Assign,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let rank = program.tiers.as_ref().and_then(|tiers| tiers.rank(&assign.level));
    let rank = rank.ok_or_else(|| Refusal::UnknownLevel(assign.level.clone()))?;
    let mut draft = Draft::open(wallet, now);
    let before = draft.wallet().standing.clone();
    let standing = Standing { level: assign.level.clone(), since: now };
    draft.set_standing((rank > 0).then_some(standing));
    let detail = Detail::TierAssignment(Assigned {
        assignment: assign.assignment.clone(),
        level: assign.level.clone(),
        before,
        reason: assign.reason.clone(),
        actor: assign.actor.clone(),
    });
    Ok(Decision::Append(draft.close(detail)))
}

/// Raises the member to the highest level that the window now supports. Returns whether that is
/// a higher one than before.
pub(crate) fn reach(draft: &mut Draft, program: &Program) -> bool {
    let Some(tiers) = &program.tiers else {
        return false;
    };
    let Some(level) = tiers.supported(window(draft.wallet(), tiers)) else {
        return false;
    };
    let higher = tiers.rank(&level.handle) > Some(rank(draft.wallet(), tiers));
    if higher {
        let since = draft.now();
        draft.set_standing(Some(Standing { level: level.handle.clone(), since }));
    }
    higher
}

fn rank(wallet: &Wallet, tiers: &Tiers) -> usize {
    let standing = wallet.standing.as_ref();
    standing.and_then(|standing| tiers.rank(&standing.level)).unwrap_or(0)
}

#[cfg(test)]
mod tests;

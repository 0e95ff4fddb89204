//! Status levels (DESIGN 5.6).
//!
//! The window is the unexpired tier points: their expiry makes it roll. Reaching a level's
//! `attain` upgrades at once. At its anniversary a level is kept, or moved to the highest that the
//! window supports; between anniversaries it is lost only by a return of the order that reached
//! it, when the window falls below its `attain`.

use std::convert::Infallible;

use chrono::{Months, NaiveDate};
use thiserror::Error;

use crate::amount::Points;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{AssignmentId, Handle, OrderId, Reason};
use crate::program::{Level, Program, Tiers};
use crate::time::Instant;
use crate::wallet::{Lot, Reached, Standing, Wallet, sum};

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

/// How a level was judged at its anniversary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The anniversary.
    pub at: Instant,
    /// The level before.
    pub before: Handle,
    /// The level after; `None`: the lowest.
    pub after: Option<Handle>,
}

/// How something that was asked for changed the level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelChange {
    /// The level before.
    pub before: Handle,
    /// The level after.
    pub after: Handle,
}

/// The points that count towards a level. The wallet must have been carried to the present.
pub fn window(wallet: &Wallet, tiers: &Tiers) -> Points {
    wallet.points(&tiers.points).map_or(Points::ZERO, |holding| holding.available().into())
}

/// The points that count towards a level at an instant to which the wallet has not been carried.
fn window_at(wallet: &Wallet, tiers: &Tiers, at: Instant) -> Points {
    let lots = wallet.points(&tiers.points).map_or(&[][..], |holding| &holding.lots);
    let counts = |lot: &&Lot| {
        lot.accrue_at.is_none_or(|accrue_at| accrue_at <= at)
            && lot.expires_at.is_none_or(|expires_at| at < expires_at)
    };
    sum(lots.iter().filter(counts).map(|lot| lot.remaining)).into()
}

/// The anniversary at which the level of a wallet is to be judged next, if that is by `now`.
pub fn review_due(wallet: &Wallet, now: Instant) -> Option<Instant> {
    wallet.standing.as_ref()?.review_at.filter(|review_at| *review_at <= now)
}

/// Judges the level of a wallet at its anniversary `at`, by the program that was newest then: kept
/// when the window maintains it, and otherwise the highest that the window supports. What the
/// window holds beyond that is not counted twice: it is points that expire in their own time.
///
/// Only expiry changes the window, so this may be done before the wallet is carried to `at`.
#[must_use]
pub fn judge(wallet: &Wallet, program: &Program, at: Instant) -> Wallet {
    let Some(standing) = &wallet.standing else {
        return wallet.clone();
    };
    let after = match &program.tiers {
        None => Some(attained(program, &standing.level, at)),
        Some(tiers) => judged(program, tiers, &standing.level, window_at(wallet, tiers, at), at),
    };
    let level = after.as_ref().map(|standing| standing.level.clone());
    let review = Review { at, before: standing.level.clone(), after: level };
    let mut judged = wallet.clone();
    judged.standing = after;
    judged.reviewed.push(review);
    judged
}

/// What becomes of a level that is judged at an instant.
fn judged(
    program: &Program,
    tiers: &Tiers,
    level: &Handle,
    window: Points,
    at: Instant,
) -> Option<Standing> {
    let own = tiers.rank(level).and_then(|rank| tiers.levels.get(rank));
    if own.is_some_and(|level| level.maintain <= window) {
        return Some(attained(program, level, at));
    }
    let supported = tiers.supported(window);
    let supported = supported.filter(|level| tiers.rank(&level.handle) > Some(0));
    supported.map(|level| attained(program, &level.handle, at))
}

/// The start of the day twelve months later, in the program's zone. `None` outside the calendar.
fn next_review(program: &Program, since: Instant) -> Option<Instant> {
    let day = program.zone.date(since).checked_add_months(Months::new(12))?;
    program.zone.start_of_day(day)
}

/// A level above the lowest, from `since` on.
fn attained(program: &Program, level: &Handle, since: Instant) -> Standing {
    let review_at = next_review(program, since);
    Standing { level: level.clone(), since, review_at, reached: None }
}

/// The level a member has: the one attained, or the lowest.
pub fn level<'a>(wallet: &Wallet, tiers: &'a Tiers) -> Option<&'a Level> {
    tiers.levels.get(rank(wallet, tiers))
}

/// The day on which a level above the lowest is judged next: twelve months after it was attained,
/// assigned or last kept, in the program's zone. The lowest has none.
pub fn anniversary(wallet: &Wallet, program: &Program) -> Option<NaiveDate> {
    let review_at = wallet.standing.as_ref()?.review_at?;
    Some(program.zone.date(review_at))
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
    let unknown = || Refusal::UnknownLevel(assign.level.clone());
    let tiers = program.tiers.as_ref().ok_or_else(unknown)?;
    let rank = tiers.rank(&assign.level).ok_or_else(unknown)?;
    let mut draft = Draft::open(wallet, now);
    let before = draft.wallet().standing.clone();
    let standing = attained(program, &assign.level, now);
    set(&mut draft, tiers, (rank > 0).then_some(standing));
    let detail = Detail::TierAssignment(Assigned {
        assignment: assign.assignment.clone(),
        level: assign.level.clone(),
        before,
        reason: assign.reason.clone(),
        actor: assign.actor.clone(),
    });
    Ok(Decision::Append(draft.close(detail)))
}

/// Raises the member to the highest level that the window now supports; `order` is what brought it
/// there, if an order did. Returns whether that is a higher one than before.
pub(crate) fn reach(draft: &mut Draft, program: &Program, order: Option<&OrderId>) -> bool {
    let Some(tiers) = &program.tiers else {
        return false;
    };
    let Some(level) = tiers.supported(window(draft.wallet(), tiers)) else {
        return false;
    };
    let higher = tiers.rank(&level.handle) > Some(rank(draft.wallet(), tiers));
    if higher {
        let before = draft.wallet().standing.clone().map(Box::new);
        let reached =
            order.map(|order| Reached { order: order.clone(), is_returned: false, before });
        let standing = attained(program, &level.handle, draft.now());
        set(draft, tiers, Some(Standing { reached, ..standing }));
    }
    higher
}

/// Takes back the levels that a returned order reached and the window no longer supports: the
/// member has the one before again, or one that lies between. Where the anniversary of that has passed in the meantime, it is
/// judged now.
pub(crate) fn take_back(draft: &mut Draft, program: &Program, order: &OrderId) {
    let Some(tiers) = &program.tiers else { return };
    let window = window(draft.wallet(), tiers);
    let before = draft.wallet().standing.clone();
    let mut after = before.clone().and_then(|standing| left_by(standing, order, tiers, window));
    if let Some(standing) = &after {
        let now = draft.now();
        if standing.review_at.is_some_and(|review_at| review_at <= now) {
            after = judged(program, tiers, &standing.level, window, now);
        }
    }
    if after != before {
        set(draft, tiers, after);
    }
}

/// What a return of `order` leaves of a level and of those beneath it. A level that an order
/// reached stands, once some of that order has come back, as long as the window supports it, so
/// that returns in any order end alike. Of an order that passed several levels at once the highest
/// is left that what it has kept would have reached.
fn left_by(standing: Standing, order: &OrderId, tiers: &Tiers, window: Points) -> Option<Standing> {
    let Some(reached) = standing.reached else { return Some(standing) };
    let before = reached.before.and_then(|before| left_by(*before, order, tiers, window));
    let is_returned = reached.is_returned || reached.order == *order;
    let own = tiers.rank(&standing.level).and_then(|rank| tiers.levels.get(rank));
    let mut level = standing.level;
    if is_returned && own.is_some_and(|level| window < level.attain) {
        let under = before.as_ref().and_then(|it| tiers.rank(&it.level)).or(Some(0));
        let passed = tiers.supported(window).filter(|it| under < tiers.rank(&it.handle));
        let Some(passed) = passed else { return before };
        level = passed.handle.clone();
    }
    let before = before.map(Box::new);
    let reached = Some(Reached { order: reached.order, is_returned, before });
    Some(Standing { level, reached, ..standing })
}

fn set(draft: &mut Draft, tiers: &Tiers, standing: Option<Standing>) {
    let before = level(draft.wallet(), tiers).map(|level| level.handle.clone());
    let lowest = tiers.levels.first().map(|level| &level.handle);
    let after = standing.as_ref().map(|standing| &standing.level).or(lowest).cloned();
    if let (Some(before), Some(after)) = (before, after) {
        draft.set_standing(standing, LevelChange { before, after });
    }
}

fn rank(wallet: &Wallet, tiers: &Tiers) -> usize {
    let standing = wallet.standing.as_ref();
    standing.and_then(|standing| tiers.rank(&standing.level)).unwrap_or(0)
}

#[cfg(test)]
mod tests;

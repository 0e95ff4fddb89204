//! Returns: points for what came back are taken back (DESIGN 5.4).
//!
//! Points kept are what the purchase's own formula gives for what has not come back; what is taken
//! is the difference from what was still credited. It is counted from the purchase on, so returns
//! in any split end alike and a full return leaves nothing.
//!
//! | taken | from |
//! |---|---|
//! | first | what the order's lot lost at its expiry: the order's share of that is excused |
//! | then | that lot, or the one it merged into, pending or available |
//! | then | other available points, soonest expiry first; other pending ones |
//! | the rest | by the definition's policy: owed, forgiven, or the return is refused |
//!
//! A return moves points only. Money, and value that a redemption took, go back by a refund.

use std::collections::BTreeMap;
use std::convert::Infallible;

use thiserror::Error;

use crate::allocation;
use crate::amount::{Minor, Points, Units};
use crate::award::is_ahead;
use crate::draft::{ClawedBack, Draft, OwnLot};
use crate::entry::{Decision, Detail, Entry};
use crate::id::{Handle, LineId, ReturnId};
use crate::posting::{Posting, PostingReason};
use crate::program::{ClawbackPolicy, Program, Tiers};
use crate::purchase::Purchased;
use crate::tier;
use crate::time::Instant;
use crate::wallet::Wallet;

/// Some of an order came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The caller's id, unique within the order.
    pub id: ReturnId,
    /// When it came back.
    pub returned_at: Instant,
    /// How much of the net of which line came back, each line once.
    pub lines: Vec<(LineId, Minor)>,
}

/// A return as it was decided. Like every line of an order, it says how the order stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The caller's id.
    pub id: ReturnId,
    /// When it came back.
    pub returned_at: Instant,
    /// The order as it was recorded.
    pub purchased: Purchased,
    /// How much of the net of each of its lines has come back, with this and all earlier returns.
    pub came_back: Vec<Minor>,
    /// What the order earned, in the order in which it did.
    pub earned: Vec<Earned>,
    /// What this return takes back, by definition in the same order. One of which it takes nothing
    /// is left out.
    pub taken: Vec<Taken>,
}

/// Points of one definition that an order earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    /// The definition.
    pub points: Handle,
    /// How many went into a lot and have not been taken back from it. The others repaid debt.
    pub into_lot: Points,
    /// From when the lot can be spent; `None` for tier points.
    pub accrue_at: Option<Instant>,
    /// From when it no longer can; `None`: never.
    pub expires_at: Option<Instant>,
    /// Whether they were past their expiry when they came, and went in the same line.
    pub is_expired: bool,
    /// How many this and earlier returns did not take, because the lot had lost them.
    pub excused: Points,
}

/// Points of one definition that a return takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The definition.
    pub points: Handle,
    /// How many in all: what lots lost and what became debt is posted; the rest is the next two.
    pub amount: Points,
    /// How many of them had expired with the order's lot.
    pub excused: Points,
    /// How many of them the policy of the definition forgives.
    pub forgiven: Points,
}

/// An order by its newest line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    purchased: Purchased,
    came_back: Vec<Minor>,
    earned: Vec<Earned>,
}

/// Why a return is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member has no such order: it may still come.
    #[error("the member has no such order yet")]
    OrderUnknown,
    /// Dated too far ahead of the clock.
    #[error("is more than 5 minutes ahead of the clock")]
    InTheFuture,
    /// The order has no such line.
    #[error("is no line of the order")]
    UnknownLine {
        /// Its place in the request, from 0.
        index: usize,
    },
    /// More of a line than has not come back yet.
    #[error("only so much of the line has not come back yet")]
    ExceedsOrder {
        /// Its place in the request, from 0.
        index: usize,
        /// What has not.
        left: Minor,
    },
    /// The definition's policy refuses to take more than is there.
    #[error("fewer `{points}` points are there than the return takes back")]
    InsufficientValue {
        /// The definition.
        points: Handle,
        /// How many are there, pending ones too.
        available: Points,
    },
}

impl History {
    /// The history told by the newest line of an order; `None` for a line of anything else.
    pub fn of(entry: &Entry) -> Option<Self> {
        match &entry.line.detail {
            Detail::Purchase(purchased) => Some(Self {
                purchased: purchased.clone(),
                came_back: vec![Minor::ZERO; purchased.lines.len()],
                earned: earned(&entry.line.postings, entry.recorded_at),
            }),
            Detail::Return(returned) => Some(Self {
                purchased: returned.purchased.clone(),
                came_back: returned.came_back.clone(),
                earned: returned.earned.clone(),
            }),
            _ => None,
        }
    }

    /// The order as it was recorded.
    pub fn purchased(&self) -> &Purchased {
        &self.purchased
    }

    /// How much of each line has come back after one more return.
    fn and(&self, lines: &[(LineId, Minor)]) -> Result<Vec<Minor>, Refusal> {
        let mut after = self.came_back.clone();
        for (index, (id, net)) in lines.iter().enumerate() {
            let mut all = self.purchased.lines.iter().zip(&mut after);
            let found = all.find(|(line, _)| line.id == *id);
            let (line, came_back) = found.ok_or(Refusal::UnknownLine { index })?;
            let left = line.net.checked_sub(*came_back).unwrap_or(Minor::ZERO);
            let total = came_back.checked_add(*net).filter(|total| *total <= line.net);
            *came_back = total.ok_or(Refusal::ExceedsOrder { index, left })?;
        }
        Ok(after)
    }
}

/// What came in with a purchase, by its postings. The one after says what of it repaid debt.
fn earned(postings: &[Posting], recorded_at: Instant) -> Vec<Earned> {
    let following = postings.iter().skip(1).map(Some).chain([None]);
    let came_in = postings.iter().zip(following);
    let came_in = came_in.filter(|(posting, _)| posting.reason == PostingReason::Issued);
    let earned = came_in.map(|(posting, next)| {
        let repaid = next.filter(|next| next.reason == PostingReason::DebtRepaid);
        let repaid = repaid.map_or(Units::ZERO, |next| next.amount.magnitude());
        let (_, into_lot) = posting.amount.magnitude().take_up_to(repaid);
        Earned {
            points: posting.asset.definition().clone(),
            into_lot: into_lot.into(),
            accrue_at: posting.accrue_at,
            expires_at: posting.expires_at,
            is_expired: posting.expires_at.is_some_and(|expires_at| expires_at <= recorded_at),
            excused: Points::ZERO,
        }
    });
    earned.collect()
}

/// Takes back the points of what came back, and the level that they had reached.
///
/// `settled` has the postings of the first line from each instant on that an earlier answer of
/// [`Decision::NeedsSettled`] asked for; none where there is no such line yet.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    history: Option<&History>,
    request: &Return,
    settled: &BTreeMap<Instant, Vec<Posting>>,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let history = history.ok_or(Refusal::OrderUnknown)?;
    if is_ahead(request.returned_at, now) {
        return Err(Refusal::InTheFuture);
    }
    let after = history.and(&request.lines)?;
    let mut draft = Draft::open(wallet, now);
    let unknown = unsettled(history, &draft, settled);
    if !unknown.is_empty() {
        return Ok(Decision::NeedsSettled(unknown));
    }
    let (mut earned, mut taken) = (history.earned.clone(), Vec::new());
    for each in &mut earned {
        let kept = |came_back: &[Minor]| {
            let kept = history.purchased.points(&each.points, came_back);
            // The purchase was recorded, and what is left of it earns no more.
            kept.unwrap_or(Points::ZERO)
        };
        let amount = kept(&history.came_back).checked_sub(kept(&after)).unwrap_or(Points::ZERO);
        if !amount.is_zero() {
            taken.push(take(&mut draft, program, each, settled, amount)?);
        }
    }
    let purchased = history.purchased.clone();
    let counts = |tiers: &Tiers| taken.iter().any(|taken| taken.points == tiers.points);
    if program.tiers.as_ref().is_some_and(counts) {
        tier::take_back(&mut draft, program, &purchased.order);
    }
    let (id, returned_at) = (request.id.clone(), request.returned_at);
    let returned = Returned { id, returned_at, purchased, came_back: after, earned, taken };
    Ok(Decision::Append(draft.close(Detail::Return(returned))))
}

/// When lots of the order expired of which it is not known yet what they had lost.
fn unsettled(
    history: &History,
    draft: &Draft,
    settled: &BTreeMap<Instant, Vec<Posting>>,
) -> Vec<Instant> {
    let expired = history.earned.iter().filter_map(|each| {
        let expires_at = each.expires_at.filter(|expires_at| *expires_at <= draft.now())?;
        let is_known = settled.contains_key(&expires_at) || lost(draft.postings(), each).is_some();
        (!is_known && !each.is_expired && !each.into_lot.is_zero()).then_some(expires_at)
    });
    let mut expired: Vec<Instant> = expired.collect();
    expired.sort_unstable();
    expired.dedup();
    expired
}

/// What the lot of an order lost at its expiry, and how many were ever in it.
fn lost(postings: &[Posting], earned: &Earned) -> Option<(Units, Units)> {
    let expired = postings.iter().find(|posting| {
        posting.reason == PostingReason::Expired
            && posting.id.is_none()
            && *posting.asset.definition() == earned.points
            && posting.expires_at == earned.expires_at
            && posting.expires_at == Some(posting.at)
            && posting.lot_issued.is_some()
    });
    expired.and_then(|posting| Some((posting.amount.magnitude(), posting.lot_issued?)))
}

/// Takes back so many points of what an order earned.
fn take(
    draft: &mut Draft,
    program: &Program,
    earned: &mut Earned,
    settled: &BTreeMap<Instant, Vec<Posting>>,
    amount: Points,
) -> Result<Taken, Refusal> {
    let share = excusable(draft, earned, settled);
    let (_, share_left) = share.take_up_to(earned.excused);
    let (excused, owed) = amount.take_up_to(share_left);
    // No more than the share.
    earned.excused = earned.excused.checked_add(excused).unwrap_or(share);
    let policy = program.points(&earned.points).map_or(ClawbackPolicy::Debt, |it| it.clawback);
    let Earned { into_lot: count, accrue_at, expires_at, .. } = *earned;
    let own = OwnLot { count, accrue_at, expires_at };
    let clawed_back = draft.claw_back(&earned.points, owed, policy, own);
    let ClawedBack { own, forgiven } = clawed_back.map_err(|short| Refusal::InsufficientValue {
        points: earned.points.clone(),
        available: short.available.into(),
    })?;
    (_, earned.into_lot) = count.take_up_to(own);
    Ok(Taken { points: earned.points.clone(), amount, excused, forgiven })
}

/// The order's share of what its lot lost at its expiry: its points in proportion to all that were
/// ever in the lot, rounded down.
fn excusable(draft: &Draft, earned: &Earned, settled: &BTreeMap<Instant, Vec<Posting>>) -> Points {
    if earned.is_expired {
        return earned.into_lot;
    }
    let before = earned.expires_at.and_then(|expires_at| settled.get(&expires_at));
    let found = lost(draft.postings(), earned);
    let found = found.or_else(|| before.and_then(|postings| lost(postings, earned)));
    let Some((lost, issued)) = found else { return Points::ZERO };
    let own = Units::from(earned.into_lot).min(issued);
    let share = allocation::returned(lost.get(), own.into(), issued.into());
    // No more than was lost.
    Points::try_from(share).unwrap_or(lost.into())
}

#[cfg(test)]
mod tests;

//! What a line makes of a member's level.

use std::iter::successors;

use super::Misfit;
use super::comparison::level as say;
use crate::entry::{Detail, Entry};
use crate::id::{Handle, OrderId};
use crate::returns::{Earned, Returned};
use crate::time::Instant;
use crate::wallet::{Reached, Standing, Wallet};

/// An anniversary is the start of a day twelve months later: so many days, as leap years and zones
/// have it.
const YEAR_DAYS: (i64, i64) = (363, 368);
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The level after a line: judged at its anniversaries, and then changed by what was asked. What it
/// must be is not always told by the line; then what is printed counts when it can have come from
/// the level before.
pub(super) fn after(before: &Wallet, entry: &Entry, misfits: &mut Vec<Misfit>) -> Option<Standing> {
    let judged = judged(before, entry, misfits);
    let printed = entry.line.wallet.standing.as_ref();
    let now = entry.recorded_at;
    let change = entry.line.level.as_ref();
    if let (Some(change), Some(judged)) = (change, &judged)
        && change.before != judged.level
    {
        let (expected, found) = (judged.level.to_string(), change.before.to_string());
        misfits.push(Misfit::Level { expected, found });
    }
    match (&entry.line.detail, change) {
        (Detail::Return(returned), _) => {
            let order = &returned.purchased.order;
            let (may_take, must_take) = takes_levels(returned);
            let is_sound = !must_take && judged.as_ref() == printed
                || may_take && is_left_by(judged.as_ref(), order, printed)
                || may_take && was_judged_late(judged.as_ref(), printed, now);
            let level = |it: &Standing| it.level.clone();
            let is_other = judged.as_ref().map(level) != printed.map(level);
            // Of the lowest level only the line's word tells the name.
            let says = change.filter(|it| printed.is_none_or(|there| there.level == it.after));
            let is_said = if is_other { says.is_some() } else { change.is_none() };
            if !is_sound || !is_said {
                let expected =
                    format!("what a return of {order} leaves of {}", say(judged.as_ref()));
                misfits.push(Misfit::Level { expected, found: say(printed) });
            }
            printed.cloned()
        }
        (Detail::TierAssignment(assigned), _) => {
            if assigned.before != judged {
                let (expected, found) = (say(judged.as_ref()), say(assigned.before.as_ref()));
                misfits.push(Misfit::Level { expected, found });
            }
            let stays = judged.as_ref().map_or(printed.is_none(), |it| it.level == assigned.level);
            if !change.map_or(stays, |change| change.after == assigned.level) {
                let (expected, found) = (assigned.level.to_string(), format!("{change:?}"));
                misfits.push(Misfit::Level { expected, found });
            }
            // Of the lowest level nothing is printed.
            printed.is_some().then(|| fresh(&assigned.level, None, printed, now))
        }
        (Detail::Purchase(purchased), Some(change)) => {
            let before = judged.map(Box::new);
            let order = purchased.order.clone();
            let reached = Some(Reached { order, is_returned: false, before });
            Some(fresh(&change.after, reached, printed, now))
        }
        (_, Some(change)) => Some(fresh(&change.after, None, printed, now)),
        (_, None) => judged,
    }
}

/// A level attained now. Its anniversary is printed, and nowhere else.
fn fresh(
    level: &Handle,
    reached: Option<Reached>,
    printed: Option<&Standing>,
    now: Instant,
) -> Standing {
    let review_at = printed.filter(|it| it.since == now).and_then(|it| it.review_at);
    let review_at = review_at.filter(|it| is_anniversary(*it, now));
    Standing { level: level.clone(), since: now, review_at, reached }
}

/// The level after the anniversaries of which the line tells; all that have passed must be among
/// them.
fn judged(before: &Wallet, entry: &Entry, misfits: &mut Vec<Misfit>) -> Option<Standing> {
    let mut standing = before.standing.clone();
    let (mut reviews, now) = (entry.line.reviews.iter().peekable(), entry.recorded_at);
    while let Some(due) = standing.as_ref().and_then(|it| it.review_at).filter(|it| *it <= now) {
        let level = standing.as_ref().map(|standing| standing.level.clone());
        let Some(review) = reviews.next() else {
            let expected = format!("judged at {due}");
            misfits.push(Misfit::Level { expected, found: "not judged".to_owned() });
            return standing;
        };
        if review.at != due || Some(&review.before) != level.as_ref() {
            let expected = format!("{}, judged at {due}", say(standing.as_ref()));
            let found = format!("{} judged at {}", review.before, review.at);
            misfits.push(Misfit::Level { expected, found });
        }
        let next = reviews.peek().map(|next| next.at);
        let review_at = next.or_else(|| anniversary(entry, review.at));
        let review_at = review_at.filter(|it| is_anniversary(*it, review.at));
        standing = review.after.clone().map(|level| Standing {
            level,
            since: review.at,
            review_at,
            reached: None,
        });
    }
    if let Some(review) = reviews.next() {
        let found = format!("judged at {}", review.at);
        misfits.push(Misfit::Level { expected: "not judged".to_owned(), found });
    }
    standing
}

/// The anniversary of a level that was had since an instant, as the line prints it: of the level itself,
/// beneath one that an order reached, or of what was had before another was assigned.
fn anniversary(entry: &Entry, since: Instant) -> Option<Instant> {
    let assigned = match &entry.line.detail {
        Detail::TierAssignment(assigned) => assigned.before.as_ref(),
        _ => None,
    };
    let printed = entry.line.wallet.standing.as_ref();
    let printed = successors(printed, |it| it.reached.as_ref()?.before.as_deref());
    let mut standings = printed.chain(assigned);
    standings.find(|it| it.since == since)?.review_at
}

fn is_anniversary(review_at: Instant, since: Instant) -> bool {
    let (least, most) = YEAR_DAYS;
    let days = review_at.millis().saturating_sub(since.millis()).div_euclid(DAY_MILLIS);
    (least..=most).contains(&days)
}

/// Whether a return can take levels back, and whether it has to: tier points count at once, unlike
/// others that an order earns, and only those of one definition count towards the levels.
fn takes_levels(returned: &Returned) -> (bool, bool) {
    let is_taken = |earned: &Earned| returned.taken.iter().any(|it| it.points == earned.points);
    let tier = || returned.earned.iter().filter(|earned| earned.accrue_at.is_none());
    let may_take = tier().any(is_taken);
    (may_take, may_take && tier().all(is_taken))
}

/// Whether a return of `order` can leave `after` of a level: levels that a returned order reached
/// may go, or be another that the order passed, and say that some of it came back when they stay.
fn is_left_by(before: Option<&Standing>, order: &OrderId, after: Option<&Standing>) -> bool {
    let Some(standing) = before else { return after.is_none() };
    let Some(reached) = &standing.reached else { return before == after };
    let is_returned = reached.is_returned || reached.order == *order;
    let stays = after.is_some_and(|after| {
        let is_it = (standing.since, standing.review_at) == (after.since, after.review_at)
            && (is_returned || standing.level == after.level);
        let of = after.reached.as_ref();
        is_it
            && of.is_some_and(|of| {
                (&of.order, of.is_returned) == (&reached.order, is_returned)
                    && is_left_by(reached.before.as_deref(), order, of.before.as_deref())
            })
    });
    stays || (is_returned && is_left_by(reached.before.as_deref(), order, after))
}

/// Whether a return gave a level back whose anniversary had passed in the meantime, so that it was
/// judged in the same line.
fn was_judged_late(before: Option<&Standing>, after: Option<&Standing>, now: Instant) -> bool {
    let mut beneath = before.and_then(|standing| standing.reached.as_ref());
    while let Some(reached) = beneath {
        let Some(standing) = reached.before.as_deref() else { return false };
        let is_fresh = after.is_none_or(|after| {
            let is_due = after.review_at.is_none_or(|it| is_anniversary(it, now));
            after.since == now && after.reached.is_none() && is_due
        });
        if standing.review_at.is_some_and(|review_at| review_at <= now) && is_fresh {
            return true;
        }
        beneath = standing.reached.as_ref();
    }
    false
}

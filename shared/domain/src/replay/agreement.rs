//! Whether what a line says it did is what it posted.

mod whole;

use super::Misfit;
use crate::amount::Change;
use crate::asset::Asset;
use crate::card::{CardStep, End};
use crate::entry::{Detail, Entry, Line};
use crate::id::Handle;
use crate::posting::{Posting, PostingReason};
use crate::redeem::{Captured, Opened, Plan};
use crate::wallet::{Draw, Wallet};

/// Whether a line of this kind may post for a reason. What falls due with time any line posts, and
/// whatever comes in repays debt.
pub(super) fn posts(detail: &Detail, reason: PostingReason) -> bool {
    use PostingReason as Reason;
    if matches!(reason, Reason::Expired | Reason::Voided | Reason::DebtRepaid) {
        return true;
    }
    match detail {
        Detail::Purchase(_) | Detail::Award(_) | Detail::Issue(_) | Detail::CardIssue(_) => {
            reason == Reason::Issued
        }
        Detail::Return(_) => matches!(reason, Reason::Reversed | Reason::DebtIncurred),
        Detail::Adjustment(_) => reason == Reason::Adjusted,
        Detail::Redemption(_) | Detail::Capture(_) => reason == Reason::Redeemed,
        Detail::Refund(_) => reason == Reason::Reinstated,
        Detail::Conversion(_) => matches!(reason, Reason::ConvertedOut | Reason::ConvertedIn),
        Detail::Transfer(_) => reason == Reason::TransferredOut,
        Detail::CardEnd(it) => it.end != End::Voided && reason == Reason::TransferredOut,
        Detail::TransferRefund(_) => reason == Reason::TransferredIn,
        Detail::CardCredit(_) => matches!(reason, Reason::TransferredIn | Reason::Reinstated),
        Detail::CardPart(part) => match part.step {
            CardStep::Spent | CardStep::Captured => reason == Reason::Redeemed,
            CardStep::Refunded(_) => reason == Reason::Reinstated,
            CardStep::Held(_) | CardStep::Released => false,
        },
        Detail::Facts { .. }
        | Detail::TierAssignment(_)
        | Detail::Void(_)
        | Detail::Extension(_)
        | Detail::Release(_)
        | Detail::Settlement => false,
    }
}

/// Of the postings that a line ends with and that take what a plan or a transfer drew: whether each
/// was of a lot in its grace, which a posting does not say.
pub(super) fn graces(line: &Line) -> Vec<bool> {
    let of_plan = |plan: &Plan| plan.draws().flat_map(of_draw).collect();
    match &line.detail {
        Detail::Redemption(Opened { plan, lapses_at: None, .. })
        | Detail::Capture(Captured { plan, .. }) => of_plan(plan),
        Detail::Transfer(transferred) => of_draw(&transferred.draw).collect(),
        _ => Vec::new(),
    }
}

/// Whether a refund gives back what a posting ends: what was in its grace, or else what was not, as
/// the posting has it.
pub(super) fn gives_back(detail: &Detail, posting: &Posting) -> bool {
    let drawn: Vec<&Draw> = match detail {
        Detail::Refund(refunded) => refunded.plan.draws().collect(),
        Detail::TransferRefund(refunded) => vec![&refunded.transferred.draw],
        _ => Vec::new(),
    };
    let is_grace = posting.lot_issued.is_none();
    let drawn = drawn.into_iter().filter(|draw| draw.asset == posting.asset);
    let mut lots = drawn.flat_map(|draw| &draw.lots);
    lots.any(|drawn| (drawn.expires_at, drawn.is_grace) == (posting.expires_at, is_grace))
}

fn of_draw(draw: &Draw) -> impl Iterator<Item = bool> {
    draw.lots.iter().map(|drawn| drawn.is_grace)
}

/// Where the amounts of a line's detail are not those of its postings.
pub(super) fn misfits(entry: &Entry, before: &Wallet) -> Vec<Misfit> {
    let of = Posted { postings: &entry.line.postings };
    let mut misfits = Vec::new();
    let mut require = |member, posted: i64, says: i64| {
        if posted != says {
            let (posted, says) = (posted.to_string(), says.to_string());
            misfits.push(Misfit::Detail { member, posted, says });
        }
    };
    let plus = |units: u64| units.cast_signed();
    let minus = |units: u64| 0_i64.saturating_sub(units.cast_signed());
    match &entry.line.detail {
        Detail::Facts { first, .. } => {
            require("first", i64::from(before.facts.is_none()), i64::from(*first));
        }
        Detail::Adjustment(it) => {
            let adjusted = of.of(PostingReason::Adjusted);
            let own = adjusted.filter(|posting| is_of_points(posting, &it.points));
            require("points", sum(own), of.sum(PostingReason::Adjusted));
            require("amount", of.sum(PostingReason::Adjusted), it.amount.get());
        }
        Detail::Void(it) => {
            let voided = |posting: &&Posting| {
                let is_it = posting.id.as_ref() == Some(&it.id);
                is_it && posting.amount == Change::minus(it.amount)
            };
            let is_posted = of.of(PostingReason::Voided).any(|posting| voided(&posting));
            require(
                "amount",
                if is_posted { minus(it.amount.get()) } else { 0 },
                minus(it.amount.get()),
            );
        }
        Detail::Return(it) => {
            let mut total = 0_i64;
            for taken in &it.taken {
                let reversed = of.of(PostingReason::Reversed);
                let own = sum(reversed.filter(|it| *it.asset.definition() == taken.points));
                let kept = plus(taken.excused.get()).saturating_add(plus(taken.forgiven.get()));
                require("taken", own, kept.saturating_sub(plus(taken.amount.get())));
                total = total.saturating_add(own);
            }
            require("taken", of.sum(PostingReason::Reversed), total);
        }
        Detail::Conversion(it) => {
            let out = of.of(PostingReason::ConvertedOut);
            let own = out.filter(|posting| is_of_points(posting, &it.points));
            require("points", sum(own), of.sum(PostingReason::ConvertedOut));
            require("amount", of.sum(PostingReason::ConvertedOut), minus(it.amount.get()));
        }
        Detail::TransferRefund(it) => {
            require("amount", of.sum(PostingReason::TransferredIn), plus(it.amount.get()));
        }
        Detail::CardPart(it) => match it.step {
            CardStep::Spent | CardStep::Captured => {
                require("amount", of.sum(PostingReason::Redeemed), minus(it.amount.get()));
            }
            CardStep::Refunded(_) => {
                require("amount", of.sum(PostingReason::Reinstated), plus(it.amount.get()));
            }
            CardStep::Held(_) | CardStep::Released => {}
        },
        Detail::CardEnd(it) => {
            let own = match it.end {
                End::Voided => PostingReason::Voided,
                End::Claimed(_) | End::Reverted | End::Cancelled => PostingReason::TransferredOut,
            };
            require("amount", of.sum(own), minus(it.amount.get()));
        }
        Detail::Purchase(it) => {
            let is_changed = it.tier.as_ref().is_some_and(|tier| tier.changed);
            require("tier", i64::from(entry.line.level.is_some()), i64::from(is_changed));
        }
        Detail::Award(_)
        | Detail::TierAssignment(_)
        | Detail::Issue(_)
        | Detail::Transfer(_)
        | Detail::Extension(_)
        | Detail::Redemption(_)
        | Detail::Capture(_)
        | Detail::Release(_)
        | Detail::Refund(_)
        | Detail::CardCredit(_)
        | Detail::CardIssue(_)
        | Detail::Settlement => {}
    }
    misfits.extend(whole::misfits(entry, before));
    misfits
}

fn is_of_points(posting: &Posting, points: &Handle) -> bool {
    matches!(&posting.asset, Asset::Points(definition) if definition == points)
}

struct Posted<'a> {
    postings: &'a [Posting],
}

impl<'a> Posted<'a> {
    fn of(&self, reason: PostingReason) -> impl Iterator<Item = &'a Posting> + use<'a> {
        self.postings.iter().filter(move |posting| posting.reason == reason)
    }

    fn sum(&self, reason: PostingReason) -> i64 {
        sum(self.of(reason))
    }
}

fn sum<'a>(postings: impl Iterator<Item = &'a Posting>) -> i64 {
    postings.fold(0, |sum, posting| sum.saturating_add(posting.amount.get()))
}

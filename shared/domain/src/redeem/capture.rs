//! Capture: what a hold set aside is spent, in full or in part.

use thiserror::Error;

use crate::amount::{Minor, Points};
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::LineId;
use crate::posting::PostingReason;
use crate::time::Instant;
use crate::wallet::{Pin, Wallet};

use super::{Captured, History, Plan, Status};

/// How much of a hold to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Full,
    /// So much tender; discounts stay. Points are a discount, so there is no tender to capture
    /// a part of.
    Amount(Minor),
    /// These parts of lines, before discounts; the discounts of the rest go back.
    Lines(Vec<(LineId, Minor)>),
}

/// Why nothing is captured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member has no such redemption.
    #[error("the member has no such redemption")]
    UnknownRedemption,
    /// It was released or has lapsed.
    #[error("the redemption is {}", .0.as_str())]
    HoldNotActive(Status),
    /// It was captured otherwise.
    #[error("the redemption was captured at once and in full")]
    CapturedInFull,
    /// The basket has no such line.
    #[error("is no line of the basket")]
    UnknownLine {
        /// Its place in the request, from 0.
        index: usize,
    },
    /// More tender than was held, or more of a line than it came to.
    #[error("is more than was held")]
    ExceedsHold {
        /// What was held.
        held: Minor,
    },
}

/// Spends what a hold set aside. What a part leaves goes back, last drawn first. Of a redemption
/// that was captured at once, capturing it in full again changes nothing.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    history: Option<&History>,
    part: &Part,
    now: Instant,
) -> Result<Decision<History>, Refusal> {
    let history = history.ok_or(Refusal::UnknownRedemption)?;
    let mut draft = Draft::open(wallet, now);
    match history.status(draft.wallet()) {
        Status::Held => {}
        Status::Captured if *part == Part::Full => {
            return Ok(Decision::Unchanged(history.clone()));
        }
        Status::Captured => return Err(Refusal::CapturedInFull),
        status @ (Status::Released | Status::Lapsed) => return Err(Refusal::HoldNotActive(status)),
    }
    let plan = captured_plan(history.recorded_plan(), part)?;
    let redemption = history.redemption().clone();
    let hold = draft.end_hold(&redemption);
    let pins = hold.map(|hold| hold.pins).unwrap_or_default();
    let (spent, returned) = divide(&plan, &pins);
    draft.spend(&spent, PostingReason::Redeemed);
    draft.put_back(&returned);
    Ok(Decision::Append(draft.close(Detail::Capture(Captured { redemption, plan }))))
}

fn captured_plan(held: &Plan, part: &Part) -> Result<Plan, Refusal> {
    match part {
        Part::Full => Ok(held.clone()),
        Part::Amount(amount) if amount.is_zero() => Ok(held.clone()),
        Part::Amount(_) => Err(Refusal::ExceedsHold { held: Minor::ZERO }),
        Part::Lines(lines) => {
            let mut captured = vec![Minor::ZERO; held.lines.len()];
            for (index, (id, amount)) in lines.iter().enumerate() {
                let unknown = Refusal::UnknownLine { index };
                let place = held.lines.iter().position(|line| line.id == *id);
                let place = place.ok_or(unknown.clone())?;
                let line = held.lines.get(place).ok_or(unknown.clone())?;
                if line.amount < *amount {
                    return Err(Refusal::ExceedsHold { held: line.amount });
                }
                *captured.get_mut(place).ok_or(unknown)? = *amount;
            }
            Ok(held.part(&captured))
        }
    }
}

/// Divides what was drawn into what the plan spends and what goes back: of each definition the
/// first drawn is spent first.
fn divide(plan: &Plan, pins: &[Pin]) -> (Vec<Pin>, Vec<Pin>) {
    let (mut spent, mut returned) = (Vec::new(), Vec::new());
    let mut unpaid: Vec<Points> = plan.discounts.iter().map(|discount| discount.count).collect();
    for pin in pins {
        let place = plan.discounts.iter().position(|discount| discount.points == pin.points);
        let budget = place.and_then(|place| unpaid.get_mut(place));
        let room = budget.as_deref().copied().unwrap_or(Points::ZERO);
        let (taken, left) = pin.amount.take_up_to(room);
        if let Some(budget) = budget {
            (_, *budget) = budget.take_up_to(taken);
        }
        let parts = [(taken, &mut spent), (left, &mut returned)];
        for (amount, pins) in parts {
            if !amount.is_zero() {
                pins.push(Pin { amount, ..pin.clone() });
            }
        }
    }
    (spent, returned)
}

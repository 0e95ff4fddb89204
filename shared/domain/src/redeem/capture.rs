//! Capture: what a hold set aside is spent, in full or in part.

use thiserror::Error;

use crate::account::{Accounts, Drafts, Missing};
use crate::amount::{Minor, Units};
use crate::entry::{Decision, Detail};
use crate::id::LineId;
use crate::time::Instant;
use crate::wallet::Draw;

use super::plan::{Back, Plan, less};
use super::{Captured, History, Status, cards};

/// How much of a hold to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Full,
    /// So much tender; discounts stay, and the rest of the tender goes back, last spent first.
    Amount(Minor),
    /// These parts of lines, before discounts; the discounts of the rest go back, and tender beyond
    /// what they come to.
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

/// Spends what a hold set aside. What a part leaves goes back, last drawn first; what of it has
/// expired meanwhile, expires. Of a redemption
/// that was captured at once, capturing it in full again changes nothing.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    history: Option<&History>,
    part: &Part,
    now: Instant,
) -> Result<Decision<History>, Refusal> {
    let history = history.ok_or(Refusal::UnknownRedemption)?;
    let mut drafts = Drafts::open(accounts.into(), now);
    match history.status(drafts.own.wallet()) {
        Status::Held => {}
        Status::Captured if *part == Part::Full => {
            return Ok(Decision::Unchanged(history.clone()));
        }
        Status::Captured => return Err(Refusal::CapturedInFull),
        status @ (Status::Released | Status::Lapsed) => return Err(Refusal::HoldNotActive(status)),
    }
    let held = history.recorded_plan();
    let plan = captured_plan(history, part)?;
    if let Err(Missing(missing)) = drafts.require(cards::accounts(held)) {
        return Ok(Decision::Needs(missing));
    }
    let redemption = history.redemption().clone();
    let draft = &mut drafts.own;
    draft.end_hold(None, &redemption);
    draft.capture(&plan.draws().collect::<Vec<_>>(), &beyond(held, &plan));
    let parts = match cards::end(&mut drafts, history, &plan) {
        Ok(parts) => parts,
        Err(Missing(missing)) => return Ok(Decision::Needs(missing)),
    };
    Ok(drafts.close(Detail::Capture(Captured { redemption, plan }), parts))
}

fn captured_plan(history: &History, part: &Part) -> Result<Plan, Refusal> {
    let held = history.recorded_plan();
    let plan = match part {
        Part::Full => held.clone(),
        Part::Amount(amount) if held.tendered() < *amount => {
            return Err(Refusal::ExceedsHold { held: held.tendered() });
        }
        // Of a basket the till takes the rest by other means; a card alone has no more of it.
        Part::Amount(amount) if history.member().is_none() => {
            held.without(&uncaptured(held, &[(LineId::of_card(), *amount)])?)
        }
        Part::Amount(amount) => held.clone().with_tender_up_to(*amount),
        Part::Lines(lines) => held.without(&uncaptured(held, lines)?),
    };
    Ok(Plan { passed_over: Vec::new(), ..plan })
}

/// What goes back when only these parts of lines are captured.
fn uncaptured(held: &Plan, lines: &[(LineId, Minor)]) -> Result<Back, Refusal> {
    let mut captured = vec![Minor::ZERO; held.lines.len()];
    for (index, (id, amount)) in lines.iter().enumerate() {
        let mut places = held.lines.iter().zip(&mut captured);
        let found = places.find(|(line, _)| line.id == *id);
        let (line, captured) = found.ok_or(Refusal::UnknownLine { index })?;
        if line.amount < *amount {
            return Err(Refusal::ExceedsHold { held: line.amount });
        }
        *captured = *amount;
    }
    let mut back = Back::nothing(held);
    for (place, (line, captured)) in held.lines.iter().zip(captured).enumerate() {
        let rest = less(line.amount, captured);
        // The rest of a line is never more than the line.
        back.add(held, place, rest).map_err(|held| Refusal::ExceedsHold { held })?;
    }
    Ok(back)
}

/// What `held` takes beyond `captured`, asset by asset: of each lot what was drawn last.
fn beyond(held: &Plan, captured: &Plan) -> Vec<Draw> {
    let mut kept: Vec<&Draw> = captured.draws().collect();
    let rest = held.draws().map(|draw| {
        // A part of a draw begins with the same lot as the whole.
        let place = kept.iter().position(|part| is_part(part, draw));
        let amount = place.map_or(Units::ZERO, |place| kept.remove(place).amount());
        draw.split(amount).1
    });
    rest.filter(|draw| !draw.lots.is_empty()).collect()
}

fn is_part(part: &Draw, whole: &Draw) -> bool {
    let name = |draw: &Draw| draw.lots.first().map(|drawn| drawn.id.clone());
    part.asset == whole.asset && name(part) == name(whole)
}

#[cfg(test)]
mod tests;

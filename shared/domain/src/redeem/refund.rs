//! Refunds: what a captured redemption took goes back, in full or in part (DESIGN 5.12).
//!
//! | by | discounts | money |
//! |---|---|---|
//! | lines | in proportion to what is returned, see [`Back`] | the rest of what is returned |
//! | amount | stay | so much of the net price |
//!
//! Money goes to the tenders in the order they paid. Only what is left then is `external`, for the
//! till to pay back: gift-card money never becomes cash. Everything is counted from the capture
//! on, so that refunds in any split end exactly at what was captured.

use std::convert::Infallible;

use thiserror::Error;

use crate::account::{Accounts, Drafts, Missing};
use crate::amount::Minor;
use crate::asset::Asset;
use crate::draft::Grace;
use crate::entry::{Decision, Detail};
use crate::id::{CardNumber, LineId, LotId, RedemptionId, RefundId};
use crate::issue;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{Expiry, Program};
use crate::time::Instant;
use crate::wallet::Draw;

use super::plan::{Back, Plan, less, sum};
use super::{History, Status, cards};

/// A request to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The caller's id, unique within the redemption.
    pub refund: RefundId,
    /// How much.
    pub part: Part,
}

/// How much to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These parts of lines, before discounts, each more than nothing and each line once.
    Lines(Vec<(LineId, Minor)>),
    /// So much of the net price, more than nothing.
    Amount(Minor),
}

/// Value given back. Like every line of a redemption, it says how the redemption stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunded {
    /// Of this redemption.
    pub redemption: RedemptionId,
    /// The caller's id.
    pub refund: RefundId,
    /// The plan as it was captured.
    pub plan: Plan,
    /// What this and all earlier refunds gave back.
    pub refunds: Refunds,
    /// What this one gives back for gift cards, in the order they paid. What came to the wallet of
    /// the redemption itself is posted there instead.
    pub cards: Vec<CardRefunded>,
    /// What this one leaves for the till to pay back.
    pub external: Minor,
}

/// Money given back for a gift card: to the card, or to whoever it has come to since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRefunded {
    /// The card.
    pub number: CardNumber,
    /// How much.
    pub amount: Minor,
}

/// What refunds of a redemption have given back so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refunds {
    /// By lines.
    pub back: Back,
    /// By amount.
    pub by_amount: Minor,
}

/// Why nothing is given back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member has no such redemption.
    #[error("the member has no such redemption")]
    UnknownRedemption,
    /// It is held, or was released or has lapsed.
    #[error("the redemption is {}", .0.as_str())]
    NotCaptured(Status),
    /// The redemption has no such line.
    #[error("is no line of the redemption")]
    UnknownLine {
        /// Its place in the request, from 0.
        index: usize,
    },
    /// More of a line than is left of it.
    #[error("only so much of the line is left to refund")]
    ExceedsLine {
        /// Its place in the request, from 0.
        index: usize,
        /// What is left of it.
        left: Minor,
    },
    /// More money than is left of the net price.
    #[error("needs more money than refunds have left of the net price")]
    ExceedsRedemption {
        /// What is left.
        left: Minor,
    },
    /// The grace would end outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

impl Refunds {
    /// Nothing of a plan.
    pub(super) fn nothing(plan: &Plan) -> Self {
        Self { back: Back::nothing(plan), by_amount: Minor::ZERO }
    }

    /// Whether there was any refund.
    pub fn is_any(&self) -> bool {
        let lines = &self.back.lines;
        !self.by_amount.is_zero() || lines.iter().any(|line| !line.amount.is_zero())
    }

    /// How much money went back, wherever to.
    pub fn money(&self) -> Minor {
        sum([self.back.money(), self.by_amount].into_iter())
    }

    /// How much of it the till had to pay back.
    pub fn external(&self, plan: &Plan) -> Minor {
        less(self.money(), plan.tendered())
    }

    /// These and one more.
    fn and(&self, plan: &Plan, part: &Part) -> Result<Self, Refusal> {
        let mut after = self.clone();
        let exceeds = || Refusal::ExceedsRedemption { left: less(plan.net(), self.money()) };
        match part {
            Part::Amount(amount) => {
                after.by_amount = self.by_amount.checked_add(*amount).ok_or_else(exceeds)?;
            }
            Part::Lines(lines) => {
                for (index, (id, amount)) in lines.iter().enumerate() {
                    let place = plan.lines.iter().position(|line| line.id == *id);
                    let place = place.ok_or(Refusal::UnknownLine { index })?;
                    let added = after.back.add(plan, place, *amount);
                    added.map_err(|left| Refusal::ExceedsLine { index, left })?;
                }
            }
        }
        if plan.net() < after.money() { Err(exceeds()) } else { Ok(after) }
    }
}

/// Gives value back to the lots and cards it came from, in the line with `number`, which names the
/// new lots that it makes.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    program: &Program,
    history: Option<&History>,
    refund: &Refund,
    (number, now): (u64, Instant),
) -> Result<Decision<Infallible>, Refusal> {
    let history = history.ok_or(Refusal::UnknownRedemption)?;
    let mut drafts = Drafts::open(accounts.into(), now);
    match history.status(drafts.own.wallet()) {
        Status::Captured => {}
        status => return Err(Refusal::NotCaptured(status)),
    }
    let (plan, before) = (history.recorded_plan(), history.refunds());
    let after = before.and(plan, &refund.part)?;
    let given = given_back(plan, before, &after);
    let numbers = given.iter().filter_map(|(card, _)| card.as_ref());
    if let Err(Missing(missing)) = cards::Back::require(&mut drafts, numbers) {
        return Ok(Decision::Needs(missing));
    }
    let (mut back, mut refunded) = (cards::Back::new(history, &refund.refund), Vec::new());
    for (place, (card, draw)) in given.iter().enumerate() {
        let grace = grace(program, &draw.asset, now).ok_or(Refusal::OutsideTheCalendar)?;
        if matches!(draw.asset, Asset::GiftCard(..)) {
            match back.give(&mut drafts, card.as_ref(), draw.amount(), grace.until) {
                Ok(given) => refunded.extend(given?),
                Err(Missing(missing)) => return Ok(Decision::Needs(missing)),
            }
            continue;
        }
        let fresh = LotId::of_entry(number, place.saturating_add(1));
        for drawn in &draw.lots {
            let reason = PostingReason::Reinstated;
            drafts.own.reinstate(&draw.asset, drawn, reason, (grace, &fresh))?;
        }
    }
    let external = less(after.external(plan), before.external(plan));
    let refunded = Refunded {
        redemption: history.redemption().clone(),
        refund: refund.refund.clone(),
        plan: plan.clone(),
        refunds: after,
        cards: refunded,
        external,
    };
    Ok(drafts.close(Detail::Refund(refunded), back.into_lines()))
}

/// What goes back from one state of the refunds to the next, and to which gift card.
fn given_back(plan: &Plan, before: &Refunds, after: &Refunds) -> Vec<(Option<CardNumber>, Draw)> {
    let discounts = plan.discounts.iter().enumerate().map(|(place, discount)| {
        let units = |refunds: &Refunds| refunds.back.units(plan, place);
        (None, discount.draw.between(units(before), units(after)))
    });
    let mut paid_before = Minor::ZERO;
    let tenders = plan.tenders.iter().map(|tender| {
        // The money of a tender is what comes after that of those which paid before it.
        let of = |refunds: &Refunds| less(refunds.money(), paid_before).min(tender.amount());
        let draw = tender.draw.between(of(before).into(), of(after).into());
        paid_before = sum([paid_before, tender.amount()].into_iter());
        (tender.card.clone(), draw)
    });
    discounts.chain(tenders).filter(|(_, draw)| !draw.lots.is_empty()).collect()
}

/// What becomes of an asset's value that comes back after its expiry. `None` outside the calendar.
pub(crate) fn grace(program: &Program, asset: &Asset, now: Instant) -> Option<Grace> {
    let period = program.reinstate_grace;
    let expiry = (!period.is_zero()).then(|| Expiry::after(period));
    let until = issue::expires_at(program, expiry, now)?;
    let is_never_forfeited = match asset {
        // A definition that is not known here yet is newer: nothing is forfeited by mistake.
        Asset::Credit(definition, _) => {
            program.credit(definition).is_none_or(|definition| definition.kind.is_never_forfeited())
        }
        Asset::GiftCard(..) => true,
        Asset::Points(_) | Asset::Benefit(_) | Asset::Reward(..) => false,
    };
    Some(Grace { until, is_never_forfeited })
}

#[cfg(test)]
mod tests;

//! Redemptions: value spent at once, or held and then captured or released (DESIGN 5.10, 5.11).
//!
//! | status | reached by | ends in |
//! |---|---|---|
//! | held | [`decide`] with [`Settlement::Held`] | captured, released or lapsed |
//! | captured | [`decide`] at once, or [`capture::decide`] | – |
//! | released | [`release::decide`] | – |
//! | lapsed | its `lapses_at`, whoever looks next | – |
//!
//! A hold posts nothing: what the retailer owes does not change until the capture. What was
//! captured can be given back ([`refund`]).

mod basket;
pub mod capture;
mod cards;
mod history;
mod plan;
mod planning;
pub mod refund;
pub mod release;

use std::convert::Infallible;

use thiserror::Error;

use crate::account::{Accounts, Drafts, Missing};
use crate::amount::{Minor, Points, Units};
use crate::asset::{Asset, Kind};
use crate::card::spend::NotSpendable;
use crate::currency::Currency;
use crate::entry::{Decision, Detail};
use crate::id::{Handle, LotId, RedemptionId};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{Program, is_hold_period};
use crate::time::{Instant, Period};
use crate::wallet::Hold;

pub use basket::{Basket, BasketLine, CARDS_MAX, CardUse, MoneyUse, PointsUse, Uses, Wanted};
pub use history::{History, Status};
pub use plan::{
    Back, DISCOUNTS_MAX, Discount, LineBack, PassedOver, Plan, PlanLine, TENDERS_MAX, Tender, Why,
};
pub use refund::{CardRefunded, Refunded, Refunds};

/// A request to spend value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// The caller's id.
    pub redemption: RedemptionId,
    /// What is to be paid for, and with what.
    pub basket: Basket,
    /// When the value goes.
    pub settlement: Settlement,
    /// What the caller's quote left to pay; refused when the plan now leaves something else.
    pub expected_due: Option<Minor>,
}

/// When the value of a redemption goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// At once.
    AtOnce,
    /// With the capture. Held for this long, or as the program says.
    Held(Option<Period>),
}

/// A redemption as it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The caller's id.
    pub redemption: RedemptionId,
    /// The whole plan.
    pub plan: Plan,
    /// From when the hold no longer holds; `None`: captured at once.
    pub lapses_at: Option<Instant>,
}

/// A capture as it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Of this redemption.
    pub redemption: RedemptionId,
    /// The plan as it stands from then on.
    pub plan: Plan,
}

/// A release as it was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Of this redemption.
    pub redemption: RedemptionId,
    /// The basket at full price.
    pub plan: Plan,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanRefusal {
    /// The program has no such definition.
    #[error("the program has no points `{0}`")]
    UnknownPoints(Handle),
    /// The member holds value of a definition that this program does not have: it is out of date.
    #[error("the program does not know `{0}`")]
    UnknownDefinition(Asset),
    /// Points that are worth no money.
    #[error("points `{0}` are not redeemable")]
    NotRedeemable(Handle),
    /// What is worth money of the program's currency is not used in another.
    #[error("it is worth {program}, not the currency of the basket")]
    OtherCurrency {
        /// The program's currency.
        program: Currency,
    },
    /// A reward or credit of another currency than the basket.
    #[error("the {kind} `{id}` is not in the currency of the basket")]
    LotInOtherCurrency {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: LotId,
        /// Its currency.
        currency: Option<Currency>,
    },
    /// Points go in steps.
    #[error("points are redeemed in multiples of {step}")]
    NotAMultiple {
        /// The step.
        step: Points,
    },
    /// More points than are available.
    #[error("only {available} `{points}` points are available")]
    InsufficientValue {
        /// The definition.
        points: Handle,
        /// What could be taken.
        available: Points,
    },
    /// More of one reward, benefit or credit than is available of it.
    #[error("less than that is available of the {kind} `{id}`")]
    InsufficientLot {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: LotId,
        /// What could be taken, in units of the asset.
        available: Units,
        /// The currency of what is money.
        currency: Option<Currency>,
    },
    /// More of all rewards or all credits than is available.
    #[error("the {kind}s in the currency of the basket come to less than that")]
    InsufficientMoney {
        /// The kind.
        kind: Kind,
        /// What could be taken.
        available: Minor,
        /// The currency of the basket.
        currency: Currency,
    },
    /// A rule of the definition keeps a reward or credit from paying so much.
    #[error("the rule `{}` keeps the {kind} from being used for so much", .why.as_str())]
    AgainstRule {
        /// Its kind.
        kind: Kind,
        /// The rule.
        why: Why,
        /// What it could be used for.
        most: Minor,
    },
    /// A benefit that would be used up for nothing.
    #[error("the benefit `{id}` would take nothing off")]
    TakesNothingOff {
        /// Its id.
        id: LotId,
    },
    /// A gift card that cannot be spent, or not for so much.
    #[error("{why}")]
    GiftCard {
        /// Its place in the request, from 0.
        index: usize,
        /// Why not.
        why: NotSpendable,
    },
    /// More than is left to pay.
    #[error("more than is left to pay")]
    MoreThanDue {
        /// What is left to pay.
        due: Minor,
    },
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Why nothing is redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanRefusal),
    /// The plan is not the one that was quoted.
    #[error("what is left to pay is no longer what was quoted")]
    PlanChanged {
        /// What is left to pay now.
        due: Minor,
    },
    /// A hold is 1 minute to 7 days.
    #[error("must be 1 minute to 7 days")]
    HoldPeriod,
    /// The hold would end outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// The plan for a basket, as a redemption would carry it out at `now`. Changes nothing.
///
/// # Errors
/// [`Refusal`], the same as a redemption's.
pub fn quote<'a>(
    accounts: impl Into<Accounts<'a>>,
    program: &Program,
    basket: &Basket,
    expected_due: Option<Minor>,
    now: Instant,
) -> Result<Plan, Refusal> {
    planned(&mut Drafts::open(accounts.into(), now), program, basket, expected_due)
}

/// Carries out the plan for a basket: spends its value at once, or holds it. Gift cards take part
/// with a line each in their own logs.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    program: &Program,
    redemption: &Redemption,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let lapses_at = lapses_at(program, redemption.settlement, now)?;
    let mut drafts = Drafts::open(accounts.into(), now);
    let (basket, expected_due) = (&redemption.basket, redemption.expected_due);
    let cards = basket.uses.gift_cards.iter().map(|card| card.number.clone().into());
    if let Err(Missing(missing)) = drafts.require(cards) {
        return Ok(Decision::Needs(missing));
    }
    let plan = planned(&mut drafts, program, basket, expected_due)?;
    let id = redemption.redemption.clone();
    let draft = &mut drafts.own;
    match lapses_at {
        Some(lapses_at) => {
            let draws = plan.draws().cloned().collect();
            draft.keep(Hold { member: None, redemption: id.clone(), lapses_at, draws })?;
        }
        None => plan.draws().for_each(|draw| draft.spend(draw, PostingReason::Redeemed)),
    }
    let opened = Opened { redemption: id, plan, lapses_at };
    let parts = cards::open(&mut drafts, &opened)?;
    Ok(drafts.close(Detail::Redemption(opened), parts))
}

/// The plan, drawn out of the drafts, unless it leaves something else to pay than was expected.
fn planned(
    drafts: &mut Drafts<'_>,
    program: &Program,
    basket: &Basket,
    expected_due: Option<Minor>,
) -> Result<Plan, Refusal> {
    let plan = planning::plan(drafts, program, basket)?;
    match expected_due {
        Some(expected) if expected != plan.due() => Err(Refusal::PlanChanged { due: plan.due() }),
        _ => Ok(plan),
    }
}

/// When a hold lapses that is made at `now`; `None`: there is none.
pub(crate) fn lapses_at(
    program: &Program,
    settlement: Settlement,
    now: Instant,
) -> Result<Option<Instant>, Refusal> {
    let Settlement::Held(period) = settlement else {
        return Ok(None);
    };
    let period = period.unwrap_or(program.hold_for);
    if !is_hold_period(period) {
        return Err(Refusal::HoldPeriod);
    }
    period.after(now, &program.zone).map(Some).ok_or(Refusal::OutsideTheCalendar)
}

#[cfg(test)]
mod tests;

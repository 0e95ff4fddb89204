//! The program: what a retailer's points are, who earns how many, and what they are worth.
//!
//! A [`Program`] exists only for a [`Document`] that makes sense as a whole; otherwise every
//! fault is listed. Decisions read it and never change it.

mod check;
mod conditions;
mod document;
mod successor;
mod value;

use crate::amount::{Minor, Points};
use crate::currency::Currency;
use crate::id::{Handle, Label};
use crate::rate::{Rate, Rounding};
use crate::time::{Instant, Period, Zone};

pub use check::Fault;
pub(crate) use check::is_hold_period;
pub use conditions::{Circumstances, Conditions};
pub use document::*;
pub use successor::faults_as_successor;
pub use value::{
    BenefitDefinition, BenefitEffect, Conversion, CreditDefinition, CreditKind, GiftCardDefinition,
    PinRules, RewardDefinition,
};

/// The shortest hold of a redemption, in minutes.
pub const HOLD_MINUTES_MIN: u32 = 1;
/// The longest hold of a redemption, in minutes: 7 days.
pub const HOLD_MINUTES_MAX: u32 = 7 * 24 * 60;

/// A checked configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The currency of every amount in the program and of every order.
    pub currency: Currency,
    /// The zone whose calendar days and months expiry follows.
    pub zone: Zone,
    /// In the order of the document.
    pub points: Vec<PointsDefinition>,
    /// In the order of the document.
    pub rates: Vec<BaseRate>,
    /// In the order of the document.
    pub multipliers: Vec<Multiplier>,
    /// The most that all multipliers of a line together may multiply by.
    pub multiplier_cap: Option<Rate>,
    /// Status levels, if the retailer has any.
    pub tiers: Option<Tiers>,
    /// In the order of the document.
    pub conversions: Vec<Conversion>,
    /// In the order of the document.
    pub rewards: Vec<RewardDefinition>,
    /// In the order of the document.
    pub benefits: Vec<BenefitDefinition>,
    /// In the order of the document.
    pub credits: Vec<CreditDefinition>,
    /// In the order of the document.
    pub gift_cards: Vec<GiftCardDefinition>,
    /// How PINs are made and guarded.
    pub pin: PinRules,
    /// How long a hold lasts when the caller does not say.
    pub hold_for: Period,
    /// How long value lives that a refund brings back after its expiry; zero: not at all.
    pub reinstate_grace: Period,
}

/// What a definition's points are for (DESIGN 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointsKind {
    /// Come from spend.
    Reward,
    /// Count towards a level; never redeemed, never shown as a balance.
    Tier,
    /// Come from awards.
    Action,
}

/// What a return does beyond the balance (DESIGN 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClawbackPolicy {
    /// The next points earned repay it.
    Debt,
    /// The retailer bears it.
    Clamp,
    /// The return is refused.
    Reject,
}

/// One kind of points (DESIGN 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsDefinition {
    /// Its handle.
    pub handle: Handle,
    /// What they are for.
    pub kind: PointsKind,
    /// From the purchase until they can be spent; zero: at once.
    pub accrue_after: Period,
    /// When they expire; `None`: never.
    pub expires: Option<Expiry>,
    /// How a fraction of a point becomes whole points.
    pub rounding: Rounding,
    /// What they are worth as money off; `None`: not redeemable.
    pub value: Option<PointsValue>,
    /// Categories of lines that earn none.
    pub excluded_categories: Vec<Label>,
    /// What a return does beyond the balance.
    pub clawback: ClawbackPolicy,
    /// Nothing new is issued.
    pub retired: bool,
}

/// When points expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Counted from accrual.
    pub after: Period,
    /// Then to the end of this.
    pub round_up_to: CalendarUnit,
}

/// What an expiry is rounded up to the end of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    /// The day.
    Day,
    /// The month.
    Month,
}

impl Expiry {
    /// The first instant at which points that accrue at `accrue_at` have expired. `None` outside
    /// the calendar.
    pub fn of(self, accrue_at: Instant, zone: &Zone) -> Option<Instant> {
        let exact = self.after.after(accrue_at, zone)?;
        match self.round_up_to {
            CalendarUnit::Day => zone.end_of_day(exact),
            CalendarUnit::Month => zone.end_of_month(exact),
        }
    }
}

/// What points are worth as money off: whole steps of points, each worth whole minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointsValue {
    /// Points are redeemed in whole multiples of this.
    pub step_points: Points,
    /// What one step is worth.
    pub step_minor: Minor,
}

impl PointsValue {
    /// What `points` are worth; a part of a step is worth nothing. `None` beyond the range of
    /// money.
    pub fn worth(self, points: Points) -> Option<Minor> {
        let steps = points.get().checked_div(self.step_points.get())?;
        Minor::try_from(steps.checked_mul(self.step_minor.get())?).ok()
    }

    /// The most points, in whole steps, that are within `available` and worth no more than `due`.
    pub fn most(self, available: Points, due: Minor) -> Points {
        let by_points = available.get().checked_div(self.step_points.get());
        let by_money = due.get().checked_div(self.step_minor.get());
        let steps = by_points.min(by_money).unwrap_or(0);
        let points = steps.checked_mul(self.step_points.get()).unwrap_or(0);
        // No more than `available`, so within the range.
        Points::try_from(points).unwrap_or(Points::ZERO)
    }

    /// Whether `points` are whole steps.
    pub fn divides(self, points: Points) -> bool {
        points.get().checked_rem(self.step_points.get()) == Some(0)
    }
}

/// A base rate: of those that apply to a line, one wins per definition (DESIGN 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseRate {
    /// Breaks the last tie: the first in alphabetical order wins.
    pub handle: Handle,
    /// The definition it earns.
    pub points: Handle,
    /// Points per minor unit of spend.
    pub rate: Rate,
    /// When it applies.
    pub when: Conditions,
    /// Among equally specific ones, the highest wins.
    pub priority: i32,
}

/// A multiplier: all that apply to a line compose, under the program's cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multiplier {
    /// The definition it multiplies.
    pub points: Handle,
    /// By how much.
    pub factor: Rate,
    /// When it applies.
    pub when: Conditions,
}

/// Status levels (DESIGN 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers {
    /// The definition whose unexpired points are the window.
    pub points: Handle,
    /// From the lowest upwards; the first attains at 0.
    pub levels: Vec<Level>,
}

/// A status level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Its handle.
    pub handle: Handle,
    /// Points in the window that reach it.
    pub attain: Points,
    /// Points in the window that keep it at the anniversary.
    pub maintain: Points,
}

impl Tiers {
    /// The highest level whose `attain` is within `window`.
    pub fn supported(&self, window: Points) -> Option<&Level> {
        self.levels.iter().rfind(|level| level.attain <= window)
    }

    /// How high a level stands; the lowest is 0. `None` for a handle that is no level.
    pub fn rank(&self, handle: &Handle) -> Option<usize> {
        self.levels.iter().position(|level| level.handle == *handle)
    }

    /// The level above `rank`; `None` at the top.
    pub fn above(&self, rank: usize) -> Option<&Level> {
        self.levels.get(rank.checked_add(1)?)
    }
}

impl Program {
    /// Checks a document as a whole.
    ///
    /// # Errors
    /// Every fault it has, in the order of the document.
    pub fn from_document(document: &Document) -> Result<Self, Vec<Fault>> {
        check::program(document)
    }

    /// The definition with this handle.
    pub fn points(&self, handle: &Handle) -> Option<&PointsDefinition> {
        self.points.iter().find(|definition| definition.handle == *handle)
    }

    /// The reward with this handle.
    pub fn reward(&self, handle: &Handle) -> Option<&RewardDefinition> {
        self.rewards.iter().find(|definition| definition.handle == *handle)
    }

    /// The benefit with this handle.
    pub fn benefit(&self, handle: &Handle) -> Option<&BenefitDefinition> {
        self.benefits.iter().find(|definition| definition.handle == *handle)
    }

    /// The credit with this handle.
    pub fn credit(&self, handle: &Handle) -> Option<&CreditDefinition> {
        self.credits.iter().find(|definition| definition.handle == *handle)
    }

    /// The gift card with this handle.
    pub fn gift_card(&self, handle: &Handle) -> Option<&GiftCardDefinition> {
        self.gift_cards.iter().find(|definition| definition.handle == *handle)
    }

    /// The base rate, in points per minor unit, that wins for a line under these circumstances.
    ///
    /// The most specific wins (the most kinds of condition given), then the highest priority,
    /// then the first handle in alphabetical order.
    pub fn base_rate(&self, points: &Handle, at: &Circumstances<'_>) -> Option<&BaseRate> {
        self.rates.iter().filter(|rate| rate.points == *points && rate.when.hold(at)).max_by(
            |a, b| {
                let order = a.when.specificity().cmp(&b.when.specificity());
                order.then(a.priority.cmp(&b.priority)).then(b.handle.cmp(&a.handle))
            },
        )
    }

    /// What all multipliers that apply multiply by together, under the cap.
    pub fn multiplier(&self, points: &Handle, at: &Circumstances<'_>) -> Rate {
        let product = self
            .multipliers
            .iter()
            .filter(|multiplier| multiplier.points == *points && multiplier.when.hold(at))
            .fold(Rate::one(), |product, multiplier| product.times(&multiplier.factor));
        match &self.multiplier_cap {
            Some(cap) => product.min(cap.clone()),
            None => product,
        }
    }
}

#[cfg(test)]
mod tests;

//! The plan of a redemption: what lowers the price of which line by how much.
//!
//! A quote is this plan; a redemption is the same plan made real. The order of the hierarchy is
//! Benefits → Rewards → Points as money off → Credits → Gift cards → payment due (DESIGN 5.10);
//! points are the step there is.

use crate::allocation::{kept, spread_minor};
use crate::amount::{Minor, Points};
use crate::currency::Currency;
use crate::draft::Draft;
use crate::id::{Handle, LineId};
use crate::limit::LimitReached;
use crate::program::{PointsDefinition, PointsValue, Program};
use crate::purchase::LineKind;
use crate::wallet::Pin;

use super::PlanRefusal;

/// What is to be paid for, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// The currency of its amounts.
    pub currency: Currency,
    /// 1 to 200, with unique ids.
    pub lines: Vec<BasketLine>,
    /// Points to use as money off, each definition once, in this order.
    pub points: Vec<PointsUse>,
}

/// A line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// Unique within the basket.
    pub id: LineId,
    /// What it sells. Points never touch gift-card lines.
    pub kind: LineKind,
    /// Its price before discounts.
    pub amount: Minor,
}

/// Points to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsUse {
    /// The definition.
    pub points: Handle,
    /// How many.
    pub amount: PointsAmount,
}

/// How many points to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointsAmount {
    /// Exactly so many, or refused.
    Exactly(Points),
    /// As many whole steps as are available and left to pay, possibly none.
    Max,
}

/// What lowers the price of which line by how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The currency of its amounts.
    pub currency: Currency,
    /// In the order of the basket.
    pub lines: Vec<PlanLine>,
    /// In the order they apply.
    pub discounts: Vec<PointsDiscount>,
}

/// A line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// The line's id.
    pub id: LineId,
    /// Its price before discounts.
    pub amount: Minor,
    /// Its share of each discount, in their order. They sum to no more than `amount`.
    pub shares: Vec<Minor>,
}

/// Points used as money off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsDiscount {
    /// The definition.
    pub points: Handle,
    /// How many.
    pub count: Points,
    /// What they take off; the sum of the lines' shares.
    pub amount: Minor,
}

/// The sum of amounts of one plan, which the subtotal bounds; [`plan`] has checked the subtotal.
fn sum(parts: impl Iterator<Item = Minor>) -> Minor {
    Minor::checked_sum(parts).unwrap_or(Minor::MAX)
}

impl PlanLine {
    /// All that is taken off.
    pub fn discount(&self) -> Minor {
        sum(self.shares.iter().copied())
    }

    /// The price after discounts: the tax base.
    pub fn net(&self) -> Minor {
        // The shares never exceed the amount.
        self.amount.checked_sub(self.discount()).unwrap_or(Minor::ZERO)
    }
}

impl Plan {
    /// The sum of the lines before discounts.
    pub fn subtotal(&self) -> Minor {
        sum(self.lines.iter().map(|line| line.amount))
    }

    /// The sum of the lines after discounts.
    pub fn net(&self) -> Minor {
        sum(self.lines.iter().map(PlanLine::net))
    }

    /// What remains to be paid by other means.
    pub fn due(&self) -> Minor {
        self.net()
    }

    /// The basket at full price, as it stands when nothing is taken off after all.
    #[must_use]
    pub fn undiscounted(&self) -> Self {
        let lines = self.lines.iter().map(|line| PlanLine { shares: Vec::new(), ..line.clone() });
        Self { currency: self.currency, lines: lines.collect(), discounts: Vec::new() }
    }

    /// The part of the plan that a capture of these lines keeps: of each line the amount given,
    /// of each of its discounts the share for it, and of the points their share of the discount,
    /// rounded up; lines of which nothing is captured are left out. `captured` has one amount per
    /// line, no more than the line's.
    #[must_use]
    pub(super) fn part(&self, captured: &[Minor]) -> Self {
        let zipped = self.lines.iter().zip(captured.iter().copied());
        let part_of = |(line, captured): (&PlanLine, Minor)| PlanLine {
            id: line.id.clone(),
            amount: captured,
            shares: line
                .shares
                .iter()
                .map(|share| kept_minor(*share, captured, line.amount))
                .collect(),
        };
        let lines: Vec<PlanLine> = zipped.map(part_of).collect();
        let discounts = self.discounts.iter().enumerate().map(|(place, discount)| {
            let share = |line: &PlanLine| line.shares.get(place).copied().unwrap_or(Minor::ZERO);
            let amount = sum(lines.iter().map(share));
            // Never more than the whole.
            let count = Points::try_from(kept(discount.count.get(), amount, discount.amount));
            PointsDiscount {
                points: discount.points.clone(),
                count: count.unwrap_or(discount.count),
                amount,
            }
        });
        let discounts = discounts.collect();
        let lines = lines.into_iter().filter(|line| !line.amount.is_zero()).collect();
        Self { currency: self.currency, lines, discounts }
    }
}

/// What a capture of `captured` of a line of `amount` keeps of its share of a discount.
fn kept_minor(share: Minor, captured: Minor, amount: Minor) -> Minor {
    // Never more than the share itself.
    Minor::try_from(kept(share.get(), captured, amount)).unwrap_or(share)
}

/// Plans a basket against the wallet in `draft`, drawing what the plan uses out of its lots.
/// Returns the plan and what was drawn, discount by discount. Total: any basket and wallet gives
/// a plan or a refusal.
///
/// # Errors
/// [`PlanRefusal`].
pub(super) fn plan(
    draft: &mut Draft,
    program: &Program,
    basket: &Basket,
) -> Result<(Plan, Vec<Pin>), PlanRefusal> {
    let amounts = basket.lines.iter().map(|line| line.amount);
    Minor::checked_sum(amounts).ok_or(PlanRefusal::LimitReached(LimitReached::AMOUNT))?;
    let bare = |line: &BasketLine| PlanLine {
        id: line.id.clone(),
        amount: line.amount,
        shares: Vec::new(),
    };
    let mut plan = Plan {
        currency: basket.currency,
        lines: basket.lines.iter().map(bare).collect(),
        discounts: Vec::new(),
    };
    let mut drawn = Vec::new();
    for wanted in &basket.points {
        let definition = program.points(&wanted.points);
        let definition =
            definition.ok_or_else(|| PlanRefusal::UnknownPoints(wanted.points.clone()))?;
        let open = open_to_points(basket, &plan);
        let count = count(draft, program, basket, definition, wanted, sum(open.iter().copied()))?;
        let Some((count, amount)) = count else {
            continue;
        };
        let pins = draft
            .draw(&wanted.points, count)
            .map_err(|insufficient| insufficient_points(&wanted.points, insufficient.available))?;
        for (line, share) in plan.lines.iter_mut().zip(spread_minor(amount, &open)) {
            line.shares.push(share);
        }
        plan.discounts.push(PointsDiscount { points: wanted.points.clone(), count, amount });
        drawn.extend(pins);
    }
    Ok((plan, drawn))
}

/// What is left of each line for points to pay: nothing of gift cards.
fn open_to_points(basket: &Basket, plan: &Plan) -> Vec<Minor> {
    let lines = basket.lines.iter().zip(&plan.lines);
    let open = lines.map(|(line, planned)| match line.kind {
        LineKind::GiftCard => Minor::ZERO,
        LineKind::Product | LineKind::Shipping => planned.net(),
    });
    open.collect()
}

/// How many points to take and what they take off; `None` for none at all.
fn count(
    draft: &Draft,
    program: &Program,
    basket: &Basket,
    definition: &PointsDefinition,
    wanted: &PointsUse,
    open: Minor,
) -> Result<Option<(Points, Minor)>, PlanRefusal> {
    let value = redeemable(definition)?;
    let available = draft.wallet().available(&definition.handle);
    let elsewhere = basket.currency != program.currency;
    let count = match wanted.amount {
        PointsAmount::Max if elsewhere => Points::ZERO,
        PointsAmount::Max => value.most(available, open),
        PointsAmount::Exactly(_) if elsewhere => {
            return Err(PlanRefusal::OtherCurrency { program: program.currency });
        }
        PointsAmount::Exactly(count) => exactly(definition, value, count, available, open)?,
    };
    // What is taken is worth no more than the basket.
    Ok(value.worth(count).filter(|worth| !worth.is_zero()).map(|worth| (count, worth)))
}

fn redeemable(definition: &PointsDefinition) -> Result<PointsValue, PlanRefusal> {
    let value = definition.value;
    value.ok_or_else(|| PlanRefusal::NotRedeemable(definition.handle.clone()))
}

fn exactly(
    definition: &PointsDefinition,
    value: PointsValue,
    count: Points,
    available: Points,
    open: Minor,
) -> Result<Points, PlanRefusal> {
    if !value.divides(count) {
        return Err(PlanRefusal::NotAMultiple { step: value.step_points });
    }
    if available < count {
        return Err(insufficient_points(&definition.handle, available));
    }
    if value.worth(count).is_none_or(|worth| open < worth) {
        return Err(PlanRefusal::MoreThanDue { due: open });
    }
    Ok(count)
}

fn insufficient_points(points: &Handle, available: Points) -> PlanRefusal {
    PlanRefusal::InsufficientValue { points: points.clone(), available }
}

//! Purchases: what an order earns (DESIGN 5.3).

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::allocation::{returned, spread_minor};
use crate::amount::{Minor, Points};
use crate::award::is_ahead;
use crate::currency::Currency;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::facts::Country;
use crate::id::{Handle, Label, LineId, OrderId, RedemptionId};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{Circumstances, PointsDefinition, PointsKind, Program};
use crate::rate::{Rate, Rounding};
use crate::redeem::{History, Status};
use crate::tier;
use crate::time::Instant;
use crate::wallet::Wallet;

/// What a line sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Goods or a service.
    #[default]
    Product,
    /// Delivery.
    Shipping,
    /// Stored value: earns nothing, and no discount touches it.
    GiftCard,
}

/// A completed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The order's id.
    pub order: OrderId,
    /// The currency of its amounts.
    pub currency: Currency,
    /// When it was made.
    pub transacted_at: Instant,
    /// Where it was made.
    pub location: Option<Label>,
    /// The country it was made in; the member's when not given.
    pub country: Option<Country>,
    /// 1 to 200, with unique ids.
    pub lines: Vec<PurchaseLine>,
    /// What promotional credit paid of it, which earns nothing; known from the redemption when it
    /// names one.
    pub paid_by_promotional_credit: Minor,
    /// The redemption that paid part of it.
    pub redemption: Option<RedemptionId>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseLine {
    /// Unique within the order.
    pub id: LineId,
    /// Its category.
    pub category: Option<Label>,
    /// What it sells.
    pub kind: LineKind,
    /// Its total after discounts.
    pub net: Minor,
}

/// A purchase as it was decided, with all that is needed to decide a return of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchased {
    /// The order's id.
    pub order: OrderId,
    /// When it was made.
    pub transacted_at: Instant,
    /// The currency of its amounts.
    pub currency: Currency,
    /// In the order of the request.
    pub lines: Vec<PurchasedLine>,
    /// What of it could earn: no gift cards, nothing paid by promotional credit.
    pub eligible: Minor,
    /// How its points were rounded, by definition; those that are left out were rounded down.
    pub roundings: BTreeMap<Handle, Rounding>,
    /// The level after it and whether it reached it; `None` without tiers.
    pub tier: Option<TierOutcome>,
    /// The redemption that paid part of it.
    pub redemption: Option<RedemptionId>,
}

/// A line as it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchasedLine {
    /// Unique within the order.
    pub id: LineId,
    /// Its total after discounts.
    pub net: Minor,
    /// What of it promotional credit paid.
    pub promotional: Minor,
    /// Points per minor unit of `net` less `promotional`, multipliers included, by definition.
    /// A definition that the line does not earn is left out.
    pub rates: BTreeMap<Handle, Rate>,
}

/// A member's level after a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierOutcome {
    /// The level.
    pub level: Handle,
    /// Whether this purchase reached it.
    pub changed: bool,
}

/// Why a purchase is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Dated too far ahead of the clock.
    #[error("is more than 5 minutes ahead of the clock")]
    InTheFuture,
    /// The program is in another currency.
    #[error("must be {program}, the currency of the program")]
    OtherCurrency {
        /// The program's currency.
        program: Currency,
    },
    /// Promotional credit paid more than the lines that it may pay for.
    #[error("must be no more than the lines that are not gift cards")]
    PromotionalCreditExceedsLines,
    /// The member has no such redemption.
    #[error("the member has no redemption `{0}`")]
    UnknownRedemption(RedemptionId),
    /// The redemption it names is not captured yet.
    #[error("the redemption is still held: capture it first")]
    RedemptionStillHeld,
    /// The redemption it names was released or has lapsed.
    #[error("the redemption is {}, so it paid nothing", .0.as_str())]
    RedemptionPaidNothing(Status),
    /// The redemption it names paid in another currency.
    #[error("the redemption paid in {redemption}")]
    RedemptionInOtherCurrency {
        /// Its currency.
        redemption: Currency,
    },
    /// An expiry lies outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Records an order and issues what it earns: per definition, the sum over lines of eligible
/// spend × base rate × multipliers, rounded once; then the level that is reached by it.
///
/// `redemption` is the history of the redemption that the purchase names, if it names one.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    purchase: &Purchase,
    redemption: Option<&History>,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    if is_ahead(purchase.transacted_at, now) {
        return Err(Refusal::InTheFuture);
    }
    if purchase.currency != program.currency {
        return Err(Refusal::OtherCurrency { program: program.currency });
    }
    let mut draft = Draft::open(wallet, now);
    let paid = match &purchase.redemption {
        None => purchase.paid_by_promotional_credit,
        Some(named) => paid_by(draft.wallet(), purchase, named, redemption)?,
    };
    let lines = rated_lines(draft.wallet(), program, purchase, paid)?;
    let eligible = eligible(purchase, &lines)?;
    let mut roundings = BTreeMap::new();
    for definition in &program.points {
        let earns = issue(&mut draft, program, purchase, definition, &lines)?;
        if earns && definition.rounding != Rounding::Down {
            roundings.insert(definition.handle.clone(), definition.rounding);
        }
    }
    let changed = tier::reach(&mut draft, program, Some(&purchase.order));
    let level = program.tiers.as_ref().and_then(|tiers| tier::level(draft.wallet(), tiers));
    let purchased = Purchased {
        order: purchase.order.clone(),
        transacted_at: purchase.transacted_at,
        currency: purchase.currency,
        lines,
        eligible,
        roundings,
        tier: level.map(|level| TierOutcome { level: level.handle.clone(), changed }),
        redemption: purchase.redemption.clone(),
    };
    Ok(Decision::Append(draft.close(Detail::Purchase(purchased))))
}

/// What promotional credit of the redemption `named` paid of a purchase: no more than there is to
/// pay with it, for the order may have lost lines since. Refunds do not lower it: a return of the
/// lines takes their share with it.
fn paid_by(
    wallet: &Wallet,
    purchase: &Purchase,
    named: &RedemptionId,
    history: Option<&History>,
) -> Result<Minor, Refusal> {
    let history = history.ok_or_else(|| Refusal::UnknownRedemption(named.clone()))?;
    match history.status(wallet) {
        Status::Captured => {}
        Status::Held => return Err(Refusal::RedemptionStillHeld),
        status @ (Status::Released | Status::Lapsed) => {
            return Err(Refusal::RedemptionPaidNothing(status));
        }
    }
    let plan = history.recorded_plan();
    if plan.currency != purchase.currency {
        return Err(Refusal::RedemptionInOtherCurrency { redemption: plan.currency });
    }
    let payable = Minor::checked_sum(payable(purchase)).ok_or(LimitReached::AMOUNT)?;
    Ok(plan.promotional().min(payable))
}

/// What promotional credit may pay of each line: nothing of gift cards.
fn payable(purchase: &Purchase) -> impl Iterator<Item = Minor> {
    purchase.lines.iter().map(|line| match line.kind {
        LineKind::GiftCard => Minor::ZERO,
        LineKind::Product | LineKind::Shipping => line.net,
    })
}

/// Every line with its share of promotional credit and the rate at which it earns.
fn rated_lines(
    wallet: &Wallet,
    program: &Program,
    purchase: &Purchase,
    paid_by_promotional_credit: Minor,
) -> Result<Vec<PurchasedLine>, Refusal> {
    let weights: Vec<Minor> = payable(purchase).collect();
    let total = Minor::checked_sum(weights.iter().copied()).ok_or(LimitReached::AMOUNT)?;
    if total < paid_by_promotional_credit {
        return Err(Refusal::PromotionalCreditExceedsLines);
    }
    let promotional = spread_minor(paid_by_promotional_credit, &weights);
    let circumstances = circumstances(wallet, program, purchase);
    let rated = purchase.lines.iter().zip(promotional).map(|(line, promotional)| PurchasedLine {
        id: line.id.clone(),
        net: line.net,
        promotional,
        rates: rates(program, line, &circumstances),
    });
    Ok(rated.collect())
}

/// What holds for the whole purchase; the category is the line's.
fn circumstances<'a>(
    wallet: &'a Wallet,
    program: &'a Program,
    purchase: &'a Purchase,
) -> Circumstances<'a> {
    let facts = wallet.facts.as_ref();
    let zone = facts.and_then(|facts| facts.time_zone.as_ref()).unwrap_or(&program.zone);
    let month = zone.month(purchase.transacted_at);
    let birth_month = facts.and_then(|facts| facts.birth_month);
    let level = program.tiers.as_ref().and_then(|tiers| tier::level(wallet, tiers));
    Circumstances {
        transacted_at: purchase.transacted_at,
        location: purchase.location.as_ref(),
        country: purchase.country.or(facts.and_then(|facts| facts.country)),
        category: None,
        tier: level.map(|level| &level.handle),
        birth_month: birth_month.is_some_and(|birth_month| u32::from(birth_month) == month),
    }
}

fn rates(
    program: &Program,
    line: &PurchaseLine,
    circumstances: &Circumstances<'_>,
) -> BTreeMap<Handle, Rate> {
    if line.kind == LineKind::GiftCard {
        return BTreeMap::new();
    }
    let at = Circumstances { category: line.category.as_ref(), ..*circumstances };
    let excluded = |definition: &PointsDefinition| {
        let category = line.category.as_ref();
        category.is_some_and(|category| definition.excluded_categories.contains(category))
    };
    let earning = program.points.iter().filter(|definition| !excluded(definition));
    let rated = earning.filter_map(|definition| {
        let base = program.base_rate(&definition.handle, &at)?;
        let rate = base.rate.times(&program.multiplier(&definition.handle, &at));
        Some((definition.handle.clone(), rate))
    });
    rated.filter(|(_, rate)| *rate != Rate::zero()).collect()
}

fn eligible(purchase: &Purchase, lines: &[PurchasedLine]) -> Result<Minor, LimitReached> {
    let sold = purchase.lines.iter().zip(lines);
    let eligible =
        sold.filter(|(line, _)| line.kind != LineKind::GiftCard).map(|(_, rated)| rated.eligible());
    Minor::checked_sum(eligible).ok_or(LimitReached::AMOUNT)
}

impl PurchasedLine {
    /// What of it could earn. A line is never charged more promotional credit than its net.
    pub fn eligible(&self) -> Minor {
        self.eligible_without(Minor::ZERO)
    }

    /// What of it could earn when so much of its net had come back. What promotional credit paid
    /// goes back in proportion, rounded down and counted from the start, so that returns in any
    /// split end alike.
    fn eligible_without(&self, came_back: Minor) -> Minor {
        let share = returned(self.promotional.get(), came_back, self.net);
        // Never more than the whole share.
        let share = Minor::try_from(share).unwrap_or(self.promotional);
        let less = |from: Minor, what: Minor| from.checked_sub(what).unwrap_or(Minor::ZERO);
        less(less(self.net, came_back), less(self.promotional, share))
    }
}

impl Purchased {
    /// How many points of a definition it earns when so much of the net of each line has come
    /// back: the formula of the purchase over what has not. `None` beyond what a count can hold,
    /// which no recorded purchase is.
    pub(crate) fn points(&self, definition: &Handle, came_back: &[Minor]) -> Option<Points> {
        let rounding = self.roundings.get(definition).copied().unwrap_or(Rounding::Down);
        points(&self.lines, came_back, definition, rounding)
    }
}

/// The sum over lines of what is eligible × rate, rounded once. Of lines beyond `came_back`
/// nothing has.
fn points(
    lines: &[PurchasedLine],
    came_back: &[Minor],
    definition: &Handle,
    rounding: Rounding,
) -> Option<Points> {
    let came_back = came_back.iter().copied().chain(std::iter::repeat(Minor::ZERO));
    let earned = lines.iter().zip(came_back).filter_map(|(line, came_back)| {
        Some(line.rates.get(definition)?.of(line.eligible_without(came_back)))
    });
    earned.fold(Rate::zero(), |sum, earned| sum.and(&earned)).round(rounding)
}

/// Issues what the lines earn of a definition; returns whether that is anything.
fn issue(
    draft: &mut Draft,
    program: &Program,
    purchase: &Purchase,
    definition: &PointsDefinition,
    lines: &[PurchasedLine],
) -> Result<bool, Refusal> {
    let points = points(lines, &[], &definition.handle, definition.rounding);
    let points = points.ok_or(LimitReached::AMOUNT)?;
    if points.is_zero() {
        return Ok(false);
    }
    let outside = Refusal::OutsideTheCalendar;
    let delay = definition.accrue_after;
    let accrue_at = delay.after(purchase.transacted_at, &program.zone).ok_or(outside.clone())?;
    let expires_at = match definition.expires {
        Some(expiry) => Some(expiry.of(accrue_at, &program.zone).ok_or(outside)?),
        None => None,
    };
    let accrue_at = (definition.kind != PointsKind::Tier).then_some(accrue_at);
    draft.issue(&definition.handle, points, PostingReason::Issued, accrue_at, expires_at)?;
    Ok(true)
}

#[cfg(test)]
mod tests;

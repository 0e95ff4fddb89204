//! What a caller asks for: a basket, and what to use of what the member holds.

use crate::amount::{Minor, Points};
use crate::currency::Currency;
use crate::id::{CardNumber, Handle, Label, LineId, LotId};
use crate::purchase::LineKind;

/// What is to be paid for, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// The currency of its amounts.
    pub currency: Currency,
    /// 1 to 200, with unique ids.
    pub lines: Vec<BasketLine>,
    /// What to use.
    pub uses: Uses,
}

/// A line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// Unique within the basket.
    pub id: LineId,
    /// What it sells. No discount touches gift cards, nor does promotional credit pay for them.
    pub kind: LineKind,
    /// Its category.
    pub category: Option<Label>,
    /// Its price before discounts.
    pub amount: Minor,
}

/// What to use of what a member holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uses {
    /// A use of each, in this order, each to what the one before left.
    pub benefits: Vec<LotId>,
    /// Rewards, soonest expiry first.
    pub rewards: MoneyUse,
    /// Points, each definition once, in this order.
    pub points: Vec<PointsUse>,
    /// Credits: promotional, store, gift card; within each soonest expiry first.
    pub credits: MoneyUse,
    /// Gift cards by number, whose PINs were right: what is left to pay, in this order, each once
    /// and at most [`CARDS_MAX`].
    pub gift_cards: Vec<CardUse>,
}

/// The most gift cards of a redemption: each is an account more in its transaction.
pub const CARDS_MAX: usize = 10;

/// A gift card to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardUse {
    /// Its number.
    pub number: CardNumber,
    /// How much of it.
    pub amount: Wanted<Minor>,
}

/// How much of rewards or of credits to use. Which is spent first is never the caller's choice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum MoneyUse {
    /// None.
    #[default]
    Nothing,
    /// Of all of them.
    All(Wanted<Minor>),
    /// Of these only, each once.
    Each(Vec<(LotId, Wanted<Minor>)>),
}

/// Points to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointsUse {
    /// The definition.
    pub points: Handle,
    /// How many.
    pub amount: Wanted<Points>,
}

/// How much to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<T> {
    /// Exactly so much, or refused.
    Exactly(T),
    /// As much as there is, may be used and is left to pay, possibly nothing.
    Max,
}

//! Conversions: points become one reward, in whole multiples (DESIGN 5.5).

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::{Minor, Points};
use crate::asset::Asset;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{ConversionId, Handle, LotId};
use crate::issue;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{self, Program};
use crate::time::Instant;
use crate::wallet::Wallet;

/// A request to convert points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The caller's id.
    pub conversion: ConversionId,
    /// The definition that pays.
    pub points: Handle,
    /// How many, more than 0.
    pub amount: Points,
    /// Into which reward; may be left out where the program converts the points into one only.
    pub reward: Option<Handle>,
}

/// Points converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The caller's id.
    pub conversion: ConversionId,
    /// The definition that paid.
    pub points: Handle,
    /// How many.
    pub amount: Points,
    /// The id of the reward.
    pub id: LotId,
    /// The reward.
    pub asset: Asset,
    /// What it is worth.
    pub money: Minor,
    /// From when it can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
}

/// Why points are not converted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no points `{0}`")]
    UnknownPoints(Handle),
    /// The program does not convert these points, or not into this reward.
    #[error("the program has no such conversion")]
    NoConversion,
    /// The program converts these points into several rewards.
    #[error("says which of several rewards, so it must be given")]
    WhichReward,
    /// Nothing new of the reward is issued.
    #[error("`{0}` is retired: nothing new of it is issued")]
    Retired(Handle),
    /// Points are converted in steps.
    #[error("points are converted in multiples of {multiple}")]
    NotAMultiple {
        /// The step.
        multiple: Points,
    },
    /// More than is available.
    #[error("only {available} `{points}` points are available")]
    InsufficientValue {
        /// The definition.
        points: Handle,
        /// What could be taken.
        available: Points,
    },
    /// The expiry lies outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

/// Takes points, soonest expiry first, and issues one reward for them, all in the line with
/// `number`, which names it.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    conversion: &Conversion,
    (number, now): (u64, Instant),
) -> Result<Decision<Infallible>, Refusal> {
    let Conversion { points, amount, .. } = conversion;
    if program.points(points).is_none() {
        return Err(Refusal::UnknownPoints(points.clone()));
    }
    let rule = rule(program, conversion)?;
    let definition = program.reward(&rule.reward).ok_or(Refusal::NoConversion)?;
    if definition.retired {
        return Err(Refusal::Retired(definition.handle.clone()));
    }
    let money = worth(rule, *amount)?;
    let expires_at = issue::expires_at(program, definition.expires, now);
    let expires_at = expires_at.ok_or(Refusal::OutsideTheCalendar)?;
    let mut draft = Draft::open(wallet, now);
    let draw = draft.draw(points, *amount).map_err(|short| Refusal::InsufficientValue {
        points: points.clone(),
        available: short.available.into(),
    })?;
    draft.spend(&draw, PostingReason::ConvertedOut);
    let asset = Asset::Reward(definition.handle.clone(), program.currency);
    let id = LotId::of_entry(number, 1);
    draft.grant(&asset, id.clone(), money.into(), PostingReason::ConvertedIn, expires_at)?;
    let converted = Converted {
        conversion: conversion.conversion.clone(),
        points: points.clone(),
        amount: *amount,
        id,
        asset,
        money,
        expires_at,
    };
    Ok(Decision::Append(draft.close(Detail::Conversion(converted))))
}

fn rule<'a>(
    program: &'a Program,
    conversion: &Conversion,
) -> Result<&'a program::Conversion, Refusal> {
    let rules = program.conversions.iter().filter(|rule| rule.points == conversion.points);
    let named = |rule: &&program::Conversion| match &conversion.reward {
        None => true,
        Some(reward) => rule.reward == *reward,
    };
    let mut rules = rules.filter(named);
    let rule = rules.next().ok_or(Refusal::NoConversion)?;
    // The program has each pair of points and reward once.
    if rules.next().is_some() { Err(Refusal::WhichReward) } else { Ok(rule) }
}

/// What the reward for so many points is worth.
fn worth(rule: &program::Conversion, amount: Points) -> Result<Minor, Refusal> {
    let uneven = || Refusal::NotAMultiple { multiple: rule.multiple };
    if amount.get().checked_rem(rule.multiple.get()) != Some(0) {
        return Err(uneven());
    }
    let multiples = amount.get().checked_div(rule.multiple.get()).ok_or_else(uneven)?;
    let money = multiples.checked_mul(rule.money.get());
    let money = money.and_then(|money| Minor::try_from(money).ok());
    Ok(money.ok_or(LimitReached::AMOUNT)?)
}

#[cfg(test)]
mod tests;

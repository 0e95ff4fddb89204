//! Issuing: rewards, benefits and credits, under ids that the caller chooses (DESIGN 5.7 to 5.9).
//!
//! | status | reached by |
//! |---|---|
//! | live | [`decide`] |
//! | voided | [`void::decide`]; what a hold gives back later is voided with it |
//! | spent, expired | what is left is nothing |

pub mod extension;
pub mod void;

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::{Minor, Units};
use crate::asset::{Asset, Kind};
use crate::currency::Currency;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::{ExtensionId, Handle, LotId, Reason};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::{CreditKind, Expiry, Program};
use crate::time::Instant;
use crate::wallet::Wallet;

/// A request to issue value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The caller's id, not a reserved one.
    pub id: LotId,
    /// What and how much.
    pub value: Value,
    /// Why, if the caller says.
    pub reason: Option<Reason>,
    /// From when it can no longer be spent; by the definition when not given.
    pub expires_at: Option<Instant>,
}

/// What is issued. Money is in the program's currency when none is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A benefit, with so many uses or as many as its definition says.
    Benefit(Handle, Option<Units>),
    /// A reward of so much, more than nothing.
    Reward(Handle, Minor, Option<Currency>),
    /// A credit of so much, more than nothing.
    Credit(Handle, Minor, Option<Currency>),
}

/// Value issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The caller's id.
    pub id: LotId,
    /// The asset: a reward, benefit or credit.
    pub asset: Asset,
    /// How much, in units of the asset.
    pub amount: Units,
    /// From when it can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
    /// Why.
    pub reason: Option<Reason>,
}

/// Value taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    /// Of this kind.
    pub kind: Kind,
    /// Its id.
    pub id: LotId,
    /// The asset.
    pub asset: Asset,
    /// How much remained.
    pub amount: Units,
    /// Why.
    pub reason: Reason,
}

/// An expiry put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// Of this kind.
    pub kind: Kind,
    /// Its id.
    pub id: LotId,
    /// The asset.
    pub asset: Asset,
    /// The caller's id.
    pub extension: ExtensionId,
    /// The expiry before.
    pub before: Instant,
    /// The expiry from then on.
    pub expires_at: Instant,
    /// Why.
    pub reason: Reason,
}

/// Why value is not issued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no {kind} `{definition}`")]
    UnknownDefinition {
        /// The kind.
        kind: Kind,
        /// The definition.
        definition: Handle,
    },
    /// Nothing new of it is issued.
    #[error("`{0}` is retired: nothing new of it is issued")]
    Retired(Handle),
    /// Credit of this kind comes from gift cards only.
    #[error("`{0}` is what gift cards become: it is not issued by hand")]
    FromGiftCardsOnly(Handle),
    /// It would be expired from the start.
    #[error("must be in the future")]
    ExpiredAlready,
    /// The expiry lies outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

impl Value {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Benefit(..) => Kind::Benefit,
            Self::Reward(..) => Kind::Reward,
            Self::Credit(..) => Kind::Credit,
        }
    }

    /// Its definition.
    pub fn definition(&self) -> &Handle {
        match self {
            Self::Benefit(handle, _) | Self::Reward(handle, ..) | Self::Credit(handle, ..) => {
                handle
            }
        }
    }
}

impl Issued {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        // Points have operations of their own.
        self.asset.kind().unwrap_or(Kind::Credit)
    }
}

/// Issues a reward, benefit or credit. It can be spent at once.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    issue: &Issue,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let (asset, amount, expiry) = issued(program, &issue.value)?;
    let expires_at = match issue.expires_at {
        Some(expires_at) if expires_at <= now => return Err(Refusal::ExpiredAlready),
        Some(expires_at) => Some(expires_at),
        None => expires_at(program, expiry, now).ok_or(Refusal::OutsideTheCalendar)?,
    };
    let mut draft = Draft::open(wallet, now);
    draft.grant(&asset, issue.id.clone(), amount, PostingReason::Issued, expires_at)?;
    let (id, reason) = (issue.id.clone(), issue.reason.clone());
    let issued = Issued { id, asset, amount, expires_at, reason };
    Ok(Decision::Append(draft.close(Detail::Issue(issued))))
}

/// The asset, the amount in its units, and when it expires by its definition.
fn issued(program: &Program, value: &Value) -> Result<(Asset, Units, Option<Expiry>), Refusal> {
    let unknown = || Refusal::UnknownDefinition {
        kind: value.kind(),
        definition: value.definition().clone(),
    };
    let handle = value.definition().clone();
    let in_program = |currency: &Option<Currency>| currency.unwrap_or(program.currency);
    let (asset, amount, expiry, retired) = match value {
        Value::Benefit(_, uses) => {
            let definition = program.benefit(&handle).ok_or_else(unknown)?;
            let uses = uses.unwrap_or(definition.uses);
            (Asset::Benefit(handle), uses, definition.expires, definition.retired)
        }
        Value::Reward(_, amount, currency) => {
            let definition = program.reward(&handle).ok_or_else(unknown)?;
            let asset = Asset::Reward(handle, in_program(currency));
            (asset, (*amount).into(), definition.expires, definition.retired)
        }
        Value::Credit(_, amount, currency) => {
            let definition = program.credit(&handle).ok_or_else(unknown)?;
            if definition.kind == CreditKind::GiftCard {
                return Err(Refusal::FromGiftCardsOnly(handle));
            }
            let asset = Asset::Credit(handle, in_program(currency));
            (asset, (*amount).into(), definition.expires, definition.retired)
        }
    };
    if retired {
        return Err(Refusal::Retired(asset.definition().clone()));
    }
    Ok((asset, amount, expiry))
}

/// When what is issued at `now` expires by its definition. `None` outside the calendar.
#[expect(clippy::option_option, reason = "never is a valid answer, outside the calendar is none")]
pub(crate) fn expires_at(
    program: &Program,
    expiry: Option<Expiry>,
    now: Instant,
) -> Option<Option<Instant>> {
    match expiry {
        None => Some(None),
        Some(expiry) => expiry.of(now, &program.zone).map(Some),
    }
}

#[cfg(test)]
mod tests;

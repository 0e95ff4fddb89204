//! Issue: a card is sold.

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::Minor;
use crate::asset::Asset;
use crate::currency::Currency;
use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::id::Handle;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::program::Program;
use crate::time::{Instant, Period};
use crate::wallet::Wallet;

use super::{Card, CardIssued, CardKey, PinTerms};

/// A request to issue a card, with what was drawn for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Who buys it, and what they call it.
    pub key: CardKey,
    /// The definition.
    pub definition: Handle,
    /// What it is sold for.
    pub amount: Minor,
    /// In which currency; `None`: the program's.
    pub currency: Option<Currency>,
    /// From when it goes back unclaimed; `None`: as the definition says.
    pub revert_at: Option<Instant>,
    /// From when it can no longer be spent; `None`: as the definition says.
    pub expires_at: Option<Instant>,
    /// How its PIN is derived.
    pub pin: PinTerms,
}

/// Why no card is issued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The program has no such definition.
    #[error("the program has no gift card `{0}`")]
    UnknownDefinition(Handle),
    /// No longer sold.
    #[error("`{0}` is retired: nothing new of it is issued")]
    Retired(Handle),
    /// Below or above what the definition allows, in the program's currency.
    #[error("is sold for {minimum} to {maximum} minor units")]
    Amount {
        /// The least.
        minimum: Minor,
        /// The most.
        maximum: Minor,
    },
    /// It would have expired from the start.
    #[error("must be in the future")]
    ExpiredAlready,
    /// It would go back at once.
    #[error("must be in the future")]
    RevertedAlready,
    /// An instant outside the calendar.
    #[error("leads to an instant outside the calendar")]
    OutsideTheCalendar,
    /// A named maximum.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The number belongs to another card: another one has to be drawn.
    #[error("the number is taken")]
    NumberTaken,
}

/// Puts a card's value into its account, which is empty until then. Its bounds are of the program's
/// currency; in another the retailer chooses freely.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    issue: &Issue,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    if wallet.card.is_some() {
        return Err(Refusal::NumberTaken);
    }
    let unknown = || Refusal::UnknownDefinition(issue.definition.clone());
    let definition = program.gift_card(&issue.definition).ok_or_else(unknown)?;
    if definition.retired {
        return Err(Refusal::Retired(issue.definition.clone()));
    }
    let currency = issue.currency.unwrap_or(program.currency);
    let (minimum, maximum) = (definition.minimum, definition.maximum);
    if currency == program.currency && !(minimum..=maximum).contains(&issue.amount) {
        return Err(Refusal::Amount { minimum, maximum });
    }
    let end = |period: Option<Period>| match period {
        None => Ok(None),
        Some(period) => {
            let end = period.after(now, &program.zone).and_then(|at| program.zone.end_of_day(at));
            end.map(Some).ok_or(Refusal::OutsideTheCalendar)
        }
    };
    let expires_at = match issue.expires_at {
        Some(expires_at) if expires_at <= now => return Err(Refusal::ExpiredAlready),
        None => end(definition.expires_after)?,
        given => given,
    };
    let revert_at = match issue.revert_at {
        Some(revert_at) if revert_at <= now => return Err(Refusal::RevertedAlready),
        None => end(definition.revert_after)?,
        given => given,
    };
    let card = Card {
        key: issue.key.clone(),
        asset: Asset::GiftCard(issue.definition.clone(), currency),
        amount: issue.amount,
        credit: definition.credit.clone(),
        pin: issue.pin.clone(),
        expires_at,
        revert_at,
        is_spent_from: false,
        end: None,
    };
    let mut draft = Draft::open(wallet, now);
    let (asset, lot) = (card.asset.clone(), card.lot());
    draft.set_card(card);
    draft.grant(&asset, lot, issue.amount.into(), PostingReason::Issued, expires_at)?;
    let issued = CardIssued { key: issue.key.clone() };
    Ok(Decision::Append(draft.close(Detail::CardIssue(issued))))
}

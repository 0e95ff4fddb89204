//! Spending a card: by itself, without a member, or as the last tender of a basket.

use std::convert::Infallible;

use thiserror::Error;

use crate::amount::Minor;
use crate::currency::Currency;
use crate::draft::{Draft, Insufficient};
use crate::entry::{Decision, Detail};
use crate::id::{LineId, RedemptionId};
use crate::posting::PostingReason;
use crate::program::{CreditKind, Program};
use crate::redeem::{self, Opened, Plan, PlanLine, Settlement, Tender};
use crate::time::Instant;
use crate::wallet::{Draw, Hold, Wallet};

use super::{CardStatus, held_until, status};

/// A request to spend the card that is asked. Its PIN was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend {
    /// The caller's id.
    pub redemption: RedemptionId,
    /// In this currency.
    pub currency: Currency,
    /// So much of it, more than nothing.
    pub amount: Minor,
    /// When the value goes.
    pub settlement: Settlement,
}

/// Why a card cannot be spent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotSpendable {
    /// There is no such card.
    #[error("there is no such gift card")]
    Unknown,
    /// Nothing can be done with it any more.
    #[error("the gift card is {}", .0.as_str())]
    NotActive(CardStatus),
    /// Redemptions hold all of it, or hold it past the instant from which it goes back.
    #[error("a redemption holds the gift card")]
    Held {
        /// No longer than this.
        until: Instant,
    },
    /// It is in another currency.
    #[error("the gift card is in another currency")]
    Currency {
        /// In this one.
        currency: Option<Currency>,
    },
    /// More than is available.
    #[error("less than that is available on the gift card")]
    Insufficient {
        /// What is.
        available: Minor,
        /// In this currency.
        currency: Currency,
    },
}

/// Why nothing is spent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Of the card.
    #[error(transparent)]
    Card(#[from] NotSpendable),
    /// The redemption could not be made of anything.
    #[error(transparent)]
    Redemption(#[from] redeem::Refusal),
}

/// Spends some of a card at once, or holds it.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    spend: &Spend,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let lapses_at = redeem::lapses_at(program, spend.settlement, now)?;
    let mut draft = Draft::open(wallet, now);
    available(&draft, spend.currency, now)?;
    let draw = draw(&mut draft, spend.currency, spend.amount)?;
    let redemption = spend.redemption.clone();
    match lapses_at {
        Some(lapses_at) => {
            let (redemption, draws) = (redemption.clone(), vec![draw.clone()]);
            let hold = Hold { member: None, redemption, lapses_at, draws };
            draft.keep(hold).map_err(redeem::Refusal::from)?;
        }
        None => draft.spend(&draw, PostingReason::Redeemed),
    }
    let plan = plan(spend, draw);
    Ok(Decision::Append(draft.close(Detail::Redemption(Opened { redemption, plan, lapses_at }))))
}

/// A basket of one line that the card pays.
fn plan(spend: &Spend, draw: Draw) -> Plan {
    let amount = spend.amount;
    let line = PlanLine { id: LineId::of_card(), is_gift_card: false, amount, shares: Vec::new() };
    Plan {
        currency: spend.currency,
        lines: vec![line],
        discounts: Vec::new(),
        tenders: vec![Tender { kind: CreditKind::GiftCard, card: None, draw }],
        passed_over: Vec::new(),
    }
}

/// How much of the card in `draft` could be spent in a currency.
pub(crate) fn available(
    draft: &Draft,
    currency: Currency,
    now: Instant,
) -> Result<Minor, NotSpendable> {
    let wallet = draft.wallet();
    let card = wallet.card.as_ref().ok_or(NotSpendable::Unknown)?;
    match status(wallet, card, now) {
        CardStatus::Active => {}
        status => return Err(NotSpendable::NotActive(status)),
    }
    let available = Minor::from(wallet.available(&card.asset));
    let is_closing = card.revert_at.is_some_and(|revert_at| revert_at <= now);
    if let Some(until) = held_until(wallet).filter(|_| is_closing || available.is_zero()) {
        return Err(NotSpendable::Held { until });
    }
    if card.currency() != Some(currency) {
        return Err(NotSpendable::Currency { currency: card.currency() });
    }
    Ok(available)
}

/// Draws from the card in `draft`, and sets it aside.
pub(crate) fn draw(
    draft: &mut Draft,
    currency: Currency,
    amount: Minor,
) -> Result<Draw, NotSpendable> {
    let card = draft.wallet().card.clone().ok_or(NotSpendable::Unknown)?;
    draft.draw_from(&card.asset, &card.lot(), amount.into()).map_err(
        |Insufficient { available }| NotSpendable::Insufficient {
            available: available.into(),
            currency,
        },
    )
}

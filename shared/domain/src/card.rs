//! Gift cards (DESIGN 5.13 to 5.16).
//!
//! A card is an account of its own: its value is one lot, and [`Card`] says what else it is. Time
//! moves it as it moves a wallet, and two things end it for good: that it is given to somebody, or
//! taken back.
//!
//! | status | reached by | then |
//! |---|---|---|
//! | active | [`issue`] | spent in parts, held, claimed |
//! | spent | its last part | active again by a refund |
//! | claimed | [`claim`] | the rest is a credit of the claimant |
//! | cancelled | [`cancel`], untouched only | it is a credit of the purchaser |
//! | reverted | `revert_at`, when nobody has claimed or spent it | the same; [`revert`] writes it down |
//! | void | [`void`] | nobody has it |
//! | expired | its `expires_at` | active again by a refund, for the grace period |

pub mod cancel;
pub mod claim;
pub mod issue;
mod receive;
pub mod revert;
pub mod spend;
pub mod void;

use thiserror::Error;

use crate::amount::{Minor, Units};
use crate::asset::Asset;
use crate::currency::Currency;
use crate::draft::Draft;
use crate::entry::{CardMove, Line, Operation};
use crate::id::{CardId, Handle, KeyId, LotId, MemberId, Reason, RedemptionId, RefundId};
use crate::posting::PostingReason;
use crate::time::Instant;
use crate::wallet::Wallet;

pub(crate) use receive::{Origin, receive};

/// What a purchaser calls a card by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardKey {
    /// Who bought it.
    pub purchaser: MemberId,
    /// Its id among theirs.
    pub card: CardId,
}

/// How the PIN of a card is derived from its number. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinTerms {
    /// With this key of the ring.
    pub key: KeyId,
    /// So many digits, 1 to 12.
    pub digits: u8,
}

/// What a gift card is besides its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Whose it is, and which.
    pub key: CardKey,
    /// What its value is denominated in.
    pub asset: Asset,
    /// What it was sold for.
    pub amount: Minor,
    /// The credit that it becomes.
    pub credit: Handle,
    /// How its PIN is derived.
    pub pin: PinTerms,
    /// From when its value can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
    /// From when it goes back to its purchaser; `None`: never, or something of it was spent.
    pub revert_at: Option<Instant>,
    /// Whether anything of it was ever spent.
    pub is_spent_from: bool,
    /// What ended it.
    pub end: Option<End>,
}

/// What ended a card for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// This member claimed what was left.
    Claimed(MemberId),
    /// It went back to its purchaser unclaimed.
    Reverted,
    /// Its purchaser took it back.
    Cancelled,
    /// The retailer took it back.
    Voided,
}

/// How a card stands at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStatus {
    /// There is value on it, or held from it.
    Active,
    /// Nothing is left.
    Spent,
    /// Somebody claimed it.
    Claimed,
    /// It went back to its purchaser, or is about to.
    Reverted,
    /// Its purchaser took it back.
    Cancelled,
    /// The retailer took it back.
    Void,
    /// It was not spent in time.
    Expired,
}

impl CardStatus {
    /// The word for it at the border.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Spent => "spent",
            Self::Claimed => "claimed",
            Self::Reverted => "reverted",
            Self::Cancelled => "cancelled",
            Self::Void => "void",
            Self::Expired => "expired",
        }
    }
}

/// A card as it was issued. The rest of it is in the state of the same line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardIssued {
    /// Whose it is, and which.
    pub key: CardKey,
}

/// What ended a card, as a line of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardEnded {
    /// Whose it is.
    pub purchaser: MemberId,
    /// What ended it.
    pub end: End,
    /// How much was left.
    pub amount: Minor,
    /// Why, where a person decided it.
    pub reason: Option<Reason>,
}

/// What a member's redemption did to a card, as a line of the card's log. The plan is in the
/// member's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPart {
    /// Whose redemption.
    pub member: MemberId,
    /// Which.
    pub redemption: RedemptionId,
    /// What it did.
    pub step: CardStep,
    /// With so much of the card.
    pub amount: Minor,
}

/// What a redemption does to a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardStep {
    /// Spends.
    Spent,
    /// Sets aside, until this instant.
    Held(Instant),
    /// Spends what was set aside; the rest of that goes back.
    Captured,
    /// Gives back what was set aside.
    Released,
    /// Gives back what was spent.
    Refunded(RefundId),
}

/// Whose redemption spent a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spender {
    /// A member's.
    Member(MemberId),
    /// Nobody's: the card was spent by itself.
    Direct,
}

/// Value of a card that came into a wallet as gift-card credit, as a line of the wallet's log. What
/// came is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardCredited {
    /// How it came.
    pub arrival: Arrival,
}

/// How value of a card comes into a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The member claimed the card.
    Claimed(CardKey),
    /// The member's own card went back to them.
    Reverted(CardKey),
    /// They took it back.
    Cancelled(CardKey),
    /// A refund of what was spent of a card that had come to them since.
    Refunded {
        /// Whose redemption.
        spender: Spender,
        /// Which.
        redemption: RedemptionId,
        /// The refund.
        refund: RefundId,
    },
}

/// A gift-card credit as it came into a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditReceived<'a> {
    /// What it is.
    pub asset: &'a Asset,
    /// Its id among the member's credits.
    pub id: &'a LotId,
    /// How much.
    pub amount: Units,
    /// From when it can no longer be spent; `None`: never.
    pub expires_at: Option<Instant>,
}

/// The gift-card credit that a line brought in, by what it posted.
pub fn credit_received(line: &Line) -> Option<CreditReceived<'_>> {
    let arrived =
        |reason| matches!(reason, PostingReason::TransferredIn | PostingReason::Reinstated);
    let posting = line.postings.iter().find(|posting| {
        arrived(posting.reason)
            && matches!(posting.asset, Asset::Credit(..))
            && posting.id.is_some()
    })?;
    Some(CreditReceived {
        asset: &posting.asset,
        id: posting.id.as_ref()?,
        amount: posting.amount.magnitude(),
        expires_at: posting.expires_at,
    })
}

impl CardCredited {
    /// The operation that brought it.
    pub(crate) fn operation(&self) -> Operation {
        match &self.arrival {
            Arrival::Claimed(key) => Operation::CardCredit(key.clone(), CardMove::Claim),
            Arrival::Reverted(key) => Operation::CardCredit(key.clone(), CardMove::Revert),
            Arrival::Cancelled(key) => Operation::CardCredit(key.clone(), CardMove::Cancel),
            Arrival::Refunded { spender, redemption, refund } => {
                let refund = Operation::Refund(redemption.clone(), refund.clone());
                Operation::Of(spender.clone(), Box::new(refund))
            }
        }
    }
}

impl CardPart {
    /// The operation that did it.
    pub(crate) fn operation(&self) -> Operation {
        let redemption = self.redemption.clone();
        let operation = match &self.step {
            CardStep::Spent | CardStep::Held(_) => Operation::Redemption(redemption),
            CardStep::Captured => Operation::Capture(redemption),
            CardStep::Released => Operation::Release(redemption),
            CardStep::Refunded(refund) => Operation::Refund(redemption, refund.clone()),
        };
        Operation::Of(Spender::Member(self.member.clone()), Box::new(operation))
    }

    /// The word for what it did, at the border and in storage.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.step {
            CardStep::Spent | CardStep::Held(_) => "gift_card_redemption",
            CardStep::Captured => "gift_card_capture",
            CardStep::Released => "gift_card_release",
            CardStep::Refunded(_) => "gift_card_refund",
        }
    }
}

impl CardEnded {
    /// The operation that ended it.
    pub(crate) fn operation(&self) -> Operation {
        let purchaser = || Some(self.purchaser.clone());
        match &self.end {
            End::Claimed(member) => Operation::CardMove(Some(member.clone()), CardMove::Claim),
            End::Reverted => Operation::CardMove(None, CardMove::Revert),
            End::Cancelled => Operation::CardMove(purchaser(), CardMove::Cancel),
            End::Voided => Operation::CardMove(purchaser(), CardMove::Void),
        }
    }

    /// The word for how it ended, at the border and in storage.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.end {
            End::Claimed(_) => "gift_card_claim",
            End::Reverted => "gift_card_revert",
            End::Cancelled => "gift_card_cancel",
            End::Voided => "gift_card_void",
        }
    }
}

impl Card {
    /// The currency of its value.
    pub fn currency(&self) -> Option<Currency> {
        self.asset.currency()
    }

    /// The id of its one lot: a card has a wallet to itself, so its own will do.
    pub(crate) fn lot(&self) -> LotId {
        LotId::of_card(&self.key.card)
    }

    /// To whom its value has gone; `None` while it is on the card, or would be.
    pub fn receiver(&self) -> Option<&MemberId> {
        match self.end.as_ref()? {
            End::Claimed(member) => Some(member),
            End::Reverted | End::Cancelled => Some(&self.key.purchaser),
            End::Voided => None,
        }
    }
}

/// Why a card cannot be given to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotGiven {
    /// There is no such card.
    #[error("there is no such gift card")]
    Unknown,
    /// Nothing can be done with it any more.
    #[error("the gift card is {}", .0.as_str())]
    NotActive(CardStatus),
    /// A redemption holds it.
    #[error("a redemption holds the gift card")]
    Held {
        /// No longer than this.
        until: Instant,
    },
}

/// The card in `draft`, when it can be given to somebody. That a redemption holds it comes before
/// its status.
fn to_give(draft: &Draft) -> Result<Card, NotGiven> {
    let wallet = draft.wallet();
    let card = wallet.card.as_ref().ok_or(NotGiven::Unknown)?;
    if let Some(until) = held_until(wallet) {
        return Err(NotGiven::Held { until });
    }
    match status(wallet, card, draft.now()) {
        CardStatus::Active => Ok(card.clone()),
        status => Err(NotGiven::NotActive(status)),
    }
}

/// How the card of a wallet stands at `now`, to which the wallet has been carried.
pub fn status(wallet: &Wallet, card: &Card, now: Instant) -> CardStatus {
    let has_expired = card.expires_at.is_some_and(|expires_at| expires_at <= now);
    match card.end {
        Some(End::Claimed(_)) => CardStatus::Claimed,
        Some(End::Reverted) => CardStatus::Reverted,
        Some(End::Cancelled) => CardStatus::Cancelled,
        Some(End::Voided) => CardStatus::Void,
        None if wallet.reverts_at().is_some_and(|reverts_at| reverts_at <= now) => {
            CardStatus::Reverted
        }
        None if !wallet.holds.is_empty() || !wallet.available(&card.asset).is_zero() => {
            CardStatus::Active
        }
        None if has_expired => CardStatus::Expired,
        None => CardStatus::Spent,
    }
}

/// What could be spent of the card of a wallet at `now`, to which the wallet has been carried.
pub fn spendable(wallet: &Wallet, card: &Card, now: Instant) -> Minor {
    let is_closing = card.revert_at.is_some_and(|revert_at| revert_at <= now);
    match status(wallet, card, now) {
        CardStatus::Active if !is_closing => wallet.available(&card.asset).into(),
        _ => Minor::ZERO,
    }
}

/// The last instant at which a hold of the card lapses, while there is one.
pub fn held_until(wallet: &Wallet) -> Option<Instant> {
    wallet.holds.iter().map(|hold| hold.lapses_at).max()
}

#[cfg(test)]
mod tests;

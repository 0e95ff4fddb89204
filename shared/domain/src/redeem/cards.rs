//! What a member's redemption does to the gift cards that it draws on: a line in the log of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{AccountId, Drafts, Missing};
use crate::amount::{Minor, Units};
use crate::card::{Arrival, Card, CardCredited, CardPart, CardStep, Origin, Spender, receive};
use crate::entry::Detail;
use crate::id::{CardNumber, MemberId, RedemptionId, RefundId};
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::time::Instant;
use crate::wallet::{Draw, Hold};

use super::{CardRefunded, History, Opened, Plan};

/// The accounts of the cards that a plan draws on.
pub(super) fn accounts(plan: &Plan) -> impl Iterator<Item = AccountId> {
    plan.card_draws().map(|(number, _)| AccountId::Card(number.clone()))
}

/// Spends what a redemption took of its cards, or holds it there.
///
/// # Errors
/// [`LimitReached`] when a card has too many holds.
pub(super) fn open(
    drafts: &mut Drafts<'_>,
    opened: &Opened,
) -> Result<Vec<(AccountId, Detail)>, LimitReached> {
    // Only a member has a basket, and so cards in it.
    let Some(member) = drafts.member().cloned() else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    for (number, draw) in opened.plan.card_draws() {
        let account = AccountId::Card(number.clone());
        // Planning has drawn on it.
        let Ok(draft) = drafts.of(&account) else { continue };
        let step = if let Some(lapses_at) = opened.lapses_at {
            let (member, draws) = (Some(member.clone()), vec![draw.clone()]);
            let redemption = opened.redemption.clone();
            draft.keep(Hold { member, redemption, lapses_at, draws })?;
            CardStep::Held(lapses_at)
        } else {
            draft.spend(draw, PostingReason::Redeemed);
            CardStep::Spent
        };
        parts.push(part((&member, &opened.redemption), step, number, draw.amount()));
    }
    Ok(parts)
}

/// Ends what a redemption holds of its cards: spends what `captured` takes of it, and gives the
/// rest back.
///
/// # Errors
/// [`Missing`] when a card was not read.
pub(super) fn end(
    drafts: &mut Drafts<'_>,
    history: &History,
    captured: &Plan,
) -> Result<Vec<(AccountId, Detail)>, Missing> {
    let Some(member) = history.member() else {
        return Ok(Vec::new());
    };
    let redemption = history.redemption();
    let mut parts = Vec::new();
    for (number, held) in history.recorded_plan().card_draws() {
        let spent = captured.card_draw(number);
        let amount = spent.map_or(Units::ZERO, Draw::amount);
        let draft = drafts.of(&AccountId::Card(number.clone()))?;
        // A refund may have let the card live on since: its own hold says until when.
        let own = draft.end_hold(Some(member), redemption);
        let own = own.and_then(|hold| hold.draws.into_iter().next());
        let (taken, rest) = own.unwrap_or_else(|| held.clone()).split(amount);
        draft.capture(spent.map(|_| &taken).as_slice(), &[rest]);
        let step = spent.map_or(CardStep::Released, |_| CardStep::Captured);
        let moved = if spent.is_some() { amount } else { held.amount() };
        parts.push(part((member, redemption), step, number, moved));
    }
    Ok(parts)
}

/// The line of a card.
pub(super) fn part(
    (member, redemption): (&MemberId, &RedemptionId),
    step: CardStep,
    number: &CardNumber,
    amount: Units,
) -> (AccountId, Detail) {
    let amount = Minor::from(amount);
    let (member, redemption) = (member.clone(), redemption.clone());
    let part = CardPart { member, redemption, step, amount };
    (AccountId::Card(number.clone()), Detail::CardPart(part))
}

/// What a refund gives back for gift cards, and the lines that it makes in other logs.
pub(super) struct Back<'a> {
    history: &'a History,
    refund: &'a RefundId,
    lines: BTreeMap<AccountId, Detail>,
}

impl<'a> Back<'a> {
    pub(super) fn new(history: &'a History, refund: &'a RefundId) -> Self {
        Self { history, refund, lines: BTreeMap::new() }
    }

    /// Requires all that money goes back to: the cards, then whoever has got their value since.
    ///
    /// # Errors
    /// [`Missing`] those of the first that were not read, or else those of the second.
    pub(super) fn require<'n>(
        drafts: &mut Drafts<'_>,
        numbers: impl Iterator<Item = &'n CardNumber>,
    ) -> Result<(), Missing> {
        let cards: Vec<AccountId> = numbers.cloned().map(AccountId::from).collect();
        drafts.require(cards.iter().cloned())?;
        let mut receivers = BTreeSet::new();
        for card in &cards {
            let card = drafts.of(card)?.wallet().card.as_ref();
            receivers.extend(card.and_then(Card::receiver).map(AccountId::from));
        }
        drafts.require(receivers)
    }

    /// Gives `amount` back to the card with this number, or to the one that is asked, and says so
    /// unless the wallet that is asked gets it: to the card itself, which lives on until `until`
    /// when it has expired since; of one whose value has become somebody's credit, to them.
    ///
    /// # Errors
    /// [`Missing`] when an account was not read; within, [`LimitReached`] when somebody would have
    /// more than a count can hold.
    pub(super) fn give(
        &mut self,
        drafts: &mut Drafts<'_>,
        number: Option<&CardNumber>,
        amount: Units,
        until: Option<Instant>,
    ) -> Result<Result<Option<CardRefunded>, LimitReached>, Missing> {
        let own = drafts.asked().and_then(AccountId::card);
        // A plan only has cards that were issued.
        let Some(of) = number.or(own).cloned() else { return Ok(Ok(None)) };
        let refunded = CardRefunded { number: of.clone(), amount: amount.into() };
        let draft = drafts.of(&AccountId::Card(of))?;
        let Some(card) = draft.wallet().card.clone() else { return Ok(Ok(None)) };
        let Some(receiver) = card.receiver() else {
            let given = draft.refill_card(amount, until);
            if let (Some(number), Some(member)) = (number, self.history.member()) {
                let step = CardStep::Refunded(self.refund.clone());
                let redemption = self.history.redemption();
                self.lines.extend([part((member, redemption), step, number, amount)]);
            }
            return Ok(given.map(|()| Some(refunded)));
        };
        let account = AccountId::from(receiver);
        let draft = drafts.of(&account)?;
        let now = draft.now();
        let is_live = card.expires_at.is_none_or(|expires_at| now < expires_at);
        let expires_at = if is_live { card.expires_at } else { until };
        let origin = Origin::Returned(PostingReason::Reinstated);
        let given = receive(draft, &card, amount, expires_at, origin);
        let spender =
            self.history.member().map_or(Spender::Direct, |member| Spender::Member(member.clone()));
        let redemption = self.history.redemption().clone();
        let arrival = Arrival::Refunded { spender, redemption, refund: self.refund.clone() };
        let is_own = drafts.asked() == Some(&account);
        self.lines.insert(account, Detail::CardCredit(CardCredited { arrival }));
        Ok(given.map(|()| (!is_own).then_some(refunded)))
    }

    pub(super) fn into_lines(self) -> BTreeMap<AccountId, Detail> {
        self.lines
    }
}

#[cfg(test)]
mod tests;

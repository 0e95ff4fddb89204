//! What a line makes of a gift card besides its value.

use crate::card::{Card, CardIssued};
use crate::entry::{Detail, Entry};
use crate::posting::PostingReason;
use crate::wallet::Wallet;

/// The card after a line. That it is sold says what it is; from then on it is spent from, lives on
/// and ends.
pub(super) fn after(before: &Wallet, entry: &Entry) -> Option<Card> {
    let printed = entry.line.wallet.card.as_ref();
    if let (Detail::CardIssue(CardIssued { key }), None) = (&entry.line.detail, &before.card) {
        let sold = Card { key: key.clone(), is_spent_from: false, end: None, ..printed?.clone() };
        let of = entry.line.postings.iter().find(|it| it.reason == PostingReason::Issued);
        return Some(match of {
            Some(of) => Card {
                asset: of.asset.clone(),
                amount: of.amount.magnitude().into(),
                expires_at: of.expires_at,
                ..sold
            },
            None => sold,
        });
    }
    let mut card = before.card.clone()?;
    let of_card = || entry.line.postings.iter().filter(|posting| posting.asset == card.asset);
    let is_spent = of_card().any(|posting| posting.reason == PostingReason::Redeemed);
    let comes_back = of_card().find(|posting| posting.reason == PostingReason::Reinstated);
    let comes_back_until = comes_back.map(|posting| posting.expires_at);
    if is_spent {
        (card.is_spent_from, card.revert_at) = (true, None);
    }
    let has_expired = card.expires_at.is_some_and(|expires_at| expires_at <= entry.recorded_at);
    if let (true, Some(until)) = (has_expired, comes_back_until) {
        card.expires_at = until;
    }
    if let Detail::CardEnd(ended) = &entry.line.detail {
        card.end = Some(ended.end.clone());
    }
    Some(card)
}

/// The card of which what is left goes back to its purchaser one day, and nothing expires until then:
/// it has not ended, nothing was ever spent of it, no redemption holds some, and it does not expire
/// first.
pub(super) fn waiting(wallet: &Wallet) -> Option<&Card> {
    let card = wallet.card.as_ref()?;
    let value = wallet.assets.get(&card.asset)?;
    let is_left = value.lots.iter().any(|lot| !lot.remaining.is_zero());
    let is_first = |at| card.expires_at.is_none_or(|expires_at| at < expires_at);
    let goes_back = card.end.is_none() && card.revert_at.is_some_and(is_first);
    (is_left && wallet.holds.is_empty() && goes_back).then_some(card)
}

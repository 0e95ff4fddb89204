//! What a refund gave back, as its line posted it.

use scrip_domain::currency::Currency;
use scrip_domain::entry::Entry;
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::redeem::CardRefunded;
use scrip_edge::LotAnswer;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct RestoredAnswer {
    /// Value that is the member's again, lot by lot.
    restored: Vec<LotAnswer>,
    /// Value that had expired meanwhile and has no grace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forfeited: Vec<LotAnswer>,
    /// Of the points above, what went into repaying debt instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repaid_debt: Vec<LotAnswer>,
}

impl RestoredAnswer {
    /// What came back for `reason`.
    pub(crate) fn of(entry: &Entry, reason: PostingReason) -> Self {
        let postings = &entry.line.postings;
        let back = postings.iter().filter(|posting| posting.reason == reason);
        let (forfeited, restored): (Vec<_>, Vec<_>) = back.partition(|each| each.is_forfeited());
        // The posting after one that came in says what of it repaid debt; others may be of a hold
        // that lapsed.
        let repaid = postings.iter().zip(postings.iter().skip(1));
        let repaid = repaid.filter(|(back, next)| {
            back.reason == reason && next.reason == PostingReason::DebtRepaid
        });
        Self {
            restored: restored.into_iter().map(lot).collect(),
            forfeited: forfeited.into_iter().map(lot).collect(),
            repaid_debt: repaid.map(|(_, repaid)| lot(repaid)).collect(),
        }
    }
}

impl RestoredAnswer {
    /// With what came back for gift cards.
    pub(crate) fn and_cards(mut self, cards: &[CardRefunded], currency: Currency) -> Self {
        let cards = cards.iter();
        let back = cards.map(|card| LotAnswer::of_card(&card.number, currency, card.amount));
        self.restored.extend(back);
        self
    }
}

fn lot(posting: &Posting) -> LotAnswer {
    let amount = posting.amount.magnitude();
    LotAnswer::new(&posting.asset, posting.id.as_ref(), amount, posting.expires_at)
}

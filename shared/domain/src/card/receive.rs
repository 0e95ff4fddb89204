//! Value of a card that becomes a credit in a wallet.

use crate::amount::Units;
use crate::asset::Asset;
use crate::draft::Draft;
use crate::id::LotId;
use crate::limit::LimitReached;
use crate::posting::PostingReason;
use crate::time::Instant;

use super::Card;

/// Why value comes into a wallet: whether it may be refused for want of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The member asked for it.
    Claimed,
    /// It comes back, and is never refused for the number of lots.
    Returned(PostingReason),
}

/// Puts value of `card` into a wallet as gift-card credit that expires at `expires_at`, merged with
/// what there is of the same definition, currency and expiry. What is past its expiry comes and
/// goes in this line.
///
/// # Errors
/// [`LimitReached`] when there would be more of the asset than a count can hold, or of what is
/// claimed more lots than a wallet may have. Nothing is put in then.
pub(crate) fn receive(
    draft: &mut Draft,
    card: &Card,
    amount: Units,
    expires_at: Option<Instant>,
    origin: Origin,
) -> Result<(), LimitReached> {
    let Some(currency) = card.currency() else {
        return Ok(());
    };
    let asset = Asset::Credit(card.credit.clone(), currency);
    let id = id_of(draft, &asset, expires_at);
    match origin {
        Origin::Claimed => {
            draft.grant(&asset, id, amount, PostingReason::TransferredIn, expires_at)
        }
        Origin::Returned(reason) => draft.give(&asset, id, amount, reason, expires_at),
    }
}

/// The id that all gift-card credit of one definition, currency and expiry shares. Of a lot that was
/// voided or extended since, the next one.
fn id_of(draft: &Draft, asset: &Asset, expires_at: Option<Instant>) -> LotId {
    let lots = draft.wallet().holding(asset).map_or(&[][..], |holding| &holding.lots);
    // There are no more taken than lots.
    let ids =
        (1..=lots.len().saturating_add(1)).map(|place| LotId::of_gift(asset, expires_at, place));
    let is_free = |id: &LotId| {
        let found = lots.iter().find(|lot| lot.id() == Some(id));
        found.is_none_or(|lot| !lot.is_voided() && lot.expires_at == expires_at)
    };
    let mut ids = ids.filter(is_free);
    ids.next().unwrap_or_else(|| LotId::of_gift(asset, expires_at, 1))
}

//! Whether a line's detail names the value that it moved: not how much only, but which.

use super::super::Misfit;
use crate::amount::{Change, Units};
use crate::asset::{Asset, Kind};
use crate::card::{Arrival, CardStep};
use crate::entry::{Detail, Entry};
use crate::id::LotId;
use crate::posting::{Posting, PostingReason};
use crate::redeem::{Captured, Opened};
use crate::time::Instant;
use crate::wallet::{Draw, Lot, Wallet};

/// Some of one asset, as a detail and its posting both name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moved<'a> {
    asset: &'a Asset,
    id: Option<&'a LotId>,
    amount: Change,
    expires_at: Option<Instant>,
}

/// Where the detail names other value than was posted, or than there was.
pub(super) fn misfits(entry: &Entry, before: &Wallet) -> Vec<Misfit> {
    let detail = &entry.line.detail;
    let mut misfits = Vec::new();
    if let Some((reason, says)) = says(detail) {
        let postings = entry.line.postings.iter().filter(|posting| posting.reason == reason);
        let posted: Vec<Moved<'_>> = postings.map(posted).collect();
        if posted != says {
            misfits.push(misfit("value", format!("{posted:?}"), format!("{says:?}")));
        }
    }
    let drawn = drawn_at_once(detail).into_iter();
    for (asset, drawn) in drawn.flat_map(|draw| draw.lots.iter().map(|lot| (&draw.asset, lot))) {
        let lot = drawn.id.as_ref().and_then(|id| lot(before, asset, id));
        let issued_at = lot.and_then(|lot| Some(lot.identity.as_ref()?.issued_at));
        if issued_at != drawn.issued_at {
            let (there, says) = (format!("{issued_at:?}"), format!("{:?}", drawn.issued_at));
            misfits.push(misfit("issued_at", there, says));
        }
    }
    misfits.extend(of_named(detail, before));
    misfits.extend(arrived(entry));
    misfits.extend(of_card(entry, before));
    misfits
}

/// The value that a detail names whole, and for which reason it is posted.
fn says(detail: &Detail) -> Option<(PostingReason, Vec<Moved<'_>>)> {
    let comes = |asset, id, amount, expires_at| {
        vec![Moved { asset, id: Some(id), amount: Change::plus(amount), expires_at }]
    };
    Some(match detail {
        Detail::Redemption(Opened { lapses_at: Some(_), .. }) => {
            (PostingReason::Redeemed, Vec::new())
        }
        Detail::Redemption(Opened { plan, .. }) | Detail::Capture(Captured { plan, .. }) => {
            (PostingReason::Redeemed, plan.draws().flat_map(taken).collect())
        }
        Detail::Transfer(it) => (PostingReason::TransferredOut, taken(&it.draw).collect()),
        Detail::Issue(it) => {
            (PostingReason::Issued, comes(&it.asset, &it.id, it.amount, it.expires_at))
        }
        Detail::Conversion(it) => {
            let money = Units::from(it.money);
            (PostingReason::ConvertedIn, comes(&it.asset, &it.id, money, it.expires_at))
        }
        _ => return None,
    })
}

/// What a detail draws of lots. What a hold has is compared with the hold.
fn drawn_at_once(detail: &Detail) -> Vec<&Draw> {
    match detail {
        Detail::Redemption(Opened { plan, lapses_at: None, .. }) => plan.draws().collect(),
        Detail::Transfer(it) => vec![&it.draw],
        _ => Vec::new(),
    }
}

fn taken(draw: &Draw) -> impl Iterator<Item = Moved<'_>> {
    draw.lots.iter().map(|lot| Moved {
        asset: &draw.asset,
        id: lot.id.as_ref(),
        amount: Change::minus(lot.amount),
        expires_at: lot.expires_at,
    })
}

fn posted(posting: &Posting) -> Moved<'_> {
    let Posting { asset, id, amount, expires_at, .. } = posting;
    Moved { asset, id: id.as_ref(), amount: *amount, expires_at: *expires_at }
}

/// What is extended or voided is of the kind that is said, and had the expiry that is said.
fn of_named(detail: &Detail, before: &Wallet) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    let (kind, asset) = match detail {
        Detail::Extension(it) => (it.kind, &it.asset),
        Detail::Void(it) => (it.kind, &it.asset),
        _ => return misfits,
    };
    let of = match asset {
        Asset::Benefit(_) => Some(Kind::Benefit),
        Asset::Reward(..) => Some(Kind::Reward),
        Asset::Credit(..) => Some(Kind::Credit),
        Asset::Points(_) | Asset::GiftCard(..) => None,
    };
    if of != Some(kind) {
        misfits.push(misfit("kind", asset.to_string(), kind.to_string()));
    }
    if let Detail::Extension(it) = detail {
        let expires_at = lot(before, asset, &it.id).and_then(|lot| lot.expires_at);
        if expires_at != Some(it.before) {
            misfits.push(misfit("before", format!("{expires_at:?}"), it.before.to_string()));
        }
    }
    misfits
}

/// Credit of a card comes by a transfer, and back by a refund.
fn arrived(entry: &Entry) -> Option<Misfit> {
    let Detail::CardCredit(credited) = &entry.line.detail else { return None };
    let reason = match credited.arrival {
        Arrival::Refunded { .. } => PostingReason::Reinstated,
        Arrival::Claimed(_) | Arrival::Reverted(_) | Arrival::Cancelled(_) => {
            PostingReason::TransferredIn
        }
    };
    let arrivals = [PostingReason::Reinstated, PostingReason::TransferredIn];
    let mut other = entry.line.postings.iter().map(|posting| posting.reason);
    let other = other.find(|other| *other != reason && arrivals.contains(other))?;
    Some(misfit("arrival", other.as_str().to_owned(), reason.as_str().to_owned()))
}

/// A card that is sold is printed, one that ends is its purchaser's, and of what is captured the hold
/// says what it was.
fn of_card(entry: &Entry, before: &Wallet) -> Option<Misfit> {
    let (printed, card) = (entry.line.wallet.card.as_ref(), before.card.as_ref());
    match &entry.line.detail {
        Detail::CardIssue(it) if printed.is_none() => {
            Some(misfit("card", "none".to_owned(), it.key.card.to_string()))
        }
        Detail::CardEnd(it) => {
            let purchaser = card.map(|card| &card.key.purchaser);
            (purchaser != Some(&it.purchaser))
                .then(|| misfit("purchaser", format!("{purchaser:?}"), it.purchaser.to_string()))
        }
        Detail::CardPart(it) if it.step == CardStep::Captured => {
            let holds = before.holds.iter().filter(|hold| hold.redemption == it.redemption);
            let draws = holds.flat_map(|hold| &hold.draws);
            let held: Vec<Moved<'_>> = draws.flat_map(taken).collect();
            let is_held = |moved: &Moved<'_>| {
                held.iter().any(|held| Moved { amount: moved.amount, ..*held } == *moved)
            };
            let redeemed =
                entry.line.postings.iter().filter(|it| it.reason == PostingReason::Redeemed);
            let other = redeemed.map(posted).find(|moved| !is_held(moved))?;
            Some(misfit("captured", format!("{other:?}"), format!("{held:?}")))
        }
        _ => None,
    }
}

fn lot<'a>(wallet: &'a Wallet, asset: &Asset, id: &LotId) -> Option<&'a Lot> {
    let mut lots = wallet.assets.get(asset)?.lots.iter();
    lots.find(|lot| lot.identity.as_ref().is_some_and(|identity| identity.id == *id))
}

fn misfit(member: &'static str, posted: String, says: String) -> Misfit {
    Misfit::Detail { member, posted, says }
}

//! Forged postings.

use scrip_domain::amount::{Change, Units};
use scrip_domain::asset::Asset;
use scrip_domain::card::CardStep;
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Holding, Lot, Wallet};

use super::{Forger, other_than};

pub(super) fn forge(forger: &mut Forger<'_>) {
    for (place, posting) in forger.entry().line.postings.iter().enumerate() {
        let now = forger.entry().recorded_at;
        // What comes back to a card that has expired lives on for as long as the program says.
        let expiry = forger.before.card.as_ref().and_then(|card| card.expires_at);
        let has_expired = expiry.is_some_and(|expires_at| expires_at <= now);
        let lives_on = has_expired && posting.reason == PostingReason::Reinstated;
        let named = |what: &str| format!("posting {place} {what}");
        let mut change = |what: &str, change: &dyn Fn(&mut Posting)| {
            forger.change(named(what), |entry| change(&mut entry.line.postings[place]));
        };
        for by in [-1, 1] {
            let amount = Change::try_from(posting.amount.get() + by).unwrap();
            change(&format!("of {by:+} more"), &|it| it.amount = amount);
        }
        let opposite = Change::try_from(-posting.amount.get()).unwrap();
        change("the other way", &|it| it.amount = opposite);
        for reason in PostingReason::ALL {
            change(reason.as_str(), &|it| it.reason = reason);
        }
        for at in other_than(Some(posting.at)).into_iter().flatten() {
            change(&format!("at {at}"), &|it| it.at = at);
        }
        change("at the instant of the line", &|it| it.at = now);
        change("of another definition", &|it| it.asset = other_asset(&it.asset));
        change("of another lot", &|it| it.id = Some("forged".parse().unwrap()));
        change("of no lot", &|it| it.id = None);
        if !lives_on {
            for expires_at in other_than(posting.expires_at) {
                change(&format!("expiring {expires_at:?}"), &|it| it.expires_at = expires_at);
            }
        }
        if !is_past_accrual(posting) {
            for accrue_at in other_than(posting.accrue_at) {
                change(&format!("accruing {accrue_at:?}"), &|it| it.accrue_at = accrue_at);
            }
        }
        change("of a lot of one more", &|it| it.lot_issued = Some(more(it.lot_issued)));
        change("of a lot of nothing", &|it| it.lot_issued = Some(Units::ZERO));
        change("of a lot of no size", &|it| it.lot_issued = None);
        if posting.lot_issued.is_none() {
            let went = posting.amount.magnitude();
            change("of a lot of what went", &|it| it.lot_issued = Some(went));
        }
        // What is owed, and could not be taken back, was of no lot.
        if let (PostingReason::DebtIncurred, Some(source)) = (posting.reason, place.checked_sub(1))
        {
            forger.change(named("owed until then"), |entry| {
                entry.line.postings[source..=place]
                    .iter_mut()
                    .for_each(|it| it.expires_at = Some(now));
            });
            forger.change(named("owed from then on"), |entry| {
                entry.line.postings[source..=place]
                    .iter_mut()
                    .for_each(|it| it.accrue_at = Some(now));
            });
        }
        forger.change(named("left out"), |entry| drop(entry.line.postings.remove(place)));
        if let Some(lot) = ended(forger.before, posting) {
            forger.change(named("left out, and what it ended left there"), |entry| {
                entry.line.postings.remove(place);
                let holding = entry.line.wallet.assets.entry(posting.asset.clone()).or_default();
                leave(&mut holding.lots, lot);
            });
        }
        let next = forger.entry().line.postings.get(place + 1);
        if next.is_some_and(|next| posting.at < next.at) {
            forger.change(named("after the next"), |entry| {
                entry.line.postings.swap(place, place + 1);
            });
        }
        if let Some(expires_at) = posting.expires_at.filter(|_| is_taken(forger, posting)) {
            forger.change(named("once it had expired"), |it| delay(it, expires_at));
        }
        forger.change(named("again"), |entry| entry.line.postings.insert(place, posting.clone()));
    }
}

/// The same line at a later instant. Lots of which nothing is left are printed until their expiry.
pub(super) fn delay(entry: &mut Entry, to: Instant) {
    let own = entry.line.postings.iter_mut();
    own.filter(|it| it.at == entry.recorded_at).for_each(|it| it.at = to);
    entry.recorded_at = to;
    let wallet = &mut entry.line.wallet;
    let held: Vec<_> = wallet.holds.iter().flat_map(|hold| &hold.draws).cloned().collect();
    wallet.assets.retain(|asset, holding| {
        let is_held = held.iter().any(|draw| draw.asset == *asset);
        let is_over = |lot: &Lot| lot.remaining == Units::ZERO && lot.expires_at <= Some(to);
        holding.lots.retain(|lot| is_held || lot.expires_at.is_none() || !is_over(lot));
        *holding != Holding::default()
    });
}

/// Whether a posting takes what nothing kept from its expiry.
fn is_taken(forger: &Forger<'_>, posting: &Posting) -> bool {
    let is_kept = match &forger.entry().line.detail {
        Detail::Capture(_) | Detail::CardEnd(_) => true,
        Detail::CardPart(part) => part.step == CardStep::Captured,
        _ => false,
    };
    let takes = [
        PostingReason::Redeemed,
        PostingReason::Adjusted,
        PostingReason::ConvertedOut,
        PostingReason::TransferredOut,
    ];
    !is_kept && takes.contains(&posting.reason) && posting.amount.is_negative()
}

/// The lot of which a posting ended all that there was.
fn ended<'a>(before: &'a Wallet, posting: &Posting) -> Option<&'a Lot> {
    let is_it = |lot: &&Lot| {
        let id = lot.identity.as_ref().map(|identity| &identity.id);
        (id, lot.expires_at, lot.remaining)
            == (posting.id.as_ref(), posting.expires_at, posting.amount.magnitude())
    };
    let ends = matches!(posting.reason, PostingReason::Expired | PostingReason::Voided);
    before.assets.get(&posting.asset)?.lots.iter().filter(|_| ends).find(is_it)
}

fn leave(lots: &mut Vec<Lot>, lot: &Lot) {
    lots.retain(|it| (&it.identity, it.expires_at) != (&lot.identity, lot.expires_at));
    lots.push(lot.clone());
    lots.sort_by_key(|lot| {
        let issued_at = lot.identity.as_ref().map(|identity| identity.issued_at);
        (lot.expires_at.is_none(), lot.expires_at, lot.accrue_at, lot.is_grace, issued_at)
    });
}

/// Points that came in after they had accrued: only the program knows since when.
fn is_past_accrual(posting: &Posting) -> bool {
    posting.accrue_at.is_some_and(|accrue_at| accrue_at <= posting.at)
}

fn more(issued: Option<Units>) -> Units {
    issued.unwrap_or(Units::ZERO).checked_add(Units::try_from(1).unwrap()).unwrap()
}

/// The same of another definition.
pub(super) fn other_asset(asset: &Asset) -> Asset {
    let forged = || "forged".parse().unwrap();
    match asset {
        Asset::Points(_) => Asset::Points(forged()),
        Asset::Benefit(_) => Asset::Benefit(forged()),
        Asset::Reward(_, currency) => Asset::Reward(forged(), *currency),
        Asset::Credit(_, currency) => Asset::Credit(forged(), *currency),
        Asset::GiftCard(_, currency) => Asset::GiftCard(forged(), *currency),
    }
}

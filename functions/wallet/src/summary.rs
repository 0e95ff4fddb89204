//! A line of the passbook in a sentence.

use std::collections::BTreeMap;

use scrip_domain::amount::Units;
use scrip_domain::asset::Asset;
use scrip_domain::card::{Arrival, credit_received};
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::{Handle, LotId};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::redeem::Plan;
use scrip_domain::time::{Instant, Zone};

/// What happened, for a member or somebody at the service desk. Dates are those of `zone`.
pub(crate) fn summary(entry: &Entry, zone: &Zone) -> String {
    let mut parts = vec![what_was_asked(entry, zone)];
    let postings = &entry.line.postings;
    parts.extend(level_changed(entry));
    let also = [
        (PostingReason::Expired, "expired"),
        (PostingReason::DebtRepaid, "repaid what was owed"),
        (PostingReason::DebtIncurred, "are owed"),
    ];
    for (reason, what) in also {
        let moved = moved(postings, reason);
        if !moved.is_empty() {
            parts.push(format!("{moved} {what}"));
        }
    }
    if !matches!(entry.line.detail, Detail::Void(_)) {
        let voided = moved(postings, PostingReason::Voided);
        if !voided.is_empty() {
            parts.push(format!("{voided} voided"));
        }
    }
    parts.extend(entry.line.reviews.iter().map(|review| {
        let after = review.after.as_ref().map_or("the lowest level", Handle::as_str);
        match &review.after {
            Some(after) if *after == review.before => format!("level {after} kept"),
            _ => format!("level {} not kept: {after}", review.before),
        }
    }));
    let lapsed = entry.line.lapsed.iter();
    parts.extend(lapsed.map(|redemption| format!("the hold for {redemption} had lapsed")));
    parts.join("; ")
}

/// "reached gold"; an assignment says so itself.
fn level_changed(entry: &Entry) -> Option<String> {
    let change = entry.line.level.as_ref()?;
    match &entry.line.detail {
        Detail::TierAssignment(_) => None,
        Detail::Return(_) => Some(format!("no longer {} but {}", change.before, change.after)),
        _ => Some(format!("reached {}", change.after)),
    }
}

fn what_was_asked(entry: &Entry, zone: &Zone) -> String {
    let postings = &entry.line.postings;
    match &entry.line.detail {
        Detail::Facts { .. } => "Member facts updated".to_owned(),
        Detail::Purchase(purchased) => {
            let earned = earned(postings, zone);
            let earned = if earned.is_empty() { "nothing".to_owned() } else { earned };
            format!("Purchase {} earned {earned}", purchased.order)
        }
        Detail::Return(returned) => {
            let taken = returned.taken.iter().map(|taken| {
                value(&Asset::Points(taken.points.clone()), taken.amount.into(), None)
            });
            let taken: Vec<String> = taken.collect();
            let taken = if taken.is_empty() { "nothing".to_owned() } else { taken.join(", ") };
            let (id, order) = (&returned.id, &returned.purchased.order);
            format!("Return {id} of {order} takes back {taken}")
        }
        Detail::Award(awarded) => {
            format!("Awarded {} for {}", earned(postings, zone), awarded.reason)
        }
        Detail::Adjustment(adjusted) => format!(
            "Adjusted by {:+} {} points by {}: {}",
            adjusted.amount.get(),
            adjusted.points,
            adjusted.actor,
            adjusted.reason
        ),
        Detail::TierAssignment(assigned) => {
            format!("Level {} given by {}: {}", assigned.level, assigned.actor, assigned.reason)
        }
        Detail::Issue(issued) => {
            let value = value(&issued.asset, issued.amount, Some(&issued.id));
            let until = until(issued.expires_at, zone);
            let reason = issued.reason.as_ref().map(|reason| format!(": {reason}"));
            format!("{value} issued{until}{}", reason.unwrap_or_default())
        }
        Detail::Void(voided) => {
            let value = value(&voided.asset, voided.amount, Some(&voided.id));
            format!("{value} voided: {}", voided.reason)
        }
        Detail::Extension(extended) => {
            let (asset, id) = (&extended.asset, &extended.id);
            let until = until(Some(extended.expires_at), zone);
            format!(
                "{} {} {id} extended{until}: {}",
                asset.definition(),
                extended.kind,
                extended.reason
            )
        }
        Detail::Redemption(opened) => {
            let (taken, id) = (taken(&opened.plan), &opened.redemption);
            match opened.lapses_at {
                None => format!("{taken} spent on {id}"),
                Some(lapses_at) => format!("{taken} held for {id} until {lapses_at}"),
            }
        }
        Detail::Capture(captured) => {
            format!("{} spent on {}", taken(&captured.plan), captured.redemption)
        }
        Detail::Release(released) => format!("Hold for {} released", released.redemption),
        Detail::Refund(refunded) => {
            let back = postings.iter().filter(|posting| !posting.is_forfeited());
            let back = moved(back, PostingReason::Reinstated);
            let back = if back.is_empty() { "Nothing".to_owned() } else { back };
            let external = (!refunded.external.is_zero())
                .then(|| refunded.plan.currency.format_amount(refunded.external));
            let external = external.map(|amount| format!("; {amount} paid back otherwise"));
            let (refund, redemption) = (&refunded.refund, &refunded.redemption);
            let external = external.unwrap_or_default();
            format!("{back} given back by refund {refund} of {redemption}{external}")
        }
        Detail::Conversion(converted) => {
            let points =
                value(&Asset::Points(converted.points.clone()), converted.amount.into(), None);
            let reward = value(&converted.asset, converted.money.into(), Some(&converted.id));
            format!("{points} converted into {reward}{}", until(converted.expires_at, zone))
        }
        Detail::Transfer(transferred) => {
            let (draw, to) = (&transferred.draw, &transferred.to);
            let points = value(&draw.asset, draw.amount(), None);
            format!("{points} transferred to {to}, {}", transferred.reference)
        }
        Detail::CardCredit(credited) => card_credited(entry, &credited.arrival, zone),
        // These stand in the log of a card, which has no statement.
        Detail::CardIssue(_) | Detail::CardPart(_) | Detail::CardEnd(_) => "Gift card".to_owned(),
        Detail::Settlement => "Brought up to date".to_owned(),
        Detail::TransferRefund(refunded) => {
            let asset = &refunded.transferred.draw.asset;
            let points = value(asset, refunded.amount.into(), None);
            format!("{points} given back by {}", refunded.transferred.to)
        }
    }
}

/// "25.00 of gift credit until 2027-12-31 from a claimed gift card".
fn card_credited(entry: &Entry, arrival: &Arrival, zone: &Zone) -> String {
    let value = credit_received(&entry.line).map(|received| {
        let until = until(received.expires_at, zone);
        format!("{}{until}", value(received.asset, received.amount, None))
    });
    let value = value.unwrap_or_default();
    match arrival {
        Arrival::Claimed(key) => format!("{value} from gift card {}, claimed", key.card),
        Arrival::Reverted(key) => format!("{value} back from gift card {}, unclaimed", key.card),
        Arrival::Cancelled(key) => format!("{value} back from gift card {}, cancelled", key.card),
        Arrival::Refunded { redemption, refund, .. } => {
            format!("{value} given back by refund {refund} of {redemption}")
        }
    }
}

/// "500 reward points", "20.00 of welcome credit", "1 use of benefit free-hem-1".
fn value(asset: &Asset, amount: Units, id: Option<&LotId>) -> String {
    let definition = asset.definition();
    let money = |what: &str| {
        let amount = asset.currency().map(|currency| currency.format_amount(amount.into()));
        format!("{} of {definition} {what}", amount.unwrap_or_default())
    };
    match asset {
        Asset::Points(_) => format!("{amount} {definition} points"),
        Asset::Reward(..) => money("reward"),
        Asset::Credit(..) => money("credit"),
        Asset::GiftCard(..) => money("gift card"),
        Asset::Benefit(_) => {
            let uses = if amount.get() == 1 { "use" } else { "uses" };
            let id = id.map_or_else(|| definition.to_string(), ToString::to_string);
            format!("{amount} {uses} of benefit {id}")
        }
    }
}

/// " until 2026-12-31", the last day on which it can be spent; nothing for what never expires.
fn until(expires_at: Option<Instant>, zone: &Zone) -> String {
    let last = expires_at.and_then(|at| Instant::from_millis(at.millis().checked_sub(1)?));
    last.map(|last| format!(" until {}", zone.date(last))).unwrap_or_default()
}

/// "59 reward points from 2026-12-05, 59 tier points".
fn earned(postings: &[Posting], zone: &Zone) -> String {
    let issued = postings.iter().filter(|posting| posting.reason == PostingReason::Issued);
    let parts = issued.map(|posting| {
        let from = posting.accrue_at.filter(|accrue_at| posting.at < *accrue_at);
        let from = from.map(|from| format!(" from {}", zone.date(from))).unwrap_or_default();
        format!("{}{from}", value(&posting.asset, posting.amount.magnitude(), None))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// "500 reward points (5.00 off), 20.00 of welcome credit".
fn taken(plan: &Plan) -> String {
    let discounts = plan.discounts.iter().map(|discount| {
        let draw = &discount.draw;
        let id = draw.lots.first().and_then(|drawn| drawn.id.as_ref());
        let value = value(&draw.asset, draw.amount(), id);
        match draw.asset.currency() {
            Some(_) => value,
            None => format!("{value} ({} off)", plan.currency.format_amount(discount.amount)),
        }
    });
    let tenders = plan.tenders.iter();
    let tenders = tenders.map(|tender| value(&tender.draw.asset, tender.draw.amount(), None));
    let parts: Vec<String> = discounts.chain(tenders).collect();
    if parts.is_empty() { "Nothing".to_owned() } else { parts.join(", ") }
}

/// What was posted for a reason, asset by asset: "500 reward points, 20.00 of welcome credit".
fn moved<'a>(postings: impl IntoIterator<Item = &'a Posting>, reason: PostingReason) -> String {
    let mut total: BTreeMap<&Asset, Units> = BTreeMap::new();
    for posting in postings.into_iter().filter(|posting| posting.reason == reason) {
        let sum = total.entry(&posting.asset).or_default();
        // What one line moves of an asset is within the range of its holding.
        *sum = sum.checked_add(posting.amount.magnitude()).unwrap_or(Units::MAX);
    }
    let parts = total.into_iter().map(|(asset, amount)| value(asset, amount, None));
    parts.collect::<Vec<_>>().join(", ")
}

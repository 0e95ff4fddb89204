//! A line of the passbook in a sentence.

use std::collections::BTreeMap;

use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::Handle;
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::redeem::Plan;
use scrip_domain::time::Zone;

/// What happened, for a member or somebody at the service desk. Dates are those of `zone`.
pub(crate) fn summary(entry: &Entry, zone: Zone) -> String {
    let mut parts = vec![what_was_asked(entry, zone)];
    let expired = total(&entry.line.postings, PostingReason::Expired);
    if !expired.is_empty() {
        parts.push(format!("{} expired", list(&expired)));
    }
    let repaid = total(&entry.line.postings, PostingReason::DebtRepaid);
    if !repaid.is_empty() {
        parts.push(format!("{} repaid what was owed", list(&repaid)));
    }
    let lapsed = entry.line.lapsed.iter();
    parts.extend(lapsed.map(|redemption| format!("the hold for {redemption} had lapsed")));
    parts.join("; ")
}

fn what_was_asked(entry: &Entry, zone: Zone) -> String {
    let postings = &entry.line.postings;
    match &entry.line.detail {
        Detail::Facts { .. } => "Member facts updated".to_owned(),
        Detail::Purchase(purchased) => {
            let earned = earned(postings, zone);
            let earned = if earned.is_empty() { "nothing".to_owned() } else { earned };
            let tier = purchased.tier.as_ref().filter(|tier| tier.changed);
            let tier = tier.map(|tier| format!("; reached {}", tier.level)).unwrap_or_default();
            format!("Purchase {} earned {earned}{tier}", purchased.order)
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
        Detail::Redemption(opened) => {
            let id = &opened.redemption;
            match opened.lapses_at {
                None => format!("{} on {id}", spent(&opened.plan, "spent")),
                Some(lapses_at) => {
                    format!("{} for {id} until {lapses_at}", spent(&opened.plan, "held"))
                }
            }
        }
        Detail::Capture(captured) => {
            format!("{} on {}", spent(&captured.plan, "spent"), captured.redemption)
        }
        Detail::Release(released) => format!("Hold for {} released", released.redemption),
    }
}

/// "59 reward points from 2026-12-05, 59 tier points".
fn earned(postings: &[Posting], zone: Zone) -> String {
    let issued = postings.iter().filter(|posting| posting.reason == PostingReason::Issued);
    let parts = issued.map(|posting| {
        let from = posting.accrue_at.filter(|accrue_at| posting.at < *accrue_at);
        let from = from.map(|from| format!(" from {}", zone.date(from))).unwrap_or_default();
        format!("{} {} points{from}", posting.amount.magnitude(), posting.points)
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// "500 reward points (5.00 off) spent".
fn spent(plan: &Plan, verb: &str) -> String {
    if plan.discounts.is_empty() {
        return format!("Nothing {verb}");
    }
    let parts = plan.discounts.iter().map(|discount| {
        let off = plan.currency.format_amount(discount.amount);
        format!("{} {} points ({off} off)", discount.count, discount.points)
    });
    format!("{} {verb}", parts.collect::<Vec<_>>().join(", "))
}

fn total(postings: &[Posting], reason: PostingReason) -> BTreeMap<&Handle, u64> {
    let mut total = BTreeMap::new();
    for posting in postings.iter().filter(|posting| posting.reason == reason) {
        let sum: &mut u64 = total.entry(&posting.points).or_default();
        *sum = sum.saturating_add(posting.amount.magnitude().get());
    }
    total
}

fn list(amounts: &BTreeMap<&Handle, u64>) -> String {
    let parts = amounts.iter().map(|(points, amount)| format!("{amount} {points} points"));
    parts.collect::<Vec<_>>().join(", ")
}

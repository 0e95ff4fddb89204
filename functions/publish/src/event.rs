//! A line of a log as events.
//!
//! | event | of |
//! |---|---|
//! | `<value>.<reason>`, such as `points.issued` | the postings of one asset, reason and instant |
//! | `gift_card.claimed`, `reverted`, `cancelled`, `voided` | what ended a gift card |
//! | `redemption.held`, `captured`, `released`, `refunded`, `lapsed` | a redemption |
//! | `tier.changed` | a member's level |
//! | `entry.recorded` | a line of which there is nothing of the above to tell |
//!
//! Every line has at least one, so a gap in the numbers of the lines is a line not yet received.
//! Which events a line has, and in which order, is a function of the line alone: their ids are
//! stable, and consumers can drop what they have seen.

use scrip_domain::account::AccountId;
use scrip_domain::asset::Asset;
use scrip_domain::card::End;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::{Handle, RedemptionId, RefundId};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::redeem::Plan;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use scrip_edge::{BalanceAnswer, LotAnswer, PostingAnswer, operation_path};
use serde::Serialize;

/// The source of every event.
pub const SOURCE: &str = "scrip";
/// The largest event, in bytes as EventBridge counts them, and the largest request. It takes less
/// than 256 KiB, since January 2026 four times as much, and some of its targets still no more than
/// that; the envelopes of ten events have the rest.
pub const EVENT_BYTES_MAX: usize = 252 * 1024;
/// What EventBridge counts for the time of an event.
const TIME_BYTES: usize = 14;

/// An event as it is put on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is about, such as `points.issued`.
    pub detail_type: String,
    /// When its line was recorded.
    pub time: Instant,
    /// JSON: what a consumer needs to know.
    pub detail: String,
}

impl Event {
    /// Its size as EventBridge counts it.
    pub fn bytes(&self) -> usize {
        let texts = [TIME_BYTES, SOURCE.len(), self.detail_type.len(), self.detail.len()];
        texts.into_iter().fold(0, usize::saturating_add)
    }
}

#[derive(Serialize)]
struct DetailAnswer<'a> {
    /// `<account>/<entry>/<n>`: the same however often the event comes.
    id: String,
    account: &'a str,
    entry: u64,
    /// Which of the events of its line it is, from 0.
    n: usize,
    /// How many events its line has.
    of: usize,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    recorded_at: Instant,
    program: u64,
    #[serde(flatten)]
    about: About<'a>,
}

/// What is particular to an event.
#[derive(Default, Serialize)]
struct About<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    postings: Vec<PostingAnswer>,
    /// How many postings there are, where they are too many for an event: the line has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    postings_left_out: Option<usize>,
    /// What there is after the line of the assets posted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    balances: Vec<BalanceAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redemption: Option<RedemptionAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<TierAnswer<'a>>,
}

#[derive(Serialize)]
struct RedemptionAnswer<'a> {
    redemption: &'a RedemptionId,
    #[serde(flatten)]
    plan: Option<PlanAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<&'a RefundId>,
    /// What a refund leaves for the till to pay back.
    #[serde(skip_serializing_if = "Option::is_none")]
    external: Option<String>,
}

#[derive(Serialize)]
struct PlanAnswer {
    currency: Currency,
    subtotal: String,
    net: String,
    due: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gift_cards: Vec<LotAnswer>,
}

#[derive(Serialize)]
struct TierAnswer<'a> {
    /// `None`: the lowest.
    before: Option<&'a Handle>,
    after: Option<&'a Handle>,
    at: Instant,
}

/// The events of a line, in the order of their ids.
///
/// # Errors
/// When an answer cannot be written as JSON; all of them can.
pub fn events(entry: &Entry) -> Result<Vec<Event>, serde_json::Error> {
    fitted(entry, EVENT_BYTES_MAX)
}

fn fitted(entry: &Entry, bytes_max: usize) -> Result<Vec<Event>, serde_json::Error> {
    let account = account(entry);
    let told = told(entry);
    let of = told.len();
    let mut events = Vec::with_capacity(of);
    for (n, (detail_type, about)) in told.into_iter().enumerate() {
        let mut detail = DetailAnswer {
            id: format!("{account}/{}/{n}", entry.number),
            account: &account,
            entry: entry.number,
            n,
            of,
            kind: entry.line.detail.kind(),
            operation: entry.line.detail.operation().as_ref().map(operation_path),
            recorded_at: entry.recorded_at,
            program: entry.program,
            about,
        };
        let text = serde_json::to_string(&detail)?;
        let time = entry.recorded_at;
        let mut event = Event { detail_type, time, detail: text };
        if bytes_max < event.bytes() {
            let left_out = std::mem::take(&mut detail.about.postings).len();
            detail.about.postings_left_out = Some(left_out);
            event.detail = serde_json::to_string(&detail)?;
        }
        events.push(event);
    }
    Ok(events)
}

/// The account as events name it: never by the number of a gift card.
fn account(entry: &Entry) -> String {
    match &entry.account {
        AccountId::Member(member) => member.to_string(),
        AccountId::Card(number) => match &entry.line.wallet.card {
            Some(card) => format!("{}/{}", card.key.purchaser, card.key.card),
            // Every line of a card says which it is.
            None => format!("gift-card/{}", number.last4()),
        },
    }
}

/// What there is to tell of a line, with the name of the event.
fn told(entry: &Entry) -> Vec<(String, About<'_>)> {
    let mut told: Vec<(String, About<'_>)> = movements(entry);
    told.extend(redemptions(entry).into_iter().map(|(name, redemption)| {
        let about = About { redemption: Some(redemption), ..About::default() };
        (format!("redemption.{name}"), about)
    }));
    told.extend(
        levels(entry).into_iter().map(|tier| {
            ("tier.changed".to_owned(), About { tier: Some(tier), ..About::default() })
        }),
    );
    if told.is_empty() {
        told.push(("entry.recorded".to_owned(), About::default()));
    }
    told
}

fn movements(entry: &Entry) -> Vec<(String, About<'_>)> {
    let wallet = &entry.line.wallet;
    let together =
        |a: &Posting, b: &Posting| (&a.asset, a.reason, a.at) == (&b.asset, b.reason, b.at);
    let groups = entry.line.postings.chunk_by(together);
    let mut told: Vec<(String, About<'_>)> =
        groups.filter_map(|group| movement(group, wallet)).collect();
    if let Detail::CardEnd(ended) = &entry.line.detail {
        let name = format!("gift_card.{}", end_word(&ended.end));
        let is_its = |posting: &Posting| {
            matches!(posting.reason, PostingReason::TransferredOut | PostingReason::Voided)
        };
        // What was left went with the last movement, if anything was.
        match told.last_mut().filter(|_| entry.line.postings.last().is_some_and(is_its)) {
            Some(last) => last.0 = name,
            None => told.push((name, About::default())),
        }
    }
    told
}

fn movement<'a>(group: &[Posting], wallet: &Wallet) -> Option<(String, About<'a>)> {
    let first = group.first()?;
    let about = About {
        postings: group.iter().map(PostingAnswer::of).collect(),
        balances: vec![BalanceAnswer::of(wallet, &first.asset)],
        ..About::default()
    };
    Some((format!("{}.{}", value_word(&first.asset), first.reason.as_str()), about))
}

fn value_word(asset: &Asset) -> &'static str {
    match asset {
        Asset::Points(_) => "points",
        Asset::Benefit(_) => "benefit",
        Asset::Reward(..) => "reward",
        Asset::Credit(..) => "credit",
        Asset::GiftCard(..) => "gift_card",
    }
}

fn end_word(end: &End) -> &'static str {
    match end {
        End::Claimed(_) => "claimed",
        End::Reverted => "reverted",
        End::Cancelled => "cancelled",
        End::Voided => "voided",
    }
}

fn redemptions(entry: &Entry) -> Vec<(&'static str, RedemptionAnswer<'_>)> {
    let lapsed = entry.line.lapsed.iter();
    let mut told: Vec<(&'static str, RedemptionAnswer<'_>)> = lapsed
        .map(|redemption| {
            let answer = RedemptionAnswer { redemption, plan: None, refund: None, external: None };
            ("lapsed", answer)
        })
        .collect();
    let stands = |redemption, plan: &Plan| RedemptionAnswer {
        redemption,
        plan: Some(plan_answer(plan)),
        refund: None,
        external: None,
    };
    told.extend(match &entry.line.detail {
        Detail::Redemption(opened) => {
            let name = if opened.lapses_at.is_some() { "held" } else { "captured" };
            Some((name, stands(&opened.redemption, &opened.plan)))
        }
        Detail::Capture(captured) => {
            Some(("captured", stands(&captured.redemption, &captured.plan)))
        }
        Detail::Release(released) => {
            Some(("released", stands(&released.redemption, &released.plan)))
        }
        Detail::Refund(refunded) => {
            let external = refunded.plan.currency.format_amount(refunded.external);
            let answer = stands(&refunded.redemption, &refunded.plan);
            let (refund, external) = (Some(&refunded.refund), Some(external));
            Some(("refunded", RedemptionAnswer { refund, external, ..answer }))
        }
        _ => None,
    });
    told
}

fn plan_answer(plan: &Plan) -> PlanAnswer {
    let format = |amount| plan.currency.format_amount(amount);
    let cards = plan.tenders.iter().filter_map(|tender| {
        let number = tender.card.as_ref()?;
        Some(LotAnswer::of_card(number, plan.currency, tender.amount()))
    });
    PlanAnswer {
        currency: plan.currency,
        subtotal: format(plan.subtotal()),
        net: format(plan.net()),
        due: format(plan.due()),
        gift_cards: cards.collect(),
    }
}

fn levels(entry: &Entry) -> Vec<TierAnswer<'_>> {
    let line = &entry.line;
    let reviews = line.reviews.iter().map(|review| TierAnswer {
        before: Some(&review.before),
        after: review.after.as_ref(),
        at: review.at,
    });
    let change = line.level.iter().map(|change| TierAnswer {
        before: Some(&change.before),
        after: Some(&change.after),
        at: entry.recorded_at,
    });
    reviews.chain(change).filter(|tier| tier.before != tier.after).collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        reason = "a test that panics has failed"
    )]

    use scrip_domain::draft::Draft;
    use scrip_domain::posting::PostingReason;
    use serde_json::{Value, json};

    use super::*;

    /// A line in which as many lots expire together, at different instants.
    fn entry(lots: u64) -> Entry {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let mut draft = Draft::open(&Wallet::default(), at("2026-11-21T03:04:05Z"));
        for lot in 1..=lots {
            let expires_at = at("2027-01-01T00:00:00Z").plus_seconds(lot);
            let (points, reason) = ("p".parse().unwrap(), PostingReason::Issued);
            draft.issue(&points, lot.try_into().unwrap(), reason, None, expires_at).unwrap();
        }
        Entry {
            account: AccountId::Member("alice".parse().unwrap()),
            number: 7,
            recorded_at: at("2026-11-21T03:04:05Z"),
            by: "till".to_owned(),
            program: 1,
            line: draft.close(Detail::Settlement),
        }
    }

    #[test]
    fn event_that_would_be_too_large_says_how_many_postings_it_leaves_out() {
        let entry = entry(100);
        let whole = events(&entry).unwrap();
        assert_eq!(whole.len(), 1);
        for (bytes_max, fits) in [(whole[0].bytes(), true), (whole[0].bytes() - 1, false)] {
            let fitted = fitted(&entry, bytes_max).unwrap();
            assert!(fitted[0].bytes() <= bytes_max);
            let detail: Value = serde_json::from_str(&fitted[0].detail).unwrap();
            assert_eq!(detail["id"], json!("alice/7/0"));
            assert_eq!(detail["postings"].is_array(), fits);
            let left_out = if fits { Value::Null } else { json!(100) };
            assert_eq!(detail["postings_left_out"], left_out);
            assert_eq!(detail["balances"][0]["available"], json!(5050));
        }
    }

    #[test]
    fn largest_line_fits_into_events() {
        // As many lots as a wallet may have.
        assert!(
            events(&entry(1_000)).unwrap().iter().all(|event| event.bytes() <= EVENT_BYTES_MAX)
        );
    }
}

//! `PUT /v1/members/{member}/purchases/{order}`: what an order earns.

use std::num::NonZeroU32;

use scrip_domain::amount::{Minor, Points};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::facts::Country;
use scrip_domain::id::{Handle, Label, LineId, MemberId, OrderId, RedemptionId};
use scrip_domain::posting::PostingReason;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine, Purchased, Refusal};
use scrip_domain::redeem::History;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Caller, Code, Object, Problem, line_of, require_lines};
use scrip_store::Request;
use serde::{Deserialize, Serialize};

use crate::outside_the_calendar;

/// A completed order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseBody {
    currency: Currency,
    transacted_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Country>,
    lines: Vec<Object<LineBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redemption: Option<RedemptionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_by_promotional_credit: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Label>,
    #[serde(default)]
    kind: LineKind,
    #[serde(default = "one")]
    quantity: NonZeroU32,
    net: String,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[derive(Serialize)]
struct PurchaseAnswer<'a> {
    order: &'a OrderId,
    member: &'a MemberId,
    entry: u64,
    eligible: String,
    earned: Vec<Earned<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<TierAnswer<'a>>,
}

#[derive(Serialize)]
pub(crate) struct TierAnswer<'a> {
    pub(crate) level: &'a Handle,
    pub(crate) changed: bool,
}

/// Points that came in with a line. Tier points are progress, not a balance: they show neither
/// accrual nor expiry.
#[derive(Serialize)]
pub(crate) struct Earned<'a> {
    pub(crate) points: &'a Handle,
    pub(crate) amount: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accrue_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repaid_debt: Option<Points>,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let (member, order) = (request.path("member")?, request.path("order")?);
    let Object(body) = request.body()?;
    record(app, request.caller(), member, order, &body).await
}

impl PurchaseBody {
    /// When the order was made.
    pub fn transacted_at(&self) -> Instant {
        self.transacted_at
    }
}

/// Records a member's order, however it arrived.
///
/// # Errors
/// [`Problem`].
pub async fn record(
    app: &App,
    caller: &Caller,
    member: MemberId,
    order: OrderId,
    body: &PurchaseBody,
) -> Result<Answer, Problem> {
    let command = command(&order, body)?;
    let program = app.program().await?;
    let operation = Operation::Purchase(order);
    let part = caller.part(member, Some(operation), body, &program)?;
    let part = Request { about: command.redemption.clone().map(Operation::Redemption), ..part };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            let history = situation.about.and_then(History::of);
            let (wallet, now) = (situation.wallet, situation.now);
            purchase::decide(wallet, &program.program, &command, history.as_ref(), now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn command(order: &OrderId, body: &PurchaseBody) -> Result<Purchase, Problem> {
    require_lines(body.lines.iter().map(|Object(line)| &line.id))?;
    let amount = |field: &str, text: &str| {
        body.currency.parse_amount(text).map_err(|error| Problem::invalid(field, error))
    };
    let mut lines = Vec::with_capacity(body.lines.len());
    for (index, Object(line)) in body.lines.iter().enumerate() {
        lines.push(PurchaseLine {
            id: line.id.clone(),
            category: line.category.clone(),
            kind: line.kind,
            net: amount(&format!("lines[{index}].net"), &line.net)?,
        });
    }
    let paid_by_promotional_credit = match &body.paid_by_promotional_credit {
        None => Minor::ZERO,
        Some(_) if body.redemption.is_some() => {
            let fault = "is known from the redemption";
            return Err(Problem::invalid("paid_by_promotional_credit", fault));
        }
        Some(text) => amount("paid_by_promotional_credit", text)?,
    };
    Ok(Purchase {
        order: order.clone(),
        currency: body.currency,
        transacted_at: body.transacted_at,
        location: body.location.clone(),
        country: body.country,
        lines,
        paid_by_promotional_credit,
        redemption: body.redemption.clone(),
    })
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Purchase(purchased) = &entry.line.detail else {
        return None;
    };
    let Purchased { order, currency, eligible, tier, .. } = purchased;
    Some(PurchaseAnswer {
        order,
        member: entry.account.member()?,
        entry: entry.number,
        eligible: currency.format_amount(*eligible),
        earned: earned(entry, PostingReason::Issued),
        tier: tier.as_ref().map(|tier| TierAnswer { level: &tier.level, changed: tier.changed }),
    })
}

/// What came in for `reason`, each with the debt it repaid: the posting after it says so.
pub(crate) fn earned(entry: &Entry, reason: PostingReason) -> Vec<Earned<'_>> {
    let postings = &entry.line.postings;
    let came_in = postings.iter().enumerate().filter(|(_, posting)| posting.reason == reason);
    let earned = came_in.map(|(place, posting)| {
        let next = postings.get(place.saturating_add(1));
        let repaid = next.filter(|next| next.reason == PostingReason::DebtRepaid);
        Earned {
            points: posting.asset.definition(),
            amount: posting.amount.magnitude().into(),
            accrue_at: posting.accrue_at,
            expires_at: posting.expires_at.filter(|_| posting.accrue_at.is_some()),
            repaid_debt: repaid.map(|repaid| repaid.amount.magnitude().into()),
        }
    });
    earned.collect()
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::InTheFuture => {
            Problem::rule("transacted_at_ahead", format!("`transacted_at` {detail}"))
        }
        Refusal::OtherCurrency { .. } => Problem::rule("currency", format!("`currency` {detail}")),
        Refusal::PromotionalCreditExceedsLines => {
            Problem::invalid("paid_by_promotional_credit", detail)
        }
        Refusal::UnknownRedemption(_) => Problem::new(Code::NotFound, detail),
        Refusal::RedemptionStillHeld => Problem::new(Code::RedemptionStillHeld, detail),
        Refusal::RedemptionPaidNothing(_) => Problem::rule("redemption_paid_nothing", detail),
        Refusal::RedemptionInOtherCurrency { .. } => Problem::rule("currency", detail),
        Refusal::OutsideTheCalendar => outside_the_calendar(),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

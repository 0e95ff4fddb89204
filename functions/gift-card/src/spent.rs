//! `POST …/gift-card-redemptions/{redemption}/capture` and `…/release`, and `PUT …/refunds/{refund}`:
//! what becomes of a card that was spent, or held, without a member.

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{CardNumber, RedemptionId, RefundId};
use scrip_domain::redeem::{History, capture, refund, release};
use scrip_edge::{Answer, ApiRequest, App, Code, LotAnswer, Object, Problem, line_of};
use scrip_store::{Outcome, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::spend::{SpendAnswer, above_nothing};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureBody {
    number: CardNumber,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseBody {
    number: CardNumber,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    number: CardNumber,
    amount: String,
}

#[derive(Serialize)]
struct RefundAnswer<'a> {
    redemption: &'a RedemptionId,
    refund: &'a RefundId,
    entry: u64,
    currency: Currency,
    restored: Vec<LotAnswer>,
    external: String,
}

pub(crate) async fn capture(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<CaptureBody> = request.body()?;
    let operation = Operation::Capture(id.clone());
    let named = about(app, request, &body.number, operation, &body, id).await?;
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of).ok_or_else(unknown)?;
            let currency = history.recorded_plan().currency;
            let amount = body.amount.as_ref().map(|text| above_nothing(currency, text));
            let part = amount.transpose()?.map_or(capture::Part::Full, capture::Part::Amount);
            let decided = capture::decide(situation, Some(&history), &part, situation.now);
            decided.map_err(|refusal| not_captured(&refusal, currency))
        })
        .await
        .map_err(|error| Problem::of_apply(error, |problem| problem))?;
    Ok(answer(&body.number, &outcome))
}

pub(crate) async fn release(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<ReleaseBody> = request.body()?;
    let operation = Operation::Release(id.clone());
    let named = about(app, request, &body.number, operation, &body, id).await?;
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of);
            release::decide(situation, history.as_ref(), situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| not_released(&refusal)))?;
    Ok(answer(&body.number, &outcome))
}

pub(crate) async fn put_refund(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let id: RedemptionId = request.path("redemption")?;
    let refund: RefundId = request.path("refund")?;
    let Object(body): Object<RefundBody> = request.body()?;
    let operation = Operation::Refund(id.clone(), refund.clone());
    let named = about(app, request, &body.number, operation, &body, id).await?;
    let program = app.program().await?;
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of).ok_or_else(unknown)?;
            let currency = history.recorded_plan().currency;
            let part = refund::Part::Amount(above_nothing(currency, &body.amount)?);
            let command = refund::Refund { refund: refund.clone(), part };
            let when = (situation.number, situation.now);
            refund::decide(situation, &program.program, Some(&history), &command, when)
                .map_err(|refusal| not_refunded(&refusal, currency))
        })
        .await
        .map_err(|error| Problem::of_apply(error, |problem| problem))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &refunded(&entry)))
}

/// An action on a redemption of the card with this number.
async fn about(
    app: &App,
    request: &ApiRequest,
    number: &CardNumber,
    operation: Operation,
    body: &impl Serialize,
    redemption: RedemptionId,
) -> Result<Request, Problem> {
    let program = app.program().await?;
    let named = request.part(number.clone(), Some(operation), body, &program)?;
    Ok(Request { about: Some(Operation::Redemption(redemption)), ..named })
}

/// There is no such card, or no such redemption of it: which is not told.
fn unknown() -> Problem {
    Problem::new(Code::NotFound, "there is no such redemption of this gift card")
}

fn answer(number: &CardNumber, outcome: &Outcome<History>) -> Answer {
    match outcome {
        Outcome::Appended(entry) => Answer::done(entry, false, &SpendAnswer::of_line(entry)),
        Outcome::Replayed(entry) => Answer::done(entry, true, &SpendAnswer::of_line(entry)),
        Outcome::Unchanged { answer: history, wallet } => {
            let (plan, status) = (history.plan(wallet), history.status(wallet));
            let entry = history.entry();
            let id = history.redemption();
            Answer::replayed(&SpendAnswer::new(number, id, &plan, status, entry), "redemption")
        }
    }
}

fn refunded(entry: &Entry) -> Option<RefundAnswer<'_>> {
    let Detail::Refund(refunded) = &entry.line.detail else {
        return None;
    };
    let currency = refunded.plan.currency;
    let cards = refunded.cards.iter();
    let cards = cards.map(|card| LotAnswer::of_card(&card.number, currency, card.amount));
    Some(RefundAnswer {
        redemption: &refunded.redemption,
        refund: &refunded.refund,
        entry: entry.number,
        currency,
        restored: cards.collect(),
        external: currency.format_amount(refunded.external),
    })
}

fn not_captured(refusal: &capture::Refusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        capture::Refusal::UnknownRedemption | capture::Refusal::UnknownLine { .. } => unknown(),
        capture::Refusal::HoldNotActive(status) => Problem::new(Code::HoldNotActive, detail)
            .with("redemption_status", json!(status.as_str())),
        capture::Refusal::CapturedInFull => Problem::new(Code::OperationConflict, detail),
        capture::Refusal::ExceedsHold { held } => Problem::new(Code::CaptureExceedsHold, detail)
            .with("held", json!(currency.format_amount(*held))),
    }
}

fn not_released(refusal: &release::Refusal) -> Problem {
    match refusal {
        release::Refusal::UnknownRedemption => unknown(),
        release::Refusal::Captured => Problem::new(Code::HoldNotActive, refusal.to_string())
            .with("redemption_status", json!("captured")),
    }
}

fn not_refunded(refusal: &refund::Refusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    let exceeds = |left: Minor| {
        let left = json!(currency.format_amount(left));
        Problem::new(Code::RefundExceedsRedemption, detail.clone()).with("left", left)
    };
    match refusal {
        refund::Refusal::UnknownRedemption | refund::Refusal::UnknownLine { .. } => unknown(),
        refund::Refusal::NotCaptured(status) => Problem::new(Code::RedemptionNotCaptured, detail)
            .with("redemption_status", json!(status.as_str())),
        refund::Refusal::ExceedsLine { left, .. } | refund::Refusal::ExceedsRedemption { left } => {
            exceeds(*left)
        }
        refund::Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        refund::Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

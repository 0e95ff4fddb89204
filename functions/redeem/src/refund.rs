//! `PUT …/redemptions/{redemption}/refunds/{refund}`: what was captured goes back.

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{MemberId, RedemptionId, RefundId};
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::History;
use scrip_domain::redeem::refund::{self, Refund, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of};
use scrip_store::Request;
use serde::Serialize;
use serde_json::json;

use crate::capture::unknown;
use crate::part::{Part, PartBody};
use crate::restored::RestoredAnswer;

#[derive(Serialize)]
struct RefundAnswer<'a> {
    redemption: &'a RedemptionId,
    refund: &'a RefundId,
    member: &'a MemberId,
    entry: u64,
    currency: Currency,
    #[serde(flatten)]
    back: RestoredAnswer,
    /// What the till pays back.
    external: String,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let redemption: RedemptionId = request.path("redemption")?;
    let refund: RefundId = request.path("refund")?;
    let Object(body): Object<PartBody> = request.body()?;
    if body.is_empty() {
        return Err(nothing_named());
    }
    body.require_form()?;
    let program = app.program().await?;
    let operation = Operation::Refund(redemption.clone(), refund.clone());
    let named = request.part(member, Some(operation), &body, &program)?;
    let named = Request { about: Some(Operation::Redemption(redemption)), ..named };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of).ok_or_else(unknown)?;
            // Amounts are in the currency of the redemption.
            let currency = history.recorded_plan().currency;
            let command = Refund { refund: refund.clone(), part: part(&body, currency)? };
            let when = (situation.number, situation.now);
            refund::decide(situation, &program.program, Some(&history), &command, when)
                .map_err(|refusal| refused(&refusal, currency))
        })
        .await
        .map_err(|error| Problem::of_apply(error, |problem| problem))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn part(body: &PartBody, currency: Currency) -> Result<refund::Part, Problem> {
    let require = |amount: Minor| {
        if amount.is_zero() { Err("must be more than 0") } else { Ok(()) }
    };
    match body.part(currency, require)? {
        Part::Everything => Err(nothing_named()),
        Part::Amount(amount) => Ok(refund::Part::Amount(amount)),
        Part::Lines(lines) => Ok(refund::Part::Lines(lines)),
    }
}

fn nothing_named() -> Problem {
    Problem::invalid("lines", "or `amount` must be given")
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Refund(refunded) = &entry.line.detail else {
        return None;
    };
    let currency = refunded.plan.currency;
    Some(RefundAnswer {
        redemption: &refunded.redemption,
        refund: &refunded.refund,
        member: entry.account.member()?,
        entry: entry.number,
        currency,
        back: RestoredAnswer::of(entry, PostingReason::Reinstated)
            .and_cards(&refunded.cards, currency),
        external: currency.format_amount(refunded.external),
    })
}

fn refused(refusal: &Refusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    let exceeds = |left: Minor| {
        let left = json!(currency.format_amount(left));
        Problem::new(Code::RefundExceedsRedemption, detail.clone()).with("left", left)
    };
    match refusal {
        Refusal::UnknownRedemption => unknown(),
        Refusal::NotCaptured(status) => Problem::new(Code::RedemptionNotCaptured, detail)
            .with("redemption_status", json!(status.as_str())),
        Refusal::UnknownLine { index } => Problem::invalid(&format!("lines[{index}].id"), detail),
        Refusal::ExceedsLine { index, left } => {
            exceeds(*left).with("field", json!(format!("lines[{index}].amount")))
        }
        Refusal::ExceedsRedemption { left } => exceeds(*left),
        Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

//! `POST …/redemptions/{redemption}/capture`: what was held is spent.

use scrip_domain::currency::Currency;
use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::redeem::History;
use scrip_domain::redeem::capture::{self, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem};
use scrip_store::{Outcome, Request};
use serde_json::json;

use crate::part::{Part, PartBody};
use crate::plan::RedemptionAnswer;

pub(crate) async fn post(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<PartBody> = request.body()?;
    body.require_form()?;
    let program = app.program().await?;
    let named = request.part(member, Some(Operation::Capture(id.clone())), &body, &program)?;
    let named = Request { about: Some(Operation::Redemption(id)), ..named };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of).ok_or_else(unknown)?;
            // Amounts are in the currency of the redemption.
            let currency = history.recorded_plan().currency;
            let part = match body.part(currency, |_| Ok(()))? {
                Part::Everything => capture::Part::Full,
                Part::Amount(amount) => capture::Part::Amount(amount),
                Part::Lines(lines) => capture::Part::Lines(lines),
            };
            let decided = capture::decide(situation, Some(&history), &part, situation.now);
            decided.map_err(|refusal| refused(&refusal, currency))
        })
        .await
        .map_err(|error| Problem::of_apply(error, |problem| problem))?;
    Ok(answer(&outcome))
}

/// There is no such redemption.
pub(crate) fn unknown() -> Problem {
    Problem::new(Code::NotFound, "the member has no such redemption")
}

/// What a capture or release came to.
pub(crate) fn answer(outcome: &Outcome<History>) -> Answer {
    match outcome {
        Outcome::Appended(entry) => Answer::done(entry, false, &RedemptionAnswer::of_line(entry)),
        Outcome::Replayed(entry) => Answer::done(entry, true, &RedemptionAnswer::of_line(entry)),
        Outcome::Unchanged { answer, wallet } => {
            Answer::replayed(&RedemptionAnswer::now(answer, wallet), "redemption")
        }
    }
}

fn refused(refusal: &Refusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownRedemption => Problem::new(Code::NotFound, detail),
        Refusal::HoldNotActive(status) => Problem::new(Code::HoldNotActive, detail)
            .with("redemption_status", json!(status.as_str())),
        Refusal::CapturedInFull => Problem::new(Code::OperationConflict, detail),
        Refusal::UnknownLine { index } => Problem::invalid(&format!("lines[{index}].id"), detail),
        Refusal::ExceedsHold { held } => Problem::new(Code::CaptureExceedsHold, detail)
            .with("held", json!(currency.format_amount(*held))),
    }
}

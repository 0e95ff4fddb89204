//! `POST …/redemptions/{redemption}/capture`: what was held is spent.

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::entry::Operation;
use scrip_domain::id::{LineId, MemberId, RedemptionId};
use scrip_domain::redeem::History;
use scrip_domain::redeem::capture::{self, Part, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, require_lines};
use scrip_store::{Outcome, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::plan::RedemptionAnswer;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Object<LineBody>>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    amount: String,
}

pub(crate) async fn post(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<Body> = request.body()?;
    require_form(&body)?;
    let program = app.program().await?;
    let named = request.part(member, Some(Operation::Capture(id.clone())), &body, &program)?;
    let named = Request { about: Some(Operation::Redemption(id)), ..named };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of).ok_or_else(unknown)?;
            // Amounts are in the currency of the redemption.
            let currency = history.recorded_plan().currency;
            let part = part(&body, currency)?;
            let decided = capture::decide(situation.wallet, Some(&history), &part, situation.now);
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
            Answer::replayed(&RedemptionAnswer::now(answer, wallet))
        }
    }
}

fn require_form(body: &Body) -> Result<(), Problem> {
    if body.amount.is_some() && body.lines.is_some() {
        return Err(Problem::invalid("amount", "and `lines` cannot both be given"));
    }
    let Some(lines) = &body.lines else {
        return Ok(());
    };
    require_lines(lines.iter().map(|Object(line)| &line.id))
}

fn part(body: &Body, currency: Currency) -> Result<Part, Problem> {
    let money = |field: &str, text: &str| -> Result<Minor, Problem> {
        currency.parse_amount(text).map_err(|error| Problem::invalid(field, error))
    };
    if let Some(text) = &body.amount {
        return Ok(Part::Amount(money("amount", text)?));
    }
    let Some(lines) = &body.lines else {
        return Ok(Part::Full);
    };
    let mut parts = Vec::with_capacity(lines.len());
    for (index, Object(line)) in lines.iter().enumerate() {
        parts.push((line.id.clone(), money(&format!("lines[{index}].amount"), &line.amount)?));
    }
    Ok(Part::Lines(parts))
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

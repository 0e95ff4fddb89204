//! `PUT …/redemptions/{redemption}/refunds/{refund}`: what was captured goes back.

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{LineId, MemberId, RedemptionId, RefundId};
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::History;
use scrip_domain::redeem::refund::{self, Part, Refund, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of, require_lines};
use scrip_store::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::capture::unknown;
use crate::restored::RestoredAnswer;

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
    let Object(body): Object<Body> = request.body()?;
    require_form(&body)?;
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
            let (wallet, program) = (situation.wallet, &program.program);
            let when = (situation.number, situation.now);
            refund::decide(wallet, program, Some(&history), &command, when)
                .map_err(|refusal| refused(&refusal, currency))
        })
        .await
        .map_err(|error| Problem::of_apply(error, |problem| problem))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn require_form(body: &Body) -> Result<(), Problem> {
    match (&body.amount, &body.lines) {
        (None, None) => Err(Problem::invalid("lines", "or `amount` must be given")),
        (Some(_), Some(_)) => Err(Problem::invalid("amount", "and `lines` cannot both be given")),
        (Some(_), None) => Ok(()),
        (None, Some(lines)) => require_lines(lines.iter().map(|Object(line)| &line.id)),
    }
}

fn part(body: &Body, currency: Currency) -> Result<Part, Problem> {
    let money = |field: &str, text: &str| -> Result<Minor, Problem> {
        let amount = currency.parse_amount(text).map_err(|error| Problem::invalid(field, error))?;
        if amount.is_zero() {
            return Err(Problem::invalid(field, "must be more than 0"));
        }
        Ok(amount)
    };
    if let Some(text) = &body.amount {
        return Ok(Part::Amount(money("amount", text)?));
    }
    let lines = body.lines.iter().flatten().enumerate().map(|(index, Object(line))| {
        let field = format!("lines[{index}].amount");
        Ok((line.id.clone(), money(&field, &line.amount)?))
    });
    Ok(Part::Lines(lines.collect::<Result<_, Problem>>()?))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Refund(refunded) = &entry.line.detail else {
        return None;
    };
    let currency = refunded.plan.currency;
    Some(RefundAnswer {
        redemption: &refunded.redemption,
        refund: &refunded.refund,
        member: &entry.account,
        entry: entry.number,
        currency,
        back: RestoredAnswer::of(entry, PostingReason::Reinstated),
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

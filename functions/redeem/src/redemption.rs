//! Quotes and redemptions: `POST …/quotes`, `PUT` and `GET …/redemptions/{redemption}`,
//! `GET …/redemptions?status=held`.

use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::redeem::{self, History, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of};
use serde::Serialize;
use serde_json::json;

use crate::basket::Body;
use crate::plan::{PlanAnswer, RedemptionAnswer};
use crate::plan_refused;

pub(crate) async fn quote(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let Object(body): Object<Body> = request.body()?;
    // Whether and how long to hold is checked with the rest, and then of no matter.
    body.settlement()?;
    let (basket, expected_due) = (body.basket()?, body.expected_due()?);
    let program = app.program_knowing(|program| body.is_known_to(program)).await?;
    let loaded = app.ledger.load(&member).await?;
    let now = loaded.as_ref().map_or_else(|| app.ledger.now(), |loaded| loaded.at);
    // Nobody has to open a wallet: a member without one has nothing.
    let wallet = loaded.map(|loaded| loaded.wallet).unwrap_or_default();
    let plan = redeem::quote(&wallet, &program.program, &basket, expected_due, now);
    let plan = plan.map_err(|refusal| refused(&refusal, &body))?;
    Ok(Answer::read(&PlanAnswer::of(&plan)))
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<Body> = request.body()?;
    let command = body.redemption(id.clone())?;
    let program = app.program_knowing(|program| body.is_known_to(program)).await?;
    let part = request.part(member, Some(Operation::Redemption(id)), &body, &program)?;
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            redeem::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(refusal, &body)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &RedemptionAnswer::of_line(&entry)))
}

fn refused(refusal: &Refusal, body: &Body) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Plan(refusal) => plan_refused(refusal, body.currency),
        Refusal::PlanChanged { due } => Problem::new(Code::PlanChanged, detail)
            .with("due", json!(body.currency.format_amount(*due))),
        Refusal::HoldPeriod => Problem::invalid("hold_for", detail),
        Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

pub(crate) async fn get(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let found = app.ledger.redemption_now(&member, &id).await?;
    let found = found.and_then(|(line, now)| Some((History::of(&line)?, now.wallet)));
    let unknown = || Problem::new(Code::NotFound, "the member has no such redemption");
    let (history, wallet) = found.ok_or_else(unknown)?;
    Ok(Answer::read(&RedemptionAnswer::now(&history, &wallet)))
}

#[derive(Serialize)]
struct HeldAnswer {
    redemptions: Vec<RedemptionAnswer>,
}

/// All holds of a member, newest first: there are at most
/// [`scrip_domain::wallet::HOLDS_MAX`], so they are one page.
pub(crate) async fn list_held(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    match request.query::<String>("status")?.as_deref() {
        Some("held") => {}
        _ => return Err(Problem::invalid("status", "must be \"held\"")),
    }
    let unknown = || Problem::new(Code::NotFound, "there is no such member");
    let now = app.ledger.load(&member).await?.ok_or_else(unknown)?;
    let mut redemptions = Vec::with_capacity(now.wallet.holds.len());
    for hold in now.wallet.holds.iter().rev() {
        let line = app.ledger.redemption(&member, &hold.redemption).await?;
        // A newer line than the wallet's has ended the hold meanwhile.
        let line = line.filter(|line| line.number <= now.line.entry.number);
        let history = line.and_then(|line| History::of(&line));
        redemptions.extend(history.map(|history| RedemptionAnswer::now(&history, &now.wallet)));
    }
    Ok(Answer::read(&HeldAnswer { redemptions }))
}

//! Quotes and redemptions: `POST …/quotes`, `PUT` and `GET …/redemptions/{redemption}`,
//! `GET …/redemptions?status=held`.

use std::sync::Arc;

use scrip_domain::account::{AccountId, Accounts};
use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::redeem::{self, History, PlanRefusal, Refusal};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Code, CurrentProgram, Object, Problem, line_of};
use scrip_store::ApplyError;
use serde::Serialize;
use serde_json::json;

use crate::basket::Body;
use crate::capture::unknown;
use crate::plan::{PlanAnswer, RedemptionAnswer};
use crate::plan_refused;

pub(crate) async fn quote(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let Object(body): Object<Body> = request.body()?;
    // Whether and how long to hold is checked with the rest, and then of no matter.
    body.settlement()?;
    let (basket, expected_due) = (body.basket()?, body.expected_due()?);
    let mut program = app.program_knowing(|program| body.is_known_to(program)).await?;
    let cards = body.present_cards(app, &program.program).await?;
    let loaded = app.ledger.load(&member).await?;
    let instants = loaded.iter().chain(cards.values()).map(|account| account.at);
    let now = instants.max().unwrap_or_else(|| app.ledger.now());
    // Nobody has to open a wallet: a member without one has nothing.
    let wallet = loaded.map(|loaded| loaded.wallet).unwrap_or_default();
    let cards = cards.into_iter().map(|(account, now)| (account, now.wallet)).collect();
    let member = AccountId::Member(member);
    loop {
        let accounts = Accounts::new(&member, &wallet, &cards);
        let refusal = match redeem::quote(accounts, &program.program, &basket, expected_due, now) {
            Ok(plan) => return Ok(Answer::read(&PlanAnswer::of(&plan))),
            Err(refusal) => refusal,
        };
        let problem = || refused(&refusal, &body, now);
        program = newer(app, &program, &refusal).await?.ok_or_else(problem)?;
    }
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<Body> = request.body()?;
    let command = body.redemption(id.clone())?;
    let operation = Operation::Redemption(id);
    let mut program = app.program_knowing(|program| body.is_known_to(program)).await?;
    body.present_cards(app, &program.program).await?;
    loop {
        let part = request.part(member.clone(), Some(operation.clone()), &body, &program)?;
        let outcome = app.ledger.apply(&part, |situation| {
            redeem::decide(situation, &program.program, &command, situation.now)
        });
        let error = match outcome.await {
            Ok(outcome) => {
                let (entry, replayed) = line_of(outcome);
                let answer = RedemptionAnswer::of_line(&entry);
                return Ok(Answer::created_or_replayed(&entry, replayed, &answer));
            }
            Err(error) => error,
        };
        let newer = match &error {
            ApplyError::Refused(refusal) => newer(app, &program, refusal).await?,
            _ => None,
        };
        let problem =
            || Problem::of_apply(error, |refusal| refused(&refusal, &body, app.ledger.now()));
        program = newer.ok_or_else(problem)?;
    }
}

/// A newer program, when the member holds value that this one does not know, and there is one.
async fn newer(
    app: &App,
    program: &CurrentProgram,
    refusal: &Refusal,
) -> Result<Option<Arc<CurrentProgram>>, Problem> {
    match refusal {
        Refusal::Plan(PlanRefusal::UnknownDefinition(_)) => app.program_after(program).await,
        _ => Ok(None),
    }
}

fn refused(refusal: &Refusal, body: &Body, now: Instant) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Plan(refusal) => plan_refused(refusal, body.currency, now),
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

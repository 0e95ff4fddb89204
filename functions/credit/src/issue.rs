//! `PUT …/rewards/{reward}`, `…/benefits/{benefit}` and `…/credits/{credit}`: value is issued.

use scrip_domain::amount::{Minor, Units};
use scrip_domain::asset::Kind;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{Handle, LotId, MemberId, RESERVED, Reason};
use scrip_domain::issue::{self, Issue, Refusal, Value};
use scrip_domain::program::Program;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Caller, CurrentProgram, Object, Problem, line_of};
use serde::{Deserialize, Serialize};

use crate::{ValueAnswer, id};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RewardBody {
    reward: Handle,
    amount: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BenefitBody {
    benefit: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uses: Option<Units>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

/// A credit to issue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditBody {
    credit: Handle,
    amount: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
struct IssueAnswer<'a> {
    member: &'a MemberId,
    entry: u64,
    id: &'a LotId,
    #[serde(flatten)]
    value: ValueAnswer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Reason>,
}

pub(crate) async fn put_reward(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let Object(body): Object<RewardBody> = request.body()?;
    let id = free(id(request, Kind::Reward)?, Kind::Reward)?;
    let knows = |program: &Program| program.reward(&body.reward).is_some();
    let program = app.program_knowing(knows).await?;
    let amount = money(&program, body.currency, &body.amount)?;
    let value = Value::Reward(body.reward.clone(), amount, body.currency);
    let command = Issue { id, value, reason: None, expires_at: body.expires_at };
    put(app, (request.caller(), request.path("member")?), &body, command, &program).await
}

pub(crate) async fn put_benefit(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let Object(body): Object<BenefitBody> = request.body()?;
    let id = free(id(request, Kind::Benefit)?, Kind::Benefit)?;
    if body.uses.is_some_and(Units::is_zero) {
        return Err(Problem::invalid("uses", "must be more than 0"));
    }
    let knows = |program: &Program| program.benefit(&body.benefit).is_some();
    let program = app.program_knowing(knows).await?;
    let value = Value::Benefit(body.benefit.clone(), body.uses);
    let command = Issue { id, value, reason: None, expires_at: body.expires_at };
    put(app, (request.caller(), request.path("member")?), &body, command, &program).await
}

pub(crate) async fn put_credit(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let id = id(request, Kind::Credit)?;
    let Object(body) = request.body()?;
    record_credit(app, request.caller(), request.path("member")?, id, &body).await
}

/// Issues a credit to a member, however it was asked.
///
/// # Errors
/// [`Problem`].
pub async fn record_credit(
    app: &App,
    caller: &Caller,
    member: MemberId,
    id: LotId,
    body: &CreditBody,
) -> Result<Answer, Problem> {
    let id = free(id, Kind::Credit)?;
    let knows = |program: &Program| program.credit(&body.credit).is_some();
    let program = app.program_knowing(knows).await?;
    let amount = money(&program, body.currency, &body.amount)?;
    let value = Value::Credit(body.credit.clone(), amount, body.currency);
    let (reason, expires_at) = (Some(body.reason.clone()), body.expires_at);
    put(app, (caller, member), body, Issue { id, value, reason, expires_at }, &program).await
}

async fn put(
    app: &App,
    (caller, member): (&Caller, MemberId),
    body: &impl Serialize,
    command: Issue,
    program: &CurrentProgram,
) -> Result<Answer, Problem> {
    let operation = Operation::Issue(command.value.kind(), command.id.clone());
    let part = caller.part(member, Some(operation), body, program)?;
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            issue::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

/// An id that is not one of those which scrip gives itself.
fn free(id: LotId, kind: Kind) -> Result<LotId, Problem> {
    if id.is_reserved() {
        let fault = format!("must not begin with \"{}\"", RESERVED.join("\" or \""));
        return Err(Problem::invalid(kind.as_str(), fault));
    }
    Ok(id)
}

/// An amount above nothing, in the currency given or that of the program.
fn money(
    program: &CurrentProgram,
    currency: Option<Currency>,
    text: &str,
) -> Result<Minor, Problem> {
    let currency = currency.unwrap_or(program.program.currency);
    let amount = currency.parse_amount(text);
    let amount = amount.map_err(|error| Problem::invalid("amount", error))?;
    if amount.is_zero() {
        Err(Problem::invalid("amount", "must be more than 0"))
    } else {
        Ok(amount)
    }
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Issue(issued) = &entry.line.detail else {
        return None;
    };
    Some(IssueAnswer {
        member: entry.account.member()?,
        entry: entry.number,
        id: &issued.id,
        value: ValueAnswer::of(&issued.asset, issued.amount),
        expires_at: issued.expires_at,
        reason: issued.reason.as_ref(),
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownDefinition { kind, .. } => {
            Problem::rule(&format!("unknown_{kind}"), detail)
        }
        Refusal::Retired(_) => Problem::rule("retired", detail),
        Refusal::FromGiftCardsOnly(_) => Problem::rule("gift_card_credit", detail),
        Refusal::ExpiredAlready => Problem::invalid("expires_at", detail),
        Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

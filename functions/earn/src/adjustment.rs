//! `PUT /v1/members/{member}/adjustments/{adjustment}`: points changed by hand.

use scrip_domain::adjustment::{self, Adjustment, Refusal};
use scrip_domain::amount::{Change, Points};
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{AdjustmentId, Handle, MemberId, Reason};
use scrip_domain::posting::PostingReason;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::purchase::earned;
use crate::{outside_the_calendar, retired, unknown_points};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    points: Handle,
    amount: Change,
    reason: Reason,
    actor: Reason,
}

#[derive(Serialize)]
struct AdjustmentAnswer<'a> {
    adjustment: &'a AdjustmentId,
    member: &'a MemberId,
    entry: u64,
    points: &'a Handle,
    amount: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaid_debt: Option<Points>,
    reason: &'a Reason,
    actor: &'a Reason,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: AdjustmentId = request.path("adjustment")?;
    let Object(body): Object<Body> = request.body()?;
    if body.amount.magnitude().is_zero() {
        return Err(Problem::invalid("amount", "must not be 0"));
    }
    let program = app.program_knowing(|program| program.points(&body.points).is_some()).await?;
    let part = request.part(member, Some(Operation::Adjustment(id.clone())), &body, &program)?;
    let Body { points, amount, reason, actor } = body;
    let command = Adjustment { adjustment: id, points, amount, reason, actor };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            adjustment::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Adjustment(adjusted) = &entry.line.detail else {
        return None;
    };
    let added = earned(entry, PostingReason::Adjusted).pop();
    let added = added.filter(|_| !adjusted.amount.is_negative());
    Some(AdjustmentAnswer {
        adjustment: &adjusted.adjustment,
        member: entry.account.member()?,
        entry: entry.number,
        points: &adjusted.points,
        amount: adjusted.amount,
        expires_at: added.as_ref().and_then(|added| added.expires_at),
        repaid_debt: added.and_then(|added| added.repaid_debt),
        reason: &adjusted.reason,
        actor: &adjusted.actor,
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownPoints(_) => unknown_points(&detail),
        Refusal::Retired(_) => retired(&detail),
        Refusal::InsufficientValue { available } => {
            Problem::new(Code::InsufficientValue, detail).with("available", json!(available))
        }
        Refusal::OutsideTheCalendar => outside_the_calendar(),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

//! `PUT /v1/members/{member}/tier-assignments/{assignment}`: a level given by hand.

use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{AssignmentId, Handle, MemberId, Reason};
use scrip_domain::program::Program;
use scrip_domain::tier::{self, Assign, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Object, Problem, line_of};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    level: Handle,
    reason: Reason,
    actor: Reason,
}

#[derive(Serialize)]
struct AssignmentAnswer<'a> {
    assignment: &'a AssignmentId,
    member: &'a MemberId,
    entry: u64,
    level: &'a Handle,
    reason: &'a Reason,
    actor: &'a Reason,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let assignment: AssignmentId = request.path("assignment")?;
    let Object(body): Object<Body> = request.body()?;
    let knows = |program: &Program| {
        program.tiers.as_ref().is_some_and(|tiers| tiers.rank(&body.level).is_some())
    };
    let program = app.program_knowing(knows).await?;
    let name = Operation::TierAssignment(assignment.clone());
    let part = request.part(member, Some(name), &body, &program)?;
    let Body { level, reason, actor } = body;
    let command = Assign { assignment, level, reason, actor };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            tier::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::TierAssignment(assigned) = &entry.line.detail else {
        return None;
    };
    Some(AssignmentAnswer {
        assignment: &assigned.assignment,
        member: entry.account.member()?,
        entry: entry.number,
        level: &assigned.level,
        reason: &assigned.reason,
        actor: &assigned.actor,
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownLevel(_) => Problem::rule("unknown_level", detail),
    }
}

//! `PUT /v1/members/{member}/awards/{award}`: points for something other than spend.

use scrip_domain::amount::Points;
use scrip_domain::award::{self, Award, Refusal};
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{AwardId, Handle, MemberId, Reason};
use scrip_domain::posting::PostingReason;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Caller, Object, Problem, line_of};
use serde::{Deserialize, Serialize};

use crate::purchase::{Earned, earned};
use crate::{outside_the_calendar, retired, unknown_points};

/// Points to give.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwardBody {
    points: Handle,
    amount: Points,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accrue_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
struct AwardAnswer<'a> {
    award: &'a AwardId,
    member: &'a MemberId,
    entry: u64,
    #[serde(flatten)]
    earned: Earned<'a>,
    reason: &'a Reason,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let (member, award) = (request.path("member")?, request.path("award")?);
    let Object(body) = request.body()?;
    record(app, request.caller(), member, award, body).await
}

impl AwardBody {
    /// When the business event happened; `None`: now.
    pub fn issued_at(&self) -> Option<Instant> {
        self.issued_at
    }
}

/// Gives points to a member, however it was asked.
///
/// # Errors
/// [`Problem`].
pub async fn record(
    app: &App,
    caller: &Caller,
    member: MemberId,
    award: AwardId,
    body: AwardBody,
) -> Result<Answer, Problem> {
    if body.amount.is_zero() {
        return Err(Problem::invalid("amount", "must be more than 0"));
    }
    let program = app.program_knowing(|program| program.points(&body.points).is_some()).await?;
    let part = caller.part(member, Some(Operation::Award(award.clone())), &body, &program)?;
    let AwardBody { points, amount, reason, issued_at, accrue_at, expires_at } = body;
    let command = Award { award, points, amount, reason, issued_at, accrue_at, expires_at };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            award::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Award(awarded) = &entry.line.detail else {
        return None;
    };
    Some(AwardAnswer {
        award: &awarded.award,
        member: entry.account.member()?,
        entry: entry.number,
        earned: earned(entry, PostingReason::Issued).pop()?,
        reason: &awarded.reason,
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownPoints(_) => unknown_points(&detail),
        Refusal::Retired(_) => retired(&detail),
        Refusal::TierPointsAccrueAtOnce => Problem::rule("tier_points_accrue_at_once", detail),
        Refusal::InTheFuture => Problem::rule("issued_at_ahead", format!("`issued_at` {detail}")),
        Refusal::ExpiresBeforeAccrual { .. } => Problem::invalid("expires_at", detail),
        Refusal::OutsideTheCalendar => outside_the_calendar(),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

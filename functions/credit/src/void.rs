//! `POST …/{kind}/{id}/void`: what remains is taken back.

use scrip_domain::asset::Kind;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{LotId, MemberId, Reason};
use scrip_domain::issue::Voided;
use scrip_domain::issue::void::{self, Refusal, Void};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem};
use scrip_store::{Outcome, Request};
use serde::{Deserialize, Serialize};

use crate::{ValueAnswer, id};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: Reason,
}

#[derive(Serialize)]
struct VoidAnswer<'a> {
    member: &'a MemberId,
    /// The line that took it back; left out when nothing was left to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    id: &'a LotId,
    /// How much was taken back.
    #[serde(flatten)]
    value: ValueAnswer<'a>,
    reason: &'a Reason,
}

pub(crate) async fn post(app: &App, request: &ApiRequest, kind: Kind) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id = id(request, kind)?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    // Voided is voided: another reason the second time is not another request.
    let operation = Operation::Void(kind, id.clone());
    let named = request.part(member.clone(), Some(operation), &(), &program)?;
    let named = Request { about: Some(Operation::Issue(kind, id.clone())), ..named };
    let command = Void { kind, id, reason: body.reason };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            void::decide(situation.wallet, &command, situation.about, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    Ok(match &outcome {
        Outcome::Appended(entry) => Answer::done(entry, false, &of_line(entry)),
        Outcome::Replayed(entry) => Answer::done(entry, true, &of_line(entry)),
        Outcome::Unchanged { answer: voided, .. } => Answer::read(&answer(&member, None, voided)),
    })
}

fn of_line(entry: &Entry) -> Option<VoidAnswer<'_>> {
    match &entry.line.detail {
        Detail::Void(voided) => Some(answer(entry.account.member()?, Some(entry.number), voided)),
        _ => None,
    }
}

fn answer<'a>(member: &'a MemberId, entry: Option<u64>, voided: &'a Voided) -> VoidAnswer<'a> {
    VoidAnswer {
        member,
        entry,
        id: &voided.id,
        value: ValueAnswer::of(&voided.asset, voided.amount),
        reason: &voided.reason,
    }
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Unknown(_) => Problem::new(Code::NotFound, refusal.to_string()),
    }
}

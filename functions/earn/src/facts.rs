//! `PUT /v1/members/{member}`: what the retailer tells about a member.

use http::StatusCode;
use scrip_domain::entry::Detail;
use scrip_domain::facts::{self, Facts};
use scrip_domain::id::MemberId;
use scrip_edge::{Answer, ApiRequest, App, Object, Problem};
use scrip_store::Outcome;
use serde::Serialize;

#[derive(Serialize)]
struct FactsAnswer<'a> {
    member: &'a MemberId,
    #[serde(flatten)]
    facts: Facts,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let Object(facts): Object<Facts> = request.body()?;
    let program = app.program().await?;
    let part = request.part(member.clone(), None, &facts, &program)?;
    let outcome = app
        .ledger
        .apply(&part, |situation| facts::decide(situation.wallet, &facts, situation.now))
        .await
        .map_err(|error| Problem::of_apply(error, |never| match never {}))?;
    let body = FactsAnswer { member: &member, facts };
    let first = |detail: &Detail| matches!(detail, Detail::Facts { first: true, .. });
    Ok(match outcome {
        Outcome::Appended(entry) if first(&entry.line.detail) => {
            Answer::new(StatusCode::CREATED, &body, "facts")
        }
        Outcome::Appended(_) => Answer::new(StatusCode::OK, &body, "facts"),
        Outcome::Replayed(_) | Outcome::Unchanged { .. } => Answer::replayed(&body, "facts"),
    })
}

//! `PUT /v1/members/{member}`: what the retailer tells about a member.

use chrono::NaiveDate;
use http::StatusCode;
use scrip_domain::entry::Detail;
use scrip_domain::facts::{self, BirthMonth, Country, Facts};
use scrip_domain::id::MemberId;
use scrip_domain::time::Zone;
use scrip_edge::{Answer, ApiRequest, App, Object, Problem};
use scrip_store::Outcome;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_month: Option<BirthMonth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<Zone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Country>,
}

#[derive(Serialize)]
struct FactsAnswer<'a> {
    member: &'a MemberId,
    #[serde(flatten)]
    facts: Body,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    let part = request.part(member.clone(), None, &body, &program)?;
    let Body { birth_month, time_zone, joined_on, country } = body;
    let facts = Facts { birth_month, time_zone, joined_on, country };
    let outcome = app
        .ledger
        .apply(&part, |situation| facts::decide(situation.wallet, facts, situation.now))
        .await
        .map_err(|error| Problem::of_apply(error, |never| match *never {}))?;
    let body = FactsAnswer { member: &member, facts: body_of(facts) };
    let first = |detail: &Detail| matches!(detail, Detail::Facts { first: true, .. });
    Ok(match outcome {
        Outcome::Appended(entry) if first(&entry.line.detail) => {
            Answer::new(StatusCode::CREATED, &body, "facts")
        }
        Outcome::Appended(_) => Answer::new(StatusCode::OK, &body, "facts"),
        Outcome::Replayed(_) | Outcome::Unchanged { .. } => Answer::replayed(&body),
    })
}

fn body_of(facts: Facts) -> Body {
    let Facts { birth_month, time_zone, joined_on, country } = facts;
    Body { birth_month, time_zone, joined_on, country }
}

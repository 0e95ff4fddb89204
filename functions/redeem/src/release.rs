//! `POST …/redemptions/{redemption}/release`: what was held goes back.

use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::redeem::History;
use scrip_domain::redeem::release::{self, Refusal};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem};
use scrip_store::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::capture::answer;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {}

pub(crate) async fn post(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id: RedemptionId = request.path("redemption")?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    let named = request.part(member, Some(Operation::Release(id.clone())), &body, &program)?;
    let named = Request { about: Some(Operation::Redemption(id)), ..named };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let history = situation.about.and_then(History::of);
            release::decide(situation, history.as_ref(), situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    Ok(answer(&outcome))
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownRedemption => Problem::new(Code::NotFound, detail),
        Refusal::Captured => {
            Problem::new(Code::HoldNotActive, detail).with("redemption_status", json!("captured"))
        }
    }
}

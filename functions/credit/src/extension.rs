//! `PUT …/{kind}/{id}/extensions/{extension}`: an expiry is put off.

use scrip_domain::asset::Kind;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{ExtensionId, LotId, MemberId, Reason};
use scrip_domain::issue::extension::{self, Extension, Refusal};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of};
use scrip_store::Request;
use serde::{Deserialize, Serialize};

use crate::{DefinitionAnswer, id};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    expires_at: Instant,
    reason: Reason,
}

#[derive(Serialize)]
struct ExtensionAnswer<'a> {
    member: &'a MemberId,
    entry: u64,
    id: &'a LotId,
    #[serde(flatten)]
    definition: DefinitionAnswer<'a>,
    extension: &'a ExtensionId,
    /// When it would have expired.
    expired_at: Instant,
    expires_at: Instant,
    reason: &'a Reason,
}

pub(crate) async fn put(app: &App, request: &ApiRequest, kind: Kind) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let id = id(request, kind)?;
    let extension: ExtensionId = request.path("extension")?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    let operation = Operation::Extension(kind, id.clone(), extension.clone());
    let named = request.part(member, Some(operation), &body, &program)?;
    let named = Request { about: Some(Operation::Issue(kind, id.clone())), ..named };
    let Body { expires_at, reason } = body;
    let command = Extension { kind, id, extension, expires_at, reason };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let (wallet, program) = (situation.wallet, &program.program);
            extension::decide(wallet, program, &command, situation.about, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Extension(extended) = &entry.line.detail else {
        return None;
    };
    Some(ExtensionAnswer {
        member: entry.account.member()?,
        entry: entry.number,
        id: &extended.id,
        definition: DefinitionAnswer::of(&extended.asset),
        extension: &extended.extension,
        expired_at: extended.before,
        expires_at: extended.expires_at,
        reason: &extended.reason,
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Unknown(_) => Problem::new(Code::NotFound, detail),
        Refusal::NothingLeft(_) => Problem::rule("nothing_left", detail),
        Refusal::NeverExpires(_) => Problem::rule("never_expires", detail),
        Refusal::NotExtendable => Problem::rule("not_extendable", detail),
        Refusal::ExtendedBefore => Problem::rule("extended_before", detail),
        Refusal::NoLater { .. } => Problem::invalid("expires_at", detail),
    }
}

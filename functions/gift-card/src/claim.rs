//! `POST …/claims`: a card becomes a credit of whoever presents it.

use scrip_domain::card::claim::{self, Claim, Refusal};
use scrip_domain::entry::{CardMove, Operation};
use scrip_domain::id::MemberId;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Object, Problem, line_of};

use crate::balance::PresentedBody;
use crate::{CreditAnswer, not_given, unknown};

pub(crate) async fn post(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let Object(body): Object<PresentedBody> = request.body()?;
    let program = app.program().await?;
    let found = app.present(&body.number, &body.pin, program.program.pin).await?;
    let card = found.wallet.card.ok_or_else(unknown)?;
    // One card is claimed once: there is nothing else to tell one request from another by.
    let operation = Operation::CardCredit(card.key, CardMove::Claim);
    let part = request.part(&member, Some(operation), &(), &program)?;
    let command = Claim { member, number: body.number };
    let outcome = app
        .ledger
        .apply(&part, |situation| claim::decide(situation, &command, situation.now))
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal, app.ledger.now())))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &CreditAnswer::of(&entry)))
}

fn refused(refusal: &Refusal, now: Instant) -> Problem {
    match refusal {
        Refusal::Card(why) => not_given(why, now),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

//! `POST …/gift-cards/{card}/cancel` and `…/void`: a purchaser or the retailer takes a card back.

use scrip_domain::card::cancel::{self, Cancel};
use scrip_domain::card::void;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{CardMove, Detail, Entry, Operation};
use scrip_domain::id::{CardId, MemberId, Reason};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Object, Problem, card_not_active, line_of};
use serde::{Deserialize, Serialize};

use crate::{CreditAnswer, key, money, not_given, purchased, unknown};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reason: Reason,
}

#[derive(Serialize)]
struct VoidAnswer<'a> {
    card: &'a CardId,
    member: &'a MemberId,
    entry: u64,
    /// What was taken back.
    amount: String,
    currency: Option<Currency>,
    reason: Option<&'a Reason>,
}

pub(crate) async fn cancel(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let key = key(request)?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    let number = purchased(app, &key).await?.number;
    // Cancelled is cancelled: another reason the second time is not another request.
    let operation = Operation::CardCredit(key.clone(), CardMove::Cancel);
    let part = request.part(&key.purchaser, Some(operation), &(), &program)?;
    let command = Cancel { number, reason: body.reason };
    let outcome = app
        .ledger
        .apply(&part, |situation| cancel::decide(situation, &command, situation.now))
        .await
        .map_err(|error| Problem::of_apply(error, |it| not_cancelled(&it, app.ledger.now())))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::done(&entry, replayed, &CreditAnswer::of(&entry)))
}

fn not_cancelled(refusal: &cancel::Refusal, now: Instant) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        cancel::Refusal::Card(why) => not_given(why, now),
        cancel::Refusal::SpentFrom => Problem::rule("partly_spent", detail),
        cancel::Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

pub(crate) async fn void(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let key = key(request)?;
    let Object(body): Object<Body> = request.body()?;
    let program = app.program().await?;
    let number = purchased(app, &key).await?.number;
    let operation = Operation::CardMove(Some(key.purchaser), CardMove::Void);
    let part = request.part(number, Some(operation), &(), &program)?;
    let outcome = app
        .ledger
        .apply(&part, |situation| void::decide(situation.wallet, &body.reason, situation.now))
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| not_voided(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::done(&entry, replayed, &voided(&entry)))
}

fn voided(entry: &Entry) -> Option<VoidAnswer<'_>> {
    let card = entry.line.wallet.card.as_ref()?;
    let Detail::CardEnd(ended) = &entry.line.detail else {
        return None;
    };
    Some(VoidAnswer {
        card: &card.key.card,
        member: &card.key.purchaser,
        entry: entry.number,
        amount: money(card, ended.amount)?,
        currency: card.currency(),
        reason: ended.reason.as_ref(),
    })
}

fn not_voided(refusal: &void::Refusal) -> Problem {
    match refusal {
        void::Refusal::Unknown => unknown(),
        void::Refusal::NotActive(status) => card_not_active(*status),
    }
}

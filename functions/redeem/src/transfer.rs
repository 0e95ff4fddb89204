//! `PUT …/transfers/{transfer}` and `…/transfers/{transfer}/refunds/{refund}`: points go to a
//! third-party programme, and come back.

use scrip_domain::amount::Points;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{Handle, Label, MemberId, RefundId, TransferId};
use scrip_domain::posting::PostingReason;
use scrip_domain::transfer::refund::{self, Refund};
use scrip_domain::transfer::{self, Refusal, Transfer, Transferred};
use scrip_edge::{Answer, ApiRequest, App, Code, Object, Problem, line_of};
use scrip_store::Request;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::insufficient_points;
use crate::restored::RestoredAnswer;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    points: Handle,
    amount: Points,
    to: Label,
    reference: Label,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    amount: Points,
}

#[derive(Serialize)]
struct TransferAnswer<'a> {
    transfer: &'a TransferId,
    member: &'a MemberId,
    entry: u64,
    points: &'a Handle,
    amount: Points,
    to: &'a Label,
    reference: &'a Label,
}

#[derive(Serialize)]
struct RefundAnswer<'a> {
    transfer: &'a TransferId,
    refund: &'a RefundId,
    member: &'a MemberId,
    entry: u64,
    points: &'a Handle,
    amount: Points,
    #[serde(flatten)]
    back: RestoredAnswer,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let transfer: TransferId = request.path("transfer")?;
    let Object(body): Object<Body> = request.body()?;
    require_something(body.amount)?;
    let program = app.program_knowing(|program| program.points(&body.points).is_some()).await?;
    let operation = Operation::Transfer(transfer.clone());
    let part = request.part(member, Some(operation), &body, &program)?;
    let Body { points, amount, to, reference } = body;
    let command = Transfer { transfer, points, amount, to, reference };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            transfer::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

pub(crate) async fn put_refund(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let transfer: TransferId = request.path("transfer")?;
    let refund: RefundId = request.path("refund")?;
    let Object(body): Object<RefundBody> = request.body()?;
    require_something(body.amount)?;
    let program = app.program().await?;
    let operation = Operation::TransferRefund(transfer.clone(), refund.clone());
    let named = request.part(member, Some(operation), &body, &program)?;
    let named = Request { about: Some(Operation::Transfer(transfer)), ..named };
    let command = Refund { refund, amount: body.amount };
    let outcome = app
        .ledger
        .apply(&named, |situation| {
            let (wallet, program) = (situation.wallet, &program.program);
            let when = (situation.number, situation.now);
            refund::decide(wallet, program, &command, situation.about, when)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refund_refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &refund_answer(&entry)))
}

fn require_something(amount: Points) -> Result<(), Problem> {
    if amount.is_zero() { Err(Problem::invalid("amount", "must be more than 0")) } else { Ok(()) }
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Transfer(transferred) = &entry.line.detail else {
        return None;
    };
    let Transferred { transfer, to, reference, draw } = transferred;
    Some(TransferAnswer {
        transfer,
        member: entry.account.member()?,
        entry: entry.number,
        points: draw.asset.definition(),
        amount: draw.amount().into(),
        to,
        reference,
    })
}

fn refund_answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::TransferRefund(refunded) = &entry.line.detail else {
        return None;
    };
    Some(RefundAnswer {
        transfer: &refunded.transferred.transfer,
        refund: &refunded.refund,
        member: entry.account.member()?,
        entry: entry.number,
        points: refunded.transferred.draw.asset.definition(),
        amount: refunded.amount,
        back: RestoredAnswer::of(entry, PostingReason::TransferredIn),
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownPoints(_) => Problem::rule("unknown_points", detail),
        Refusal::TierPoints => Problem::rule("tier_points", detail),
        Refusal::InsufficientValue { points, available } => {
            insufficient_points(detail, points, *available)
        }
    }
}

fn refund_refused(refusal: &refund::Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        refund::Refusal::UnknownTransfer => Problem::new(Code::NotFound, detail),
        refund::Refusal::ExceedsTransfer { left } => {
            Problem::new(Code::RefundExceedsRedemption, detail).with("left", json!(left))
        }
        refund::Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        refund::Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

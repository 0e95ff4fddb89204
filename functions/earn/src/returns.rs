//! `PUT …/purchases/{order}/returns/{return}`: what a return takes back.

use scrip_domain::amount::Points;
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{Handle, LineId, MemberId, OrderId, ReturnId};
use scrip_domain::posting::PostingReason;
use scrip_domain::returns::{self, History, Refusal, Return, Taken};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Caller, Code, Object, Problem, line_of, require_lines};
use scrip_store::{ApplyError, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::purchase::TierAnswer;

/// What came back of an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnBody {
    returned_at: Instant,
    lines: Vec<Object<LineBody>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    net: String,
}

#[derive(Serialize)]
struct ReturnAnswer<'a> {
    #[serde(rename = "return")]
    id: &'a ReturnId,
    order: &'a OrderId,
    member: &'a MemberId,
    entry: u64,
    clawed_back: Vec<ClawedBackAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<TierAnswer<'a>>,
}

#[derive(Serialize)]
struct ClawedBackAnswer<'a> {
    points: &'a Handle,
    amount: Points,
    from: Vec<FromAnswer>,
    /// Spent already: the next points repay it.
    #[serde(skip_serializing_if = "Option::is_none")]
    debt: Option<Points>,
    /// Expired already.
    #[serde(skip_serializing_if = "Option::is_none")]
    excused: Option<Points>,
    /// Spent already, and not asked back.
    #[serde(skip_serializing_if = "Option::is_none")]
    forgiven: Option<Points>,
}

/// A lot that points were taken from. Those of tier points are not shown apart.
#[derive(Serialize)]
struct FromAnswer {
    amount: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    accrue_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

impl ReturnBody {
    /// When it came back.
    pub fn returned_at(&self) -> Instant {
        self.returned_at
    }

    fn command(&self, id: &ReturnId, currency: Currency) -> Result<Return, Problem> {
        let lines = self.lines.iter().enumerate().map(|(index, Object(line))| {
            let net = currency.parse_amount(&line.net);
            let field = format!("lines[{index}].net");
            Ok((line.id.clone(), net.map_err(|error| Problem::invalid(&field, error))?))
        });
        let lines = lines.collect::<Result<_, Problem>>()?;
        Ok(Return { id: id.clone(), returned_at: self.returned_at, lines })
    }
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member = request.path("member")?;
    let (order, id) = (request.path("order")?, request.path("return")?);
    let Object(body) = request.body()?;
    record(app, request.caller(), member, (order, id), &body).await
}

/// Records a return of a member's order, however it arrived.
///
/// # Errors
/// [`Problem`]; `order_unknown` when the order may still come.
pub async fn record(
    app: &App,
    caller: &Caller,
    member: MemberId,
    (order, id): (OrderId, ReturnId),
    body: &ReturnBody,
) -> Result<Answer, Problem> {
    require_lines(body.lines.iter().map(|Object(line)| &line.id))?;
    let program = app.program().await?;
    let operation = Operation::Return(order.clone(), id.clone());
    let part = caller.part(member.clone(), Some(operation), body, &program)?;
    let part = Request { about: Some(Operation::Purchase(order.clone())), ..part };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            let history = situation.about.and_then(History::of);
            let history = history.ok_or_else(order_unknown)?;
            // Amounts are in the currency of the order.
            let currency = history.purchased().currency;
            let command = body.command(&id, currency)?;
            let (wallet, settled, now) = (situation.wallet, situation.settled, situation.now);
            returns::decide(wallet, &program.program, Some(&history), &command, settled, now)
                .map_err(|refusal| refused(&refusal, currency))
        })
        .await;
    let outcome = match outcome {
        Err(ApplyError::Refused(problem))
            if problem.code == Code::OrderUnknown
                && app.ledger.is_order_of_another(&member, &order).await? =>
        {
            Err(ApplyError::OrderBelongsToAnotherMember)
        }
        outcome => outcome,
    };
    let outcome = outcome.map_err(|error| Problem::of_apply(error, |problem| problem))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Return(returned) = &entry.line.detail else {
        return None;
    };
    let level = entry.line.level.as_ref();
    Some(ReturnAnswer {
        id: &returned.id,
        order: &returned.purchased.order,
        member: entry.account.member()?,
        entry: entry.number,
        clawed_back: returned.taken.iter().map(|taken| clawed_back(entry, taken)).collect(),
        tier: level.map(|change| TierAnswer { level: &change.after, changed: true }),
    })
}

fn clawed_back<'a>(entry: &Entry, taken: &'a Taken) -> ClawedBackAnswer<'a> {
    let own = entry.line.postings.iter();
    let own = own.filter(|posting| *posting.asset.definition() == taken.points);
    let owed = own.clone().filter(|posting| posting.reason == PostingReason::DebtIncurred);
    let debt = owed.map(|posting| posting.amount.magnitude().into()).next();
    let reversed = own.filter(|posting| posting.reason == PostingReason::Reversed);
    let mut from: Vec<FromAnswer> = reversed
        .map(|posting| FromAnswer {
            amount: posting.amount.magnitude().into(),
            accrue_at: posting.accrue_at,
            expires_at: posting.expires_at,
        })
        .collect();
    if debt.is_some() {
        // What became debt is the last: it was in no lot.
        from.pop();
    }
    let Taken { points, amount, excused, forgiven } = taken;
    let some = |points: &Points| (!points.is_zero()).then_some(*points);
    let (amount, excused, forgiven) = (*amount, some(excused), some(forgiven));
    ClawedBackAnswer { points, amount, from, debt, excused, forgiven }
}

fn order_unknown() -> Problem {
    Problem::new(Code::OrderUnknown, Refusal::OrderUnknown.to_string())
}

fn refused(refusal: &Refusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::OrderUnknown => order_unknown(),
        Refusal::InTheFuture => {
            Problem::rule("returned_at_ahead", format!("`returned_at` {detail}"))
        }
        Refusal::UnknownLine { index } => Problem::invalid(&format!("lines[{index}].id"), detail),
        Refusal::ExceedsOrder { index, left } => Problem::new(Code::ReturnExceedsOrder, detail)
            .with("field", json!(format!("lines[{index}].net")))
            .with("left", json!(currency.format_amount(*left))),
        Refusal::InsufficientValue { points, available } => {
            Problem::new(Code::InsufficientValue, detail)
                .with("points", json!(points))
                .with("available", json!(available))
        }
    }
}

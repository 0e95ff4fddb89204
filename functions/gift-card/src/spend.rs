//! `PUT /v1/gift-card-redemptions/{redemption}`: a card is spent, or held, without a member.

use scrip_domain::amount::Minor;
use scrip_domain::card::spend::{self, Refusal, Spend};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{CardNumber, RedemptionId};
use scrip_domain::redeem::{self, Plan, Settlement, Status};
use scrip_domain::time::{Instant, Period};
use scrip_edge::{Answer, ApiRequest, App, Object, Pin, Problem, line_of, not_spendable};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    number: CardNumber,
    #[serde(skip_serializing)]
    pin: Pin,
    amount: String,
    currency: Currency,
    #[serde(default)]
    hold: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold_for: Option<String>,
}

/// A redemption of a card alone.
#[derive(Serialize)]
pub(crate) struct SpendAnswer {
    redemption: RedemptionId,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_expires_at: Option<Instant>,
    entry: u64,
    number_last4: String,
    amount: String,
    currency: Currency,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let redemption: RedemptionId = request.path("redemption")?;
    let Object(body): Object<Body> = request.body()?;
    let command = command(&body, redemption.clone())?;
    let program = app.program().await?;
    app.present(&body.number, &body.pin, program.program.pin).await?;
    let operation = Operation::Redemption(redemption);
    let part = request.part(body.number.clone(), Some(operation), &body, &program)?;
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            spend::decide(situation.wallet, &program.program, &command, situation.now)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal, app.ledger.now())))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &SpendAnswer::of_line(&entry)))
}

fn command(body: &Body, redemption: RedemptionId) -> Result<Spend, Problem> {
    let amount = above_nothing(body.currency, &body.amount)?;
    let hold_for = body.hold_for.as_ref().map(|text| text.parse::<Period>());
    let hold_for = hold_for.transpose().map_err(|error| Problem::invalid("hold_for", error))?;
    let settlement = match (body.hold, hold_for) {
        (true, hold_for) => Settlement::Held(hold_for),
        (false, None) => Settlement::AtOnce,
        (false, Some(_)) => return Err(Problem::invalid("hold_for", "needs `hold` to be true")),
    };
    Ok(Spend { redemption, currency: body.currency, amount, settlement })
}

/// An amount above nothing.
pub(crate) fn above_nothing(currency: Currency, text: &str) -> Result<Minor, Problem> {
    let amount = currency.parse_amount(text);
    let amount = amount.map_err(|error| Problem::invalid("amount", error))?;
    if amount.is_zero() {
        Err(Problem::invalid("amount", "must be more than 0"))
    } else {
        Ok(amount)
    }
}

impl SpendAnswer {
    /// What a line of such a redemption says.
    pub(crate) fn of_line(entry: &Entry) -> Option<Self> {
        let number = entry.account.card()?;
        let (redemption, plan, status, hold_expires_at) = match &entry.line.detail {
            Detail::Redemption(opened) => {
                let status = opened.lapses_at.map_or(Status::Captured, |_| Status::Held);
                (&opened.redemption, &opened.plan, status, opened.lapses_at)
            }
            Detail::Capture(captured) => {
                (&captured.redemption, &captured.plan, Status::Captured, None)
            }
            Detail::Release(released) => {
                (&released.redemption, &released.plan, Status::Released, None)
            }
            _ => return None,
        };
        Some(Self { hold_expires_at, ..Self::new(number, redemption, plan, status, entry.number) })
    }

    /// One that holds nothing.
    pub(crate) fn new(
        number: &CardNumber,
        redemption: &RedemptionId,
        plan: &Plan,
        status: Status,
        entry: u64,
    ) -> Self {
        Self {
            redemption: redemption.clone(),
            status: status.as_str(),
            hold_expires_at: None,
            entry,
            number_last4: number.last4().to_owned(),
            amount: plan.currency.format_amount(plan.tendered()),
            currency: plan.currency,
        }
    }
}

fn refused(refusal: &Refusal, now: Instant) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Card(why) => not_spendable(why, now),
        Refusal::Redemption(redeem::Refusal::HoldPeriod) => Problem::invalid("hold_for", detail),
        Refusal::Redemption(redeem::Refusal::LimitReached(limit)) => Problem::limit(*limit),
        Refusal::Redemption(
            redeem::Refusal::OutsideTheCalendar
            | redeem::Refusal::Plan(_)
            | redeem::Refusal::PlanChanged { .. },
        ) => Problem::rule("calendar", detail),
    }
}

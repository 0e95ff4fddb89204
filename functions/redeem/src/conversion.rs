//! `PUT …/conversions/{conversion}`: points become a reward.

use scrip_domain::amount::Points;
use scrip_domain::conversion::{self, Conversion, Refusal};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{ConversionId, Handle, LotId, MemberId};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Object, Problem, line_of, units};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::insufficient_points;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    points: Handle,
    amount: Points,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reward: Option<Handle>,
}

/// The one reward issued, and what it took.
#[derive(Serialize)]
struct ConversionAnswer<'a> {
    conversion: &'a ConversionId,
    member: &'a MemberId,
    entry: u64,
    id: &'a LotId,
    reward: &'a Handle,
    amount: Value,
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    converted: Converted<'a>,
}

#[derive(Serialize)]
struct Converted<'a> {
    definition: &'a Handle,
    points: Points,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let conversion: ConversionId = request.path("conversion")?;
    let Object(body): Object<Body> = request.body()?;
    if body.amount.is_zero() {
        return Err(Problem::invalid("amount", "must be more than 0"));
    }
    let operation = Operation::Conversion(conversion.clone());
    let program = app
        .program_knowing(|program| {
            let mut rules = program.conversions.iter();
            rules.any(|rule| {
                let reward = body.reward.as_ref();
                rule.points == body.points && reward.is_none_or(|reward| *reward == rule.reward)
            })
        })
        .await?;
    let part = request.part(member, Some(operation), &body, &program)?;
    let Body { points, amount, reward } = body;
    let command = Conversion { conversion, points, amount, reward };
    let outcome = app
        .ledger
        .apply(&part, |situation| {
            let when = (situation.number, situation.now);
            conversion::decide(situation.wallet, &program.program, &command, when)
        })
        .await
        .map_err(|error| Problem::of_apply(error, |refusal| refused(&refusal)))?;
    let (entry, replayed) = line_of(outcome);
    Ok(Answer::created_or_replayed(&entry, replayed, &answer(&entry)))
}

fn answer(entry: &Entry) -> Option<impl Serialize> {
    let Detail::Conversion(converted) = &entry.line.detail else {
        return None;
    };
    Some(ConversionAnswer {
        conversion: &converted.conversion,
        member: entry.account.member()?,
        entry: entry.number,
        id: &converted.id,
        reward: converted.asset.definition(),
        amount: units(&converted.asset, converted.money.into()),
        currency: converted.asset.currency(),
        expires_at: converted.expires_at,
        converted: Converted { definition: &converted.points, points: converted.amount },
    })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownPoints(_) => Problem::rule("unknown_points", detail),
        Refusal::NoConversion => Problem::rule("no_conversion", detail),
        Refusal::WhichReward => Problem::invalid("reward", detail),
        Refusal::Retired(_) => Problem::rule("retired", detail),
        Refusal::NotAMultiple { multiple } => {
            Problem::rule("points_multiple", detail).with("multiple", json!(multiple))
        }
        Refusal::InsufficientValue { points, available } => {
            insufficient_points(detail, points, *available)
        }
        Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

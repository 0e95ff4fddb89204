//! `PUT …/gift-cards/{card}`: a card is sold.

use std::convert::Infallible;

use scrip_domain::card::issue::{self, Issue, Refusal};
use scrip_domain::card::{CardKey, PinTerms};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Entry, Operation};
use scrip_domain::id::{CardId, CardNumber, Handle, MemberId};
use scrip_domain::program::Program;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use scrip_edge::{Answer, ApiRequest, App, Code, CurrentProgram, Object, Pin, Problem, line_of};
use scrip_store::{ApplyError, Outcome, PurchasedCard};
use serde::{Deserialize, Serialize};

use crate::{key, money};

/// Numbers drawn before the call gives up. Of 10^14 numbers even a billion cards leave one draw in a
/// hundred thousand that is taken.
const DRAWS_MAX: usize = 5;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    gift_card: Handle,
    amount: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revert_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
struct IssueAnswer<'a> {
    card: &'a CardId,
    member: &'a MemberId,
    gift_card: &'a Handle,
    number: &'a str,
    pin: &'a str,
    amount: String,
    currency: Option<Currency>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

/// How one try to issue under one number ended.
enum Tried {
    Issued(Outcome<Infallible>),
    NumberTaken,
}

pub(crate) async fn put(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let key = key(request)?;
    let Object(body): Object<Body> = request.body()?;
    let knows = |program: &Program| program.gift_card(&body.gift_card).is_some();
    let program = app.program_knowing(knows).await?;
    let mut drawn = first_draw(app, &key, &body, &program).await?;
    for _ in 0..DRAWS_MAX {
        match issue_under(app, request, (&key, &body, &program), &drawn).await? {
            Tried::Issued(outcome) => {
                let (entry, replayed) = line_of(outcome);
                let number = &drawn.number;
                let pin = app.keys.pin(&drawn.pin.key, number, drawn.pin.digits).await?;
                let answer = answer(&entry, number, &pin);
                return Ok(Answer::created_or_replayed(&entry, replayed, &answer));
            }
            Tried::NumberTaken => {
                let again =
                    PurchasedCard { number: CardNumber::drawn(app.draw()?), ..drawn.clone() };
                let (ledger, taken) = (&app.ledger, Some(&drawn.number));
                drawn = ledger.keep_drawn(&key.purchaser, again, taken).await?;
            }
        }
    }
    Err(Problem::new(Code::Contended, "no free number was drawn; send the same request again"))
}

/// What was drawn for the card before, or is now. Nothing is kept for a card that is refused.
async fn first_draw(
    app: &App,
    key: &CardKey,
    body: &Body,
    program: &CurrentProgram,
) -> Result<PurchasedCard, Problem> {
    let digits = program.program.pin.digits;
    let pin = PinTerms { key: app.keys.current().await?, digits };
    let drawn =
        PurchasedCard { card: key.card.clone(), number: CardNumber::drawn(app.draw()?), pin };
    let now = app.ledger.now();
    let command = command(key, body, program, &drawn)?;
    match issue::decide(&Wallet::default(), &program.program, &command, now) {
        Ok(_) => Ok(app.ledger.keep_drawn(&key.purchaser, drawn, None).await?),
        Err(refusal) => {
            // Unless it was issued before, under other rules.
            let before = app.ledger.purchased_card(key).await?;
            before.ok_or_else(|| refused(&refusal, program))
        }
    }
}

async fn issue_under(
    app: &App,
    request: &ApiRequest,
    (key, body, program): (&CardKey, &Body, &CurrentProgram),
    drawn: &PurchasedCard,
) -> Result<Tried, Problem> {
    let operation = Operation::CardIssue(key.clone());
    let part = request.part(drawn.number.clone(), Some(operation), body, program)?;
    let command = command(key, body, program, drawn)?;
    let outcome = app.ledger.apply(&part, |situation| {
        issue::decide(situation.wallet, &program.program, &command, situation.now)
    });
    match outcome.await {
        Ok(outcome) => Ok(Tried::Issued(outcome)),
        Err(ApplyError::Refused(Refusal::NumberTaken)) => Ok(Tried::NumberTaken),
        Err(error) => Err(Problem::of_apply(error, |refusal| refused(&refusal, program))),
    }
}

fn command(
    key: &CardKey,
    body: &Body,
    program: &CurrentProgram,
    drawn: &PurchasedCard,
) -> Result<Issue, Problem> {
    let currency = body.currency.unwrap_or(program.program.currency);
    let amount = currency.parse_amount(&body.amount);
    let amount = amount.map_err(|error| Problem::invalid("amount", error))?;
    if amount.is_zero() {
        return Err(Problem::invalid("amount", "must be more than 0"));
    }
    Ok(Issue {
        key: key.clone(),
        definition: body.gift_card.clone(),
        amount,
        currency: body.currency,
        revert_at: body.revert_at,
        expires_at: body.expires_at,
        pin: drawn.pin.clone(),
    })
}

/// A function of the line, and of the key that its card names.
fn answer<'a>(entry: &'a Entry, number: &'a CardNumber, pin: &'a Pin) -> Option<IssueAnswer<'a>> {
    let card = entry.line.wallet.card.as_ref()?;
    Some(IssueAnswer {
        card: &card.key.card,
        member: &card.key.purchaser,
        gift_card: card.asset.definition(),
        number: number.as_str(),
        pin: pin.reveal(),
        amount: money(card, card.amount)?,
        currency: card.currency(),
        status: "active",
        revert_at: card.revert_at,
        expires_at: card.expires_at,
    })
}

fn refused(refusal: &Refusal, program: &CurrentProgram) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::UnknownDefinition(_) => Problem::rule("unknown_gift_card", detail),
        Refusal::Retired(_) => Problem::rule("retired", detail),
        Refusal::Amount { minimum, maximum } => {
            let money = |amount| program.program.currency.format_amount(amount);
            let (minimum, maximum) = (money(*minimum), money(*maximum));
            Problem::rule("amount", format!("it is sold for {minimum} to {maximum}"))
                .with("minimum", minimum.into())
                .with("maximum", maximum.into())
        }
        Refusal::ExpiredAlready => Problem::invalid("expires_at", detail),
        Refusal::RevertedAlready => Problem::invalid("revert_at", detail),
        Refusal::OutsideTheCalendar => Problem::rule("calendar", detail),
        Refusal::LimitReached(limit) => Problem::limit(*limit),
        Refusal::NumberTaken => Problem::new(Code::Contended, detail),
    }
}

//! Gift cards: issue, balance, claim, cancel, void; spending one without a member; and what a
//! purchaser has bought.

mod balance;
mod claim;
mod end;
mod issue;
mod purchased;
mod spend;
mod spent;

use scrip_domain::amount::Minor;
use scrip_domain::card::{Card, CardKey, NotGiven, credit_received};
use scrip_domain::currency::Currency;
use scrip_domain::entry::Entry;
use scrip_domain::id::{Handle, LotId, MemberId};
use scrip_domain::time::Instant;
use scrip_edge::{
    Answer, ApiRequest, App, Code, Function, Problem, Route, Scope, card_held, card_not_active,
};
use scrip_store::PurchasedCard;
use serde::Serialize;

const CARD: &str = "PUT /v1/members/{member}/gift-cards/{card}";
const CARD_NOW: &str = "GET /v1/members/{member}/gift-cards/{card}";
const CARDS: &str = "GET /v1/members/{member}/gift-cards";
const CANCEL: &str = "POST /v1/members/{member}/gift-cards/{card}/cancel";
const VOID: &str = "POST /v1/members/{member}/gift-cards/{card}/void";
const BALANCE: &str = "POST /v1/gift-cards/balance";
const CLAIM: &str = "POST /v1/members/{member}/claims";
const SPEND: &str = "PUT /v1/gift-card-redemptions/{redemption}";
const CAPTURE: &str = "POST /v1/gift-card-redemptions/{redemption}/capture";
const RELEASE: &str = "POST /v1/gift-card-redemptions/{redemption}/release";
const REFUND: &str = "PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}";

/// The function `gift-card`.
pub struct GiftCard;

impl Function for GiftCard {
    const NAME: &'static str = "gift-card";
    const ROUTES: &'static [Route] = &[
        Route { key: CARD, scope: Scope::Issue },
        Route { key: CARD_NOW, scope: Scope::Read },
        Route { key: CARDS, scope: Scope::Read },
        Route { key: CANCEL, scope: Scope::Issue },
        Route { key: VOID, scope: Scope::Issue },
        Route { key: BALANCE, scope: Scope::Read },
        Route { key: CLAIM, scope: Scope::Redeem },
        Route { key: SPEND, scope: Scope::Redeem },
        Route { key: CAPTURE, scope: Scope::Redeem },
        Route { key: RELEASE, scope: Scope::Redeem },
        Route { key: REFUND, scope: Scope::Redeem },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            CARD => issue::put(app, request).await,
            CARD_NOW => purchased::get(app, request).await,
            CARDS => purchased::list(app, request).await,
            CANCEL => end::cancel(app, request).await,
            VOID => end::void(app, request).await,
            BALANCE => balance::post(app, request).await,
            CLAIM => claim::post(app, request).await,
            SPEND => spend::put(app, request).await,
            CAPTURE => spent::capture(app, request).await,
            RELEASE => spent::release(app, request).await,
            REFUND => spent::put_refund(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

/// What a purchaser calls the card in the path.
fn key(request: &ApiRequest) -> Result<CardKey, Problem> {
    Ok(CardKey { purchaser: request.path("member")?, card: request.path("card")? })
}

/// What was drawn for a card that a purchaser names.
async fn purchased(app: &App, key: &CardKey) -> Result<PurchasedCard, Problem> {
    app.ledger.purchased_card(key).await?.ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "the member has bought no such gift card")
}

/// A card that cannot be given to anybody.
fn not_given(why: &NotGiven, now: Instant) -> Problem {
    match why {
        NotGiven::Unknown => unknown(),
        NotGiven::NotActive(status) => card_not_active(*status),
        NotGiven::Held { until } => card_held(*until, now),
    }
}

/// Money of a card.
fn money(card: &Card, amount: Minor) -> Option<String> {
    card.currency().map(|currency| currency.format_amount(amount))
}

/// The credit that a card became.
#[derive(Serialize)]
struct CreditAnswer<'a> {
    member: &'a MemberId,
    entry: u64,
    id: &'a LotId,
    credit: &'a Handle,
    amount: String,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

impl<'a> CreditAnswer<'a> {
    /// What a line of a wallet says of it.
    fn of(entry: &'a Entry) -> Option<Self> {
        let received = credit_received(&entry.line)?;
        let currency = received.asset.currency()?;
        Some(Self {
            member: entry.account.member()?,
            entry: entry.number,
            id: received.id,
            credit: received.asset.definition(),
            amount: currency.format_amount(received.amount.into()),
            currency,
            expires_at: received.expires_at,
        })
    }
}

//! `GET …/gift-cards` and `GET …/gift-cards/{card}`: what a purchaser has bought, and how it stands.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scrip_domain::card::{spendable, status};
use scrip_domain::currency::Currency;
use scrip_domain::id::{CardId, Handle, MemberId};
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Problem};
use scrip_store::PurchasedCard;
use serde::Serialize;

use crate::{key, money, purchased, unknown};

/// A card without what it is claimed or spent by.
#[derive(Serialize)]
struct CardAnswer {
    card: CardId,
    gift_card: Handle,
    number_last4: String,
    /// What it was sold for.
    amount: Option<String>,
    /// What could be spent now.
    available: Option<String>,
    currency: Option<Currency>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
struct ListAnswer {
    gift_cards: Vec<CardAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

pub(crate) async fn get(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let key = key(request)?;
    let drawn = purchased(app, &key).await?;
    let card = card_now(app, drawn).await?.ok_or_else(unknown)?;
    Ok(Answer::read(&card))
}

/// A page in the order of the cards' ids. A member who has bought none has an empty one.
pub(crate) async fn list(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let limit = request.limit()?;
    let after = request.query::<Cursor>("cursor")?.map(|cursor| cursor.0);
    let drawn = app.ledger.purchased_cards(&member, after.as_ref(), limit).await?;
    let is_full = u32::try_from(drawn.len()).is_ok_and(|count| count == limit);
    let last = drawn.last().map(|drawn| drawn.card.clone()).filter(|_| is_full);
    let mut gift_cards = Vec::with_capacity(drawn.len());
    for drawn in drawn {
        gift_cards.extend(card_now(app, drawn).await?);
    }
    let cursor = last.map(|card| Cursor(card).to_string());
    Ok(Answer::read(&ListAnswer { gift_cards, cursor }))
}

/// How a card stands; `None` when its number was drawn and it was not issued yet.
async fn card_now(app: &App, drawn: PurchasedCard) -> Result<Option<CardAnswer>, Problem> {
    let Some(found) = app.ledger.load(drawn.number.clone()).await? else {
        return Ok(None);
    };
    let card = found.wallet.card.as_ref().filter(|card| card.key.card == drawn.card);
    Ok(card.map(|card| CardAnswer {
        card: drawn.card.clone(),
        gift_card: card.asset.definition().clone(),
        number_last4: drawn.number.last4().to_owned(),
        amount: money(card, card.amount),
        available: money(card, spendable(&found.wallet, card, found.at)),
        currency: card.currency(),
        status: status(&found.wallet, card, found.at).as_str(),
        revert_at: card.revert_at,
        expires_at: card.expires_at,
    }))
}

/// Where a page starts: after this card. Opaque to callers.
struct Cursor(CardId);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_str()))
    }
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = "must be the `cursor` of the page before";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| fault)?;
        let text = String::from_utf8(bytes).map_err(|_| fault)?;
        text.parse().map(Self).map_err(|_| fault)
    }
}

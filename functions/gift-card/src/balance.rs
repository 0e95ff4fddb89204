//! `POST /v1/gift-cards/balance`: what could be spent of a card now.

use scrip_domain::card::{spendable, status};
use scrip_domain::currency::Currency;
use scrip_domain::id::CardNumber;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Object, Pin, Problem};
use serde::{Deserialize, Serialize};

use crate::{money, unknown};

/// A card as it is presented.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresentedBody {
    pub(crate) number: CardNumber,
    pub(crate) pin: Pin,
}

#[derive(Serialize)]
struct BalanceAnswer {
    amount: Option<String>,
    currency: Option<Currency>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

pub(crate) async fn post(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let Object(body): Object<PresentedBody> = request.body()?;
    let program = app.program().await?;
    let found = app.present(&body.number, &body.pin, program.program.pin).await?;
    let card = found.wallet.card.as_ref().ok_or_else(unknown)?;
    Ok(Answer::read(&BalanceAnswer {
        amount: money(card, spendable(&found.wallet, card, found.at)),
        currency: card.currency(),
        status: status(&found.wallet, card, found.at).as_str(),
        expires_at: card.expires_at,
    }))
}

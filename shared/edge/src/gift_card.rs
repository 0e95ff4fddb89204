//! Gift cards at the border: the check of a PIN, and the refusals that every function shares.

use scrip_domain::card::spend::NotSpendable;
use scrip_domain::card::{CardStatus, PinTerms};
use scrip_domain::id::CardNumber;
use scrip_domain::program::PinRules;
use scrip_domain::time::Instant;
use scrip_store::{AsOf, Attempt};
use serde_json::json;

use crate::app::App;
use crate::pin::Pin;
use crate::problem::{Code, Problem};

impl App {
    /// The account of the card that a number and a PIN present. The attempt is counted first,
    /// whether there is such a card or not, and forgotten when the PIN was right.
    ///
    /// # Errors
    /// `gift_card_refused` for an unknown number and a wrong PIN alike, after the same calls;
    /// `gift_card_locked`; `unavailable`.
    pub async fn present(
        &self,
        number: &CardNumber,
        pin: &Pin,
        rules: PinRules,
    ) -> Result<AsOf, Problem> {
        match self.ledger.count_attempt(number, rules.attempts).await? {
            Attempt::Counted => {}
            Attempt::Locked { retry_after_seconds } => {
                let detail = "no PIN is compared until then";
                return Err(Problem::new(Code::GiftCardLocked, detail)
                    .with("retry_after", json!(retry_after_seconds)));
            }
        }
        let found = self.ledger.load(number.clone()).await?;
        let card = found.as_ref().and_then(|found| found.wallet.card.as_ref());
        let terms = match card {
            Some(card) => card.pin.clone(),
            // Nobody's number has a PIN, too, which takes as long to find and is never right.
            None => PinTerms { key: self.keys.current().await?, digits: rules.digits },
        };
        let right = self.keys.pin(&terms.key, number, terms.digits).await?;
        let is_right = right.is(pin);
        let Some(found) = found.filter(|found| found.wallet.card.is_some() && is_right) else {
            let detail = "there is no gift card with this number and PIN";
            return Err(Problem::new(Code::GiftCardRefused, detail));
        };
        self.ledger.clear_attempts(number).await?;
        Ok(found)
    }
}

/// A card with which nothing can be done any more.
pub fn card_not_active(status: CardStatus) -> Problem {
    let detail = format!("the gift card is {}", status.as_str());
    Problem::new(Code::GiftCardNotActive, detail).with("gift_card_status", json!(status.as_str()))
}

/// A card that a redemption holds, no longer than `until`.
pub fn card_held(until: Instant, now: Instant) -> Problem {
    let detail = "send the same request again when it is captured, released or lapsed";
    let seconds = until.seconds_since(now).max(1);
    Problem::new(Code::GiftCardHeld, detail).with("retry_after", json!(seconds))
}

/// A card that cannot be spent, or not for so much.
pub fn not_spendable(why: &NotSpendable, now: Instant) -> Problem {
    match why {
        NotSpendable::Unknown => Problem::new(Code::NotFound, why.to_string()),
        NotSpendable::NotActive(status) => card_not_active(*status),
        NotSpendable::Held { until } => card_held(*until, now),
        NotSpendable::Currency { currency } => {
            Problem::rule("currency", why.to_string()).with("currency", json!(currency))
        }
        NotSpendable::Insufficient { available, currency } => {
            Problem::new(Code::InsufficientValue, why.to_string())
                .with("source", json!("gift_card"))
                .with("available", json!(currency.format_amount(*available)))
        }
    }
}

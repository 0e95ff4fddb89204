//! Redeeming: quotes, redemptions, captures, releases and refunds; points converted into rewards, or
//! transferred to third-party programmes.

mod basket;
mod capture;
mod conversion;
mod part;
mod plan;
mod redemption;
mod refund;
mod release;
mod restored;
mod transfer;

use scrip_domain::amount::{Minor, Points};
use scrip_domain::currency::Currency;
use scrip_domain::id::Handle;
use scrip_domain::redeem::PlanRefusal;
use scrip_domain::time::Instant;
use scrip_edge::{Answer, ApiRequest, App, Code, Function, Problem, Route, Scope, not_spendable};
use serde_json::json;

const QUOTE: &str = "POST /v1/members/{member}/quotes";
const REDEMPTION: &str = "PUT /v1/members/{member}/redemptions/{redemption}";
const CAPTURE: &str = "POST /v1/members/{member}/redemptions/{redemption}/capture";
const RELEASE: &str = "POST /v1/members/{member}/redemptions/{redemption}/release";
const REFUND: &str = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
const CONVERSION: &str = "PUT /v1/members/{member}/conversions/{conversion}";
const TRANSFER: &str = "PUT /v1/members/{member}/transfers/{transfer}";
const TRANSFER_REFUND: &str = "PUT /v1/members/{member}/transfers/{transfer}/refunds/{refund}";
const ONE: &str = "GET /v1/members/{member}/redemptions/{redemption}";
const HELD: &str = "GET /v1/members/{member}/redemptions";

/// The function `redeem`.
pub struct Redeem;

impl Function for Redeem {
    const NAME: &'static str = "redeem";
    const ROUTES: &'static [Route] = &[
        Route { key: QUOTE, scope: Scope::Redeem },
        Route { key: REDEMPTION, scope: Scope::Redeem },
        Route { key: CAPTURE, scope: Scope::Redeem },
        Route { key: RELEASE, scope: Scope::Redeem },
        Route { key: REFUND, scope: Scope::Redeem },
        Route { key: CONVERSION, scope: Scope::Redeem },
        Route { key: TRANSFER, scope: Scope::Redeem },
        Route { key: TRANSFER_REFUND, scope: Scope::Redeem },
        Route { key: ONE, scope: Scope::Read },
        Route { key: HELD, scope: Scope::Read },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            QUOTE => redemption::quote(app, request).await,
            REDEMPTION => redemption::put(app, request).await,
            CAPTURE => capture::post(app, request).await,
            RELEASE => release::post(app, request).await,
            REFUND => refund::put(app, request).await,
            CONVERSION => conversion::put(app, request).await,
            TRANSFER => transfer::put(app, request).await,
            TRANSFER_REFUND => transfer::put_refund(app, request).await,
            ONE => redemption::get(app, request).await,
            HELD => redemption::list_held(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

/// A basket that gets no plan.
fn plan_refused(refusal: &PlanRefusal, currency: Currency, now: Instant) -> Problem {
    let detail = refusal.to_string();
    let money = |amount: Minor| json!(currency.format_amount(amount));
    match refusal {
        PlanRefusal::UnknownPoints(_) => Problem::rule("unknown_points", detail),
        PlanRefusal::UnknownDefinition(_) => Problem::rule("unknown_definition", detail),
        PlanRefusal::NotRedeemable(_) => Problem::rule("not_redeemable", detail),
        PlanRefusal::OtherCurrency { .. } => Problem::rule("currency", detail),
        PlanRefusal::LotInOtherCurrency { kind, id, currency } => {
            let problem = Problem::rule("currency", detail).with("currency", json!(currency));
            problem.with("source", json!(kind.as_str())).with("id", json!(id))
        }
        PlanRefusal::NotAMultiple { step } => {
            Problem::rule("points_multiple", detail).with("multiple", json!(step))
        }
        PlanRefusal::InsufficientValue { points, available } => {
            insufficient_points(detail, points, *available)
        }
        PlanRefusal::InsufficientLot { kind, id, available, currency } => {
            let available = match currency {
                Some(currency) => json!(currency.format_amount((*available).into())),
                None => json!(available),
            };
            Problem::new(Code::InsufficientValue, detail)
                .with("source", json!(kind.as_str()))
                .with("id", json!(id))
                .with("available", available)
        }
        PlanRefusal::InsufficientMoney { kind, available, .. } => {
            Problem::new(Code::InsufficientValue, detail)
                .with("source", json!(kind.as_str()))
                .with("available", money(*available))
        }
        PlanRefusal::AgainstRule { kind, why, most } => Problem::rule(why.as_str(), detail)
            .with("source", json!(kind.as_str()))
            .with("most", money(*most)),
        PlanRefusal::TakesNothingOff { id } => Problem::rule("takes_nothing_off", detail)
            .with("source", json!("benefit"))
            .with("id", json!(id)),
        PlanRefusal::MoreThanDue { due } => {
            Problem::rule("more_than_due", detail).with("due", money(*due))
        }
        PlanRefusal::GiftCard { index, why } => {
            not_spendable(why, now).with("field", json!(format!("use.gift_cards[{index}]")))
        }
        PlanRefusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

/// More points than are available.
fn insufficient_points(detail: String, points: &Handle, available: Points) -> Problem {
    Problem::new(Code::InsufficientValue, detail)
        .with("points", json!(points))
        .with("available", json!(available))
}

//! Redeeming: quotes, redemptions, captures and releases. Points are what can be redeemed.

mod basket;
mod capture;
mod plan;
mod redemption;
mod release;

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::redeem::PlanRefusal;
use scrip_edge::{Answer, ApiRequest, App, Code, Function, Problem, Route, Scope};
use serde_json::json;

const QUOTE: &str = "POST /v1/members/{member}/quotes";
const REDEMPTION: &str = "PUT /v1/members/{member}/redemptions/{redemption}";
const CAPTURE: &str = "POST /v1/members/{member}/redemptions/{redemption}/capture";
const RELEASE: &str = "POST /v1/members/{member}/redemptions/{redemption}/release";
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
        Route { key: ONE, scope: Scope::Read },
        Route { key: HELD, scope: Scope::Read },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            QUOTE => redemption::quote(app, request).await,
            REDEMPTION => redemption::put(app, request).await,
            CAPTURE => capture::post(app, request).await,
            RELEASE => release::post(app, request).await,
            ONE => redemption::get(app, request).await,
            HELD => redemption::list_held(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

/// A basket that gets no plan.
fn plan_refused(refusal: &PlanRefusal, currency: Currency) -> Problem {
    let detail = refusal.to_string();
    let money = |amount: Minor| json!(currency.format_amount(amount));
    match refusal {
        PlanRefusal::UnknownPoints(_) => Problem::rule("unknown_points", detail),
        PlanRefusal::NotRedeemable(_) => Problem::rule("not_redeemable", detail),
        PlanRefusal::OtherCurrency { .. } => Problem::rule("currency", detail),
        PlanRefusal::NotAMultiple { step } => {
            Problem::rule("points_multiple", detail).with("multiple", json!(step))
        }
        PlanRefusal::InsufficientValue { points, available } => {
            Problem::new(Code::InsufficientValue, detail)
                .with("points", json!(points))
                .with("available", json!(available))
        }
        PlanRefusal::MoreThanDue { due } => {
            Problem::rule("more_than_due", detail).with("due", money(*due))
        }
        PlanRefusal::LimitReached(limit) => Problem::limit(*limit),
    }
}

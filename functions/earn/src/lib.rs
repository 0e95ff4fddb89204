//! Earning: member facts, purchases and their returns, awards, adjustments and tier assignments.

mod adjustment;
pub mod award;
mod facts;
pub mod purchase;
pub mod returns;
mod tier;

use scrip_edge::{Answer, ApiRequest, App, Code, Function, Problem, Route, Scope};

const FACTS: &str = "PUT /v1/members/{member}";
const PURCHASE: &str = "PUT /v1/members/{member}/purchases/{order}";
const RETURN: &str = "PUT /v1/members/{member}/purchases/{order}/returns/{return}";
const AWARD: &str = "PUT /v1/members/{member}/awards/{award}";
const ADJUSTMENT: &str = "PUT /v1/members/{member}/adjustments/{adjustment}";
const TIER_ASSIGNMENT: &str = "PUT /v1/members/{member}/tier-assignments/{assignment}";

/// The function `earn`.
pub struct Earn;

impl Function for Earn {
    const NAME: &'static str = "earn";
    const ROUTES: &'static [Route] = &[
        Route { key: FACTS, scope: Scope::Earn },
        Route { key: PURCHASE, scope: Scope::Earn },
        Route { key: RETURN, scope: Scope::Earn },
        Route { key: AWARD, scope: Scope::Earn },
        Route { key: ADJUSTMENT, scope: Scope::Admin },
        Route { key: TIER_ASSIGNMENT, scope: Scope::Admin },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            FACTS => facts::put(app, request).await,
            PURCHASE => purchase::put(app, request).await,
            RETURN => returns::put(app, request).await,
            AWARD => award::put(app, request).await,
            ADJUSTMENT => adjustment::put(app, request).await,
            TIER_ASSIGNMENT => tier::put(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

fn outside_the_calendar() -> Problem {
    Problem::rule("calendar", "accrual or expiry would lie outside the calendar")
}

fn unknown_points(detail: &impl std::fmt::Display) -> Problem {
    Problem::rule("unknown_points", detail.to_string())
}

fn retired(detail: &impl std::fmt::Display) -> Problem {
    Problem::rule("retired", detail.to_string())
}

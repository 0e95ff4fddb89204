//! Issuing: rewards, benefits and credits; voiding and extending them.

mod extension;
pub mod issue;
mod void;

use scrip_domain::amount::Units;
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::currency::Currency;
use scrip_domain::id::{Handle, LotId};
use scrip_edge::{Answer, ApiRequest, App, Code, Function, Problem, Route, Scope};
use serde::Serialize;

const REWARD: &str = "PUT /v1/members/{member}/rewards/{reward}";
const REWARD_VOID: &str = "POST /v1/members/{member}/rewards/{reward}/void";
const REWARD_EXTENSION: &str = "PUT /v1/members/{member}/rewards/{reward}/extensions/{extension}";
const BENEFIT: &str = "PUT /v1/members/{member}/benefits/{benefit}";
const BENEFIT_VOID: &str = "POST /v1/members/{member}/benefits/{benefit}/void";
const BENEFIT_EXTENSION: &str =
    "PUT /v1/members/{member}/benefits/{benefit}/extensions/{extension}";
const CREDIT: &str = "PUT /v1/members/{member}/credits/{credit}";
const CREDIT_VOID: &str = "POST /v1/members/{member}/credits/{credit}/void";
const CREDIT_EXTENSION: &str = "PUT /v1/members/{member}/credits/{credit}/extensions/{extension}";

/// The function `credit`.
pub struct Credit;

impl Function for Credit {
    const NAME: &'static str = "credit";
    const ROUTES: &'static [Route] = &[
        Route { key: REWARD, scope: Scope::Issue },
        Route { key: REWARD_VOID, scope: Scope::Issue },
        Route { key: REWARD_EXTENSION, scope: Scope::Issue },
        Route { key: BENEFIT, scope: Scope::Issue },
        Route { key: BENEFIT_VOID, scope: Scope::Issue },
        Route { key: BENEFIT_EXTENSION, scope: Scope::Issue },
        Route { key: CREDIT, scope: Scope::Issue },
        Route { key: CREDIT_VOID, scope: Scope::Issue },
        Route { key: CREDIT_EXTENSION, scope: Scope::Issue },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            REWARD => issue::put_reward(app, request).await,
            BENEFIT => issue::put_benefit(app, request).await,
            CREDIT => issue::put_credit(app, request).await,
            REWARD_VOID => void::post(app, request, Kind::Reward).await,
            BENEFIT_VOID => void::post(app, request, Kind::Benefit).await,
            CREDIT_VOID => void::post(app, request, Kind::Credit).await,
            REWARD_EXTENSION => extension::put(app, request, Kind::Reward).await,
            BENEFIT_EXTENSION => extension::put(app, request, Kind::Benefit).await,
            CREDIT_EXTENSION => extension::put(app, request, Kind::Credit).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

/// The definition, under the name of its kind.
#[derive(Serialize)]
struct DefinitionAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<&'a Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    benefit: Option<&'a Handle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<&'a Handle>,
}

impl<'a> DefinitionAnswer<'a> {
    fn of(asset: &'a Asset) -> Self {
        let of = |kind| (asset.kind() == Some(kind)).then(|| asset.definition());
        Self { reward: of(Kind::Reward), benefit: of(Kind::Benefit), credit: of(Kind::Credit) }
    }
}

/// So much of a definition: of a benefit in uses, of the others money.
#[derive(Serialize)]
struct ValueAnswer<'a> {
    #[serde(flatten)]
    definition: DefinitionAnswer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
}

impl<'a> ValueAnswer<'a> {
    fn of(asset: &'a Asset, amount: Units) -> Self {
        let currency = asset.currency();
        Self {
            definition: DefinitionAnswer::of(asset),
            uses: currency.is_none().then_some(amount),
            amount: currency.map(|currency| currency.format_amount(amount.into())),
            currency,
        }
    }
}

/// The id in the path, which is named after the kind.
fn id(request: &ApiRequest, kind: Kind) -> Result<LotId, Problem> {
    request.path(kind.as_str())
}

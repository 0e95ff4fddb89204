//! Reading: balances now and as of any instant, and the statement.

mod assets;
mod balance;
mod statement;
mod summary;

use scrip_edge::{Answer, ApiRequest, App, Code, Function, Problem, Route, Scope};

const BALANCE: &str = "GET /v1/members/{member}";
const ENTRIES: &str = "GET /v1/members/{member}/entries";
const ENTRY: &str = "GET /v1/members/{member}/entries/{entry}";

/// The function `wallet`.
pub struct Wallet;

impl Function for Wallet {
    const NAME: &'static str = "wallet";
    const ROUTES: &'static [Route] = &[
        Route { key: BALANCE, scope: Scope::Read },
        Route { key: ENTRIES, scope: Scope::Read },
        Route { key: ENTRY, scope: Scope::Read },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            BALANCE => balance::get(app, request).await,
            ENTRIES => statement::list(app, request).await,
            ENTRY => statement::get(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

//! Every function on one ledger in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::HttpClient;
use scrip_domain::time::Instant;
use scrip_edge::{
    App, Function, Handled, KeyRing, Keys, Sweep, SweepOptions, SweepReport, serve, sweep,
};
use scrip_local::{Direct, Embedded, SAMPLE_PROGRAM, TABLE, builder_at};
use scrip_store::{Ledger, Usage, client_config, create_table};
use serde_json::{Map, Value, json};

/// When everything begins.
const START: &str = "2026-11-21T03:04:05Z";

/// The ledger, with the sample program, and a clock that goes when it is told.
pub(crate) struct Till {
    /// What every function works with.
    pub(crate) app: App,
    /// A client of the same database.
    pub(crate) client: Client,
    now_ms: Arc<AtomicI64>,
}

/// What came back, and what it cost.
#[derive(Debug)]
pub(crate) struct Told {
    /// The body.
    pub(crate) body: Value,
    /// The units.
    pub(crate) usage: Usage,
}

impl Till {
    /// A new ledger.
    pub(crate) async fn open() -> Self {
        Self::over(Direct::memory().unwrap()).await
    }

    /// A new ledger in a database that is reached like this.
    pub(crate) async fn over(database: impl HttpClient + 'static) -> Self {
        let config = builder_at("http://till.invalid").http_client(database);
        let client = Client::from_conf(client_config(config));
        create_table(&client, TABLE).await.unwrap();
        Self::on(client).await
    }

    /// A new ledger in this database, which has its table.
    pub(crate) async fn at(embedded: &Embedded) -> Self {
        Self::on(embedded.client().clone()).await
    }

    async fn on(client: Client) -> Self {
        let start: Instant = START.parse().unwrap();
        let now_ms = Arc::new(AtomicI64::new(start.millis()));
        let clock = Arc::clone(&now_ms);
        let now = move || Instant::from_millis(clock.load(Ordering::Relaxed)).unwrap_or(start);
        let ledger = Ledger::new(client.clone(), TABLE, Arc::new(now));
        let program = serde_json::from_str(SAMPLE_PROGRAM).unwrap();
        ledger.set_program(program, 0, "bench").await.unwrap();
        let app = App::new(ledger).with_keys(Keys::ring(KeyRing::generate().unwrap()));
        // It is in the cache of a function that has answered before.
        app.program().await.unwrap();
        Self { app, client, now_ms }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    /// The instant that it is.
    pub(crate) fn now(&self) -> Instant {
        self.app.ledger.now()
    }

    /// Asks what must be done.
    pub(crate) async fn ask(&self, route: &str, ids: &str, body: &Value) -> Told {
        let handled = self.answer(route, ids, body).await;
        let Some(Body::Text(text)) = handled.response.body else { panic!("{route}: no body") };
        let status = handled.response.status_code;
        assert!((200..300).contains(&status), "{route} {ids}: {status} {text}");
        Told { body: serde_json::from_str(&text).unwrap(), usage: handled.usage }
    }

    /// Asks: `route` with its ids in their order, words of one text, and a query after a `?`.
    pub(crate) async fn answer(&self, route: &str, ids: &str, body: &Value) -> Handled {
        let (route, query) = route.split_once('?').unwrap_or((route, ""));
        let names = route.split(['{', '}']).skip(1).step_by(2);
        let path: Map<String, Value> =
            names.zip(ids.split(' ')).map(|(name, id)| (name.to_owned(), json!(id))).collect();
        let query: Map<String, Value> = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let event = json!({
            "routeKey": route, "pathParameters": path, "queryStringParameters": query,
            "headers": {}, "body": (!body.is_null()).then(|| body.to_string()),
            "requestContext": {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:role/pos-backend"}},
                               "routeKey": route, "http": {"method": "PUT", "path": "/"}},
        });
        let event = serde_json::from_value(event).unwrap();
        let app = &self.app;
        // Boxed: the futures of the SDK are deep.
        match function(route) {
            "earn" => Box::pin(serve::<scrip_earn::Earn>(app, event)).await,
            "credit" => Box::pin(serve::<scrip_credit::Credit>(app, event)).await,
            "redeem" => Box::pin(serve::<scrip_redeem::Redeem>(app, event)).await,
            "gift-card" => Box::pin(serve::<scrip_gift_card::GiftCard>(app, event)).await,
            "wallet" => Box::pin(serve::<scrip_wallet::Wallet>(app, event)).await,
            _ => Box::pin(serve::<scrip_program::ProgramFunction>(app, event)).await,
        }
    }

    /// Runs a job.
    pub(crate) async fn sweep<S: Sweep + 'static>(&self) -> (SweepReport, Usage) {
        Box::pin(sweep::<S>(&self.app, SweepOptions::default())).await.unwrap()
    }
}

/// The function that has a route.
fn function(route: &str) -> &'static str {
    fn has<F: Function>(route: &str) -> Option<&'static str> {
        F::ROUTES.iter().any(|each| each.key == route).then_some(F::NAME)
    }
    [
        has::<scrip_earn::Earn>(route),
        has::<scrip_credit::Credit>(route),
        has::<scrip_redeem::Redeem>(route),
        has::<scrip_gift_card::GiftCard>(route),
        has::<scrip_wallet::Wallet>(route),
        has::<scrip_program::ProgramFunction>(route),
    ]
    .into_iter()
    .flatten()
    .next()
    .unwrap_or_else(|| panic!("no function has the route {route}"))
}

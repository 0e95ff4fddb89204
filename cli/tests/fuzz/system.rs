//! Every function on one ledger in memory, in which every sample event has been applied.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::Client;
use scrip_edge::{App, Draw, KeyRing, Keys, serve};
use scrip_local::{TABLE, builder_at};
use scrip_store::{Ledger, client_config, create_table};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::database::Database;

/// The instant at which everything happens: the samples' own.
const NOW: &str = "2026-11-21T03:04:05Z";
/// An instant at which all that the samples leave has become due.
const LATER: &str = "2040-01-01T00:00:00Z";

/// Functions that answer over HTTP, in the order in which their samples go together.
const FUNCTIONS: [&str; 6] = ["program", "earn", "credit", "redeem", "wallet", "gift-card"];

/// The ledger and the functions.
pub(crate) struct System {
    pub(crate) runtime: Runtime,
    pub(crate) database: Database,
    pub(crate) app: App,
    /// The same when everything is due.
    pub(crate) later: App,
    /// Every sample event, with its function.
    pub(crate) samples: Vec<(&'static str, Value)>,
    fresh: AtomicU64,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: i64,
    pub(crate) body: Value,
}

/// The sample events of a function.
pub(crate) fn samples(function: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    let texts = files.into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

impl System {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = Database::new();
        let config = builder_at("http://fuzz.invalid").http_client(database.clone());
        let client = Client::from_conf(client_config(config));
        let keys = Keys::ring(KeyRing::generate().unwrap());
        runtime.block_on(create_table(&client, TABLE)).unwrap();
        // The numbers of cards are the same in every run, and so are the places of their items.
        let drawn = AtomicU64::new(0);
        let draw: Draw = Arc::new(move || Ok(drawn.fetch_add(1, Ordering::Relaxed)));
        let [app, later] = [NOW, LATER].map(|now| {
            let now = now.parse().unwrap();
            let ledger = Ledger::new(client.clone(), TABLE, Arc::new(move || now));
            App::new(ledger).with_keys(keys.clone()).with_draw(draw.clone())
        });
        let (samples, fresh) = (Vec::new(), AtomicU64::new(0));
        let mut system = Self { runtime, database, app, later, samples, fresh };
        system.apply_samples();
        system
    }

    /// Applies every sample. The number of a gift card is drawn, so the samples' is replaced by
    /// that of the last one sold.
    fn apply_samples(&mut self) {
        let mut card: Option<(String, String)> = None;
        for function in FUNCTIONS {
            for mut event in samples(function) {
                if let Some((number, pin)) = &card {
                    let text = event.to_string().replace("6000000000000007", number);
                    event = serde_json::from_str(&text.replace("482913", pin)).unwrap();
                }
                let reply = self.send(function, &event);
                assert!((200..300).contains(&reply.status), "{event}: {}", reply.body);
                if let (Some(number), Some(pin)) =
                    (reply.body["number"].as_str(), reply.body["pin"].as_str())
                {
                    card = Some((number.to_owned(), pin.to_owned()));
                }
                self.samples.push((function, event));
            }
        }
    }

    /// Lets a function answer an event. What it refuses has written no line.
    pub(crate) fn send(&self, function: &str, sent: &Value) -> Reply {
        let event = serde_json::from_value(sent.clone()).unwrap();
        let (app, before) = (&self.app, self.database.lines());
        let handled = self.runtime.block_on(async {
            match function {
                "program" => Box::pin(serve::<scrip_program::ProgramFunction>(app, event)).await,
                "earn" => Box::pin(serve::<scrip_earn::Earn>(app, event)).await,
                "credit" => Box::pin(serve::<scrip_credit::Credit>(app, event)).await,
                "redeem" => Box::pin(serve::<scrip_redeem::Redeem>(app, event)).await,
                "wallet" => Box::pin(serve::<scrip_wallet::Wallet>(app, event)).await,
                _ => Box::pin(serve::<scrip_gift_card::GiftCard>(app, event)).await,
            }
        });
        let body = match &handled.response.body {
            Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        };
        let status = handled.response.status_code;
        let is_refused = (400..500).contains(&status);
        let written = self.database.lines() - before;
        assert!(!is_refused || written == 0, "{sent}: {body}, and {written} lines written");
        Reply { status, body }
    }

    /// The same event under an operation's id that was never used, where it names one.
    pub(crate) fn renamed(&self, event: &Value) -> Value {
        let mut renamed = event.clone();
        let key = event["routeKey"].as_str().unwrap_or_default();
        let last = key.rsplit('/').next().unwrap_or_default();
        let Some(name) = last.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            return renamed;
        };
        if key.starts_with("PUT ") && name != "member" && name != "version" {
            renamed["pathParameters"][name] = json!(self.fresh_id());
        }
        renamed
    }

    /// An id that was never used.
    pub(crate) fn fresh_id(&self) -> String {
        format!("fresh-{}", self.fresh.fetch_add(1, Ordering::Relaxed))
    }
}

/// Whether this is how a request is answered by a store that is well.
pub(crate) fn is_answer(reply: &Reply) -> bool {
    (200..500).contains(&reply.status)
        && (reply.status < 300
            || reply.body["code"].is_string() && reply.body["detail"].is_string())
}

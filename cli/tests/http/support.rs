//! A local stack in memory and an HTTP client of it.

use std::sync::Arc;

use reqwest::{Client, Method, StatusCode};
use scrip_cli::local::{Local, Options, Storage};
use scrip_local::Embedded;
use serde_json::{Value, json};

pub(crate) const START: &str = "2026-11-21T03:04:05Z";

pub(crate) struct Stack {
    pub(crate) local: Local,
    client: Client,
    /// Where the ledger is, when it had to be made before the stack.
    _embedded: Option<Embedded>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
    pub(crate) etag: Option<String>,
}

impl Stack {
    /// In memory, with the clock standing at [`START`].
    pub(crate) async fn new() -> Self {
        let clock = Some(START.parse().unwrap());
        let options = Options { port: 0, storage: Storage::Memory, clock };
        let local = Local::start(&options).await.unwrap();
        Self { local, client: Client::new(), _embedded: None }
    }

    /// One that was started otherwise.
    pub(crate) fn of(local: Local) -> Self {
        Self { local, client: Client::new(), _embedded: None }
    }

    /// The same, on a ledger whose first program is this one.
    pub(crate) async fn with_program(document: &Value) -> Self {
        let embedded = Embedded::memory().await.unwrap();
        let start = START.parse().unwrap();
        let document = serde_json::from_value(document.clone()).unwrap();
        let ledger = embedded.ledger(Arc::new(move || start));
        ledger.set_program(document, 0, "test").await.unwrap();
        let storage = Storage::Elsewhere(embedded.client().clone());
        let options = Options { port: 0, storage, clock: Some(start) };
        let local = Local::start(&options).await.unwrap();
        Self { local, client: Client::new(), _embedded: Some(embedded) }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        self.send_with(method, path, body, &[]).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}{path}", self.local.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let status = response.status();
        let replayed = header("idempotency-replayed").as_deref() == Some("true");
        let etag = header("etag");
        let problem = header("content-type").as_deref() == Some("application/problem+json");
        assert_eq!(problem, !status.is_success(), "{status}");
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        if !status.is_success() {
            assert_eq!(body["status"], json!(status.as_u16()));
            for member in ["type", "title", "detail", "code", "retryable"] {
                assert!(!body[member].is_null(), "{member} is missing of {body}");
            }
        }
        Reply { status: status.as_u16(), body, replayed, etag }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn advance(&self, period: &str) {
        let reply = self.post("/_local/clock", &json!({"advance": period})).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// The points of a definition in a member's wallet: available, pending, held, debt.
    pub(crate) async fn points(&self, member: &str, definition: &str) -> [u64; 4] {
        let wallet = self.get(&format!("/v1/members/{member}")).await.ok();
        let points = wallet["points"].as_array().unwrap();
        let found = points.iter().find(|each| each["definition"] == json!(definition)).unwrap();
        ["available", "pending", "held", "debt"].map(|name| found[name].as_u64().unwrap())
    }

    /// Gives points that can be spent at once.
    pub(crate) async fn give(&self, member: &str, award: &str, amount: u64) {
        let body = json!({"points": "survey", "amount": amount, "reason": "test"});
        let reply = self.put(&format!("/v1/members/{member}/awards/{award}"), &body).await;
        assert!(reply.status == 201 || reply.status == 200, "{}", reply.body);
    }

    pub(crate) async fn entry_count(&self, member: &str) -> u64 {
        let reply = self.get(&format!("/v1/members/{member}/entries?limit=1")).await;
        if reply.status == 404 { 0 } else { reply.body["entries"][0]["entry"].as_u64().unwrap() }
    }
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(StatusCode::from_u16(self.status).unwrap().is_success(), "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.body);
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.body);
    }
}

/// An order of one line.
pub(crate) fn order(net: &str) -> Value {
    json!({"currency": "AUD", "transacted_at": START, "lines": [{"id": "1", "quantity": 1, "net": net}]})
}

/// A basket of one line of 100.00, paid by survey points.
pub(crate) fn basket(amount: &Value) -> Value {
    json!({
        "currency": "AUD",
        "lines": [{"id": "1", "sku": "SHIRT", "quantity": 1, "amount": "100.00"}],
        "use": {"points": {"definition": "survey", "amount": amount}},
    })
}

pub(crate) fn held(amount: &Value) -> Value {
    let mut body = basket(amount);
    body["hold"] = json!(true);
    body
}

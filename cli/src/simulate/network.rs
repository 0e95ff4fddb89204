//! The network between the functions and DynamoDB: an HTTP client of the SDK that delivers each
//! request some milliseconds later, and sometimes otherwise than it should.
//!
//! A request that is on its way arrives whether or not anybody still waits for it. Nothing is on
//! its way for longer than [`HELD_MS_MAX`]: sweeps and take-overs rely on that a decision is never
//! in flight for a quarter of an hour, and so does this.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use scrip_local::{Direct, response};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant as Stopwatch, sleep};

use crate::simulate::dice::Dice;
use crate::simulate::fault::Fault;
use crate::simulate::invocation::Invocation;

/// The longest that a request is on its way, in milliseconds.
const HELD_MS_MAX: u64 = 30_000;
/// How long a silent server is listened to: longer than any call is tried for, in milliseconds.
const SILENCE_MS: u64 = 9_000;
/// How far a replica that eventually consistent reads are answered from is behind at most, in
/// milliseconds.
const LAG_MS_MAX: u64 = 2_000;

type Heard = Result<HttpResponse, ConnectorError>;

/// The database with its replica, and what has been seen of the calls.
#[derive(Debug)]
pub(crate) struct Network {
    primary: Direct,
    replica: Direct,
    started: Stopwatch,
    under_way: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Writes that the replica does not have yet, and when it has them.
    lagging: VecDeque<(Stopwatch, HttpRequest)>,
    /// The items that were written, as the table's stream shows them.
    written: Vec<Value>,
    met: BTreeMap<Fault, u64>,
    calls: u64,
    digest: u64,
}

/// What becomes of one request.
#[derive(Debug, Clone)]
struct Fate {
    fault: Option<Fault>,
    /// On the way there, and on the way back, in milliseconds.
    there_ms: u64,
    back_ms: u64,
    /// How long after it the request comes once more, where it does, in milliseconds.
    again_ms: u64,
    /// Which way a fault has that comes in several.
    way: u64,
    lag_ms: u64,
    /// Whether a function that is killed at this call has sent it.
    is_sent: bool,
}

impl Fate {
    fn of(invocation: &Invocation, call: u64) -> Self {
        let mut dice = invocation.dice(call);
        let fault = invocation.weather.of_call(&mut dice);
        let leg = |dice: &mut Dice| {
            let long = dice.percent(5);
            dice.between(1, if long { 150 } else { 8 })
        };
        let (there_ms, back_ms) = (leg(&mut dice), leg(&mut dice));
        let slow_ms = dice.between(1_000, 6_000);
        let longest = *dice.pick(&[100, 2_000, HELD_MS_MAX]).unwrap_or(&0);
        Self {
            fault,
            there_ms: if fault == Some(Fault::Slow) { slow_ms } else { there_ms },
            back_ms,
            again_ms: dice.between(1, longest),
            way: dice.below(4),
            lag_ms: dice.below(LAG_MS_MAX),
            is_sent: dice.percent(50),
        }
    }
}

impl Network {
    pub(crate) fn new(primary: Direct, replica: Direct) -> Self {
        let (under_way, seen) = (AtomicU64::new(0), Mutex::default());
        Self { primary, replica, started: Stopwatch::now(), under_way, seen }
    }

    /// The databases that a table has to be made in.
    pub(crate) fn databases(&self) -> [&Direct; 2] {
        [&self.primary, &self.replica]
    }

    /// Something begins that is waited for before time is let pass.
    pub(crate) fn begin(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// It has ended.
    pub(crate) fn end(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn quiet(&self) {
        while 0 < self.under_way.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100)).await;
        }
        // What the replica is behind.
        sleep(Duration::from_millis(LAG_MS_MAX)).await;
    }

    /// The items written from one place on.
    pub(crate) fn written_from(&self, place: usize) -> Vec<Value> {
        self.seen().written.get(place..).unwrap_or_default().to_vec()
    }

    /// How many calls were made, how often each fault was met, and a number that two runs share
    /// only when all their calls were the same at the same time.
    pub(crate) fn summary(&self) -> (u64, BTreeMap<Fault, u64>, u64) {
        let seen = self.seen();
        (seen.calls, seen.met.clone(), seen.digest)
    }

    /// Counts a fault that is not of one call.
    pub(crate) fn meet(&self, fault: Fault) {
        *self.seen().met.entry(fault).or_default() += 1;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver(
        &self,
        request: HttpRequest,
        fate: Fate,
        invocation: Arc<Invocation>,
        (call, tell): (u64, oneshot::Sender<Heard>),
    ) {
        let operation = operation(&request);
        if let Some(fault) = fate.fault {
            self.meet(fault);
        }
        sleep(Duration::from_millis(fate.there_ms)).await;
        let heard = if invocation.is_killed_at(call) && !fate.is_sent {
            Some(broken())
        } else {
            self.arrive(&request, &operation, &fate)
        };
        self.note(&operation, heard.as_ref());
        sleep(Duration::from_millis(fate.back_ms)).await;
        invocation.answered(call);
        match heard {
            // Whoever does not listen any more has gone on without.
            Some(heard) => drop(tell.send(heard)),
            None => sleep(Duration::from_millis(SILENCE_MS)).await,
        }
        if fate.fault == Some(Fault::Late) {
            sleep(Duration::from_millis(fate.again_ms)).await;
            let again = Some(self.apply(&request, &operation, &fate));
            self.note(&operation, again.as_ref());
        }
    }

    /// What the function hears; `None` is silence.
    fn arrive(&self, request: &HttpRequest, operation: &str, fate: &Fate) -> Option<Heard> {
        let applied = || self.apply(request, operation, fate);
        match fate.fault {
            Some(Fault::Failed) if fate.way < 2 => Some(broken()),
            Some(Fault::Failed) => Some(response(500, error("InternalServerError", Vec::new()))),
            Some(Fault::Lost) => {
                drop(applied());
                (fate.way < 2).then(broken)
            }
            Some(Fault::Throttled) => Some(response(400, throttled(operation, fate.way))),
            Some(Fault::Conflict) => match operation {
                "PutItem" | "UpdateItem" | "DeleteItem" => {
                    Some(response(400, error("TransactionConflictException", Vec::new())))
                }
                "TransactWriteItems" if fate.way < 2 => {
                    Some(response(400, cancelled("TransactionConflict")))
                }
                "TransactWriteItems" => {
                    // It is under way: it may come to its end, or not.
                    if fate.way < 3 {
                        drop(applied());
                    }
                    Some(response(400, error("TransactionInProgressException", Vec::new())))
                }
                _ => Some(applied()),
            },
            _ => Some(applied()),
        }
    }

    fn apply(&self, request: &HttpRequest, operation: &str, fate: &Fate) -> Heard {
        let body = request.body().bytes().unwrap_or_default();
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => {
                let heard = self.primary.answer(request)?;
                if heard.status().is_success() {
                    self.wrote(request, operation, fate);
                }
                Ok(heard)
            }
            "Query" | "GetItem" if !is_consistent(body) => {
                self.catch_up();
                self.replica.answer(request)
            }
            _ => self.primary.answer(request),
        }
    }

    fn wrote(&self, request: &HttpRequest, operation: &str, fate: &Fate) {
        let mut seen = self.seen();
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match operation {
            "PutItem" => seen.written.extend(body.get("Item").cloned()),
            "TransactWriteItems" => {
                let items = body.get("TransactItems").and_then(Value::as_array);
                let puts = items.into_iter().flatten().filter_map(|it| it.pointer("/Put/Item"));
                seen.written.extend(puts.cloned());
            }
            _ => {}
        }
        let Some(copy) = request.try_clone() else { return };
        let lag = Duration::from_millis(fate.lag_ms);
        let now = Stopwatch::now();
        // In the order of the writes.
        let last = seen.lagging.back().map_or(now, |(due, _)| *due);
        let due = now.checked_add(lag).unwrap_or(now).max(last);
        seen.lagging.push_back((due, copy));
    }

    /// Gives the replica what it is due.
    fn catch_up(&self) {
        let now = Stopwatch::now();
        let mut seen = self.seen();
        while let Some((_, request)) = seen.lagging.pop_front_if(|(due, _)| *due <= now) {
            // It succeeded on the same items.
            drop(self.replica.answer(&request));
        }
    }

    fn note(&self, operation: &str, heard: Option<&Heard>) {
        let status = match heard {
            Some(Ok(heard)) => u64::from(heard.status().as_u16()),
            Some(Err(_)) => 1,
            None => 0,
        };
        let mut seen = self.seen();
        let at = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(0);
        let name = Dice::named(seen.digest, operation).any();
        seen.digest = Dice::of(&[name, status, at]).any();
        seen.calls += 1;
    }
}

/// An invocation's way to the network.
pub(crate) struct Line {
    pub(crate) network: Arc<Network>,
    pub(crate) invocation: Arc<Invocation>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(…)")
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (network, invocation) = (Arc::clone(&self.network), Arc::clone(&self.invocation));
        let call = invocation.begin_call();
        let fate = Fate::of(&invocation, call);
        let (tell, told) = oneshot::channel();
        network.begin();
        // By itself: who stops waiting does not take it back.
        tokio::spawn(async move {
            network.deliver(request, fate, invocation, (call, tell)).await;
            network.end();
        });
        HttpConnectorFuture::new(async move { told.await.unwrap_or_else(|_| broken()) })
    }
}

impl HttpClient for Line {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let (network, invocation) = (Arc::clone(&self.network), Arc::clone(&self.invocation));
        SharedHttpConnector::new(Self { network, invocation })
    }
}

fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

/// The SDK writes what was asked for, and nothing where nothing was: then a read is not.
fn is_consistent(body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.get("ConsistentRead").and_then(Value::as_bool).unwrap_or(false)
}

fn broken() -> Heard {
    Err(ConnectorError::io("the connection broke".into()))
}

fn throttled(operation: &str, way: u64) -> String {
    match (operation, way) {
        ("TransactWriteItems", 0 | 1) => cancelled("ThrottlingError"),
        (_, 0 | 2) => error("ThrottlingException", Vec::new()),
        _ => error("ProvisionedThroughputExceededException", Vec::new()),
    }
}

fn cancelled(code: &str) -> String {
    error("TransactionCanceledException", vec![json!({"Code": code, "Message": "simulated"})])
}

fn error(name: &str, reasons: Vec<Value>) -> String {
    let name = format!("com.amazonaws.dynamodb.v20120810#{name}");
    let mut body = json!({"__type": name, "message": "simulated"});
    if let (false, Some(body)) = (reasons.is_empty(), body.as_object_mut()) {
        body.insert("CancellationReasons".to_owned(), Value::Array(reasons));
    }
    body.to_string()
}

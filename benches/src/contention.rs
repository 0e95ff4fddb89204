//! How a wallet bears many who write it at once: what is done a second, and what the tries that
//! lost a race cost.
//!
//! Time is virtual: every call takes some milliseconds of it, as DynamoDB's do, and the machine none.
//! So the figures are the same on every machine, and what they tell is the protocol and its pauses.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use scrip_local::Direct;
use scrip_store::Usage;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant as Stopwatch, sleep};

use crate::chart::{Chart, draw};
use crate::till::Till;
use crate::units::Units;

/// Writers of one wallet that are compared.
pub const WRITERS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// How long they write.
pub const LASTING: Duration = Duration::from_secs(30);
/// The way of a call to the store, and that of its answer, take up to twice these, in microseconds.
const READ_LEG_US: u64 = 2_000;
const WRITE_LEG_US: u64 = 3_000;
/// What a put consumes that finds another line in its place: by that one's size, which is under 1 KB.
const LOST_PUT_HALVES: u64 = 2;

/// A database, some milliseconds away.
#[derive(Clone, Debug)]
struct Distant {
    database: Direct,
    dice: Arc<Mutex<fastrand::Rng>>,
}

/// What became of the operations of some writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Who wrote at once.
    pub writers: usize,
    /// How long.
    pub lasting: Duration,
    /// Operations that were done.
    pub done: u64,
    /// Operations that were given up as contended.
    pub refused: u64,
    /// What all of them consumed.
    pub units: Units,
    /// Puts that found another line in their place.
    pub races_lost: u64,
    /// How long each that was done took, in order.
    pub took: Vec<Duration>,
}

impl Distant {
    fn leg(&self, mean_us: u64) -> Duration {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(dice.u64(0..=2 * mean_us))
    }
}

impl HttpConnector for Distant {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let is_read = target.ends_with("Query") || target.ends_with("GetItem");
        let mean_us = if is_read { READ_LEG_US } else { WRITE_LEG_US };
        let (database, there, back) = (self.database.clone(), self.leg(mean_us), self.leg(mean_us));
        HttpConnectorFuture::new(async move {
            sleep(there).await;
            let answer = database.answer(&request);
            sleep(back).await;
            answer
        })
    }
}

impl HttpClient for Distant {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// So many writers, each of whom gives a member points again and again for a time. To be run by one
/// thread, with time paused: then it comes out the same every time.
pub async fn measure(writers: usize, lasting: Duration) -> Outcome {
    fastrand::seed(1);
    let dice = Arc::new(Mutex::new(fastrand::Rng::with_seed(1)));
    let till = Till::over(Distant { database: Direct::memory().unwrap(), dice }).await;
    let (till, ends) = (Arc::new(till), Stopwatch::now() + lasting);
    let mut writing = JoinSet::new();
    for writer in 0..writers {
        let till = Arc::clone(&till);
        writing.spawn(async move { write(&till, writer, ends).await });
    }
    let parts = writing.join_all().await;
    let mut whole = parts.into_iter().reduce(Outcome::and).unwrap();
    whole.took.sort_unstable();
    Outcome { lasting, ..whole }
}

async fn write(till: &Till, writer: usize, ends: Stopwatch) -> Outcome {
    let body = json!({"points": "survey", "amount": 5, "reason": "visit"});
    let (mut usage, mut took, mut refused) = (Usage::default(), Vec::new(), 0);
    for number in 0.. {
        let started = Stopwatch::now();
        if ends <= started {
            break;
        }
        let ids = format!("alice visit-{writer}-{number}");
        let handled = till.answer("PUT /v1/members/{member}/awards/{award}", &ids, &body).await;
        usage = usage.and(handled.usage);
        match handled.response.status_code {
            201 => took.push(started.elapsed()),
            503 => refused += 1,
            status => panic!("{status} {:?}", handled.response.body),
        }
    }
    let done = took.len().try_into().unwrap();
    let write_halves = usage.write_halves + usage.races_lost * LOST_PUT_HALVES;
    let units = Units { read_halves: usage.read_halves, write_halves };
    let lasting = Duration::ZERO;
    Outcome { writers: 1, lasting, done, refused, units, races_lost: usage.races_lost, took }
}

impl Outcome {
    fn and(mut self, other: Self) -> Self {
        self.writers += other.writers;
        self.done += other.done;
        self.refused += other.refused;
        self.units.read_halves += other.units.read_halves;
        self.units.write_halves += other.units.write_halves;
        self.races_lost += other.races_lost;
        self.took.extend(other.took);
        self
    }

    /// What those that were done took, of a hundred.
    fn percentile(&self, percent: usize) -> Duration {
        let place = self.took.len().saturating_sub(1) * percent / 100;
        self.took.get(place).copied().unwrap_or_default()
    }

    /// Operations done in a second of virtual time.
    pub fn a_second(&self) -> u64 {
        self.done / self.lasting.as_secs()
    }

    /// What a million that are done cost with all tries, in hundredths of a dollar.
    pub fn cents_a_million(&self) -> u64 {
        self.units.cents_a_million() / self.done.max(1)
    }

    /// Refused of a thousand that were asked.
    fn refused_of_1000(&self) -> u64 {
        self.refused * 1000 / (self.done + self.refused).max(1)
    }
}

/// The table, as a page for a person.
pub fn page(outcomes: &[Outcome]) -> String {
    let mut page = format!(
        "# Many writers of one wallet\n\n\
         Each writer gives one member points, one award after the other without a pause, for {} seconds. Time \
         is virtual: a read takes {} ms there and back on average, a write {} ms, each up to twice that, and \
         the machine none. So the figures are those of the protocol, the same on every machine. Written by \
         `cargo run --profile simulate -p scrip-benches --bin contention`; a test repeats a short run.\n\n\
         ![Done a second, and what a million cost](contention.svg)\n\n\
         | writers | done a second | refused as `contended`, of 1,000 | races lost for each done | $ a million done | \
         median | 99th of 100 |\n|---|---|---|---|---|---|---|\n",
        LASTING.as_secs(),
        2 * READ_LEG_US / 1000,
        2 * WRITE_LEG_US / 1000,
    );
    for outcome in outcomes {
        let lost = outcome.races_lost * 100 / outcome.done.max(1);
        let cents = outcome.cents_a_million();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {}.{:02} | {}.{:02} | {} ms | {} ms |",
            outcome.writers,
            outcome.a_second(),
            outcome.refused_of_1000(),
            lost / 100,
            lost % 100,
            cents / 100,
            cents % 100,
            outcome.percentile(50).as_millis(),
            outcome.percentile(99).as_millis(),
        );
    }
    page.push_str(
        "\nA race that is lost costs a write unit (the line that is there has under 1 KB); DynamoDB does not say so \
         of a put that failed, so it is added here. One wallet is one partition's work: members do not slow each \
         other. Why a lost race costs no more, and how long a loser waits: [ADR 11](../adr/0011-lost-races.md).\n",
    );
    page
}

/// The same as a picture.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(outcomes: &[Outcome], path: &Path) -> Result<(), Box<dyn Error>> {
    let across = || ("writers", outcomes.iter().map(|it| it.writers.to_string()).collect());
    let of = |value: fn(&Outcome) -> u64| outcomes.iter().map(|it| Some(value(it))).collect();
    let done = Chart {
        title: "operations done a second".to_owned(),
        across: across(),
        series: vec![("done", of(|it| it.a_second() * 1000))],
    };
    let price = Chart {
        title: "$ for a million done, all tries included".to_owned(),
        across: across(),
        series: vec![("$", of(|it| it.cents_a_million() * 10))],
    };
    let took = Chart {
        title: "seconds that an operation takes".to_owned(),
        across: across(),
        series: vec![
            ("99th of 100", of(|it| milliseconds(it.percentile(99)))),
            ("median", of(|it| milliseconds(it.percentile(50)))),
        ],
    };
    draw(&[done, price, took], path)
}

fn milliseconds(took: Duration) -> u64 {
    took.as_millis().try_into().unwrap()
}

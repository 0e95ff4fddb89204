//! The system that is simulated: every function twice, each with its own clock, cache and quota of
//! retries, as Lambda would run them; one table; one time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use scrip_domain::time::Instant;
use scrip_edge::{App, Draw, KeyRing, Keys};
use scrip_local::{Direct, TABLE, builder_at};
use scrip_store::{Clock, Ledger, client_config, create_table};
use tokio::time::Instant as Stopwatch;

use crate::simulate::Failure;
use crate::simulate::dice::Dice;
use crate::simulate::fault::{Fault, Faults, Weather};
use crate::simulate::invocation::{Invocation, Purpose};
use crate::simulate::network::{Line, Network};

/// The program of every simulation: short delays, so that much happens in a few simulated months.
pub(crate) const PROGRAM: &str = include_str!("program.json");
/// The ring of keys that PINs are derived from.
const RING: &str =
    r#"{"current": "1", "1": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}"#;
/// When every simulation begins: in milliseconds since 1970, the 21st of November 2026.
const EPOCH_MILLIS: i64 = 1_795_219_200_000;
/// How far the clock of a function is from the time at most, in milliseconds, in both directions.
const SKEW_MILLIS_MAX: u64 = 1_000;
/// Copies of each function that run at once.
const COPIES: u64 = 2;
/// Where the SDK is told that DynamoDB is. Nothing is sent there.
const ENDPOINT: &str = "http://dynamodb.invalid";

/// What is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Function {
    Earn,
    Credit,
    Redeem,
    GiftCard,
    Wallet,
    Program,
    Ingest,
    Sweep,
}

impl Function {
    /// How many calls of the store it makes, about.
    const fn calls(self) -> u64 {
        match self {
            Self::Sweep => 90,
            Self::Ingest => 20,
            Self::Earn
            | Self::Credit
            | Self::Redeem
            | Self::GiftCard
            | Self::Wallet
            | Self::Program => 8,
        }
    }
}

/// A function as it runs: warm, with its cache and its quota of retries.
#[derive(Clone)]
struct Copy {
    app: App,
    config: Builder,
}

/// The simulated time. It stands while anything is worked out, and goes on when everything waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    started: Stopwatch,
}

impl Time {
    pub(crate) fn now(self) -> Instant {
        self.skewed(0)
    }

    /// So many simulated milliseconds since the start.
    pub(crate) fn elapsed_ms(self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn skewed(self, millis: i64) -> Instant {
        let elapsed = i64::try_from(self.elapsed_ms()).unwrap_or(i64::MAX);
        let now = EPOCH_MILLIS.saturating_add(elapsed).saturating_add(millis);
        Instant::from_millis(now).unwrap_or(Instant::EPOCH)
    }
}

/// One system, from its first call to its last.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) time: Time,
    pub(crate) network: Arc<Network>,
    keys: Keys,
    copies: Mutex<BTreeMap<(Function, u64), Copy>>,
    weather: Arc<Weather>,
    calm: Arc<Weather>,
}

impl World {
    /// A new system with its table and its program. The runtime's time has to stand.
    ///
    /// # Errors
    /// [`Failure`]: the machine, or the program.
    pub(crate) async fn new(seed: u64, faults: &Faults) -> Result<Self, Failure> {
        // What the store and the SDK pause for when they have lost a race.
        fastrand::seed(seed);
        let network = Arc::new(Network::new(Direct::memory()?, Direct::memory()?));
        for database in network.databases() {
            create_table(&direct(database), TABLE).await?;
        }
        let world = Self {
            seed,
            time: Time { started: Stopwatch::now() },
            network,
            keys: Keys::ring(KeyRing::parse(RING)?),
            copies: Mutex::default(),
            weather: Arc::new(Weather::of(seed, faults)),
            calm: Arc::new(Weather::calm()),
        };
        let program = serde_json::from_str(PROGRAM);
        let program = program.map_err(|error| Failure::Program(error.to_string()))?;
        world.ledger().set_program(program, 0, "simulation").await?;
        Ok(world)
    }

    /// One of the copies of a function, for one invocation.
    pub(crate) fn invoke(&self, function: Function, purpose: Purpose) -> (App, Arc<Invocation>) {
        self.invoke_in(&self.weather, function, purpose)
    }

    /// The same, and nothing will go wrong.
    pub(crate) fn invoke_calmly(
        &self,
        function: Function,
        purpose: Purpose,
    ) -> (App, Arc<Invocation>) {
        self.invoke_in(&self.calm, function, purpose)
    }

    /// The ledger as it is, past all faults.
    pub(crate) fn ledger(&self) -> Ledger {
        let [primary, _] = self.network.databases();
        let time = self.time;
        Ledger::new(direct(primary), TABLE, Arc::new(move || time.now()))
    }

    /// Lets time pass at once. Nothing may be on its way.
    pub(crate) async fn pass(&self, millis: u64) {
        tokio::time::advance(Duration::from_millis(millis)).await;
    }

    fn invoke_in(
        &self,
        weather: &Arc<Weather>,
        function: Function,
        purpose: Purpose,
    ) -> (App, Arc<Invocation>) {
        let place = Dice::of(&purpose).below(COPIES);
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = copies.entry((function, place)).or_insert_with(|| self.copy(place)).clone();
        let invocation = Invocation::new(purpose, Arc::clone(weather), function.calls());
        let (network, own) = (Arc::clone(&self.network), Arc::clone(&invocation));
        let config = copy.config.http_client(Line { network, invocation: own });
        let client = Client::from_conf(client_config(config));
        let mut app = copy.app.with_draw(draw(purpose));
        app.ledger = Ledger::new(client, TABLE, self.clock(function, place));
        (app, invocation)
    }

    fn copy(&self, place: u64) -> Copy {
        // A process has a quota of its own; by default all clients of this one would share it.
        let name = format!("copy {place}");
        let quota = RetryPartition::custom(name).token_bucket(TokenBucket::default()).build();
        let config = builder_at(ENDPOINT).retry_partition(quota);
        Copy { app: App::new(self.ledger()).with_keys(self.keys.clone()), config }
    }

    fn clock(&self, function: Function, place: u64) -> Clock {
        let mut dice = Dice::named(self.seed, &format!("clock {function:?} {place}"));
        let skew = dice.below(SKEW_MILLIS_MAX.saturating_mul(2).saturating_add(1));
        let skew = skew.cast_signed().saturating_sub(SKEW_MILLIS_MAX.cast_signed());
        let skew = if self.weather.has(Fault::Skewed) { skew } else { 0 };
        let time = self.time;
        Arc::new(move || time.skewed(skew))
    }
}

fn direct(database: &Direct) -> Client {
    Client::from_conf(client_config(builder_at(ENDPOINT).http_client(database.clone())))
}

/// Numbers of gift cards that are the same in every run, whatever else is left out of it.
fn draw(purpose: Purpose) -> Draw {
    let drawn = AtomicU64::new(0);
    let [seed, step, attempt] = purpose;
    Arc::new(move || {
        let place = drawn.fetch_add(1, Ordering::Relaxed);
        Ok(Dice::of(&[seed, step, attempt, u64::MAX, place]).any())
    })
}

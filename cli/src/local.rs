//! `scrip local`: every function in one process, behind one port, on a DynamoDB in the process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use axum::Router;
use scrip_domain::program::Document;
use scrip_domain::time::Instant;
use scrip_edge::{App, KeyRing, Keys, KeysError};
use scrip_local::{Embedded, EmbeddedError, SAMPLE_PROGRAM, TABLE};
use scrip_store::{Ledger, StoreError, client_config, create_table};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::capacity::Capacity;
use crate::clock::LocalClock;
use crate::queue::DeadLetters;
use crate::stream::Stream;
use crate::{control, gateway, sweeps};

/// Where a local stack keeps its ledger.
#[derive(Debug, Clone)]
pub enum Storage {
    /// Gone with the process.
    Memory,
    /// In this file, made when it is not there.
    File(PathBuf),
    /// In a DynamoDB that is there already, such as DynamoDB Local.
    Elsewhere(Client),
}

/// How a local stack is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port of loopback to answer on; 0 for any free one.
    pub port: u16,
    /// Where the ledger is.
    pub storage: Storage,
    /// What the clock is told; otherwise it runs, or stands where the ledger's file left it.
    pub clock: Option<Instant>,
}

/// Why a local stack does not start or did not end well.
#[derive(Debug, Error)]
pub enum LocalError {
    /// The port is taken, or not allowed.
    #[error("port {port} of 127.0.0.1 cannot be used: {detail}")]
    Port {
        /// The port.
        port: u16,
        /// What the system says.
        detail: String,
    },
    /// The embedded DynamoDB.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `--clock` is before the time that the ledger's file remembers.
    #[error("--clock must not be before {remembered}, where the ledger was left")]
    ClockBackwards {
        /// The time it remembers.
        remembered: Instant,
    },
    /// The sample program, which a test reads.
    #[error("the sample program cannot be read: {0}")]
    Sample(String),
    /// A command that needs a ledger found none.
    #[error("there is no ledger in {}: name its file with --data, or its table with --table", .0.display())]
    NoLedger(PathBuf),
    /// The key ring.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The HTTP server.
    #[error("the server failed: {0}")]
    Server(String),
}

/// What the routes of a running stack share.
pub(crate) struct Stack {
    pub(crate) app: App,
    pub(crate) clock: LocalClock,
    /// Held by whoever tells the clock the time.
    pub(crate) telling: tokio::sync::Mutex<()>,
    pub(crate) capacity: Capacity,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) stream: Stream,
}

/// A running local stack.
pub struct Local {
    address: SocketAddr,
    embedded: Option<Embedded>,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    sweeps: tokio::task::JoinHandle<()>,
}

impl Local {
    /// Starts a stack; it answers when this returns.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn start(options: &Options) -> Result<Self, LocalError> {
        let unusable = |error: std::io::Error| LocalError::Port {
            port: options.port,
            detail: error.to_string(),
        };
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let (embedded, client) = options.storage.open().await?;
        let keys = options.storage.keys()?;
        let clock = clock(&client, options.clock).await?;
        let (stream, client) = Stream::of(&client);
        let ledger = Ledger::new(client, TABLE, clock.for_ledger());
        if options.clock.is_some() {
            ledger.set_local_clock(clock.now()).await?;
        }
        set_sample_program(&ledger).await?;
        let stack = Arc::new(Stack {
            app: App::new(ledger).with_keys(keys),
            clock,
            telling: tokio::sync::Mutex::default(),
            capacity: Capacity::default(),
            dead_letters: DeadLetters::default(),
            stream,
        });
        let (stop, mut stopped) = watch::channel(false);
        let sweeps = tokio::spawn(sweeps::on_the_clock(Arc::clone(&stack)));
        let serving = axum::serve(listener, router(stack)).with_graceful_shutdown(async move {
            // A dropped sender means the same as a message.
            let _ = stopped.changed().await;
        });
        let server = tokio::spawn(serving.into_future());
        Ok(Self { address, embedded, stop, server, sweeps })
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its DynamoDB, unless the ledger is in one elsewhere.
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    /// Ends it when every request under way is answered.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn stop(self) -> Result<(), LocalError> {
        // Without a receiver the server has ended already.
        let _ = self.stop.send(true);
        // A sweep can be cut off anywhere: the next one goes on.
        self.sweeps.abort();
        let failed = |error: String| LocalError::Server(error);
        let served = self.server.await.map_err(|error| failed(error.to_string()))?;
        served.map_err(|error| failed(error.to_string()))?;
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}

impl Storage {
    /// The client of it, with the DynamoDB in this process where that is what it is.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn open(&self) -> Result<(Option<Embedded>, Client), LocalError> {
        Ok(match self {
            Self::Memory => with_client(Embedded::memory().await?),
            Self::File(path) => with_client(Embedded::file(path).await?),
            Self::Elsewhere(client) => {
                create_table(client, TABLE).await?;
                (None, client.clone())
            }
        })
    }

    /// The ledger in it, at the time that its own clock shows, for a command.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn ledger(&self) -> Result<(Option<Embedded>, Ledger), LocalError> {
        let (embedded, client) = self.open().await?;
        let clock = clock(&client, None).await?;
        Ok((embedded, Ledger::new(client, TABLE, clock.for_ledger())))
    }

    /// The key ring that belongs to it: beside the ledger's file, or gone with the process. That of
    /// a DynamoDB elsewhere is in this folder.
    fn keys(&self) -> Result<Keys, LocalError> {
        Ok(match self {
            Self::Memory => Keys::ring(KeyRing::generate()?),
            Self::File(path) => Keys::file(&path.with_extension("keys")),
            Self::Elsewhere(_) => Keys::file(Path::new("scrip.keys")),
        })
    }
}

/// The ledger in a table of AWS, as the environment finds it.
pub async fn in_aws(table: &str) -> Ledger {
    let shared = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let client = Client::from_conf(client_config(Builder::from(&shared)));
    Ledger::new(client, table, scrip_edge::system_clock())
}

fn with_client(embedded: Embedded) -> (Option<Embedded>, Client) {
    let client = embedded.client().clone();
    (Some(embedded), client)
}

async fn clock(client: &Client, told: Option<Instant>) -> Result<LocalClock, LocalError> {
    let ledger = Ledger::new(client.clone(), TABLE, scrip_edge::system_clock());
    let remembered = ledger.local_clock().await?;
    match (told, remembered) {
        (Some(told), Some(remembered)) if told < remembered => {
            Err(LocalError::ClockBackwards { remembered })
        }
        (told, remembered) => Ok(LocalClock::new(told.or(remembered))),
    }
}

async fn set_sample_program(ledger: &Ledger) -> Result<(), LocalError> {
    if ledger.newest_program().await?.is_none() {
        let document: Document = serde_json::from_str(SAMPLE_PROGRAM)
            .map_err(|error| LocalError::Sample(error.to_string()))?;
        // Another stack on the same file may have been faster; the program is the same.
        ledger.set_program(document, 0, "local").await?;
    }
    Ok(())
}

fn router(stack: Arc<Stack>) -> Router {
    let router = Router::new();
    let router = gateway::mount::<scrip_earn::Earn>(router);
    let router = gateway::mount::<scrip_credit::Credit>(router);
    let router = gateway::mount::<scrip_redeem::Redeem>(router);
    let router = gateway::mount::<scrip_gift_card::GiftCard>(router);
    let router = gateway::mount::<scrip_wallet::Wallet>(router);
    let router = gateway::mount::<scrip_program::ProgramFunction>(router);
    control::mount(router).with_state(stack)
}

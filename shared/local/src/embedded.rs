//! The embedded DynamoDB.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use dynoxide::Database;
use scrip_store::{Clock, Ledger, StoreError, client_config, create_table};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The name of the table in an embedded database.
pub const TABLE: &str = "ledger";
/// The access key and the secret where any will do.
const ANYBODY: &str = "local";

/// The variable that names the endpoint of a DynamoDB Local, for a second opinion of the tests: every
/// database in memory is then one of its own there, under an access key that nobody else has.
const SECOND_OPINION: &str = "SCRIP_DYNAMODB_LOCAL";

/// A DynamoDB in this process, served on a loopback port until it is dropped or stopped.
pub struct Embedded {
    endpoint: String,
    access_key: String,
    client: Client,
    server: Option<Server>,
}

struct Server {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), String>>,
}

/// Why the embedded DynamoDB did not start or end well.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// The database file cannot be used.
    #[error("the database {path} cannot be used: {detail}")]
    Database {
        /// The file, or `memory`.
        path: String,
        /// What the engine says.
        detail: String,
    },
    /// No loopback port could be had, or the server failed.
    #[error("the embedded DynamoDB failed: {0}")]
    Server(String),
    /// The table could not be made.
    #[error(transparent)]
    Table(#[from] StoreError),
}

impl Embedded {
    /// A database that is gone with the process, with the table in it. With `SCRIP_DYNAMODB_LOCAL`
    /// it is in the DynamoDB Local that answers there.
    ///
    /// # Errors
    /// [`EmbeddedError`].
    pub async fn memory() -> Result<Self, EmbeddedError> {
        if let Ok(endpoint) = std::env::var(SECOND_OPINION) {
            let access_key = format!("process{}number{}", std::process::id(), next());
            return Self::with_table(endpoint, access_key, None).await;
        }
        let database = Database::memory().map_err(|error| EmbeddedError::Database {
            path: "memory".into(),
            detail: error.to_string(),
        })?;
        Self::serve(database).await
    }

    /// The database in a file, made when it is not there, with the table in it.
    ///
    /// # Errors
    /// [`EmbeddedError`].
    pub async fn file(path: &Path) -> Result<Self, EmbeddedError> {
        let path = path.display().to_string();
        let database = Database::new(&path)
            .map_err(|error| EmbeddedError::Database { path, detail: error.to_string() })?;
        Self::serve(database).await
    }

    async fn serve(database: Database) -> Result<Self, EmbeddedError> {
        let failed = |error: std::io::Error| EmbeddedError::Server(error.to_string());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving =
            tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
                // A dropped sender means the same as a message.
                let _ = stopped.await;
            }));
        let server = Some(Server { stop, serving });
        Self::with_table(format!("http://{address}"), ANYBODY.to_owned(), server).await
    }

    async fn with_table(
        endpoint: String,
        access_key: String,
        server: Option<Server>,
    ) -> Result<Self, EmbeddedError> {
        let client = Client::from_conf(client_config(builder_of(&endpoint, &access_key)));
        create_table(&client, TABLE).await?;
        Ok(Self { endpoint, access_key, client, server })
    }

    /// Where it answers.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The access key of its clients.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// A client of it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The ledger in it.
    pub fn ledger(&self, clock: Clock) -> Ledger {
        Ledger::new(self.client.clone(), TABLE, clock)
    }

    /// Ends it when every call under way is answered.
    ///
    /// # Errors
    /// [`EmbeddedError::Server`].
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        let Some(Server { stop, serving }) = self.server else { return Ok(()) };
        drop(stop);
        match serving.await {
            Ok(served) => served.map_err(EmbeddedError::Server),
            Err(error) => Err(EmbeddedError::Server(error.to_string())),
        }
    }
}

/// A client of a DynamoDB on this machine, which takes any credentials.
pub fn client_at(endpoint: &str) -> Client {
    Client::from_conf(client_config(builder_at(endpoint)))
}

/// The configuration that such a client begins with.
pub fn builder_at(endpoint: &str) -> Builder {
    builder_of(endpoint, ANYBODY)
}

fn builder_of(endpoint: &str, access_key: &str) -> Builder {
    Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new(access_key, ANYBODY, None, None, "scrip local"))
        .endpoint_url(endpoint)
}

/// A number that no other caller of this process gets.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

//! What a function holds from its start: a client, built once.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_secretsmanager::Client as SecretsClient;
use scrip_domain::time::Instant;
use scrip_store::{Clock, Ledger, client_config};
use thiserror::Error;

use crate::aws::aws;
use crate::keys::{Keys, KeysError};
use crate::programs::Programs;
use crate::telemetry::Telemetry;

/// The variable that names the table.
const TABLE: &str = "SCRIP_TABLE";
/// The variable that names the secret with the key ring.
const KEYS_SECRET: &str = "SCRIP_KEYS_SECRET";

/// Draws a number that nobody can guess, of which each is as likely. That of the system in a
/// function.
pub type Draw = Arc<dyn Fn() -> Result<u64, KeysError> + Send + Sync>;

/// What a function works with. Cheap to clone; keeps no state but the cached program.
#[derive(Clone)]
pub struct App {
    /// The ledger.
    pub ledger: Ledger,
    /// Where PINs are derived from.
    pub keys: Keys,
    /// Where what it does is told.
    pub telemetry: Telemetry,
    draw: Draw,
    pub(crate) programs: Programs,
}

/// Why a function does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A variable is not set.
    #[error("the environment variable {0} is not set")]
    Variable(&'static str),
}

impl App {
    /// A function on this ledger.
    pub fn new(ledger: Ledger) -> Self {
        let draw = || getrandom::u64().map_err(|error| KeysError::Unreadable(error.to_string()));
        let (keys, programs) = (Keys::default(), Programs::default());
        Self { ledger, keys, telemetry: Telemetry::default(), draw: Arc::new(draw), programs }
    }

    /// The same function with a key ring.
    #[must_use]
    pub fn with_keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }

    /// The same function with numbers of gift cards drawn by this, for a run that can be repeated.
    #[must_use]
    pub fn with_draw(self, draw: Draw) -> Self {
        Self { draw, ..self }
    }

    /// Draws a number that nobody can guess.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`] when the system has no randomness.
    pub fn draw(&self) -> Result<u64, KeysError> {
        (self.draw)()
    }

    /// A function as Lambda starts it: region, credentials and endpoint from the environment, the
    /// table from `SCRIP_TABLE`, the secret of the key ring, where there is one, from
    /// `SCRIP_KEYS_SECRET`.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn from_environment() -> Result<Self, StartError> {
        Self::from_aws(&aws().await)
    }

    /// The same, with what the function uses of AWS for other things, too.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn from_aws(shared: &SdkConfig) -> Result<Self, StartError> {
        let table = std::env::var(TABLE).map_err(|_| StartError::Variable(TABLE))?;
        let client = Client::from_conf(client_config(Builder::from(shared)));
        let ledger = Ledger::new(client, &table, system_clock());
        let app = Self { telemetry: Telemetry::from_environment(), ..Self::new(ledger) };
        Ok(match std::env::var(KEYS_SECRET) {
            Ok(id) => app.with_keys(Keys::secret(SecretsClient::new(shared), &id)),
            Err(_) => app,
        })
    }

    /// The same app with a meter of its own.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self { ledger: self.ledger.metered(), ..self.clone() }
    }

    /// Drops the cached program, so that the next operation reads the newest.
    pub fn forget_program(&self) {
        self.programs.forget();
    }
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the edge is where the clock is read")]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        // A clock outside the years 0000 to 9999 is refused by every account's newest line.
        Instant::from_millis(chrono::Utc::now().timestamp_millis()).unwrap_or(Instant::EPOCH)
    })
}

//! `scrip keys rotate`: a new key for the PINs of gift cards that are sold from now on.
//!
//! The others stay in the ring, for every card that was sold with them, so rotation changes the PIN
//! of no card. The secret is changed as a log is appended to: only where it still is what was read,
//! or a key that cards were sold with in between would be lost.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use scrip_domain::id::KeyId;
use scrip_edge::{KeyRing, KeysError};
use thiserror::Error;

/// The label of the version that functions read.
const CURRENT: &str = "AWSCURRENT";
/// The label of one that is not current yet.
const PENDING: &str = "AWSPENDING";

/// Why there is no new key. The ring is as it was.
#[derive(Debug, Error)]
pub enum RotateError {
    /// What is in the secret is no ring.
    #[error(transparent)]
    Ring(#[from] KeysError),
    /// Secrets Manager did not do as asked.
    #[error("Secrets Manager refused a {call}: {detail}")]
    Refused {
        /// Which call.
        call: &'static str,
        /// What the SDK says.
        detail: String,
    },
}

/// Adds a key to the ring in a secret, by its name or ARN, and makes it the one for new cards.
/// Functions use it within a minute. Returns its id.
///
/// # Errors
/// [`RotateError`]; also when somebody else rotated in the same moment.
pub async fn rotate(client: &Client, secret: &str) -> Result<KeyId, RotateError> {
    let refused = |call, detail| RotateError::Refused { call, detail };
    let value = client.get_secret_value().secret_id(secret).version_stage(CURRENT).send().await;
    let value = value
        .map_err(|error| refused("GetSecretValue", DisplayErrorContext(&error).to_string()))?;
    let ring = KeyRing::parse(value.secret_string().unwrap_or_default())?.with_new_key()?;
    let put = client
        .put_secret_value()
        .secret_id(secret)
        .secret_string(ring.reveal())
        .version_stages(PENDING)
        .send()
        .await
        .map_err(|error| refused("PutSecretValue", DisplayErrorContext(&error).to_string()))?;
    client
        .update_secret_version_stage()
        .secret_id(secret)
        .version_stage(CURRENT)
        .set_remove_from_version_id(value.version_id)
        .set_move_to_version_id(put.version_id)
        .send()
        .await
        .map_err(|error| {
            refused("UpdateSecretVersionStage", DisplayErrorContext(&error).to_string())
        })?;
    Ok(ring.current().clone())
}

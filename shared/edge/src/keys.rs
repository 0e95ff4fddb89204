//! The ring of keys that PINs are derived with (DESIGN 5.15).
//!
//! It is one JSON object, `{"current": "1", "1": "…"}`: the id of the key for new cards, and every
//! key by its id. Rotation adds a key; none is ever taken away, for the cards and replays that need
//! it. A function reads the ring when it first meets a PIN, and again for a key it does not know.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Stopwatch};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use hmac::{Hmac, KeyInit, Mac};
use scrip_domain::id::{CardNumber, KeyId};
use sha2::Sha256;
use thiserror::Error;

use crate::pin::{PIN_DIGITS_MAX, Pin};

/// The member of the ring that names the key for new cards.
const CURRENT: &str = "current";
/// The fewest characters of a key: 32 of even a small alphabet are beyond guessing.
const KEY_CHARS_MIN: usize = 32;
/// The random bytes of a key made here; it is written in twice as many hexadecimal digits.
const KEY_BYTES: usize = 32;
/// Keeps what PINs are derived from apart from anything else that the keys might be used for.
const PURPOSE: &[u8] = b"scrip gift card PIN 1\0";
/// How long the ring is used without looking for a newer current key, in monotonic time.
const FRESH: Duration = Duration::from_mins(1);

/// Why there is no PIN. Never shows a key.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The function was started without a ring.
    #[error("no key ring is configured")]
    NotConfigured,
    /// The ring cannot be read.
    #[error("the key ring cannot be read: {0}")]
    Unreadable(String),
    /// The ring lacks a key that a card needs.
    #[error("the key ring has no key `{0}`")]
    UnknownKey(KeyId),
}

/// Keys by their ids.
#[derive(Clone)]
pub struct KeyRing {
    current: KeyId,
    keys: BTreeMap<KeyId, String>,
}

impl KeyRing {
    /// Reads a ring.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`], which says what is wrong and shows no key.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let unreadable = |fault: &str| KeysError::Unreadable(fault.to_owned());
        let members: BTreeMap<String, String> =
            serde_json::from_str(text).map_err(|_| unreadable("not an object of texts"))?;
        let mut current = None;
        let mut keys = BTreeMap::new();
        for (name, text) in members {
            let id = if name == CURRENT { &text } else { &name };
            let id: KeyId =
                id.parse().map_err(|_| unreadable("the id of a key is not a handle"))?;
            if name == CURRENT {
                current = Some(id);
            } else if text.len() < KEY_CHARS_MIN {
                return Err(unreadable("a key is shorter than 32 characters"));
            } else {
                keys.insert(id, text);
            }
        }
        let current = current.filter(|current| keys.contains_key(current));
        Ok(Self { current: current.ok_or_else(|| unreadable("`current` names no key"))?, keys })
    }

    /// A ring of one new key.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`] when the system has no randomness.
    pub fn generate() -> Result<Self, KeysError> {
        let none: KeyId = "1".parse().map_err(|_| KeysError::NotConfigured)?;
        Ok(Self { keys: BTreeMap::from([(none.clone(), random()?)]), current: none })
    }

    /// The same with one key more, which new cards use.
    ///
    /// # Errors
    /// [`KeysError::Unreadable`] when the system has no randomness.
    pub fn with_new_key(&self) -> Result<Self, KeysError> {
        let ids = (1..).map(|number: u64| number.to_string());
        let mut free = ids.filter_map(|id| id.parse::<KeyId>().ok());
        let id = free.find(|id| !self.keys.contains_key(id)).ok_or(KeysError::NotConfigured)?;
        let mut keys = self.keys.clone();
        keys.insert(id.clone(), random()?);
        Ok(Self { current: id, keys })
    }

    /// The ring as [`Self::parse`] reads it, keys and all: for where it is kept, and nowhere else.
    pub fn reveal(&self) -> String {
        let mut members: BTreeMap<&str, &str> =
            self.keys.iter().map(|(id, key)| (id.as_str(), key.as_str())).collect();
        members.insert(CURRENT, self.current.as_str());
        // A map of texts can always be written.
        serde_json::to_string(&members).unwrap_or_default()
    }

    /// The key for new cards.
    pub fn current(&self) -> &KeyId {
        &self.current
    }

    /// The PIN of a card, of 1 to 12 digits; `None` without the key.
    pub fn pin(&self, key: &KeyId, number: &CardNumber, digits: u8) -> Option<Pin> {
        let key = self.keys.get(key)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
        mac.update(PURPOSE);
        mac.update(number.as_str().as_bytes());
        let tag = mac.finalize().into_bytes();
        let first: [u8; 8] = tag.get(..8)?.try_into().ok()?;
        let digits = usize::from(digits).clamp(1, PIN_DIGITS_MAX);
        let all = 10_u64.checked_pow(u32::try_from(digits).ok()?)?;
        // Of 2^64 values and at most 10^12 PINs none is likelier than another by a millionth.
        let pin = u64::from_be_bytes(first).checked_rem(all)?;
        Some(Pin::new(format!("{pin:0digits$}")))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(current {})", self.current)
    }
}

/// A new key, or anything else that nobody else has.
fn random() -> Result<String, KeysError> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| KeysError::Unreadable(error.to_string()))?;
    Ok(hex::encode(bytes))
}

/// Where a function has its ring from. Cheap to clone; clones share what was read.
#[derive(Clone, Default)]
pub struct Keys {
    source: Source,
    cached: Arc<Mutex<Option<Cached>>>,
}

#[derive(Clone, Default)]
enum Source {
    #[default]
    None,
    Ring(Arc<KeyRing>),
    File(PathBuf),
    Secret(Client, String),
}

#[derive(Clone)]
struct Cached {
    read_at: Stopwatch,
    ring: Arc<KeyRing>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// This ring, for as long as the process lives.
    pub fn ring(ring: KeyRing) -> Self {
        Self { source: Source::Ring(Arc::new(ring)), ..Self::default() }
    }

    /// The ring in a file, which is made with its owner's rights only when it is not there.
    pub fn file(path: &Path) -> Self {
        Self { source: Source::File(path.to_owned()), ..Self::default() }
    }

    /// The ring in a secret of Secrets Manager, by its name or ARN.
    pub fn secret(client: Client, id: &str) -> Self {
        Self { source: Source::Secret(client, id.to_owned()), ..Self::default() }
    }

    /// The key for new cards, at most a minute old.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn current(&self) -> Result<KeyId, KeysError> {
        let cached = self.cached().filter(|cached| cached.read_at.elapsed() < FRESH);
        let ring = match cached {
            Some(cached) => cached.ring,
            None => self.read().await?,
        };
        Ok(ring.current.clone())
    }

    /// The PIN of a card.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn pin(
        &self,
        key: &KeyId,
        number: &CardNumber,
        digits: u8,
    ) -> Result<Pin, KeysError> {
        let known = self.cached().and_then(|cached| cached.ring.pin(key, number, digits));
        if let Some(pin) = known {
            return Ok(pin);
        }
        let ring = self.read().await?;
        ring.pin(key, number, digits).ok_or_else(|| KeysError::UnknownKey(key.clone()))
    }

    fn cached(&self) -> Option<Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self) -> Result<Arc<KeyRing>, KeysError> {
        let ring = match &self.source {
            Source::None => return Err(KeysError::NotConfigured),
            Source::Ring(ring) => Arc::clone(ring),
            Source::File(path) => Arc::new(read_file(path)?),
            Source::Secret(client, id) => {
                let value = client.get_secret_value().secret_id(id).send();
                let value = Box::pin(value).await;
                let unreadable =
                    |error| KeysError::Unreadable(DisplayErrorContext(&error).to_string());
                let value = value.map_err(unreadable)?;
                Arc::new(KeyRing::parse(value.secret_string().unwrap_or_default())?)
            }
        };
        let cached = Cached { read_at: Stopwatch::now(), ring: Arc::clone(&ring) };
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(cached);
        Ok(ring)
    }
}

/// Reads the ring in a file, or makes it. Of two who make it at once, one reads the other's.
fn read_file(path: &Path) -> Result<KeyRing, KeysError> {
    let unreadable =
        |error: std::io::Error| KeysError::Unreadable(format!("{}: {error}", path.display()));
    match fs::read_to_string(path) {
        Ok(text) => KeyRing::parse(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Whole before it has its name, so that nobody reads half a ring.
            let draft = path.with_extension(random()?);
            let ring = KeyRing::generate()?;
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&draft).map_err(unreadable)?;
            file.write_all(ring.reveal().as_bytes()).map_err(unreadable)?;
            file.sync_all().map_err(unreadable)?;
            let named = fs::hard_link(&draft, path);
            fs::remove_file(&draft).map_err(unreadable)?;
            match named {
                Ok(()) => Ok(ring),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    KeyRing::parse(&fs::read_to_string(path).map_err(unreadable)?)
                }
                Err(error) => Err(unreadable(error)),
            }
        }
        Err(error) => Err(unreadable(error)),
    }
}

#[cfg(test)]
mod tests;

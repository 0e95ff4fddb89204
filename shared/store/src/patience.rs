//! How long, and with which pauses, a caller tries again. What these numbers do is measured by the
//! benchmark of contention.

use std::time::Duration;

// The clock of the pauses, so that whoever stops one stops both.
use tokio::time::Instant as Stopwatch;

/// Tries before a caller is told that a wallet is contended.
const TRIES_MAX: u32 = 50;
/// No new try begins after this: API Gateway gives up after 30 s.
const TRYING: Duration = Duration::from_secs(10);
/// The first pause is random up to this, and doubles with each.
const PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_millis(800);
/// The most races lost in a row that are followed up without a pause.
const FOLLOWED_MAX: u32 = 3;

/// What a caller has borne so far.
pub(crate) struct Patience {
    started: Stopwatch,
    tries: u32,
    pauses: u32,
    /// Races lost since the last pause.
    lost: u32,
}

impl Patience {
    pub(crate) fn begin() -> Self {
        Self { started: Stopwatch::now(), tries: 0, pauses: 0, lost: 0 }
    }

    /// Whether the try that has just failed was the last.
    pub(crate) fn ends(&mut self) -> bool {
        self.tries += 1;
        TRIES_MAX <= self.tries || TRYING <= self.started.elapsed()
    }

    /// Whether a lost race is followed up at once. Who has paused more often insists longer.
    pub(crate) fn insists(&mut self) -> bool {
        self.lost += 1;
        self.lost <= (self.pauses + 1).min(FOLLOWED_MAX)
    }

    /// A random pause, so that those who lost a race do not meet again.
    pub(crate) fn pause(&mut self) -> Duration {
        let longest = PAUSE.saturating_mul(2_u32.saturating_pow(self.pauses)).min(PAUSE_MAX);
        self.pauses += 1;
        self.lost = 0;
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(fastrand::u64(0..=longest_ms))
    }
}

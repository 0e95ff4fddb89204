//! A clock that runs until it is told the time, and from then on stands until told again.

use std::sync::{Arc, Mutex, PoisonError};

use scrip_domain::time::Instant;
use scrip_edge::system_clock;
use scrip_store::Clock;

/// The clock of a local stack. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct LocalClock {
    system: Clock,
    told: Arc<Mutex<Option<Instant>>>,
}

impl LocalClock {
    /// A clock that was told `told` last, or never.
    pub(crate) fn new(told: Option<Instant>) -> Self {
        Self { system: system_clock(), told: Arc::new(Mutex::new(told)) }
    }

    pub(crate) fn now(&self) -> Instant {
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.unwrap_or_else(|| (self.system)())
    }

    /// Whether time stands still.
    pub(crate) fn is_told(&self) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Sets it to `now`. Whoever tells it has made sure that this is not in its past.
    pub(crate) fn tell(&self, now: Instant) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    pub(crate) fn for_ledger(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

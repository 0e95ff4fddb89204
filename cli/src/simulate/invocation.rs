//! One invocation of a function: which numbers its calls draw, and whether it comes to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::simulate::dice::Dice;
use crate::simulate::fault::{Fault, Weather};

/// The longest that a function stands still, in milliseconds: longer than a decision may be old,
/// and than the margin of the sweeps.
const FROZEN_MS_MAX: u64 = 20 * 60 * 1_000;
/// The shortest.
const FROZEN_MS_MIN: u64 = 61 * 1_000;

/// What an invocation is drawn from: the seed, the step, which of its attempts.
pub(crate) type Purpose = [u64; 3];

#[derive(Debug)]
pub(crate) struct Invocation {
    purpose: Purpose,
    pub(crate) weather: Arc<Weather>,
    calls: AtomicU64,
    /// How it is interrupted, at which call, and for how long.
    interruption: Option<(Fault, u64, Duration)>,
    interrupted: Notify,
}

impl Invocation {
    /// An invocation of about so many calls.
    pub(crate) fn new(purpose: Purpose, weather: Arc<Weather>, calls: u64) -> Arc<Self> {
        let mut dice = Dice::of(&purpose);
        let interruption = weather.of_invocation(&mut dice, calls);
        let stands = Duration::from_millis(dice.between(FROZEN_MS_MIN, FROZEN_MS_MAX));
        Arc::new(Self {
            purpose,
            weather,
            calls: AtomicU64::new(0),
            interruption: interruption.map(|(fault, call)| (fault, call, stands)),
            interrupted: Notify::new(),
        })
    }

    /// Runs the function until its end; `None` when it is killed before. While it stands still
    /// nothing of it is run, and its timers have run out when it goes on.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = Box::pin(work);
        loop {
            tokio::select! {
                biased;
                () = self.interrupted.notified() => match self.interruption {
                    Some((Fault::Frozen, _, stands)) => sleep(stands).await,
                    _ => return None,
                },
                done = &mut work => return Some(done),
            }
        }
    }

    /// How it is interrupted, if it was.
    pub(crate) fn interruption(&self) -> Option<Fault> {
        let calls = self.calls.load(Ordering::Relaxed);
        let happened = self.interruption.filter(|(_, call, _)| *call < calls);
        happened.map(|(fault, ..)| fault)
    }

    /// The dice of one of its calls.
    pub(crate) fn dice(&self, call: u64) -> Dice {
        let [seed, step, attempt] = self.purpose;
        Dice::of(&[seed, step, attempt, call])
    }

    /// The number of the next call, which kills it or not.
    pub(crate) fn begin_call(&self) -> u64 {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.is_killed_at(call) {
            self.interrupted.notify_one();
        }
        call
    }

    pub(crate) fn is_killed_at(&self, call: u64) -> bool {
        matches!(self.interruption, Some((Fault::Killed, at, _)) if at == call)
    }

    /// A call is about to be answered.
    pub(crate) fn answered(&self, call: u64) {
        if matches!(self.interruption, Some((Fault::Frozen, at, _)) if at == call) {
            self.interrupted.notify_one();
        }
    }
}

//! One run: callers that do the steps of a plan, several at once, and wait for each other when time
//! is let pass.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use scrip_domain::time::Instant;
use tokio::time::sleep;

use crate::simulate::caller;
use crate::simulate::consumer::Consumer;
use crate::simulate::dice::Dice;
use crate::simulate::journal::Journal;
use crate::simulate::plan::{Act, Jump, Step};
use crate::simulate::request::as_number;
use crate::simulate::world::World;
use crate::simulate::{Failure, Trial, check};

/// Of the instants that lie ahead, time goes to one of so many.
const AHEAD: usize = 6;

/// A run, as all its callers share it.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) members: u64,
    journal: Mutex<Journal>,
    consumer: Mutex<Consumer>,
}

impl Run {
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn consumer(&self) -> MutexGuard<'_, Consumer> {
        self.consumer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does every step, until something is wrong.
    ///
    /// # Errors
    /// [`Failure`]: the machine.
    pub(crate) async fn of(trial: &Trial, watch: &dyn Fn(usize)) -> Result<Arc<Self>, Failure> {
        let run = Arc::new(Self {
            world: World::new(trial.seed, &trial.faults).await?,
            members: trial.members,
            journal: Mutex::default(),
            consumer: Mutex::default(),
        });
        let mut done = 0_usize;
        let mut together: Vec<Step> = Vec::new();
        let steps = trial.steps();
        for step in steps {
            let jump = match step.act {
                Act::Jump(jump) => Some(jump),
                _ => None,
            };
            let index = step.index;
            together.push(step);
            if jump.is_none() && !trial.is_audited_each {
                continue;
            }
            done = done.saturating_add(together.len());
            run.all(std::mem::take(&mut together)).await;
            run.world.network.quiet().await;
            if trial.is_audited_each {
                check::audit(&run).await?;
            }
            if !run.journal().violations.is_empty() {
                return Ok(run);
            }
            if let Some(jump) = jump {
                run.jump(index, jump).await;
            }
            watch(done);
        }
        run.all(together).await;
        run.world.network.quiet().await;
        if run.journal().violations.is_empty() {
            check::at_the_end(&run).await?;
        }
        Ok(run)
    }

    /// Does steps, each caller its own one after the other, and all callers at once.
    async fn all(self: &Arc<Self>, steps: Vec<Step>) {
        let mut lanes: BTreeMap<u64, Vec<Step>> = BTreeMap::new();
        for step in steps {
            lanes.entry(step.lane).or_default().push(step);
        }
        let callers = lanes.into_values().map(|steps| {
            let run = Arc::clone(self);
            tokio::spawn(async move {
                for step in steps {
                    sleep(Duration::from_millis(step.pause_ms)).await;
                    Box::pin(caller::act(&run, &step)).await;
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        for caller in callers {
            if let Err(error) = caller.await {
                self.journal().violate(None, format!("a caller ended: {error}"));
            }
        }
    }

    async fn jump(&self, index: usize, jump: Jump) {
        let mut dice = Dice::of(&[self.world.seed, as_number(index), 2]);
        let now = self.world.time.now();
        let millis = match jump {
            Jump::By(millis) => millis,
            Jump::ToInstant => {
                let ahead: Vec<Instant> = {
                    let journal = self.journal();
                    let later = journal.instants.range(now..).filter(|at| now < **at);
                    later.take(AHEAD).copied().collect()
                };
                let before = *dice.pick(&[0, 0, 1, 5, 20, 100]).unwrap_or(&0);
                let after =
                    *dice.pick(&[0, 0, 0, 1, 16 * 60 * 1_000, 76 * 60 * 1_000]).unwrap_or(&0);
                let to = dice.pick(&ahead).map_or(0, |at| at.millis().saturating_sub(now.millis()));
                let to = u64::try_from(to).unwrap_or(0);
                to.saturating_add(after).saturating_sub(before)
            }
        };
        self.world.pass(millis).await;
    }
}

//! `scrip simulate`: the whole system under faults, each run made from one number.
//!
//! Every function runs as it is deployed, several at once, on a DynamoDB in the same thread. What is
//! simulated is what lies between and around: the network, the clocks, the callers and time itself,
//! which stands while anything is worked out and goes on when everything waits. So a run of months
//! takes a second, and the same seed gives the same run to the last call.
//!
//! | module | what it is |
//! |---|---|
//! | `fault`, `network`, `invocation` | what goes wrong: with a call, with a function, how often |
//! | `world` | every function twice, with clocks apart, over one table |
//! | `plan`, `kind`, `request`, `ask` | what callers do, from the seed |
//! | `run`, `caller`, `queue`, `consumer` | doing it: HTTP, order queue, scheduled jobs, stream |
//! | `journal` | what callers were told, which must go together |
//! | `check`, `passbook`, `shown` | what must be true in the end |
//! | `shrink` | the smallest history of a failure that is found |

mod ask;
mod caller;
mod check;
mod command;
mod consumer;
mod dice;
mod fault;
mod invocation;
mod journal;
mod kind;
mod network;
mod passbook;
mod plan;
mod queue;
mod request;
mod run;
mod shown;
mod shrink;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use scrip_domain::time::Instant;
use scrip_edge::KeysError;
use scrip_local::EmbeddedError;
use scrip_store::StoreError;
use thiserror::Error;

pub use command::{Found, Simulation, Survived, simulate};
pub use fault::{Fault, Faults};
pub use journal::Violation;
pub use shrink::shrink;

use crate::simulate::journal::Journal;
use crate::simulate::kind::WEIGHTS;
use crate::simulate::plan::{Step, steps};
use crate::simulate::run::Run;

/// The stack of a thread that runs one, in bytes: the futures of the SDK are deep.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// A run to be made: the same trial is the same run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// What everything is made from.
    pub seed: u64,
    /// Steps of the plan.
    pub operations: usize,
    /// Members who shop, at least 1.
    pub members: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// Only these steps of the plan, by their numbers from 0; all of them when `None`.
    pub only: Option<BTreeSet<usize>>,
    /// Whether the log is checked after every step, each done alone.
    pub is_audited_each: bool,
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What must not be; empty when all is well.
    pub violations: Vec<Violation>,
    /// Routes of which nothing was answered with success.
    pub unanswered: BTreeSet<&'static str>,
    /// How often the auditor read the table.
    pub audits: u64,
    /// A line for each answer, in the order in which they came.
    pub history: Vec<String>,
    /// Calls of DynamoDB.
    pub calls: u64,
    /// How often each fault was met.
    pub met: BTreeMap<Fault, u64>,
    /// A number that two runs share only when they were the same, call by call.
    pub digest: u64,
}

/// Why a run could not be made.
#[derive(Debug, Error)]
pub enum Failure {
    /// The embedded DynamoDB.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The table, past all faults.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key ring.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The program of the simulation.
    #[error("the program of the simulation cannot be read: {0}")]
    Program(String),
    /// The thread, or its runtime.
    #[error("a thread for the simulation failed: {0}")]
    Thread(String),
}

impl Trial {
    /// A run with every fault.
    pub fn new(seed: u64, operations: usize, members: u64) -> Self {
        let faults = Faults::all();
        Self { seed, operations, members, faults, only: None, is_audited_each: false }
    }

    /// Makes the run, in a thread of its own. `watch` is told how many steps are done.
    ///
    /// # Errors
    /// [`Failure`]; what is wrong with the system is in the outcome.
    pub fn run(&self, watch: &(dyn Fn(usize) + Sync)) -> Result<Outcome, Failure> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            let running = thread.spawn_scoped(scope, || self.run_here(watch));
            let running = running.map_err(|error| Failure::Thread(error.to_string()))?;
            let failed = |_| Failure::Thread("it panicked".to_owned());
            running.join().map_err(failed)?
        })
    }

    fn run_here(&self, watch: &dyn Fn(usize)) -> Result<Outcome, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|error| Failure::Thread(error.to_string()))?;
        runtime.block_on(async {
            let run = Run::of(self, watch).await?;
            let (calls, met, digest) = run.world.network.summary();
            let journal = std::mem::take(&mut *run.journal());
            let digest = journal
                .history
                .iter()
                .fold(digest, |digest, line| dice::Dice::named(digest, line).any());
            let kinds = WEIGHTS.iter().map(|(_, kind)| kind);
            let unanswered = kinds.filter(|kind| !journal.succeeded.contains(kind));
            let unanswered = unanswered.map(|kind| kind.route()).collect();
            let Journal { violations, history, audits, .. } = journal;
            Ok(Outcome { violations, unanswered, audits, history, calls, met, digest })
        })
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = steps(self.seed, self.operations, self.members);
        if let Some(only) = &self.only {
            steps.retain(|step| only.contains(&step.index));
        }
        steps
    }
}

/// The command that makes the run again.
impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, operations, members, faults, only, is_audited_each } = self;
        write!(
            f,
            "scrip simulate --seed {seed} --operations {operations} --members {members} \
             --faults {faults}"
        )?;
        if let Some(only) = only {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            write!(f, " --only {}", only.join(","))?;
        }
        if *is_audited_each { f.write_str(" --audit-each") } else { Ok(()) }
    }
}

fn time_of(text: &str) -> Option<Instant> {
    text.parse().ok()
}

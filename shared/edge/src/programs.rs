//! The program, read at most once a minute.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use scrip_domain::program::Program;
use scrip_store::{ProgramVersion, StoreError};
use tokio::time::Instant as Stopwatch;

use crate::app::App;
use crate::problem::Problem;

/// How long a program is used without looking for a newer one, in monotonic time.
const FRESH: Duration = Duration::from_mins(1);

/// A checked program and its version.
#[derive(Debug)]
pub struct CurrentProgram {
    /// Its version, from 1.
    pub version: u64,
    /// What it says.
    pub program: Program,
}

#[derive(Clone, Default)]
pub(crate) struct Programs {
    cached: Arc<Mutex<Option<Cached>>>,
}

struct Cached {
    read_at: Stopwatch,
    program: Arc<CurrentProgram>,
}

impl Programs {
    fn fresh(&self) -> Option<Arc<CurrentProgram>> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cached.as_ref()?;
        (cached.read_at.elapsed() < FRESH).then(|| Arc::clone(&cached.program))
    }

    fn keep(&self, program: &Arc<CurrentProgram>) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        *cached = Some(Cached { read_at: Stopwatch::now(), program: Arc::clone(program) });
    }

    pub(crate) fn forget(&self) {
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl App {
    /// The program, at most a minute old.
    ///
    /// # Errors
    /// `rule_refused` when none was ever set, or `unavailable`.
    pub async fn program(&self) -> Result<Arc<CurrentProgram>, Problem> {
        self.program_knowing(|_| true).await
    }

    /// The program, at most a minute old; the newest where that one does not know what the
    /// request names.
    ///
    /// # Errors
    /// `rule_refused` when none was ever set, or `unavailable`.
    pub async fn program_knowing(
        &self,
        knows: impl Fn(&Program) -> bool,
    ) -> Result<Arc<CurrentProgram>, Problem> {
        if let Some(fresh) = self.programs.fresh().filter(|fresh| knows(&fresh.program)) {
            return Ok(fresh);
        }
        let newest = self.ledger.newest_program().await?;
        let program = Arc::new(checked(&newest.ok_or_else(none_set)?)?);
        self.programs.keep(&program);
        Ok(program)
    }

    /// A newer program than `known`, if there is one: a wallet may hold value that only the newest
    /// defines.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn program_after(
        &self,
        known: &CurrentProgram,
    ) -> Result<Option<Arc<CurrentProgram>>, Problem> {
        self.forget_program();
        let newest = self.program().await?;
        Ok((known.version < newest.version).then_some(newest))
    }

    /// The program that was newest at an instant; the first for instants before it.
    ///
    /// # Errors
    /// `rule_refused` when none was ever set, or `unavailable`.
    pub async fn program_as_of(
        &self,
        at: scrip_domain::time::Instant,
    ) -> Result<Arc<CurrentProgram>, Problem> {
        let version = self.ledger.program_as_of(at).await?;
        Ok(Arc::new(checked(&version.ok_or_else(none_set)?)?))
    }
}

fn none_set() -> Problem {
    let detail = "no program is set: PUT /v1/program with `If-None-Match: *` sets one";
    Problem::rule("program_required", detail)
}

fn checked(version: &ProgramVersion) -> Result<CurrentProgram, StoreError> {
    match Program::from_document(&version.document) {
        Ok(program) => Ok(CurrentProgram { version: version.version, program }),
        Err(faults) => Err(StoreError::Damaged {
            account: "PROGRAM".into(),
            item: version.version.to_string(),
            detail: format!("{faults:?}"),
        }),
    }
}

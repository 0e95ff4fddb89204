//! Makes a history that fails smaller, as long as it still fails.

use std::collections::BTreeSet;

use crate::simulate::{Failure, Outcome, Trial};

/// Runs that are made to find a smaller history: enough to halve 500 steps down to a few, with
/// many that do not fail in between.
const RUNS_MAX: usize = 400;

/// A trial that fails as this one does or otherwise, with fewer faults and steps: the smallest that
/// was found. `run` makes the run of each that is tried.
///
/// # Errors
/// [`Failure`], of `run`.
pub fn shrink(
    trial: &Trial,
    outcome: Outcome,
    run: &dyn Fn(&Trial) -> Result<Outcome, Failure>,
) -> Result<(Trial, Outcome), Failure> {
    let mut search = Search { best: (trial.clone(), outcome), runs: 0, run };
    search.shorten()?;
    search.leave_out_faults()?;
    search.leave_out_steps()?;
    search.leave_out_faults()?;
    search.shorten()?;
    Ok(search.best)
}

struct Search<'a> {
    best: (Trial, Outcome),
    runs: usize,
    run: &'a dyn Fn(&Trial) -> Result<Outcome, Failure>,
}

impl Search<'_> {
    /// Whether it fails, too: then it is the best.
    fn fails(&mut self, trial: Trial) -> Result<bool, Failure> {
        if RUNS_MAX <= self.runs {
            return Ok(false);
        }
        self.runs += 1;
        let outcome = (self.run)(&trial)?;
        let fails = !outcome.violations.is_empty();
        if fails {
            self.best = (trial, outcome);
        }
        Ok(fails)
    }

    /// Nothing after the step in which it showed, where that is known.
    fn shorten(&mut self) -> Result<(), Failure> {
        let (best, outcome) = &self.best;
        let step = outcome.violations.first().and_then(|violation| violation.step);
        let Some(step) = step.filter(|step| *step < best.operations) else { return Ok(()) };
        let operations = step.saturating_add(1);
        let only = best.only.as_ref().map(|only| only.iter().copied().filter(|it| *it <= step));
        let only = only.map(Iterator::collect);
        self.fails(Trial { operations, only, ..best.clone() }).map(drop)
    }

    fn leave_out_faults(&mut self) -> Result<(), Failure> {
        let faults: Vec<_> = self.best.0.faults.each().collect();
        for fault in faults {
            let faults = self.best.0.faults.without(fault);
            self.fails(Trial { faults, ..self.best.0.clone() })?;
        }
        Ok(())
    }

    /// Halves, quarters, eighths… of the steps, down to each alone.
    fn leave_out_steps(&mut self) -> Result<(), Failure> {
        let count = self.best.0.steps().len();
        let mut size = count.div_ceil(2);
        while 0 < size {
            let steps: Vec<usize> = self.best.0.steps().iter().map(|step| step.index).collect();
            // From the end: what comes first is more often needed.
            for chunk in steps.rchunks(size) {
                let left_out: BTreeSet<usize> = chunk.iter().copied().collect();
                let kept = self.best.0.steps().into_iter().map(|step| step.index);
                let kept: BTreeSet<usize> = kept.filter(|it| !left_out.contains(it)).collect();
                self.fails(Trial { only: Some(kept), ..self.best.0.clone() })?;
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        Ok(())
    }
}

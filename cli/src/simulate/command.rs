//! `scrip simulate`: many runs, with a bar, until one of them fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::simulate::{Failure, Fault, Outcome, Trial, shrink};

/// Answers that are shown of a history, from its end.
const SHOWN: usize = 60;
const BAR: &str = "{bar:40} {pos}/{len} {msg}, {elapsed}";
const SPINNER: &str = "{spinner} {msg}, {elapsed}";

/// The runs of consecutive seeds.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The run of the first seed.
    pub first: Trial,
    /// How many seeds.
    pub seeds: u64,
    /// How many runs are made at once, at least 1.
    pub jobs: usize,
    /// Whether a run that fails is told as it is, and no smaller one is looked for.
    pub is_told_as_found: bool,
}

/// What runs came to that all were well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survived {
    /// Runs.
    pub runs: u64,
    /// Answers that callers got.
    pub answers: u64,
    /// Calls of DynamoDB.
    pub calls: u64,
    /// How often each fault was met.
    pub met: BTreeMap<Fault, u64>,
    /// Routes of which nothing was answered with success in any run.
    pub unanswered: BTreeSet<&'static str>,
}

/// A run that failed, made small.
#[derive(Debug, Clone)]
pub struct Found {
    /// The run that failed first.
    pub trial: Trial,
    /// The smallest that was found to fail, too.
    pub smallest: Trial,
    /// What it came to.
    pub outcome: Outcome,
}

/// Makes runs until all are made, or one fails: then that one is made smaller.
///
/// # Errors
/// [`Failure`]: no run could be made.
pub fn simulate(simulation: &Simulation) -> Result<Result<Survived, Found>, Failure> {
    let (survived, failed) = Runs::new(simulation).all()?;
    let Some((trial, outcome)) = failed else { return Ok(Ok(survived)) };
    if simulation.is_told_as_found {
        return Ok(Err(Found { smallest: trial.clone(), trial, outcome }));
    }
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(style(SPINNER));
    spinner.enable_steady_tick(Duration::from_millis(100));
    let run = |trial: &Trial| {
        spinner.set_message(format!("looking for less than {} steps", trial.steps().len()));
        trial.run(&|_| {})
    };
    let (smallest, outcome) = shrink(&trial, outcome, &run)?;
    spinner.finish_and_clear();
    Ok(Err(Found { trial, smallest, outcome }))
}

struct Runs<'a> {
    simulation: &'a Simulation,
    bar: ProgressBar,
    is_over: AtomicBool,
    next: Mutex<u64>,
    survived: Mutex<Survived>,
    failed: Mutex<Option<(Trial, Outcome)>>,
}

impl<'a> Runs<'a> {
    fn new(simulation: &'a Simulation) -> Self {
        let bar = ProgressBar::new(simulation.seeds);
        bar.set_style(style(BAR));
        bar.set_message("seeds");
        bar.enable_steady_tick(Duration::from_millis(200));
        let (is_over, next) = (AtomicBool::new(false), Mutex::new(0));
        let (survived, failed) = (Mutex::default(), Mutex::default());
        Self { simulation, bar, is_over, next, survived, failed }
    }

    fn all(self) -> Result<(Survived, Option<(Trial, Outcome)>), Failure> {
        std::thread::scope(|scope| {
            let jobs = (0..self.simulation.jobs.max(1)).map(|_| scope.spawn(|| self.some()));
            let jobs: Vec<_> = jobs.collect();
            jobs.into_iter().try_for_each(|job| {
                let failed = |_| Failure::Thread("it panicked".to_owned());
                job.join().map_err(failed)?
            })
        })?;
        self.bar.finish_and_clear();
        let survived = self.survived.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((survived, self.failed.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    fn some(&self) -> Result<(), Failure> {
        while let Some(trial) = self.take() {
            let seed = trial.seed;
            let watch = |done| self.bar.set_message(format!("seeds, {done} steps of seed {seed}"));
            let outcome = trial.run(&watch).inspect_err(|_| self.end())?;
            self.bar.inc(1);
            if outcome.violations.is_empty() {
                self.count(&outcome);
                continue;
            }
            self.end();
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert((trial, outcome));
        }
        Ok(())
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> Option<Trial> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = self.is_over.load(Ordering::Relaxed) || self.simulation.seeds <= *next;
        let seed = self.simulation.first.seed.wrapping_add(*next);
        *next = next.saturating_add(1);
        (!is_over).then(|| Trial { seed, ..self.simulation.first.clone() })
    }

    fn count(&self, outcome: &Outcome) {
        let mut survived = self.survived.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = u64::try_from(outcome.history.len()).unwrap_or(u64::MAX);
        survived.unanswered = match survived.runs {
            0 => outcome.unanswered.clone(),
            _ => &survived.unanswered & &outcome.unanswered,
        };
        survived.runs = survived.runs.saturating_add(1);
        survived.answers = survived.answers.saturating_add(answers);
        survived.calls = survived.calls.saturating_add(outcome.calls);
        for (fault, count) in &outcome.met {
            let met = survived.met.entry(*fault).or_default();
            *met = met.saturating_add(*count);
        }
    }
}

/// The template is a constant, which a test shows.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Survived {
    /// What was survived, in two sentences, or three where some requests never had success.
    pub fn describe(&self) -> String {
        let Self { runs, answers, calls, met, unanswered } = self;
        let met: Vec<String> =
            met.iter().map(|(fault, count)| format!("{count} {}", fault.as_str())).collect();
        let met = if met.is_empty() { "none".to_owned() } else { met.join(", ") };
        let mut text = format!(
            "{runs} runs, {answers} answers, {calls} calls of DynamoDB: nothing wrong.\n\
             faults: {met}"
        );
        if !unanswered.is_empty() {
            let routes: Vec<&str> = unanswered.iter().copied().collect();
            text.extend(["\nwithout success: ", &routes.join(", ")]);
        }
        text
    }
}

impl Found {
    /// The smallest history, what is wrong with it, and the commands that make it again.
    pub fn describe(&self) -> String {
        let Self { trial, smallest, outcome } = self;
        let left_out = outcome.history.len().saturating_sub(SHOWN);
        let before = (0 < left_out).then(|| format!("… {left_out} answers before"));
        let history = outcome.history.iter().skip(left_out).cloned();
        let wrong = outcome.violations.iter().map(|violation| {
            let step = violation.step.map(|step| format!("step {step}: ")).unwrap_or_default();
            format!("WRONG  {step}{}", violation.what)
        });
        let lines: Vec<String> = before.into_iter().chain(history).chain(wrong).collect();
        let text = lines.join("\n");
        format!("{text}\nfound by    {trial}\nrepeat with {smallest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_of_the_bars_are_some() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
        assert!(ProgressStyle::with_template(SPINNER).is_ok());
    }
}

//! The simulator: it finds nothing in twenty seeds, makes the same run of the same seed, meets every
//! fault, and makes what fails smaller.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use scrip_cli::simulate::{Fault, Faults, Outcome, Trial, Violation, shrink};

/// Steps of a run: as many as twenty seeds can have in well under a minute and a half.
const OPERATIONS: usize = 120;
const MEMBERS: u64 = 3;
/// As many as the machine of a continuous integration has at least.
const JOBS: u64 = 2;

fn run(trial: &Trial) -> Outcome {
    trial.run(&|_| {}).expect("the run is made")
}

#[track_caller]
fn check(trial: &Trial) -> Outcome {
    let outcome = run(trial);
    let told = outcome.history.join("\n");
    assert_eq!(outcome.violations, Vec::<Violation>::new(), "{told}\nrepeat with {trial}");
    outcome
}

#[test]
fn system_survives_every_fault_in_twenty_seeds() {
    let runs = std::thread::scope(|scope| {
        let some = |job| (1..=20_u64).filter(move |seed| seed % JOBS == job);
        let each = |seed| check(&Trial::new(seed, OPERATIONS, MEMBERS));
        let jobs =
            (0..JOBS).map(|job| scope.spawn(move || some(job).map(each).collect::<Vec<_>>()));
        let jobs: Vec<_> = jobs.collect();
        let joined = jobs.into_iter().map(|job| job.join().expect("no run panics"));
        joined.flatten().collect::<Vec<_>>()
    });
    let met: BTreeSet<Fault> = runs.iter().flat_map(|it| it.met.keys().copied()).collect();
    let of_calls = Fault::ALL.into_iter().filter(|it| !matches!(it, Fault::Stale | Fault::Skewed));
    assert_eq!(met, of_calls.collect(), "every fault was met");
    let unanswered = runs.iter().map(|it| it.unanswered.clone());
    let never = unanswered.reduce(|never, each| &never & &each);
    assert_eq!(never, Some(BTreeSet::new()), "every request succeeds now and then");
    let answers: usize = runs.iter().map(|it| it.history.len()).sum();
    assert!(20 * OPERATIONS < answers, "{answers} answers");
}

#[test]
fn run_is_the_same_of_the_same_seed_and_another_of_another() {
    let trial = Trial::new(7, OPERATIONS, MEMBERS);
    let (one, other) = (check(&trial), check(&trial));
    assert_eq!(one, other);
    let faults = Faults::none();
    let calm = check(&Trial { faults, ..trial.clone() });
    assert_ne!(calm.digest, one.digest);
    assert!(calm.met.is_empty(), "{:?}", calm.met);
    assert_ne!(check(&Trial { seed: 8, ..trial }).digest, one.digest);
}

#[test]
fn run_is_checked_after_every_step_when_asked_for() {
    let outcome = check(&Trial { is_audited_each: true, ..Trial::new(3, 40, 2) });
    // And once in the end.
    assert_eq!(outcome.audits, 41);
}

#[test]
fn command_of_a_trial_makes_it_again() {
    let faults = "lost,late".parse().expect("faults");
    let only = Some([3, 17].into());
    let trial = Trial { faults, only, is_audited_each: true, ..Trial::new(42, 18, 2) };
    let command = "scrip simulate --seed 42 --operations 18 --members 2 --faults lost,late \
        --only 3,17 --audit-each";
    assert_eq!(trial.to_string(), command);
}

#[test]
fn failure_is_shrunk_to_what_it_needs() {
    let trial = Trial::new(5, 60, 2);
    // Fails when these two steps are done and answers get lost.
    let run = |trial: &Trial| {
        let is_done = |step: usize| {
            step < trial.operations && trial.only.as_ref().is_none_or(|only| only.contains(&step))
        };
        let fails = is_done(7) && is_done(23) && trial.faults.each().any(|it| it == Fault::Lost);
        let violation = Violation { step: Some(23), what: "planted".to_owned() };
        let violations = fails.then_some(violation).into_iter().collect();
        Ok(Outcome { violations, ..Outcome::default() })
    };
    let found = run(&trial).expect("the run is made");
    let (smallest, _) = shrink(&trial, found, &run).expect("the runs are made");
    let command = "scrip simulate --seed 5 --operations 24 --members 2 --faults lost --only 7,23";
    assert_eq!(smallest.to_string(), command);
}

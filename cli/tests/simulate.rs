//! The simulator: it finds nothing in twenty seeds, makes the same run of the same seed, meets every
//! fault, and finds and shrinks what is broken on purpose.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use scrip_cli::simulate::{Fault, Faults, Outcome, Trial, Violation, shrink};

/// Steps of a run: as many as twenty seeds can have in well under a minute and a half.
const OPERATIONS: usize = 80;
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
    check(&Trial { is_audited_each: true, ..Trial::new(3, 40, 2) });
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
    let outcome = check(&trial);
    // Nothing fails here, so nothing smaller does: it stays as it is.
    let broken = Violation { step: Some(30), what: "planted".to_owned() };
    let planted = Outcome { violations: vec![broken], ..outcome };
    let (smallest, _) = shrink(&Trial { operations: 12, ..trial.clone() }, planted, &|_| {})
        .expect("the runs are made");
    assert_eq!(smallest, Trial { operations: 12, ..trial });
}

//! What is checked, and what the checker finds in each mutant.

use super::account::Job;
use super::{Due, MARKED, Mutant, SETTLED};
use crate::{bound, is_full, prove, refute};

/// A wallet, and two sweeps of one job.
fn wallet() -> Due {
    Due {
        mutant: Mutant::None,
        writers: bound(1, 2),
        sweeps: vec![Job::Expire; 2],
        end: bound(4, 5),
        latest: 3,
        lines_max: 2,
        late: 1,
        margin: 1,
        skew: 0,
        is_card: false,
        fails: false,
    }
}

/// A card, and a sweep of either job.
fn card() -> Due {
    Due { is_card: true, sweeps: vec![Job::Expire, Job::Revert], latest: 2, ..wallet() }
}

/// One writer and one sweep, far enough for every mutant.
fn broken(mutant: Mutant) -> Due {
    let sweeps = vec![Job::Expire];
    Due { mutant, writers: 1, sweeps, end: 5, latest: 5, ..wallet() }
}

#[test]
fn due_has_its_marker_and_is_written_down_by_sweeps_alone() {
    prove("due, a wallet", wallet());
    prove("due, a card", card());
    prove("due, skewed clocks", Due { skew: 1, margin: 2, writers: 1, ..wallet() });
    prove("due, accounts set aside", Due { fails: true, writers: 1, ..wallet() });
    if is_full() {
        prove("due, cards set aside", Due { fails: true, writers: 1, ..card() });
    }
}

#[test]
fn due_is_forgotten_when_a_rule_of_its_marker_is_broken() {
    for mutant in [
        Mutant::MarkerLast,
        Mutant::TrustPassed,
        Mutant::DeleteWithoutRearming,
        Mutant::DeleteFirst,
    ] {
        println!("{mutant:?}");
        refute(MARKED, broken(mutant));
        refute(SETTLED, broken(mutant));
    }
}

#[test]
fn due_is_forgotten_when_the_margin_is_too_small() {
    refute(MARKED, Due { margin: 0, ..broken(Mutant::None) });
    refute(SETTLED, Due { margin: 0, ..broken(Mutant::None) });
    // Or clocks differ by as much as there is.
    refute(MARKED, Due { skew: 1, ..broken(Mutant::None) });
}

#[test]
fn expiry_of_a_card_is_forgotten_when_a_revert_sweep_writes_nothing_else() {
    for property in [MARKED, SETTLED] {
        refute(
            property,
            Due { mutant: Mutant::RevertAlone, latest: 3, end: 5, writers: 1, ..card() },
        );
    }
}

#[test]
fn due_is_forgotten_when_an_account_is_set_aside_last() {
    refute(MARKED, Due { fails: true, ..broken(Mutant::AsideLast) });
}

#[test]
fn due_is_forgotten_when_an_account_is_taken_back_that_was_set_aside_again() {
    let mutant = Mutant::TakeBackAnyway;
    let sweeps = vec![Job::Expire; 2];
    refute(MARKED, Due { mutant, fails: true, writers: 1, sweeps, end: 5, ..wallet() });
}

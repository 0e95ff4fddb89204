//! The storage protocol, checked in every order in which its steps can happen.
//!
//! Each model is a small copy of one part of the store: every call to DynamoDB is one step, every
//! caller can be stopped between any two, and the checker walks through all states that can be
//! reached. What must hold is asserted in each of them. A mutant breaks one rule of the protocol,
//! and its test asserts that the checker finds a history in which that does harm: a model that
//! could not tell would prove nothing.
//!
//! `cargo test` checks a small bound. `SCRIP_MODEL=full` checks the large one; build it with
//! `--profile simulate`, and add `-- --nocapture` to see how many states there were.
//!
//! | model | what is asked of it |
//! |---|---|
//! | `append` | an operation is applied at most once, and is answered truly |
//! | `order` | an order feeds one member |
//! | `due` | what is due has a marker, and sweeps alone write it down |
//! | `card` | one of claim, cancel, revert and spend wins, and nothing is created or lost |
//! | `number` | a card that is bought is issued under one number |
//!
//! States are told apart by 64 bits of their hash. Among ten million the chance that any two share
//! theirs, so that one is passed over, is about one in 400,000.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod append;
mod card;
mod due;
mod number;
mod order;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// Whether the large bounds are asked for.
fn is_full() -> bool {
    std::env::var("SCRIP_MODEL").is_ok_and(|bound| bound == "full")
}

/// The bound to check.
fn bound<T>(small: T, full: T) -> T {
    if is_full() { full } else { small }
}

/// Walks through all states: what must hold does in each, and what should be possible is.
#[track_caller]
fn prove<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = std::time::Instant::now();
    let checker = model.checker().threads(bound(1, threads)).spawn_bfs().join();
    checker.assert_properties();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    let (depth, seconds) = (checker.max_depth(), started.elapsed().as_secs());
    println!("{name}: {states} states, {steps} steps, depth {depth}, {seconds} s");
}

/// Finds a history in which `property` does not hold.
#[track_caller]
fn refute<M>(property: &'static str, mutant: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = mutant.checker().finish_when(found).spawn_bfs().join();
    let history = checker.assert_any_discovery(property);
    println!("{property}, refuted: {:?}", history.into_actions());
}

//! Rubbish at every border: whatever comes in, no code panics, no healthy store is called
//! unavailable, and what is refused has written no line.
//!
//! What comes in is made from what is right, by a few changes: then it gets further in than noise.
//! `SCRIP_CASES` says how many cases each property is tried on.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod bodies;
mod change;
mod database;
mod lines;
mod messages;
mod programs;
mod system;

use std::cell::{Cell, RefCell};
use std::panic;
use std::sync::Once;

use proptest::prelude::ProptestConfig;
use proptest::prop_assert;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseResult, TestRng, TestRunner,
};

use crate::change::Change;

/// Tries a property on `default` cases of up to four changes, the same in every run, or on
/// `SCRIP_CASES` of any; what failed is kept in `fuzz.regressions` and tried first.
#[track_caller]
fn check(default: u32, mut property: impl FnMut(usize, Vec<Change>) -> TestCaseResult) {
    let wanted = std::env::var("SCRIP_CASES").ok().map(|cases| cases.parse().unwrap());
    let kept = FileFailurePersistence::Direct("tests/fuzz.regressions");
    let config: Config = ProptestConfig {
        cases: wanted.unwrap_or(default),
        failure_persistence: Some(Box::new(kept)),
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let property = RefCell::new(&mut property);
    count_panics();
    let which = proptest::prelude::any::<usize>();
    let mut runner = match wanted {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    runner
        .run(&(which, change::some()), |(which, changes)| {
            PANICS.set(0);
            (property.borrow_mut())(which, changes)?;
            prop_assert!(PANICS.get() == 0, "a task panicked");
            Ok(())
        })
        .unwrap();
}

thread_local! {
    /// The panics of this thread: that of a task ends the task, and may be told as anything.
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            tell(panic);
        }));
    });
}

//! The real binary under Lambda's Runtime API, on loopback.

use scrip_local::{check_binary_needs_a_table, check_sweep_binary};

const BINARY: &str = env!("CARGO_BIN_EXE_expire");

#[tokio::test]
async fn binary_runs_on_what_the_schedule_sends_and_answers_with_counts() {
    check_sweep_binary(BINARY, include_bytes!("../../../events/expire/01-schedule.json")).await;
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    check_binary_needs_a_table(BINARY).await;
}

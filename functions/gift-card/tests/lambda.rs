//! The real binary under Lambda's Runtime API, on loopback.

use scrip_local::{check_binary, check_binary_needs_a_table};

const BINARY: &str = env!("CARGO_BIN_EXE_gift-card");

#[tokio::test]
async fn binary_answers_an_event_of_api_gateway_and_logs_it_once() {
    let event = include_bytes!("../../../events/gift-card/09-list.json");
    check_binary(BINARY, event, 200, "read").await;
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    check_binary_needs_a_table(BINARY).await;
}

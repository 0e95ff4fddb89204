//! The real binary under Lambda's Runtime API, on loopback.

use std::path::Path;

use scrip_local::{invoke, invoke_on_sample};

const BINARY: &str = env!("CARGO_BIN_EXE_redeem");

#[tokio::test]
async fn binary_answers_an_event_of_api_gateway() {
    let event = include_bytes!("../../../events/redeem/01-quote.json");
    let answer = invoke_on_sample(Path::new(BINARY), event).await.unwrap();
    assert_eq!(answer["statusCode"], 409, "{answer}");
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    let refused = invoke(Path::new(BINARY), &[], b"{}".to_vec()).await.unwrap_err();
    assert!(refused.starts_with("ended without an answer"), "{refused}");
}

//! The real binary under Lambda's Runtime API, on loopback.

use std::path::Path;
use std::sync::Arc;

use scrip_local::{Embedded, TABLE, invoke};

#[tokio::test]
async fn binary_answers_an_event_of_api_gateway() {
    let embedded = Embedded::memory().await.unwrap();
    let now = "2026-11-21T03:04:05Z".parse().unwrap();
    let ledger = embedded.ledger(Arc::new(move || now));
    let program = include_str!("../../../shared/domain/programs/sample.json");
    ledger.set_program(serde_json::from_str(program).unwrap(), 0, "test").await.unwrap();
    let endpoint = embedded.endpoint();
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "us-east-1"),
        ("SCRIP_TABLE", TABLE),
    ];
    let event = include_bytes!("../../../events/earn/03-award.json").to_vec();
    let answer = invoke(Path::new(env!("CARGO_BIN_EXE_earn")), &variables, event).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    let event = b"{}".to_vec();
    let refused = invoke(Path::new(env!("CARGO_BIN_EXE_earn")), &[], event).await.unwrap_err();
    assert!(
        refused.contains("ended without an answer") || refused.contains("SCRIP_TABLE"),
        "{refused}"
    );
}

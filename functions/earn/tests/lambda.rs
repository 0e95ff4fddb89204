//! The real binary under Lambda's Runtime API, on loopback.

use std::path::Path;

use scrip_local::{invoke, invoke_on_sample};

const BINARY: &str = env!("CARGO_BIN_EXE_earn");

#[tokio::test]
async fn binary_answers_an_event_of_api_gateway_and_logs_it_once() {
    let event = include_bytes!("../../../events/earn/03-award.json");
    let invoked = invoke_on_sample(Path::new(BINARY), event).await.unwrap();
    assert_eq!(invoked.answer["statusCode"], 201, "{}", invoked.answer);
    let logged = invoked.logged().unwrap();
    assert_eq!(logged["function"], "earn");
    assert_eq!(logged["route"], "PUT /v1/members/{member}/awards/{award}");
    assert_eq!((&logged["status"], &logged["kind"]), (&201.into(), &"award".into()));
    assert!(logged["latency_us"].is_u64() && logged["read_units"].is_string(), "{logged}");
    assert!(!invoked.log.contains("alice"), "no member is logged: {}", invoked.log);
}

#[tokio::test]
async fn binary_without_a_table_says_so() {
    let refused = invoke(Path::new(BINARY), &[], b"{}".to_vec()).await.unwrap_err();
    assert!(refused.starts_with("ended without an answer"), "{refused}");
}

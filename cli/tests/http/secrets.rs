//! No PIN and no key in any item, log line, answer or `Debug`, but the one answer that tells a
//! purchaser.

use std::io::Write;
use std::sync::{Arc, Mutex};

use scrip_cli::local::{Local, Options, Storage};
use scrip_local::TABLE;
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::gift_cards::sell;
use crate::support::Stack;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_are_in_no_item_log_line_or_answer() {
    let log = Written::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt::layer().json().with_writer(move || writer.clone());
    let filter = Targets::new().with_default(LevelFilter::INFO);
    let filter = filter.with_target("dynoxide", LevelFilter::OFF);
    // Of the whole process: what other tests log meanwhile may have no secrets either.
    tracing_subscriber::registry().with(lines).with(filter).init();

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("ledger.db");
    let clock = Some(crate::support::START.parse().unwrap());
    let options = Options { port: 0, storage: Storage::File(data.clone()), clock };
    let stack = Stack::of(Local::start(&options).await.unwrap());
    let cards = [sell(&stack, "ann", "a", "50.00").await, sell(&stack, "ann", "b", "50.00").await];
    let mut answers = Vec::new();
    for card in &cards {
        let max = json!({"number": card.number, "pin": card.pin, "amount": "20.00"});
        let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "20.00"}], "use": {"gift_cards": [max]}});
        answers.push(stack.post("/v1/members/bob/quotes", &body).await);
        answers.push(
            stack.put(&format!("/v1/members/bob/redemptions/{}", &card.number[12..]), &body).await,
        );
        let spend =
            json!({"number": card.number, "pin": card.pin, "amount": "5.00", "currency": "AUD"});
        answers.push(
            stack.put(&format!("/v1/gift-card-redemptions/{}", &card.number[12..]), &spend).await,
        );
        answers.push(stack.post("/v1/gift-cards/balance", &card.presented()).await);
        let number: u64 = card.pin.trim_start_matches('0').parse().unwrap_or(1);
        for wrong in [
            json!(number),
            json!([card.pin]),
            json!({"pin": card.pin}),
            json!(format!("{}x", card.pin)),
        ] {
            answers.push(
                stack
                    .post("/v1/gift-cards/balance", &json!({"number": card.number, "pin": wrong}))
                    .await,
            );
        }
        answers.push(
            stack.post("/v1/gift-cards/balance", &json!({"number": card.number, "pin": "1"})).await,
        );
        answers.push(stack.post("/v1/members/eve/claims", &card.presented()).await);
    }
    for path in [
        "/v1/members/ann/gift-cards",
        "/v1/members/ann/gift-cards/a",
        "/v1/members/eve/entries",
        "/v1/members/bob/entries",
    ] {
        answers.push(stack.get(path).await);
    }
    stack.post("/_local/sweeps/revert", &json!({})).await.is(200);

    let ring: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.with_extension("keys")).unwrap()).unwrap();
    let mut secrets: Vec<String> = ring
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "current")
        .map(|(_, key)| key.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(secrets.len(), 1);
    secrets.extend(cards.iter().map(|card| card.pin.clone()));

    let client = stack.local.embedded().unwrap().client();
    let items = client.scan().table_name(TABLE).send().await.unwrap();
    assert!(10 < items.count());
    let items = format!("{:?}", items.items());
    let answers = format!("{answers:?}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("gift_card_issue"), "{log}");
    for secret in &secrets {
        // Not as a part of a longer number or hash either: those are told apart by their neighbours.
        for (what, text) in [("item", &items), ("answer", &answers), ("log line", &log)] {
            let found = text.match_indices(secret.as_str()).find(|(place, _)| {
                let digit = |at: Option<u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric());
                let bytes = text.as_bytes();
                !digit(place.checked_sub(1).map(|before| bytes[before]))
                    && !digit(bytes.get(place + secret.len()).copied())
            });
            assert!(found.is_none(), "a secret is in an {what}");
        }
        for number in cards.iter().map(|card| &card.number) {
            assert!(!log.contains(number.as_str()), "a number is in the log");
        }
    }
}

/// Two cards of one purchaser, the ring rotated between issue and replay: same number, same PIN.
#[tokio::test]
async fn rotation_of_the_ring_changes_no_card_that_was_sold() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("ledger.db");
    let options = Options { port: 0, storage: Storage::File(data.clone()), clock: None };
    let stack = Stack::of(Local::start(&options).await.unwrap());
    let first = sell(&stack, "ann", "a", "50.00").await;
    let keys = data.with_extension("keys");
    let ring = scrip_edge::KeyRing::parse(&std::fs::read_to_string(&keys).unwrap()).unwrap();
    std::fs::write(&keys, ring.with_new_key().unwrap().reveal()).unwrap();
    // A function that starts now issues with the new key.
    stack.local.stop().await.unwrap();
    let stack = Stack::of(Local::start(&options).await.unwrap());
    let second = sell(&stack, "ann", "b", "50.00").await;
    for (card, sold) in [("a", &first), ("b", &second)] {
        let again = sell(&stack, "ann", card, "50.00").await;
        assert_eq!((&again.number, &again.pin), (&sold.number, &sold.pin));
        stack.post("/v1/members/bob/claims", &again.presented()).await.is(201);
    }
}

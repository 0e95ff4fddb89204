//! Every sample event, through the handler of its function.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lambda_events::encodings::Body as LambdaBody;
use scrip_edge::{App, Function, KeyRing, Keys, serve};
use scrip_ingest::{Ingest, Quarantine};
use scrip_local::Embedded;
use scrip_publish::{Bus, Publish};

use crate::support::START;

const SAMPLE_NUMBER: &str = "6000000000000007";
const SAMPLE_PIN: &str = "482913";

fn samples(function: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Sends every sample of a function, and returns the routes they were for.
pub(crate) async fn send_all<F: Function>(app: &App) {
    let mut routes = BTreeSet::new();
    // A gift card's number is drawn, so the samples' is replaced by that of the last one sold.
    let mut card = (SAMPLE_NUMBER.to_owned(), SAMPLE_PIN.to_owned());
    for file in samples(F::NAME) {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace(SAMPLE_NUMBER, &card.0).replace(SAMPLE_PIN, &card.1);
        let event = serde_json::from_str(&text).unwrap();
        let handled = Box::pin(serve::<F>(app, event)).await;
        let status = handled.response.status_code;
        assert!((200..300).contains(&status), "{}: {:?}", file.display(), handled.response.body);
        if let Some(LambdaBody::Text(body)) = &handled.response.body {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            if let (Some(number), Some(pin)) = (body["number"].as_str(), body["pin"].as_str()) {
                card = (number.to_owned(), pin.to_owned());
            }
        }
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        routes.insert(event["routeKey"].as_str().unwrap().to_owned());
    }
    let all: BTreeSet<String> = F::ROUTES.iter().map(|route| route.key.to_owned()).collect();
    assert_eq!(routes, all, "{} has a sample for every route", F::NAME);
}

/// Sends every batch of orders, and returns how many of them had been applied before.
pub(crate) async fn send_orders(ingest: &Ingest) -> usize {
    let mut replayed = 0;
    for file in samples("ingest") {
        let event = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let report = Box::pin(ingest.handle(event, None)).await;
        let is_rubbish = file.to_str().unwrap().contains("rubbish");
        assert_eq!(report.quarantined, if is_rubbish { 2 } else { 0 }, "{}", file.display());
        replayed += report.replayed;
    }
    replayed
}

#[tokio::test]
async fn every_sample_event_is_answered_and_every_route_has_one() {
    let embedded = Embedded::memory().await.unwrap();
    let start = START.parse().unwrap();
    let keys = Keys::ring(KeyRing::generate().unwrap());
    let app = App::new(embedded.ledger(Arc::new(move || start))).with_keys(keys);
    send_all::<scrip_program::ProgramFunction>(&app).await;
    send_all::<scrip_earn::Earn>(&app).await;
    send_all::<scrip_credit::Credit>(&app).await;
    send_all::<scrip_redeem::Redeem>(&app).await;
    send_all::<scrip_wallet::Wallet>(&app).await;
    send_all::<scrip_gift_card::GiftCard>(&app).await;
    for (job, file) in [("expire", 1), ("revert", 1)] {
        let files = samples(job);
        assert_eq!(files.len(), file);
        let text = std::fs::read_to_string(&files[0]).unwrap();
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["source"], serde_json::json!("aws.scheduler"));
    }
    let ingest = Ingest { app: app.clone(), quarantine: Quarantine::memory() };
    // The order of the samples is that of the sample over HTTP, and so is its return.
    assert_eq!(send_orders(&ingest).await, 3);
    for file in samples("publish") {
        let bus = Bus::memory();
        let publish = Publish { bus: bus.clone(), telemetry: scrip_edge::Telemetry::Log };
        let event = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(publish.handle(event).await, None, "{}", file.display());
        assert!(!bus.events().is_empty());
    }
    let folders: BTreeSet<String> = samples(".")
        .into_iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        folders,
        [
            "credit",
            "earn",
            "expire",
            "gift-card",
            "ingest",
            "program",
            "publish",
            "redeem",
            "revert",
            "wallet",
        ]
        .map(str::to_owned)
        .into()
    );
}

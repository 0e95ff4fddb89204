//! Every sample event, through the handler of its function.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scrip_edge::{App, Function, serve};
use scrip_local::Embedded;

use crate::support::START;

fn samples(function: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Sends every sample of a function, and returns the routes they were for.
async fn send_all<F: Function>(app: &App) {
    let mut routes = BTreeSet::new();
    for file in samples(F::NAME) {
        let text = std::fs::read_to_string(&file).unwrap();
        let event = serde_json::from_str(&text).unwrap();
        let handled = Box::pin(serve::<F>(app, event)).await;
        let status = handled.response.status_code;
        assert!((200..300).contains(&status), "{}: {:?}", file.display(), handled.response.body);
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        routes.insert(event["routeKey"].as_str().unwrap().to_owned());
    }
    let all: BTreeSet<String> = F::ROUTES.iter().map(|route| route.key.to_owned()).collect();
    assert_eq!(routes, all, "{} has a sample for every route", F::NAME);
}

#[tokio::test]
async fn every_sample_event_is_answered_and_every_route_has_one() {
    let embedded = Embedded::memory().await.unwrap();
    let start = START.parse().unwrap();
    let app = App::new(embedded.ledger(Arc::new(move || start)));
    send_all::<scrip_program::ProgramFunction>(&app).await;
    send_all::<scrip_earn::Earn>(&app).await;
    send_all::<scrip_credit::Credit>(&app).await;
    send_all::<scrip_redeem::Redeem>(&app).await;
    send_all::<scrip_wallet::Wallet>(&app).await;
    let folders: BTreeSet<String> = samples(".")
        .into_iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        folders,
        ["credit", "earn", "program", "redeem", "wallet"].map(str::to_owned).into()
    );
}

//! `scrip due` and `scrip sweep`, the real commands on a ledger in a file.

use std::path::Path;
use std::process::Command;

use scrip_cli::local::{Local, Options, Storage};
use serde_json::json;

use crate::support::Stack;

/// What a command says.
fn scrip(data: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    let output = command.args(args).arg("--data").arg(data).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn due_shows_and_sweep_settles_what_the_schedule_would() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("ledger.db");
    let missing = scrip(&data, &["due"]);
    assert!(missing.starts_with("scrip: there is no ledger in "), "{missing}");
    let clock = Some(crate::support::START.parse().unwrap());
    let options = Options { port: 0, storage: Storage::File(data.clone()), clock };
    let stack = Stack::of(Local::start(&options).await.unwrap());
    for (award, expires_at) in [("a", "2026-11-22T00:00:00Z"), ("b", "2026-11-25T00:00:00Z")] {
        let body =
            json!({"points": "survey", "amount": 10, "reason": "x", "expires_at": expires_at});
        stack.put(&format!("/v1/members/alice/awards/{award}"), &body).await.is(201);
    }
    let card =
        json!({"gift_card": "standard", "amount": "50.00", "revert_at": "2026-11-22T10:00:00Z"});
    stack.put("/v1/members/ann/gift-cards/c", &card).await.is(201);
    stack.advance("P2D").await;
    stack.local.stop().await.unwrap();

    let due = scrip(&data, &["due"]);
    assert!(due.contains("2026-11-22         1        1  ####"), "{due}");
    let dry = scrip(&data, &["sweep", "expire", "--dry-run"]);
    assert!(
        dry.starts_with("1 accounts would be looked at, due before 2026-11-23T02:00:00Z;"),
        "{dry}"
    );
    let none = scrip(&data, &["sweep", "expire", "--until", "2026-11-22T00:30:00Z"]);
    assert!(none.starts_with("0 accounts looked at, due before 2026-11-22T00:00:00Z:"), "{none}");
    for job in ["expire", "revert"] {
        let swept = scrip(&data, &["sweep", job]);
        assert!(swept.starts_with("1 accounts looked at"), "{swept}");
        assert!(swept.trim_end().ends_with("1 had something to write"), "{swept}");
    }
    let aside = scrip(&data, &["sweep", "expire", "--set-aside"]);
    assert!(aside.starts_with("0 accounts looked at:"), "{aside}");
    let due = scrip(&data, &["due"]);
    assert!(!due.contains("2026-11-22") && due.contains("2026-11-25         1        0"), "{due}");
}

//! `scrip verify` and `scrip rebuild`, the real commands on a ledger in a file; and what an audit
//! reads.

use std::path::Path;
use std::process::Command;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_cli::local::{Local, Options as LocalOptions, Storage};
use scrip_local::{Embedded, TABLE};
use serde_dynamo::aws_sdk_dynamodb_1::{from_attribute_value, to_attribute_value};
use serde_json::{Value, json};

use crate::support::{START, Stack};

/// What a command says, and its exit code.
fn scrip(data: &Path, args: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    let output = command.args(args).arg("--data").arg(data).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.trim_end().to_owned(), output.status.code().unwrap())
}

#[tokio::test]
async fn verify_and_rebuild_say_what_is_wrong_and_exit_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("ledger.db");
    let (missing, code) = scrip(&data, &["verify"]);
    assert!(missing.starts_with("scrip: there is no ledger in ") && code == 2, "{missing}");
    let clock = Some(START.parse().unwrap());
    let options = LocalOptions { port: 0, storage: Storage::File(data.clone()), clock };
    let stack = Stack::of(Local::start(&options).await.unwrap());
    stack.give("alice", "a", 5).await;
    stack.give("alice", "b", 7).await;
    stack.give("bob", "a", 9).await;
    stack.local.stop().await.unwrap();

    let clean = ("2 accounts, 3 lines: nothing is wrong".to_owned(), 0);
    assert_eq!(scrip(&data, &["verify"]), clean);
    let one = ("1 accounts, 2 lines: nothing is wrong".to_owned(), 0);
    assert_eq!(scrip(&data, &["verify", "--account", "alice"]), one);
    let none = ("0 accounts, 0 lines: nothing is wrong".to_owned(), 0);
    assert_eq!(scrip(&data, &["verify", "--account", "MEMBER#zoe"]), none);
    let later = ["verify", "--account", "alice", "--since", "2027-01-01T00:00:00Z"];
    let newest = ("1 accounts, 1 lines: nothing is wrong".to_owned(), 0);
    assert_eq!(scrip(&data, &later), newest);
    let (rebuilt, code) = scrip(&data, &["rebuild", "--account", "alice"]);
    assert_eq!(rebuilt, "MEMBER#alice: 2 lines replayed, and the state is what they make");
    assert_eq!(code, 0);

    change_amount(&data).await;
    let (found, code) = scrip(&data, &["verify"]);
    let rows: Vec<&str> = found.lines().collect();
    assert_eq!((rows[0], code), ("2 accounts, 3 lines: 4 violations", 1), "{found}");
    assert!(rows[1].starts_with("MEMBER#alice [sum_differs] 62 of points:survey"), "{found}");
    assert!(rows[2].starts_with("MEMBER#alice line 1 [hash_differs] has the hash "), "{found}");
    for (row, part) in rows[3..].iter().zip(["issued", "remaining"]) {
        let member = format!("assets.points:survey.lots[expires never].{part}");
        assert_eq!(
            *row,
            format!("MEMBER#alice line 1 [replay.state] {member} must be 55, and is 5")
        );
    }
    let (json, code) = scrip(&data, &["verify", "--account", "MEMBER#alice", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["clean"], &json["lines"]), (1, &json!(false), &json!(2)));
    assert_eq!(json["violations"][1]["kind"], json!("hash_differs"));
    assert_eq!(json["violations"][1]["account"], json!("MEMBER#alice"));
    assert_eq!(json["violations"][1]["line"], json!(1));
    let (rebuilt, code) = scrip(&data, &["rebuild", "--account", "alice"]);
    let parting = "MEMBER#alice: replay and state part at line 1; nothing was written";
    assert_eq!((rebuilt.lines().next(), rebuilt.lines().count(), code), (Some(parting), 3, 1));
    let (json, code) = scrip(&data, &["rebuild", "--account", "alice", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["line"], &json["lines"]), (1, &json!(1), &json!(0)));
    let whole = "MEMBER#bob: 1 lines replayed, and the state is what they make";
    assert_eq!(scrip(&data, &["rebuild", "--account", "bob"]), (whole.to_owned(), 0));
}

/// Makes the first line of alice post 50 more.
async fn change_amount(data: &Path) {
    let embedded = Embedded::file(data).await.unwrap();
    let client = embedded.client();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let get = client.get_item().table_name(TABLE).key("pk", text("MEMBER#alice"));
    let line = get.key("sk", text("E#000000000001")).send().await.unwrap();
    let mut line = line.item.unwrap();
    let mut postings: Value = from_attribute_value(line["postings"].clone()).unwrap();
    postings[0]["moved"][0]["n"] = json!(55);
    line.insert("postings".to_owned(), to_attribute_value(postings).unwrap());
    client.put_item().table_name(TABLE).set_item(Some(line)).send().await.unwrap();
    embedded.stop().await.unwrap();
}

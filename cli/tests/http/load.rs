//! `scrip load`: the real command, into a stack that runs.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::queue::{completed, returned};
use crate::support::Stack;

const RETAIL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/online-retail.csv");

async fn load(stack: &Stack, file: &Path, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    command.arg("load").arg(file).args(["--to", &stack.local.url()]).args(args);
    let Output { status, stdout, .. } = command.output().await.unwrap();
    (status.success(), String::from_utf8(stdout).unwrap())
}

/// A copy in a folder of its own, for what is remembered is kept beside it.
fn copied(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// The program of a shop in the UK.
async fn uk() -> Stack {
    let mut program: Value = serde_json::from_str(scrip_local::SAMPLE_PROGRAM).unwrap();
    program["currency"] = json!("GBP");
    program["time_zone"] = json!("Europe/London");
    program["points"][0]["expires"] = json!(null);
    Stack::with_program(&program).await
}

const COLUMNS: [&str; 18] = [
    "--column",
    "order=InvoiceNo",
    "--column",
    "sku=StockCode",
    "--column",
    "quantity=Quantity",
    "--column",
    "transacted_at=InvoiceDate",
    "--column",
    "unit_price=UnitPrice",
    "--column",
    "member=CustomerID",
    "--currency",
    "GBP",
    "--time-format",
    "%Y-%m-%d %H:%M:%S",
    "--time-zone",
    "Europe/London",
];

#[tokio::test]
async fn orders_of_a_real_shop_are_loaded_and_what_was_cancelled_earns_nothing() {
    let stack = uk().await;
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(RETAIL).unwrap();
    let file = copied(folder.path(), "retail.csv", &text);
    for _ in 0..2 {
        let (success, said) = load(&stack, &file, &COLUMNS).await;
        assert!(!success);
        assert_eq!(
            said,
            "line 2: no earlier order of `15311` has so much of it\n\
             line 42: `net` of what came back must be more than nothing\n\
             10 messages sent, 2 refused\n"
        );
        // 6 × 10 × 6.75 = 405.00 in January 2011.
        assert_eq!(stack.points("17018", "reward").await, [405, 0, 0, 0]);
        let entry = stack.get("/v1/members/17018/entries/1").await.ok();
        assert_eq!(entry["operation"], json!("purchases/541427"));
        // 74,215 jars for 77,183.60 were bought at 10:01 and cancelled at 10:17.
        let jars = stack.get("/v1/members/12346/entries").await.ok();
        let summaries: Vec<&str> = jars["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["operation"].as_str().unwrap())
            .collect();
        assert_eq!(summaries, ["purchases/541431/returns/C541433", "purchases/541431"]);
        assert_eq!(stack.points("12346", "reward").await, [0, 0, 0, 0]);
        // 144 at 0.55 each: 79.20.
        assert_eq!(stack.points("15513", "reward").await, [79, 0, 0, 0]);
    }
    assert!(!folder.path().join("retail.csv.progress").exists());
}

#[tokio::test]
async fn messages_are_loaded_line_by_line_and_refused_ones_are_told_by_their_number() {
    let stack = Stack::new().await;
    let folder = tempfile::tempdir().unwrap();
    let mut euros = completed("alice", "2", "10.00");
    euros["currency"] = json!("EUR");
    let lines = [
        returned("1", "r", "4.00").to_string(),
        String::new(),
        "rubbish".to_owned(),
        euros.to_string(),
        completed("alice", "1", "10.00").to_string(),
        completed("alice", "1", "10.00").to_string(),
    ];
    let file = copied(folder.path(), "orders.jsonl", &lines.join("\n"));
    let (success, said) = load(&stack, &file, &[]).await;
    assert!(!success);
    assert_eq!(
        said,
        "line 3: invalid_request: `body` must be one JSON object\n\
         line 4: rule_refused: `currency` must be AUD, the currency of the program\n\
         3 messages sent, 2 refused\n"
    );
    assert_eq!(stack.points("alice", "reward").await, [0, 6, 0, 0]);
}

/// A return that stands long before its order finds it in the end.
#[tokio::test]
async fn return_before_its_order_in_the_file_waits_for_the_end() {
    let stack = Stack::new().await;
    let folder = tempfile::tempdir().unwrap();
    let mut lines = vec![returned("o249", "r", "0.50").to_string()];
    let orders = (0..250).map(|number| completed("alice", &format!("o{number}"), "1.00"));
    lines.extend(orders.map(|order| order.to_string()));
    let file = copied(folder.path(), "orders.jsonl", &lines.join("\n"));
    let (success, said) = load(&stack, &file, &[]).await;
    assert!(success, "{said}");
    assert_eq!(said, "251 messages sent, 0 refused\n");
    assert_eq!(stack.points("alice", "reward").await, [0, 249, 0, 0]);
}

#[tokio::test]
async fn load_goes_on_where_it_was_stopped() {
    let stack = Stack::new().await;
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..1200)
        .map(|number| completed("alice", &format!("o{number}"), "1.00").to_string())
        .collect();
    let file = copied(folder.path(), "orders.jsonl", &lines.join("\n"));
    let refused = json!({"line": 7, "reason": "rule_refused: because"});
    let place = json!({"bytes": std::fs::metadata(&file).unwrap().len(), "sent": 1000,
        "waiting": [3], "refused": [refused]});
    copied(folder.path(), "orders.jsonl.progress", &place.to_string());
    let (success, said) = load(&stack, &file, &[]).await;
    assert!(!success, "{said}");
    assert_eq!(
        said,
        "line 7: rule_refused: because\n201 messages sent, 1000 had been sent before, 1 refused\n"
    );
    // The last 200, and the one that waited.
    assert_eq!(stack.points("alice", "reward").await, [0, 201, 0, 0]);
    // Nobody there: what was sent is remembered, and the file is not changed.
    let gone = ["--to", "http://127.0.0.1:1"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    let output = command.arg("load").arg(&file).args(gone).output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("scrip: the stack at http://127.0.0.1:1 does not answer"), "{said}");
}

/// What SQS does not take at first is sent again, and nothing else is.
#[tokio::test]
async fn queue_of_sqs_is_sent_batches_until_it_has_taken_all() {
    let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&requests);
    let answer = move |body: axum::body::Bytes| async move {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        let failed =
            |id: &Value| json!({"Id": id, "Code": "ServiceUnavailable", "SenderFault": false});
        let entries = request["Entries"].as_array().unwrap();
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for entry in entries {
            if seen.len() == 1 && entry["Id"] == json!("3") {
                left.push(failed(&entry["Id"]));
            } else {
                taken.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
            }
        }
        axum::Json(json!({"Successful": taken, "Failed": left}))
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = axum::Router::new().fallback(axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..12)
        .map(|number| completed("alice", &format!("o{number}"), "1.00").to_string())
        .collect();
    let file = copied(folder.path(), "orders.jsonl", &lines.join("\n"));
    let queue = format!("{url}/123456789012/orders");
    let output = Command::new(env!("CARGO_BIN_EXE_scrip"))
        .args(["load", "--queue-url", &queue])
        .arg(&file)
        .env("AWS_ENDPOINT_URL_SQS", &url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "12 messages sent, 0 refused\n");
    let requests = requests.lock().unwrap();
    let ids = |request: &Value| -> Vec<String> {
        let entries = request["Entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["Id"].as_str().unwrap().to_owned()).collect()
    };
    let sent: Vec<Vec<String>> = requests.iter().map(ids).collect();
    let first: Vec<String> = (1..=10).map(|line| line.to_string()).collect();
    assert_eq!(sent, [first, vec!["3".to_owned()], vec!["11".to_owned(), "12".to_owned()]]);
    assert_eq!(requests[1]["Entries"][0]["MessageBody"], json!(lines[2]));
    assert_eq!(requests[1]["Entries"][0]["MessageGroupId"], json!("alice"));
    assert_eq!(requests[1]["QueueUrl"], json!(queue));
}

#[tokio::test]
async fn table_that_cannot_be_read_says_what_is_missing() {
    let stack = Stack::new().await;
    let folder = tempfile::tempdir().unwrap();
    let header = "order,member,transacted_at,net,quantity,currency,sku,returns\n";
    let check = async |text: &str, args: &[&str], says: &str| {
        let file = copied(folder.path(), "table.csv", text);
        let (_, said) = load(&stack, &file, args).await;
        assert!(said.contains(says), "{said} does not say {says}");
    };
    check("a,b\n", &[], "there is no column `order`: name it with --column order=HEADER").await;
    check(
        header,
        &["--column", "x=y"],
        "--column x=y must be NAME=HEADER, where NAME is one of order",
    )
    .await;
    check(header, &["--column", "sku=SKU"], "there is no column `SKU`").await;
    let row = |row: &str| format!("{header}{row}\n");
    let at = "2026-11-20T00:00:00Z";
    check(&row(&format!("1,,{at},1.00,1,AUD,S,")), &[], "line 2: `member` is missing").await;
    check(&row(&format!("1,al,{at},x,1,AUD,S,")), &[], "line 2: `net` must be a number").await;
    let thirds = "line 2: `net` 1.005 is not a whole number of AUD's minor units";
    check(&row(&format!("1,al,{at},1.005,1,AUD,S,")), &[], thirds).await;
    check(&row(&format!("1,al,{at},1,1,XX,S,")), &[], "line 2: `currency`").await;
    check(&row("1,al,yesterday,1,1,AUD,S,"), &[], "line 2: invalid_request: `transacted_at`").await;
    let odd = row("1,al,2026-10-04 02:30:00,1,1,AUD,S,");
    let melbourne = ["--time-format", "%Y-%m-%d %H:%M:%S", "--time-zone", "Australia/Melbourne"];
    check(&odd, &melbourne, "does not exist in Australia/Melbourne").await;
    // A row that is refused takes its order with it, and what is of another member.
    let broken =
        row(&format!("1,al,{at},1.00,1,AUD,S,\n1,al,{at},x,1,AUD,S,\n2,al,{at},1.00,1,AUD,S,"));
    let says = "line 2: another line of `1` is refused\nline 3: `net` must be a number\n1 messages sent, 2 refused";
    check(&broken, &[], says).await;
    let other = row(&format!("1,al,{at},1.00,1,AUD,S,\n1,bo,{at},1.00,1,AUD,S,"));
    check(&other, &[], "line 3: `1` has another member or currency above\n0 messages").await;
    // Two lines of one sku, and a return that takes of both, in yen, which have no cents.
    let yen = format!(
        "{header}7,al,{at},100,1,JPY,S,\n7,al,{at},50,1,JPY,S,\n8,al,{at},-120,-2,JPY,S,\n9,al,{at},-31,-1,JPY,S,7\n"
    );
    let says = "line 5: no earlier order of `al` has so much of it";
    check(&yen, &[], says).await;
}

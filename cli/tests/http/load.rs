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

/// A stack that takes what it is sent until it is told to take no more.
#[derive(Clone, Default)]
struct Taker {
    orders: Arc<Mutex<Vec<String>>>,
    /// Requests until it takes no more.
    left: Arc<Mutex<Option<u32>>>,
}

impl Taker {
    async fn start(&self) -> String {
        let taker = self.clone();
        let answer = move |body: axum::body::Bytes| {
            let taker = taker.clone();
            async move { axum::Json(taker.take(&body)) }
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(axum::routing::post(answer));
        let router = router.layer(axum::extract::DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    /// Of what it takes `o3` waits the first time, and `o7` is refused.
    fn take(&self, body: &[u8]) -> Value {
        if let Some(left) = &mut *self.left.lock().unwrap() {
            if *left == 0 {
                return json!({"code": "unavailable", "detail": "no more"});
            }
            *left -= 1;
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut orders = self.orders.lock().unwrap();
        let mut dead = Vec::new();
        for message in body["messages"].as_array().unwrap() {
            let order = message["order"].as_str().unwrap().to_owned();
            let is_first = !orders.contains(&order);
            if order == "o3" && is_first || order == "o7" {
                let reason = json!({"code": "c", "detail": "d", "retryable": order == "o3"});
                dead.push(json!({"message": message, "reason": reason}));
            }
            orders.push(order);
        }
        json!({"dead": dead})
    }

    fn taken(&self) -> Vec<String> {
        self.orders.lock().unwrap().clone()
    }

    fn forget(&self) {
        self.orders.lock().unwrap().clear();
        *self.left.lock().unwrap() = None;
    }
}

async fn load_to(url: &str, file: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    let output = command.arg("load").arg(file).args(["--to", url]).output().await.unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn orders(ids: impl Iterator<Item = u32>) -> Vec<String> {
    ids.map(|number| format!("o{number}")).collect()
}

fn five_hundred(net: &str) -> String {
    let lines = orders(0..500).into_iter().map(|order| completed("alice", &order, net));
    lines.map(|line| line.to_string()).collect::<Vec<_>>().join("\n")
}

/// What was sent is not sent again, what waited is, and what was refused is told again.
#[tokio::test]
async fn load_goes_on_where_it_was_stopped() {
    let taker = Taker::default();
    let url = taker.start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = copied(folder.path(), "orders.jsonl", &five_hundred("1.00"));
    *taker.left.lock().unwrap() = Some(2);
    let said = load_to(&url, &file).await;
    assert_eq!(said, format!("scrip: the stack at {url} refused: unavailable: no more\n"));
    assert_eq!(taker.taken(), orders(0..200));
    *taker.left.lock().unwrap() = None;
    let said = load_to(&url, &file).await;
    // `o3` was sent in the first run, and is again.
    assert_eq!(said, "line 8: c: d\n301 messages sent, 200 had been sent before, 1 refused\n");
    assert_eq!(taker.taken(), orders((0..500).chain([3])));
    assert!(!folder.path().join("orders.jsonl.progress").exists());
    let said = load_to("http://127.0.0.1:1", &file).await;
    assert!(said.starts_with("scrip: the stack at http://127.0.0.1:1 does not answer"), "{said}");
}

/// Places in a file that has changed, or was sent elsewhere, are places of something else.
#[tokio::test]
async fn load_begins_anew_when_the_file_has_changed_or_goes_elsewhere() {
    let (taker, other) = (Taker::default(), Taker::default());
    let (here, elsewhere) = (taker.start().await, other.start().await);
    let folder = tempfile::tempdir().unwrap();
    for (net, url, found) in [("2.00", &here, &taker), ("1.00", &elsewhere, &other)] {
        let file = copied(folder.path(), "orders.jsonl", &five_hundred("1.00"));
        *taker.left.lock().unwrap() = Some(2);
        load_to(&here, &file).await;
        assert_eq!(taker.taken(), orders(0..200));
        taker.forget();
        // As long as before.
        copied(folder.path(), "orders.jsonl", &five_hundred(net));
        load_to(url, &file).await;
        assert_eq!(found.taken(), orders((0..500).chain([3])), "{net}");
        found.forget();
    }
}

/// A row of the wrong width, and bytes that are no text, are refused and stop nothing.
#[tokio::test]
async fn rubbish_in_a_file_is_told_by_its_line() {
    let stack = Stack::new().await;
    let folder = tempfile::tempdir().unwrap();
    let at = "2026-11-20T00:00:00Z";
    let file = folder.path().join("table.csv");
    let rows = [
        b"order,member,transacted_at,net,quantity,currency,sku,description".to_vec(),
        format!("1,al,{at},1.00,1,AUD,S,x").into_bytes(),
        format!("1,al,{at},1.00,1,AUD,T,x,y").into_bytes(),
        format!("2,al,{at},1.00,1,AUD,S").into_bytes(),
        [format!("3,al,{at},2.00,1,AUD,S,caf").as_bytes(), b"\xe9"].concat(),
        [b"4,al\xe9,", at.as_bytes(), b",1.00,1,AUD,S,x"].concat(),
        format!("5,bo,{at},x,1,AUD,S,x").into_bytes(),
        format!("5,bo,{at},1.00,1,AUD,S,x").into_bytes(),
        format!("6,bo,{at},-1.00,-1,AUD,S,x").into_bytes(),
    ];
    std::fs::write(&file, rows.join(&b'\n')).unwrap();
    let (success, said) = load(&stack, &file, &[]).await;
    assert!(!success);
    assert_eq!(
        said,
        "line 2: another line of `1` is refused\n\
         line 3: has 9 columns, not 8\n\
         line 4: has 7 columns, not 8\n\
         line 6: `member` is not UTF-8\n\
         line 7: `net` must be a number\n\
         line 8: another line of `5` is refused\n\
         line 9: another line of `5` is refused\n\
         1 messages sent, 7 refused\n"
    );
    assert_eq!(stack.points("al", "reward").await, [0, 2, 0, 0]);
    let file = folder.path().join("orders.jsonl");
    let order = completed("al", "7", "1.00").to_string();
    std::fs::write(&file, [b"\xe9", order.as_bytes()].join(&b'\n')).unwrap();
    let (_, said) = load(&stack, &file, &[]).await;
    assert_eq!(said, "line 1: is not UTF-8\n1 messages sent, 1 refused\n");
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

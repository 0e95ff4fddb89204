//! One invocation of a real function binary, as its tests make it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use scrip_domain::time::Instant;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::SAMPLE_PROGRAM;
use crate::embedded::{Embedded, TABLE};
use crate::sandbox::Sandbox;

/// Checks that a function's real binary answers one event of API Gateway for the member `alice`
/// with this status, and logs it once, counted as this kind, without naming the member. The
/// binary has the name of its function.
///
/// # Panics
/// When it does not: this is for tests.
pub async fn check_binary(binary: &str, event: &[u8], status: u16, kind: &str) {
    let invoked =
        invoke_on_sample(Path::new(binary), event, &[]).await.unwrap_or_else(|it| refuse(&it));
    assert_eq!(invoked.answer.get("statusCode"), Some(&status.into()), "{}", invoked.answer);
    let logged = invoked.measured("route");
    let event: serde_json::Value = serde_json::from_slice(event).unwrap_or_default();
    let function = Path::new(binary).file_name().and_then(|name| name.to_str());
    assert_eq!(logged.get("function").and_then(|name| name.as_str()), function);
    assert_eq!(logged.get("route"), event.get("routeKey"));
    assert_eq!(logged.get("status"), Some(&status.into()));
    assert_eq!(logged.get("kind"), Some(&kind.into()));
    let measured = ["latency_us", "read_units", "write_units"];
    assert!(measured.iter().all(|field| logged.get(field).is_some()), "{logged}");
    assert!(!invoked.log.contains("alice"), "no member is logged: {}", invoked.log);
}

/// Checks that the real binary of a scheduled job runs on what the schedule sends, answers with
/// counts, and logs them once. There is nothing due.
///
/// # Panics
/// When it does not: this is for tests.
pub async fn check_sweep_binary(binary: &str, event: &[u8]) {
    let invoked =
        invoke_on_sample(Path::new(binary), event, &[]).await.unwrap_or_else(|it| refuse(&it));
    for count in ["visited", "posted", "failed", "left"] {
        assert_eq!(invoked.answer.get(count), Some(&0.into()), "{}", invoked.answer);
    }
    let only = invoked.measured("visited");
    let job = Path::new(binary).file_name().and_then(|name| name.to_str());
    assert_eq!(only.get("function").and_then(|job| job.as_str()), job);
    let measured = ["operations", "failed", "left", "due_age_s", "read_units", "write_units"];
    assert!(measured.iter().all(|field| only.get(field).is_some()), "{only}");
}

/// Checks that a function's real binary ends at once when it is not told its table.
///
/// # Panics
/// When it does not: this is for tests.
pub async fn check_binary_needs_a_table(binary: &str) {
    let ended = invoke(Path::new(binary), &[], b"{}".to_vec()).await.map(|it| it.answer);
    let said = ended.as_ref().err().is_some_and(|it| it.starts_with("ended without an answer"));
    assert!(said, "{ended:?}");
}

#[expect(clippy::panic, reason = "for tests: what cannot be invoked has failed")]
fn refuse(fault: &str) -> ! {
    panic!("{fault}")
}

/// What a function answered, and what it logged.
#[derive(Debug)]
pub struct Invoked {
    /// Its answer.
    pub answer: serde_json::Value,
    /// Its standard output: one JSON object a line.
    pub log: String,
}

/// What a real binary asked of services of AWS, and gave back.
#[derive(Debug)]
pub struct Asked {
    /// What it answered and logged.
    pub invoked: Invoked,
    /// The body of each request to a service other than DynamoDB.
    pub requests: Vec<serde_json::Value>,
}

/// Gives a real binary one event, on a ledger in memory with the sample program. Every service but
/// DynamoDB is a stand-in on loopback that answers `reply` to whatever it is asked; variables are
/// what the function needs beside the table, and the stand-in's URL where they say `$services`.
///
/// # Panics
/// When the binary ends without an answer: this is for tests.
pub async fn invoke_with_services(
    binary: &str,
    event: &[u8],
    variables: &[(&str, &str)],
    reply: serde_json::Value,
) -> Asked {
    let requests: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
    let record = Arc::clone(&requests);
    let answer = move |body: Bytes| async move {
        let request = serde_json::from_slice(&body).unwrap_or_default();
        if let Ok(mut requests) = record.lock() {
            requests.push(request);
        }
        ([("content-type", "application/x-amz-json-1.1")], reply.to_string())
    };
    let started = async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok::<_, std::io::Error>((listener.local_addr()?, listener))
    };
    let (address, listener) = started.await.unwrap_or_else(|error| refuse(&error.to_string()));
    let services = Router::new().fallback(post(answer));
    let server = tokio::spawn(async move { axum::serve(listener, services).await });
    let url = format!("http://{address}");
    let variables = variables.iter().map(|(name, value)| (*name, value.replace("$services", &url)));
    let variables: Vec<(&str, String)> = variables.collect();
    let borrowed: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let invoked = invoke_on_sample(Path::new(binary), event, &borrowed).await;
    let invoked = invoked.unwrap_or_else(|it| refuse(&it));
    server.abort();
    let requests = requests.lock().map(|requests| requests.clone()).unwrap_or_default();
    Asked { invoked, requests }
}

impl Invoked {
    /// The one line of metrics with this member.
    ///
    /// # Panics
    /// When there is not exactly one: this is for tests.
    pub fn measured(&self, member: &str) -> serde_json::Value {
        let lines = self.log.lines().filter_map(|line| serde_json::from_str(line).ok());
        let is_it =
            |line: &serde_json::Value| line.get("_aws").is_some() && line.get(member).is_some();
        let mut measured: Vec<serde_json::Value> = lines.filter(is_it).collect();
        match (measured.pop(), measured.is_empty()) {
            (Some(only), true) => only,
            _ => refuse(&self.log),
        }
    }
}

/// Starts `binary` as Lambda would, with these variables and no others of AWS, gives it one event
/// and returns its answer and its log.
///
/// # Errors
/// When the binary cannot be started or ends without an answer; for a person to read.
async fn invoke(
    binary: &Path,
    variables: &[(&str, &str)],
    event: Vec<u8>,
) -> Result<Invoked, String> {
    let mut command = command(binary);
    command.env_clear().envs(variables.iter().copied());
    let mut sandbox = Sandbox::start(command).await?;
    let answered = sandbox.invoke(event).await?;
    let log = sandbox.stop().await?;
    let answer = serde_json::from_slice(&answered.body).map_err(|error| error.to_string())?;
    Ok(Invoked { answer, log })
}

/// How a binary is started: by itself, or, where `SCRIP_RUNNER` names a command, by that command, which
/// is given the name of the function. So the tests run what was built for another machine.
fn command(binary: &Path) -> Command {
    let Some(runner) = std::env::var_os("SCRIP_RUNNER") else { return Command::new(binary) };
    let mut command = Command::new(runner);
    command.args(binary.file_name());
    command
}

/// [`invoke`] on a ledger in memory that has the sample program, and nothing else.
///
/// # Errors
/// As [`invoke`]; also when the ledger cannot be made.
async fn invoke_on_sample(
    binary: &Path,
    event: &[u8],
    more: &[(&str, &str)],
) -> Result<Invoked, String> {
    let embedded = Embedded::memory().await.map_err(|error| error.to_string())?;
    let ledger = embedded.ledger(Arc::new(|| Instant::EPOCH));
    let program = serde_json::from_str(SAMPLE_PROGRAM).map_err(|error| error.to_string())?;
    ledger.set_program(program, 0, "sample").await.map_err(|error| error.to_string())?;
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", embedded.endpoint()),
        ("AWS_ACCESS_KEY_ID", embedded.access_key()),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", "us-east-1"),
        ("SCRIP_TABLE", TABLE),
        ("SCRIP_METRICS", "scrip/test"),
    ];
    invoke(binary, &[&variables, more].concat(), event.to_vec()).await
}

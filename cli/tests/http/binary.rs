//! The real `scrip` binary: killed, interrupted, started again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::order;

struct Scrip {
    process: Child,
    url: String,
    output: BufReader<std::process::ChildStdout>,
}

impl Scrip {
    fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_scrip"))
            .args(["local", "--port", "0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        let url = first.split_whitespace().find(|word| word.starts_with("http")).unwrap();
        Self { url: url.trim_end_matches(';').to_owned(), process, output }
    }
}

impl Drop for Scrip {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Killed in the middle of writing, again and again: everything acknowledged is there, everything
/// sent again counts once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_stack_starts_again_on_the_same_file_with_nothing_lost() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("scrip.db");
    let client = reqwest::Client::new();
    let mut acknowledged = 0;
    for round in 0..4 {
        let mut scrip = Scrip::start(&data);
        let url = scrip.url.clone();
        let writer = tokio::spawn({
            let client = client.clone();
            async move {
                let mut done = acknowledged;
                // Always the one after the last acknowledged: what the kill cut off is repeated.
                loop {
                    let path = format!("{url}/v1/members/alice/purchases/o{done}");
                    let sent = client.put(path).body(order("1.00").to_string()).send().await;
                    match sent {
                        Ok(reply) if reply.status().is_success() => done += 1,
                        _ => return done,
                    }
                }
            }
        });
        tokio::time::sleep(std::time::Duration::from_millis(400 + 50 * round)).await;
        scrip.process.kill().unwrap();
        acknowledged = writer.await.unwrap();
    }
    assert!(acknowledged > 0);
    let scrip = Scrip::start(&data);
    let page = client.get(format!("{}/v1/members/alice/entries?limit=1", scrip.url));
    let page: serde_json::Value = page.send().await.unwrap().json().await.unwrap();
    let written = page["entries"][0]["entry"].as_u64().unwrap();
    // The last one may have been written without being acknowledged.
    assert!(written == acknowledged || written == acknowledged + 1, "{written} of {acknowledged}");
}

#[cfg(unix)]
#[tokio::test]
async fn interrupted_stack_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut scrip = Scrip::start(&folder.path().join("scrip.db"));
        let health = reqwest::get(format!("{}/_local/health", scrip.url)).await.unwrap();
        assert_eq!(health.status(), 200);
        let pid = scrip.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let rest: Vec<String> = scrip.output.by_ref().lines().map(Result::unwrap).collect();
        assert!(scrip.process.wait().unwrap().success());
        assert_eq!(rest.last().map(String::as_str), Some("finishing what is under way"));
    }
}

#[test]
fn readme_has_the_walk_through_that_the_stack_prints() {
    let read = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    };
    assert!(read("../README.md").contains(&read("walk-through.sh")));
}

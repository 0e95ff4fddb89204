//! A sweep of very many due accounts by one process, on the embedded DynamoDB in a file: units per
//! account, and memory, which must not grow with their number.
//!
//! `cargo bench -p scrip-cli --bench sweep -- 100000`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report; one that panics has failed"
)]

use std::sync::Arc;
use std::time::Instant as Stopwatch;

use scrip_domain::award::{self, Award};
use scrip_domain::entry::Operation;
use scrip_domain::id::MemberId;
use scrip_domain::program::{Document, Program};
use scrip_domain::time::Instant;
use scrip_edge::{App, SweepOptions, sweep};
use scrip_local::{Embedded, SAMPLE_PROGRAM};
use scrip_store::{Fingerprint, Ledger, Request};
use tokio::task::JoinSet;

const SEEDED_AT: &str = "2026-11-21T03:04:05Z";
const SWEPT_AT: &str = "2026-11-23T00:00:00Z";
/// Accounts that are seeded at once.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let wanted = std::env::args().find_map(|arg| arg.parse::<usize>().ok());
    let wanted = wanted.unwrap_or(2_000);
    println!(
        "| due accounts | seconds | read units each | write units each | memory before | most while it ran |"
    );
    println!("|---|---|---|---|---|---|");
    for count in [wanted.div_ceil(10), wanted] {
        measure(count).await;
    }
}

async fn measure(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::file(&folder.path().join("ledger.db")).await.unwrap();
    let document: Document = serde_json::from_str(SAMPLE_PROGRAM).unwrap();
    let program = Arc::new(Program::from_document(&document).unwrap());
    let at = |text: &str| -> Instant { text.parse().unwrap() };
    let seeding = at(SEEDED_AT);
    let ledger = embedded.ledger(Arc::new(move || seeding));
    ledger.set_program(document, 0, "bench").await.unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        if AT_ONCE <= tasks.len() {
            tasks.join_next().await.unwrap().unwrap();
        }
        tasks.spawn(seed(ledger.clone(), Arc::clone(&program), number));
    }
    while let Some(seeded) = tasks.join_next().await {
        seeded.unwrap();
    }
    let sweeping = at(SWEPT_AT);
    let app = App::new(embedded.ledger(Arc::new(move || sweeping)));
    let before = kilobytes("VmRSS:");
    reset_peak();
    let started = Stopwatch::now();
    let (report, usage) =
        Box::pin(sweep::<scrip_expire::Expire>(&app, SweepOptions::default())).await.unwrap();
    let seconds = started.elapsed().as_secs();
    assert_eq!(report.posted, count as u64, "{report:?}");
    let each = |halves: u64| {
        format!("{}.{:02}", halves / 2 / count as u64, halves * 50 / count as u64 % 100)
    };
    println!(
        "| {count} | {seconds} | {} | {} | {} MB | {} MB |",
        each(usage.read_halves),
        each(usage.write_halves),
        before / 1024,
        kilobytes("VmHWM:") / 1024
    );
    embedded.stop().await.unwrap();
}

/// A member with ten points that expire.
async fn seed(ledger: Ledger, program: Arc<Program>, number: usize) {
    let member: MemberId = format!("m{number}").parse().unwrap();
    let award = Award {
        award: "a".parse().unwrap(),
        points: "survey".parse().unwrap(),
        amount: 10_u64.try_into().unwrap(),
        reason: "bench".parse().unwrap(),
        issued_at: None,
        accrue_at: None,
        expires_at: Some("2026-11-22T00:00:00Z".parse().unwrap()),
    };
    let request = Request {
        account: member.into(),
        operation: Some(Operation::Award("a".parse().unwrap())),
        fingerprint: Fingerprint::of(&10).unwrap(),
        by: "bench".to_owned(),
        program: 1,
        about: None,
    };
    let decide =
        |it: &scrip_store::Situation<'_>| award::decide(it.wallet, &program, &award, it.now);
    Box::pin(ledger.apply(&request, decide)).await.unwrap();
}

/// A line of `/proc/self/status`; nothing where there is none.
fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Makes the kernel forget the most memory there was so far.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

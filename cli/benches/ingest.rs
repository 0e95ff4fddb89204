//! How fast `ingest` takes orders, beside the bare puts that it makes: both on an embedded DynamoDB
//! of their own, in memory, with as many calls under way. What they share is the database, so the
//! ratio is what the rest costs: reading before every write, deciding, encoding.
//!
//! `cargo bench -p scrip-cli --bench ingest -- 5000`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report; one that panics has failed"
)]

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use aws_lambda_events::sqs::SqsEvent;
use scrip_domain::program::Document;
use scrip_domain::time::Instant;
use scrip_edge::App;
use scrip_ingest::{Ingest, Quarantine};
use scrip_local::{Embedded, SAMPLE_PROGRAM, TABLE};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const NOW: &str = "2026-11-21T03:04:05Z";
/// Messages of a batch, and batches under way.
const BATCH: usize = 100;
const BATCHES_AT_ONCE: usize = 8;
/// Orders of one member.
const ORDERS_EACH: usize = 10;
/// Calls under way of the bare puts: as `ingest` has, with 16 members of each batch at once.
const PUTS_AT_ONCE: usize = 16 * BATCHES_AT_ONCE;
/// Rounds, of which the middle one counts.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let orders = std::env::args().find_map(|arg| arg.parse::<usize>().ok()).unwrap_or(1_000);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(measure(orders).await);
    }
    rounds.sort_by_key(|round| round.per_mille);
    let Round { ingest, puts, count, per_mille, units } = rounds.swap_remove(ROUNDS / 2);
    println!("| orders | ingest | {count} bare puts | ratio | read, write units an order |");
    println!("|---|---|---|---|---|");
    let (whole, part) = (per_mille / 1000, per_mille % 1000 / 10);
    println!("| {orders} | {ingest:.2?} | {puts:.2?} | {whole}.{part:02} | {units} |");
}

struct Round {
    ingest: Duration,
    puts: Duration,
    count: usize,
    /// How many times as long, in thousandths.
    per_mille: u128,
    units: String,
}

/// One order of one member: `ORDERS_EACH` of them in all, and never two in one batch.
fn message(number: usize, members: usize) -> String {
    json!({
        "type": "order.completed", "version": 1,
        "member": format!("m{}", number % members), "order": format!("o{number}"),
        "currency": "AUD", "transacted_at": NOW,
        "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "net": "59.95"},
                  {"id": "2", "sku": "SOCKS", "category": "apparel", "net": "12.00"}],
    })
    .to_string()
}

async fn measure(orders: usize) -> Round {
    let embedded = Embedded::memory().await.unwrap();
    let now: Instant = NOW.parse().unwrap();
    let ledger = embedded.ledger(Arc::new(move || now));
    let document: Document = serde_json::from_str(SAMPLE_PROGRAM).unwrap();
    ledger.set_program(document, 0, "bench").await.unwrap();
    let app = App::new(ledger);
    app.program().await.unwrap();
    let ingest = Ingest { app, quarantine: Quarantine::memory() };
    let members = orders.div_ceil(ORDERS_EACH).max(BATCH * BATCHES_AT_ONCE);
    let batches: Vec<SqsEvent> = (0..orders)
        .collect::<Vec<_>>()
        .chunks(BATCH)
        .map(|numbers| {
            let records = numbers.iter().map(
                |number| json!({"messageId": number.to_string(), "body": message(*number, members)}),
            );
            serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
        })
        .collect();
    let started = Stopwatch::now();
    let gate = Arc::new(Semaphore::new(BATCHES_AT_ONCE));
    let mut running = JoinSet::new();
    for batch in batches {
        let (ingest, turn) = (ingest.clone(), Arc::clone(&gate).acquire_owned().await.unwrap());
        running.spawn(async move {
            let report = Box::pin(ingest.handle(batch, None)).await;
            drop(turn);
            assert!(report.given_back.is_empty() && report.quarantined == 0, "{report:?}");
            report.usage
        });
    }
    let mut usage = scrip_store::Usage::default();
    while let Some(ended) = running.join_next().await {
        usage = usage.and(ended.unwrap());
    }
    let took = started.elapsed();
    let each = |halves: u64| {
        let hundredths = halves * 50 / u64::try_from(orders).unwrap();
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    };
    let units = format!("{}, {}", each(usage.read_halves), each(usage.write_halves));
    let (puts, count) = bare(&embedded).await;
    let per_mille = took.as_micros() * 1000 / puts.as_micros().max(1);
    Round { ingest: took, puts, count, per_mille, units }
}

/// Puts every item that is in a database into another one.
async fn bare(from: &Embedded) -> (Duration, usize) {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let scan = from.client().scan().table_name(TABLE).set_exclusive_start_key(start);
        let page = scan.send().await.unwrap();
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    let (count, to) = (items.len(), Embedded::memory().await.unwrap());
    let gate = Arc::new(Semaphore::new(PUTS_AT_ONCE));
    let mut running = JoinSet::new();
    let started = Stopwatch::now();
    for item in items {
        let (client, turn) =
            (to.client().clone(), Arc::clone(&gate).acquire_owned().await.unwrap());
        running.spawn(async move {
            let put = client.put_item().table_name(TABLE).set_item(Some(item));
            put.condition_expression("attribute_not_exists(pk)").send().await.unwrap();
            drop(turn);
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    (started.elapsed(), count)
}

//! How long many operations take, beside the bare puts of the items that they leave: both on an
//! embedded DynamoDB of their own, in memory, with as many under way. What they share is the
//! database, so the ratio is what the rest costs: reading before every write, deciding, encoding.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use aws_lambda_events::sqs::SqsEvent;
use scrip_ingest::{Ingest, Quarantine};
use scrip_local::{Embedded, TABLE};
use scrip_store::Usage;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::till::Till;

/// Operations under way at once.
const AT_ONCE: usize = 64;
const OPERATIONS: usize = 5_000;
/// Operations of one member, where there are many.
const EACH: usize = 10;
/// Writers of one member, and what they write.
const WRITERS: usize = 8;
const WRITTEN: usize = 1_000;
/// Messages of a batch, and batches under way: `ingest` works on sixteen members of each at once.
const BATCH: usize = 100;
const BATCHES_AT_ONCE: usize = AT_ONCE / 16;
/// Rounds, of which the middle one counts.
const ROUNDS: usize = 3;
const AWARD: &str = "PUT /v1/members/{member}/awards/{award}";

/// What was done, and what it took.
struct Outcome {
    operations: usize,
    took: Duration,
    usage: Usage,
    items: usize,
    puts: Duration,
}

impl Outcome {
    /// How many times as long, in thousandths.
    fn per_mille(&self) -> u128 {
        self.took.as_micros() * 1000 / self.puts.as_micros().max(1)
    }

    /// Units of one operation.
    fn each(&self, halves: u64) -> String {
        let hundredths = halves * 50 / u64::try_from(self.operations).unwrap();
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// Measures everything, as a page for a person. Takes some minutes.
pub async fn page() -> String {
    let mut page = format!(
        "# Throughput\n\n\
         How long operations take beside the bare puts of the items that they leave. Both are on an embedded \
         database of their own, with as many under way, so the ratio is what scrip adds: reading before every \
         write, deciding, encoding. The median of {ROUNDS} rounds. `cargo run --profile simulate -p scrip-benches \
         --bin throughput` writes this page; times depend on the machine, the ratios are the claim.\n\n\
         | what | operations | took | bare puts | took | ratio | read, write units each |\n|---|---|---|---|---|---|---|\n"
    );
    let members = format!("awards to {} members, {AT_ONCE} at once", OPERATIONS / EACH);
    let _ = writeln!(page, "{}", row(&members, async || members_in_parallel().await).await);
    let one = format!("awards to one member by {WRITERS} writers");
    let _ = writeln!(page, "{}", row(&one, async || one_member().await).await);
    let orders = format!("orders through `ingest`, {} members at once", 16 * BATCHES_AT_ONCE);
    let _ = writeln!(page, "{}", row(&orders, async || orders_of_the_queue().await).await);
    page.push_str(
        "\nOne wallet takes one line after the other: what its writers wait for each other is in \
         [contention](contention.md).\n",
    );
    page
}

async fn row(name: &str, measure: impl AsyncFn() -> Outcome) -> String {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(measure().await);
    }
    rounds.sort_by_key(Outcome::per_mille);
    let middle = rounds.swap_remove(ROUNDS / 2);
    let ratio = middle.per_mille().div_ceil(10);
    format!(
        "| {name} | {} | {:.2?} | {} | {:.2?} | {}.{:02} | {}, {} |",
        middle.operations,
        middle.took,
        middle.items,
        middle.puts,
        ratio / 100,
        ratio % 100,
        middle.each(middle.usage.read_halves),
        middle.each(middle.usage.write_halves),
    )
}

async fn members_in_parallel() -> Outcome {
    let member = |number: usize| format!("m{}", number % (OPERATIONS / EACH));
    awards(OPERATIONS, AT_ONCE, member).await
}

async fn one_member() -> Outcome {
    awards(WRITTEN, WRITERS, |_| "alice".to_owned()).await
}

async fn awards(operations: usize, at_once: usize, member: fn(usize) -> String) -> Outcome {
    let embedded = Embedded::memory().await.unwrap();
    let till = Arc::new(Till::at(&embedded).await);
    let (gate, mut running) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
    let started = Stopwatch::now();
    for number in 0..operations {
        let (till, turn) = (Arc::clone(&till), Arc::clone(&gate).acquire_owned().await.unwrap());
        running.spawn(async move {
            let body = json!({"points": "survey", "amount": 5, "reason": "visit"});
            let told = till.ask(AWARD, &format!("{} a{number}", member(number)), &body).await;
            drop(turn);
            told.usage
        });
    }
    let usage = all(running).await;
    let took = started.elapsed();
    let (puts, items) = bare(&embedded, at_once).await;
    Outcome { operations, took, usage, items, puts }
}

async fn orders_of_the_queue() -> Outcome {
    let embedded = Embedded::memory().await.unwrap();
    let till = Till::at(&embedded).await;
    let message = |number: usize| {
        let body = json!({
            "type": "order.completed", "version": 1,
            "member": format!("m{}", number % (OPERATIONS / EACH)), "order": format!("o{number}"),
            "currency": "AUD", "transacted_at": till.now(),
            "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "net": "59.95"},
                      {"id": "2", "sku": "SOCKS", "category": "apparel", "net": "12.00"}],
        });
        json!({"messageId": number.to_string(), "body": body.to_string()})
    };
    let numbers: Vec<usize> = (0..OPERATIONS).collect();
    let batches: Vec<SqsEvent> = numbers
        .chunks(BATCH)
        .map(|numbers| {
            let records: Vec<_> = numbers.iter().copied().map(message).collect();
            serde_json::from_value(json!({"Records": records})).unwrap()
        })
        .collect();
    let ingest = Ingest { app: till.app.clone(), quarantine: Quarantine::memory() };
    let (gate, mut running) = (Arc::new(Semaphore::new(BATCHES_AT_ONCE)), JoinSet::new());
    let started = Stopwatch::now();
    for batch in batches {
        let (ingest, turn) = (ingest.clone(), Arc::clone(&gate).acquire_owned().await.unwrap());
        running.spawn(async move {
            let report = Box::pin(ingest.handle(batch, None)).await;
            drop(turn);
            assert!(report.given_back.is_empty() && report.quarantined == 0, "{report:?}");
            report.usage
        });
    }
    let usage = all(running).await;
    let took = started.elapsed();
    let (puts, items) = bare(&embedded, AT_ONCE).await;
    Outcome { operations: OPERATIONS, took, usage, items, puts }
}

async fn all(mut running: JoinSet<Usage>) -> Usage {
    let mut usage = Usage::default();
    while let Some(ended) = running.join_next().await {
        usage = usage.and(ended.unwrap());
    }
    usage
}

/// Puts every item that is in a database into another one.
async fn bare(from: &Embedded, at_once: usize) -> (Duration, usize) {
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
    let (gate, mut running) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
    let started = Stopwatch::now();
    for item in items {
        let turn = Arc::clone(&gate).acquire_owned().await.unwrap();
        let client = to.client().clone();
        running.spawn(async move {
            let put = client.put_item().table_name(TABLE).set_item(Some(item));
            put.condition_expression("attribute_not_exists(pk)").send().await.unwrap();
            drop(turn);
            Usage::default()
        });
    }
    all(running).await;
    (started.elapsed(), count)
}

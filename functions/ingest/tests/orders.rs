//! Orders as they come: in any order, more than once, before their returns and after, with rubbish
//! among them. What they come to is what the clean sequence comes to.
//!
//! `SCRIP_ORDERS=20000 cargo test -p scrip-ingest --test orders` sends so many, of a tenth as many
//! members.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use scrip_domain::amount::Minor;
use scrip_domain::entry::{Decision, Entry};
use scrip_domain::id::MemberId;
use scrip_domain::program::Program;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::returns::{self, History, Return};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use scrip_edge::App;
use scrip_ingest::{Ingest, Quarantine};
use scrip_local::Embedded;
use serde_json::{Value, json};

const NOW: &str = "2026-11-21T03:04:05Z";
const ORDERS_DEFAULT: usize = 2_000;
/// Messages of a batch at most.
const BATCH: usize = 100;
const INVOCATIONS: usize = 8;

/// A random number generator that anybody can start again where it began.
struct Random(fastrand::Rng);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    fn cents(&mut self) -> u64 {
        self.0.u64(1..20_000)
    }
}

/// One line of the clean sequence.
#[derive(Debug, Clone)]
enum Event {
    /// Cents of each line.
    Order { member: usize, order: usize, nets: Vec<u64>, at: Instant },
    /// Cents of each line that came back, in full or in part.
    Return { order: usize, id: usize, nets: Vec<(usize, u64)>, at: Instant },
}

/// Points in two definitions, one of them tier points; no levels, whose order would matter.
fn program() -> Value {
    json!({
        "currency": "AUD", "time_zone": "Australia/Melbourne",
        "points": [
            {"handle": "reward", "name": "R", "kind": "reward", "accrue_after": "P14D",
             "expires": {"after": "P12M", "round_up_to": "month"}},
            {"handle": "tier", "name": "T", "kind": "tier", "expires": {"after": "P12M"}},
        ],
        "rates": [
            {"handle": "base", "points": "reward", "per": "1.00", "earns": "1.5"},
            {"handle": "base-tier", "points": "tier", "per": "1.00", "earns": "1"},
        ],
    })
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Orders over the last thirty days, of a quarter of which something comes back, once or twice.
fn history(random: &mut Random, orders: usize) -> Vec<Event> {
    let now: Instant = NOW.parse().unwrap();
    let mut events = Vec::new();
    let mut returns = 0;
    for order in 0..orders {
        let ago = random.0.i64(0..30 * 24 * 3600);
        let at = Instant::from_millis(now.millis() - ago * 1000).unwrap();
        let member = random.below((orders / 10).max(1));
        let nets: Vec<u64> = (0..=random.below(3)).map(|_| random.cents()).collect();
        events.push(Event::Order { member, order, nets: nets.clone(), at });
        let mut left = nets;
        for _ in 0..[0, 0, 0, 1, 1, 2][random.below(6)] {
            let line = random.below(left.len());
            let count = if random.below(2) == 0 { left[line] } else { left[line] / 3 };
            left[line] -= count;
            let since = (now.millis() - at.millis()).max(1);
            let at = Instant::from_millis(at.millis() + random.0.i64(0..since)).unwrap();
            events.push(Event::Return { order, id: returns, nets: vec![(line, count)], at });
            returns += 1;
        }
    }
    events
}

fn message(event: &Event) -> Value {
    match event {
        Event::Order { member, order, nets, at } => json!({
            "type": "order.completed", "version": 1,
            "member": format!("m{member}"), "order": format!("o{order}"),
            "currency": "AUD", "transacted_at": at,
            "lines": nets.iter().enumerate()
                .map(|(id, net)| json!({"id": id.to_string(), "net": money(*net)}))
                .collect::<Vec<_>>(),
        }),
        Event::Return { order, id, nets, at } => json!({
            "type": "order.returned", "version": 1,
            "order": format!("o{order}"), "return": format!("r{id}"), "returned_at": at,
            "lines": nets.iter()
                .map(|(id, net)| json!({"id": id.to_string(), "net": money(*net)}))
                .collect::<Vec<_>>(),
        }),
    }
}

/// Messages that can never be applied, with the code of the reason.
fn rubbish(random: &mut Random, number: usize, orders: usize) -> (String, &'static str) {
    let order = || {
        json!({
            "type": "order.completed", "version": 1, "member": "nobody", "order": format!("x{number}"),
            "currency": "AUD", "transacted_at": NOW, "lines": [{"id": "1", "net": "1.00"}],
        })
    };
    let changed = |field: &str, value: Value| {
        let mut message = order();
        message[field] = value;
        message.to_string()
    };
    match random.below(9) {
        0 => (format!("rubbish {number}"), "invalid_request"),
        1 => (order().to_string().replace("order.completed", "order.lost"), "invalid_request"),
        2 => (changed("version", json!(2)), "invalid_request"),
        3 => (changed("member", json!("not an id!")), "invalid_request"),
        4 => (changed("lines", json!([{"id": "1", "net": 5}])), "invalid_request"),
        5 => (changed("currency", json!("EUR")), "rule_refused"),
        6 => (changed("transacted_at", json!("2027-01-01T00:00:00Z")), "rule_refused"),
        7 => {
            let award = json!({"type": "award.granted", "version": 1, "member": "nobody",
                "award": format!("x{number}"), "points": "gold", "amount": 1, "reason": "r"});
            (award.to_string(), "rule_refused")
        }
        _ => {
            // Known only when its order is there.
            let back = json!({"type": "order.returned", "version": 1,
                "order": format!("o{}", random.below(orders)), "return": format!("x{number}"),
                "returned_at": NOW, "lines": [{"id": "0", "net": "1000000.00"}]});
            (back.to_string(), "return_exceeds_order")
        }
    }
}

/// What each member holds after the clean sequence, decided one by one without a store.
fn clean(events: &[Event], program: &Program) -> BTreeMap<MemberId, (Wallet, u64)> {
    let now: Instant = NOW.parse().unwrap();
    let mut sorted = events.to_vec();
    sorted.sort_by_key(|event| match event {
        Event::Order { at, .. } => (*at, false),
        Event::Return { at, .. } => (*at, true),
    });
    let mut wallets: BTreeMap<MemberId, (Wallet, u64)> = BTreeMap::new();
    let mut orders: BTreeMap<usize, (MemberId, Entry)> = BTreeMap::new();
    let minor = |cents: u64| Minor::try_from(cents).unwrap();
    for event in sorted {
        let (member, order, decided) = match &event {
            Event::Order { member, order, nets, at } => {
                let member: MemberId = format!("m{member}").parse().unwrap();
                let lines = nets.iter().enumerate().map(|(id, net)| PurchaseLine {
                    id: id.to_string().parse().unwrap(),
                    category: None,
                    kind: LineKind::Product,
                    net: minor(*net),
                });
                let purchase = Purchase {
                    order: format!("o{order}").parse().unwrap(),
                    currency: program.currency,
                    transacted_at: *at,
                    location: None,
                    country: None,
                    lines: lines.collect(),
                    paid_by_promotional_credit: Minor::ZERO,
                    redemption: None,
                };
                let wallet = &wallets.entry(member.clone()).or_default().0;
                let decided = purchase::decide(wallet, program, &purchase, None, now).unwrap();
                (member, order, decided)
            }
            Event::Return { order, id, nets, at } => {
                let (member, entry) = &orders[order];
                let lines = nets.iter();
                let lines = lines.map(|(id, net)| (id.to_string().parse().unwrap(), minor(*net)));
                let request = Return {
                    id: format!("r{id}").parse().unwrap(),
                    returned_at: *at,
                    lines: lines.collect(),
                };
                let (wallet, history) = (&wallets[member].0, History::of(entry));
                let nothing = BTreeMap::new();
                let decided =
                    returns::decide(wallet, program, history.as_ref(), &request, &nothing, now);
                (member.clone(), order, decided.unwrap())
            }
        };
        let Decision::Append(line) = decided else { panic!("{decided:?}") };
        let (wallet, lines) = wallets.get_mut(&member).unwrap();
        *wallet = line.wallet.clone();
        *lines += 1;
        let entry = Entry {
            account: member.clone().into(),
            number: *lines,
            recorded_at: now,
            by: String::new(),
            program: 1,
            line,
        };
        orders.insert(*order, (member, entry));
    }
    wallets
}

/// Takes batches from the queue until it is empty and nobody may give anything back.
async fn deliver(ingest: Ingest, queue: Arc<Mutex<(VecDeque<String>, usize)>>, seed: u64) {
    let mut random = Random(fastrand::Rng::with_seed(seed));
    loop {
        let batch: Vec<String> = {
            let mut queue = queue.lock().unwrap();
            let (messages, busy) = &mut *queue;
            if messages.is_empty() && *busy == 0 {
                return;
            }
            let count = (1 + random.below(BATCH)).min(messages.len());
            *busy += 1;
            messages.drain(..count).collect()
        };
        let records = batch
            .iter()
            .enumerate()
            .map(|(id, body)| json!({"messageId": id.to_string(), "body": body, "attributes": {}}));
        let event = json!({"Records": records.collect::<Vec<_>>()});
        let event: SqsEvent = serde_json::from_value(event).unwrap();
        let report = Box::pin(ingest.handle(event, None)).await;
        {
            let mut queue = queue.lock().unwrap();
            let (messages, busy) = &mut *queue;
            *busy -= 1;
            for (id, problem) in &report.given_back {
                assert!(problem.code.is_retryable());
                messages.push_back(batch[id.parse::<usize>().unwrap()].clone());
            }
        }
        if batch.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_in_any_order_and_number_come_to_what_the_clean_sequence_does() {
    let orders: usize =
        std::env::var("SCRIP_ORDERS").map_or(ORDERS_DEFAULT, |orders| orders.parse().unwrap());
    let seed = std::env::var("SCRIP_SEED").map_or(42, |seed| seed.parse().unwrap());
    let mut random = Random(fastrand::Rng::with_seed(seed));
    let events = history(&mut random, orders);
    let rubbish: Vec<(String, &str)> =
        (0..events.len().div_ceil(49)).map(|number| rubbish(&mut random, number, orders)).collect();
    let mut messages: Vec<String> = Vec::new();
    let mut refused: Vec<(String, String)> = Vec::new();
    for body in events.iter().map(|event| message(event).to_string()) {
        messages.extend(vec![body; 1 + random.below(3)]);
    }
    for (body, code) in &rubbish {
        let copies = 1 + random.below(3);
        messages.extend(vec![body.clone(); copies]);
        refused.extend(vec![(body.clone(), (*code).to_owned()); copies]);
    }
    random.0.shuffle(&mut messages);

    let embedded = Embedded::memory().await.unwrap();
    let now: Instant = NOW.parse().unwrap();
    let ledger = embedded.ledger(Arc::new(move || now));
    let document = serde_json::from_value(program()).unwrap();
    ledger.set_program(document, 0, "test").await.unwrap();
    let quarantine = Quarantine::memory();
    let ingest = Ingest { app: App::new(ledger.clone()), quarantine: quarantine.clone() };
    let queue = Arc::new(Mutex::new((VecDeque::from(messages), 0)));
    let invocations = (0..INVOCATIONS as u64)
        .map(|number| tokio::spawn(deliver(ingest.clone(), Arc::clone(&queue), seed + number)));
    for invocation in invocations.collect::<Vec<_>>() {
        invocation.await.unwrap();
    }

    let program = Program::from_document(&serde_json::from_value(program()).unwrap()).unwrap();
    for (member, (wallet, lines)) in clean(&events, &program) {
        let found = ledger.load(&member).await.unwrap().unwrap();
        assert_eq!(found.line.entry.number, lines, "{member}");
        assert_eq!(found.wallet.assets, wallet.assets, "{member}");
    }
    assert!(ledger.load(&"nobody".parse::<MemberId>().unwrap()).await.unwrap().is_none());
    let found = quarantine.messages().into_iter();
    let mut found: Vec<(String, String)> =
        found.map(|it| (it.body, it.problem["code"].as_str().unwrap().to_owned())).collect();
    found.sort_unstable();
    refused.sort_unstable();
    assert_eq!(found, refused);
}

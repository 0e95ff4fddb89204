//! What operations cost as the log grows, and a sweep as members do.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use scrip_expire::Expire;
use serde_json::{Value, json};

use crate::chart::{Chart, draw};
use crate::till::Till;
use crate::units::Units;

/// Logs that are compared, by their lines.
pub const LINES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];
/// Ledgers that are compared, by their members.
pub const MEMBERS: [usize; 4] = [10, 100, 1_000, 10_000];
/// Members of whom something is due.
const DUE: usize = 10;

const AWARD: &str = "PUT /v1/members/{member}/awards/{award}";
const PURCHASE: &str = "PUT /v1/members/{member}/purchases/{order}";
const REDEMPTION: &str = "PUT /v1/members/{member}/redemptions/{redemption}";

/// What is measured of a log, in this order.
pub const OPERATIONS: [&str; 6] = [
    "balance",
    "award",
    "purchase",
    "redemption",
    "statement, 20 lines",
    "balance as of a past instant",
];

/// What each operation costs on a log of so many lines.
pub async fn of_log(lines: usize) -> [Units; 6] {
    let till = Till::open().await;
    for number in 0..lines {
        let body = json!({"points": "survey", "amount": 5, "reason": "visit"});
        till.ask(AWARD, &format!("alice visit-{number}"), &body).await;
        till.pass(60);
    }
    let middle = till.now().millis() - i64::try_from(lines).unwrap() * 30_000;
    let middle = scrip_domain::time::Instant::from_millis(middle).unwrap();
    let award = json!({"points": "survey", "amount": 50, "reason": "spring survey"});
    let order = json!({"currency": "AUD", "transacted_at": till.now(),
                       "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "net": "59.95"}]});
    let basket = json!({"currency": "AUD",
                        "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "amount": "20.00"}],
                        "use": {"points": {"definition": "survey", "amount": 20}}});
    let as_of = format!("GET /v1/members/{{member}}?at={middle}");
    let mut units = [Units::default(); 6];
    for (place, (route, ids, body)) in [
        ("GET /v1/members/{member}", "alice", Value::Null),
        (AWARD, "alice a-1", award),
        (PURCHASE, "alice 1000234", order),
        (REDEMPTION, "alice basket-77", basket),
        ("GET /v1/members/{member}/entries?limit=20", "alice", Value::Null),
        (&as_of, "alice", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        units[place] = till.ask(route, ids, &body).await.usage.into();
    }
    units
}

/// What a sweep costs for each of ten members of whom something is due, beside so many of whom
/// nothing is, in hundredths of a read and a write unit; the 64 looks at shards are not counted.
pub async fn of_members(members: usize) -> (u64, u64) {
    let till = Till::open().await;
    let (_, idle) = till.sweep::<Expire>().await;
    for number in 0..members + DUE {
        let expires_at = if number < DUE { "2026-11-22T00:00:00Z" } else { "2036-11-22T00:00:00Z" };
        let body =
            json!({"points": "survey", "amount": 5, "reason": "visit", "expires_at": expires_at});
        till.ask(AWARD, &format!("m{number} visit"), &body).await;
    }
    till.pass(2 * 86_400);
    let (report, usage) = till.sweep::<Expire>().await;
    assert_eq!(report.posted, 10, "{report:?}");
    let each = |halves: u64| halves * 50 / report.posted;
    (each(usage.read_halves - idle.read_halves), each(usage.write_halves))
}

/// The tables, as a page for a person.
pub fn page(logs: &[(usize, [Units; 6])], members: &[(usize, (u64, u64))]) -> String {
    let mut page = String::from(
        "# Growth\n\n\
         Units as the engine counts them (`read / write`). Written by `cargo run --profile simulate -p scrip-benches \
         --bin growth`; a test repeats the shorter ones.\n\n\
         ![Read and write units by lines and by members](growth.svg)\n\n\
         ## With the length of the log\n\n| operation |",
    );
    for (lines, _) in logs {
        let _ = write!(page, " {lines} lines |");
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(logs.len()));
    page.push('\n');
    for (place, name) in OPERATIONS.iter().enumerate() {
        let cells: Vec<String> = logs.iter().map(|(_, units)| units[place].to_string()).collect();
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
    page.push_str(
        "\nA balance as of a past instant is found by halving the log; the others read its end.\n\n\
         ## With members\n\nA sweep in which ten members have something that expired, for each of the ten.\n\n\
         | other members | read units | write units |\n|---|---|---|\n",
    );
    for (count, (read, write)) in members {
        let hundredths = |count: &u64| format!("{}.{:02}", count / 100, count % 100);
        let _ = writeln!(page, "| {count} | {} | {} |", hundredths(read), hundredths(write));
    }
    page
}

/// The same as a picture: what is read and written as the log grows, and as members do.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(
    logs: &[(usize, [Units; 6])],
    members: &[(usize, (u64, u64))],
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let of = |place: usize, value: fn(&Units) -> u64| {
        logs.iter().map(|(_, units)| Some(value(&units[place]) * 500)).collect()
    };
    let lines = || ("lines of the log", logs.iter().map(|(count, _)| count.to_string()).collect());
    let read = Chart {
        title: "read units".to_owned(),
        across: lines(),
        series: vec![
            ("as of the past", of(5, |it| it.read_halves)),
            ("a redemption", of(3, |it| it.read_halves)),
            ("a balance", of(0, |it| it.read_halves)),
        ],
    };
    let written = Chart {
        title: "write units".to_owned(),
        across: lines(),
        series: vec![
            ("a purchase", of(2, |it| it.write_halves)),
            ("a redemption", of(3, |it| it.write_halves)),
        ],
    };
    let sweep = Chart {
        title: "units of a sweep for each account that is due".to_owned(),
        across: ("other members", members.iter().map(|(count, _)| count.to_string()).collect()),
        series: vec![
            ("written", members.iter().map(|(_, (_, it))| Some(it * 10)).collect()),
            ("read", members.iter().map(|(_, (it, _))| Some(it * 10)).collect()),
        ],
    };
    draw(&[read, written, sweep], path)
}

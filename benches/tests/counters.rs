//! Nothing costs more than the pages of `docs/performance` say, nor less, unnoticed.
//! Raise a figure only with a reason in the commit.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::time::Duration;

use scrip_benches::contention;
use scrip_benches::growth::{LINES, MEMBERS, of_log, of_members};
use scrip_benches::units::{LOTS, lines, measure};

fn page(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
    std::fs::read_to_string(docs.join(name)).unwrap()
}

/// Every operation, and the size of its line.
#[tokio::test]
async fn operations_cost_what_the_page_says() {
    let page = page("units.md");
    let found = lines(&measure(&LOTS[..3]).await);
    let told = |line: &String| page.lines().any(|each| each.starts_with(line.as_str()));
    let changed: Vec<&String> = found.iter().filter(|line| !told(line)).collect();
    assert!(changed.is_empty(), "not what units.md says: {changed:#?}");
}

/// All but a balance as of a past instant cost the same on a log a hundred times as long; that one
/// reads some lines more for each doubling.
#[tokio::test]
async fn costs_do_not_grow_with_the_log() {
    let (short, long) = (of_log(LINES[0]).await, of_log(LINES[2]).await);
    let (past_short, past_long) = (short[5], long[5]);
    assert_eq!(short[..5], long[..5]);
    // Seven doublings, of a line each.
    let most = past_short.read_halves + 2 * 7;
    assert!(past_long.read_halves <= most, "{past_short} became {past_long}");
    assert_eq!(past_long.write_halves, 0);
}

/// A sweep costs what is due, not what there is.
#[tokio::test]
async fn sweep_costs_the_same_beside_more_members() {
    let few = of_members(MEMBERS[0]).await;
    assert_eq!(few, of_members(MEMBERS[1]).await);
    // One read unit and two write units.
    assert_eq!(few, (100, 200));
}

/// Eight writers of one wallet: nobody is refused, and what the lost races cost is bounded. A pause
/// too few or a read too many shows here.
#[tokio::test(start_paused = true)]
async fn writers_of_one_wallet_waste_little() {
    let alone = contention::measure(1, Duration::from_secs(5)).await;
    let eight = contention::measure(8, Duration::from_secs(5)).await;
    assert_eq!((eight.refused, alone.races_lost), (0, 0));
    assert!(alone.a_second() * 3 / 2 < eight.a_second(), "{} a second", eight.a_second());
    let (price, most) = (eight.cents_a_million(), alone.cents_a_million() * 5 / 2);
    assert!(price < most, "{price} of at most {most} cents a million");
}

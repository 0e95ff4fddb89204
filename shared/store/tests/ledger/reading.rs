//! Reading now, as of an instant, and in pages.

use scrip_domain::asset::Asset;
use scrip_domain::time::Instant;

use crate::support::{Bench, at, member, units};

#[tokio::test]
async fn wallet_as_of_an_instant_is_that_of_the_line_that_was_newest() {
    let bench = Bench::new().await;
    let survey: Asset = "points:survey".parse().unwrap();
    let start = bench.now();
    let mut recorded = Vec::new();
    for number in 1..=20 {
        recorded.push(bench.now());
        bench.award(&bench.ledger, "alice", &format!("a{number}"), 1).await.unwrap();
        bench.advance(if number % 5 == 0 { "PT0S" } else { "PT1H" });
    }
    let alice = member("alice");
    let just_before = |instant: Instant| Instant::from_millis(instant.millis() - 1).unwrap();
    for instant in &recorded {
        for at in [*instant, just_before(*instant)] {
            let known = recorded.iter().filter(|recorded_at| **recorded_at <= at).count();
            let found = bench.ledger.load_as_of(&alice, at).await.unwrap();
            match found {
                None => assert_eq!(known, 0),
                Some(found) => {
                    assert_eq!(found.line.entry.number, known as u64);
                    assert_eq!(found.wallet.available(&survey), units(known as u64));
                    assert_eq!(found.at, at);
                }
            }
        }
    }
    assert!(bench.ledger.load_as_of(&alice, just_before(start)).await.unwrap().is_none());
    assert!(bench.ledger.load_as_of(&member("nobody"), start).await.unwrap().is_none());
}

#[tokio::test]
async fn wallet_as_of_an_instant_costs_the_logarithm_of_the_log() {
    let bench = Bench::new().await;
    for number in 0..128 {
        bench.award(&bench.ledger, "alice", &format!("a{number}"), 1).await.unwrap();
        bench.advance("PT1M");
    }
    let ledger = bench.ledger.metered();
    let found = ledger.load_as_of(&member("alice"), at("2026-11-21T03:04:05Z")).await.unwrap();
    assert_eq!(found.unwrap().line.entry.number, 1);
    // One unit for the newest line, half a unit for each of at most log2(128) probes.
    assert!(ledger.usage().read_halves <= 2 + 7, "{:?}", ledger.usage());
}

#[tokio::test]
async fn wallet_of_a_later_instant_shows_what_will_be() {
    let bench = Bench::new().await;
    bench.purchase(&bench.ledger, "alice", "100", "59.95").await.unwrap();
    let reward: Asset = "points:reward".parse().unwrap();
    let available = async |instant: &str| {
        let found = bench.ledger.load_as_of(&member("alice"), at(instant)).await.unwrap().unwrap();
        found.wallet.available(&reward)
    };
    assert_eq!(available("2026-12-05T03:04:04.999Z").await, units(0));
    assert_eq!(available("2026-12-05T03:04:05Z").await, units(59));
    assert_eq!(available("2027-12-31T12:59:59.999Z").await, units(59));
    assert_eq!(available("2027-12-31T13:00:00Z").await, units(0));
}

#[tokio::test]
async fn pages_cover_the_whole_log_without_gaps() {
    let bench = Bench::new().await;
    for number in 0..23 {
        bench.award(&bench.ledger, "alice", &format!("a{number}"), 1).await.unwrap();
    }
    for limit in [1, 7, 22, 23, 100] {
        let mut numbers = Vec::new();
        let mut before = None;
        loop {
            let page = bench.ledger.page(&member("alice"), before, limit).await.unwrap();
            assert!(page.lines.len() <= limit as usize);
            numbers.extend(page.lines.iter().map(|line| line.entry.number));
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(numbers, (1..=23).rev().collect::<Vec<_>>(), "limit {limit}");
    }
}

#[tokio::test]
async fn page_is_followed_over_as_many_calls_as_it_takes() {
    let bench = Bench::new().await;
    // A line of 300 lots has about 12 KB, and a call answers a part of the page.
    for number in 0..400 {
        let expires_at = at("2027-01-01T00:00:00Z").plus_seconds(number);
        bench
            .award_until(&bench.ledger, "alice", &format!("a{number}"), 1, expires_at)
            .await
            .unwrap();
    }
    let page = bench.ledger.page(&member("alice"), None, 100).await.unwrap();
    let numbers: Vec<u64> = page.lines.iter().map(|line| line.entry.number).collect();
    assert_eq!(numbers, (301..=400).rev().collect::<Vec<_>>());
    assert_eq!(page.before, Some(301));
}

//! PIN attempts: how many are compared, for how long a number is locked, what it costs.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::id::CardNumber;
use scrip_store::{Attempt, StoreError};

use crate::support::{Bench, at};

const PARTITION: &str = "ATTEMPTS#6000000000000015";

fn number() -> CardNumber {
    "6000000000000015".parse().unwrap()
}

fn locked(retry_after_seconds: u64) -> Attempt {
    Attempt::Locked { retry_after_seconds }
}

impl Bench {
    /// An attempt of at most five.
    async fn attempt(&self) -> Attempt {
        self.ledger.count_attempt(&number(), 5).await.unwrap()
    }

    async fn attempts(&self, count: usize) {
        for _ in 0..count {
            assert_eq!(self.attempt().await, Attempt::Counted);
        }
    }

    async fn item(&self) -> HashMap<String, AttributeValue> {
        self.items(PARTITION).await.remove(0)
    }
}

#[tokio::test]
async fn attempts_are_counted_up_to_the_maximum() {
    for attempts_max in [1, 2, 20] {
        let bench = Bench::new().await;
        for _ in 0..attempts_max {
            let counted = bench.ledger.count_attempt(&number(), attempts_max).await.unwrap();
            assert_eq!(counted, Attempt::Counted);
        }
        let more = bench.ledger.count_attempt(&number(), attempts_max).await.unwrap();
        assert_eq!(more, locked(3600), "after {attempts_max}");
    }
}

#[tokio::test]
async fn count_is_kept_as_numbers_that_dynamodb_can_compare_and_collect() {
    let bench = Bench::new().await;
    bench.tell(at("2026-11-21T03:04:05.678Z"));
    bench.attempts(2).await;
    let number = |text: &str| AttributeValue::N(text.to_owned());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = [
        ("pk", text(PARTITION)),
        ("sk", text("ATTEMPTS")),
        ("attempts", number("2")),
        ("at", number("1795230245678")),
        ("ttl", number("1795234145")),
    ];
    assert_eq!(bench.item().await, item.map(|(name, value)| (name.to_owned(), value)).into());
}

#[tokio::test]
async fn locked_number_stays_as_it_is_until_an_hour_after_the_last_counted_attempt() {
    let bench = Bench::new().await;
    bench.attempts(4).await;
    bench.tell(at("2026-11-21T04:04:04.999Z"));
    bench.attempts(1).await;
    let item = bench.item().await;
    for (now, left) in [
        ("2026-11-21T04:04:04.999Z", 3600),
        ("2026-11-21T04:04:05Z", 3600),
        ("2026-11-21T04:04:05.999Z", 3599),
        ("2026-11-21T05:04:03.998Z", 2),
        ("2026-11-21T05:04:03.999Z", 1),
        ("2026-11-21T05:04:04.998Z", 1),
    ] {
        bench.tell(at(now));
        assert_eq!(bench.attempt().await, locked(left), "at {now}");
        assert_eq!(bench.item().await, item, "at {now}");
    }
    bench.tell(at("2026-11-21T05:04:04.999Z"));
    bench.attempts(5).await;
    assert_eq!(bench.attempt().await, locked(3600));
}

#[tokio::test]
async fn count_that_is_not_full_starts_again_after_exactly_an_hour() {
    for (now, counted) in [("2026-11-21T04:04:04.999Z", "5"), ("2026-11-21T04:04:05Z", "1")] {
        let bench = Bench::new().await;
        bench.attempts(4).await;
        bench.tell(at(now));
        bench.attempts(1).await;
        assert_eq!(bench.item().await["attempts"].as_n().unwrap(), counted, "at {now}");
    }
}

#[tokio::test]
async fn attempt_of_a_clock_behind_counts_within_the_hour_and_takes_nothing_back() {
    let bench = Bench::new().await;
    bench.attempts(4).await;
    let first = bench.item().await;
    bench.tell(at("2026-11-21T03:00:00Z"));
    bench.attempts(1).await;
    let fifth = bench.item().await;
    assert_eq!((&fifth["at"], &fifth["ttl"]), (&first["at"], &first["ttl"]));
    assert_eq!(bench.attempt().await, locked(3600 + 245));
}

#[tokio::test]
async fn right_pin_clears_the_count_and_no_other() {
    let bench = Bench::new().await;
    let other: CardNumber = "6000000000000007".parse().unwrap();
    bench.ledger.count_attempt(&other, 1).await.unwrap();
    bench.attempts(5).await;
    bench.ledger.clear_attempts(&number()).await.unwrap();
    assert!(bench.items(PARTITION).await.is_empty());
    bench.attempts(5).await;
    assert_eq!(bench.attempt().await, locked(3600));
    assert_eq!(bench.ledger.count_attempt(&other, 1).await.unwrap(), locked(3600));
    bench.ledger.clear_attempts(&other).await.unwrap();
    bench.ledger.clear_attempts(&other).await.unwrap();
}

#[tokio::test]
async fn number_that_no_card_could_have_counts_just_the_same() {
    let bench = Bench::new().await;
    for nobodys in ["0000000000000000", "6000000000000016"] {
        let nobodys: CardNumber = nobodys.parse().unwrap();
        for expected in [Attempt::Counted, Attempt::Counted, locked(3600)] {
            assert_eq!(bench.ledger.count_attempt(&nobodys, 2).await.unwrap(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_attempts_at_once_are_five() {
    let bench = Arc::new(Bench::new().await);
    // None before, some within the hour, five that count no more.
    for (before, period) in [(0, "PT0S"), (2, "PT59M"), (0, "PT1H")] {
        bench.advance(period);
        bench.attempts(before).await;
        let callers = (0..30).map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.attempt().await })
        });
        let mut counted = before;
        for caller in callers.collect::<Vec<_>>() {
            match caller.await.unwrap() {
                Attempt::Counted => counted += 1,
                Attempt::Locked { retry_after_seconds } => assert_eq!(retry_after_seconds, 3600),
            }
        }
        assert_eq!(counted, 5);
        assert_eq!(bench.item().await["attempts"].as_n().unwrap(), "5");
        if period == "PT0S" {
            bench.ledger.clear_attempts(&number()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn attempt_costs_one_write_unit() {
    let bench = Bench::new().await;
    for (what, units) in [("first", "1"), ("second", "1")] {
        let ledger = bench.ledger.metered();
        ledger.count_attempt(&number(), 2).await.unwrap();
        assert_eq!(ledger.usage().write_units(), units, "{what}");
        assert_eq!(ledger.usage().read_halves, 0, "{what}");
    }
    let ledger = bench.ledger.metered();
    ledger.count_attempt(&number(), 2).await.unwrap();
    assert_eq!(ledger.usage().write_units(), "0", "locked");
    ledger.clear_attempts(&number()).await.unwrap();
    assert_eq!(ledger.usage().write_units(), "1", "right");
}

#[tokio::test]
async fn count_that_does_not_parse_is_an_error_that_does_not_tell_the_number() {
    let bench = Bench::new().await;
    bench.attempts(1).await;
    let whole = bench.item().await;
    let text = || AttributeValue::S("2026-11-21T03:04:05Z".to_owned());
    let number_of = |number: &str| AttributeValue::N(number.to_owned());
    for (attribute, planted) in [
        ("attempts", None),
        ("attempts", Some(text())),
        ("attempts", Some(number_of("-1"))),
        ("attempts", Some(number_of("1.5"))),
        ("at", None),
        ("at", Some(text())),
        ("at", Some(number_of("9999999999999999"))),
    ] {
        let mut item = whole.clone();
        match planted.clone() {
            Some(value) => item.insert(attribute.to_owned(), value),
            None => item.remove(attribute),
        };
        bench.put(item.clone()).await;
        let error = bench.ledger.count_attempt(&number(), 5).await.unwrap_err();
        let named = matches!(
            &error,
            StoreError::Damaged { account, item, .. } if account == "CARD#…0015" && item == "ATTEMPTS"
        );
        assert!(named, "{attribute} as {planted:?}: {error:?}");
        assert!(!format!("{error} {error:?}").contains(number().as_str()));
        assert_eq!(bench.item().await, item, "left as it is");
    }
}
